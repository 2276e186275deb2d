//! Antithetic pairs of any integrand: its mean at u and at 1 - u.
//!
//! Stands beside [`control`](super::control), which takes away the linear part of an integrand as
//! it was found in a pilot. Here the linear part cancels, and with it all that is odd about the
//! centre of the cube:
//!
//! `f = even + odd`, `(f(u) + f(1-u)) / 2 = even`, so `variance of a pair's mean = Var(even)`.
//!
//! A pair takes two evaluations, so it pays where Var(even) < Var(odd): where f is monotonic in
//! each coordinate, always. Where f is symmetric, a pair is one sample for the price of two. Pairs
//! are independent, so the error is that of plain samples, with the pair as the sample.
//!
//! Coordinates are multiples of 2^-53 below 1, so 1 - u is exact, and is one of the same numbers.
//!
//! A value that is not a number makes the pair none. So there is no meaning in leaving pairs out:
//! what is left would be the mean over another region, that of u where f(1-u) is a number too.
//!
//! Run time: twice that of the integrand. Memory: 48 KiB of rows in one dimension, 1 KiB a
//! dimension from 16 on.
//!
//! Reference: J. M. Hammersley, K. W. Morton, "A new Monte Carlo technique: antithetic variates",
//! Proc. Camb. Phil. Soc. 52 (1956); A. B. Owen, "Monte Carlo theory, methods and examples" (2013),
//! 8.2.

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;

use crate::sampler::Kernel;
use crate::uniform::Row;

/// The means of an integrand over pairs of points.
pub struct AntitheticKernel {
    kernel: Box<dyn Kernel>,
    /// The other points of pairs, and their values.
    reflected: Vec<Row>,
    others: Vec<Row>,
}

impl AntitheticKernel {
    /// Points of a pair: evaluations for each value.
    pub const POINTS: u64 = 2;

    /// Pairs of `kernel`.
    pub fn new(kernel: Box<dyn Kernel>) -> AntitheticKernel {
        AntitheticKernel { kernel, reflected: Vec::new(), others: Vec::new() }
    }
}

impl Kernel for AntitheticKernel {
    fn inner(&self) -> &dyn Kernel {
        &*self.kernel
    }

    /// The point of the pair that explains its value: the first that is not a number, else the
    /// first that is infinite, else u.
    fn place(&self, u: &[f64]) -> Vec<f64> {
        let reflected: Vec<f64> = u.iter().map(|&u| 1.0 - u).collect();
        let mut kernel = self.kernel.duplicate();
        let mut values = |u: &[f64]| kernel.all_values(&u.iter().map(|&u| Row::all(u)).collect::<Vec<_>>());
        let (one, other) = (values(u), values(&reflected));
        let has = |values: &[Row], is_bad: fn(f64) -> bool| values.iter().any(|row| is_bad(row.0[0]));
        let is_other = if has(&one, f64::is_nan) || has(&other, f64::is_nan) {
            !has(&one, f64::is_nan)
        } else {
            !has(&one, f64::is_infinite) && has(&other, f64::is_infinite)
        };
        self.kernel.place(if is_other { &reflected } else { u })
    }

    fn evaluate(&mut self, rows: &[Row], values: &mut [Row], isa: Supported) {
        self.reflected.resize(rows.len().max(self.reflected.len()), Row::all(0.0));
        self.others.resize(values.len().max(self.others.len()), Row::all(0.0));
        let (reflected, others) = (&mut self.reflected[..rows.len()], &mut self.others[..values.len()]);
        reflect(isa, rows, reflected);
        self.kernel.evaluate(rows, values, isa);
        self.kernel.evaluate(reflected, others, isa);
        average(isa, values, others);
    }

    fn duplicate(&self) -> Box<dyn Kernel> {
        Box::new(AntitheticKernel::new(self.kernel.duplicate()))
    }
}

dispatch! {
    /// 1 - u of every number.
    fn reflect(isa: Supported, rows: &[Row], reflected: &mut [Row]) = reflect_kernel(rows, reflected);
}

#[inline(always)]
fn reflect_kernel(rows: &[Row], reflected: &mut [Row]) {
    for (row, reflected) in rows.iter().zip(reflected) {
        *reflected = row.map(|u| 1.0 - u);
    }
}

dispatch! {
    /// Values become the means of pairs.
    fn average(isa: Supported, values: &mut [Row], others: &[Row]) = average_kernel(values, others);
}

#[inline(always)]
fn average_kernel(values: &mut [Row], others: &[Row]) {
    for (values, others) in values.iter_mut().zip(others) {
        values.update(others, |one, other| {
            // Halved first: the sum may be too large.
            let mean = 0.5 * one + 0.5 * other;
            // Opposite infinities are infinite values, not a value that is not a number.
            let is_opposite = one.is_infinite() && other == -one;
            if is_opposite { one } else { mean }
        });
    }
}

#[cfg(test)]
mod tests {
    use montesieve_kernel::isa::Isa;

    use super::*;
    use crate::integrands::testing::integrand;
    use crate::mean::Mean;
    use crate::sampler::Sampler;
    use crate::uniform::WIDTH;

    fn expr(text: &str, bounds: &str) -> Box<dyn Kernel> {
        integrand("expr", &[("expression", text), ("bounds", bounds)])
    }

    fn mean(kernel: Box<dyn Kernel>, samples: u64) -> Mean {
        let volume = kernel.volume();
        let mut sampler = Sampler::new(kernel, 5, Isa::widest());
        Mean::new(&sampler.sums(0, samples)[0], sampler.shifts()[0], volume).expect("samples")
    }

    #[test]
    fn a_value_is_the_mean_of_two_on_every_instruction_set() {
        let plain = integrand("option", &[("style", "asian"), ("steps", "3")]);
        let mut paired = AntitheticKernel::new(plain.duplicate());
        let dimension = plain.dimension();
        let rows: Vec<Row> = (0..2 * dimension)
            .map(|i| Row(std::array::from_fn(|lane| ((lane * 7 + i) as f64 + 0.5) / 2048.0)))
            .collect();
        for isa in Supported::all() {
            let mut values = vec![Row::all(0.0); 2];
            paired.evaluate(&rows, &mut values, isa);
            for (group, values) in rows.chunks_exact(dimension).zip(&values) {
                let mut plain = plain.duplicate();
                let other: Vec<Row> = group.iter().map(|row| row.map(|u| 1.0 - u)).collect();
                let expected = plain.values(group).zip(&plain.values(&other), |a, b| 0.5 * a + 0.5 * b);
                assert_eq!(values.0, expected.0);
            }
        }
    }

    #[test]
    fn what_is_odd_cancels() {
        // x^3 is odd about the centre of -1:1 up to the rounding of x.
        let pair = AntitheticKernel::new(expr("x^3+7", "-1:1")).values(&[Row::all(0.1875)]);
        assert_eq!(pair.0, [7.0; WIDTH]);
        // Var(e^x) = 0.24204; that of a pair's mean is 0.003913.
        let plain = mean(expr("exp(x)", "0:1"), 20_000).std_error.expect("known");
        let paired = mean(Box::new(AntitheticKernel::new(expr("exp(x)", "0:1"))), 10_000).std_error.expect("known");
        let reduction = (plain / paired) * (plain / paired);
        assert!((30.0..32.0).contains(&reduction), "0.24204 / (2 * 0.003913) = 30.9: {reduction}");
    }

    #[test]
    fn the_point_that_spoils_a_pair_is_named() {
        let place = |text: &str, u: f64| AntitheticKernel::new(expr(text, "0:10")).place(&[u])[0];
        assert_eq!(place("sqrt(x-5)", 0.25), 2.5);
        assert_eq!(place("sqrt(x-5)", 0.75), 2.5);
        assert_eq!(place("1/(x<5)", 0.25), 7.5);
        assert_eq!(place("if(x<5,1/0,sqrt(x-20))", 0.25), 7.5);
        assert_eq!(place("x", 0.25), 2.5);
        let mut signed = AntitheticKernel::new(expr("if(x<5,-1,1)*1e308*1e308", "0:10"));
        assert_eq!(signed.values(&[Row::all(0.25)]).0[0], f64::NEG_INFINITY);
        assert_eq!(AntitheticKernel::new(expr("1.5e308", "0:1")).values(&[Row::all(0.25)]).0[0], 1.5e308);
    }
}
