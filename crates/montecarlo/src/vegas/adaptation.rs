//! What the blocks of a stage depend on: a function of the tallies of the stages before it.
//!
//! Stands beside [`map`](super::map) and [`strata`](super::strata), which have the two rules; here
//! they are applied stage by stage. The root computes this and all ranks receive it, so it is
//! written down with the exact bits.

use serde::{Deserialize, Serialize};

use super::VegasCut;
use super::map::Map;
use super::strata::Strata;
use super::training::{self, TrainingTally};

/// Map, scale and samples of the strata of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// The map of all samples of the stage.
    pub(super) map: Map,
    /// Values are multiplied by 2 to this power; unknown before the first stage and without
    /// training.
    pub(super) exponent: Option<i32>,
    /// An estimate of the integral over the cube, which is taken from those of blocks.
    pub(super) shift: f64,
    /// Samples of each box; empty for a stage of training.
    pub(super) counts: Vec<u32>,
}

impl Adaptation {
    /// That of the stage after the stages with these tallies, in order.
    pub fn new<'t>(cut: &VegasCut, stages: impl IntoIterator<Item = &'t TrainingTally>) -> Adaptation {
        let mut map = Map::identity(cut.dimension());
        let mut last = None;
        let mut done = 0;
        for tally in stages {
            map = map.refined(&tally.intervals, tally.largest_square);
            done += 1;
            last = Some(tally);
        }
        let exponent = last.map(|tally| training::exponent(tally.largest));
        let shift = last.map_or(0.0, TrainingTally::mean);
        let is_trained = done == cut.stages().len();
        let found = last.map_or(&[][..], |tally| &tally.boxes);
        let counts = if is_trained { Strata::new(cut).allocation(cut.block(), found) } else { Vec::new() };
        Adaptation { map, exponent, shift: if shift.is_finite() { shift } else { 0.0 }, counts }
    }

    /// No map, and the same number of samples in each box, for a cut without training. `shift` is a
    /// number near the values.
    pub fn even(cut: &VegasCut, shift: f64) -> Adaptation {
        Adaptation { shift, ..Adaptation::new(cut, []) }
    }

    /// The map of all samples of the stage.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Samples of each box; empty for a stage of training.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }
}
