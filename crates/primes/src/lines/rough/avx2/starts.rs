//! First odd multiples of primes in a window, 4 primes at once, in doubles.
//!
//! Stands beside `words.rs` and `few.rs`, which continue from there.
//!
//! Formula: with A the window's first number, h = round(A / 2p) and m = 2h + 1 give the first odd
//! cofactor, and m p - A its offset, with a correction by one. A is the sum of two doubles, and
//! h 2p less the first is a whole number below 2^53: a fused multiplication gives it exactly.

use std::arch::x86_64::*;

/// Primes at once.
pub(super) const LANES: usize = 4;

/// A stretch of numbers: an even number, and how many even steps follow.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) span: f64,
    half_base: f64,
    /// The first number as two doubles.
    high: f64,
    low: f64,
    /// What its primes have besides 32 bits.
    above: f64,
}

/// First multiples of 4 primes: twice the prime, half the cofactor, distance from the window's
/// beginning. All are whole numbers below 2^53.
pub(super) struct Starts {
    pub(super) twice: __m256d,
    pub(super) half: __m256d,
    pub(super) offset: __m256d,
}

impl Window {
    pub(super) fn new(base: u128, span: u64, above: u64) -> Window {
        let high = base as f64;
        let low = (base as i128 - high as i128) as f64;
        Window { span: span as f64, half_base: (base / 2) as f64, high, low, above: above as f64 }
    }

    /// The first odd multiple at or behind the window's first number of each of 4 primes, which are
    /// below that and above 2^21. The quotient is below 2^51.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub(super) fn first(self, primes: __m128i) -> Starts {
        const MAGIC: f64 = (1_u64 << 52) as f64;
        let bits = _mm256_or_si256(_mm256_cvtepu32_epi64(primes), _mm256_castpd_si256(_mm256_set1_pd(MAGIC)));
        let p = _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(MAGIC - self.above));
        let twice = _mm256_add_pd(p, p);
        let quotient = _mm256_div_pd(_mm256_set1_pd(self.half_base), p);
        let mut half = _mm256_round_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(quotient);
        let rest = _mm256_fmsub_pd(half, twice, _mm256_set1_pd(self.high));
        let mut offset = _mm256_add_pd(rest, _mm256_sub_pd(p, _mm256_set1_pd(self.low)));
        let before = _mm256_cmp_pd::<_CMP_LT_OQ>(offset, _mm256_setzero_pd());
        let behind = _mm256_cmp_pd::<_CMP_GE_OQ>(offset, twice);
        if _mm256_movemask_pd(_mm256_or_pd(before, behind)) != 0 {
            let one = _mm256_set1_pd(1.0);
            offset = _mm256_add_pd(offset, _mm256_and_pd(before, twice));
            half = _mm256_add_pd(half, _mm256_and_pd(before, one));
            offset = _mm256_sub_pd(offset, _mm256_and_pd(behind, twice));
            half = _mm256_sub_pd(half, _mm256_and_pd(behind, one));
        }
        Starts { twice, half, offset }
    }
}

/// Up to 4 primes, and a lane of ones for each.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn load(four: &[u32]) -> (__m256d, __m128i) {
    if let Ok(four) = <&[u32; LANES]>::try_from(four) {
        // SAFETY: there are 4.
        return (_mm256_castsi256_pd(_mm256_set1_epi64x(-1)), unsafe { _mm_loadu_si128(four.as_ptr().cast()) });
    }
    let (mut filled, mut lanes) = ([1 << 30; LANES], [0; LANES]);
    filled[..four.len()].copy_from_slice(four);
    lanes[..four.len()].fill(-1);
    let [a, b, c, d] = lanes;
    // SAFETY: there are 4.
    (_mm256_castsi256_pd(_mm256_setr_epi64x(a, b, c, d)), unsafe { _mm_loadu_si128(filled.as_ptr().cast()) })
}

/// The remainder of a whole number below 2^51 by a smaller one, nearest to 0.
#[target_feature(enable = "avx2,fma")]
#[inline]
pub(super) fn nearest_rest(number: __m256d, modulus: f64) -> __m256d {
    let quotient = _mm256_mul_pd(number, _mm256_set1_pd(1.0 / modulus));
    let whole = _mm256_round_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(quotient);
    _mm256_fnmadd_pd(whole, _mm256_set1_pd(modulus), number)
}
