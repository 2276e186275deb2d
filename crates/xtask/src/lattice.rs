//! `cargo xtask lattice`: the generating vector of an embedded rank-1 lattice, as in
//! crates/montecarlo/src/nets/data/lattice.txt.
//!
//! Stands beside the checks and campaigns: it makes a table of the program instead of testing it.
//!
//! **Criterion.** The squared worst-case error of the lattice of 2^k points in D dimensions, as a
//! mean over all shifts. The functions are periodic, with square-integrable first mixed
//! derivatives:
//!
//! `e_k^2 = mean over the points x of the product over j of (1 + g_j w(x_j)), less 1`,
//!
//! with `w(x) = 2 pi^2 (x^2 - x + 1/6)` and `g_j = 0.1 min(1, 10 / j)`.
//!
//! **Construction**, component by component: each component minimises the largest ratio, over k =
//! 7 ... 20, of e_k^2 to the reference of that size. The reference is what the same construction
//! reaches for 2^k points alone. No component occurs twice, and z stands for -z too: w is even.
//!
//! **Fast.** Odd residues modulo 2^k are +- powers of 5. So the errors of all candidates are cyclic
//! correlations of products with w, one for each denominator 2^k ([`transform`]). Products are kept
//! less 1: then sums of 2^20 terms resolve errors of 1e-12.
//!
//! The bits of every step are the same on every machine: IEEE operations in fixed order, with sines
//! and cosines of `libm`. Errors that differ by less than 1e-9 count as equal, and the lowest power
//! of 5 is taken.
//!
//! **Near ties.** Many candidates tie: where the largest ratio is that of a smaller size, all that
//! differ in their highest bits do. A first version of this program added in another order and
//! broke ties at random, in references too. Four of its components are up to 0.1 % above the least.
//! So the published component is taken if its ratio is within 0.2 % of the least. The file is
//! reproduced if and only if that is so for each.
//!
//! Other choices among ties were worse on Genz's families in up to 20 dimensions. Errors with the
//! lowest power of 5 were up to 7 times those of Sobol's nets. With the least sum of ratios it was
//! up to 5 times, and with these it is up to 3 times.
//!
//! Run time (AMD EPYC, optimised): 90 s for 1000 components. Memory: 30 MB.
//!
//! References: R. Cools, F. Y. Kuo, D. Nuyens, "Constructing embedded lattice rules for
//! multivariate integration", SIAM J. Sci. Comput. 28 (2006), for embedded lattices; D. Nuyens, R.
//! Cools, "Fast component-by-component construction, a reprise for different kernels", MCQMC 2004,
//! for powers of 2.

mod transform;

use std::f64::consts::PI;
use std::ops::RangeInclusive;

use crate::run::Result;
use transform::Transform;

/// Print the generating vector of the program's lattices, as its data file has it.
#[derive(clap::Args)]
pub struct Options {
    /// Print the first D components only (each takes as long as any other)
    #[arg(long, value_name = "D", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    dimension: u32,
}

/// Binary logarithms of the numbers of points that the vector is made for.
const SIZES: RangeInclusive<u32> = 7..=20;

/// The largest ratio that a published component may have, in units of the least.
const NEAR: f64 = 1.002;

/// A ratio of numbers that are equal but for rounding.
const EQUAL: f64 = 1.0 + 1e-9;

/// The data file of the program.
const DATA: &str = include_str!("../../montecarlo/src/nets/data/lattice.txt");

/// What the data file says about itself, after its first line.
const COMMENT: &str = "\
# Made for this crate by `cargo xtask lattice`, component by component (R. Cools, F. Y. Kuo, D.
# Nuyens, \"Constructing embedded lattice rules for multivariate integration\", SIAM J. Sci. Comput.
# 28 (2006)). With
#   e(k)^2 = mean over the 2^k points x of the product over j of (1 + g_j w(x_j)), less 1,
#   w(x) = 2 pi^2 (x^2 - x + 1/6), g_j = 0.1 min(1, 10/j),
# each component minimises, within 0.2 %, the largest ratio, over k = 7 ... 20, of e(k)^2 to the one
# that the same construction reaches for 2^k points alone.
";

/// Prints the data file. No error.
pub fn print(options: &Options) -> Result<bool> {
    let count = options.dimension;
    let (low, high) = (SIZES.start(), SIZES.end());
    println!(
        "# Generating vector of an embedded lattice in base 2, for 2^{low} to 2^{high} points: {count} components."
    );
    print!("{COMMENT}");
    for line in vector(count, &published()).chunks(10) {
        println!("{}", line.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
    }
    Ok(true)
}

/// The vector of the data file.
fn published() -> Vec<u64> {
    let words = DATA.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(' '));
    words.map(|word| word.parse().expect("a number")).collect()
}

/// The first `count` components: odd numbers of at most 19 bits. The `published` one is taken where
/// it is near the least.
fn vector(count: u32, published: &[u64]) -> Vec<u64> {
    let references: Vec<Vec<f64>> = SIZES.map(|size| reference(size, count)).collect();
    let top = *SIZES.end();
    let mut lattice = Construction::new(SIZES);
    let mut chosen: Vec<usize> = Vec::new();
    for j in 1..=count {
        let errors = lattice.squared_errors(weight(j));
        // A class modulo 2^20 lies in one modulo any smaller power.
        let ratios = |class: usize| {
            let pairs = errors.iter().zip(&references);
            pairs.map(move |(errors, reference)| {
                errors[class % errors.len()] / reference[j as usize - 1]
            })
        };
        let new = || (0..classes(top)).filter(|class| !chosen.contains(class));
        let ratio = |class: usize| ratios(class).fold(0.0, f64::max);
        let least = least_of(new(), ratio);
        let proposal = published.get(j as usize - 1);
        let is_good = |&class: &usize| {
            ratio(class) <= ratio(least) * NEAR && proposal == Some(&component(class, top))
        };
        let class = new().find(is_good).unwrap_or(least);
        chosen.push(class);
        lattice.append(class, weight(j), &errors);
    }
    chosen.into_iter().map(|class| component(class, top)).collect()
}

/// The squared errors of the best lattices of 2^`size` points in 1, 2, ... `count` dimensions that
/// the construction reaches for that size alone.
fn reference(size: u32, count: u32) -> Vec<f64> {
    let mut lattice = Construction::new(size..=size);
    let add = |j: u32| {
        let errors = lattice.squared_errors(weight(j));
        let class = least_of(0..errors[0].len(), |class| errors[0][class]);
        lattice.append(class, weight(j), &errors);
        lattice.errors[0]
    };
    (1..=count).map(add).collect()
}

/// The weight g of a dimension, counted from 1.
fn weight(dimension: u32) -> f64 {
    0.1 * (10.0 / f64::from(dimension)).min(1.0)
}

/// The candidate whose number is the least, and the first of those that are equal but for rounding.
fn least_of(
    candidates: impl Iterator<Item = usize> + Clone,
    number: impl Fn(usize) -> f64,
) -> usize {
    let least = candidates.clone().map(&number).fold(f64::INFINITY, f64::min);
    let mut candidates = candidates;
    candidates.find(|&candidate| number(candidate) <= least * EQUAL).expect("a candidate")
}

/// Classes of odd residues modulo 2^`log`, z and -z being one. Class b is that of 5^b.
fn classes(log: u32) -> usize {
    1 << log.saturating_sub(2)
}

/// Points of a lattice, less 0, in a class: z and -z, where these differ.
fn class_points(log: u32) -> f64 {
    if log < 2 { 1.0 } else { 2.0 }
}

/// The powers of 5 modulo 2^`log`, one for each class.
fn powers_of_5(log: u32) -> impl Iterator<Item = u64> {
    let mask = (1 << log) - 1;
    std::iter::successors(Some(1 & mask), move |power| Some((power * 5) & mask)).take(classes(log))
}

/// The smallest number of a class modulo 2^`log`.
fn component(class: usize, log: u32) -> u64 {
    let product = |x: u64, y: u64| x * y % (1 << log);
    let squares =
        std::iter::successors(Some(5 % (1 << log)), |&square| Some(product(square, square)));
    let bits =
        squares.take(usize::BITS as usize).enumerate().filter(|(bit, _)| class >> bit & 1 == 1);
    let power = bits.fold(1, |power, (_, square)| product(power, square));
    power.min((1 << log) - power)
}

/// The points of a lattice whose fractions have the denominator 2^k, one for each class.
struct Level {
    /// w at numerators 5^a.
    weights: Vec<f64>,
    /// Its transform.
    spectrum: Vec<[f64; 2]>,
    /// At each of these points, the product over the components so far, less 1.
    products: Vec<f64>,
}

impl Level {
    fn new(log: u32, transform: &Transform) -> Level {
        let x = |numerator: u64| numerator as f64 / (1u64 << log) as f64;
        let weights: Vec<f64> = powers_of_5(log).map(|power| w(x(power))).collect();
        let spectrum = transform.spectrum(&weights);
        Level { products: vec![0.0; weights.len()], weights, spectrum }
    }
}

/// The kernel of the criterion: twice the sum over h > 0 of cos(2 pi h x) / h^2.
fn w(x: f64) -> f64 {
    2.0 * PI * PI * (x * x - x + 1.0 / 6.0)
}

/// A vector that grows.
struct Construction {
    sizes: RangeInclusive<u32>,
    /// For denominators 2^0, 2^1, ...
    levels: Vec<Level>,
    transform: Transform,
    /// The squared error of each size.
    errors: Vec<f64>,
}

impl Construction {
    fn new(sizes: RangeInclusive<u32>) -> Construction {
        let transform = Transform::new(classes(*sizes.end()));
        let levels = (0..=*sizes.end()).map(|log| Level::new(log, &transform)).collect();
        Construction { errors: vec![0.0; sizes.clone().count()], sizes, levels, transform }
    }

    /// For each size the squared errors with each class as the next component, of this weight.
    fn squared_errors(&self, weight: f64) -> Vec<Vec<f64>> {
        let mut all = Vec::new();
        // Over all points of denominators so far: the sum of products, less 1, times w.
        let mut sums = vec![0.0];
        for (level, log) in self.levels.iter().zip(0..) {
            let correlation = self.transform.correlation(&level.products, &level.spectrum);
            let add =
                |class: usize| sums[class % sums.len()] + class_points(log) * correlation[class];
            sums = (0..correlation.len()).map(add).collect();
            if let Some(place) = self.sizes.clone().position(|size| size == log) {
                let points = (1u64 << log) as f64;
                // The mean of w itself is pi^2 / (3 * 4^k).
                let own = PI * PI / 3.0 / (points * points);
                let error = |sum: &f64| self.errors[place] + weight * (own + sum / points);
                all.push(sums.iter().map(error).collect());
            }
        }
        all
    }

    /// Appends a component; `errors` are those that [`squared_errors`](Self::squared_errors) gave.
    fn append(&mut self, class: usize, weight: f64, errors: &[Vec<f64>]) {
        for (error, errors) in self.errors.iter_mut().zip(errors) {
            *error = errors[class % errors.len()];
        }
        for level in &mut self.levels {
            let count = level.weights.len();
            for (a, product) in level.products.iter_mut().enumerate() {
                let term = weight * level.weights[(a + class) % count];
                *product += term + term * *product;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Component by component, so that a longer vector begins with a shorter one.
    #[test]
    fn the_data_file_begins_as_this_does() {
        assert_eq!(vector(6, &published()), published()[..6]);
        // A wrong proposal is not taken.
        assert_eq!(vector(2, &[1, 3]), [1, 433461]);
        assert!(DATA.contains(COMMENT));
    }

    /// The squared error of 2^`log` points by its definition.
    fn by_definition(vector: &[u64], log: u32) -> f64 {
        let points = 1u64 << log;
        let factor =
            |i: u64, z: u64, j: u32| 1.0 + weight(j) * w((i * z % points) as f64 / points as f64);
        let term = |i| vector.iter().zip(1..).map(|(&z, j)| factor(i, z, j)).product::<f64>() - 1.0;
        (0..points).map(term).sum::<f64>() / points as f64
    }

    #[test]
    fn errors_of_all_candidates_are_as_defined() {
        let mut lattice = Construction::new(2..=6);
        let mut chosen = Vec::new();
        for (j, class) in (1..=12).zip([0, 7, 3, 15, 2, 9, 14, 1, 11, 5, 8, 4]) {
            let all = lattice.squared_errors(weight(j));
            for (errors, log) in all.iter().zip(2..) {
                assert_eq!(errors.len(), classes(log));
                for (class, &error) in errors.iter().enumerate() {
                    let vector: Vec<u64> =
                        chosen.iter().copied().chain([component(class, 6)]).collect();
                    let expected = by_definition(&vector, log);
                    assert!(
                        (error - expected).abs() < 1e-12 * (1.0 + expected),
                        "{vector:?}, 2^{log}"
                    );
                }
            }
            lattice.append(class, weight(j), &all);
            chosen.push(component(class, 6));
        }
    }

    #[test]
    fn the_reference_is_the_best_of_all_candidates() {
        let best = |before: &[u64], log: u32| {
            let with = |z| before.iter().copied().chain([z]).collect::<Vec<u64>>();
            let errors = (1..1 << log).step_by(2).map(|z| by_definition(&with(z), log));
            errors.fold(f64::INFINITY, f64::min)
        };
        for log in 2..=8 {
            let found = reference(log, 2);
            let expected = [by_definition(&[1], log), best(&[1], log)];
            assert!(
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-13),
                "2^{log}: {found:?} {expected:?}"
            );
        }
    }

    #[test]
    fn every_odd_residue_is_in_one_class() {
        for log in 2..=10 {
            let all: std::collections::BTreeSet<u64> =
                (0..classes(log)).map(|class| component(class, log)).collect();
            let expected = (1..=1 << (log - 1)).filter(|z| z % 2 == 1).collect();
            assert_eq!(all, expected);
        }
    }
}
