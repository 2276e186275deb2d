//! Lines in the order of their numbers: the bits of all 48 lines of a stretch as bytes of 30
//! numbers, the form of `bytes.rs`.
//!
//! Stands beside `ones.rs`, which counts a line without its neighbours. A list needs
//! the numbers in order: bit k of all lines, then bit k + 1. Modulus 210 is 7 bytes of 30 numbers,
//! so byte j of the 7 is bit k of the eight lines 30 j + 1, 7, 11, 13, 17, 19, 23, 29 (a line of
//! zeros for each multiple of 7). That is a transposition of a matrix of 56 rows and 64 columns of
//! bits: of bytes by swaps of halves, then of bits within 64-bit words, then of bytes again. All
//! steps do the same to 8 words, so the compiler makes vectors of them.
//!
//! Run time: 0.02 ns a number, a twentieth of the sieving. Memory: a sheet, 25 MB for the
//! longest piece.
//! Reference: H. S. Warren, Hacker's Delight, 2nd edition (2012), chapter 7.

use super::rough::MODULUS;
use crate::bytes::wheel::RESIDUES;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

/// Bytes of 30 numbers for one bit of each line.
const TURN: usize = (MODULUS / 30) as usize;

/// Bytes for one word of each line.
const GROUP: usize = 64 * TURN;

/// Words of each line that are sorted at once: 112 KiB of bytes, in L2.
const STRIPE: usize = 256;

/// A cache line of words, between a line's end and the next one: else lines of 2^22 bits would
/// share the sets of every cache.
const GAP: usize = 8;

/// Lines, the last of them a line of zeros.
const ROWS: usize = 49;

/// The line of bit i of byte j, at `8 * j + i`; the line of zeros where the residue is a multiple
/// of 7.
const LINE: [usize; 8 * TURN] = {
    let (mut line, mut next, mut at) = ([ROWS - 1; 8 * TURN], 0, 0);
    while at < line.len() {
        if !(30 * (at / 8) + RESIDUES[at % 8] as usize).is_multiple_of(7) {
            line[at] = next;
            next += 1;
        }
        at += 1;
    }
    line
};

/// The lines of one sheet, kept until all are there.
pub(crate) struct Order {
    isa: Supported,
    words: Vec<u64>,
    bytes: Vec<u8>,
    /// Words of a line, and from one line to the next.
    length: usize,
    stride: usize,
    /// Lines taken in.
    taken: usize,
}

impl Order {
    pub(super) fn new(isa: Supported) -> Order {
        Order { isa, words: Vec::new(), bytes: vec![0; STRIPE * GROUP + 1], length: 0, stride: 0, taken: 0 }
    }

    /// Forgets all lines; the next ones have `bits` bits.
    pub(super) fn begin(&mut self, bits: u64) {
        self.length = bits.div_ceil(64) as usize;
        self.stride = self.length.next_multiple_of(GAP) + GAP;
        self.taken = 0;
        self.words.resize(ROWS * self.stride, 0);
        self.words[(ROWS - 1) * self.stride..].fill(0);
    }

    /// Takes the next line in; whether it was the last.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let words = &mut self.words[self.taken * self.stride..][..self.length];
        for (word, &bytes) in words.iter_mut().zip(line.as_chunks().0) {
            *word = u64::from_le_bytes(bytes);
        }
        self.taken += 1;
        self.taken == ROWS - 1
    }

    /// Hands out the bytes of the sheet in order, a stripe at a time: the place of the first of
    /// them within the sheet, and the bytes.
    pub(super) fn each(&mut self, mut each: impl FnMut(u64, &mut [u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        for first in (0..self.length).step_by(STRIPE) {
            let groups = STRIPE.min(self.length - first);
            put_in_order(self.isa, &self.words[first..], self.stride, groups, &mut self.bytes);
            each((first * GROUP) as u64, &mut self.bytes[..groups * GROUP])?;
        }
        ControlFlow::Continue(())
    }
}

/// One word for each of 8 columns.
type ColumnWords = [u64; 8];

dispatch! {
    /// Puts `groups` words of each line in order; the lines are `stride` words apart. `bytes` has
    /// one byte more than they fill.
    fn put_in_order(isa: Supported, words: &[u64], stride: usize, groups: usize, bytes: &mut [u8])
        = put_in_order_kernel(words, stride, groups, bytes);
}

#[inline(always)]
fn put_in_order_kernel(words: &[u64], stride: usize, groups: usize, bytes: &mut [u8]) {
    for group in 0..groups {
        // rows[i][j]: the line of bit i of byte j.
        let mut rows: [ColumnWords; 8] = [[0; 8]; 8];
        for (at, &line) in LINE.iter().enumerate() {
            rows[at % 8][at / 8] = words[line * stride + group];
        }
        transpose_bytes(&mut rows);
        rows.iter_mut().for_each(transpose_bits);
        // Now byte t of rows[g][j] is byte j of number 8 g + t.
        let mut turns: [ColumnWords; 8] = std::array::from_fn(|j| std::array::from_fn(|g| rows[g][j]));
        transpose_bytes(&mut turns);
        let out: &mut [u8; GROUP + 1] =
            bytes[group * GROUP..].first_chunk_mut().expect("a byte more than the groups fill");
        // In rising order, for each store writes a byte too far.
        for k in 0..64 {
            let turn = turns[k % 8][k / 8];
            out[TURN * k..TURN * k + 8].copy_from_slice(&turn.to_le_bytes());
        }
    }
}

/// In each column: byte b of row r becomes byte r of row b.
#[inline(always)]
fn transpose_bytes(rows: &mut [ColumnWords; 8]) {
    const STEPS: [(usize, u32, u64); 3] =
        [(4, 32, 0x0000_0000_ffff_ffff), (2, 16, 0x0000_ffff_0000_ffff), (1, 8, 0x00ff_00ff_00ff_00ff)];
    for (distance, shift, mask) in STEPS {
        for r in (0..8).filter(|r| r & distance == 0) {
            let (lows, highs) = rows.split_at_mut(r + distance);
            for (low, high) in lows[r].iter_mut().zip(&mut highs[0]) {
                let swapped = (*low >> shift ^ *high) & mask;
                *low ^= swapped << shift;
                *high ^= swapped;
            }
        }
    }
}

/// In each word: bit b of byte r becomes bit r of byte b.
#[inline(always)]
fn transpose_bits(row: &mut ColumnWords) {
    for word in row {
        for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
            let swapped = (*word ^ *word >> shift) & mask;
            *word ^= swapped ^ swapped << shift;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use montesieve_kernel::isa::Supported;

    #[test]
    fn every_bit_finds_its_place() {
        let residues: Vec<u64> =
            (1..MODULUS).filter(|r| r % 2 != 0 && r % 3 != 0 && r % 5 != 0 && r % 7 != 0).collect();
        for isa in Supported::all() {
            let mut order = Order::new(isa);
            // A short sheet after a long one: what is left of that must not show.
            for bits in [64 * STRIPE as u64 * 2 + 640, 64, 128 + 64 * STRIPE as u64] {
                let is_one = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 == 0;
                order.begin(bits);
                for (i, residue) in residues.iter().enumerate() {
                    let mut line = vec![0_u8; bits as usize / 8 + 8];
                    (0..bits)
                        .filter(|k| is_one(residue + MODULUS * k))
                        .for_each(|k| line[k as usize / 8] |= 1 << (k % 8));
                    assert_eq!(order.take(&line), i + 1 == residues.len());
                }
                let mut next = 0;
                let end = order.each(|first, bytes| {
                    assert_eq!(first, next);
                    for (byte, number) in bytes.iter().zip((30 * first..).step_by(30)) {
                        let ones = |bit: usize| {
                            let number = number + u64::from(RESIDUES[bit]);
                            u8::from(!number.is_multiple_of(7) && is_one(number)) << bit
                        };
                        assert_eq!(*byte, (0..8).map(ones).sum::<u8>(), "byte of {number}, {bits} bits, {isa}");
                    }
                    next += bytes.len() as u64;
                    ControlFlow::Continue(())
                });
                assert!(end.is_continue() && next == bits * TURN as u64);
            }
        }
    }
}
