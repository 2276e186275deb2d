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
        let mut sampler = Sampler::new(kernel.duplicate(), 3, isa);
        let binning = Binning::new(vec![bins.clone()], &sampler.first_values()[0]);
        let sums = sampler.with_histograms(Some(binning)).sums(0, 300_000);
        assert_eq!(sums[0], Sampler::new(kernel.duplicate(), 3, isa).sums(0, 300_000)[0]);
        let parts = sums.bins().and_then(|bins| bins.parts(0..5, kernel.volume())).expect("parts");
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
    let binning = || Some(Binning::new(vec![bins(&*kernel, 1, 3, [0.0, 0.9])], &Row::all(1.0)));
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
            && !bins.is_sound_of_units(3, 1 << 13)
    );
    let parts = bins.parts(0..3, 1.0).expect("parts");
    // The integral of x - y over y from 0.3 to 0.6.
    assert!((parts[1].estimate - (0.15 - 0.135)).abs() < 5.0 * parts[1].std_error.expect("errors"));
}

#[test]
fn values_beyond_the_range_are_said_to_be_unknown() {
    let kernel = expr("1e300*x", "0:1");
    let binning = Binning::new(vec![bins(&*kernel, 0, 2, [0.0, 1.0])], &Row::all(1e-300));
    let sums = Sampler::new(kernel, 1, Isa::widest()).with_histograms(Some(binning)).sums(0, 1000);
    assert_eq!(sums.bins().expect("bins").parts(0..2, 1.0), None);
}

proptest! {
    #[test]
    fn a_bin_is_that_between_its_edges(mut edges in prop::collection::vec(0.0..=1.0f64, 2..20), u in 0.0..1.0f64) {
        edges.sort_by(f64::total_cmp);
        let bins = Bins { coordinate: 0, edges: edges.clone().into() };
        let expected = edges.windows(2).position(|ends| ends[0] <= u && u < ends[1]);
        prop_assert_eq!(bins.find(u), expected);
    }
}
