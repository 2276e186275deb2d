//! Values that are no finite numbers: how many there are, and where the first ones lie.
//!
//! Stands beside [`tally`](super::tally), which keeps the block of such a value only: uniform
//! samples are cheaply drawn again. Those of [`vegas`](super::vegas) and [`nets`](super::nets)
//! depend on more, so here the point itself is kept.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A sample whose value is no finite number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BadSample {
    block: u64,
    /// Where it is in the unit cube.
    pub point: Vec<f64>,
}

impl BadSample {
    pub(super) fn new(block: u64, point: Vec<f64>) -> BadSample {
        BadSample { block, point }
    }

    /// Whether it can be one of these blocks, whose points have `dimension` coordinates.
    pub(super) fn is_sound(&self, dimension: usize, blocks: &Range<u64>) -> bool {
        blocks.contains(&self.block) && self.point.len() == dimension
    }
}

/// Keeps the first of two samples, in the order of blocks.
pub(super) fn keep_first(here: &mut Option<BadSample>, there: &Option<BadSample>) {
    if here.is_none() {
        here.clone_from(there);
    }
}

/// The first of these samples, in the order of blocks; among those of one block, the first here.
pub fn earliest<'b>(samples: impl IntoIterator<Item = &'b BadSample>) -> Option<&'b BadSample> {
    samples.into_iter().min_by_key(|bad| bad.block)
}

/// Values that are no finite numbers, in one block.
#[derive(Clone, Debug)]
pub(super) struct Irregular {
    block: u64,
    pub(super) nans: u64,
    pub(super) first_nan: Option<BadSample>,
    pub(super) first_infinite: Option<BadSample>,
}

impl Irregular {
    pub(super) fn new(block: u64) -> Irregular {
        Irregular { block, nans: 0, first_nan: None, first_infinite: None }
    }

    /// Counts one; `point` is where.
    pub(super) fn add(&mut self, is_nan: bool, point: impl FnOnce() -> Vec<f64>) {
        self.nans += u64::from(is_nan);
        let first = if is_nan { &mut self.first_nan } else { &mut self.first_infinite };
        first.get_or_insert_with(|| BadSample { block: self.block, point: point() });
    }
}
