//! The table of factors: for every m up to y that is coprime to 2310, its least prime factor and its Moebius function in 16 bits.
//!
//! | code | m |
//! |---|---|
//! | 0 | divisible by a square (and 1, which is never a leaf) |
//! | 2 b, 2 b + 1 | least factor p_b, mu = 1 or -1 |
//! | 65535 | a prime: mu = -1 |
//!
//! "Least factor above p_b" is one comparison, code > 2 b + 1, and the last bit is the sign. Only p_b up to sqrt(y) are asked for, so
//! 15 bits are enough below 1.4e11. Memory: 0.42 bytes a number. Idea: primecount's factor table.

use std::ops::ControlFlow;

use super::frame::K;
use crate::primes::Pulse;

/// The wheel: the product of the primes to 11.
pub(super) const WHEEL: u64 = 2310;
/// Numbers below the wheel that are coprime to it.
pub(super) const COPRIME: usize = 480;

/// The coprime numbers, in order, and how many there are up to each number.
pub(super) static RESIDUES: [u16; COPRIME] = residues().0;
static RANKS: [u16; WHEEL as usize] = residues().1;

const fn residues() -> ([u16; COPRIME], [u16; WHEEL as usize]) {
    let (mut list, mut ranks, mut n, mut r) = ([0; COPRIME], [0; WHEEL as usize], 0, 0);
    while r < WHEEL as usize {
        if r % 2 != 0 && r % 3 != 0 && r % 5 != 0 && r % 7 != 0 && r % 11 != 0 {
            list[n] = r as u16;
            n += 1;
        }
        ranks[r] = n as u16;
        r += 1;
    }
    (list, ranks)
}

/// How many numbers from 1 to n are coprime to the wheel.
#[inline(always)]
pub(super) fn rank(n: u64) -> u64 {
    n / WHEEL * COPRIME as u64 + u64::from(RANKS[(n % WHEEL) as usize])
}

/// The coprime number at place i, from 0.
#[inline(always)]
pub(super) fn number(i: u64) -> u64 {
    i / COPRIME as u64 * WHEEL + u64::from(RESIDUES[(i % COPRIME as u64) as usize])
}

const PRIME: u16 = u16::MAX;
/// Primes up to 11 are the wheel's.
const FIRST: usize = 6;
/// Between two looks at `pulse`: so many primes. The first 64 cross 0.17 y entries, 17 million at y = 1e8.
const LOOK: usize = 64;

/// Codes of the numbers up to y, by turns of the wheel; 0 beyond y. A `Break` from `pulse` comes back at once.
pub(super) fn table(y: u64, primes: &[u32], pulse: &mut Pulse<'_>) -> ControlFlow<(), Vec<[u16; COPRIME]>> {
    let mut turns = vec![[PRIME; COPRIME]; (y / WHEEL + 2) as usize];
    let codes = turns.as_flattened_mut();
    codes[0] = 0;
    codes[rank(y) as usize..].fill(0);
    // The smallest number that p can be the least factor of, besides itself and its square, has a factor of 13 at least.
    for (b, &p) in primes.iter().enumerate().skip(FIRST) {
        let p = u64::from(p);
        if p * 13 > y {
            break;
        }
        if b % LOOK == 0 {
            pulse()?;
        }
        let code = if b < 32_767 { 2 * b as u16 + 1 } else { PRIME };
        for m in (1..rank(y / p)).map(|i| p * number(i)) {
            let entry = &mut codes[rank(m) as usize - 1];
            match *entry {
                PRIME => *entry = code,
                0 => {}
                _ => *entry ^= 1,
            }
        }
        for i in 0..rank(y / (p * p)) {
            codes[rank(p * p * number(i)) as usize - 1] = 0;
        }
    }
    ControlFlow::Continue(turns)
}

/// The code that a least factor above p_b exceeds.
pub(super) fn threshold(b: usize) -> u16 {
    debug_assert!((K..32_767).contains(&b));
    2 * b as u16 + 1
}

#[cfg(test)]
mod tests {
    use super::super::tests::whole;
    use super::*;
    use crate::primes::naive;

    #[test]
    fn ranks_and_numbers_are_inverse() {
        for i in 0..2000 {
            assert_eq!(rank(number(i)), i + 1);
            assert_eq!(rank(number(i) - 1), i);
        }
    }

    #[test]
    fn factors_and_signs_as_by_trial() {
        let y = 60_000;
        let primes: Vec<u32> =
            std::iter::once(0).chain(naive::eratosthenes(y + 100).into_iter().map(|p| p as u32)).collect();
        let turns = whole(|pulse| table(y, &primes, pulse));
        for i in 1..rank(y) {
            let m = number(i);
            let (mut left, mut sign, mut least) = (m, 1, 0);
            for (b, &p) in primes.iter().enumerate().skip(1) {
                if left.is_multiple_of(u64::from(p)) {
                    (least, sign, left) = (if least == 0 { b } else { least }, -sign, left / u64::from(p));
                    if left.is_multiple_of(u64::from(p)) {
                        sign = 0;
                        break;
                    }
                }
                if left == 1 {
                    break;
                }
            }
            let code = turns.as_flattened()[i as usize];
            match sign {
                0 => assert_eq!(code, 0, "{m}"),
                _ if u64::from(primes[least]) == m => assert_eq!(code % 2, 1, "{m}"),
                _ => assert_eq!((usize::from(code / 2), code % 2 == 1), (least, sign == -1), "{m}"),
            }
        }
    }
}
