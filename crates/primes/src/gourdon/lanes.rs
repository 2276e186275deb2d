//! The hot loops of the leaves, in one plain form and one for AVX-512, and the choice between them.
//!
//! Each loop takes a batch of up to [`BATCH`] leaves of one prime. Plain Rust is compiled once for each instruction set; AVX-512 has its
//! own forms where the compiler finds no vectors (compressing by a mask, counters in lanes). All give the same integers.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(test)]
mod tests;

use super::counts::Entry;
use super::crossing::{self, Place};
use super::factors::COPRIME;
use montesieve_kernel::isa::Isa;

/// Leaves in one go: two buffers of 16 KiB stay in the second-level cache.
pub(super) const BATCH: usize = 4096;
/// Beyond the leaves: a turn of the factor table, and a vector's end.
const ROOM: usize = COPRIME + 64;

/// A number to divide many times: floor(n / m) for m below 2^50, when that is below 2^50.
///
/// The quotient of doubles, n made smaller by 2^-51 of itself, is the right one or one too small; the remainder mod 2^64 tells.
/// Below 2^52 there is a shorter way: (n + 1/2) / m is 1 / (2 m) or more away from every whole number, and its double is off by less than
/// 2^-53 of itself, which is less than that. So its whole part is right at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dividend {
    under: f64,
    low: u64,
    /// n + 1/2 for n below 2^52; 0 else.
    middle: f64,
}

impl Dividend {
    pub(super) fn new(n: u128) -> Dividend {
        let middle = if n < 1 << 52 { n as f64 + 0.5 } else { 0.0 };
        Dividend { under: n as f64 * (1.0 - 1.0 / (1_u64 << 51) as f64), low: n as u64, middle }
    }

    /// floor(n / m), or `most` if that is less.
    #[inline(always)]
    pub(super) fn over(self, m: u64, most: u64) -> u64 {
        let quotient = self.under / m as f64;
        if quotient >= most as f64 { most } else { self.correct(quotient as i64 as u64, m) }
    }

    #[inline(always)]
    fn correct(self, quotient: u64, m: u64) -> u64 {
        let rest = self.low.wrapping_sub(quotient.wrapping_mul(m));
        quotient + u64::from(rest >= m)
    }
}

/// Divisors m of leaves, in falling order: what they are above a number that all of them have in common.
pub(super) struct Batch {
    pub(super) m: Vec<u32>,
    pub(super) length: usize,
}

impl Batch {
    pub(super) fn new() -> Batch {
        Batch { m: vec![1; BATCH + ROOM], length: 0 }
    }

    /// Whether another turn of the factor table may not fit.
    pub(super) fn is_full(&self) -> bool {
        self.length > BATCH - COPRIME
    }
}

/// Part of a turn of the factor table: entries `from..to`, numbers from `base` on (above what is common to a batch).
#[derive(Clone, Copy)]
pub(super) struct Turn<'t> {
    pub(super) codes: &'t [u16; COPRIME],
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) base: u32,
}

/// The sieved segment of hard leaves: 30 numbers a byte from `low` on, and a counter for each 64 bytes.
pub(super) struct Sieved<'s> {
    pub(super) bytes: &'s [u8],
    pub(super) counters: &'s [u32],
    pub(super) low: u64,
}

/// An instruction set that this CPU has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes(Isa);

impl Lanes {
    /// # Panics
    /// When this CPU does not have the instruction set.
    pub(super) fn new(isa: Isa) -> Lanes {
        assert!(isa.is_supported(), "this CPU has no {isa}");
        Lanes(isa)
    }

    /// Which it is.
    pub(super) fn isa(self) -> Isa {
        self.0
    }
}

macro_rules! lanes {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty = $body:path, $wide:path) => {
        impl Lanes {
            $(#[$doc])*
            #[inline]
            pub(super) fn $name(self, $($argument: $type),*) -> $result {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
                    fn avx2($($argument: $type),*) -> $result {
                        $body($($argument),*)
                    }
                    match self.0 {
                        Isa::Portable => {}
                        // SAFETY: `Lanes::new` made sure that this CPU has all of `Isa::Avx2`.
                        Isa::Avx2 => return unsafe { avx2($($argument),*) },
                        // SAFETY: likewise for `Isa::Avx512`.
                        Isa::Avx512 => return unsafe { $wide($($argument),*) },
                    }
                }
                $body($($argument),*)
            }
        }
    };
}

lanes! {
    /// How many bits are ones up to each leaf x / (p (base + m)), added up; m falls, so the leaves rise.
    count_leaves(xp: Dividend, base: u64, m: &[u32], places: &mut [u32], sieved: &Sieved<'_>) -> u64
        = portable::count_leaves, avx512::count_leaves
}
lanes! {
    /// Sets the counters of all 64-byte blocks; gives the number of ones.
    recount(bytes: &[u8], counters: &mut [u32]) -> u64 = portable::recount, avx512::recount
}
lanes! {
    /// Takes the numbers with a code above `threshold` out of a turn, in falling order: mu = 1 to the first batch, -1 to the second.
    select(turn: Turn<'_>, threshold: u16, even: &mut Batch, odd: &mut Batch) -> () = portable::select, avx512::select
}
lanes! {
    /// Primes from `low` up to x / (p (base + q)), added up over the q.
    sum_counts(xp: Dividend, base: u64, q: &[u32], low: u64, entries: &[Entry]) -> u64
        = portable::sum_counts, avx512::sum_counts
}
lanes! {
    /// Crosses a segment off and moves the place to the next one.
    cross(segment: &mut [u8], place: &mut Place) -> () = crossing::cross, avx512::cross
}
lanes! {
    /// The same, keeping the counters right; gives how many numbers were still there.
    cross_counted(segment: &mut [u8], place: &mut Place, counters: &mut [u32]) -> u64
        = crossing::cross_counted, avx512::cross_counted
}
