//! The forms for AVX-512: quotients 8 at a time, counters summed in lanes, numbers selected by
//! compression.
//!
//! Unsafe throughout for its loads and stores: every one is inside a slice whose length is checked
//! before.

use std::arch::x86_64::*;

use super::{Dividend, LeafBatch, Sieved, Turn};
use crate::gourdon::counts::CountEntry;
use crate::gourdon::crossing::{self, BLOCK, CrossingState, UP_TO};
use crate::gourdon::factors::{COPRIME, RESIDUES};

/// Residues twice as wide as the codes they belong to, in vectors of 16.
const LANES: usize = 16;
/// Primes whose counts are looked up at once: their places are 2 KiB, beside the entries in the
/// first-level cache.
const RUN: usize = 512;

macro_rules! wide {
    ($($item:item)*) => { $(
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,avx512vpopcntdq")]
        $item
    )* };
}

wide! {
    /// floor(xp / (base + m)) - low for 8 divisors, below 2^32 where it is requested.
    #[inline]
    fn offsets<const SHORT: bool>(xp: Dividend, base: u64, m: __m256i, low: u64) -> __m256i {
        // Below 2^50: exact.
        let divisors = _mm512_add_pd(_mm512_cvtepu32_pd(m), _mm512_set1_pd(base as f64));
        if SHORT {
            // Both are multiples of the quotient's last bit, and so is the difference, which is
            // smaller: it is exact.
            let middle = _mm512_div_pd(_mm512_set1_pd(xp.middle), divisors);
            return _mm512_cvttpd_epu32(_mm512_sub_pd(middle, _mm512_set1_pd(low as f64)));
        }
        let quotient = _mm512_cvttpd_epu64(_mm512_div_pd(_mm512_set1_pd(xp.under), divisors));
        let m = _mm512_add_epi64(_mm512_cvtepu32_epi64(m), _mm512_set1_epi64(base as i64));
        let rest = _mm512_sub_epi64(_mm512_set1_epi64(xp.low as i64), _mm512_mullo_epi64(quotient, m));
        let one = _mm512_set1_epi64(1);
        let quotient = _mm512_mask_add_epi64(quotient, _mm512_cmpge_epu64_mask(rest, m), quotient, one);
        _mm512_cvtepi64_epi32(_mm512_sub_epi64(quotient, _mm512_set1_epi64(low as i64)))
    }

    /// Eight divisors from `at` on, the rest of them 1.
    #[inline]
    fn divisors(m: &[u32], at: usize) -> __m256i {
        let left = (m.len() - at).min(8);
        // SAFETY: the mask keeps the load inside the slice.
        unsafe { _mm256_mask_loadu_epi32(_mm256_set1_epi32(1), ((1_u16 << left) - 1) as u8, m.as_ptr().add(at).cast()) }
    }

    /// Where each leaf is: word << 8 | bit of it by number.
    #[inline]
    fn places_of<const SHORT: bool>(xp: Dividend, base: u64, m: &[u32], low: u64, places: &mut [u32]) {
        assert!(places.len() >= m.len() + 8);
        for at in (0..m.len()).step_by(8) {
            let n = _mm512_cvtepu32_epi64(offsets::<SHORT>(xp, base, divisors(m, at), low));
            // n / 240 for n < 2^32: the constant is 2^39 / 240, rounded up (2^32 / 15 in 32 bits).
            let word = _mm512_srli_epi64(_mm512_mul_epu32(n, _mm512_set1_epi64(0x8888_8889)), 39);
            let bit = _mm512_sub_epi64(n, _mm512_mul_epu32(word, _mm512_set1_epi64(240)));
            let place = _mm512_or_si512(_mm512_slli_epi64(word, 8), bit);
            // SAFETY: `places` is 8 longer than `m`.
            unsafe { _mm256_storeu_si256(places.as_mut_ptr().add(at).cast(), _mm512_cvtepi64_epi32(place)) };
        }
    }

    pub(super) fn count_leaves(xp: Dividend, base: u64, m: &[u32], places: &mut [u32], sieved: &Sieved<'_>) -> u64 {
        match xp.middle {
            0.0 => places_of::<false>(xp, base, m, sieved.low, places),
            _ => places_of::<true>(xp, base, m, sieved.low, places),
        }
        let (words, _) = sieved.bytes.as_chunks::<8>();
        let (mut before, mut blocks, mut inside) = (_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512());
        let (mut last, mut group) = (0, 0);
        assert!(words.len() * 8 <= sieved.counters.len() * BLOCK && words.len().is_multiple_of(8));
        for &place in &places[..m.len()] {
            let (word, bit) = ((place >> 8) as usize, (place & 255) as usize);
            last += u64::from((u64::from_le_bytes(words[word]) & UP_TO[bit]).count_ones());
            let block = word / 8;
            while group < block / LANES {
                // SAFETY: these 16 blocks lie before `word`, which is one of the words, and each
                // block has a counter.
                let counters = unsafe { _mm512_loadu_si512(sieved.counters.as_ptr().add(LANES * group).cast()) };
                before = _mm512_add_epi32(before, counters);
                group += 1;
            }
            // SAFETY: the mask has the counters before `block`, the words of `block` before `word`:
            // both exist.
            let (counters, ones) = unsafe {
                let some = (1_u32 << (block % LANES)) - 1;
                let counters = _mm512_maskz_loadu_epi32(some as u16, sieved.counters.as_ptr().add(LANES * group).cast());
                let some = (1_u32 << (word % 8)) - 1;
                (counters, _mm512_maskz_loadu_epi64(some as u8, words.as_ptr().add(8 * block).cast()))
            };
            blocks = _mm512_add_epi32(blocks, _mm512_add_epi32(before, counters));
            inside = _mm512_add_epi64(inside, _mm512_popcnt_epi64(ones));
        }
        let halves = (_mm512_castsi512_si256(blocks), _mm512_extracti64x4_epi64(blocks, 1));
        let sum = _mm512_add_epi64(_mm512_cvtepu32_epi64(halves.0), _mm512_cvtepu32_epi64(halves.1));
        last + _mm512_reduce_add_epi64(_mm512_add_epi64(sum, inside)) as u64
    }

    pub(super) fn recount(bytes: &[u8], counters: &mut [u32]) -> u64 {
        let mut total = 0;
        for (block, counter) in bytes.as_chunks::<BLOCK>().0.iter().zip(counters) {
            // SAFETY: a block is 64 bytes.
            let ones = _mm512_popcnt_epi64(unsafe { _mm512_loadu_si512(block.as_ptr().cast()) });
            let count = _mm512_reduce_add_epi64(ones);
            *counter = count as u32;
            total += count as u64;
        }
        total
    }

    pub(super) fn select(turn: Turn<'_>, threshold: u16, even: &mut LeafBatch, odd: &mut LeafBatch) {
        let Turn { codes, from, to, base } = turn;
        let limit = _mm256_set1_epi16(threshold as i16);
        let reverse = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        let base = _mm512_set1_epi32(base as i32);
        assert!(to <= COPRIME && odd.length + COPRIME + LANES <= odd.m.len() && even.length + COPRIME + LANES <= even.m.len());
        let mut at = to.next_multiple_of(LANES);
        while at > from {
            at -= LANES;
            // SAFETY: 480 codes are whole vectors of 16, and so are the residues.
            let (code, residues) = unsafe {
                (_mm256_loadu_si256(codes.as_ptr().add(at).cast()), _mm256_loadu_si256(RESIDUES.as_ptr().add(at).cast()))
            };
            let mut taken = _mm256_cmpgt_epu16_mask(code, limit);
            taken &= if at + LANES > to { (1_u16 << (to - at)) - 1 } else { !0 };
            taken &= if at < from { !0 << (from - at) } else { !0 };
            if taken == 0 {
                continue;
            }
            let taken = taken.reverse_bits();
            let is_odd = _mm256_test_epi16_mask(code, _mm256_set1_epi16(1)).reverse_bits();
            let m = _mm512_permutexvar_epi32(reverse, _mm512_add_epi32(base, _mm512_cvtepu16_epi32(residues)));
            for (batch, mask) in [(&mut *odd, taken & is_odd), (&mut *even, taken & !is_odd)] {
                // SAFETY: the batch has room for a turn and a vector, see above.
                unsafe { _mm512_storeu_si512(batch.m.as_mut_ptr().add(batch.length).cast(), _mm512_maskz_compress_epi32(mask, m)) };
                batch.length += mask.count_ones() as usize;
            }
        }
    }

    /// Where each prime's count stands: entry << 8 | how many of its odd numbers are wanted. Gives
    /// the largest n - low.
    #[inline]
    fn entries_of<const SHORT: bool>(xp: Dividend, base: u64, q: &[u32], low: u64, places: &mut [u32; RUN]) -> u32 {
        let (mut most, one) = (_mm256_setzero_si256(), _mm256_set1_epi32(1));
        assert!(q.len() <= RUN);
        for at in (0..q.len()).step_by(8) {
            let n = offsets::<SHORT>(xp, base, divisors(q, at), low);
            let wanted = ((1_u16 << (q.len() - at).min(8)) - 1) as u8;
            most = _mm256_mask_max_epu32(most, wanted, most, n);
            let odd = _mm256_srli_epi32(_mm256_add_epi32(_mm256_and_si256(n, _mm256_set1_epi32(127)), one), 1);
            let place = _mm256_or_si256(_mm256_slli_epi32(_mm256_srli_epi32(n, 7), 8), odd);
            // SAFETY: a run is a multiple of 8.
            unsafe { _mm256_storeu_si256(places.as_mut_ptr().add(at).cast(), place) };
        }
        _mm512_reduce_max_epu32(_mm512_zextsi256_si512(most))
    }

    pub(super) fn sum_counts(xp: Dividend, base: u64, q: &[u32], low: u64, entries: &[CountEntry]) -> u64 {
        // Separate sums for each of four neighbours: a single sum would wait for itself twice per
        // leaf.
        let (mut before, mut ones, mut places) = ([0_u64; 4], [0_u64; 4], [0; RUN]);
        assert!(entries.len() < 1 << 24);
        for q in q.chunks(RUN) {
            let most = match xp.middle {
                0.0 => entries_of::<false>(xp, base, q, low, &mut places),
                _ => entries_of::<true>(xp, base, q, low, &mut places),
            };
            assert!((most / 128) < entries.len() as u32);
            let mut add = |i: usize, place: u32| {
                // SAFETY: the largest place was checked.
                let [count, word] = *unsafe { entries.get_unchecked((place >> 8) as usize) };
                before[i] += count;
                // `bzhi` reads the low eight bits alone.
                ones[i] += u64::from(_bzhi_u64(word, place).count_ones());
            };
            let (fours, rest) = places[..q.len()].as_chunks::<4>();
            for four in fours {
                add(0, four[0]);
                add(1, four[1]);
                add(2, four[2]);
                add(3, four[3]);
            }
            rest.iter().for_each(|&place| add(0, place));
        }
        before.iter().chain(&ones).sum()
    }

    pub(super) fn cross(segment: &mut [u8], place: &mut CrossingState) {
        crossing::cross(segment, place);
    }

    pub(super) fn cross_counted(segment: &mut [u8], place: &mut CrossingState, counters: &mut [u32]) -> u64 {
        crossing::cross_counted(segment, place, counters)
    }
}
