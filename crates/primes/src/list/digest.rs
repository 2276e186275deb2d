//! A fingerprint of a set of primes that depends on the primes alone: not on their order, nor on
//! how the set was cut.
//!
//! Formula: the sum mod 2^128 over all primes p of m(p), where m(p) is the first two outputs of the
//! generator SplitMix64 with seed p, the first one in the upper 64 bits:
//! ```text
//! mix(z)  = let z = (z xor z >> 30) * bf58476d1ce4e5b9; let z = (z xor z >> 27) * 94d049bb133111eb; z xor z >> 31
//! m(p)    = mix(p + g) * 2^64 + mix(p + 2 g)            g = 9e3779b97f4a7c15; sums and products mod 2^64
//! ```
//! A prime p = h 2^64 + l of more than 64 bits has two seeds, each with another scrambling of h,
//! which is 0 for h = 0:
//! ```text
//! m(p)    = mix((l xor mix(h)) + g) * 2^64 + mix((l xor mix(h g)) + 2 g)
//! ```
//! Sums of parts add up to the sum of the whole. An extra, missing or wrong prime goes unnoticed
//! with a chance of about 2^-128. It is not cryptographic: two sets with the same sum can be
//! constructed.
//!
//! Run time: four multiplications a prime. Memory: 16 bytes.
//! References: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
//! OOPSLA 2014 (SplitMix64; the constants of mix are D. Stafford's "Mix13"); M. Bellare, D.
//! Micciancio, EUROCRYPT '97 (sums as hashes of sets).

use super::PrimeRun;

/// The golden ratio in 64 bits: the step of SplitMix64.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The digest of a set of numbers. Digests of disjoint sets add up (`wrapping_add`).
///
/// ```
/// use montesieve_primes::{PrimeRun, digest::digest};
/// let numbers = |base, offsets| digest(PrimeRun { base, offsets });
/// assert_eq!(numbers(0, &[2, 3, 5]), numbers(5, &[0]).wrapping_add(numbers(1, &[1, 2])));
/// ```
pub fn digest(numbers: PrimeRun<'_>) -> u128 {
    let PrimeRun { base, offsets } = numbers;
    // Numbers of one run differ in their upper halves only around a multiple of 2^64.
    let border = offsets.partition_point(|&offset| base + u128::from(offset) < (base >> 64 << 64) + (1 << 64));
    let (before, behind) = offsets.split_at(border);
    half(base, before).wrapping_add(if behind.is_empty() { 0 } else { half(base, behind) })
}

/// The digest of numbers with the same upper half.
fn half(base: u128, offsets: &[u64]) -> u128 {
    let Some(&first) = offsets.first() else { return 0 };
    let upper = ((base + u128::from(first)) >> 64) as u64;
    let (one, other, base) = (mix(upper), mix(upper.wrapping_mul(STEP)), base as u64);
    offsets.iter().fold(0, |sum: u128, &offset| {
        let n = base.wrapping_add(offset);
        let high = mix((n ^ one).wrapping_add(STEP));
        let low = mix((n ^ other).wrapping_add(STEP.wrapping_mul(2)));
        sum.wrapping_add(u128::from(high) << 64 | u128::from(low))
    })
}

/// The digest as it is printed.
///
/// ```
/// assert_eq!(montesieve_primes::digest::name(255), "sum128:000000000000000000000000000000ff");
/// ```
pub fn name(digest: u128) -> String {
    format!("sum128:{digest:032x}")
}

fn mix(z: u64) -> u64 {
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive;

    #[test]
    fn the_published_outputs_of_splitmix64() {
        // Vigna's splitmix64.c with the state 1234567: its first two outputs.
        assert_eq!(name(digest(PrimeRun::small(&[1_234_567]))), "sum128:599ed017fb08fc852c73f08458540fa5");
    }

    #[test]
    fn a_known_digest() {
        // The formula at the top, in Python's integers.
        assert_eq!(name(digest(PrimeRun::small(&[]))), format!("sum128:{}", "0".repeat(32)));
        assert_eq!(
            name(digest(PrimeRun::small(&naive::eratosthenes(1_000_000)))),
            "sum128:666be33060b1317c292a0998d9c294a1"
        );
    }

    #[test]
    fn more_than_64_bits_and_any_base() {
        // The formula at the top, in Python's integers.
        let border = PrimeRun { base: (1 << 64) - 100, offsets: &[41, 113] };
        let far = PrimeRun { base: 10_u128.pow(25), offsets: &[13] };
        let whole = digest(border).wrapping_add(digest(far));
        assert_eq!(name(whole), "sum128:98f4f1db7592dc4a68e0b635dd5c3d25");
        let single = |base| digest(PrimeRun { base, offsets: &[0] });
        assert_eq!(digest(border), single((1 << 64) - 59).wrapping_add(single((1 << 64) + 13)));
        assert_eq!(digest(PrimeRun { base: 7, offsets: &[4, 6] }), digest(PrimeRun::small(&[11, 13])));
    }

    #[test]
    fn one_prime_more_or_less_shows() {
        let primes = naive::eratosthenes(10_000);
        let whole = digest(PrimeRun::small(&primes));
        for i in 0..primes.len() {
            let mut other = primes.clone();
            other[i] += 2;
            assert_ne!(digest(PrimeRun::small(&other)), whole);
            other.remove(i);
            assert_ne!(digest(PrimeRun::small(&other)), whole);
        }
    }
}
