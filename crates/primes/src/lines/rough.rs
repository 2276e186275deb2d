//! Large primes: their crossings of a whole window of lines, prepared in one pass and sorted by
//! line and piece.
//!
//! Stands beside `steady.rs` because a prime longer than a line misses most lines. The usual answer
//! is a bucket a segment, in which a prime waits until the sieve arrives (Oliveira e Silva). It
//! keeps 8 bytes for every prime throughout, and each prime starts with a scalar division. Here
//! nothing is kept between windows but the primes themselves, as a bitmap (`bitmap.rs`): a window
//! of a few pieces is one pass over all of them in order, which finds the first multiple of each by
//! a vector division, leaves out cofactors with small factors, and writes a record of 3 bytes for
//! each crossing into the list of its line and piece (`lists.rs`).
//!
//! Three kernels make records, with the same lines as a result: `avx512.rs` and `avx2.rs` by words
//! of rough cofactors, `portable.rs` by a wheel. They make different records, since the first two
//! leave out more that others cross.
//!
//! Reference, for the buckets: T. Oliveira e Silva, "Fast implementation of the segmented sieve of
//! Eratosthenes" (2002).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod batch;
pub(super) mod bitmap;
mod lists;
mod portable;

use lists::Lists;
#[cfg(target_arch = "x86_64")]
use montesieve_kernel::isa::Isa;
use montesieve_kernel::isa::Supported;
use portable::Portable;

/// Bits of a piece of a line: 2^22, which is 512 KiB, half of the L2 cache of the AMD Zen 5 it was
/// tuned on.
pub(super) const PIECE_BITS: u32 = 22;

/// Bytes of a piece of a line.
pub(super) const PIECE_BYTES: usize = 1 << (PIECE_BITS - 3);

/// The modulus of the lines.
pub(super) const MODULUS: u64 = 210;

/// Lines.
pub(super) const LINES: usize = 48;

/// Primes with at most this number of odd multiples in a window have few. There a test of each
/// cofactor costs less than a word of 64 (AMD Zen 4).
const FEW: u64 = 3;

/// Pieces in a window at most: a record has 26 bits for the place.
pub(super) const PIECES: u64 = 1 << (lists::PLACE_BITS - PIECE_BITS);

/// The large primes of one size: their crossings in one window.
pub(super) struct Rough {
    maker: Maker,
    lists: Lists,
    /// Shares of all multiples that become records, of primes with more and with few multiples in a
    /// window.
    shares: [f64; 2],
    /// Bits of a part of a line: each part has its own list.
    part: u32,
    base: u128,
    span: u64,
}

enum Maker {
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<avx512::Avx512>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<avx2::Avx2>),
    Portable(Box<Portable>),
}

impl Rough {
    /// For lines of `residues`, in lists of 2^`part` bits; with AVX-512 cofactors are filtered by
    /// `filters` odd primes.
    pub(super) fn new(residues: &[u32], part: u32, filters: usize, isa: Supported) -> Rough {
        let portable = || (Maker::Portable(Box::new(Portable::new(residues, isa))), [LINES as f64 / MODULUS as f64; 2]);
        #[cfg(target_arch = "x86_64")]
        let (maker, shares) = match isa.isa() {
            Isa::Avx512 => {
                (Maker::Avx512(Box::new(avx512::Avx512::new(residues, filters, isa))), avx512::shares(filters))
            }
            Isa::Avx2 => (Maker::Avx2(Box::new(avx2::Avx2::new(residues, isa))), avx2::shares()),
            Isa::Portable => portable(),
        };
        #[cfg(not(target_arch = "x86_64"))]
        let ((maker, shares), _) = (portable(), filters);
        Rough { maker, lists: Lists::new(part, isa), shares, part, base: 0, span: 0 }
    }

    /// How many records to expect of primes between `from` and `to` in one list of a whole part,
    /// and a bit more, when the window has `span` numbers.
    pub(super) fn records(&self, from: f64, to: f64, span: u64) -> usize {
        let numbers = ((1_u64 << self.part) * MODULUS) as f64;
        let few = (span as f64 / (2 * FEW) as f64).clamp(from, to.max(from));
        let of = |from: f64, to: f64| numbers * (to.ln() / from.ln()).ln();
        let records = of(from, few) * self.shares[0] + of(few, to.max(few)) * self.shares[1];
        (records / LINES as f64 * 1.03) as usize + 2048
    }

    /// Bytes that the lists of a piece take, if each part has `records`.
    pub(super) fn bytes(&self, records: usize) -> usize {
        3 * LINES * (records << (PIECE_BITS - self.part))
    }

    /// Begins a window of lines of `bits` bits from `base` on.
    pub(super) fn begin(&mut self, base: u128, bits: u64, records: usize) {
        (self.base, self.span) = (base, bits * MODULUS);
        self.lists.begin(LINES, bits, records);
        // A window before this one may have been abandoned.
        match &mut self.maker {
            #[cfg(target_arch = "x86_64")]
            Maker::Avx512(maker) => maker.forget(),
            #[cfg(target_arch = "x86_64")]
            Maker::Avx2(_) => {}
            Maker::Portable(_) => {}
        }
    }

    /// Takes primes, all below the window's first number and of the size expected: each is one of
    /// `primes`, and `above`. There is something above only where a prime has few multiples in the
    /// window.
    pub(super) fn cross(&mut self, above: u64, primes: &[u32]) {
        match &mut self.maker {
            #[cfg(target_arch = "x86_64")]
            Maker::Avx512(maker) => maker.cross((above, primes), self.base, self.span, &mut self.lists),
            #[cfg(target_arch = "x86_64")]
            Maker::Avx2(maker) => maker.cross((above, primes), self.base, self.span, &mut self.lists),
            Maker::Portable(maker) => maker.cross((above, primes), self.base, self.span, &mut self.lists),
        }
    }

    /// No more primes in this window.
    pub(super) fn finish(&mut self) {
        match &mut self.maker {
            #[cfg(target_arch = "x86_64")]
            Maker::Avx512(maker) => maker.finish(&mut self.lists),
            #[cfg(target_arch = "x86_64")]
            Maker::Avx2(_) => {}
            Maker::Portable(_) => {}
        }
    }

    /// Crosses off `piece`, which is piece number `number` of line number `line`.
    pub(super) fn apply(&self, line: usize, number: usize, piece: &mut [u8]) {
        let parts = 1 << (PIECE_BITS - self.part);
        for part in 0..parts.min(self.lists.parts() - number * parts) {
            self.lists.apply(line, number * parts + part, piece);
        }
    }
}

#[cfg(test)]
mod tests;
