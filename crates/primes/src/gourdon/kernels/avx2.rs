//! The forms for AVX2: quotients 4 at a time, prefixes of counters and of bits by masks from a
//! table, numbers selected by a table of permutations.
//!
//! Stands beside the forms for AVX-512, which have masks, a population count and compression in
//! the instruction set. The plain form counts the words before a leaf in a loop, whose end no
//! processor can predict. Here the count takes the same steps for every leaf.
//!
//! Unsafe throughout for its loads and stores: every one is inside a slice whose length is checked
//! before.

use std::arch::x86_64::*;

use super::{Dividend, LeafBatch, Sieved, Turn};
use crate::gourdon::counts::{CountEntry, ENTRY};
use crate::gourdon::crossing::{BLOCK, UP_TO, WORD};
use crate::gourdon::factors::{COPRIME, RESIDUES};

/// Quotients at once.
const LANES: usize = 4;
/// Counters whose prefix is added at once.
const GROUP: usize = 16;
/// Leaves whose bits are counted in bytes: 16 at most for each.
const PIECE: usize = 15;
/// Primes whose counts are looked up at once: their places are 2 KiB, beside the entries in the
/// first-level cache.
const RUN: usize = 512;
/// Codes at once.
const CODES: usize = 16;

/// Read from entry 16 - n on: ones in the first n lanes.
static COUNTERS_BEFORE: [u32; 2 * GROUP] = {
    let (mut masks, mut i) = ([0; 2 * GROUP], 0);
    while i < GROUP {
        masks[i] = !0;
        i += 1;
    }
    masks
};

/// The same from entry 8 - n on.
static WORDS_BEFORE: [u64; 16] = [!0, !0, !0, !0, !0, !0, !0, !0, 0, 0, 0, 0, 0, 0, 0, 0];

/// For each mask of 8 lanes those with a one, the last first.
static TAKEN: [[u8; 8]; 256] = {
    let (mut lanes, mut mask) = ([[0; 8]; 256], 0);
    while mask < 256 {
        let (mut lane, mut count) = (8, 0);
        while lane > 0 {
            lane -= 1;
            if mask >> lane & 1 == 1 {
                lanes[mask][count] = lane as u8;
                count += 1;
            }
        }
        mask += 1;
    }
    lanes
};

macro_rules! wide {
    ($($item:item)*) => { $(
        #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt")]
        $item
    )* };
}

wide! {
    /// floor(xp / (base + m)) - low for 4 divisors: whole numbers.
    #[inline]
    fn offsets<const SHORT: bool>(xp: Dividend, base: u64, m: __m128i, low: u64) -> __m256d {
        const MAGIC: f64 = (1_u64 << 52) as f64;
        // Below 2^50: exact. With the bits of 2^52 above it, a number is a double.
        let bits = _mm256_or_si256(_mm256_cvtepu32_epi64(m), _mm256_castpd_si256(_mm256_set1_pd(MAGIC)));
        let divisors = _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(MAGIC - base as f64));
        let low = _mm256_set1_pd(low as f64);
        if SHORT {
            // As with AVX-512: the difference is exact.
            let middle = _mm256_div_pd(_mm256_set1_pd(xp.middle), divisors);
            return _mm256_round_pd::<TRUNCATED>(_mm256_sub_pd(middle, low));
        }
        let quotient = _mm256_round_pd::<TRUNCATED>(_mm256_div_pd(_mm256_set1_pd(xp.under), divisors));
        // xp is `high` and `rest`; each step is a whole number below 2^53, so it is exact.
        let rest = _mm256_fnmadd_pd(quotient, divisors, _mm256_set1_pd(xp.high));
        let rest = _mm256_add_pd(rest, _mm256_set1_pd(xp.rest));
        let one = _mm256_and_pd(_mm256_cmp_pd::<_CMP_GE_OQ>(rest, divisors), _mm256_set1_pd(1.0));
        _mm256_sub_pd(_mm256_add_pd(quotient, one), low)
    }

    /// Where each leaf is: word << 8 | bit of it by number.
    #[inline]
    fn places_of<const SHORT: bool>(xp: Dividend, base: u64, m: &[u32], low: u64, places: &mut [u32]) {
        const INVERSE: f64 = 1.0 / WORD as f64;
        assert!(places.len() >= m.len() + LANES);
        let mut each = |at: usize, m: __m128i| {
            let n = offsets::<SHORT>(xp, base, m, low);
            // (n + 1/2) / 240 is at least 1 / 480 away from every whole number.
            let word = _mm256_fmadd_pd(n, _mm256_set1_pd(INVERSE), _mm256_set1_pd(0.5 * INVERSE));
            let word = _mm256_round_pd::<TRUNCATED>(word);
            // 256 word + (n - 240 word)
            let place = _mm256_fmadd_pd(word, _mm256_set1_pd((256 - WORD) as f64), n);
            // SAFETY: `places` is 4 longer than `m`.
            unsafe { _mm_storeu_si128(places.as_mut_ptr().add(at).cast(), _mm256_cvttpd_epi32(place)) };
        };
        let (fours, rest) = m.as_chunks::<LANES>();
        for (i, four) in fours.iter().enumerate() {
            // SAFETY: four numbers.
            each(LANES * i, unsafe { _mm_loadu_si128(four.as_ptr().cast()) });
        }
        if let &[ref most @ .., last] = rest {
            let mut four = [last as i32; LANES];
            four.iter_mut().zip(most).for_each(|(to, &m)| *to = m as i32);
            each(LANES * fours.len(), _mm_setr_epi32(four[0], four[1], four[2], four[3]));
        }
    }

    pub(super) fn count_leaves(xp: Dividend, base: u64, m: &[u32], places: &mut [u32], sieved: &Sieved<'_>) -> u64 {
        match xp.middle {
            0.0 => places_of::<false>(xp, base, m, sieved.low, places),
            _ => places_of::<true>(xp, base, m, sieved.low, places),
        }
        let (words, _) = sieved.bytes.as_chunks::<8>();
        assert!(words.len() * 8 + GROUP * BLOCK <= sieved.counters.len() * BLOCK && words.len().is_multiple_of(8));
        let zero = _mm256_setzero_si256();
        let (mut before, mut blocks, mut inside) = (zero, zero, zero);
        let (mut last, mut group) = (0, 0);
        for places in places[..m.len()].chunks(PIECE) {
            let mut bytes = zero;
            for &place in places {
                let (word, bit) = ((place >> 8) as usize, (place & 255) as usize);
                last += u64::from((u64::from_le_bytes(words[word]) & UP_TO[bit]).count_ones());
                let block = word / 8;
                while group < block / GROUP {
                    before = _mm256_add_epi32(before, counters(sieved.counters, GROUP * group, GROUP));
                    group += 1;
                }
                let rest = counters(sieved.counters, GROUP * group, block % GROUP);
                blocks = _mm256_add_epi32(blocks, _mm256_add_epi32(before, rest));
                bytes = _mm256_add_epi8(bytes, ones_before(words, 8 * block, word % 8));
            }
            inside = _mm256_add_epi64(inside, _mm256_sad_epu8(bytes, zero));
        }
        let halves = (_mm256_castsi256_si128(blocks), _mm256_extracti128_si256::<1>(blocks));
        let sum = _mm256_add_epi64(_mm256_cvtepu32_epi64(halves.0), _mm256_cvtepu32_epi64(halves.1));
        last + sum_of(_mm256_add_epi64(sum, inside))
    }

    /// The first `some` of 16 counters from `at` on, added up to 8.
    #[inline]
    fn counters(counters: &[u32], at: usize, some: usize) -> __m256i {
        debug_assert!(some <= GROUP && at + GROUP <= counters.len());
        // SAFETY: the caller has 16 counters from `at` on; `some` is 16 at most.
        unsafe {
            let (counters, masks) = (counters.as_ptr().add(at), COUNTERS_BEFORE.as_ptr().add(GROUP - some));
            let half = |i: usize| _mm256_and_si256(_mm256_loadu_si256(counters.add(i).cast()), _mm256_loadu_si256(masks.add(i).cast()));
            _mm256_add_epi32(half(0), half(8))
        }
    }

    /// The ones in the first `some` of 8 words from `at` on, in bytes of 16 at most.
    #[inline]
    fn ones_before(words: &[[u8; 8]], at: usize, some: usize) -> __m256i {
        debug_assert!(some <= 8 && at + 8 <= words.len());
        // SAFETY: the caller has 8 words from `at` on; `some` is 8 at most.
        unsafe {
            let (words, masks) = (words.as_ptr().add(at), WORDS_BEFORE.as_ptr().add(8 - some));
            let half = |i: usize| ones(_mm256_and_si256(_mm256_loadu_si256(words.add(i).cast()), _mm256_loadu_si256(masks.add(i).cast())));
            _mm256_add_epi8(half(0), half(4))
        }
    }

    /// The ones of each byte.
    #[inline]
    fn ones(bits: __m256i) -> __m256i {
        let of_nibble = _mm256_setr_epi8(
            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
        );
        let nibbles = _mm256_set1_epi8(15);
        let low = _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(bits, nibbles));
        let high = _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(_mm256_srli_epi16::<4>(bits), nibbles));
        _mm256_add_epi8(low, high)
    }

    #[inline]
    fn sum_of(lanes: __m256i) -> u64 {
        let halves = _mm_add_epi64(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes));
        (_mm_cvtsi128_si64(halves) + _mm_extract_epi64::<1>(halves)) as u64
    }

    pub(super) fn select(turn: Turn<'_>, threshold: u16, even: &mut LeafBatch, odd: &mut LeafBatch) {
        let Turn { codes, from, to, base } = turn;
        let (limit, zero) = (_mm256_set1_epi16(threshold as i16), _mm256_setzero_si256());
        let base = _mm256_set1_epi32(base as i32);
        assert!(to <= COPRIME && odd.length + COPRIME + CODES <= odd.m.len() && even.length + COPRIME + CODES <= even.m.len());
        let mut at = to.next_multiple_of(CODES);
        while at > from {
            at -= CODES;
            // SAFETY: 480 codes are whole vectors of 16, and so are the residues.
            let code = unsafe { _mm256_loadu_si256(codes.as_ptr().add(at).cast()) };
            let mut taken = !bits(_mm256_cmpeq_epi16(_mm256_subs_epu16(code, limit), zero));
            taken &= if at + CODES > to { (1 << (to - at)) - 1 } else { 0xffff };
            taken &= if at < from { !0 << (from - at) } else { !0 };
            if taken == 0 {
                continue;
            }
            let is_odd = bits(_mm256_slli_epi16::<15>(code));
            for half in [8, 0] {
                // SAFETY: 8 residues of the 16.
                let residues = unsafe { _mm_loadu_si128(RESIDUES.as_ptr().add(at + half).cast()) };
                let m = _mm256_add_epi32(base, _mm256_cvtepu16_epi32(residues));
                for (batch, mask) in [(&mut *odd, taken & is_odd), (&mut *even, taken & !is_odd)] {
                    let mask = (mask >> half & 255) as usize;
                    // SAFETY: the batch has room for a turn and a vector, see above; an entry has 8
                    // lanes.
                    unsafe {
                        let lanes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(TAKEN.as_ptr().add(mask).cast()));
                        let taken = _mm256_permutevar8x32_epi32(m, lanes);
                        _mm256_storeu_si256(batch.m.as_mut_ptr().add(batch.length).cast(), taken);
                    }
                    batch.length += mask.count_ones() as usize;
                }
            }
        }
    }

    /// The upper bit of each of 16 numbers.
    #[inline]
    fn bits(numbers: __m256i) -> u32 {
        let halves = (_mm256_castsi256_si128(numbers), _mm256_extracti128_si256::<1>(numbers));
        _mm_movemask_epi8(_mm_packs_epi16(halves.0, halves.1)) as u32
    }

    /// Where each prime's count stands: entry << 8 | how many of its odd numbers are wanted. Gives
    /// the largest n - low.
    #[inline]
    fn entries_of<const SHORT: bool>(xp: Dividend, base: u64, q: &[[u32; LANES]], low: u64, places: &mut [u32; RUN]) -> u32 {
        let (mut most, one) = (_mm_setzero_si128(), _mm_set1_epi32(1));
        for (q, places) in q.iter().zip(places.as_chunks_mut::<LANES>().0) {
            // SAFETY: four numbers.
            let n = _mm256_cvttpd_epi32(offsets::<SHORT>(xp, base, unsafe { _mm_loadu_si128(q.as_ptr().cast()) }, low));
            most = _mm_max_epu32(most, n);
            let odd = _mm_srli_epi32::<1>(_mm_add_epi32(_mm_and_si128(n, _mm_set1_epi32(127)), one));
            let place = _mm_or_si128(_mm_slli_epi32::<8>(_mm_srli_epi32::<7>(n)), odd);
            // SAFETY: four places.
            unsafe { _mm_storeu_si128(places.as_mut_ptr().cast(), place) };
        }
        let most = _mm_max_epu32(most, _mm_shuffle_epi32::<0b01_00_11_10>(most));
        _mm_cvtsi128_si32(_mm_max_epu32(most, _mm_shuffle_epi32::<0b10_11_00_01>(most))) as u32
    }

    pub(super) fn sum_counts(xp: Dividend, base: u64, q: &[u32], low: u64, entries: &[CountEntry]) -> u64 {
        // Separate sums for each of four neighbours, as with AVX-512.
        let (mut before, mut ones, mut places) = ([0_u64; LANES], [0_u64; LANES], [0; RUN]);
        assert!(entries.len() < 1 << 24);
        let (fours, rest) = q.as_chunks::<LANES>();
        for q in fours.chunks(RUN / LANES) {
            let most = match xp.middle {
                0.0 => entries_of::<false>(xp, base, q, low, &mut places),
                _ => entries_of::<true>(xp, base, q, low, &mut places),
            };
            assert!((most / ENTRY as u32) < entries.len() as u32);
            for four in &places.as_chunks::<LANES>().0[..q.len()] {
                for (i, &place) in four.iter().enumerate() {
                    // SAFETY: the largest place was checked.
                    let [count, word] = *unsafe { entries.get_unchecked((place >> 8) as usize) };
                    before[i] += count;
                    // `bzhi` reads the low eight bits alone.
                    ones[i] += u64::from(_bzhi_u64(word, place).count_ones());
                }
            }
        }
        before.iter().chain(&ones).sum::<u64>() + super::portable::sum_counts(xp, base, rest, low, entries)
    }
}

/// Towards zero.
const TRUNCATED: i32 = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
