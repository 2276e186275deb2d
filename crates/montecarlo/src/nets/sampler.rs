//! From an integrand and a block to the sums of its points.
//!
//! Stands beside [`sampler`](crate::sampler), whose points are independent. Values are added up as
//! there, less the same shift, by the same kernels: inside a block each of the 128 places of a row
//! adds up its own values in order, and the 128 sums are then added exactly. Without the shift,
//! sums of values that are large beside the error would lose its digits.
//!
//! **Two levels.** Points at the same place of all groups are alike: in Sobol's nets they all lie
//! in the same half of the first coordinate. So the sum of a place does not stay near 0, as it does
//! for random points, but grows, and its rounding may go one way. About 64 values at a time are
//! therefore added up apart. Then the mean of `0.1*(x<0.5)` is off by some 2^-53 of it, not by
//! 2^-47.

use montesieve_kernel::isa::{Isa, Supported};

use super::plan::NetPlan;
use super::tally::NetTally;
use super::{Family, PointSet, REPLICATES};
use crate::components::Components;
use crate::histogram::Binning;
use crate::irregular::BadSample;
use crate::sampler::{BlockRule, Kernel, LaneSums, Sampler, add_and_bin, right_sums};
use crate::scale::Scale;
use crate::uniform::{Row, WIDTH};

/// Rows that are filled at a time, as far as groups are whole: 16 KiB.
const ROWS: usize = 16;

/// Groups whose values are added up apart: about the root of the 4096 that a block has at most.
const PIECE: usize = 64;

/// A rank's workspace: an integrand, and the points of all replicates.
pub struct NetSampler {
    kernel: Box<dyn Kernel>,
    plan: NetPlan,
    points: PointSet,
    seed: u64,
    isa: Supported,
    /// For each component; empty until they are needed.
    rules: Vec<BlockRule>,
    binning: Option<Binning>,
    rows: Vec<Row>,
}

impl NetSampler {
    /// Points of `family` for `kernel`, randomised by `seed`.
    ///
    /// # Panics
    /// As [`PointSet::new`].
    pub fn new(kernel: Box<dyn Kernel>, plan: NetPlan, family: Family, seed: u64, isa: Isa) -> NetSampler {
        let dimension = kernel.dimension();
        let points = PointSet::new(family, dimension, seed, isa);
        let rows = vec![Row::all(0.0); (ROWS / dimension).max(1) * dimension];
        NetSampler { kernel, plan, points, seed, isa: isa.require(), rules: Vec::new(), binning: None, rows }
    }

    /// As [`Sampler::with_shifts`].
    #[must_use]
    pub fn with_shifts(self, shifts: &[f64]) -> NetSampler {
        NetSampler { rules: BlockRule::all(shifts), ..self }
    }

    /// The same with histograms of the first component.
    #[must_use]
    pub fn with_histograms(self, binning: Option<Binning>) -> NetSampler {
        NetSampler { binning, ..self }
    }

    /// What is taken from every value of each component before it is added up: that of
    /// [`Sampler::shifts`].
    pub fn shifts(&mut self) -> Vec<f64> {
        self.find_rules();
        self.rules.iter().map(|rule| rule.shift).collect()
    }

    fn find_rules(&mut self) {
        if self.rules.is_empty() {
            let mut sampler = Sampler::new(self.kernel.duplicate(), self.seed, self.isa.isa());
            self.rules = BlockRule::all(&sampler.shifts());
        }
    }

    /// The tally of one block. A block of fewer than 128 points is the beginning of a group.
    pub fn block(&mut self, block: u64) -> Components<NetTally> {
        self.find_rules();
        let mut rules = std::mem::take(&mut self.rules);
        let lanes = right_sums(&mut rules, |rules| self.lanes(block, rules));
        self.rules = rules;
        let (replicate, _) = self.plan.place(block);
        let tally = |(component, (lanes, scale)): (usize, &(LaneSums, Scale))| {
            let mut tally = NetTally::of_block(block, replicate, self.plan.block_points(), lanes, *scale);
            // Rare, so points are made again instead of kept.
            if tally.nans() > 0 {
                tally.first_nan = self.first_bad(block, component, f64::is_nan);
            }
            if tally.has_infinite() {
                tally.first_infinite = self.first_bad(block, component, f64::is_infinite);
            }
            tally
        };
        let tallies = lanes.iter().enumerate().map(tally).collect();
        let bins =
            self.binning.as_ref().map(|binning| binning.replicate(replicate, REPLICATES, self.plan.block_points()));
        Components::new(tallies).with_bins(bins)
    }

    /// The sums of a block, by these rules.
    fn lanes(&mut self, block: u64, rules: &[BlockRule]) -> Vec<LaneSums> {
        let mut sums = vec![LaneSums::new(); rules.len()];
        let mut pieces = sums.clone();
        self.binning.iter_mut().for_each(Binning::clear);
        let mut added = 0;
        let append = |sums: &mut [LaneSums], pieces: &mut [LaneSums]| {
            sums.iter_mut().zip(pieces).for_each(|(sums, piece)| sums.append(piece));
        };
        self.each_fill(block, |sampler, rows, samples| {
            let NetSampler { kernel, binning, isa, .. } = sampler;
            let binning = binning.as_mut();
            add_and_bin(&mut **kernel, rows, samples, rules, &mut pieces, binning, *isa);
            added += samples;
            if added >= PIECE * WIDTH {
                append(&mut sums, &mut pieces);
                added = 0;
            }
            true
        });
        append(&mut sums, &mut pieces);
        sums
    }

    /// The first point of a block of which a component `is_bad`.
    fn first_bad(&mut self, block: u64, component: usize, is_bad: fn(f64) -> bool) -> Option<BadSample> {
        let mut found = None;
        self.each_fill(block, |sampler, rows, samples| {
            let groups = rows.chunks_exact(sampler.kernel.dimension());
            for (group, first) in groups.zip((0..samples).step_by(WIDTH)) {
                let values = &sampler.kernel.all_values(group)[component].0[..WIDTH.min(samples - first)];
                if let Some(lane) = values.iter().position(|&value| is_bad(value)) {
                    let u: Vec<f64> = group.iter().map(|row| row.0[lane]).collect();
                    found = Some(BadSample::new(block, sampler.kernel.image(&u)));
                    return false;
                }
            }
            true
        });
        found
    }

    /// Calls `each` with the points of a block, some groups at a time, and their number, until it
    /// returns false.
    fn each_fill(&mut self, block: u64, mut each: impl FnMut(&mut NetSampler, &[Row], usize) -> bool) {
        let dimension = self.kernel.dimension();
        let (replicate, first) = self.plan.place(block);
        let mut rows = std::mem::take(&mut self.rows);
        let most = (rows.len() / dimension * WIDTH) as u64;
        let mut left = self.plan.block_points();
        let mut at = first;
        while left > 0 {
            let now = left.min(most);
            let rows = &mut rows[..now.div_ceil(WIDTH as u64) as usize * dimension];
            self.points.fill(replicate, at, rows);
            if !each(self, rows, now as usize) {
                break;
            }
            (at, left) = (at + now, left - now);
        }
        self.rows = rows;
    }
}
