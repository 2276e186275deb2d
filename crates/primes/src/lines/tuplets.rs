//! Prime k-tuplets on lines: k members, k - 1 fixed distances, so a tuplet is a bit that is one in
//! k lines.
//!
//! The tuplet whose first member is on line r has its others on lines r + 2, r + 6 and so on, at
//! the same bit; where r + distance is M or more, on a line from the beginning of the sheet, one
//! bit further. So the last few lines are kept, and the first few until the end of the sheet.
//!
//! Definitions are primesieve's: the densest constellations of each size. A tuplet belongs to the
//! range that holds its first member, so the tuplets of adjacent ranges just add up. For
//! primesieve's count in an inclusive range START..=STOP (all members inside) ask for first members
//! in `[START, STOP + 1 - SPANS[k - 1])`.
//!
//! Run time: a few percent of the sieve's. Memory: 8 lines.

use super::ones::ones;
use montesieve_kernel::isa::Supported;

/// Sizes of tuplets counted: 1 (primes) to 6.
pub const KINDS: usize = 6;

/// Which sizes are requested, at place k - 1.
pub type Kinds = [bool; KINDS];

/// From the first member of a k-tuplet to its last, at place k - 1.
pub const SPANS: [u64; KINDS] = [0, 2, 6, 8, 12, 16];

/// Distances from the first member, for every k-tuplet.
const PATTERNS: [&[&[u32]]; KINDS] = [
    &[&[0]],
    &[&[0, 2]],
    &[&[0, 2, 6], &[0, 4, 6]],
    &[&[0, 2, 6, 8]],
    &[&[0, 2, 6, 8, 12], &[0, 4, 6, 10, 12]],
    &[&[0, 4, 6, 10, 12, 16]],
];

/// The largest distance.
const REACH: u32 = 16;

/// Lines kept: no 17 neighbours have more that are coprime to 30.
const KEPT: usize = 8;

/// Prime numbers up to where a tuplet may have a member that divides a modulus.
const FIRST: [u64; 10] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29];

/// Counts tuplets from lines that come in order.
pub(super) struct Tuplets {
    isa: Supported,
    modulus: u32,
    kinds: [bool; KINDS],
    counts: [u64; KINDS],
    sheet: Option<u128>,
    /// The last lines, in a ring.
    recent: Vec<Kept>,
    oldest: usize,
    /// The first lines of the sheet.
    first: Vec<Kept>,
}

/// A line with its residue and its range of bits.
#[derive(Clone, Default)]
struct Kept {
    residue: u32,
    bits: Vec<u8>,
    from: u64,
    to: u64,
}

impl Tuplets {
    pub(super) fn new(isa: Supported, modulus: u32, kinds: [bool; KINDS]) -> Tuplets {
        let recent = vec![Kept::default(); KEPT];
        Tuplets { isa, modulus, kinds, counts: [0; KINDS], sheet: None, recent, oldest: 0, first: Vec::new() }
    }

    /// Takes the next line; it is in `sheet`, and its first members are the bits `from..to`.
    pub(super) fn take(&mut self, sheet: u128, residue: u32, line: &[u8], from: u64, to: u64) {
        if self.sheet.replace(sheet) != Some(sheet) {
            self.wrap();
        }
        if residue < REACH {
            self.first.push(Kept { residue, bits: line.to_vec(), from, to });
        }
        self.keep(residue, from, to, |bits| bits.extend_from_slice(line));
        self.count(residue);
    }

    /// The counts of each kind, when all lines are taken; the range was `[low, high)`.
    pub(super) fn finish(mut self, low: u128, high: u128) -> [u64; KINDS] {
        self.wrap();
        let is_outside = |p: u64| u64::from(self.modulus).is_multiple_of(p);
        for first in FIRST.into_iter().filter(|first| (low..high).contains(&u128::from(*first))) {
            for (k, pattern) in patterns(self.kinds) {
                let mut members = pattern.iter().map(|&distance| first + u64::from(distance));
                let all_prime = members.clone().all(|n| FIRST.contains(&n));
                self.counts[k] += u64::from(all_prime && members.any(is_outside));
            }
        }
        self.counts
    }

    /// The end of a sheet: its first lines again, one bit further, behind its last.
    fn wrap(&mut self) {
        for mut kept in std::mem::take(&mut self.first) {
            shift(&mut kept.bits);
            let residue = kept.residue + self.modulus;
            self.keep(residue, 0, 0, |bits| bits.extend_from_slice(&kept.bits));
            self.count(residue);
        }
        self.recent.iter_mut().for_each(|kept| kept.residue = 0);
    }

    fn keep(&mut self, residue: u32, from: u64, to: u64, fill: impl FnOnce(&mut Vec<u8>)) {
        let kept = &mut self.recent[self.oldest];
        (kept.residue, kept.from, kept.to) = (residue, from, to);
        kept.bits.clear();
        fill(&mut kept.bits);
        self.oldest = (self.oldest + 1) % KEPT;
    }

    /// Counts the tuplets whose last member is on the line of `residue`, just kept.
    fn count(&mut self, residue: u32) {
        for (k, pattern) in patterns(self.kinds) {
            let Some(first) = residue.checked_sub(pattern[k]).filter(|&first| first < self.modulus) else { continue };
            let find = |distance: u32| self.recent.iter().find(|kept| kept.residue == first + distance && first > 0);
            let mut lines: [&[u8]; KINDS] = [&[]; KINDS];
            let found = pattern.iter().zip(&mut lines).all(|(&distance, line)| {
                find(distance).is_some_and(|kept| {
                    *line = &kept.bits;
                    true
                })
            });
            if let Some(kept) = find(0).filter(|_| found) {
                self.counts[k] += ones(self.isa, &lines[..=k], kept.from, kept.to);
            }
        }
    }
}

/// The patterns of the kinds requested, with k - 1.
fn patterns(kinds: [bool; KINDS]) -> impl Iterator<Item = (usize, &'static [u32])> {
    let asked = move |&(k, _): &(usize, _)| kinds[k];
    PATTERNS.into_iter().enumerate().filter(asked).flat_map(|(k, all)| all.iter().map(move |&pattern| (k, pattern)))
}

/// Adds to `counts` the tuplets whose first member is one of the first `firsts` of `primes`, a
/// gapless rising list, and below `high`.
pub fn count_listed(primes: &[u64], firsts: usize, high: u64, kinds: [bool; KINDS], counts: &mut [u64; KINDS]) {
    for (i, &first) in primes[..firsts].iter().enumerate().take_while(|&(_, &first)| first < high) {
        for (k, pattern) in patterns(kinds) {
            let members = primes[i..].iter().map(|&p| p - first);
            let reach = SPANS[k];
            // Between the members of a densest constellation there may be no other prime, but for
            // small numbers.
            let mut near = members.take_while(|&distance| distance <= reach);
            counts[k] += u64::from(pattern.iter().all(|&distance| near.any(|n| n == u64::from(distance))));
        }
    }
}

/// Every bit one place lower; the last one becomes zero.
fn shift(bits: &mut [u8]) {
    let words = bits.as_chunks_mut::<8>().0;
    for i in 0..words.len() {
        let next = words.get(i + 1).map_or(0, |next| u64::from_le_bytes(*next));
        words[i] = (u64::from_le_bytes(words[i]) >> 1 | next << 63).to_le_bytes();
    }
}
