//! A whole job on one rank: the answers, the intervals, the choices, and the same bits however it
//! is computed.

use proptest::prelude::*;

use super::*;
use crate::components::Shape;
use crate::integrands::testing::integrand;
use crate::mean::Mean;
use montesieve_kernel::Tally;

const MAPPED_SOBOL: Candidate = CANDIDATES[2];

/// The tallies of the stages of a job and of its blocks that count, computed in pieces that end at
/// multiples of `piece`.
fn tallies(kernel: &dyn Kernel, plan: TrainedPlan, seed: u64, isa: Isa, piece: u64) -> Vec<TrainedTally> {
    let mut stages: Vec<TrainedTally> = Vec::new();
    let mut first = 0;
    for end in plan.stages().into_iter().chain([plan.blocks()]) {
        let adaptation = Rc::new(TrainedAdaptation::new(&plan, kernel.volume(), &stages));
        let mut tally = TrainedTally::default();
        while first < end {
            let stop = end.min((first / piece + 1).saturating_mul(piece));
            let mut sampler = TrainedSampler::new(kernel.duplicate(), plan, Rc::clone(&adaptation), seed, isa);
            let mut part = TrainedTally::default();
            (first..stop).for_each(|block| part.merge(sampler.block(block)));
            assert!(part.is_sound(&plan, Shape::SCALAR, first..stop), "{first}..{stop}");
            tally.merge(part);
            first = stop;
        }
        stages.push(tally);
    }
    stages
}

/// The total of all blocks.
fn total(kernel: &dyn Kernel, plan: TrainedPlan, seed: u64) -> TrainedTally {
    let mut all = TrainedTally::default();
    tallies(kernel, plan, seed, Isa::widest(), u64::MAX).into_iter().for_each(|tally| all.merge(tally));
    assert!(all.is_sound(&plan, Shape::SCALAR, 0..plan.blocks()));
    all
}

/// A job of `samples` samples with a trial: its total, its estimate and its choice.
fn auto(kernel: &dyn Kernel, samples: u64, seed: u64) -> (TrainedTally, Mean, Candidate) {
    let plan = TrainedPlan::new(kernel.dimension(), samples / 16, samples, None);
    let all = total(kernel, plan, seed);
    let mean = all.means(kernel.volume(), false)[0].expect("values");
    let chosen = all.chosen(kernel.volume()).expect("a trial");
    (all, mean, chosen)
}

fn peak() -> (Box<dyn Kernel>, f64) {
    let peak = "exp(-100*((x1-0.5)^2+(x2-0.5)^2+(x3-0.5)^2+(x4-0.5)^2+(x5-0.5)^2+(x6-0.5)^2))";
    let kernel = integrand("expr", &[("expression", peak), ("bounds", "0:1,0:1,0:1,0:1,0:1,0:1")]);
    (kernel, 3.100_627_668_001_379_4e-5)
}

#[test]
fn a_peak_gets_a_map_and_what_is_smooth_gets_none() {
    let (kernel, exact) = peak();
    let (_, mean, chosen) = auto(&*kernel, 4_000_000, 1);
    let relative = mean.std_error.expect("found") / exact;
    assert!(chosen.is_mapped && relative < 1e-4 && mean.z(exact).expect("found").abs() < 4.0, "{chosen:?} {relative}");
    let kernel = integrand("genz-oscillatory", &[("dim", "5")]);
    let (_, mean, chosen) = auto(&*kernel, 1_000_000, 1);
    let z = mean.z(kernel.exact().expect("known")).expect("an error");
    assert!(!chosen.is_mapped && z.abs() < 4.0, "{chosen:?} {z}");
    assert!(mean.std_error.expect("known") < 1e-5);
}

/// One point in 1e5 has all the weight; what nothing has found is unknown.
#[test]
fn what_few_points_find_gets_a_map_and_what_none_finds_is_unknown() {
    let narrow = "exp(-1e3*((x1-0.3)^2+(x2-0.6)^2+(x3-0.5)^2+(x4-0.5)^2))";
    let kernel = integrand("expr", &[("expression", narrow), ("bounds", "0:1,0:1,0:1,0:1")]);
    let exact = (std::f64::consts::PI / 1e3).powi(2);
    let (_, mean, chosen) = auto(&*kernel, 2_000_000, 3);
    assert!(chosen.is_mapped && mean.z(exact).expect("found").abs() < 4.0, "{chosen:?}: {mean:?}");
    let nowhere = [("expression", "(x > 0.123456789) * (x < 0.1234567891)"), ("bounds", "0:1")];
    let kernel = integrand("expr", &nowhere);
    let plan = TrainedPlan::new(1, 10_000, 200_000, None);
    let all = total(&*kernel, plan, 1);
    let mean = all.means(1.0, false)[0].expect("values");
    assert_eq!((mean.estimate, mean.std_error, all.chosen(1.0)), (0.0, None, None));
}

/// 95 of 100 intervals contain the integral: within four binomial errors.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let kinds = ["genz-gaussian", "genz-discontinuous", "genz-corner-peak", "genz-continuous"];
    let cases = kinds.map(|name| integrand(name, &[("dim", "3")])).map(|kernel| {
        let exact = kernel.exact().expect("known");
        (kernel, exact)
    });
    for (kernel, exact) in cases.into_iter().chain([peak()]) {
        let covers = |seed| {
            let (_, mean, _) = auto(&*kernel, 140_000, seed);
            mean.ci95.is_some_and(|[low, high]| (low..=high).contains(&exact))
        };
        let covered = (1..=100).filter(|&seed| covers(seed)).count();
        assert!((86..=100).contains(&covered), "{covered} of 100 of {exact}");
    }
}

#[test]
fn a_plan_has_whole_stages_and_whole_nets() {
    for dimension in [1, 5, 1000] {
        for (training, samples) in [(0, 0), (1000, 100_000), (1 << 16, 1 << 20), (1 << 19, u64::MAX - 1)] {
            for only in [None, Some(Family::Sobol)] {
                let plan = TrainedPlan::new(dimension, training, samples, only);
                let prepared = plan.preparing_blocks();
                assert!(prepared.is_power_of_two() && plan.stages().last() == Some(&prepared));
                assert!((plan.blocks() - prepared).is_multiple_of(REPLICATES as u64));
                let of = |block| plan.samples_of(block);
                assert_eq!((0..plan.cut.training_blocks()).map(of).sum::<u64>(), plan.training());
                let all = (0..prepared).map(of).sum::<u64>() as u128;
                let counted = u128::from(plan.blocks() - prepared) * u128::from(plan.net_block());
                assert!(all + counted >= u128::from(samples.min(1 << 56)), "{plan:?}");
                if only.is_none() {
                    assert_eq!(CANDIDATES.len() as u64 * plan.trial.blocks(), plan.cut.training_blocks());
                    assert_eq!(all, 2 * u128::from(plan.training()));
                }
            }
        }
    }
}

#[test]
fn what_is_no_number_is_counted_and_found() {
    let kernel = integrand("expr", &[("expression", "sqrt(x - 0.2)"), ("bounds", "0:1")]);
    let plan = TrainedPlan::new(1, 10_000, 150_000, None);
    let all = total(&*kernel, plan, 3);
    let bad = all.first_nan().expect("below 0.2 there is none");
    assert!(all.nans(0) > 10_000 && kernel.place(&bad.point)[0] < 0.2);
    let kernel = integrand("expr", &[("expression", "1 / (x > 0.01)"), ("bounds", "0:1")]);
    let all = total(&*kernel, plan, 3);
    assert!(all.first_infinite().is_some() && all.nans(0) == 0);
}

/// Only points behind the map are dense enough to meet it.
#[test]
fn a_bad_point_behind_a_map_is_named_as_one_of_the_region() {
    let hole = [("expression", "if(abs(x-0.31)<1e-5, 0/0, exp(-1e4*(x-0.3)^2))"), ("bounds", "0:1")];
    let kernel = integrand("expr", &hole);
    let plan = TrainedPlan::new(1, 1024, 1 << 20, Some(Family::Sobol));
    let all = total(&*kernel, plan, 1);
    let bad = all.first_nan().expect("of a million points some");
    assert!(bad.is_sound(1, &(0..plan.blocks())) && all.training.first_nan(1).is_none());
    assert!((kernel.place(&bad.point)[0] - 0.31).abs() < 1e-5, "{bad:?}");
}

#[test]
fn forged_tallies_are_refused() {
    let kernel = integrand("genz-gaussian", &[("dim", "2")]);
    let plan = TrainedPlan::new(2, 10_000, 150_000, None);
    let [training, prepared] = [plan.cut.training_blocks(), plan.preparing_blocks()];
    let stages = tallies(&*kernel, plan, 1, Isa::widest(), u64::MAX);
    let [.., trained, tried, counted] = &stages[..] else { panic!("three stages at least") };
    assert!(
        trained.is_sound(&plan, Shape::SCALAR, training / 2..training)
            && tried.is_sound(&plan, Shape::SCALAR, training..prepared)
    );
    assert!(counted.is_sound(&plan, Shape::SCALAR, prepared..plan.blocks()));
    for (tally, blocks) in [
        (trained, training / 2..training + 1),
        (tried, training..prepared - 1),
        (tried, training + 1..prepared),
        (counted, prepared..plan.blocks() - 1),
        (counted, training..prepared),
    ] {
        assert!(!tally.is_sound(&plan, Shape::SCALAR, blocks.clone()), "{blocks:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn every_walk_and_every_cut_gives_the_same_bits(
        seed: u64, piece in 1u64..40, training in 128u64..20_000, which in 0..4usize, is_choice: bool,
    ) {
        let kernel = match which {
            0 => integrand("genz-corner-peak", &[("dim", "3")]),
            1 => integrand("option", &[("style", "asian")]),
            2 => integrand("expr", &[("expression", "exp(-50*(x-0.3)^2-x*y)"), ("bounds", "0:1,-1:2")]),
            _ => peak().0,
        };
        let only = (!is_choice).then_some(MAPPED_SOBOL.family);
        let plan = TrainedPlan::new(kernel.dimension(), training, 3 * training, only);
        let expected = tallies(&*kernel, plan, seed, Isa::Portable, u64::MAX);
        for isa in Isa::available() {
            prop_assert_eq!(&tallies(&*kernel, plan, seed, isa, piece), &expected, "{}", isa);
        }
        let written = bincode::serde::encode_to_vec(&expected[0], bincode::config::standard()).expect("plain");
        let (read, _) = bincode::serde::decode_from_slice::<TrainedTally, _>(&written, bincode::config::standard()).expect("plain");
        prop_assert_eq!(&read, &expected[0]);
    }
}
