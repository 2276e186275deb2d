//! A stretch of numbers with some of them marked: its primes, or the first members of its
//! k-tuplets, as a bit a number.
//!
//! Stands beside `bytes.rs` and `lines/order.rs`, which make such bytes piece by piece, as the form
//! in which lists wait and travel: a byte for 30 numbers is a tenth to a fiftieth of their text,
//! and its size is known before anything is sieved. `encoding.rs` makes text of it.
//!
//! k-tuplets are marked where they begin. Which one begins there follows from k and from that
//! number modulo 3: see `members`. Every pattern of k from 3 on lies within one byte, since a
//! larger distance goes over a multiple of 3 or 5; twins may be 30 n + 29 and the next number. In
//! between are no other numbers coprime to 30, so a k-tuplet is k bits in a row, from some bits on.
//!
//! Run time: 0.01 ns a number for k-tuplets. Memory: a byte for 30 numbers.

use serde::{Deserialize, Serialize};

use super::tuplets::MOST;
use crate::bytes::wheel::{BIT, OUTSIDE, bits_below, bits_from};

/// Numbers of a byte.
const BYTE: u128 = 30;

/// Numbers marked among `[first, first + 30 * bytes)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// The number of the first byte: number n is in byte n / 30.
    first: u128,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    /// Bit i: `OUTSIDE[i]` is marked, which no byte has a bit for.
    outside: u8,
}

/// The bits of a byte at which a k-tuplet may begin, by k.
const BEGINNINGS: [u8; MOST + 1] = [0, 0xff, 0b1001_0100, 0b0001_1110, 0b0000_0100, 0b0000_0110, 0b0000_0010];

/// From the first member to the others, of the k-tuplets that begin with a number that is 2 modulo
/// 3, and 1 modulo 3; where there is only one kind, it is stored twice.
const MEMBERS: [[&[u16]; 2]; MOST + 1] = [
    [&[], &[]],
    [&[0], &[0]],
    [&[0, 2], &[0, 2]],
    [&[0, 2, 6], &[0, 4, 6]],
    [&[0, 2, 6, 8], &[0, 2, 6, 8]],
    [&[0, 2, 6, 8, 12], &[0, 4, 6, 10, 12]],
    [&[0, 4, 6, 10, 12, 16], &[0, 4, 6, 10, 12, 16]],
];

/// From the first member of a k-tuplet to its members.
///
/// # Panics
/// When there is no such k.
pub(crate) fn members(k: usize, first: u128) -> &'static [u16] {
    MEMBERS[k][usize::from(first % 3 == 1)]
}

/// How far the last member of a k-tuplet is from the first; 0 for primes (k = 1).
///
/// # Panics
/// When there is no such k.
pub fn reach(k: usize) -> u128 {
    MEMBERS[k][0].last().map_or(0, |&last| last.into())
}

impl Marks {
    /// Nothing marked, from the number `low` on.
    pub fn new(low: u128) -> Marks {
        Marks { first: low / BYTE, bytes: Vec::new(), outside: 0 }
    }

    /// Marks the numbers of these bytes, the first of which has number `first`; they begin where
    /// the last ones end.
    pub(crate) fn extend(&mut self, first: u128, bytes: &[u8]) {
        debug_assert_eq!(first, self.first + self.bytes.len() as u128);
        self.bytes.extend_from_slice(bytes);
    }

    /// Marks a prime above all that are marked.
    pub(crate) fn mark(&mut self, prime: u128) {
        if let Some(i) = OUTSIDE.iter().position(|&p| u128::from(p) == prime) {
            self.outside |= 1 << i;
            return;
        }
        let place = (prime / BYTE - self.first) as usize;
        if place >= self.bytes.len() {
            self.bytes.resize(place + 1, 0);
        }
        self.bytes[place] |= 1 << BIT[(prime % BYTE) as usize];
    }

    /// Turns marks of all primes from `low` on, and up to `high` and beyond, into marks of the
    /// first members of k-tuplets in `[low, high)`.
    pub(crate) fn keep_tuplets(&mut self, k: usize, low: u128, high: u128) {
        let is_marked = |n: u128| match OUTSIDE.iter().position(|&p| u128::from(p) == n) {
            Some(i) => self.outside >> i & 1 == 1,
            None => {
                let byte = (n / BYTE).checked_sub(self.first).and_then(|place| self.bytes.get(place as usize));
                byte.is_some_and(|byte| byte >> BIT[(n % BYTE) as usize] & 1 == 1)
            }
        };
        // 3 is in twins alone: (3, 5, 7) is no triplet.
        let begins = |&(_, &p): &(usize, &u64)| {
            let p = u128::from(p);
            p != 2
                && (p > 3 || k < 3)
                && (low..high).contains(&p)
                && members(k, p).iter().all(|&d| is_marked(p + u128::from(d)))
        };
        self.outside = OUTSIDE.iter().enumerate().filter(begins).map(|(i, _)| 1 << i).sum();
        match k {
            2 => beginnings::<2>(&mut self.bytes),
            3 => beginnings::<3>(&mut self.bytes),
            4 => beginnings::<4>(&mut self.bytes),
            5 => beginnings::<5>(&mut self.bytes),
            _ => beginnings::<6>(&mut self.bytes),
        }
        self.cut(low, high);
    }

    /// Keeps the marks of `[low, high)` alone.
    fn cut(&mut self, low: u128, high: u128) {
        let bytes = high.div_ceil(BYTE).saturating_sub(self.first).min(self.bytes.len() as u128);
        self.bytes.truncate(bytes as usize);
        if self.first == low / BYTE
            && let Some(byte) = self.bytes.first_mut()
        {
            *byte &= bits_from((low % BYTE) as u64);
        }
        if self.first + self.bytes.len() as u128 > high / BYTE
            && let Some(byte) = self.bytes.last_mut()
        {
            *byte &= bits_below((high % BYTE) as u64);
        }
    }

    /// The first number of the first byte, and the bytes.
    pub(crate) fn bytes(&self) -> (u128, &[u8]) {
        (BYTE * self.first, &self.bytes)
    }

    /// Marked numbers that no byte has a bit for; they are below all others.
    pub(crate) fn outside(&self) -> impl Iterator<Item = u16> {
        OUTSIDE.into_iter().enumerate().filter(|(i, _)| self.outside >> i & 1 == 1).map(|(_, p)| p as u16)
    }

    /// How many bytes there are: what [`Marks::slice`] counts.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no byte is there, and so nothing marked but 2, 3 or 5.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The marks of at most `length` bytes, from byte `from`.
    pub fn slice(&self, from: usize, length: usize) -> Marks {
        let from = from.min(self.bytes.len());
        let bytes = self.bytes[from..].chunks(length).next().unwrap_or_default().to_vec();
        Marks { first: self.first + from as u128, bytes, outside: if from == 0 { self.outside } else { 0 } }
    }

    /// Bytes needed for that number of numbers, wherever they begin.
    pub const fn size(numbers: u64) -> u64 {
        numbers / 30 + 64
    }
}

/// Turns the bits of primes into those at which `K` of them begin a k-tuplet.
fn beginnings<const K: usize>(bytes: &mut [u8]) {
    for at in 0..bytes.len() {
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        let bits = u16::from_le_bytes([bytes[at], next]);
        bytes[at] = (1..K).fold(bits, |all, i| all & bits >> i) as u8 & BEGINNINGS[K];
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PrimeRun, tuplets};
    use super::*;
    use crate::naive;
    use proptest::prelude::*;

    fn marked(low: u64, primes: &[u64]) -> Marks {
        let mut marks = Marks::new(low.into());
        primes.iter().for_each(|&p| marks.mark(p.into()));
        marks
    }

    fn list(marks: &Marks) -> Vec<u64> {
        let (first, bytes) = marks.bytes();
        let numbers = |at: usize| {
            (0..30)
                .filter(move |&n| {
                    bytes[at] >> BIT[n] & 1 == 1 && BIT[n] < 8 && crate::bytes::wheel::RESIDUES.contains(&(n as u8))
                })
                .map(move |n| first as u64 + 30 * at as u64 + n as u64)
        };
        marks.outside().map(u64::from).chain((0..bytes.len()).flat_map(numbers)).collect()
    }

    #[test]
    fn marks_are_what_was_marked() {
        let primes = naive::eratosthenes(1000);
        assert_eq!(list(&marked(0, &primes)), primes);
        assert_eq!(list(&marked(31, &primes[10..])), &primes[10..]);
        assert_eq!(list(&Marks::new(77)), [0; 0]);
        let marks = marked(0, &primes);
        let slices = (0..marks.len()).step_by(7).flat_map(|from| list(&marks.slice(from, 7)));
        assert_eq!(slices.collect::<Vec<_>>(), primes);
        assert_eq!(marks.slice(99, 7).len(), 0);
        assert_eq!([1, 2, 3, 4, 5, 6].map(reach), [0, 2, 6, 8, 12, 16]);
    }

    proptest! {
        #[test]
        fn firsts_of_tuplets_are_those_of_the_list(
            low in prop_oneof![0_u64..60, 0_u64..20_000], length in 0_u64..700, beyond in 0_u64..40, k in 2_usize..=MOST,
        ) {
            let high = low + length;
            let primes: Vec<u64> = naive::eratosthenes(high + beyond).into_iter().filter(|&p| p >= low).collect();
            let mut expected = Vec::new();
            tuplets::each(k, PrimeRun::small(&primes), |tuplet| expected.push(tuplet.to_vec()));
            expected.retain(|tuplet| tuplet[0] < u128::from(high));
            let mut marks = marked(low, &primes);
            marks.keep_tuplets(k, low.into(), high.into());
            let found: Vec<Vec<u128>> = list(&marks).into_iter().map(|p| members(k, p.into()).iter().map(|&d| u128::from(p) + u128::from(d)).collect()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
