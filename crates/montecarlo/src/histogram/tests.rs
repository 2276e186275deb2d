//! Tests of bins in the samplers of all kinds, and of their edges.

use proptest::prelude::*;

use super::*;
use crate::integrands::testing::integrand;
use crate::nets::Family;
use crate::nets::plan::NetPlan;
use crate::nets::sampler::NetSampler;
use crate::sampler::{Kernel, Sampler};
use montesieve_kernel::Tally;
use montesieve_kernel::isa::Isa;

fn expr(text: &str, bounds: &str) -> Box<dyn Kernel> {
    integrand("expr", &[("expression", text), ("bounds", bounds)])
}

fn bins(kernel: &dyn Kernel, coordinate: usize, count: usize, ends: [f64; 2]) -> Bins {
    Bins::new(|u| kernel.coordinate(coordinate, u), coordinate, count, ends)
}

#[test]
fn edges_are_where_they_are_asked_for() {
    for bounds in ["-1:3", "-inf:inf", "0:inf", "-inf:2", "0+:2", "-5:1.5-", "-1+:2-", "0+:inf"] {
        let kernel = expr("y", &format!("0:1,{bounds}"));
        let bins = bins(&*kernel, 1, 4, [0.25, 1.25]);
        for (i, &edge) in bins.edges.iter().enumerate() {
            let place = kernel.coordinate(1, edge);
            assert!((place - (0.25 + 0.25 * i as f64)).abs() < 1e-12, "{bounds}: {place}");
        }
        assert!(bins.edges.is_sorted() && bins.find(bins.edges[4]).is_none());
        assert_eq!(bins.find(bins.edges[0]), Some(0));
        assert_eq!(bins.find(bins.edges[4].next_down()), Some(3));
    }
}

#[test]
fn bins_over_the_whole_region_lose_no_point() {
    for name in ["ball", "genz-gaussian"] {
        let kernel = integrand(name, &[("dim", "3")]);
        let bins = bins(&*kernel, 2, 7, kernel.range(2));
        assert_eq!((bins.edges[0], bins.edges[7]), (0.0, 1.0), "{name}");
        assert_eq!((bins.find(f64::MIN_POSITIVE), bins.find(1f64.next_down())), (Some(0), Some(6)));
    }
    let wider = bins(&*expr("x", "0:1"), 0, 4, [-1.0, 3.0]);
    assert_eq!(&*wider.edges, [0.0, 0.0, 1.0, 1.0, 1.0]);
    assert_eq!(wider.find(0.3), Some(1));
}

/// A part of the integral over a bin is that of the integrand times an indicator.
#[test]
fn a_part_has_the_error_of_an_integral() {
    let kernel = expr("exp(x)*y", "0:2,0:1");
    let bins = bins(&*kernel, 0, 5, [0.0, 2.0]);
    let of_bin = expr("exp(x)*y*(x>=0.4)*(x<0.8)", "0:2,0:1");
    for isa in Isa::available() {
        let sampler = Sampler::new(kernel.duplicate(), 3, isa);
        let binning = Binning::new(vec![bins.clone()]);
        let sums = sampler.with_histograms(Some(binning)).sums(0, 300_000);
        assert_eq!(sums[0], Sampler::new(kernel.duplicate(), 3, isa).sums(0, 300_000)[0]);
        let parts = sums.bins().and_then(|bins| bins.parts(0..5, None, kernel.volume())).expect("parts");
        let mut alone = Sampler::new(of_bin.duplicate(), 3, isa);
        let mean = crate::mean::Mean::new(&alone.sums(0, 300_000)[0], alone.shifts()[0], 2.0).expect("samples");
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(near(parts[1].estimate, mean.estimate), "{parts:?} {mean:?}");
        assert!(near(parts[1].std_error.expect("hits"), mean.std_error.expect("hits")), "{parts:?} {mean:?}");
    }
}

#[test]
fn merged_bins_do_not_depend_on_the_grouping() {
    let kernel = expr("x-y", "0:1,0:1");
    let plan = NetPlan::new(2, 1 << 13);
    let binning = || Some(Binning::new(vec![bins(&*kernel, 1, 3, [0.0, 0.9])]));
    let block = |number| {
        let sampler = NetSampler::new(kernel.duplicate(), plan, Family::Sobol, 2, Isa::widest());
        sampler.with_histograms(binning()).block(number)
    };
    let forwards = (0..plan.blocks()).map(block).reduce(|mut total, next| {
        total.merge(next);
        total
    });
    let backwards = (0..plan.blocks()).rev().map(block).reduce(|total, mut next| {
        next.merge(total);
        next
    });
    assert_eq!(forwards, backwards);
    let bins = forwards.expect("blocks").bins().cloned().expect("bins");
    assert!(bins.is_sound_of_replicates(3, &plan.points_of_each(&(0..plan.blocks()))));
    assert!(
        !bins.is_sound_of_replicates(3, &plan.points_of_each(&(0..plan.blocks() / 2)))
            && !bins.is_sound_of_samples(3, 1 << 13)
    );
    let parts = bins.parts(0..3, None, 1.0).expect("parts");
    // The integral of x - y over y from 0.3 to 0.6.
    assert!((parts[1].estimate - (0.15 - 0.135)).abs() < 5.0 * parts[1].std_error.expect("errors"));
}

/// The parts of an expression of x, from plain samples.
fn plain_parts(text: &str, range: &str, count: usize, samples: u64) -> Vec<Part> {
    let kernel = expr(text, range);
    let mut sampler = Sampler::new(kernel.duplicate(), 1, Isa::widest());
    let (shift, ends) = (sampler.shifts()[0], kernel.range(0));
    let binning = Binning::new(vec![bins(&*kernel, 0, count, ends)]);
    let sums = sampler.with_histograms(Some(binning)).sums(0, samples);
    let mean = crate::mean::Mean::new(&sums[0], shift, kernel.volume()).expect("samples");
    let whole = Part { estimate: mean.estimate, std_error: mean.std_error };
    sums.bins().and_then(|bins| bins.parts(0..count, Some(whole), kernel.volume())).expect("parts")
}

#[test]
fn values_of_any_size_have_parts_with_errors() {
    // A bin at a peak that the first values have missed, beside small values.
    for size in [1e200, 1e290, 1e-280] {
        let parts = plain_parts(&format!("if(x<0.0003, {size:e}, {size:e}*1e-8)"), "0:1", 3, 1_000_000);
        let z = (parts[0].estimate / size - 0.0003) / (parts[0].std_error.expect("hits") / size);
        assert!(z.abs() < 5.0, "{parts:?}");
        assert!(
            (parts[2].estimate / size / 1e-8 * 3.0 - 1.0).abs() < 0.01 && parts[2].std_error.is_some(),
            "{parts:?}"
        );
    }
    // Far from the peak squares underflow.
    let parts = plain_parts("exp(-x*x)", "0:26", 13, 100_000);
    assert!(parts.iter().all(|part| part.std_error.is_some_and(|error| error < part.estimate)), "{parts:?}");
}

/// Parts of values times a power of two are those of the values, times it: nothing depends on the
/// range of the sums.
#[test]
fn parts_of_every_size_are_alike() {
    let bin = |values: &[f64], exponent: i32| {
        let mut bin = BlockBin::default();
        values.iter().for_each(|&value| bin.add(libm::scalbn(value, exponent)));
        [bin]
    };
    let blocks = [[1.0, 0.25], [1.5, 0.75], [0.5, -0.5]];
    let tallies = |exponent: i32| {
        let ends = || vec![[0.0, 0.3]];
        let of_blocks = blocks.map(|values| BinTally::of_block(0, &bin(&values, exponent)));
        let of_samples = blocks.map(|values| BinTally::of_samples(4, &bin(&values, exponent)));
        let of_replicates =
            [0, 1, 2].map(|number| BinTally::of_replicate((number, 3), 4, &bin(&blocks[number], exponent), ends()));
        [of_blocks, of_samples, of_replicates].map(|tallies| {
            let all = tallies.into_iter().reduce(|mut total, next| {
                total.merge(next);
                total
            });
            all.and_then(|all| all.parts(0..1, None, 1.0)).expect("values")[0]
        })
    };
    let ones = tallies(0);
    for exponent in (-1000..=1000).step_by(8) {
        for (part, one) in tallies(exponent).iter().zip(&ones) {
            assert_eq!(part.estimate, libm::scalbn(one.estimate, exponent), "2^{exponent}");
            let error = libm::scalbn(part.std_error.expect("spread"), -exponent) / one.std_error.expect("spread");
            assert!((error - 1.0).abs() < 1e-12, "2^{exponent}: {error}");
        }
    }
}

/// The points of a net below an edge are as many in all replicates by chance, and by rights where
/// the edge is one of its grid.
#[test]
fn edges_have_their_errors_in_nets() {
    let kernel = expr("1+x*y", "0:1,0:1");
    let parts = |seed: u64, family: Family, count: usize| {
        let plan = NetPlan::new(2, 1 << 13);
        let binning = Binning::new(vec![bins(&*kernel, 0, count, [0.0, 1.0])]);
        let sampler = NetSampler::new(kernel.duplicate(), plan, family, seed, Isa::widest());
        let mut sampler = sampler.with_histograms(Some(binning));
        let tallies = (0..plan.blocks()).map(|block| sampler.block(block));
        let total = tallies.reduce(|mut total, next| {
            total.merge(next);
            total
        });
        total.and_then(|total| total.bins()?.parts(0..count, None, 1.0)).expect("parts")
    };
    let exact = |low: f64, high: f64| high - low + (high * high - low * low) / 4.0;
    for family in [Family::Sobol, Family::Lattice] {
        let mut squares = Vec::new();
        for (seed, count) in (0..60).flat_map(|seed| [(seed, 5), (seed, 20)]) {
            for (i, part) in parts(seed, family, count).iter().enumerate() {
                let [low, high] = [i, i + 1].map(|edge| edge as f64 / count as f64);
                let z = (part.estimate - exact(low, high)) / part.std_error.expect("errors");
                assert!(z.abs() < 8.0, "{family:?}, seed {seed}, bin {i} of {count}: {z}");
                squares.push(z * z);
            }
        }
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        assert!((0.3..1.5).contains(&mean), "{family:?}: {mean}");
        if family == Family::Sobol {
            let errors = |count| parts(1, family, count).into_iter().map(|part| part.std_error.expect("errors"));
            let largest = errors(8).fold(0.0, f64::max);
            assert!(errors(5).all(|error| error > 3.0 * largest), "edges of the grid: {largest}");
        }
    }
}

/// A bin with all samples has the error of the integral, however large its values are.
#[test]
fn large_values_lose_no_digits_of_the_error() {
    for base in ["1e8", "-1e12", "0"] {
        let part = plain_parts(&format!("{base}+x"), "0:1", 1, 100_000)[0];
        let error = part.std_error.expect("spread") / (1.0 / 12.0 / 1e5f64).sqrt();
        assert!((error - 1.0).abs() < 0.02, "{base}: {error}");
        let z = (part.estimate - base.parse::<f64>().expect("a number") - 0.5) / part.std_error.expect("spread");
        assert!(z.abs() < 5.0, "{base}: {z}");
    }
    let unknown = plain_parts("7", "0:1", 1, 1000)[0];
    assert_eq!(unknown, Part { estimate: 7.0, std_error: None });
}

/// Blocks that agree in 12 digits.
#[test]
fn estimates_of_blocks_differ_in_their_last_digits() {
    let tally = |offset: f64| {
        let mut bin = BlockBin::default();
        bin.add(1.0 + offset);
        BinTally::of_block(3, &[bin])
    };
    let blocks = [-1.0, 2.0, -2.0, 1.0].map(|k| tally(k * 1e-12));
    let all = blocks.into_iter().reduce(|mut total, next| {
        total.merge(next);
        total
    });
    let part = all.and_then(|all| all.parts(0..1, None, 8.0)).expect("blocks")[0];
    assert!((part.estimate - 1.0).abs() < 1e-15);
    // s^2 = 10 / 3, and the error s / 2.
    assert!((part.std_error.expect("spread") / ((10.0f64 / 3.0).sqrt() / 2.0 * 1e-12) - 1.0).abs() < 1e-3, "{part:?}");
}

#[test]
fn edges_are_exact_where_numbers_are_and_do_not_fall() {
    assert_eq!((0..=3).map(|i| edge(-1.0, 2.0, i, 3)).collect::<Vec<_>>(), [-1.0, 0.0, 1.0, 2.0]);
    assert_eq!(edge(-30.0, 30.0, 4, 12), -10.0);
    assert_eq!(edge(-8e307, 8e307, 500, 1000), 0.0);
}

proptest! {
    #[test]
    fn a_bin_is_that_between_its_edges(mut edges in prop::collection::vec(0.0..=1.0f64, 2..20), u in 0.0..1.0f64) {
        edges.sort_by(f64::total_cmp);
        let bins = Bins { coordinate: 0, edges: edges.clone().into() };
        let expected = edges.windows(2).position(|ends| ends[0] <= u && u < ends[1]);
        prop_assert_eq!(bins.find(u), expected);
    }

    #[test]
    fn edges_do_not_fall(low in -1e300..1e300f64, width in 1e-300..1e300f64, count in 1..1000usize) {
        let high = low + width;
        prop_assume!(high > low);
        let edges: Vec<f64> = (0..=count).map(|i| edge(low, high, i, count)).collect();
        prop_assert!(edges.is_sorted() && edges[0] == low && edges[count] == high);
    }
}
