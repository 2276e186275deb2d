//! Speed of the sieve in each range of sizes, on each instruction set; every answer is checked.
//!
//! `cargo bench --bench primes`. Each count makes its own workspace, so its time includes the
//! start-up. Other programs are measured outside, interleaved with this one.

use divan::{Bencher, black_box};
use montesieve::isa::Isa;
use montesieve::primes::Sieve;
use montesieve::primes::encoding::{Encoder, Encoding};
use montesieve::primes::source::Algorithm;
use std::ops::ControlFlow;

fn main() {
    divan::main();
}

fn never() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn isas() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_supported())
}

fn count(isa: Isa, low: u64, high: u64, expected: u64) {
    assert_eq!(
        Sieve::new(high.into(), isa).count(black_box(low).into(), high.into(), &mut never),
        ControlFlow::Continue(expected)
    );
}

#[divan::bench(args = isas())]
fn count_to_1e9(isa: Isa) {
    count(isa, 0, 1_000_000_000, 50_847_534);
}

#[divan::bench(args = isas(), sample_count = 10)]
fn count_1e9_from_1e12(isa: Isa) {
    count(isa, 1_000_000_000_000, 1_001_000_000_000, 36_190_991);
}

#[divan::bench(args = isas(), sample_count = 10)]
fn count_1e9_from_1e15(isa: Isa) {
    count(isa, 1_000_000_000_000_000, 1_000_001_000_000_000, 28_946_421);
}

#[divan::bench(args = isas(), sample_count = 3)]
fn count_1e8_near_2_to_the_64(isa: Isa) {
    count(isa, 18_000_000_000_000_000_000, 18_000_000_000_100_000_000, 2_254_863);
}

#[divan::bench(args = isas(), sample_count = 10)]
fn count_1e6_near_2_to_the_64(isa: Isa) {
    count(isa, 18_000_000_000_000_000_000, 18_000_000_000_001_000_000, 22_556);
}

#[divan::bench(args = isas(), sample_count = 10)]
fn twins_to_1e9(isa: Isa) {
    let kinds = [false, true, false, false, false, false];
    let counts = Sieve::new(1_000_000_000, isa).count_tuplets(black_box(0), 1_000_000_000, kinds, &mut never);
    assert_eq!(counts, ControlFlow::Continue([0, 3_424_506, 0, 0, 0, 0]));
}

/// 16 short blocks at 1e12 with one workspace: in order, where each continues the last, and
/// backwards, where each is a jump.
#[divan::bench(args = [false, true])]
fn short_blocks(bencher: Bencher, backwards: bool) {
    let (low, length) = (1_000_000_000_020, 1_000_020);
    let mut sieve = Sieve::new(low + 16 * length, Isa::widest());
    bencher.bench_local(|| {
        let mut sum = 0;
        for block in 0..16 {
            let low = low + length * if backwards { 15 - block } else { block };
            if let ControlFlow::Continue(count) = sieve.count(low, low + length, &mut never) {
                sum += count;
            }
        }
        assert_eq!(sum, 578_323);
    });
}

#[divan::bench]
fn list_to_1e8() {
    let mut sum = 0;
    let end = Sieve::new(100_000_000, Isa::widest()).runs(0, 100_000_000, &mut never, &mut |run| {
        sum += run.offsets.iter().sum::<u64>();
        ControlFlow::Continue(())
    });
    assert!(end.is_continue());
    assert_eq!(sum, 279_209_790_387_276);
}

#[divan::bench(args = isas())]
fn format_to_1e7(bencher: Bencher, isa: Isa) {
    let mut source = Algorithm::Sieve(isa.into()).source(10_000_000);
    let marks = source.marks([0, 10_000_000, 10_000_000], 1, &mut never).continue_value().expect("nothing breaks it");
    let mut encoder = Encoder::new(Encoding::Text, 1, isa);
    bencher.counter(divan::counter::ItemsCount::new(664_579_usize)).bench_local(|| {
        let mut length = 0;
        let end: Result<(), ()> = encoder.each(black_box(&marks), |bytes| {
            length += bytes.len();
            Ok(())
        });
        assert_eq!((end, length), (Ok(()), 5_227_116));
    });
}
