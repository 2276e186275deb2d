//! Samples of an integrand, block by block, and what they add up to.
//!
//! Order: a block is 2^12 rows of 128 uniform numbers. A *group* of 128 samples takes D rows, one for each coordinate; its
//! samples are the places in a row. So a block holds floor(2^12 / D) groups, and the rows left over are skipped. Any number
//! of samples is the first so many in that order: block by block, group by group, place by place.
//!
//! Inside a block each place adds up its own values in order; at the end of it the 128 sums go into the exact ones of
//! [`tally`](super::tally). So the bits depend on the seed and the block alone.
//!
//! [`Integrand`]s are written once, and compiled here for each instruction set: [`Kernel`] is the face that all of them get,
//! and the only `unsafe` is the call of a function whose instruction set was checked.
//!
//! Run time (Zen 4, AVX-512, one of two hardware threads of a busy core): 5 uniform numbers and a Gaussian of them take 2.8 ns,
//! of which the numbers 1.1. Memory: 16 KiB of rows, or one group.

use super::integrands::Integrand;
use super::tally::Sums;
use super::uniform::{BLOCK_ROWS, Row, Uniforms, WIDTH};
use crate::isa::Isa;

/// Rows that are filled at a time: 16 KiB, a third of an L1 cache, so that filling and using them stay apart at no cost.
const ROWS: usize = 16;

/// Samples in a block of points with `dimension` coordinates.
pub fn block_samples(dimension: usize) -> u64 {
    BLOCK_ROWS / dimension as u64 * WIDTH as u64
}

/// Sums of a block, one for each place in a row: of the values less the shift, and of the squares of those.
#[derive(Clone, Debug)]
pub struct LaneSums {
    pub(super) first: Row,
    pub(super) second: Row,
}

/// An [`Integrand`] compiled for every instruction set.
pub trait Kernel {
    /// See [`Integrand::dimension`].
    fn dimension(&self) -> usize;
    /// See [`Integrand::volume`].
    fn volume(&self) -> f64;
    /// See [`Integrand::exact`].
    fn exact(&self) -> Option<f64>;
    /// See [`Integrand::is_indicator`].
    fn is_indicator(&self) -> bool;
    /// See [`Integrand::place`].
    fn place(&self, u: &[f64]) -> Vec<f64>;
    /// See [`Integrand::values`].
    fn values(&mut self, u: &[Row]) -> Row;
    /// Adds the values of the first `samples` samples of `rows` to `sums`, less `shift`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`, or if there are too few rows.
    fn add(&mut self, rows: &[Row], samples: usize, shift: f64, sums: &mut LaneSums, isa: Isa);
    /// One for another rank or test.
    fn duplicate(&self) -> Box<dyn Kernel>;
}

impl<I: Integrand + Clone + 'static> Kernel for I {
    fn dimension(&self) -> usize {
        Integrand::dimension(self)
    }

    fn volume(&self) -> f64 {
        Integrand::volume(self)
    }

    fn exact(&self) -> Option<f64> {
        Integrand::exact(self)
    }

    fn is_indicator(&self) -> bool {
        Integrand::is_indicator(self)
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        Integrand::place(self, u)
    }

    fn values(&mut self, u: &[Row]) -> Row {
        Integrand::values(self, u)
    }

    fn add(&mut self, rows: &[Row], samples: usize, shift: f64, sums: &mut LaneSums, isa: Isa) {
        assert!(isa.is_supported(), "this CPU does not have {isa}");
        match isa {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: asserted above.
            Isa::Avx512 => unsafe { avx512(self, rows, samples, shift, sums) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: asserted above.
            Isa::Avx2 => unsafe { avx2(self, rows, samples, shift, sums) },
            _ => add(self, rows, samples, shift, sums),
        }
    }

    fn duplicate(&self) -> Box<dyn Kernel> {
        Box::new(self.clone())
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn avx2<I: Integrand>(integrand: &mut I, rows: &[Row], samples: usize, shift: f64, sums: &mut LaneSums) {
    add(integrand, rows, samples, shift, sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<I: Integrand>(integrand: &mut I, rows: &[Row], samples: usize, shift: f64, sums: &mut LaneSums) {
    add(integrand, rows, samples, shift, sums);
}

#[inline(always)]
fn add<I: Integrand>(integrand: &mut I, rows: &[Row], samples: usize, shift: f64, sums: &mut LaneSums) {
    let LaneSums { first, second } = sums;
    let mut groups = rows.chunks_exact(integrand.dimension());
    for group in groups.by_ref().take(samples / WIDTH) {
        let values = integrand.values(group);
        first.update(&values, |sum, value| sum + (value - shift));
        second.update(&values, |sum, value| sum + (value - shift) * (value - shift));
    }
    let rest = samples % WIDTH;
    if rest > 0 {
        let group = groups.next().expect("rows for every sample");
        let values = integrand.values(group);
        for place in 0..rest {
            let value = values.0[place] - shift;
            first.0[place] += value;
            second.0[place] += value * value;
        }
    }
}

/// A rank's workspace: an integrand, the rows of a seed, and where they stand.
pub struct Sampler {
    kernel: Box<dyn Kernel>,
    uniforms: Uniforms,
    isa: Isa,
    /// The block whose first row is next; none after a part of a block.
    at: Option<u64>,
    shift: f64,
    rows: Vec<Row>,
}

impl Sampler {
    /// Samples of `kernel` on the rows of `seed`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(kernel: Box<dyn Kernel>, seed: u64, isa: Isa) -> Sampler {
        let dimension = kernel.dimension();
        let rows = vec![Row::all(0.0); (ROWS / dimension).max(1) * dimension];
        let mut sampler = Sampler { kernel, uniforms: Uniforms::new(seed, isa), isa, at: Some(0), shift: 0.0, rows };
        sampler.shift = if sampler.kernel.is_indicator() { 0.0 } else { sampler.pilot() };
        sampler
    }

    /// What is taken from every value before it is added up: see [`mean`](super::mean).
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// The mean of the first 128 values of block 0, or 0 where that is no number. Added in pairs, so that the mean of equal
    /// values is that value, to the last bit.
    fn pilot(&mut self) -> f64 {
        let mut values = self.group(0, 0).0;
        let mut width = WIDTH;
        while width > 1 {
            width /= 2;
            for lane in 0..width {
                values[lane] += values[lane + width];
            }
        }
        let mean = values[0] / WIDTH as f64;
        if mean.is_finite() { mean } else { 0.0 }
    }

    /// The values of one group of a block.
    fn group(&mut self, block: u64, group: u64) -> Row {
        self.at = None;
        self.uniforms.go_to(block);
        let dimension = self.kernel.dimension();
        let rows = &mut self.rows[..dimension];
        for _ in 0..=group {
            self.uniforms.fill(rows);
        }
        self.kernel.values(rows)
    }

    /// The sums over `samples` samples, of which the first is the first one of block `first`. Goes on without a jump where
    /// the call before ended with a whole block.
    pub fn sums(&mut self, first: u64, samples: u64) -> Sums {
        let each = block_samples(self.kernel.dimension());
        let mut sums = Sums::default();
        for block in first..first + samples / each {
            self.walk(block, each, &mut sums);
        }
        if !samples.is_multiple_of(each) {
            self.walk(first + samples / each, samples % each, &mut sums);
        }
        sums
    }

    /// Adds the first `samples` samples of one block.
    fn walk(&mut self, block: u64, samples: u64, sums: &mut Sums) {
        if self.at != Some(block) {
            self.uniforms.go_to(block);
        }
        let dimension = self.kernel.dimension();
        let mut lanes = LaneSums { first: Row::all(0.0), second: Row::all(0.0) };
        let most = (self.rows.len() / dimension * WIDTH) as u64;
        let mut left = samples;
        while left > 0 {
            let now = left.min(most) as usize;
            let rows = &mut self.rows[..now.div_ceil(WIDTH) * dimension];
            self.uniforms.fill(rows);
            self.kernel.add(rows, now, self.shift, &mut lanes, self.isa);
            left -= now as u64;
        }
        sums.add_block(block, samples, &lanes);
        self.at = None;
        if samples == block_samples(dimension) {
            self.uniforms.fill(&mut self.rows[..BLOCK_ROWS as usize % dimension]);
            self.at = Some(block + 1);
        }
    }

    /// The first sample of a block, among its first `samples`, whose value is no finite number: where it is, and the value.
    pub fn first_bad(&mut self, block: u64, samples: u64) -> Option<(Vec<f64>, f64)> {
        let samples = samples.min(block_samples(self.kernel.dimension()));
        self.at = None;
        self.uniforms.go_to(block);
        let rows = &mut self.rows[..self.kernel.dimension()];
        for group in 0..samples.div_ceil(WIDTH as u64) {
            self.uniforms.fill(rows);
            let values = self.kernel.values(rows).0;
            let lanes = (samples - group * WIDTH as u64).min(WIDTH as u64) as usize;
            if let Some(lane) = values[..lanes].iter().position(|value| !value.is_finite()) {
                let point: Vec<f64> = rows.iter().map(|row| row.0[lane]).collect();
                return Some((self.kernel.place(&point), values[lane]));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
