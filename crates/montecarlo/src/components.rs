//! Tallies of an integrand with several components: one for each, all of the same points.
//!
//! Stands beside the tallies of a single value ([`tally`](super::tally), [`nets`](super::nets)),
//! which it holds: the tally of a component is that of an integrand which is this component alone.

use std::ops::Deref;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

/// Components that an integrand may have.
pub const MOST_COMPONENTS: usize = 64;

/// A tally for each component; of no block, none.
///
/// ```
/// use montesieve_kernel::Tally;
/// use montesieve_montecarlo::components::Components;
/// let mut total = Components::default();
/// total.merge(Components::new(vec![(), ()]));
/// assert_eq!(total.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Components<T>(Vec<T>);

impl<T> Components<T> {
    /// One tally for each component.
    pub fn new(tallies: Vec<T>) -> Components<T> {
        Components(tallies)
    }

    /// Whether there is a tally for each of `count` components, and all are sound.
    pub fn are_sound(&self, count: usize, is_sound: impl Fn(&T) -> bool) -> bool {
        self.0.len() == count && self.0.iter().all(is_sound)
    }
}

impl<T> IntoIterator for Components<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> std::vec::IntoIter<T> {
        self.0.into_iter()
    }
}

impl<T> Default for Components<T> {
    fn default() -> Components<T> {
        Components(Vec::new())
    }
}

impl<T> Deref for Components<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Tally> Tally for Components<T> {
    fn merge(&mut self, next: Components<T>) {
        if self.0.is_empty() {
            *self = next;
        } else {
            self.0.iter_mut().zip(next.0).for_each(|(here, there)| here.merge(there));
        }
    }
}
