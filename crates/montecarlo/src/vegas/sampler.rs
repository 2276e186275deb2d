//! Samples of a VEGAS job, block by block.
//!
//! Stands beside [`sampler`](crate::sampler), which feeds the integrand with uniform points. Here
//! every group of 128 points goes through four steps: rows of uniform numbers, moved into the boxes
//! of the strata (in blocks that count), mapped to x with the Jacobian, and evaluated. The sums of
//! the boxes are plain ones, in the order of the samples; those of blocks are exact
//! ([`tally`](super::tally)).
//!
//! Of an integrand with several components the first one trains: map and strata are its own.
//!
//! Run time (Zen 4, AVX-512): see docs/montecarlo.md. Memory: 8 KiB a dimension for the map, and 16
//! KiB of rows.

use std::rc::Rc;

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

use super::VegasCut;
use super::adaptation::Adaptation;
use super::mapped::{Bins, map_rows};
use super::pass::{PairSums, PassSums};
use super::strata::{Strata, Walk};
use super::tally::{Pass, VegasSums, VegasTally};
use super::training::{TrainingTally, exponent};
use crate::components::Components;
use crate::correlation::pairs;
use crate::histogram::Binning;
use crate::irregular::Irregular;
use crate::sampler::{Kernel, Sampler, groups_at_a_time};
use crate::uniform::{BLOCK_ROWS, Row, Uniforms, WIDTH};

/// A rank's workspace for the blocks of one stage.
pub struct VegasSampler {
    kernel: Box<dyn Kernel>,
    cut: VegasCut,
    strata: Strata,
    adaptation: Rc<Adaptation>,
    /// How the values of each component are added up: of the first one, until a block counts.
    scalings: Vec<Scaling>,
    seed: u64,
    binning: Option<Binning>,
    /// The map of each dimension.
    bins: Vec<Bins>,
    uniforms: Uniforms,
    isa: Supported,
    rows: Rows,
}

/// What is known beforehand of the values of a component.
#[derive(Clone, Copy)]
struct Scaling {
    /// They are multiplied by 2 to this power, if that is known.
    exponent: Option<i32>,
    /// What is taken from every value.
    shift: f64,
}

/// Groups of 128 points on their way. Values are those of the first component, then of the second,
/// and so on.
struct Rows {
    y: Vec<Row>,
    x: Vec<Row>,
    jacobian: Vec<Row>,
    values: Vec<Row>,
    /// How many groups are filled.
    groups: usize,
}

/// A block that counts, of one component.
struct ComponentPass {
    pass: Pass,
    irregular: Irregular,
}

impl VegasSampler {
    /// Samples of `kernel` under `adaptation`, from the stream of `seed`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`, or if the map is one of another dimension.
    pub fn new(kernel: Box<dyn Kernel>, cut: VegasCut, adaptation: Rc<Adaptation>, seed: u64, isa: Isa) -> Self {
        let (dimension, bins) = (kernel.dimension(), adaptation.map.bins());
        assert_eq!(dimension, bins.len(), "a map for every coordinate");
        let groups = groups_at_a_time(&*kernel);
        let rows = |count: usize| vec![Row::all(0.0); count];
        let buffers = Rows {
            y: rows(groups * dimension),
            x: rows(groups * dimension),
            jacobian: rows(groups),
            values: rows(groups * kernel.components()),
            groups,
        };
        let scalings = vec![Scaling { exponent: adaptation.exponent, shift: adaptation.shift }];
        VegasSampler {
            kernel,
            strata: Strata::new(&cut),
            cut,
            adaptation,
            scalings,
            seed,
            binning: None,
            bins,
            uniforms: Uniforms::new(seed, isa),
            isa: isa.require(),
            rows: buffers,
        }
    }

    /// The same with histograms of the first component, in blocks that count.
    #[must_use]
    pub fn with_histograms(self, binning: Option<Binning>) -> VegasSampler {
        VegasSampler { binning, ..self }
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
            let weighted = rows.weighted(0, group, power, WIDTH, *isa, &mut irregular);
            largest = largest.max(largest_of(*isa, &weighted));
            first.update(&weighted, |sum, value| sum + value);
            tally.record(*isa, rows.y_of(group), &weighted, strata.intervals());
        });
        tally.samples = self.cut.training_block;
        tally.largest = libm::scalbn(largest, -power);
        first.0.iter().for_each(|&sum| tally.first.add_scaled(sum, -power));
        VegasTally::of_training(tally, irregular, self.kernel.components())
    }

    /// The largest size of f J in a block of training.
    fn largest(&mut self, block: u64) -> f64 {
        let mut largest: f64 = 0.0;
        self.each_group(block, None, |sampler, group, _| {
            let VegasSampler { rows, isa, .. } = sampler;
            largest =
                largest.max(largest_of(*isa, &rows.weighted(0, group, 0, WIDTH, *isa, &mut Irregular::new(block))));
        });
        largest
    }

    /// A block that counts: one pass over all boxes. Without training no scale of values is known,
    /// and training may have missed values that are many orders of magnitude larger. Where squares
    /// leave the range, the block is computed again with its own scale.
    fn pass(&mut self, block: u64) -> VegasTally {
        let scalings = self.find_scalings();
        let mut powers: Vec<i32> = scalings.iter().map(|scaling| scaling.exponent.unwrap_or(0)).collect();
        let (mut passes, mut covariances, mut samples) = self.pass_scaled(block, &powers);
        let is_lost = |(scaling, found): (&Scaling, &ComponentPass)| match scaling.exponent {
            // Squares far below those of training change no digit of the variance.
            Some(_) => found.pass.is_too_large(),
            None => !found.pass.is_of_usual_size(),
        };
        let are_lost: Vec<bool> = scalings.iter().zip(&passes).map(is_lost).collect();
        if are_lost.contains(&true) {
            let largest = self.largest_of_pass(block);
            for at in (0..powers.len()).filter(|&at| are_lost[at]) {
                let (values, shift) = (largest[at], scalings[at].shift.abs());
                powers[at] = exponent(if values > shift { values } else { shift });
            }
            (passes, covariances, samples) = self.pass_scaled(block, &powers);
        }
        let exponents = pairs(powers.len()).map(|(one, other)| -powers[one] - powers[other]);
        let covariances = covariances.into_iter().zip(exponents).collect();
        let sums = passes.into_iter().zip(&powers).zip(&scalings).map(|((found, power), scaling)| {
            VegasSums::of_pass(found.pass, samples, *power, scaling.shift, found.irregular)
        });
        let sums =
            Components::new(sums.collect()).with_bins(self.binning.as_ref().map(|binning| binning.block(powers[0])));
        VegasTally::of_passes(sums, covariances)
    }

    /// The scalings of all components.
    fn find_scalings(&mut self) -> Vec<Scaling> {
        if self.scalings.len() < self.kernel.components() {
            let shifts = Sampler::new(self.kernel.duplicate(), self.seed, self.isa.isa()).shifts();
            self.scalings.extend(shifts[1..].iter().map(|&shift| Scaling { exponent: None, shift }));
        }
        self.scalings.clone()
    }

    /// The sums of a pass, of values times 2 to the power of their component; the covariances of
    /// the estimates of each two components; and its samples.
    fn pass_scaled(&mut self, block: u64, powers: &[i32]) -> (Vec<ComponentPass>, Vec<f64>, u64) {
        let adaptation = Rc::clone(&self.adaptation);
        let counts = &adaptation.counts;
        let mut irregular = vec![Irregular::new(block); powers.len()];
        let zero = |(scaling, &power): (&Scaling, &i32)| PassSums::new(libm::scalbn(scaling.shift, power));
        let mut sums: Vec<PassSums> = self.scalings.iter().zip(powers).map(zero).collect();
        let mut cross: Vec<PairSums> =
            pairs(sums.len()).map(|(one, other)| PairSums::new([&sums[one], &sums[other]])).collect();
        let mut weighted = vec![Row::all(0.0); sums.len()];
        let mut walk = Walk::new(counts);
        self.binning.iter_mut().for_each(Binning::clear);
        let samples = self.each_group(block, Some(counts), |sampler, group, lanes| {
            let begun = walk;
            for (component, (sums, weighted)) in sums.iter_mut().zip(&mut weighted).enumerate() {
                let (power, irregular) = (powers[component], &mut irregular[component]);
                *weighted = sampler.rows.weighted(component, group, power, lanes, sampler.isa, irregular);
                // A copy of their own keeps the sums in registers.
                let (mut own, mut at) = (*sums, begun);
                at.each(counts, lanes, |_, range, is_end| own.add(&weighted.0[range], is_end));
                (*sums, walk) = (own, at);
            }
            for ((one, other), cross) in pairs(weighted.len()).zip(&mut cross) {
                let values = [&weighted[one].0, &weighted[other].0];
                let mut at = begun;
                at.each(counts, lanes, |_, range, is_end| cross.add(values.map(|row| &row[range.clone()]), is_end));
            }
            if let Some(binning) = &mut sampler.binning {
                // A block is an estimate: each box has the same share of it.
                let share = 1.0 / counts.len() as f64;
                let mut weights = Row::all(0.0);
                let mut at = begun;
                at.each(counts, lanes, |number, range, _| weights.0[range].fill(share / f64::from(counts[number])));
                binning.add_weighted(sampler.rows.x_of(group), &weighted[0], 0..lanes, &weights);
            }
        });
        let degrees = samples - counts.len() as u64;
        let pass = |(sums, irregular): (&PassSums, Irregular)| ComponentPass {
            pass: sums.pass(counts.len(), degrees),
            irregular,
        };
        let covariances = cross.iter().map(|cross| cross.covariance(counts.len())).collect();
        (sums.iter().zip(irregular).map(pass).collect(), covariances, samples)
    }

    /// The largest size of a value of each component in a pass.
    fn largest_of_pass(&mut self, block: u64) -> Vec<f64> {
        let adaptation = Rc::clone(&self.adaptation);
        let mut largest = vec![0.0; self.kernel.components()];
        self.each_group(block, Some(&adaptation.counts), |sampler, group, lanes| {
            for (component, largest) in largest.iter_mut().enumerate() {
                let ignored = &mut Irregular::new(block);
                let weighted = sampler.rows.weighted(component, group, 0, lanes, sampler.isa, ignored);
                let size = largest_of(sampler.isa, &weighted);
                *largest = if size > *largest { size } else { *largest };
            }
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
            let most = self.rows.jacobian.len();
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
            self.rows.groups = groups;
            let values = &mut self.rows.values[..groups * self.kernel.components()];
            self.kernel.evaluate(&self.rows.x[..groups * dimension], values, self.isa);
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
        self.x.len() / self.jacobian.len()
    }

    fn x_of(&self, group: usize) -> &[Row] {
        &self.x[group * self.dimension()..][..self.dimension()]
    }

    fn y_of(&self, group: usize) -> &[Row] {
        &self.y[group * self.dimension()..][..self.dimension()]
    }

    /// The values of the first `lanes` samples of a group times the Jacobian and 2^`power`. Values
    /// that are no finite numbers are counted and the first of each kind is kept; they are 0 here.
    /// A product beyond the range, of a value that is finite, becomes the largest number: see
    /// [`VegasSampler::pass`].
    fn weighted(
        &self,
        component: usize,
        group: usize,
        power: i32,
        lanes: usize,
        isa: Supported,
        irregular: &mut Irregular,
    ) -> Row {
        let factor = libm::scalbn(1.0, power);
        let (values, jacobian) = (&self.values[component * self.groups + group], &self.jacobian[group]);
        let mut weighted = Row::all(0.0);
        if weigh(isa, values, jacobian, factor, &mut weighted) > 0 {
            for (lane, weight) in weighted.0.iter_mut().enumerate().filter(|(_, weight)| !weight.is_finite()) {
                let value = values.0[lane];
                *weight = if value.is_finite() { f64::MAX.copysign(value) } else { 0.0 };
                if lane < lanes && !value.is_finite() {
                    let x = self.x_of(group);
                    irregular.add(value.is_nan(), || x.iter().map(|row| row.0[lane]).collect());
                }
            }
        }
        weighted
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
