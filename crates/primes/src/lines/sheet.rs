//! One modulus at work: its tables, its primes, and the line at hand.
//!
//! A *sheet* is all lines of one stretch of numbers, base to base + M L, for L bits a line. Lines
//! are sieved in the order of their residues, so the places of the primes follow from line to line
//! by a subtraction.
//!
//! Run time: see `shape.rs`. Memory: tables 180 KB, 16 bytes a sieving prime, one line and its
//! margins.

use super::modulus::Modulus;
use super::places::Places;
use super::presieve::{self, Presieve};
use super::small;
use super::steady;
use crate::tuning::Tuning;
use montesieve_kernel::isa::Supported;

/// Bytes of a line in which the second tier of small primes crosses before the larger ones follow:
/// its turns are up to 64 KiB long. The first tier has [`Tuning::stretch_bytes`].
const LONG_STRETCH: usize = 64 << 10;

/// The sieve of one modulus.
pub(super) struct Sheet {
    isa: Supported,
    /// Bytes of a line in which each tier of small primes crosses before the next one follows.
    stretches: [usize; 2],
    modulus: Modulus,
    presieve: Presieve,
    places: Places,
    /// Margin, line, margin.
    buffer: Vec<u8>,
    /// Bytes in front of the line: no small prime is larger, and a multiple of 64.
    margin: usize,
    /// The sheet at hand.
    base: u128,
    bytes: usize,
    /// The next line's place among the residues.
    next: usize,
    /// Sieving primes that are in the sheet and so cross themselves, as (residue, bit), rising.
    crossed: Vec<(u32, u32)>,
}

impl Sheet {
    /// A sieve by the modulus `number` with the given sieving `primes`, all from 2 on; `ends` are
    /// the upper ends of the tiers of small primes.
    pub(super) fn new(number: u32, primes: &[u32], ends: &[u32], tuning: Tuning) -> Sheet {
        let modulus = Modulus::new(number);
        let places = Places::new(primes, &modulus, ends);
        let margin = (ends[ends.len() - 1] as usize).next_multiple_of(64);
        let presieve = Presieve::new(&modulus);
        let (isa, stretches) = (tuning.isa.require(), [tuning.stretch_bytes as usize, LONG_STRETCH]);
        let (buffer, crossed) = (Vec::new(), Vec::new());
        Sheet { isa, stretches, modulus, presieve, places, buffer, margin, base: 0, bytes: 0, next: 0, crossed }
    }

    pub(super) fn modulus(&self) -> &Modulus {
        &self.modulus
    }

    /// Begins a sheet of lines of `bits` bits behind `base`, a multiple of the modulus, with
    /// sieving primes up to `root`. Lines have at least 64 bits more, also correct if `root`
    /// allows.
    pub(super) fn begin(&mut self, base: u128, bits: u64, root: u64) {
        self.base = base;
        self.bytes = (bits / 64 + 1) as usize * 8;
        self.next = 0;
        self.places.begin(base, self.modulus.residues[0], root);
        let size = self.margin + self.bytes + self.margin.max(steady::MARGIN / 8);
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        self.crossed.clear();
        if base <= u128::from(self.places.primes.iter().max().map_or(0, |&p| p).max(presieve::LARGEST)) {
            let own = self.places.primes[..self.places.active].iter().copied().chain(presieve::primes(&self.modulus));
            let number = u64::from(self.modulus.number);
            let base = base as u64;
            let spot = |p: u32| u64::from(p).checked_sub(base).map(|n| ((n % number) as u32, (n / number) as u32));
            self.crossed.extend(own.filter_map(spot));
            self.crossed.sort_unstable();
        }
    }

    /// Sieves the next line: its residue, and its bits.
    pub(super) fn next(&mut self) -> Option<(u32, &mut [u8])> {
        let residue = *self.modulus.residues.get(self.next)?;
        if self.next > 0 {
            self.places.step(self.isa, (residue - self.modulus.residues[self.next - 1]) / 2);
        }
        self.next += 1;
        let (start, border) = (self.margin, self.margin + self.bytes);
        self.presieve.begin(self.base, residue);
        self.presieve.fill(self.isa, &mut self.buffer[start..border]);
        self.places.turn(self.isa, self.margin as u32);
        for tier in 0..self.places.classes.len() {
            let stretch = self.stretches[tier.min(1)];
            small::cross(self.isa, &mut self.places, tier, &mut self.buffer, start, border, stretch);
        }
        let (primes, firsts) = self.places.others();
        steady::cross(self.isa, primes, firsts, &mut self.buffer[start..], 8 * self.bytes as u32);
        let line = &mut self.buffer[start..border];
        let from = self.crossed.partition_point(|&(r, _)| r < residue);
        for &(_, bit) in self.crossed[from..].iter().take_while(|&&(r, _)| r == residue) {
            if let Some(byte) = line.get_mut(bit as usize / 8) {
                *byte |= 1 << (bit % 8);
            }
        }
        if self.base == 0 && residue == 1 {
            // 1 is no prime.
            line[0] &= !1;
        }
        Some((residue, line))
    }
}
