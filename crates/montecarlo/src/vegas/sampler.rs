//! Samples of a VEGAS job, block by block.
//!
//! Stands beside [`sampler`](crate::sampler), which feeds the integrand with uniform points. Here
//! every group of 128 points goes through four steps: rows of uniform numbers, moved into the boxes
//! of the strata (in blocks that count), mapped to x with the Jacobian, and evaluated. The sums of
//! the boxes are plain ones, in the order of the samples; those of blocks are exact
//! ([`tally`](super::tally)).
//!
//! Run time (Zen 4, AVX-512): see docs/montecarlo.md. Memory: 8 KiB a dimension for the map, and 16
//! KiB of rows.

use std::rc::Rc;

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

use super::VegasCut;
use super::adaptation::Adaptation;
use super::mapped::{Bins, map_rows};
use super::strata::Strata;
use super::tally::{Pass, VegasTally};
use super::training::{TrainingTally, exponent};
use crate::irregular::Irregular;
use crate::sampler::Kernel;
use crate::uniform::{BLOCK_ROWS, Row, Uniforms, WIDTH};

/// Rows of y that are filled at a time, as far as groups are whole: 16 KiB.
const ROWS: usize = 16;

/// A rank's workspace for the blocks of one stage.
pub struct VegasSampler {
    kernel: Box<dyn Kernel>,
    cut: VegasCut,
    strata: Strata,
    adaptation: Rc<Adaptation>,
    /// The map of each dimension.
    bins: Vec<Bins>,
    uniforms: Uniforms,
    isa: Supported,
    rows: Rows,
}

/// Groups of 128 points on their way.
struct Rows {
    y: Vec<Row>,
    x: Vec<Row>,
    jacobian: Vec<Row>,
    values: Vec<Row>,
}

impl VegasSampler {
    /// Samples of `kernel` under `adaptation`, from the stream of `seed`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`, or if the map is one of another dimension.
    pub fn new(kernel: Box<dyn Kernel>, cut: VegasCut, adaptation: Rc<Adaptation>, seed: u64, isa: Isa) -> Self {
        let dimension = kernel.dimension();
        assert_eq!(dimension, adaptation.map.dimension(), "a map for every coordinate");
        let bins = adaptation.map.bins();
        let groups = (ROWS / dimension).max(1);
        let rows = |count: usize| vec![Row::all(0.0); count];
        let buffers = Rows {
            y: rows(groups * dimension),
            x: rows(groups * dimension),
            jacobian: rows(groups),
            values: rows(groups),
        };
        let strata = Strata::new(&cut);
        let uniforms = Uniforms::new(seed, isa);
        VegasSampler { kernel, cut, strata, adaptation, bins, uniforms, isa: isa.require(), rows: buffers }
    }

    /// The tally of one block: of training, or one that counts.
    pub fn block(&mut self, block: u64) -> VegasTally {
        if block < self.cut.training_blocks() { self.train(block) } else { self.pass(block) }
    }

    /// Jumps to the numbers of a block: no two blocks share any.
    fn go_to(&mut self, block: u64) {
        let most = self.cut.training_block.max(self.cut.block());
        let rows = most.div_ceil(WIDTH as u64) * self.cut.dimension() as u64;
        self.uniforms.go_to(block * rows.div_ceil(BLOCK_ROWS));
    }

    /// A block of training: uniform in y.
    fn train(&mut self, block: u64) -> VegasTally {
        let stage = self.cut.stage(block);
        let resolution = self.cut.resolution(stage);
        let boxes = if stage as usize + 1 == self.cut.stages().len() { self.strata.boxes() } else { 0 };
        let mut tally = TrainingTally::new(stage, self.cut.dimension() * resolution, boxes);
        // The first stage has one block, which finds its own scale.
        let power = self.adaptation.exponent.unwrap_or_else(|| exponent(self.largest(block)));
        let mut first = Row::all(0.0);
        let mut irregular = Irregular::new(block);
        let mut largest: f64 = 0.0;
        self.each_group(block, None, |sampler, group, _| {
            let VegasSampler { rows, strata, isa, .. } = sampler;
            let weighted = rows.weighted(group, power, WIDTH, *isa, &mut irregular);
            largest = largest.max(largest_of(*isa, &weighted));
            first.update(&weighted, |sum, value| sum + value);
            tally.record(*isa, rows.y_of(group), &weighted, strata.intervals());
        });
        tally.samples = self.cut.training_block;
        tally.largest = libm::scalbn(largest, -power);
        first.0.iter().for_each(|&sum| tally.first.add_scaled(sum, -power));
        VegasTally::of_training(tally, irregular)
    }

    /// The largest size of f J in a block of training.
    fn largest(&mut self, block: u64) -> f64 {
        let mut largest: f64 = 0.0;
        self.each_group(block, None, |sampler, group, _| {
            let VegasSampler { rows, isa, .. } = sampler;
            largest = largest.max(largest_of(*isa, &rows.weighted(group, 0, WIDTH, *isa, &mut Irregular::new(block))));
        });
        largest
    }

    /// A block that counts: one pass over all boxes. Without training no scale of values is known,
    /// and training may have missed values that are many orders of magnitude larger. Where squares
    /// leave the range, the block is computed again with a scale of its own.
    fn pass(&mut self, block: u64) -> VegasTally {
        let (known, shift) = (self.adaptation.exponent, self.adaptation.shift);
        let mut power = known.unwrap_or(0);
        let (mut pass, mut samples, mut irregular) = self.pass_scaled(block, power);
        // Squares far below those of training change no digit of the variance.
        let is_in_range = if known.is_some() { !pass.is_too_large() } else { pass.is_of_usual_size() };
        if !is_in_range {
            let values = self.largest_of_pass(block);
            power = exponent(if values > shift.abs() { values } else { shift.abs() });
            (pass, samples, irregular) = self.pass_scaled(block, power);
        }
        VegasTally::of_pass(pass, samples, power, shift, irregular)
    }

    /// The sums of a pass, of values times 2^`power`; its samples, and those without a finite
    /// value.
    fn pass_scaled(&mut self, block: u64, power: i32) -> (Pass, u64, Irregular) {
        let adaptation = Rc::clone(&self.adaptation);
        let mut irregular = Irregular::new(block);
        let shift = libm::scalbn(adaptation.shift, power);
        let mut sums = PassSums { shift, ..PassSums::default() };
        let mut walk = Walk::new(&adaptation.counts);
        let samples = self.each_group(block, Some(&adaptation.counts), |sampler, group, lanes| {
            let weighted = sampler.rows.weighted(group, power, lanes, sampler.isa, &mut irregular);
            walk.each(&adaptation.counts, lanes, |_, range, is_end| sums.add(&weighted.0[range], is_end));
        });
        let boxes = adaptation.counts.len() as f64;
        let pass = Pass {
            estimate: sums.estimate / boxes,
            variance: sums.variance / (boxes * boxes),
            largest: sums.largest / (boxes * boxes),
            degrees: samples - adaptation.counts.len() as u64,
        };
        (pass, samples, irregular)
    }

    /// The largest size of a value in a pass.
    fn largest_of_pass(&mut self, block: u64) -> f64 {
        let counts = Rc::clone(&self.adaptation);
        let mut largest: f64 = 0.0;
        self.each_group(block, Some(&counts.counts), |sampler, group, lanes| {
            let weighted = sampler.rows.weighted(group, 0, lanes, sampler.isa, &mut Irregular::new(block));
            let size = largest_of(sampler.isa, &weighted);
            largest = if size > largest { size } else { largest };
        });
        largest
    }

    /// Evaluates the groups of a block one after the other, and calls `each` with the place of the
    /// group in the rows and its number of samples. In a block that counts the points are moved
    /// into the boxes, which have these `counts`. Returns the samples.
    fn each_group(
        &mut self,
        block: u64,
        counts: Option<&[u32]>,
        mut each: impl FnMut(&mut VegasSampler, usize, usize),
    ) -> u64 {
        self.go_to(block);
        let dimension = self.cut.dimension();
        let samples = counts.map_or(self.cut.training_block, |counts| counts.iter().map(|&n| u64::from(n)).sum());
        let mut walk = Walk::new(counts.unwrap_or_default());
        let mut left = samples;
        while left > 0 {
            let most = self.rows.values.len();
            let groups = left.div_ceil(WIDTH as u64).min(most as u64) as usize;
            self.uniforms.fill(&mut self.rows.y[..groups * dimension]);
            if let Some(counts) = counts {
                for group in 0..groups {
                    let lanes = (left - (group * WIDTH) as u64).min(WIDTH as u64) as usize;
                    walk.stratify(&self.strata, counts, lanes, &mut self.rows.y[group * dimension..][..dimension]);
                }
            }
            let Rows { y, x, jacobian, .. } = &mut self.rows;
            map_rows(self.isa, &self.bins, &y[..groups * dimension], x, jacobian);
            self.kernel.evaluate(&self.rows.x[..groups * dimension], &mut self.rows.values[..groups], self.isa);
            for group in 0..groups {
                let lanes = left.min(WIDTH as u64) as usize;
                each(self, group, lanes);
                left -= lanes as u64;
            }
        }
        samples
    }
}

impl Rows {
    fn dimension(&self) -> usize {
        self.x.len() / self.values.len()
    }

    fn y_of(&self, group: usize) -> &[Row] {
        &self.y[group * self.dimension()..][..self.dimension()]
    }

    /// The values of the first `lanes` samples of a group times the Jacobian and 2^`power`. Values
    /// that are no finite numbers are counted and the first of each kind is kept; they are 0 here.
    /// A product beyond the range, of a value that is finite, becomes the largest number: see
    /// [`VegasSampler::pass`].
    fn weighted(&self, group: usize, power: i32, lanes: usize, isa: Supported, irregular: &mut Irregular) -> Row {
        let factor = libm::scalbn(1.0, power);
        let (values, jacobian) = (&self.values[group], &self.jacobian[group]);
        let mut weighted = Row::all(0.0);
        if weigh(isa, values, jacobian, factor, &mut weighted) > 0 {
            for (lane, weight) in weighted.0.iter_mut().enumerate().filter(|(_, weight)| !weight.is_finite()) {
                let value = values.0[lane];
                *weight = if value.is_finite() { f64::MAX.copysign(value) } else { 0.0 };
                if lane < lanes && !value.is_finite() {
                    let x = &self.x[group * self.dimension()..][..self.dimension()];
                    irregular.add(value.is_nan(), || x.iter().map(|row| row.0[lane]).collect());
                }
            }
        }
        weighted
    }
}

/// The sums of a pass over the boxes, and of the box in work. Values are less a shift, about their
/// mean: near a perfect map their squares would differ in the last digits alone.
#[derive(Default)]
struct PassSums {
    shift: f64,
    estimate: f64,
    variance: f64,
    largest: f64,
    count: f64,
    first: f64,
    second: f64,
}

impl PassSums {
    /// Adds samples of the box in work, which ends with them if `is_end`.
    fn add(&mut self, values: &[f64], is_end: bool) {
        for &value in values {
            let value = value - self.shift;
            self.first += value;
            self.second += value * value;
        }
        self.count += values.len() as f64;
        if is_end {
            let mean = self.first / self.count;
            let around = self.second - mean * self.first;
            let variance = if around > 0.0 { around / (self.count * (self.count - 1.0)) } else { 0.0 };
            self.estimate += mean;
            self.variance += variance;
            self.largest = if variance > self.largest { variance } else { self.largest };
            (self.count, self.first, self.second) = (0.0, 0.0, 0.0);
        }
    }
}

/// A walk over the samples of all boxes, in the order of the boxes.
struct Walk {
    at: usize,
    /// Samples of that box that are still to come.
    left: u32,
}

impl Walk {
    fn new(counts: &[u32]) -> Walk {
        Walk { at: 0, left: counts.first().copied().unwrap_or(0) }
    }

    /// Calls `each` for the next `lanes` samples with a box, its part of them, and whether it ends
    /// there.
    fn each(&mut self, counts: &[u32], lanes: usize, mut each: impl FnMut(usize, std::ops::Range<usize>, bool)) {
        let mut lane = 0;
        while lane < lanes {
            let end = lanes.min(lane + self.left as usize);
            self.left -= (end - lane) as u32;
            each(self.at, lane..end, self.left == 0);
            if self.left == 0 {
                self.at += 1;
                self.left = counts.get(self.at).copied().unwrap_or(0);
            }
            lane = end;
        }
    }

    /// Moves the next `lanes` samples, uniform in the cube, into their boxes.
    fn stratify(&mut self, strata: &Strata, counts: &[u32], lanes: usize, y: &mut [Row]) {
        self.each(counts, lanes, |at, range, _| {
            let mut rest = at;
            for (y, &intervals) in y.iter_mut().zip(strata.intervals()).filter(|(_, intervals)| **intervals > 1) {
                let (first, width) = ((rest % intervals) as f64, 1.0 / intervals as f64);
                rest /= intervals;
                y.0[range.clone()].iter_mut().for_each(|y| *y = (first + *y) * width);
            }
        });
    }
}

dispatch! {
    /// Values times Jacobian and factor; returns how many are no finite numbers.
    fn weigh(isa: Supported, values: &Row, jacobian: &Row, factor: f64, weighted: &mut Row) -> u64
        = weigh_kernel(values, jacobian, factor, weighted);
}

#[inline(always)]
fn weigh_kernel(values: &Row, jacobian: &Row, factor: f64, weighted: &mut Row) -> u64 {
    let mut irregular = 0;
    for ((&value, &jacobian), weighted) in values.0.iter().zip(&jacobian.0).zip(&mut weighted.0) {
        *weighted = value * factor * jacobian;
        irregular += u64::from(!weighted.is_finite());
    }
    irregular
}

dispatch! {
    /// The largest size of a value.
    fn largest_of(isa: Supported, values: &Row) -> f64 = largest_kernel(values);
}

#[inline(always)]
fn largest_kernel(values: &Row) -> f64 {
    values.0.iter().fold(0.0, |largest, &value| if value.abs() > largest { value.abs() } else { largest })
}
