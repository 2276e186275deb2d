//! Tallies: results of spans of blocks that merge exactly.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a span of blocks adds up to.
///
/// Merging must be associative and exact (integers, exact float sums, text in order): any grouping
/// of the same blocks gives the same bits. It need not be commutative: only the tallies of adjacent
/// spans are ever merged, in order.
///
/// ```
/// use montesieve_kernel::Tally;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Hits(u64);
///
/// impl Tally for Hits {
///     fn merge(&mut self, next: Hits) {
///         self.0 += next.0;
///     }
/// }
///
/// let mut hits = Hits(3);
/// hits.merge(Hits(4));
/// assert_eq!(hits.0, 7);
/// ```
pub trait Tally: Clone + Serialize + DeserializeOwned + Send + 'static {
    /// Adds the tally of the span that begins where this one's ends.
    fn merge(&mut self, next: Self);
}

/// The unit tally turns a ledger into a plain set of blocks.
impl Tally for () {
    fn merge(&mut self, (): ()) {}
}
