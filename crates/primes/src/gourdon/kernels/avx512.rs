//! The forms for AVX-512: quotients and look-ups 8 at a time, a leaf's block by one mask, numbers
//! selected by compression.
//!
//! Unsafe throughout for its loads and stores: every one is inside a slice whose length is checked
//! before.

use std::arch::x86_64::*;

use super::{Dividend, ENTRY, GROUP, LeafBatch, MASKS, NUMBERS, ROW, Sieved, Turn};
use crate::gourdon::crossing::BLOCK;
use crate::gourdon::factors::{COPRIME, RESIDUES};

/// Residues twice as wide as the codes they belong to, in vectors of 16.
const LANES: usize = 16;
/// How many numbers from 1 to r are coprime to 30, at (r + 1) / 2: for r below 120.
static COPRIMES: [u8; 64] = {
    let (mut list, mut i, mut count) = ([0; 64], 1, 0);
    while i <= 60 {
        let odd = 2 * i as u32 - 1;
        if !odd.is_multiple_of(3) && !odd.is_multiple_of(5) {
            count += 1;
        }
        list[i] = count;
        i += 1;
    }
    list
};

macro_rules! wide {
    ($($item:item)*) => { $(
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx512vbmi,avx512vbmi2,avx512vpopcntdq")]
        $item
    )* };
}

wide! {
    /// floor(xp / (base + m)) - low for 8 divisors, in the low 52 bits of each lane.
    #[inline]
    fn offsets<const SHORT: bool>(xp: Dividend, base: u64, m: __m256i, low: u64) -> __m512i {
        // Below 2^50: exact.
        let divisors = _mm512_add_pd(_mm512_cvtepu32_pd(m), _mm512_set1_pd(base as f64));
        if SHORT {
            // Newton's steps from 14 bits to 28 to 53.
            let one = _mm512_set1_pd(1.0);
            let mut over = _mm512_rcp14_pd(divisors);
            over = _mm512_fmadd_pd(over, _mm512_fnmadd_pd(over, divisors, one), over);
            over = _mm512_fmadd_pd(over, _mm512_fnmadd_pd(over, divisors, one), over);
            return products(xp, over, low);
        }
        let quotient = _mm512_cvttpd_epu64(_mm512_div_pd(_mm512_set1_pd(xp.under), divisors));
        let m = _mm512_add_epi64(_mm512_cvtepu32_epi64(m), _mm512_set1_epi64(base as i64));
        let rest = _mm512_sub_epi64(_mm512_set1_epi64(xp.low as i64), _mm512_mullo_epi64(quotient, m));
        let one = _mm512_set1_epi64(1);
        let quotient = _mm512_mask_add_epi64(quotient, _mm512_cmpge_epu64_mask(rest, m), quotient, one);
        _mm512_sub_epi64(quotient, _mm512_set1_epi64(low as i64))
    }

    /// The same from the reciprocals of 8 divisors.
    #[inline]
    fn products(xp: Dividend, over: __m512d, low: u64) -> __m512i {
        // The sum has the bits of 2^52 above a whole number, rounded down once.
        let less = _mm512_set1_pd((1_u64 << 52) as f64 - low as f64);
        _mm512_castpd_si512(_mm512_fmadd_round_pd::<DOWN>(_mm512_set1_pd(xp.middle), over, less))
    }

    /// n / unit and its fraction, times 2^52 and rounded up, for n of a segment, below 2^27. Later multiples of
    /// the fraction have the remainder.
    #[inline]
    fn part(n: __m512i, unit: u64) -> (__m512i, __m512i) {
        let (zero, inverse) = (_mm512_setzero_si512(), _mm512_set1_epi64((1_i64 << 52) / unit as i64 + 1));
        (_mm512_madd52hi_epu64(zero, n, inverse), _mm512_madd52lo_epu64(zero, n, inverse))
    }

    /// How many numbers up to r are coprime to 30, in a turn of numbers with this fraction.
    #[inline]
    fn coprimes(fraction: __m512i, numbers: u64) -> __m512i {
        let after = _mm512_madd52hi_epu64(_mm512_set1_epi64(1), fraction, _mm512_set1_epi64(numbers as i64));
        // SAFETY: 64 bytes.
        let table = unsafe { _mm512_loadu_si512(COPRIMES.as_ptr().cast()) };
        // The other bytes of a lane get the first entry, which is 0.
        _mm512_permutexvar_epi8(_mm512_srli_epi64::<1>(after), table)
    }

    /// Eight divisors from `at` on, the rest of them 1.
    #[inline]
    fn divisors(m: &[u32], at: usize) -> __m256i {
        let left = (m.len() - at).min(8);
        // SAFETY: the mask keeps the load inside the slice.
        unsafe { _mm256_mask_loadu_epi32(_mm256_set1_epi32(1), ((1_u16 << left) - 1) as u8, m.as_ptr().add(at).cast()) }
    }

    /// Where each leaf is: its block << 32 | the place of its mask. Returns the largest block.
    #[inline]
    fn places_of<const SHORT: bool>(xp: Dividend, base: u64, m: &[u32], low: u64, places: &mut [u64]) -> u64 {
        assert!(places.len() >= m.len() + 8);
        let (zero, mut most) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for at in (0..m.len()).step_by(8) {
            let wanted = ((1_u16 << (m.len() - at).min(8)) - 1) as u8;
            let (block, fraction) = part(offsets::<SHORT>(xp, base, divisors(m, at), low), NUMBERS);
            most = _mm512_mask_max_epu64(most, wanted, most, block);
            let byte = _mm512_madd52hi_epu64(zero, fraction, _mm512_set1_epi64(BLOCK as i64));
            let fraction = _mm512_madd52lo_epu64(zero, fraction, _mm512_set1_epi64(BLOCK as i64));
            let bits = coprimes(fraction, 30);
            let row = _mm512_madd52lo_epu64(_mm512_set1_epi64(BLOCK as i64 - 1), bits, _mm512_set1_epi64(ROW as i64));
            let place = _mm512_or_si512(_mm512_slli_epi64(block, 32), _mm512_sub_epi64(row, byte));
            // SAFETY: `places` is 8 longer than `m`.
            unsafe { _mm512_storeu_si512(places.as_mut_ptr().add(at).cast(), place) };
        }
        _mm512_reduce_max_epu64(most)
    }

    pub(super) fn count_leaves(xp: Dividend, base: u64, m: &[u32], places: &mut [u64], sieved: &Sieved<'_>) -> u64 {
        let most = match xp.is_short() {
            false => places_of::<false>(xp, base, m, sieved.low, places),
            true => places_of::<true>(xp, base, m, sieved.low, places),
        };
        let blocks = sieved.bytes.as_chunks::<BLOCK>().0;
        assert!(m.is_empty() || most < sieved.blocks() as u64);
        let (mut inside, mut sum) = (_mm512_setzero_si512(), 0);
        for &place in &places[..m.len()] {
            let (block, mask) = ((place >> 32) as usize, place as u32 as usize);
            // SAFETY: the largest block was checked; a mask begins at byte 63 of a row at most, and
            // a row has 128.
            unsafe {
                sum += u64::from(*sieved.groups.get_unchecked(block / GROUP));
                sum += u64::from(*sieved.before.get_unchecked(block));
                let ones = _mm512_loadu_si512(blocks.as_ptr().add(block).cast());
                let mask = _mm512_loadu_si512(MASKS.as_ptr().cast::<u8>().add(mask).cast());
                inside = _mm512_add_epi64(inside, _mm512_popcnt_epi64(_mm512_and_si512(ones, mask)));
            }
        }
        sum + _mm512_reduce_add_epi64(inside) as u64
    }

    pub(super) fn running(counters: &[u16], before: &mut [u16], groups: &mut [u32]) -> u32 {
        // The last of each 8, in all 8.
        let last = _mm512_set1_epi16(0x0f0e);
        for (counters, before) in counters.as_chunks::<{ 2 * GROUP }>().0.iter().zip(before.as_chunks_mut::<{ 2 * GROUP }>().0) {
            // SAFETY: 32 counters.
            let own = unsafe { _mm512_loadu_si512(counters.as_ptr().cast()) };
            let mut sum = _mm512_add_epi16(own, _mm512_bslli_epi128::<2>(own));
            sum = _mm512_add_epi16(sum, _mm512_bslli_epi128::<4>(sum));
            sum = _mm512_add_epi16(sum, _mm512_bslli_epi128::<8>(sum));
            // From the first 8 of a group to the others.
            let first = _mm512_maskz_permutex_epi64::<0b01_00_00_00>(0b1100_1100, _mm512_shuffle_epi8(sum, last));
            let sum = _mm512_sub_epi16(_mm512_add_epi16(sum, first), own);
            // SAFETY: room for 32.
            unsafe { _mm512_storeu_si512(before.as_mut_ptr().cast(), sum) };
        }
        super::portable::running_groups(counters, before, groups)
    }

    pub(super) fn recount(bytes: &[u8], counters: &mut [u16]) {
        let (eights, rest) = bytes.as_chunks::<{ 8 * BLOCK }>();
        let (counted, others) = counters.split_at_mut(8 * eights.len());
        for (bytes, counters) in eights.iter().zip(counted.as_chunks_mut::<8>().0) {
            // SAFETY: a block is 64 bytes.
            let ones = |i: usize| _mm512_popcnt_epi64(unsafe { _mm512_loadu_si512(bytes.as_ptr().add(BLOCK * i).cast()) });
            // Two blocks in each pair of lanes, four in each half, eight.
            let two = |a: __m512i, b: __m512i| _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
            let four = |a: __m512i, b: __m512i| {
                _mm512_add_epi64(_mm512_shuffle_i64x2::<0b01_00_01_00>(a, b), _mm512_shuffle_i64x2::<0b11_10_11_10>(a, b))
            };
            let (a, b) = (four(two(ones(0), ones(1)), two(ones(2), ones(3))), four(two(ones(4), ones(5)), two(ones(6), ones(7))));
            let eight = _mm512_add_epi64(_mm512_shuffle_i64x2::<0b10_00_10_00>(a, b), _mm512_shuffle_i64x2::<0b11_01_11_01>(a, b));
            // SAFETY: room for 8.
            unsafe { _mm_storeu_si128(counters.as_mut_ptr().cast(), _mm512_cvtepi64_epi16(eight)) };
        }
        super::portable::recount(rest, others);
    }

    pub(super) fn select(turn: Turn<'_>, threshold: u16, even: &mut LeafBatch, odd: &mut LeafBatch) {
        let Turn { codes, from, to, base } = turn;
        let (limit, one) = (_mm256_set1_epi16(threshold as i16), _mm256_set1_epi16(1));
        let base = _mm512_set1_epi32(base as i32);
        assert!(to <= COPRIME && odd.length + COPRIME + LANES <= odd.m.len() && even.length + COPRIME + LANES <= even.m.len());
        let mut at = from / LANES * LANES;
        // The numbers of the first vector that are requested; later all of them.
        let mut wanted = !0_u16 << (from - at);
        while at < to {
            if at + LANES > to {
                wanted &= (1 << (to - at)) - 1;
            }
            // SAFETY: 480 codes are whole vectors of 16, and so are the residues.
            let (code, residues) = unsafe {
                (_mm256_loadu_si256(codes.as_ptr().add(at).cast()), _mm256_loadu_si256(RESIDUES.as_ptr().add(at).cast()))
            };
            let taken = _mm256_mask_cmpgt_epu16_mask(wanted, code, limit);
            let (is_odd, is_even) = (_mm256_mask_test_epi16_mask(taken, code, one), _mm256_mask_testn_epi16_mask(taken, code, one));
            let m = _mm512_add_epi32(base, _mm512_cvtepu16_epi32(residues));
            for (batch, mask) in [(&mut *odd, is_odd), (&mut *even, is_even)] {
                // SAFETY: the batch has room for a turn and a vector, see above.
                unsafe { _mm512_storeu_si512(batch.m.as_mut_ptr().add(batch.length).cast(), _mm512_maskz_compress_epi32(mask, m)) };
                batch.length += mask.count_ones() as usize;
            }
            at += LANES;
            wanted = !0;
        }
    }

    pub(super) fn sum_counts(xp: Dividend, base: u64, q: &[u32], low: u64, entries: &[u64]) -> u64 {
        match xp.is_short() {
            false => sum_at(entries, q.len(), |at| offsets::<false>(xp, base, divisors(q, at), low)),
            true => sum_at(entries, q.len(), |at| offsets::<true>(xp, base, divisors(q, at), low)),
        }
    }

    pub(super) fn sum_counts_over(xp: Dividend, over: &[f64], low: u64, entries: &[u64]) -> u64 {
        sum_at(entries, over.len(), |at| {
            let wanted = ((1_u16 << (over.len() - at).min(8)) - 1) as u8;
            // SAFETY: the mask keeps the load inside the slice.
            products(xp, unsafe { _mm512_maskz_loadu_pd(wanted, over.as_ptr().add(at)) }, low)
        })
    }

    /// The ones up to each n of this number, which come from `n` in vectors.
    #[inline]
    fn sum_at(entries: &[u64], length: usize, n: impl Fn(usize) -> __m512i) -> u64 {
        let zero = _mm512_setzero_si512();
        let (mut before, mut ones, end) = (zero, zero, _mm512_set1_epi64(entries.len() as i64));
        let mut missing = 0;
        for at in (0..length).step_by(8) {
            let wanted = ((1_u16 << (length - at).min(8)) - 1) as u8;
            let (index, fraction) = part(n(at), ENTRY);
            let above = _mm512_sllv_epi64(_mm512_set1_epi64(-1), coprimes(fraction, ENTRY));
            let inside = _mm512_mask_cmplt_epu64_mask(wanted, index, end);
            missing |= inside ^ wanted;
            // SAFETY: the mask has the lanes whose entry exists.
            let entry = unsafe { _mm512_mask_i64gather_epi64::<8>(zero, inside, index, entries.as_ptr().cast()) };
            before = _mm512_add_epi64(before, _mm512_srli_epi64::<32>(entry));
            ones = _mm512_add_epi64(ones, _mm512_popcnt_epi64(_mm512_andnot_si512(above, entry)));
        }
        assert!(missing == 0, "a number beyond the {} entries", entries.len());
        _mm512_reduce_add_epi64(_mm512_add_epi64(before, ones)) as u64
    }
}

/// Without a word to the flags.
const DOWN: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
