//! Speed of the Monte Carlo kernels, each with its answer checked: `cargo bench --bench
//! montecarlo`.
//!
//! Items are darts (samples, for the methods), so "Gitem/s" reads as darts per nanosecond.
//! `two_f64` is what a user writes with the crates `rand` and `rand_xoshiro`: the figure that the
//! walks are compared with.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use montesieve::isa::Isa;
use montesieve::montecarlo::darts::{BLOCK, Darts, scalar};
use montesieve::montecarlo::ep::{self, Class, Ep};
use montesieve::montecarlo::exact::Exact;
use montesieve::montecarlo::integrands::{find, parameters::Parameters};
use montesieve::montecarlo::mean::Mean;
use montesieve::montecarlo::methods::antithetic::Antithetic;
use montesieve::montecarlo::methods::control::Control;
use montesieve::montecarlo::methods::pairs::{BLOCK_PAIRS, Pairs};
use montesieve::montecarlo::methods::sobol::{Points, REPLICATES, net::Net};
use montesieve::montecarlo::methods::stratified::Strata;
use montesieve::montecarlo::sampler::{Sampler, block_samples};
use montesieve::montecarlo::streams::{BLOCK_STEPS, Streams};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Darts of a measured run of the fast walks: 16 blocks, about 1 ms.
const RUN: u64 = 16 * BLOCK;

/// Hits of seed 42 in blocks 0..16, known.
const HITS: u64 = 13_175_923;

/// Pairs accepted in block 0 of EP, counted by another program.
const DEVIATES: u64 = 51_285;

fn main() {
    divan::main();
}

/// The instruction sets of this CPU.
fn supported() -> Vec<Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_supported()).collect()
}

#[divan::bench(args = supported())]
fn darts(bencher: Bencher, isa: Isa) {
    let mut darts = Darts::new(42, isa);
    bencher.counter(ItemsCount::new(RUN)).bench_local(|| {
        assert_eq!(darts.hits(0, black_box(RUN)), HITS);
    });
}

#[divan::bench]
fn darts_scalar(bencher: Bencher) {
    bencher.counter(ItemsCount::new(BLOCK)).bench(|| {
        assert_eq!(scalar::hits(42, 0, black_box(BLOCK)), 823_911);
    });
}

#[divan::bench]
fn two_f64(bencher: Bencher) {
    bencher.counter(ItemsCount::new(BLOCK)).bench(|| {
        let hits = textbook(black_box(42), black_box(BLOCK));
        assert!(hits.abs_diff(823_549) < 2_100, "{hits} is more than 5 deviations off");
    });
}

/// The usual program, in the fastest form measured (a sum of comparisons instead of the branch took
/// 1.7 times as long).
#[inline(never)]
fn textbook(seed: u64, samples: u64) -> u64 {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut hits = 0;
    for _ in 0..samples {
        let (x, y): (f64, f64) = (generator.random(), generator.random());
        if x * x + y * y <= 1.0 {
            hits += 1;
        }
    }
    hits
}

/// Samples of a Gaussian in 5 dimensions: 5 numbers, 5 squares and an exponential each.
#[divan::bench(args = supported())]
fn gaussian(bencher: Bencher, isa: Isa) {
    let make = find("genz-gaussian").expect("in the list").make;
    let kernel = make(&Parameters::new([("dim", "5".to_owned())])).expect("5 dimensions");
    let (exact, each) = (kernel.exact().expect("known"), block_samples(5));
    let mut sampler = Sampler::new(kernel, 42, isa);
    let shift = sampler.shifts()[0];
    bencher.counter(ItemsCount::new(4 * each)).bench_local(|| {
        let mean = Mean::new(&sampler.sums(0, black_box(4 * each))[0], shift, 1.0).expect("samples");
        assert!(mean.z(exact).is_some_and(|z| z.abs() < 5.0));
    });
}

#[divan::bench]
fn exact_sum(bencher: Bencher) {
    bencher.counter(ItemsCount::new(1000u64)).bench(|| {
        let mut sum = Exact::default();
        (0..1000).for_each(|i| sum.add(black_box(f64::from(i) * 0.1 - 50.0)));
        assert!((sum.value() + 50.0).abs() < 1e-9);
    });
}

/// Samples of the methods that match the accuracy of many darts with few samples.
const LOG_SAMPLES: [u32; 3] = [20, 28, 36];

#[divan::bench(args = LOG_SAMPLES)]
fn stratified(bencher: Bencher, log: u32) {
    bencher.counter(ItemsCount::new(1u64 << log)).bench(|| {
        let strata = Strata::new(black_box(1 << log), 42);
        let counts = strata.count(0..strata.rows());
        assert!(near_pi(counts.hits, counts.samples, 8.0 * (counts.split as f64).sqrt()));
    });
}

#[divan::bench(args = LOG_SAMPLES)]
fn sobol(bencher: Bencher, log: u32) {
    bencher.counter(ItemsCount::new(1u64 << log)).bench(|| {
        let count = |r| {
            let net = Net::new(&Points::new(black_box(42), r), log - REPLICATES.ilog2());
            net.count(0..net.rows()).hits
        };
        let hits = (0..REPLICATES).map(count).sum();
        // The error is about that of stratified darts, which have 0.36 sqrt(samples) cells with two
        // verdicts.
        assert!(near_pi(hits, 1 << log, 8.0 * f64::exp2(f64::from(log) / 4.0)));
    });
}

/// Whether the hits are within a tolerance of the expected number.
fn near_pi(hits: u64, samples: u64, off: f64) -> bool {
    (hits as f64 - samples as f64 * std::f64::consts::FRAC_PI_4).abs() < off
}

#[divan::bench(args = supported())]
fn antithetic(bencher: Bencher, isa: Isa) {
    let mut pairs = Pairs::new(42, isa);
    bencher.counter(ItemsCount::new(4 * BLOCK_PAIRS)).bench_local(|| {
        let estimate = pairs.sums::<Antithetic>(0, black_box(2 * BLOCK_PAIRS)).estimate::<Antithetic>();
        assert!(estimate.is_some_and(|estimate| (estimate.pi - std::f64::consts::PI).abs() < 5.0 * estimate.std_error));
    });
}

#[divan::bench(args = supported())]
fn control(bencher: Bencher, isa: Isa) {
    let mut pairs = Pairs::new(42, isa);
    bencher.counter(ItemsCount::new(4 * BLOCK_PAIRS)).bench_local(|| {
        let estimate = pairs.sums::<Control>(0, black_box(2 * BLOCK_PAIRS)).estimate::<Control>();
        assert!(estimate.is_some_and(|estimate| (estimate.pi - std::f64::consts::PI).abs() < 5.0 * estimate.std_error));
    });
}

#[divan::bench(args = supported())]
fn block_start(bencher: Bencher, isa: Isa) {
    let streams = Streams::new(42, 0, isa);
    let mut block = 0u64;
    bencher.counter(ItemsCount::new(1u64)).bench_local(|| {
        block = block.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        streams.start(black_box(block))
    });
    let mut stepped = streams.start(7);
    (0..BLOCK_STEPS).for_each(|_| _ = stepped.draw());
    assert_eq!(stepped, streams.start(8));
}

/// Items are drawn pairs: the whole class S.
#[divan::bench(args = supported())]
fn ep(bencher: Bencher, isa: Isa) {
    let mut ep = Ep::new(isa);
    bencher.counter(ItemsCount::new(Class::S.pairs())).bench_local(|| {
        let sums = ep.blocks(0, black_box(Class::S.blocks()));
        assert!(ep::verify(Class::S, &sums));
    });
}

#[divan::bench]
fn ep_scalar(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ep::BLOCK)).bench(|| {
        assert_eq!(ep::scalar::sums(0, black_box(1)).deviates(), DEVIATES);
    });
}
