//! Multiples of large primes as records, in AVX-512: cofactors without small factors, 8 primes at once.
//!
//! Stands beside `portable.rs`. A multiple m p counts only if its cofactor m has no small factor q, for otherwise q has
//! crossed it. A wheel steps over such m, but its state is a table look-up a hit; and its size ends at factor 7. Here
//! cofactors are filtered by arithmetic. There are two ways, by how many multiples a prime has in the window:
//! - some: `masks.rs` filters 64 cofactors in a row as bits of a word, by all q to 37 or 53, which leaves 14 to 15 % of
//!   the multiples (a wheel of 210: 22.9 %); `queue.rs` turns the words into records;
//! - three or fewer: `few.rs` tests cofactors one by one, by q to 17, which leaves 18 %.
//!
//! `starts.rs` finds the first multiples for both, `places.rs` makes records from places.
//!
//! Reference for the filter's idea: it is Legendre's, as in the "wheel" of any sieve; seen as masks it is our own.

mod few;
mod masks;
mod places;
mod queue;
mod starts;

use super::FEW;
use super::lists::Lists;
use few::Few;
use masks::Masks;
use places::Table;
use starts::Window;

/// Primes treated alike: their number of multiples in a window is that of the first.
const BATCH: usize = 1024;

/// Whether this CPU has all that is needed here, which is a little more than `Isa::Avx512` promises.
pub(super) fn is_supported() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("popcnt")
        && has!("bmi1")
        && has!("bmi2")
        && has!("lzcnt")
        && has!("avx512f")
        && has!("avx512bw")
        && has!("avx512dq")
        && has!("avx512vl")
        && has!("avx512cd")
        && has!("avx512ifma")
        && has!("avx512vbmi")
        && has!("avx512vbmi2")
}

/// Shares of all multiples that are left by masks with `filters` primes, and for primes with few multiples.
pub(super) fn shares(filters: usize) -> [f64; 2] {
    [left(&masks::FILTER[..filters]), left(&few::FILTER)]
}

/// What is left by the primes of `filter`, and 2.
fn left(filter: &[u64]) -> f64 {
    filter.iter().fold(0.5, |share, &q| share * (1.0 - 1.0 / q as f64))
}

pub(super) struct Avx512 {
    table: Table,
    masks: Masks,
    few: Few,
}

impl Avx512 {
    /// Masks by `filters` odd primes.
    ///
    /// # Panics
    /// When this CPU cannot do it.
    pub(super) fn new(residues: &[u32], filters: usize) -> Avx512 {
        assert!(is_supported());
        Avx512 { table: Table::new(residues), masks: Masks::new(filters), few: Few::new() }
    }

    /// Puts the multiples of `primes` in the window of `span` numbers from `base` on into `lists`, all but a few that
    /// wait for [`finish`](Avx512::finish). Both numbers are even; all primes, with `above` added, are above 2^22, and `base` above
    /// them, by a factor below 2^51; `span` is below 2^34.
    pub(super) fn cross(&mut self, (above, primes): (u64, &[u32]), base: u128, span: u64, lists: &mut Lists) {
        assert!(base.is_multiple_of(2) && span.is_multiple_of(2) && span < 1 << 34);
        let window = Window { base, span, above };
        for primes in primes.chunks(BATCH) {
            // SAFETY: `new` made sure that this CPU has the instructions.
            unsafe {
                if 2 * FEW * (above + u64::from(primes[0])) >= span {
                    self.few.cross(primes, window, &self.table, lists);
                } else {
                    debug_assert_eq!(above, 0);
                    self.masks.cross(primes, window, &self.table, lists);
                }
            }
        }
    }

    /// Forgets what is left.
    pub(super) fn forget(&mut self) {
        self.masks.forget();
    }

    /// Puts what is left into `lists`.
    pub(super) fn finish(&mut self, lists: &mut Lists) {
        self.masks.finish(&self.table, lists);
    }
}
