//! What blocks of a VEGAS job add up to: estimates and variances of those that count, and the
//! training of one stage.
//!
//! Stands beside [`tally`](crate::tally), whose sums are of single values. Here a block brings its
//! own estimate of the integral and the variance of that, and both are summed exactly.
//!
//! The sums of training serve the stages after them only. So where tallies of two stages merge,
//! those sums are left out: the ledger keeps the stages apart as long as they are needed.
//!
//! Memory: 3 KiB, and the training.

use std::ops::Range;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::VegasCut;
use super::training::TrainingTally;
use crate::chi_square::ChiSquare;
use crate::components::{Components, Shape, merge_each};
use crate::correlation::pairs;
use crate::exact::{Exact, ExactSquares};
use crate::histogram::BinTally;
use crate::irregular::{BadSample, Irregular, earliest, keep_first};
use crate::mean::Mean;
use crate::tally::Peak;

/// A block that counts: what a pass over all strata gives. Values are f J times 2^exponent, less a
/// shift.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pass {
    pub(super) estimate: f64,
    pub(super) variance: f64,
    /// The largest part of the variance that one box has.
    pub(super) largest: f64,
    /// Samples, less one for each box.
    pub(super) degrees: u64,
}

/// Between these a variance and the square of an estimate are far from both ends of the range.
const USUAL: Range<f64> = f64::from_bits((1023 - 900) << 52)..f64::from_bits((1023 + 900) << 52);

impl Pass {
    /// Whether squares of its values have lost nothing to the range of `f64`.
    pub(super) fn is_of_usual_size(&self) -> bool {
        self.variance >= USUAL.start && !self.is_too_large()
    }

    /// Whether squares of its values have left the range of `f64`, or may have.
    pub(super) fn is_too_large(&self) -> bool {
        // True of NaN too, the difference of two infinite sums.
        let is_small = |square: f64| square < USUAL.end;
        !is_small(self.variance) || !is_small(self.estimate * self.estimate)
    }
}

/// Sums over blocks, of one component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VegasSums {
    /// Samples in blocks of training, and in all others.
    training: u64,
    samples: u64,
    /// Samples whose value is not a number; they count as 0.
    nans: u64,
    /// The first sample with such a value, and with an infinite one.
    first_nan: Option<BadSample>,
    first_infinite: Option<BadSample>,
    /// Blocks that count.
    blocks: u64,
    /// Their samples, less one for each box.
    degrees: u64,
    /// What is taken from every estimate: the same in all of these blocks.
    shift: f64,
    /// The sums of the estimates less the shift, of their squares, and of the variances.
    first: Exact,
    second: ExactSquares,
    variance: ExactSquares,
    /// The largest part of a variance that one box has.
    peak: Peak,
}

impl Tally for VegasSums {
    fn merge(&mut self, next: VegasSums) {
        self.training += next.training;
        self.samples += next.samples;
        self.nans += next.nans;
        keep_first(&mut self.first_nan, &next.first_nan);
        keep_first(&mut self.first_infinite, &next.first_infinite);
        if self.blocks == 0 {
            self.shift = next.shift;
        }
        self.blocks += next.blocks;
        self.degrees = self.degrees.saturating_add(next.degrees);
        self.first.merge(&next.first);
        self.second.merge(&next.second);
        self.variance.merge(&next.variance);
        self.peak = self.peak.max(next.peak);
    }
}

/// The training in a tally.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Training {
    /// No block of training.
    #[default]
    None,
    /// Blocks of one stage.
    Stage(Box<TrainingTally>),
    /// Blocks of several stages, whose sums do not merge.
    Several,
}

/// The tally of a span of blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VegasTally {
    sums: Components<VegasSums>,
    /// The sums of the covariances of the estimates of each two components, over blocks that count.
    covariances: Vec<ExactSquares>,
    training: Training,
}

impl Tally for VegasTally {
    fn merge(&mut self, next: VegasTally) {
        self.sums.merge(next.sums);
        merge_each(&mut self.covariances, next.covariances, |here, there| here.merge(&there));
        match (&mut self.training, next.training) {
            (_, Training::None) => {}
            (here @ Training::None, there) => *here = there,
            (Training::Stage(here), Training::Stage(there)) if here.stage == there.stage => here.merge(&there),
            (here, _) => *here = Training::Several,
        }
    }
}

impl VegasTally {
    /// Samples of a stage of training, for an integrand of `components` components.
    pub(super) fn of_training(tally: TrainingTally, irregular: Irregular, components: usize) -> VegasTally {
        let mut sums = vec![VegasSums { training: tally.samples, ..VegasSums::default() }; components];
        sums[0] = sums[0].clone().with(irregular);
        VegasTally { sums: Components::new(sums), covariances: Vec::new(), training: Training::Stage(Box::new(tally)) }
    }

    /// A block that counts, with the covariance of each two components and its exponent.
    pub(super) fn of_passes(sums: Components<VegasSums>, covariances: Vec<(f64, i32)>) -> VegasTally {
        let exact = |(covariance, exponent)| {
            let mut sum = ExactSquares::default();
            sum.add_scaled(covariance, exponent);
            sum
        };
        VegasTally { sums, covariances: covariances.into_iter().map(exact).collect(), training: Training::None }
    }

    /// The correlation of the errors of two components, of which the first is `one` < `other`;
    /// `None` where nothing is known about an error.
    pub fn correlation(&self, one: usize, other: usize) -> Option<f64> {
        let at = pairs(self.sums.len()).position(|pair| pair == (one, other))?;
        let (covariance, one, other) = (self.covariances.get(at)?, &self.sums[one], &self.sums[other]);
        let exponents = [one.exponent(), other.exponent()];
        let root = |sums: &VegasSums, exponent: i32| sums.variance.value_scaled(2 * exponent).sqrt();
        let roots = root(one, exponents[0]) * root(other, exponents[1]);
        let correlation = covariance.value_scaled(exponents[0] + exponents[1]) / roots;
        correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
    }

    /// The sums over the blocks that count, of each component.
    pub fn sums(&self) -> &Components<VegasSums> {
        &self.sums
    }

    /// All samples, training included.
    pub fn samples(&self) -> u64 {
        self.sums.first().map_or(0, VegasSums::samples)
    }

    /// The samples of training among them.
    pub fn training_samples(&self) -> u64 {
        self.sums.first().map_or(0, VegasSums::training)
    }

    /// The first sample of which one of the first `count` components is not a number.
    pub fn first_nan(&self, count: usize) -> Option<&BadSample> {
        earliest(self.sums.iter().take(count).filter_map(VegasSums::first_nan))
    }

    /// The same with an infinite one.
    pub fn first_infinite(&self, count: usize) -> Option<&BadSample> {
        earliest(self.sums.iter().take(count).filter_map(VegasSums::first_infinite))
    }

    /// The training, if the blocks have exactly one stage of it.
    pub fn training(&self) -> Option<&TrainingTally> {
        match &self.training {
            Training::Stage(tally) => Some(tally),
            Training::None | Training::Several => None,
        }
    }

    /// Whether it can be the tally of these blocks of a job: for tallies from files.
    pub fn is_sound(&self, cut: &VegasCut, shape: Shape, blocks: Range<u64>) -> bool {
        let trained = cut.training_blocks();
        let training = blocks.end.min(trained).saturating_sub(blocks.start);
        let counting = blocks.end.saturating_sub(blocks.start.max(trained));
        let is_training = match &self.training {
            Training::None => training == 0,
            Training::Several => training > 1,
            Training::Stage(tally) => {
                let is_last = tally.stage as usize + 1 == cut.stages().len();
                training > 0
                    && cut.stage(blocks.start) == tally.stage
                    && cut.stage(blocks.end.min(trained).saturating_sub(1)) == tally.stage
                    && tally.samples == self.training_samples()
                    && tally.largest >= 0.0
                    && tally.intervals.len() == cut.dimension() * cut.resolution(tally.stage)
                    && tally.boxes.len() == if is_last { super::Strata::new(cut).boxes() } else { 0 }
            }
        };
        let is_sound = |sums: &VegasSums| sums.is_sound(cut, &blocks, training, counting);
        let are_bins_sound = |bins: &BinTally| bins.is_sound_of_blocks(shape.bins, counting);
        let covariances = if counting > 0 { pairs(shape.components).count() } else { 0 };
        is_training
            && self.covariances.len() == covariances
            && self.sums.are_sound(shape.counting(counting > 0), is_sound, are_bins_sound)
    }
}

impl VegasSums {
    /// A block that counts, of `samples` samples.
    pub(super) fn of_pass(pass: Pass, samples: u64, exponent: i32, shift: f64, irregular: Irregular) -> VegasSums {
        let mut sums = VegasSums { samples, shift, ..VegasSums::default() }.with(irregular);
        if sums.first_infinite.is_none() {
            sums.blocks = 1;
            sums.degrees = pass.degrees;
            sums.first.add_scaled(pass.estimate, -exponent);
            sums.second.add_scaled(pass.estimate * pass.estimate, -2 * exponent);
            sums.variance.add_scaled(pass.variance, -2 * exponent);
            sums.peak = Peak::new(pass.largest, -2 * exponent);
        }
        sums
    }

    /// Whether it can be of these blocks, of which `training` train and `counting` count.
    fn is_sound(&self, cut: &VegasCut, blocks: &Range<u64>, training: u64, counting: u64) -> bool {
        let is_there = |bad: Option<&BadSample>| bad.is_none_or(|bad| bad.is_sound(cut.dimension(), blocks));
        self.training == training.saturating_mul(cut.training_block)
            && self.samples <= counting.saturating_mul(cut.block())
            && self.samples >= counting
            && self.nans <= self.training.saturating_add(self.samples)
            && self.blocks <= counting
            && (self.blocks == counting || self.first_infinite.is_some())
            && self.degrees <= self.samples
            && is_there(self.first_nan())
            && is_there(self.first_infinite())
            && self.shift.is_finite()
            && self.peak.is_sound()
            && !(self.variance.value_scaled(0) < 0.0 || self.second.value_scaled(0) < 0.0)
    }

    fn with(self, irregular: Irregular) -> VegasSums {
        let Irregular { nans, first_nan, first_infinite, .. } = irregular;
        VegasSums { nans, first_nan, first_infinite, ..self }
    }

    /// All samples, training included.
    pub fn samples(&self) -> u64 {
        // A forged checkpoint may claim any numbers.
        self.training.saturating_add(self.samples)
    }

    /// The samples of training among them.
    pub fn training(&self) -> u64 {
        self.training
    }

    /// Samples whose value is not a number.
    pub fn nans(&self) -> u64 {
        self.nans
    }

    /// The first sample whose value is not a number.
    pub fn first_nan(&self) -> Option<&BadSample> {
        self.first_nan.as_ref()
    }

    /// The first sample whose value is infinite.
    pub fn first_infinite(&self) -> Option<&BadSample> {
        self.first_infinite.as_ref()
    }

    /// The power of two that makes the square of the estimates' size harmless.
    fn exponent(&self) -> i32 {
        let size = self.shift.abs().max(self.peak.root());
        let own = if size > 0.0 { libm::frexp(size).1 } else { 0 };
        (-own).clamp(-1000, 1000)
    }

    /// The integral over a region of `volume`; `None` without a block that counts.
    pub fn mean(&self, volume: f64) -> Option<Mean> {
        if self.blocks == 0 {
            return None;
        }
        let (n, exponent) = (self.blocks as f64, self.exponent());
        let estimate = libm::scalbn(self.shift, exponent) + self.first.value_scaled(exponent) / n;
        let variance = self.variance.value_scaled(2 * exponent);
        // `variance` is n times that of a block, which is that of single values over its samples.
        let (each, rounding) = (self.samples as f64 / n, ROUNDING * estimate);
        let is_known = self.degrees > 0 && variance * each > n * rounding * rounding;
        let std_error = is_known.then(|| variance.sqrt() / n);
        // Where the sum of tiny variances has lost bits, one of them may be larger.
        let share = |peak: f64| if peak < variance { peak / variance } else { 1.0 };
        let share = is_known.then(|| share(self.peak.value_scaled(2 * exponent)));
        Some(Mean::from_parts((estimate, std_error, 0.0), exponent, volume, share, self.samples, self.degrees))
    }

    /// How the estimates of blocks scatter, in units of their variances; `None` for fewer than two
    /// blocks, or where nothing is known about the variance.
    pub fn chi_square(&self) -> Option<ChiSquare> {
        let (n, exponent) = (self.blocks as f64, self.exponent());
        let first = self.first.value_scaled(exponent);
        let around = self.second.value_scaled(2 * exponent) - first * (first / n);
        let variance = self.variance.value_scaled(2 * exponent) / n;
        ChiSquare::new(if around > 0.0 { around } else { 0.0 } / variance, self.blocks)
    }
}

/// Values that differ by less within their boxes, relative to the estimate, may do so by rounding:
/// each is off by 2^-53 at most. Means of many values are not compared with it: the spread of 1e9 +
/// x in a narrow box is a few such units, and that of the mean of all boxes far below one.
const ROUNDING: f64 = f64::EPSILON;
