//! From an integrand and a block to the sums of its points.
//!
//! Stands beside [`sampler`](crate::sampler), whose points are independent: that one adds squares
//! too, and a shift to spare them digits. Here the means of replicates alone matter.
//!
//! Inside a block each of the 128 places of a row adds up its own values in order; the 128 sums are
//! then added exactly.

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

use super::plan::NetPlan;
use super::tally::NetTally;
use super::{Family, PointSet};
use crate::irregular::Irregular;
use crate::sampler::Kernel;
use crate::uniform::{Row, WIDTH};

/// Rows that are filled at a time, as far as groups are whole: 16 KiB.
const ROWS: usize = 16;

/// A rank's workspace: an integrand, and the points of all replicates.
pub struct NetSampler {
    kernel: Box<dyn Kernel>,
    plan: NetPlan,
    points: PointSet,
    isa: Supported,
    rows: Vec<Row>,
    values: Vec<Row>,
}

impl NetSampler {
    /// Points of `family` for `kernel`, randomised by `seed`.
    ///
    /// # Panics
    /// As [`PointSet::new`].
    pub fn new(kernel: Box<dyn Kernel>, plan: NetPlan, family: Family, seed: u64, isa: Isa) -> NetSampler {
        let dimension = kernel.dimension();
        let groups = (ROWS / dimension).max(1);
        let rows = |count: usize| vec![Row::all(0.0); count];
        let points = PointSet::new(family, dimension, seed, isa);
        NetSampler { kernel, plan, points, isa: isa.require(), rows: rows(groups * dimension), values: rows(groups) }
    }

    /// The tally of one block. A block of fewer than 128 points is the beginning of a group.
    pub fn block(&mut self, block: u64) -> NetTally {
        let dimension = self.kernel.dimension();
        let (replicate, first) = self.plan.place(block);
        let points = self.plan.block_points();
        let mut irregular = Irregular::new(block);
        let mut sums = Row::all(0.0);
        let mut done = 0;
        while done < points {
            let lanes = (points - done).min(WIDTH as u64) as usize;
            // Several groups at once, where they are whole.
            let groups = ((points - done) / WIDTH as u64).clamp(1, self.values.len() as u64) as usize;
            let start = first + done;
            let (place, offset) = (start - start % WIDTH as u64, (start % WIDTH as u64) as usize);
            self.points.fill(replicate, place, &mut self.rows[..groups * dimension]);
            self.kernel.evaluate(&self.rows[..groups * dimension], &mut self.values[..groups], self.isa);
            for group in 0..groups {
                let lanes = offset..offset + lanes;
                self.clear_irregular(group, lanes.clone(), &mut irregular);
                add(self.isa, &self.values[group].0[lanes.clone()], &mut sums.0[lanes]);
            }
            done += (groups * lanes) as u64;
        }
        NetTally::of_block(replicate, points, &sums.0, irregular)
    }

    /// Counts values of a group that are no finite numbers, and makes them 0.
    fn clear_irregular(&mut self, group: usize, lanes: std::ops::Range<usize>, irregular: &mut Irregular) {
        let values = &mut self.values[group].0;
        if count_irregular(self.isa, values) == 0 {
            return;
        }
        let dimension = self.kernel.dimension();
        let rows = &self.rows[group * dimension..][..dimension];
        for lane in lanes.filter(|&lane| !values[lane].is_finite()).collect::<Vec<_>>() {
            irregular.add(values[lane].is_nan(), || rows.iter().map(|row| row.0[lane]).collect());
            values[lane] = 0.0;
        }
    }
}

dispatch! {
    fn count_irregular(isa: Supported, values: &[f64; WIDTH]) -> u64
        = values.iter().map(|value| u64::from(!value.is_finite())).sum();
}

dispatch! {
    fn add(isa: Supported, values: &[f64], sums: &mut [f64]) = add_kernel(values, sums);
}

#[inline(always)]
fn add_kernel(values: &[f64], sums: &mut [f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
