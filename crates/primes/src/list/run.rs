//! How primes are handed out: a short run at a time, each as a base and an offset of 64 bits.
//!
//! Stands beside `bytes.rs`, whose runs are numbers of 64 bits. Numbers above 2^64 need more, but
//! neighbours differ little. Code for primes below 2^64 works with 64 bits (the base is 0 there),
//! and above it adds the base once a run or once a prime.

use std::ops::ControlFlow;

/// Primes in rising order, none left out: each is `base` plus one of `offsets`. Below 2^64 `base`
/// is 0 and the offsets are the primes.
#[derive(Clone, Copy, Debug)]
pub struct PrimeRun<'a> {
    /// What all have in common.
    pub base: u128,
    /// What each adds to it.
    pub offsets: &'a [u64],
}

/// Takes a run of primes.
pub type Take<'a> = dyn FnMut(PrimeRun<'_>) -> ControlFlow<()> + 'a;

impl<'a> PrimeRun<'a> {
    /// Primes below 2^64.
    pub fn small(primes: &'a [u64]) -> PrimeRun<'a> {
        PrimeRun { base: 0, offsets: primes }
    }

    /// The primes.
    pub fn iter(self) -> impl ExactSizeIterator<Item = u128> + DoubleEndedIterator + 'a {
        self.offsets.iter().map(move |&offset| self.base + u128::from(offset))
    }
}
