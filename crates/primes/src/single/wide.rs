//! Whether one number below 2^128 is prime: a proof below 2^64, the test of Baillie, Pomerance,
//! Selfridge and Wagstaff above.
//!
//! Stands beside `narrow.rs` (numbers below 2^64, for which seven bases are a proof) because above
//! 2^64 no short list of bases is known to suffice. The test here joins two that fail on different
//! numbers: a strong test to base 2 and a Lucas test ("almost extra strong", as PARI/GP's and
//! Math::Prime::Util's). No composite that passes both is known, and below 2^64 none exists
//! (Feitsma and Galway, 2013). Above 2^64 the answer "prime" is therefore not a proof; "composite"
//! always is one.
//!
//! Run time: 2 us for a prime below 2^64, about 25 us for one near 2^128 (AMD Zen 4). Memory: none.
//! Reference: R. Baillie and S. S. Wagstaff, "Lucas pseudoprimes", Math. Comp. 35 (1980); C.
//! Pomerance, J. L. Selfridge and S. S. Wagstaff, "The pseudoprimes to 25 * 10^9", Math. Comp. 35
//! (1980).

mod field;
mod lucas;

use super::narrow;
use field::Montgomery128;

/// The first divisors: all below 211, the first number that the wheel of trial division tests.
pub const SMALL: [u64; 46] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199,
];

/// No composite number below it is free of the primes of [`SMALL`].
pub const SMALL_PROVES: u128 = 211 * 211;

/// The smallest prime factor of `n`, where it is one of [`SMALL`] and not `n` itself.
pub fn small_factor(n: u128) -> Option<u64> {
    SMALL.into_iter().take_while(|&p| u128::from(p * p) <= n).find(|&p| n.is_multiple_of(u128::from(p)))
}

/// Whether `n` is prime: proven below 2^64, a Baillie-PSW probable prime above.
///
/// ```
/// use montesieve_primes::wide::is_prime;
/// assert!(is_prime(22_360_679_774_997_896_964_091) && !is_prime((1 << 67) - 1));
/// ```
pub fn is_prime(n: u128) -> bool {
    if n < 2 || small_factor(n).is_some() {
        return false;
    }
    if n < SMALL_PROVES {
        return true;
    }
    match u64::try_from(n) {
        Ok(n) => narrow::is_prime_odd(n),
        Err(_) => is_probable(n),
    }
}

/// Whether `n`, which has no factor below 11, passes both tests.
pub(crate) fn is_probable(n: u128) -> bool {
    let field = Montgomery128::new(n);
    strong_to_base_2(&field) && lucas::passes(&field)
}

/// Whether n passes the strong test to base 2: 2^d = 1 or 2^(d 2^i) = -1 modulo n for an i below s,
/// where n - 1 = 2^s d with d odd.
fn strong_to_base_2(field: &Montgomery128) -> bool {
    let n = field.modulus();
    let (one, twos) = (field.one(), (n - 1).trailing_zeros());
    let exponent = (n - 1) >> twos;
    let mut power = one;
    for bit in (0..128 - exponent.leading_zeros()).rev() {
        power = field.times(power, power);
        if exponent >> bit & 1 == 1 {
            power = field.add(power, power);
        }
    }
    let minus_one = field.subtract(0, one);
    if power == one || power == minus_one {
        return true;
    }
    (1..twos).any(|_| {
        power = field.times(power, power);
        power == minus_one
    })
}

#[cfg(test)]
mod tests;
