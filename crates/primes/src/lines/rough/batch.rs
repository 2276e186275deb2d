//! Primes in batches, and what filters leave of their cofactors: for the makers that filter them.
//!
//! Stands beside `avx512.rs` and `avx2.rs`, which decide by batch which of their two filters is
//! best; the wheel of `portable.rs` takes every prime alike.

use super::FEW;

/// Primes of a batch.
const BATCH: usize = 1024;

/// Primes treated alike: as the least of them, which has the most multiples in a window.
pub(super) struct Batch<'p> {
    pub(super) primes: &'p [u32],
    /// With what is above all of them.
    pub(super) least: u64,
    /// Its odd multiples in the window, at most.
    pub(super) most: u64,
}

impl Batch<'_> {
    /// Whether a test of each cofactor is best.
    pub(super) fn has_few(&self) -> bool {
        self.most <= FEW
    }
}

/// Cuts primes, with `above` added, into batches for a window of `span` numbers. They come by
/// residue class: not all of them rise.
pub(super) fn batches(above: u64, primes: &[u32], span: u64) -> impl Iterator<Item = Batch<'_>> {
    primes.chunks(BATCH).map(move |primes| {
        let least = above + u64::from(primes.iter().copied().fold(u32::MAX, u32::min));
        Batch { primes, least, most: span.div_ceil(2 * least) }
    })
}

/// The share of cofactors that have no factor 2, and none in `filter`.
pub(super) fn share_left(filter: &[u64]) -> f64 {
    filter.iter().fold(0.5, |share, &q| share * (1.0 - 1.0 / q as f64))
}
