//! The table of factors: for every m up to y that is coprime to 2310, its least prime factor and
//! its Moebius function in 16 bits.
//!
//! | code | m |
//! |---|---|
//! | 0 | divisible by a square (and 1, which is never a leaf) |
//! | 2 b, 2 b + 1 | least factor p_b, mu = 1 or -1 |
//! | 65535 | a prime: mu = -1 |
//!
//! "Least factor above p_b" is one comparison, code > 2 b + 1, and the last bit is the sign. Only
//! p_b up to sqrt(y) are looked up, so 15 bits are enough below 1.4e11. Memory: 0.42 bytes a
//! number. Idea: primecount's factor table; here it is made by pieces.

use std::ops::{ControlFlow, Range};

use super::listed::ListedPrimes;
use super::params::K;
use crate::YieldNow;

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
#[cfg(test)]
#[inline(always)]
pub(super) fn number(i: u64) -> u64 {
    i / COPRIME as u64 * WHEEL + u64::from(RESIDUES[(i % COPRIME as u64) as usize])
}

const PRIME: u16 = u16::MAX;
/// Primes up to 11 are the wheel's.
const FIRST: usize = 6;
/// Turns of a piece, whose codes and logarithms are 92 KB: a part of the second-level cache.
const PIECE: usize = 64;
/// The scale of a logarithm to base 2 in whole numbers: a byte has those of all m below 2^42.
const UNIT: f64 = 6.0;
/// The largest y that 15 bits and a byte are enough for.
pub(super) const LARGEST: u64 = 140_000_000_000;

/// How many pieces the table up to y has, and words of a piece.
pub(super) fn size(y: u64) -> (usize, usize) {
    // One turn more, for a run of codes may end with one.
    ((y / WHEEL + 2).div_ceil(PIECE as u64) as usize, PIECE * COPRIME / 4)
}

/// The table, by turns of the wheel.
pub(super) fn turns(words: &[u64]) -> &[[u16; COPRIME]] {
    bytemuck::cast_slice::<u64, u16>(words).as_chunks().0
}

/// Makes some of the pieces. A `Break` from `yield_now`, called once a piece, is returned at once.
///
/// Primes up to the root of the piece's end are taken, in rising order, so that the first one to
/// come is the least factor. What is left then is 1 or one prime more, which the logarithms of
/// those that came tell: their sum is that of m, or half of it at most.
pub(super) fn fill(
    primes: &ListedPrimes<'_>,
    pieces: Range<usize>,
    words: &mut [u64],
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<()> {
    let mut logs = vec![0_u8; PIECE * COPRIME];
    let codes = bytemuck::cast_slice_mut::<u64, u16>(words);
    for (piece, codes) in pieces.zip(codes.chunks_exact_mut(PIECE * COPRIME)) {
        yield_now()?;
        let low = piece as u64 * PIECE as u64 * WHEEL;
        codes.fill(PRIME);
        logs.fill(0);
        sieve(primes, low, codes, &mut logs);
        let (codes, logs) = (codes.as_chunks_mut::<COPRIME>().0, logs.as_chunks::<COPRIME>().0);
        for (i, (codes, logs)) in codes.iter_mut().zip(logs).enumerate() {
            match low + i as u64 * WHEEL {
                0 => first_turn(primes, codes),
                begin => {
                    let most = (0.75 * UNIT * (begin as f64).log2()) as u8;
                    for (code, &log) in codes.iter_mut().zip(logs) {
                        *code ^= u16::from(log < most && *code != PRIME && *code != 0);
                    }
                }
            }
        }
    }
    ControlFlow::Continue(())
}

/// Takes the primes up to the root of a piece's end out of its numbers.
fn sieve(primes: &ListedPrimes<'_>, low: u64, codes: &mut [u16], logs: &mut [u8]) {
    let high = low + PIECE as u64 * WHEEL;
    for b in FIRST.. {
        let p = primes.at(b);
        if p * p >= high {
            break;
        }
        let (code, log) = (2 * b as u16 + 1, (UNIT * (p as f64).log2()).round() as u8);
        // p itself has no smaller factor.
        multiples(p, low, high, 2, |place| {
            logs[place] += log;
            match codes[place] {
                PRIME => codes[place] = code,
                0 => {}
                _ => codes[place] ^= 1,
            }
        });
        multiples(p * p, low, high, 1, |place| codes[place] = 0);
    }
}

/// The places of the multiples of n in [low, high), n times a coprime number from `least` on; `low`
/// is a multiple of the wheel.
#[inline(always)]
fn multiples(n: u64, low: u64, high: u64, least: u64, mut at: impl FnMut(usize)) {
    let first = rank(low.div_ceil(n).max(least) - 1);
    let (mut turn, mut i) = (first / COPRIME as u64 * WHEEL, (first % COPRIME as u64) as usize);
    loop {
        let m = n * (turn + u64::from(RESIDUES[i]));
        if m >= high {
            return;
        }
        let above = (m - low) as u32;
        at((above / WHEEL as u32) as usize * COPRIME + usize::from(RANKS[(above % WHEEL as u32) as usize]) - 1);
        i += 1;
        if i == COPRIME {
            (turn, i) = (turn + WHEEL, 0);
        }
    }
}

/// The first turn by division: its numbers are too different in size for one border.
fn first_turn(primes: &ListedPrimes<'_>, codes: &mut [u16; COPRIME]) {
    codes[0] = 0;
    for (code, &m) in codes.iter_mut().zip(&RESIDUES).skip(1) {
        let (mut left, mut factors, mut least) = (u64::from(m), 0, 0);
        for b in FIRST.. {
            let p = primes.at(b);
            if p * p > left {
                break;
            }
            if left.is_multiple_of(p) {
                (left, factors, least) = (left / p, factors + 1, if least == 0 { b } else { least });
                if left.is_multiple_of(p) {
                    (factors, left) = (0, 1);
                    break;
                }
            }
        }
        let sign = u16::from((factors + u16::from(left > 1)) % 2 == 1);
        *code = match (factors, left) {
            (0, 1) => 0,
            (0, _) => PRIME,
            _ => 2 * least as u16 + sign,
        };
    }
}

/// The code that a least factor above p_b exceeds.
pub(super) fn threshold(b: usize) -> u16 {
    debug_assert!((K..32_767).contains(&b));
    2 * b as u16 + 1
}

#[cfg(test)]
mod tests {
    use super::super::counts::PrimeCounts;
    use super::super::listed::WINDOW;
    use super::super::tests::{small_words, whole};
    use super::*;
    use crate::naive;

    #[test]
    fn ranks_and_numbers_are_inverse() {
        for i in 0..2000 {
            assert_eq!(rank(number(i)), i + 1);
            assert_eq!(rank(number(i) - 1), i);
        }
    }

    #[test]
    fn factors_and_signs_as_by_trial() {
        let y = 1_200_000;
        let words = small_words(y);
        let primes: Vec<u64> = std::iter::once(0).chain(naive::eratosthenes(y + 100)).collect();
        let (counts, listed) = (&words.counts, &words.primes);
        let counts = PrimeCounts::new(counts);
        let listed = ListedPrimes::new(listed, &counts, WINDOW);
        let (pieces, length) = size(y);
        let mut apart = vec![0; pieces * length];
        // The last pieces apart from the others, as another rank makes them.
        let (front, back) = apart.split_at_mut(3 * length);
        whole(|yield_now| fill(&listed, 3..pieces, back, yield_now));
        whole(|yield_now| fill(&listed, 0..3, front, yield_now));
        assert!(apart == words.factors);
        let turns = turns(&apart);
        for i in 1..rank(y) {
            let m = number(i);
            let (mut left, mut sign, mut least) = (m, 1, 0);
            for (b, &p) in primes.iter().enumerate().skip(1) {
                if left.is_multiple_of(p) {
                    (least, sign, left) = (if least == 0 { b } else { least }, -sign, left / p);
                    if left.is_multiple_of(p) {
                        sign = 0;
                        break;
                    }
                }
                if p * p > left {
                    (least, sign) = if left == 1 {
                        (least, sign)
                    } else {
                        (if least == 0 { primes.partition_point(|&q| q < left) } else { least }, -sign)
                    };
                    break;
                }
            }
            let code = turns.as_flattened()[i as usize];
            match sign {
                0 => assert_eq!(code, 0, "{m}"),
                _ if primes[least] == m => assert_eq!(code % 2, 1, "{m}"),
                _ => assert_eq!((usize::from(code / 2), code % 2 == 1), (least, sign == -1), "{m}"),
            }
        }
    }
}
