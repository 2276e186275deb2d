//! First odd multiples of primes in a window, 8 primes at once.
//!
//! Stands beside `masks.rs` and `few.rs`, which continue from there.
//!
//! Formula: h = round(A / 2p) and m = 2h + 1 give the first odd cofactor; m p - A = (2h + 1) p - A,
//! with a correction by one. Run time: 1.5 cycles a prime (AMD Zen 5). Memory: none.

use std::arch::x86_64::*;

/// A stretch of numbers: an even number, and how many even steps follow.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) base: u128,
    pub(super) span: u64,
    /// What its primes have besides 32 bits.
    pub(super) above: u64,
}

/// First multiples of 8 primes: twice the prime, half the cofactor, distance from the window's
/// beginning.
pub(super) struct Starts {
    pub(super) twice: __m512i,
    pub(super) half: __m512i,
    pub(super) offset: __m512i,
}

impl Window {
    /// The first odd multiple at or behind `base` of each of 8 primes, which are below `base` and
    /// above 2^21. The quotient is below 2^51.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[inline]
    pub(super) fn first(self, primes: __m256i) -> Starts {
        let half_base = _mm512_set1_pd((self.base / 2) as f64);
        let (base, one) = (_mm512_set1_epi64(self.base as i64), _mm512_set1_epi64(1));
        let p = _mm512_add_epi64(_mm512_cvtepu32_epi64(primes), _mm512_set1_epi64(self.above as i64));
        let twice = _mm512_add_epi64(p, p);
        let mut half = _mm512_cvtpd_epi64(_mm512_div_pd(half_base, _mm512_cvtepu64_pd(p)));
        let mut offset = _mm512_sub_epi64(_mm512_add_epi64(_mm512_mullo_epi64(half, twice), p), base);
        let before = _mm512_movepi64_mask(offset);
        let behind = _mm512_cmpge_epi64_mask(offset, twice);
        if before | behind != 0 {
            offset = _mm512_mask_add_epi64(offset, before, offset, twice);
            half = _mm512_mask_add_epi64(half, before, half, one);
            offset = _mm512_mask_sub_epi64(offset, behind, offset, twice);
            half = _mm512_mask_sub_epi64(half, behind, half, one);
        }
        Starts { twice, half, offset }
    }
}

/// Up to 8 primes, and which lanes have one.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
#[inline]
pub(super) fn load(eight: &[u32]) -> (__mmask8, __m256i) {
    if eight.len() == 8 {
        // SAFETY: there are 8. (A masked load would wait for every store before it.)
        return (0xff, unsafe { _mm256_loadu_si256(eight.as_ptr().cast()) });
    }
    let mut filled = [1 << 30; 8];
    filled[..eight.len()].copy_from_slice(eight);
    // SAFETY: there are 8.
    (0xff_u8 >> (8 - eight.len()), unsafe { _mm256_loadu_si256(filled.as_ptr().cast()) })
}
