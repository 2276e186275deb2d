//! How the errors of components depend on each other, for samples that are independent.
//!
//! Values at one point are not independent, so neither are the errors of their means. For random
//! samples the correlation of two needs sums of products. They come from what there is: the
//! variance of f + g, by
//!
//! `correlation = (Var(f + g) - Var(f) - Var(g)) / (2 sqrt(Var(f) Var(g)))`.
//!
//! So [`PairedKernel`] has the sums of components as further components, and every method that
//! estimates a variance as a quadratic form of the values (plain samples, pairs, strata, maps)
//! estimates this one too. Each component is first multiplied by a power of two that makes the
//! spread of the first 128 values about 1: otherwise the smaller one would be lost.
//!
//! Stands beside [`nets`](super::nets), where the means of replicates give the correlation without
//! further sums.
//!
//! Run time: K (K - 1) / 2 more sums for K components.

use std::rc::Rc;

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

use super::mean::Mean;
use super::sampler::{Kernel, Sampler};
use super::uniform::{Row, WIDTH};

/// Powers of two are limited to these exponents: sums then stay in range for all but extreme
/// values.
const LARGEST_EXPONENT: i32 = 900;

/// The components of a kernel, and after them the sums of each two.
pub struct PairedKernel {
    kernel: Box<dyn Kernel>,
    factors: Factors,
}

/// What each component is multiplied by in a sum of two: powers of two.
#[derive(Clone, Debug)]
pub struct Factors(Rc<[f64]>);

impl Factors {
    /// Those that the first values from the stream of `seed` suggest.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(kernel: &dyn Kernel, seed: u64, isa: Isa) -> Factors {
        Factors(Sampler::new(kernel.duplicate(), seed, isa).first_values().iter().map(factor).collect())
    }

    /// `kernel` with the sums of its components.
    ///
    /// # Panics
    /// If the kernel has another number of components.
    pub fn paired(&self, kernel: Box<dyn Kernel>) -> PairedKernel {
        assert_eq!(kernel.components(), self.0.len(), "a factor for each component");
        PairedKernel { kernel, factors: self.clone() }
    }

    /// The correlations of the errors of each two components: row by row, 1 on the diagonal.
    /// `means` are those of all components of the paired kernel. `None` where nothing is known
    /// about an error.
    ///
    /// # Panics
    /// If there are too few means.
    pub fn correlations(&self, means: &[Option<Mean>]) -> Vec<Vec<Option<f64>>> {
        let count = self.0.len();
        let error = |at: usize| means[at].and_then(|mean| mean.std_error);
        let mut correlations = vec![vec![Some(1.0); count]; count];
        for ((one, other), at) in pairs(count).zip(count..) {
            // A sum without spread: one component is the other's negative.
            let sum = means[at].map(|mean| mean.std_error.unwrap_or(0.0));
            let found = sum
                .zip(error(one).zip(error(other)))
                .and_then(|(sum, (of_one, of_other))| correlation(sum, of_one * self.0[one], of_other * self.0[other]));
            correlations[one][other] = found;
            correlations[other][one] = found;
        }
        correlations
    }
}

/// From the standard errors of a sum and of its two terms; `None` out of range.
fn correlation(sum: f64, one: f64, other: f64) -> Option<f64> {
    // Over the larger one, so that no square is out of range.
    let largest = if one > other { one } else { other };
    let [sum, one, other] = [sum, one, other].map(|error| error / largest);
    let correlation = (sum * sum - one * one - other * other) / (2.0 * one * other);
    correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
}

/// Each two of `count` components, in the order of their sums.
fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |one| (one + 1..count).map(move |other| (one, other)))
}

/// The power of two that makes the spread of values about 1.
fn factor(values: &Row) -> f64 {
    let numbers = || values.0.iter().copied().filter(|value| value.is_finite());
    let ends = numbers().fold(None, |ends: Option<(f64, f64)>, value| {
        let (low, high) = ends.unwrap_or((value, value));
        Some((if value < low { value } else { low }, if value > high { value } else { high }))
    });
    let spread = ends.map_or(0.0, |(low, high)| high / 2.0 - low / 2.0);
    let exponent = if spread > 0.0 { -libm::frexp(spread).1 } else { 0 };
    libm::scalbn(1.0, exponent.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT))
}

impl Kernel for PairedKernel {
    fn inner(&self) -> &dyn Kernel {
        &*self.kernel
    }

    fn components(&self) -> usize {
        let count = self.factors.0.len();
        count + count * (count - 1) / 2
    }

    fn evaluate(&mut self, rows: &[Row], values: &mut [Row], isa: Supported) {
        let groups = rows.len() / self.dimension();
        let factors = &self.factors.0;
        let (values, sums) = values.split_at_mut(groups * factors.len());
        self.kernel.evaluate(rows, values, isa);
        for ((one, other), sums) in pairs(factors.len()).zip(sums.chunks_exact_mut(groups)) {
            let of = |component: usize| &values[component * groups..][..groups];
            sum(isa, of(one), of(other), [factors[one], factors[other]], sums);
        }
    }

    fn duplicate(&self) -> Box<dyn Kernel> {
        Box::new(PairedKernel { kernel: self.kernel.duplicate(), factors: self.factors.clone() })
    }
}

dispatch! {
    /// The sums of two components, each times its factor.
    fn sum(isa: Supported, one: &[Row], other: &[Row], factors: [f64; 2], sums: &mut [Row])
        = sum_kernel(one, other, factors, sums);
}

#[inline(always)]
fn sum_kernel(one: &[Row], other: &[Row], factors: [f64; 2], sums: &mut [Row]) {
    for ((one, other), sums) in one.iter().zip(other).zip(sums) {
        for lane in 0..WIDTH {
            sums.0[lane] = one.0[lane] * factors[0] + other.0[lane] * factors[1];
        }
    }
}

#[cfg(test)]
mod tests;
