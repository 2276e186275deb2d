//! Multiples of large primes as records, in AVX2: cofactors without small factors, 4 primes at
//! once.
//!
//! Stands beside `avx512.rs`, which has the same two ways and filters by arithmetic on integers of
//! 52 bits. AVX2 has no such products. So quotients and offsets are doubles, exact by a fused
//! multiplication ([`starts`]), and cofactors are filtered by tables of residues:
//! - some multiples in the window: `words.rs` reads the rough ones of 64 cofactors in a row as bits
//!   of a word, by all primes to 31, which leaves 15.3 % of the multiples (a wheel of 210: 22.9 %);
//! - three or fewer: `few.rs` tests each cofactor by primes to 13, which leaves 19.2 %.
//!
//! Run time: see docs/primes.md. Memory: 60 KB.

mod few;
mod starts;
mod words;

use super::batch::{batches, share_left};
use super::lists::{LineOfResidue, Lists};
use few::FewMultiples;
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;
use starts::Window;
use words::Words;

/// Shares of all multiples that are left: of primes with some multiples in the window, and with
/// few.
pub(super) fn shares() -> [f64; 2] {
    [share_left(&words::FILTER), share_left(&few::FILTER)]
}

pub(super) struct Avx2 {
    table: LineOfResidue,
    words: Words,
    few: FewMultiples,
    isa: Supported,
}

impl Avx2 {
    /// `isa` is AVX2.
    pub(super) fn new(residues: &[u32], isa: Supported) -> Avx2 {
        Avx2 { table: LineOfResidue::new(residues), words: Words::new(), few: FewMultiples::new(), isa }
    }

    /// Puts the multiples of `primes` in the window of `span` numbers from `base` on into `lists`.
    /// Both numbers are even; all primes, with `above` added, are above 2^21, and `base` above
    /// them, by a factor below 2^52; `span` is below 2^34.
    pub(super) fn cross(&mut self, (above, primes): (u64, &[u32]), base: u128, span: u64, lists: &mut Lists) {
        assert!(base.is_multiple_of(2) && span.is_multiple_of(2) && span < 1 << 34);
        let window = Window::new(base, span, above);
        for batch in batches(above, primes, span) {
            if batch.has_few() {
                cross_few(self.isa, &mut self.few, batch.primes, (window, batch.most), &self.table, lists);
            } else {
                cross_words(self.isa, &mut self.words, batch.primes, window, &self.table, lists);
            }
        }
    }
}

dispatch! {
    fn cross_few(isa: Supported, few: &mut FewMultiples, primes: &[u32], window: (Window, u64), table: &LineOfResidue, lists: &mut Lists) {
        portable => unreachable!("`Rough` makes an `Avx2` of AVX2 alone"),
        avx2 => few.cross(primes, window, table, lists),
        avx512 => unreachable!("likewise"),
    }
}

dispatch! {
    fn cross_words(isa: Supported, words: &mut Words, primes: &[u32], window: Window, table: &LineOfResidue, lists: &mut Lists) {
        portable => unreachable!("likewise"),
        avx2 => words.cross(primes, window, table, lists),
        avx512 => unreachable!("likewise"),
    }
}
