//! Points, and whole jobs on one rank: evenness, the answers, and the same bits however computed.

use montesieve_kernel::Tally;
use montesieve_kernel::isa::Isa;
use proptest::prelude::*;

use super::plan::NetPlan;
use super::sampler::NetSampler;
use super::tally::NetTally;
use super::*;
use crate::components::{Components, Shape};
use crate::integrands::ALL;
use crate::integrands::testing::integrand;
use crate::mean::{Doubt, Mean};
use crate::sampler::Kernel;

const FAMILIES: [Family; 2] = [Family::Sobol, Family::Lattice];

/// The first 2^`log` points of a replicate, coordinate by coordinate.
fn points(family: Family, dimension: usize, seed: u64, replicate: usize, log: u32) -> Vec<Vec<f64>> {
    let mut set = PointSet::new(family, dimension, seed, Isa::widest());
    let groups = 1usize << (log - LOG_WIDTH);
    let mut rows = vec![Row::all(0.0); groups * dimension];
    set.fill(replicate, 0, &mut rows);
    let coordinate = |d: usize| rows.iter().skip(d).step_by(dimension).flat_map(|row| row.0).collect();
    (0..dimension).map(coordinate).collect()
}

/// A tally of a job, and the shift of its values.
struct Shifted(NetTally, f64);

impl std::ops::Deref for Shifted {
    type Target = NetTally;

    fn deref(&self) -> &NetTally {
        &self.0
    }
}

impl Shifted {
    fn mean(&self, volume: f64, nans_are_zero: bool) -> Option<Mean> {
        self.0.mean(self.1, volume, nans_are_zero)
    }
}

fn tally(kernel: &dyn Kernel, family: Family, samples: u64, seed: u64, isa: Isa) -> (Shifted, NetPlan) {
    let plan = NetPlan::new(kernel.dimension(), samples);
    let mut sampler = NetSampler::new(kernel.duplicate(), plan, family, seed, isa);
    let mut all = Components::default();
    (0..plan.blocks()).for_each(|block| all.merge(sampler.block(block)));
    assert!(all.are_sound(
        Shape::SCALAR,
        |tally: &NetTally| tally.is_sound(&plan, kernel.dimension(), 0..plan.blocks()),
        |_| false
    ));
    (Shifted(all[0].clone(), sampler.shifts()[0]), plan)
}

/// The first points of Joe and Kuo's own program in three dimensions, unscrambled.
#[test]
fn the_published_points() {
    let columns = sobol::columns(3);
    let point = |number: usize, d: usize| {
        let bits = (0..sobol::BITS).filter(|bit| number >> bit & 1 == 1);
        bits.fold(0, |sum, bit| sum ^ columns[d][bit]) as f64 / 2f64.powi(sobol::BITS as i32)
    };
    // By Gray code, as their program orders them.
    let published = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.75, 0.25, 0.25], [0.25, 0.75, 0.75], [0.375, 0.375, 0.625]];
    for (i, expected) in published.into_iter().enumerate() {
        assert_eq!([0, 1, 2].map(|d| point(i ^ i >> 1, d)), expected, "point {i}");
    }
}

/// Point 12345 by Gray code in 1000 dimensions, times 2^14: from scipy 1.17.1's
/// `qmc.Sobol(1000, scramble=False, bits=30)`.
#[test]
fn a_published_implementation_has_the_same_point() {
    let columns = sobol::columns(1000);
    let number: u64 = 12345 ^ 12345 >> 1;
    for (d, expected) in
        [(1, 13327), (2, 2627), (5, 965), (31, 10847), (99, 8829), (499, 15477), (998, 12523), (999, 2147)]
    {
        let bits = (0..sobol::BITS).filter(|bit| number >> bit & 1 == 1);
        let word = bits.fold(0, |sum, bit| sum ^ columns[d][bit]);
        assert_eq!(word, expected << (sobol::BITS - 14), "coordinate {d}");
    }
}

/// The criterion of data/lattice.txt for the lattice of 2^`log` points with this vector, squared.
fn squared_worst_error(vector: &[u64], log: u32) -> f64 {
    let w = |x: f64| 2.0 * std::f64::consts::PI.powi(2) * (x * x - x + 1.0 / 6.0);
    let term = |i: u64| {
        let x = |z: u64| (i * z % (1 << log)) as f64 / f64::from(1u32 << log);
        vector.iter().map(|&z| 1.0 + 0.1 * w(x(z))).product::<f64>()
    };
    (0..1 << log).map(term).sum::<f64>() / f64::from(1u32 << log) - 1.0
}

/// At every size the first five components are near the best Korobov vector of that size alone.
/// 1.54 is the largest ratio of errors that the construction has in 5 dimensions, so 2.4 of
/// squares.
#[test]
fn the_lattice_of_every_size_is_good() {
    let vector = lattice::vector(MOST_DIMENSIONS);
    assert_eq!((vector.len(), vector[0]), (1000, 1));
    assert!(vector.iter().all(|z| z % 2 == 1 && z >> 19 == 0));
    for log in 7..=16 {
        // A search as far as a test may go: Korobov vectors 1, a, a^2, ...
        let powers = |a: u64| -> Vec<u64> {
            std::iter::successors(Some(1), |power| Some(power * a % (1 << log))).take(5).collect()
        };
        let most = if log <= 10 { 1u64 << log } else { 64 };
        let best = (1..most).step_by(2).map(|a| squared_worst_error(&powers(a), log)).fold(f64::INFINITY, f64::min);
        let ours = squared_worst_error(&vector[..5], log);
        assert!(ours < 2.4 * best, "2^{log} points: {ours}, {best}");
    }
}

#[test]
fn each_coordinate_alone_has_one_point_in_each_cell() {
    for family in FAMILIES {
        for (d, coordinates) in points(family, 1000, 3, 5, 9).into_iter().enumerate() {
            let mut cells = [0; 512];
            coordinates.iter().for_each(|x| cells[(x * 512.0) as usize] += 1);
            // The fold of a lattice puts two points into some cells.
            let most = if family == Family::Sobol { 1 } else { 2 };
            assert!(cells.iter().all(|&n| n <= most), "{family:?}, dimension {d}");
        }
    }
}

/// The first two coordinates of Sobol's sequence are a (0, k, 2)-net, scrambled or not.
#[test]
fn the_first_two_coordinates_have_one_point_in_every_elementary_box() {
    for replicate in [0, 15] {
        let net = points(Family::Sobol, 2, 8, replicate, 10);
        for log_x in 0..=10 {
            let mut boxes = [0; 1024];
            for (x, y) in net[0].iter().zip(&net[1]) {
                let (column, row) = ((x * f64::from(1 << log_x)) as usize, (y * f64::from(1 << (10 - log_x))) as usize);
                boxes[row << log_x | column] += 1;
            }
            assert_eq!(boxes, [1; 1024], "2^-{log_x} wide");
        }
    }
}

/// Any two coordinates have the same number of points in every box of a size, the smallest that the
/// unscrambled points allow: a scramble neither mends nor breaks that.
#[test]
fn pairs_of_coordinates_are_digital_nets() {
    let log = 10;
    let is_net = |x: &[f64], y: &[f64], quality: u32| {
        (0..=log - quality).all(|a| {
            let b = log - quality - a;
            let mut boxes = vec![0; 1 << (log - quality)];
            for (x, y) in x.iter().zip(y) {
                let cell = |x: f64, bits: u32| (x * f64::from(1u32 << bits)) as usize;
                boxes[cell(*x, a) << b | cell(*y, b)] += 1;
            }
            boxes.iter().all(|&count| count == 1 << quality)
        })
    };
    let columns = sobol::columns(20);
    let plain = |d: usize| -> Vec<f64> {
        let word = |number: u64| {
            let bits = (0..sobol::BITS).filter(|bit| number >> bit & 1 == 1);
            bits.fold(0, |sum, bit| sum ^ columns[d][bit]) as f64 / 2f64.powi(sobol::BITS as i32)
        };
        (0..1 << log).map(word).collect()
    };
    for (x, y) in [(0, 1), (0, 2), (1, 2), (0, 9), (3, 4), (7, 12), (18, 19)] {
        let quality = (0..log).find(|&quality| is_net(&plain(x), &plain(y), quality)).expect("some");
        assert!(quality <= 4, "{x}, {y}: {quality}");
        for (seed, replicate) in [(0, 0), (1, 15), (2, 3)] {
            let net = points(Family::Sobol, 20, seed, replicate, log);
            assert!(is_net(&net[x], &net[y], quality), "{x}, {y}: {quality}");
            assert!(quality == 0 || !is_net(&net[x], &net[y], quality - 1), "{x}, {y}: {quality}");
        }
    }
}

/// 50 seeds of every integrand with a known integral, 2^13 samples each: in total 95 % of the
/// intervals cover, and 82 % or more of each integrand's.
#[test]
fn intervals_of_all_integrands_cover() {
    let bounded = ALL.iter().map(|entry| entry.name).filter(|name| name.starts_with("genz") || *name == "ball");
    let cases: Vec<_> = bounded.flat_map(|name| ["2", "3", "5", "8"].map(|dim| (name, dim))).collect();
    for family in FAMILIES {
        let mut all = 0;
        for &(name, dim) in &cases {
            let kernel = integrand(name, &[("dim", dim)]);
            let exact = kernel.exact().expect("known");
            let covers = |seed| {
                let (tally, _) = tally(&*kernel, family, 1 << 13, seed, Isa::widest());
                let mean = tally.mean(kernel.volume(), false).expect("all replicates");
                let z = mean.z(exact).expect("an error");
                assert!(z.abs() < 6.5, "{name} {dim} by {family:?}, seed {seed}: {z}");
                mean.ci95.is_some_and(|[low, high]| (low..=high).contains(&exact))
            };
            let covered = (1..=50).filter(|&seed| covers(seed)).count();
            assert!(covered >= 41, "{name} {dim} by {family:?}: {covered} of 50");
            all += covered;
        }
        let share = all as f64 / (50 * cases.len()) as f64;
        assert!((0.93..0.97).contains(&share), "{family:?}: {share}");
    }
}

#[test]
fn replicates_and_seeds_differ() {
    for family in FAMILIES {
        let first = points(family, 3, 1, 0, 7);
        assert_ne!(first, points(family, 3, 1, 1, 7));
        assert_ne!(first, points(family, 3, 2, 0, 7));
        assert_eq!(first, points(family, 4, 1, 0, 7)[..3], "coordinates do not depend on how many there are");
    }
}

/// With 2^16 points in all. Student's t with 15 degrees of freedom exceeds 5.2 once in 10^4.
#[test]
fn every_integrand_of_the_list_has_its_integral() {
    for entry in &ALL {
        let given = [("expression", "exp(x-y)*cos(3*z)"), ("bounds", "0:1,-1:1,0:2")];
        let kernel = integrand(entry.name, &given);
        let e = std::f64::consts::E;
        let own = (e - 1.0) * (e - 1.0 / e) * 6f64.sin() / 3.0;
        let exact = if entry.name == "expr" { Some(own) } else { kernel.exact() };
        for family in FAMILIES {
            let (tally, _) = tally(&*kernel, family, 1 << 16, 1, Isa::widest());
            let mean = tally.mean(kernel.volume(), false).expect("all replicates");
            let Some(exact) = exact else { continue };
            let z = mean.z(exact).expect("an error");
            assert!(z.abs() < 5.2, "{} by {family:?}: {z}", entry.name);
        }
    }
}

/// 2^20 points of a smooth integrand: random ones would be 1e-3 off.
#[test]
fn evenness_pays() {
    let kernel = integrand("genz-gaussian", &[]);
    for (family, most) in [(Family::Sobol, 3e-6), (Family::Lattice, 3e-7)] {
        let (tally, _) = tally(&*kernel, family, 1 << 20, 1, Isa::widest());
        let mean = tally.mean(1.0, false).expect("all replicates");
        let relative = mean.std_error.expect("known") / mean.estimate;
        assert!(relative < most, "{family:?}: {relative}");
    }
}

/// Where nets are exact, the error is that of rounding, and not below the error made.
#[test]
fn the_least_error_is_that_of_rounding() {
    let third = 1.0 / 3.0;
    let cases = [
        ("0.1", 0.1),
        ("1/3", third),
        ("-1e6/3", -1e6 / 3.0),
        ("0.1*(x<0.5)", 0.05),
        ("1/3*(x<0.25)", third / 4.0),
        ("1e-200*(x<0.5)", 5e-201),
        ("0.1*(x<0.5)-0.1*(x>=0.5)", 0.0),
        ("1000+0.1*(x<0.5)", 1000.05),
        ("0.7*(x<0.5)-0.3", 0.05),
    ];
    for (family, seed) in FAMILIES.into_iter().flat_map(|family| [1, 2, 3].map(|seed| (family, seed))) {
        for (expression, exact) in cases {
            for log in [4, 12, 18, 22] {
                let kernel = integrand("expr", &[("expression", expression), ("bounds", "0:1")]);
                let (tally, _) = tally(&*kernel, family, 1 << log, seed, Isa::widest());
                let mean = tally.mean(1.0, false).expect("all replicates");
                let z = mean.z(exact).expect("an error");
                assert!(z.abs() < 2.0, "{expression} by {family:?}, 2^{log}, seed {seed}: {z}");
                let error = mean.std_error.expect("known");
                if !expression.contains('x') {
                    assert!(error <= 4.0 * f64::EPSILON * exact.abs(), "{expression}: {error}");
                    assert_eq!((mean.estimate, mean.doubt()), (exact, None));
                }
            }
        }
    }
}

/// A peak that no point has hit looks the same.
#[test]
fn of_zeros_alone_the_error_is_unknown() {
    for family in FAMILIES {
        let kernel = integrand("expr", &[("expression", "0*x"), ("bounds", "0:1")]);
        let (tally, _) = tally(&*kernel, family, 1 << 12, 1, Isa::widest());
        let mean = tally.mean(1.0, false).expect("all replicates");
        assert_eq!((mean.estimate, mean.std_error, mean.ci95), (0.0, None, None));
    }
}

#[test]
fn heavy_tails_are_in_doubt_and_smooth_integrands_are_not() {
    let doubt = |expression: &str, family, log: u32, seed| {
        let kernel = integrand("expr", &[("expression", expression), ("bounds", "0:1")]);
        let (tally, _) = tally(&*kernel, family, 1 << log, seed, Isa::widest());
        tally.mean(1.0, false).expect("all replicates").doubt()
    };
    for family in FAMILIES {
        for seed in 1..=5 {
            for log in [12, 16, 20] {
                assert_eq!(doubt("1/x", family, log, seed), Some(Doubt::HeavyTail), "{family:?}, 2^{log}, {seed}");
                for smooth in ["exp(x)", "1e6+x", "0.1*(x<0.5)", "sqrt(x)"] {
                    assert_eq!(doubt(smooth, family, log, seed), None, "{smooth} by {family:?}, 2^{log}, {seed}");
                }
            }
            assert_eq!(doubt("1/x^2", family, 6, seed), Some(Doubt::FewSamples));
        }
    }
}

#[test]
fn what_is_no_number_is_counted_and_found() {
    let kernel = integrand("expr", &[("expression", "sqrt(x - 0.25)"), ("bounds", "0:1")]);
    let (all, plan) = tally(&*kernel, Family::Sobol, 1 << 12, 1, Isa::widest());
    assert_eq!((all.samples(), all.nans(), plan.samples()), (1 << 12, 1 << 10, 1 << 12));
    assert!(all.first_nan().is_some_and(|bad| bad.point[0] < 0.25));
    let exact = 0.75f64.powf(1.5) / 1.5;
    let zero = all.mean(1.0, true).expect("all").estimate;
    let skipped = all.mean(1.0, false).expect("all").estimate;
    assert!((zero - exact).abs() < 1e-3 && (skipped - exact / 0.75).abs() < 1e-3);
    let kernel = integrand("expr", &[("expression", "1 / (x > 0.5)"), ("bounds", "0:1")]);
    let (all, _) = tally(&*kernel, Family::Lattice, 1 << 12, 1, Isa::widest());
    assert!(all.first_infinite().is_some() && all.nans() == 0);
}

#[test]
fn values_of_any_size_have_the_same_relative_error() {
    let relative = |factor: &str| {
        let expression = format!("{factor}*exp(-3*x*y)");
        let kernel = integrand("expr", &[("expression", &expression), ("bounds", "0:1,0:1")]);
        let (tally, _) = tally(&*kernel, Family::Sobol, 1 << 14, 7, Isa::widest());
        let mean = tally.mean(1.0, false).expect("all");
        mean.std_error.expect("known") / mean.estimate
    };
    let usual = relative("1");
    for factor in ["1e-290", "1e-160", "1e160", "1e290", "-1e200"] {
        assert!((relative(factor).abs() - usual).abs() < 1e-6 * usual, "{factor}");
    }
}

#[test]
fn forged_tallies_are_refused() {
    let kernel = integrand("genz-gaussian", &[("dim", "2")]);
    let (all, plan) = tally(&*kernel, Family::Sobol, 1 << 21, 1, Isa::widest());
    for blocks in [0..31, 1..32, 0..48] {
        assert!(!all.is_sound(&plan, 2, blocks.clone()), "{blocks:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_walk_and_every_cut_gives_the_same_bits(seed: u64, dimension in 1..=50usize, log in 4..16u32, is_ball: bool) {
        let (name, dimension) = if is_ball { ("ball", dimension % 19 + 2) } else { ("genz-corner-peak", dimension) };
        let kernel = integrand(name, &[("dim", &dimension.to_string())]);
        for family in FAMILIES {
            let (expected, plan) = tally(&*kernel, family, 1 << log, seed, Isa::Portable);
            for isa in Isa::available() {
                // Backwards, each block by a new workspace.
                let mut all = Components::default();
                for block in (0..plan.blocks()).rev() {
                    let mut part = NetSampler::new(kernel.duplicate(), plan, family, seed, isa).block(block);
                    part.merge(all);
                    all = part;
                }
                prop_assert_eq!(&all[0], &*expected, "{}", isa);
            }
        }
    }

    #[test]
    fn any_group_is_reached_directly(seed: u64, group in 0..1u64 << 40, dimension in 1..20usize, replicate in 0..16usize) {
        for family in FAMILIES {
            let mut rows = vec![Row::all(0.0); 5 * dimension];
            PointSet::new(family, dimension, seed, Isa::widest()).fill(replicate, group << LOG_WIDTH, &mut rows);
            let mut one = vec![Row::all(0.0); dimension];
            let mut set = PointSet::new(family, dimension, seed, Isa::Portable);
            for (place, expected) in (group..).zip(rows.chunks_exact(dimension)) {
                set.fill(replicate, place << LOG_WIDTH, &mut one);
                prop_assert_eq!(&one[..], expected);
            }
            prop_assert!(rows.iter().all(|row| row.0.iter().all(|&x| 0.0 < x && x < 1.0)));
        }
    }
}
