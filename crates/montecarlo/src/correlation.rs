//! How the errors of components depend on each other, for plain samples.
//!
//! Values at one point are not independent, so neither are the errors of their means. For two
//! components f and g with n samples the correlation of both means is that of the values:
//!
//! `(sum of (f - s)(g - t) / n - m_f m_g) / sqrt((q_f / n - m_f^2) (q_g / n - m_g^2))`,
//!
//! where s and t are the shifts, m the mean of the shifted values and q the sum of their squares
//! ([`mean`](super::mean)). So [`PairedKernel`] has the products of each two components as further
//! components, and their sums come with all the others.
//!
//! Stands beside [`vegas`](super::vegas), which adds up the products of weighted values in each box
//! itself, and [`nets`](super::nets), where the means of replicates give the correlation.
//!
//! Products take twice the range. So each factor is first multiplied by a power of two that makes
//! the spread of the first 128 values about 1. Where products still leave the range, the
//! correlation is unknown.
//!
//! Run time: K (K - 1) / 2 more sums for K components.

use std::rc::Rc;

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

use super::components::Components;
use super::sampler::{Kernel, Sampler};
use super::tally::Sums;
use super::uniform::{Row, WIDTH};

/// Powers of two are limited to these exponents.
const LARGEST_EXPONENT: i32 = 1000;

/// The components of a kernel, and after them the products of each two.
pub struct PairedKernel {
    kernel: Box<dyn Kernel>,
    factors: Factors,
}

/// The shift of each component, and the power of two that it is multiplied by in a product.
#[derive(Clone, Debug)]
pub struct Factors(Rc<[Factor]>);

#[derive(Clone, Copy, Debug)]
struct Factor {
    shift: f64,
    scale: f64,
}

impl Factors {
    /// Those that the first values from the stream of `seed` suggest.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(kernel: &dyn Kernel, seed: u64, isa: Isa) -> Factors {
        let mut sampler = Sampler::new(kernel.duplicate(), seed, isa);
        let shifts = sampler.shifts();
        let factor = |(values, shift): (&Row, f64)| Factor { shift, scale: scale(values) };
        Factors(sampler.first_values().iter().zip(shifts).map(factor).collect())
    }

    /// `kernel` with the products of its components.
    ///
    /// # Panics
    /// If the kernel has another number of components.
    pub fn paired(&self, kernel: Box<dyn Kernel>) -> PairedKernel {
        assert_eq!(kernel.components(), self.0.len(), "a factor for each component");
        PairedKernel { kernel, factors: self.clone() }
    }

    /// The correlations of the errors of each two components, from the sums of all components of
    /// the paired kernel and their `shifts`: row by row, 1 on the diagonal. `None` where nothing is
    /// known about an error, or a value of the two is no number.
    pub fn correlations(&self, sums: &Components<Sums>, shifts: &[f64]) -> Vec<Vec<Option<f64>>> {
        let count = self.0.len();
        let mut correlations = vec![vec![Some(1.0); count]; count];
        for ((one, other), products) in pairs(count).zip(sums.iter().zip(shifts).skip(count)) {
            let found = self.correlation([(one, &sums[one]), (other, &sums[other])], products);
            correlations[one][other] = found;
            correlations[other][one] = found;
        }
        correlations
    }

    fn correlation(&self, terms: [(usize, &Sums); 2], (products, &shift): (&Sums, &f64)) -> Option<f64> {
        let is_whole = |sums: &Sums| sums.nans() == 0 && sums.first_infinite().is_none();
        if !is_whole(products) || !terms.iter().all(|(_, sums)| is_whole(sums)) {
            return None;
        }
        // In units of the root mean square: no square is out of range.
        let moments = terms.map(|(_, sums)| {
            let (scale, n) = (sums.scale(), sums.numbers() as f64);
            let root = (sums.second(scale) / n).sqrt();
            (sums.first(scale) / n / root, libm::frexp(root), scale.exponent())
        });
        let [mean_of_one, mean_of_other] = moments.map(|(mean, ..)| mean);
        let scale = products.scale();
        let mean_product = products.first(scale) / products.numbers() as f64 + shift * scale.factor();
        // The exponents of products, of their sum's scale and of both roots.
        let of_factors: i32 = terms.iter().map(|&(at, _)| libm::frexp(self.0[at].scale).1 - 1).sum();
        let of_roots: i32 = moments.iter().map(|(_, (_, exponent), scale)| exponent - scale).sum();
        let fractions: f64 = moments.iter().map(|(_, (fraction, _), _)| fraction).product();
        let product = libm::scalbn(mean_product / fractions, -of_factors - of_roots - scale.exponent());
        let spread = ((1.0 - mean_of_one * mean_of_one) * (1.0 - mean_of_other * mean_of_other)).sqrt();
        let correlation = (product - mean_of_one * mean_of_other) / spread;
        correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
    }
}

/// Each two of `count` components, in the order of their products.
pub fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |one| (one + 1..count).map(move |other| (one, other)))
}

/// The power of two that makes the spread of values about 1.
fn scale(values: &Row) -> f64 {
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
        let (values, products) = values.split_at_mut(groups * factors.len());
        self.kernel.evaluate(rows, values, isa);
        for ((one, other), products) in pairs(factors.len()).zip(products.chunks_exact_mut(groups)) {
            let of = |component: usize| &values[component * groups..][..groups];
            multiply(isa, of(one), of(other), [factors[one], factors[other]], products);
        }
    }

    fn duplicate(&self) -> Box<dyn Kernel> {
        Box::new(PairedKernel { kernel: self.kernel.duplicate(), factors: self.factors.clone() })
    }
}

dispatch! {
    /// The products of two components, each less its shift and times its power of two.
    fn multiply(isa: Supported, one: &[Row], other: &[Row], factors: [Factor; 2], products: &mut [Row])
        = multiply_kernel(one, other, factors, products);
}

#[inline(always)]
fn multiply_kernel(one: &[Row], other: &[Row], [f, g]: [Factor; 2], products: &mut [Row]) {
    for ((one, other), products) in one.iter().zip(other).zip(products) {
        for lane in 0..WIDTH {
            let (one, other) = ((one.0[lane] - f.shift) * f.scale, (other.0[lane] - g.shift) * g.scale);
            products.0[lane] = one * other;
        }
    }
}

#[cfg(test)]
mod tests;
