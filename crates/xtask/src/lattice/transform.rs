//! Cyclic correlations of real sequences whose length is a power of 2, by fast Fourier transforms.
//!
//! Own code, where a crate would do: its twiddle factors come from `libm` and its operations have
//! one order, so a machine's vector instructions do not choose between equal lattices.
//!
//! The forward transform (decimation in frequency) leaves its output in the order of reversed bits,
//! and the inverse (decimation in time) takes it so: nothing is permuted.
//!
//! Run time: O(n log n). Memory: 16 bytes an element for twiddle factors, as many for each
//! sequence.
//!
//! Reference: W. M. Gentleman, G. Sande, "Fast Fourier transforms: for fun and profit", AFIPS 1966.

use std::f64::consts::PI;

/// Real and imaginary part.
type Complex = [f64; 2];

/// Twiddle factors for all lengths up to one.
pub(super) struct Transform {
    /// At h + j, for h a power of 2 and j < h: exp(-i pi j / h).
    twiddles: Vec<Complex>,
}

impl Transform {
    /// For sequences of at most `most` elements, a power of 2.
    pub(super) fn new(most: usize) -> Transform {
        let twiddle = |place: usize| {
            let half = if place == 0 { 1 } else { 1 << place.ilog2() };
            let (sine, cosine) = libm::sincos(PI * (place % half) as f64 / half as f64);
            [cosine, -sine]
        };
        Transform { twiddles: (0..most).map(twiddle).collect() }
    }

    /// The transform of a real sequence, in the order of reversed bits.
    pub(super) fn spectrum(&self, sequence: &[f64]) -> Vec<Complex> {
        let mut data: Vec<Complex> = sequence.iter().map(|&x| [x, 0.0]).collect();
        let mut half = data.len() / 2;
        while half > 0 {
            for chunk in data.chunks_exact_mut(2 * half) {
                let (low, high) = chunk.split_at_mut(half);
                for ((low, high), &twiddle) in low.iter_mut().zip(high).zip(&self.twiddles[half..])
                {
                    let difference = [low[0] - high[0], low[1] - high[1]];
                    *low = [low[0] + high[0], low[1] + high[1]];
                    *high = product(difference, twiddle);
                }
            }
            half /= 2;
        }
        data
    }

    /// Element b: the sum over a of `first[a]` times element a + b of the sequence whose transform
    /// is `second`.
    pub(super) fn correlation(&self, first: &[f64], second: &[Complex]) -> Vec<f64> {
        let mut data = self.spectrum(first);
        data.iter_mut().zip(second).for_each(|(x, &y)| *x = product(conjugate(*x), y));
        let mut half = 1;
        while half < data.len() {
            for chunk in data.chunks_exact_mut(2 * half) {
                let (low, high) = chunk.split_at_mut(half);
                for ((low, high), &twiddle) in low.iter_mut().zip(high).zip(&self.twiddles[half..])
                {
                    let turned = product(*high, conjugate(twiddle));
                    *high = [low[0] - turned[0], low[1] - turned[1]];
                    *low = [low[0] + turned[0], low[1] + turned[1]];
                }
            }
            half *= 2;
        }
        let count = data.len() as f64;
        data.into_iter().map(|[real, _]| real / count).collect()
    }
}

fn product(x: Complex, y: Complex) -> Complex {
    [x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]]
}

fn conjugate([real, imaginary]: Complex) -> Complex {
    [real, -imaginary]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_are_those_of_the_definition() {
        let transform = Transform::new(64);
        for log in 0..=6 {
            let count = 1usize << log;
            let first: Vec<f64> = (0..count).map(|i| (i * i % 7) as f64 - 2.0).collect();
            let second: Vec<f64> = (0..count).map(|i| (i * 5 % 11) as f64 - 4.5).collect();
            let found = transform.correlation(&first, &transform.spectrum(&second));
            for (b, found) in found.into_iter().enumerate() {
                let expected: f64 = (0..count).map(|a| first[a] * second[(a + b) % count]).sum();
                assert!((found - expected).abs() < 1e-10, "{count}, {b}: {found} {expected}");
            }
        }
    }
}
