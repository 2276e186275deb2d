//! The forms for AVX2: quotients 4 at a time, prefixes of bits by masks from a table, numbers
//! selected by a table of permutations.
//!
//! Stands beside the forms for AVX-512, which have masks, a population count and compression in
//! the instruction set. The plain form counts the words before a leaf in a loop, whose end no
//! processor can predict. Here the count takes the same steps for every leaf.
//!
//! Unsafe throughout for its loads and stores: every one is inside a slice whose length is checked
//! before.

use std::arch::x86_64::*;

use super::{Dividend, ENTRY, GROUP, LeafBatch, MASKS, NUMBERS, ROW, Sieved, Turn};
use crate::gourdon::crossing::{BLOCK, UP_TO};
use crate::gourdon::factors::{COPRIME, RESIDUES};

/// Quotients at once.
const LANES: usize = 4;
/// Leaves whose bits are counted in bytes: 16 at most for each.
const PIECE: usize = 15;
/// Primes whose counts are looked up at once: their places are 4 KiB, beside the entries in the
/// first-level cache.
const RUN: usize = 512;
/// Codes at once.
const CODES: usize = 16;

/// For each mask of 8 lanes those with a one.
static TAKEN: [[u8; 8]; 256] = {
    let (mut lanes, mut mask) = ([[0; 8]; 256], 0);
    while mask < 256 {
        let (mut lane, mut count) = (0, 0);
        while lane < 8 {
            if mask >> lane & 1 == 1 {
                lanes[mask][count] = lane as u8;
                count += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    lanes
};

/// A double with the bits of this above it has a last bit of 1, be it above or below.
const MIDDLE: f64 = 1.5 * (1_u64 << 52) as f64;

macro_rules! wide {
    ($($item:item)*) => { $(
        #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt")]
        $item
    )* };
}

wide! {
    /// floor(xp / (base + m)) - low for 4 divisors, in the lower half of each lane.
    #[inline]
    fn offsets<const SHORT: bool>(xp: Dividend, base: u64, m: __m128i, low: u64) -> __m256i {
        const TOP: f64 = (1_u64 << 52) as f64;
        // Below 2^50: exact.
        let bits = _mm256_or_si256(_mm256_cvtepu32_epi64(m), _mm256_castpd_si256(_mm256_set1_pd(TOP)));
        let divisors = _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(TOP - base as f64));
        if SHORT {
            // Steps from 11 bits to 33 to 53: sooner done than a division.
            let one = _mm256_set1_pd(1.0);
            let mut over = _mm256_cvtps_pd(_mm_rcp_ps(_mm256_cvtpd_ps(divisors)));
            let miss = _mm256_fnmadd_pd(over, divisors, one);
            over = _mm256_fmadd_pd(over, _mm256_fmadd_pd(miss, miss, miss), over);
            over = _mm256_fmadd_pd(over, _mm256_fnmadd_pd(over, divisors, one), over);
            return products(xp, over, low);
        }
        let quotient = _mm256_floor_pd(_mm256_div_pd(_mm256_set1_pd(xp.under), divisors));
        // xp is `high` and `rest`; each step is a whole number below 2^53, so it is exact.
        let rest = _mm256_fnmadd_pd(quotient, divisors, _mm256_set1_pd(xp.high));
        let rest = _mm256_add_pd(rest, _mm256_set1_pd(xp.rest));
        let one = _mm256_and_pd(_mm256_cmp_pd::<_CMP_GE_OQ>(rest, divisors), _mm256_set1_pd(1.0));
        let n = _mm256_sub_pd(_mm256_add_pd(quotient, one), _mm256_set1_pd(low as f64));
        _mm256_castpd_si256(_mm256_add_pd(n, _mm256_set1_pd(MIDDLE)))
    }

    /// The same from the reciprocals of 4 divisors.
    #[inline]
    fn products(xp: Dividend, over: __m256d, low: u64) -> __m256i {
        // Less 1/2, the nearest whole number is the one below.
        let n = _mm256_fmsub_pd(_mm256_set1_pd(xp.middle), over, _mm256_set1_pd(low as f64 + 0.5));
        _mm256_castpd_si256(_mm256_add_pd(n, _mm256_set1_pd(MIDDLE)))
    }

    /// n / UNIT << SHIFT, with a fraction below, for n below 2^31 (a segment has less than 2^27):
    /// UNIT is 2^(SHIFT - 31) to 2^(SHIFT - 32).
    #[inline]
    fn part<const UNIT: u64, const SHIFT: u32>(n: __m256i) -> __m256i {
        let parts = _mm256_mul_epu32(n, _mm256_set1_epi64x(const { (1_i64 << SHIFT) / UNIT as i64 + 1 }));
        // More than what `times` cuts off.
        _mm256_add_epi64(parts, _mm256_set1_epi64x(const { 1 << (SHIFT - 32) }))
    }

    /// The fraction below this bit, times a whole number.
    #[inline]
    fn times<const SHIFT: i32>(parts: __m256i, number: u64) -> __m256i {
        let fraction = _mm256_srli_epi64::<32>(_mm256_sllv_epi64(parts, _mm256_set1_epi64x(64 - i64::from(SHIFT))));
        _mm256_srli_epi64::<32>(_mm256_mul_epu32(fraction, _mm256_set1_epi64x(number as i64)))
    }

    /// Where each leaf is: its block << 32 | the place of its mask. Returns the largest block.
    #[inline]
    fn places_of<const SHORT: bool>(xp: Dividend, base: u64, m: &[u32], low: u64, places: &mut [u64]) -> u32 {
        assert!(places.len() >= m.len() + LANES);
        // How many numbers from 1 to r are coprime to 30, at (r + 1) / 2.
        let coprimes = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 7, 7, 8));
        let (mut most, last) = (_mm256_setzero_si256(), _mm256_set1_epi64x(BLOCK as i64 - 1));
        let mut each = |at: usize, m: __m128i| {
            let parts = part::<NUMBERS, 42>(offsets::<SHORT>(xp, base, m, low));
            let block = _mm256_slli_epi64::<32>(_mm256_srli_epi64::<42>(parts));
            most = _mm256_max_epu32(most, block);
            let byte = _mm256_and_si256(_mm256_srli_epi64::<36>(parts), last);
            // Entry 0 for the other bytes.
            let half = _mm256_avg_epu8(times::<36>(parts, 30), _mm256_setzero_si256());
            let row = _mm256_slli_epi64::<{ ROW.ilog2() as i32 }>(_mm256_shuffle_epi8(coprimes, half));
            let mask = _mm256_sub_epi64(_mm256_add_epi64(row, last), byte);
            // SAFETY: `places` is 4 longer than `m`.
            unsafe { _mm256_storeu_si256(places.as_mut_ptr().add(at).cast(), _mm256_or_si256(block, mask)) };
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
        largest(most)
    }

    pub(super) fn count_leaves(xp: Dividend, base: u64, m: &[u32], places: &mut [u64], sieved: &Sieved<'_>) -> u64 {
        let most = match xp.is_short() {
            false => places_of::<false>(xp, base, m, sieved.low, places),
            true => places_of::<true>(xp, base, m, sieved.low, places),
        };
        let blocks = sieved.bytes.as_chunks::<BLOCK>().0;
        assert!((most as usize) < sieved.blocks());
        let zero = _mm256_setzero_si256();
        let (mut inside, mut sum) = (zero, 0);
        for places in places[..m.len()].chunks(PIECE) {
            let mut bytes = zero;
            for &place in places {
                let (block, mask) = ((place >> 32) as usize, place as u32 as usize);
                // SAFETY: the largest block was checked; a mask begins at byte 63 of a row at most,
                // and a row has 128.
                unsafe {
                    sum += u64::from(*sieved.groups.get_unchecked(block / GROUP));
                    sum += u64::from(*sieved.before.get_unchecked(block));
                    let (block, mask) = (blocks.as_ptr().add(block).cast::<u8>(), MASKS.as_ptr().cast::<u8>().add(mask));
                    let half = |i: usize| _mm256_and_si256(_mm256_loadu_si256(block.add(i).cast()), _mm256_loadu_si256(mask.add(i).cast()));
                    bytes = _mm256_add_epi8(bytes, _mm256_add_epi8(ones(half(0)), ones(half(32))));
                }
            }
            inside = _mm256_add_epi64(inside, _mm256_sad_epu8(bytes, zero));
        }
        sum + sum_of(inside)
    }

    pub(super) fn running(counters: &[u16], before: &mut [u16], groups: &mut [u32]) -> u32 {
        // The last of each 8, in all 8.
        let last = _mm256_set1_epi16(0x0f0e);
        for (counters, before) in counters.as_chunks::<GROUP>().0.iter().zip(before.as_chunks_mut::<GROUP>().0) {
            // SAFETY: 16 counters.
            let own = unsafe { _mm256_loadu_si256(counters.as_ptr().cast()) };
            let mut sum = _mm256_add_epi16(own, _mm256_slli_si256::<2>(own));
            sum = _mm256_add_epi16(sum, _mm256_slli_si256::<4>(sum));
            sum = _mm256_add_epi16(sum, _mm256_slli_si256::<8>(sum));
            // From the first 8 to the others.
            let first = _mm256_shuffle_epi8(_mm256_permute2x128_si256::<0x08>(sum, sum), last);
            let sum = _mm256_sub_epi16(_mm256_add_epi16(sum, first), own);
            // SAFETY: room for 16.
            unsafe { _mm256_storeu_si256(before.as_mut_ptr().cast(), sum) };
        }
        super::portable::running_groups(counters, before, groups)
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
        for at in (from / CODES * CODES..to).step_by(CODES) {
            // SAFETY: 480 codes are whole vectors of 16, and so are the residues.
            let code = unsafe { _mm256_loadu_si256(codes.as_ptr().add(at).cast()) };
            let mut taken = !bits(_mm256_cmpeq_epi16(_mm256_subs_epu16(code, limit), zero));
            taken &= if at + CODES > to { (1 << (to - at)) - 1 } else { 0xffff };
            taken &= if at < from { !0 << (from - at) } else { !0 };
            if taken == 0 {
                continue;
            }
            let is_odd = bits(_mm256_slli_epi16::<15>(code));
            for half in [0, 8] {
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

    #[inline]
    fn largest(lanes: __m256i) -> u32 {
        let lanes = _mm_max_epu32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes));
        let most = _mm_max_epu32(lanes, _mm_shuffle_epi32::<0b01_00_11_10>(lanes));
        _mm_cvtsi128_si32(_mm_max_epu32(most, _mm_shuffle_epi32::<0b10_11_00_01>(most))) as u32
    }

    pub(super) fn sum_counts(xp: Dividend, base: u64, q: &[u32], low: u64, entries: &[u64]) -> u64 {
        let (fours, rest) = q.as_chunks::<LANES>();
        // SAFETY: four numbers.
        let four = |i: usize| unsafe { _mm_loadu_si128(fours[i].as_ptr().cast()) };
        let sum = match xp.is_short() {
            false => sum_at(entries, fours.len(), |i| offsets::<false>(xp, base, four(i), low)),
            true => sum_at(entries, fours.len(), |i| offsets::<true>(xp, base, four(i), low)),
        };
        sum + super::portable::sum_counts(xp, base, rest, low, entries)
    }

    pub(super) fn sum_counts_over(xp: Dividend, over: &[f64], low: u64, entries: &[u64]) -> u64 {
        let (fours, rest) = over.as_chunks::<LANES>();
        // SAFETY: four numbers.
        let four = |i: usize| unsafe { _mm256_loadu_pd(fours[i].as_ptr()) };
        let sum = sum_at(entries, fours.len(), |i| products(xp, four(i), low));
        sum + super::portable::sum_counts_over(xp, rest, low, entries)
    }

    /// The ones up to each n of that many fours, which come from `n`.
    #[inline]
    fn sum_at(entries: &[u64], fours: usize, n: impl Fn(usize) -> __m256i) -> u64 {
        // Entry << 32 | the remainder. Separate sums for each of four neighbours: a single sum
        // would wait for itself.
        let (mut before, mut ones, mut places) = ([0_u64; LANES], [0_u64; LANES], [[0_u64; LANES]; RUN / LANES]);
        for first in (0..fours).step_by(RUN / LANES) {
            let places = &mut places[..(fours - first).min(RUN / LANES)];
            let mut most = _mm256_setzero_si256();
            for (i, places) in places.iter_mut().enumerate() {
                let parts = part::<ENTRY, 38>(n(first + i));
                let entry = _mm256_slli_epi64::<32>(_mm256_srli_epi64::<38>(parts));
                most = _mm256_max_epu32(most, entry);
                let place = _mm256_or_si256(entry, times::<38>(parts, ENTRY));
                // SAFETY: four places.
                unsafe { _mm256_storeu_si256(places.as_mut_ptr().cast(), place) };
            }
            assert!((largest(most) as usize) < entries.len());
            for four in places {
                for (i, &mut place) in four.iter_mut().enumerate() {
                    // SAFETY: the largest place was checked; a remainder is below 120.
                    let (entry, up_to) = unsafe {
                        (*entries.get_unchecked((place >> 32) as usize), *UP_TO.get_unchecked(place as u32 as usize))
                    };
                    before[i] += entry >> 32;
                    ones[i] += u64::from((entry & up_to).count_ones());
                }
            }
        }
        before.iter().chain(&ones).sum()
    }
}
