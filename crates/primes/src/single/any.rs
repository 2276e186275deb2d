//! Whether a number of any size is prime, and whether that is proved.
//!
//! Stands above [`super::wide`] (below 2^128), which it uses first. Below 2^64 Baillie-PSW is a
//! proof; below 3.3e24 strong tests to the first 13 primes are (J. Sorenson and J. Webster, "Strong
//! pseudoprimes to twelve prime bases", Math. Comp. 86 (2017)). Above, what passes Baillie-PSW is a
//! probable prime, and proved where n - 1 or n + 1 has enough prime factors that little effort
//! finds (`proof.rs`): about one number in five of 40 digits, the famous forms (Mersenne, Proth,
//! factorials and primorials plus or minus 1) of any size.
//!
//! Everything is deterministic: the same verdict on every machine. Run time: about 25 us a number
//! near 2^128 that is composite, a few milliseconds for a prime of 40 digits that cannot be proved,
//! seconds for 4,000 digits. Memory: some numbers of that size.

mod probable;
mod proof;
mod ring;
mod split;

use std::ops::ControlFlow::{self, Continue};

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::wide;
use crate::YieldNow;
use ring::Ring;

/// Numbers of more bits are refused: 30,103 digits, which take about ten minutes.
pub const MOST_BITS: usize = 100_000;

/// No composite number below it is a strong pseudoprime to the first 13 primes.
const THIRTEEN: u128 = 3_317_044_064_679_887_385_961_981;

/// The first 13 primes.
const BASES: [i64; 13] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41];

/// Depth of proofs of factors of factors, and so on.
const DEPTH: u32 = 6;

/// What is known of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not prime, for certain.
    Composite,
    /// Probably: no composite number that passes is known.
    Probable,
    /// Prime, for certain.
    Proven,
}

/// Judges `n`.
///
/// ```
/// use std::ops::ControlFlow::Continue;
/// use montesieve_primes::any::{Verdict, judge};
/// let mersenne = (dashu_int::UBig::ONE << 521) - dashu_int::UBig::ONE;
/// assert_eq!(judge(&mersenne, &mut || Continue(())), Continue(Verdict::Proven));
/// ```
pub fn judge(n: &UBig, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Verdict> {
    judged(n, DEPTH, yield_now)
}

/// Whether `n`, a prime or a number that [`wide::is_prime`] takes for one, is proven to be prime.
pub fn is_proven(n: u128) -> bool {
    let judged = judge(&UBig::from(n), &mut || Continue(()));
    judged == Continue(Verdict::Proven)
}

/// The smallest factor below 2^16 (below 211 for numbers below 2^128) that is not `n` itself.
pub fn small_factor(n: &UBig) -> Option<u64> {
    match u128::try_from(n.clone()) {
        Ok(n) => wide::small_factor(n),
        Err(_) => split::small_factor(n),
    }
}

fn judged(n: &UBig, depth: u32, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Verdict> {
    let narrow = u128::try_from(n.clone()).ok();
    if let Some(n) = narrow {
        if !wide::is_prime(n) {
            return Continue(Verdict::Composite);
        }
        if n < 1 << 64 {
            return Continue(Verdict::Proven);
        }
    } else if !n.bit(0) || split::small_factor(n).is_some() {
        return Continue(Verdict::Composite);
    }
    let ring = Ring::new(n);
    if narrow.is_none() && !probable::is_probable(&ring, yield_now)? {
        return Continue(Verdict::Composite);
    }
    if narrow.is_some_and(|n| n < THIRTEEN) {
        for base in BASES {
            if !probable::is_strong(&ring, base, yield_now)? {
                return Continue(Verdict::Composite);
            }
        }
        return Continue(Verdict::Proven);
    }
    if depth == 0 {
        return Continue(Verdict::Probable);
    }
    proof::prove(&ring, depth - 1, yield_now)
}

#[cfg(test)]
mod tests;
