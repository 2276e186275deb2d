//! Crossing off in segments of 30 numbers a byte: without counters, and with counters of what is
//! left.
//!
//! Stands beside the other sieves because hard leaves need the multiples of one prime after the
//! other, with counters of 64-byte blocks that stay right ([`cross_counted`]). Bit j of byte i
//! stands for low + 30 i + 1, 7, 11, 13, 17, 19, 23 or 29.
//! Cost: 1.2 cycles a multiple without counters, 2.5 with (AMD Zen 5).

use crate::naive;

/// The eight residues.
const RESIDUES: [u32; 8] = [1, 7, 11, 13, 17, 19, 23, 29];
/// From each residue to the next.
const GAPS: [usize; 8] = [6, 4, 2, 4, 2, 4, 6, 2];
/// Bytes of a counter's block.
pub(super) const BLOCK: usize = 64;
/// Numbers of a 64-bit word.
pub(super) const WORD: u64 = 240;

/// The bit of each residue mod 30; 8 where there is none.
static CLASS: [u8; 30] = classes();
/// The place of the bit that step j of a prime of class r removes, and what the step adds to the
/// byte beside p / 30 times the gap.
static BITS: [[u8; 8]; 8] = bits();
static CARRIES: [[usize; 8]; 8] = carries();
/// The bits of a word that stand for numbers up to r.
pub(super) static UP_TO: [u64; WORD as usize] = words();

const fn classes() -> [u8; 30] {
    let (mut classes, mut i) = ([8; 30], 0);
    while i < 8 {
        classes[RESIDUES[i] as usize] = i as u8;
        i += 1;
    }
    classes
}

const fn bits() -> [[u8; 8]; 8] {
    let (mut bits, mut i) = ([[0; 8]; 8], 0);
    while i < 64 {
        bits[i / 8][i % 8] = classes()[(RESIDUES[i / 8] * RESIDUES[i % 8] % 30) as usize];
        i += 1;
    }
    bits
}

const fn carries() -> [[usize; 8]; 8] {
    let (mut carries, mut i) = ([[0; 8]; 8], 0);
    while i < 64 {
        let (p, now) = (RESIDUES[i / 8] as usize, RESIDUES[i % 8] as usize);
        carries[i / 8][i % 8] = p * (now + GAPS[i % 8]) / 30 - p * now / 30;
        i += 1;
    }
    carries
}

const fn words() -> [u64; WORD as usize] {
    let (mut words, mut i) = ([0; WORD as usize], 0);
    while i < WORD as usize * 64 {
        let bit = i % 64;
        if bit / 8 * 30 + RESIDUES[bit % 8] as usize <= i / 64 {
            words[i / 64] |= 1 << bit;
        }
        i += 1;
    }
    words
}

/// The state of a prime: its next multiple, in bytes from the start of the segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrossingState {
    byte: u32,
    p: u32,
    step: u8,
    class: u8,
}

impl CrossingState {
    /// The first multiple of p that is not divisible by 2, 3 or 5, at or above `low`, which is
    /// divisible by 30. p itself is one.
    pub(super) fn new(p: u32, low: u64) -> CrossingState {
        let mut cofactor = low.div_ceil(u64::from(p));
        while CLASS[(cofactor % 30) as usize] == 8 {
            cofactor += 1;
        }
        let byte = ((u64::from(p) * cofactor - low) / 30) as u32;
        CrossingState { byte, p, step: CLASS[(cofactor % 30) as usize], class: CLASS[(p % 30) as usize] }
    }
}

/// Crosses a segment off and moves the place to the next one.
#[inline(always)]
pub(super) fn cross(segment: &mut [u8], place: &mut CrossingState) {
    cross_by(segment, place, |byte, _, bit| *byte &= !(1 << bit));
}

/// The same, and takes what was not crossed before off the counters of 64 bytes.
#[inline(always)]
pub(super) fn cross_counted(segment: &mut [u8], place: &mut CrossingState, counters: &mut [u16]) {
    cross_by(segment, place, |byte, i, bit| {
        counters[i / BLOCK] -= u16::from(*byte >> bit & 1);
        *byte &= !(1 << bit);
    });
}

/// Calls `hit` for each multiple, with its byte, the byte's place, and the bit.
#[inline(always)]
fn cross_by(segment: &mut [u8], place: &mut CrossingState, hit: impl FnMut(&mut u8, usize, u8)) {
    match place.class {
        0 => walk_class::<0>(segment, place, hit),
        1 => walk_class::<1>(segment, place, hit),
        2 => walk_class::<2>(segment, place, hit),
        3 => walk_class::<3>(segment, place, hit),
        4 => walk_class::<4>(segment, place, hit),
        5 => walk_class::<5>(segment, place, hit),
        6 => walk_class::<6>(segment, place, hit),
        _ => walk_class::<7>(segment, place, hit),
    }
}

#[inline(always)]
fn walk_class<const R: usize>(segment: &mut [u8], place: &mut CrossingState, mut hit: impl FnMut(&mut u8, usize, u8)) {
    let (bits, carries) = (const { bits()[R] }, const { carries()[R] });
    let (n, p) = (segment.len(), place.p as usize);
    let (mut i, mut step) = (place.byte as usize, usize::from(place.step & 7));
    while step != 0 && i < n {
        hit(&mut segment[i], i, BITS[R][step]);
        i += p / 30 * GAPS[step] + CARRIES[R][step];
        step = (step + 1) & 7;
    }
    if step == 0 {
        // One turn of the wheel at a time: p bytes.
        let mut ahead = [0; 8];
        for j in 1..8 {
            ahead[j] = ahead[j - 1] + p / 30 * GAPS[j - 1] + carries[j - 1];
        }
        let [a, b, c, d, e, f, g, h] = ahead;
        // Always so; said once here, the compiler need not check each hit.
        assert!(a < p && b < p && c < p && d < p && e < p && f < p && g < p && h < p);
        while i + p <= n {
            let turn = &mut segment[i..i + p];
            hit(&mut turn[a], i + a, bits[0]);
            hit(&mut turn[b], i + b, bits[1]);
            hit(&mut turn[c], i + c, bits[2]);
            hit(&mut turn[d], i + d, bits[3]);
            hit(&mut turn[e], i + e, bits[4]);
            hit(&mut turn[f], i + f, bits[5]);
            hit(&mut turn[g], i + g, bits[6]);
            hit(&mut turn[h], i + h, bits[7]);
            i += p;
        }
        while i < n {
            hit(&mut segment[i], i, BITS[R][step]);
            i += p / 30 * GAPS[step] + CARRIES[R][step];
            step = (step + 1) & 7;
        }
    }
    place.byte = (i - n) as u32;
    place.step = step as u8;
}

/// The pattern of the smallest primes, so that their multiples cost a copy. The primes themselves
/// are crossed off too.
pub(super) struct Patterns(Vec<Vec<u8>>);

/// Primes of each pattern: up to 19, so that the next one is p_(K+1).
const GROUPS: [&[u32]; 2] = [&[7, 11, 13], &[17, 19]];

impl Patterns {
    pub(super) fn new() -> Patterns {
        Patterns(GROUPS.iter().map(|group| pattern(group)).collect())
    }

    /// Fills a segment that begins at `low` with the patterns.
    pub(super) fn fill(&self, segment: &mut [u8], low: u64) {
        segment.fill(0xff);
        for (pattern, group) in self.0.iter().zip(GROUPS) {
            let period = group.iter().product::<u32>() as usize;
            let mut phase = (low / 30 % period as u64) as usize;
            let mut rest = &mut *segment;
            while !rest.is_empty() {
                let length = rest.len().min(pattern.len() - phase);
                let (now, later) = rest.split_at_mut(length);
                now.iter_mut().zip(&pattern[phase..]).for_each(|(byte, mask)| *byte &= mask);
                phase = (phase + length) % period;
                rest = later;
            }
        }
    }
}

/// Several periods long, so that copies are.
fn pattern(primes: &[u32]) -> Vec<u8> {
    let period = primes.iter().product::<u32>() as usize;
    let mut pattern = vec![0xff; period * 9_usize.max(8192 / period)];
    primes.iter().for_each(|&p| cross(&mut pattern, &mut CrossingState::new(p, 0)));
    debug_assert!(primes.iter().all(|&p| naive::eratosthenes(80).contains(&u64::from(p))));
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a segment that are left.
    fn left(segment: &[u8], low: u64) -> Vec<u64> {
        let numbers = segment.iter().enumerate().flat_map(|(i, byte)| {
            (0..8)
                .filter(move |bit| byte >> bit & 1 == 1)
                .map(move |bit| low + 30 * i as u64 + u64::from(RESIDUES[bit]))
        });
        numbers.collect()
    }

    #[test]
    fn crossing_leaves_what_no_prime_divides() {
        let (mut primes, low, n) = (vec![7_u32, 11, 13, 17, 19, 23, 29, 31, 97, 1009, 4999], 2400_u64, 512);
        let mut places: Vec<CrossingState> = primes.iter().map(|&p| CrossingState::new(p, low)).collect();
        primes.extend([2, 3, 5]);
        for turn in 0..4 {
            let low = low + turn * 30 * n as u64;
            let (mut segment, mut counters) = (vec![0xff; n], vec![512_u16; n / BLOCK]);
            places.iter_mut().for_each(|place| cross_counted(&mut segment, place, &mut counters));
            let expected: Vec<u64> = (low..low + 30 * n as u64)
                .filter(|m| primes.iter().all(|&p| !m.is_multiple_of(u64::from(p))))
                .collect();
            assert_eq!(left(&segment, low), expected);
            let counted =
                segment.chunks(BLOCK).map(|block| block.iter().map(|byte| byte.count_ones() as u16).sum::<u16>());
            assert_eq!(counters, counted.collect::<Vec<_>>());
        }
    }

    #[test]
    fn patterns_are_the_primes_multiples() {
        let patterns = Patterns::new();
        for low in [0, 240, 30_000_000_240] {
            let mut segment = vec![0; 20_000];
            patterns.fill(&mut segment, low);
            let mut crossed = vec![0xff; 20_000];
            GROUPS.iter().copied().flatten().for_each(|&p| cross(&mut crossed, &mut CrossingState::new(p, low)));
            assert!(segment == crossed, "{low}");
        }
    }
}
