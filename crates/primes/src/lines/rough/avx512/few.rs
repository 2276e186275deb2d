//! Records of primes with few multiples in the window: each cofactor is tested by itself.
//!
//! Stands beside `masks.rs`, whose words of 64 cofactors are next to empty for these primes: most
//! of the primes near 2^64 have one odd multiple in a window, or none. So there is no word and no
//! queue: a cofactor is tested while it is in the registers, and what is left is already a place.
//!
//! Formula: an odd q divides m < 2^52 if and only if m q^-1 modulo 2^52 is at most (2^52 - 1) / q
//! (T. Granlund and P. Montgomery, "Division by invariant integers using multiplication", 1994).
//! `vpmadd52luq` also adds to the product: with the difference of 2^52 - 1 and (2^52 - 1) / q
//! added, bit 52 is set if and only if q does not divide m. That takes one instruction per q and 8
//! cofactors, half an instruction to combine them, and one test at the end; comparisons into mask
//! registers took twice as many. There are fewer q than for a word of cofactors, since a test
//! serves one cofactor here, not 64. Run time: 3 cycles a prime and window. Memory: 24 KB.

use super::places::LineTable;
use super::starts::{Starts, Window, load};
use crate::lines::rough::lists::Lists;
use std::arch::x86_64::*;

/// Odd primes to filter cofactors by. One more would cost more than the records that it spares.
pub(super) const FILTER: [u64; 6] = [3, 5, 7, 11, 13, 17];

/// Places found before they become records: 16 KiB.
const FLAT: usize = 2048;

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
    places: Vec<u64>,
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
        FewMultiples { divisors, places: vec![0; FLAT + 8], flat: vec![0; FLAT + 8] }
    }

    /// Puts the multiples of `primes` in the window into `lists`.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    pub(super) fn cross(&mut self, primes: &[u32], window: Window, table: &LineTable, lists: &mut Lists) {
        let (two, span) = (_mm512_set1_epi64(2), _mm512_set1_epi64(window.span as i64));
        let ones = _mm512_set1_epi64(-1);
        let mut found = 0;
        for eight in primes.chunks(8) {
            let (lanes, eight) = load(eight);
            let Starts { twice, half, mut offset } = window.first(eight);
            let mut cofactor = _mm512_add_epi64(_mm512_add_epi64(half, half), _mm512_set1_epi64(1));
            let mut inside = _mm512_mask_cmplt_epu64_mask(lanes, offset, span);
            while inside != 0 {
                let all = self.divisors.iter().fold(ones, |all, divisor| {
                    let (missing, inverse) = (_mm512_set1_epi64(divisor.missing), _mm512_set1_epi64(divisor.inverse));
                    _mm512_and_si512(all, _mm512_madd52lo_epu64(missing, cofactor, inverse))
                });
                let rough = _mm512_mask_test_epi64_mask(inside, all, _mm512_set1_epi64(1 << 52));
                debug_assert!(found < FLAT && self.places.len() == FLAT + 8);
                // SAFETY: there is room for 8 behind FLAT, and fewer than FLAT are found.
                unsafe {
                    let places = self.places.as_mut_ptr().add(found);
                    _mm512_storeu_si512(places.cast(), _mm512_maskz_compress_epi64(rough, offset));
                }
                found += rough.count_ones() as usize;
                if found >= FLAT {
                    self.put(std::mem::take(&mut found), table, lists);
                }
                cofactor = _mm512_add_epi64(cofactor, two);
                offset = _mm512_add_epi64(offset, twice);
                inside = _mm512_mask_cmplt_epu64_mask(inside, offset, span);
            }
        }
        self.put(found, table, lists);
    }

    /// Makes records of the first `found` places.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    fn put(&mut self, found: usize, table: &LineTable, lists: &mut Lists) {
        let table = table.load();
        let (places, flat) = (self.places.as_chunks::<8>().0, self.flat.as_chunks_mut::<8>().0);
        for (places, flat) in places[..found.div_ceil(8)].iter().zip(flat) {
            // SAFETY: there are 8 of each.
            unsafe {
                let records = table.records(_mm512_loadu_si512(places.as_ptr().cast()));
                _mm256_storeu_si256(flat.as_mut_ptr().cast(), records);
            }
        }
        lists.put(&self.flat[..found]);
    }
}
