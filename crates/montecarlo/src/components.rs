//! Tallies of an integrand with several components: one for each, all of the same points.
//!
//! Stands beside the tallies of a single value ([`tally`](super::tally), [`nets`](super::nets)),
//! which it holds: the tally of a component is that of an integrand which is this component alone.

use std::ops::Deref;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use super::histogram::BinTally;

/// Components that an integrand may have.
pub const MOST_COMPONENTS: usize = 64;

/// How many tallies and bins the blocks of a job have; by default none, as before the first block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Components of a value.
    pub components: usize,
    /// Bins of all histograms.
    pub bins: usize,
}

impl Shape {
    /// One component without histograms.
    pub const SCALAR: Shape = Shape { components: 1, bins: 0 };

    /// The same for blocks of which none counts, or some do: those alone have bins.
    #[must_use]
    pub fn counting(self, is_counting: bool) -> Shape {
        Shape { bins: if is_counting { self.bins } else { 0 }, ..self }
    }
}

/// A tally for each component; of no block, none. With them go the bins of histograms, if a job
/// has some.
///
/// ```
/// use montesieve_kernel::Tally;
/// use montesieve_montecarlo::components::Components;
/// let mut total = Components::default();
/// total.merge(Components::new(vec![(), ()]));
/// assert_eq!(total.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Components<T> {
    tallies: Vec<T>,
    bins: Option<BinTally>,
}

impl<T> Components<T> {
    /// One tally for each component.
    pub fn new(tallies: Vec<T>) -> Components<T> {
        Components { tallies, bins: None }
    }

    /// The same with the bins of histograms.
    #[must_use]
    pub fn with_bins(self, bins: Option<BinTally>) -> Components<T> {
        Components { bins, ..self }
    }

    /// The bins of histograms, if the job has some and a block has counted.
    pub fn bins(&self) -> Option<&BinTally> {
        self.bins.as_ref()
    }

    /// With other tallies of the same blocks.
    pub(super) fn map<U>(self, tally: impl FnMut(T) -> U) -> Components<U> {
        Components { tallies: self.tallies.into_iter().map(tally).collect(), bins: self.bins }
    }

    /// Whether it has this shape, and all tallies and bins are sound.
    pub fn are_sound(
        &self,
        shape: Shape,
        is_sound: impl Fn(&T) -> bool,
        are_bins_sound: impl FnOnce(&BinTally) -> bool,
    ) -> bool {
        let has_bins = match &self.bins {
            Some(bins) => shape.bins > 0 && are_bins_sound(bins),
            None => shape.bins == 0,
        };
        has_bins && self.tallies.len() == shape.components && self.tallies.iter().all(is_sound)
    }
}

impl<T> IntoIterator for Components<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> std::vec::IntoIter<T> {
        self.tallies.into_iter()
    }
}

impl<T> Default for Components<T> {
    fn default() -> Components<T> {
        Components::new(Vec::new())
    }
}

impl<T> Deref for Components<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.tallies
    }
}

impl<T: Tally> Tally for Components<T> {
    fn merge(&mut self, next: Components<T>) {
        merge_each(&mut self.tallies, next.tallies, T::merge);
        // Blocks that do not count have none.
        if let Some(next) = next.bins {
            self.bins.get_or_insert_default().merge(next);
        }
    }
}

/// Merges tallies one by one with those of other blocks; those of no block are an empty list.
pub(super) fn merge_each<T>(here: &mut Vec<T>, next: Vec<T>, merge: impl Fn(&mut T, T)) {
    if here.is_empty() {
        *here = next;
    } else {
        here.iter_mut().zip(next).for_each(|(here, there)| merge(here, there));
    }
}
