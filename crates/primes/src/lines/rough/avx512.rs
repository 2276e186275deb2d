//! Multiples of large primes as records, in AVX-512: cofactors without small factors, 8 primes at
//! once.
//!
//! Stands beside `portable.rs`. A multiple m p counts only if its cofactor m has no small factor q,
//! for otherwise q has crossed it. A wheel steps over such m, but costs a table look-up a hit, and
//! reaches only factor 7. Here cofactors are filtered by arithmetic. There are two filters, by the
//! number of multiples of a prime in the window:
//! - some: `masks.rs` filters 64 cofactors in a row as bits of a word, by all q to 37 or 53, which
//!   leaves 14 to 15 % of the multiples (a wheel of 210: 22.9 %); `queue.rs` turns the words into
//!   records;
//! - three or fewer: `few.rs` tests cofactors one by one, by q to 17, which leaves 18 %.
//!
//! `starts.rs` finds the first multiples for both, `places.rs` makes records from places.
//!
//! Reference: the filter is Legendre's idea, as in the "wheel" of any sieve; the form as masks is
//! our own.

mod few;
mod masks;
mod places;
mod queue;
mod starts;

use super::batch::{batches, share_left};
use super::lists::Lists;
use few::FewMultiples;
use masks::Masks;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;
use places::LineTable;
use starts::Window;

/// Shares of all multiples that are left by masks with `filters` primes, and for primes with few
/// multiples.
pub(super) fn shares(filters: usize) -> [f64; 2] {
    [share_left(&masks::FILTER[..filters]), share_left(&few::FILTER)]
}

pub(super) struct Avx512 {
    table: LineTable,
    masks: Masks,
    few: FewMultiples,
    isa: Supported,
}

impl Avx512 {
    /// Masks by `filters` odd primes; `isa` is AVX-512.
    pub(super) fn new(residues: &[u32], filters: usize, isa: Supported) -> Avx512 {
        Avx512 { table: LineTable::new(residues), masks: Masks::new(filters), few: FewMultiples::new(), isa }
    }

    /// Puts the multiples of `primes` in the window of `span` numbers from `base` on into `lists`,
    /// all but a few that wait for [`finish`](Avx512::finish). Both numbers are even; all primes,
    /// with `above` added, are above 2^21, and `base` above them, by a factor below 2^52; `span` is
    /// below 2^34.
    pub(super) fn cross(&mut self, (above, primes): (u64, &[u32]), base: u128, span: u64, lists: &mut Lists) {
        assert!(base.is_multiple_of(2) && span.is_multiple_of(2) && span < 1 << 34);
        let window = Window { base, span, above };
        for batch in batches(above, primes, span) {
            let (primes, least) = (batch.primes, batch.least);
            if batch.has_few() || !Masks::are_exact(base, span, least) {
                cross_few(self.isa, &mut self.few, primes, (window, batch.most), &self.table, lists);
            } else {
                debug_assert_eq!(above, 0);
                cross_masks(self.isa, &mut self.masks, primes, (window, least), &self.table, lists);
            }
        }
    }

    /// Forgets what is left.
    pub(super) fn forget(&mut self) {
        self.masks.forget();
    }

    /// Flushes the rest into `lists`.
    pub(super) fn finish(&mut self, lists: &mut Lists) {
        finish(self.isa, &mut self.masks, &self.table, lists);
    }
}

dispatch! {
    fn cross_few(isa: Supported, few: &mut FewMultiples, primes: &[u32], window: (Window, u64), table: &LineTable, lists: &mut Lists) {
        avx512 => few.cross(primes, window, table, lists),
        else => unreachable!("`Rough` makes an `Avx512` of AVX-512 alone"),
    }
}

dispatch! {
    fn cross_masks(isa: Supported, masks: &mut Masks, primes: &[u32], window: (Window, u64), table: &LineTable, lists: &mut Lists) {
        avx512 => masks.cross(primes, window, table, lists),
        else => unreachable!("likewise"),
    }
}

dispatch! {
    fn finish(isa: Supported, masks: &mut Masks, table: &LineTable, lists: &mut Lists) {
        avx512 => masks.finish(table, lists),
        else => unreachable!("likewise"),
    }
}
