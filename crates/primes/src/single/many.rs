//! Tests of many numbers in one call: which of a list are prime.
//!
//! Stands beside [`wide`] and [`narrow`], which test one number: with AVX-512 `ifma.rs` tests 32
//! numbers at once.
//!
//! Run time: see [`test_costs`]. Memory: none.

#[cfg(target_arch = "x86_64")]
use super::ifma;
use super::{narrow, wide};
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Isa;

/// The first number above those of 64 bits.
pub(crate) const BORDER: u128 = 1 << 64;

/// Estimated nanoseconds a test to base 2 takes of a number near `n`, and all that follows for
/// a prime.
pub(crate) fn test_costs(n: u128, isa: Isa) -> [f64; 2] {
    match (is_vectored(isa), n < BORDER) {
        (true, true) => [60.0, 110.0],
        (true, false) => [70.0, 115.0],
        (false, true) => [400.0, 2400.0],
        (false, false) => [700.0, 1000.0],
    }
}

/// Whether numbers are tested in vectors. A model may assume another machine than this one.
pub(crate) fn is_vectored(isa: Isa) -> bool {
    isa == Isa::Avx512
}

dispatch! {
    /// Moves the offsets of primes to the front and returns them. All numbers (`base` plus an
    /// offset) are odd, have no factor below 7, and exceed 2^32; with a base of 0 they are below
    /// 2^64.
    pub(crate) fn retain_primes(isa: Supported, base: u128, offsets: &mut [u64]) -> &[u64] {
        avx512 => ifma::retain_primes(base, offsets),
        else => retain_one_by_one(base, offsets),
    }
}

fn retain_one_by_one(base: u128, offsets: &mut [u64]) -> &[u64] {
    let is_prime = |n: u128| match u64::try_from(n) {
        Ok(n) => narrow::is_prime_odd(n),
        Err(_) => wide::is_probable(n),
    };
    let mut kept = 0;
    for i in 0..offsets.len() {
        if is_prime(base + u128::from(offsets[i])) {
            offsets[kept] = offsets[i];
            kept += 1;
        }
    }
    &offsets[..kept]
}
