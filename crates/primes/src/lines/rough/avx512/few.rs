//! Records of primes with few multiples in the window: each cofactor is tested by itself.
//!
//! Stands beside `masks.rs`, whose words of 64 cofactors are next to empty for these primes: most
//! of the primes near 2^64 have one odd multiple in a window, or none. So there is no word and no
//! queue: those inside are packed, and each of their cofactors is tested.
//!
//! Formula: an odd q divides m < 2^52 if and only if m q^-1 modulo 2^52 is at most (2^52 - 1) / q
//! (T. Granlund and P. Montgomery, "Division by invariant integers using multiplication", 1994).
//! `vpmadd52luq` also adds to the product: with the difference of 2^52 - 1 and (2^52 - 1) / q
//! added, bit 52 is set if and only if q does not divide m. That takes one instruction per q and 8
//! cofactors, half an instruction to combine them, and one test at the end; comparisons into mask
//! registers took twice as many. There are fewer q than for a word of cofactors, since a test
//! serves one cofactor here, not 64. Memory: 24 KB.

use super::places::LineTable;
use super::starts::{Starts, Window, load};
use crate::lines::rough::lists::Lists;
use std::arch::x86_64::*;

/// Odd primes to filter cofactors by. One more would cost more than the records that it spares.
pub(super) const FILTER: [u64; 6] = [3, 5, 7, 11, 13, 17];

/// Multiples found before they become records: 8 KiB of places.
const FOUND: usize = 1024;

/// What a multiple of an odd q is known by.
#[derive(Clone, Copy)]
struct Divisor {
    /// q^-1 modulo 2^52.
    inverse: i64,
    /// 2^52 - 1 less (2^52 - 1) / q.
    missing: i64,
}

pub(super) struct FewMultiples {
    divisors: [Divisor; FILTER.len()],
    halves: Vec<u64>,
    offsets: Vec<u64>,
    flat: Vec<u32>,
}

impl FewMultiples {
    pub(super) fn new() -> FewMultiples {
        let divisors = FILTER.map(|q| {
            // Newton: each step doubles the bits that are right, 3 of them at first.
            let inverse = (0..5).fold(q, |x, _| x.wrapping_mul(2_u64.wrapping_sub(q.wrapping_mul(x))));
            let below = (1 << 52) - 1;
            Divisor { inverse: (inverse & below) as i64, missing: (below - below / q) as i64 }
        });
        let column = || vec![0; FOUND + 8];
        FewMultiples { divisors, halves: column(), offsets: column(), flat: vec![0; FOUND + 16] }
    }

    /// Puts the multiples of `primes` in the window into `lists`: `most` of each prime.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    pub(super) fn cross(
        &mut self,
        primes: &[u32],
        (window, most): (Window, u64),
        table: &LineTable,
        lists: &mut Lists,
    ) {
        let (one, span) = (_mm512_set1_epi64(1), _mm512_set1_epi64(window.span as i64));
        let mut found = 0;
        for eight in primes.chunks(8) {
            let (lanes, eight) = load(eight);
            let Starts { twice, mut half, mut offset } = window.first(eight);
            // A loop that ends where no lane is inside any more would end at a place that no
            // processor can predict.
            for _ in 0..most {
                let inside = _mm512_mask_cmplt_epu64_mask(lanes, offset, span);
                debug_assert!(found < FOUND && self.halves.len() == FOUND + 8);
                // SAFETY: there is room for 8 behind FOUND, and fewer than FOUND are found.
                unsafe {
                    let halves = self.halves.as_mut_ptr().add(found);
                    _mm512_storeu_si512(halves.cast(), _mm512_maskz_compress_epi64(inside, half));
                    let offsets = self.offsets.as_mut_ptr().add(found);
                    _mm512_storeu_si512(offsets.cast(), _mm512_maskz_compress_epi64(inside, offset));
                }
                found += inside.count_ones() as usize;
                if found >= FOUND {
                    self.put(std::mem::take(&mut found), table, lists);
                }
                offset = _mm512_add_epi64(offset, twice);
                half = _mm512_add_epi64(half, one);
            }
        }
        self.put(found, table, lists);
    }

    /// Makes records of the first `found` multiples whose cofactor is rough.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    fn put(&mut self, found: usize, table: &LineTable, lists: &mut Lists) {
        let (table, one) = (table.load(), _mm512_set1_epi64(1));
        let groups = self.halves.as_chunks::<8>().0.iter().zip(self.offsets.as_chunks::<8>().0);
        let mut filled = 0;
        for (group, (halves, offsets)) in groups.take(found.div_ceil(8)).enumerate() {
            // SAFETY: there are 8 of each.
            let (half, offset) =
                unsafe { (_mm512_loadu_si512(halves.as_ptr().cast()), _mm512_loadu_si512(offsets.as_ptr().cast())) };
            let cofactor = _mm512_add_epi64(_mm512_add_epi64(half, half), one);
            let all = self.divisors.iter().fold(_mm512_set1_epi64(-1), |all, divisor| {
                let (missing, inverse) = (_mm512_set1_epi64(divisor.missing), _mm512_set1_epi64(divisor.inverse));
                _mm512_and_si512(all, _mm512_madd52lo_epu64(missing, cofactor, inverse))
            });
            let lanes = 0xff_u8 >> (8 - (found - 8 * group).min(8));
            let rough = _mm512_mask_test_epi64_mask(lanes, all, _mm512_set1_epi64(1 << 52));
            let records = _mm512_castsi256_si512(table.records(offset));
            // SAFETY: 16 more than FOUND fit; a group leaves 8 at most.
            unsafe {
                let records = _mm512_castsi512_si256(_mm512_maskz_compress_epi32(rough.into(), records));
                _mm256_storeu_si256(self.flat.as_mut_ptr().add(filled).cast(), records);
            }
            filled += rough.count_ones() as usize;
        }
        lists.put(&self.flat[..filled]);
    }
}
