//! Words of rough cofactors: 64 odd cofactors of a prime at once.
//!
//! Stands beside `few.rs`, for primes that have some tens of multiples in a window. A word of 64
//! bits stands for 64 odd cofactors in a row, and the multiples of q among them are a periodic
//! pattern, shifted by the first cofactor modulo q: three instructions a q and 8 primes.
//!
//! Formula: h modulo q, with f = h ceil(2^52 / q) modulo 2^52, is floor(f q / 2^52), exact while h
//! q < 2^52.
//! Run time: 5 to 8 cycles a prime (AMD Zen 5), and the queue. Memory: 80 KB.

use super::places::LineTable;
use super::queue::Queue;
use super::starts::{Starts, Window, load};
use crate::lines::rough::lists::Lists;
use std::arch::x86_64::*;

/// Odd primes to filter cofactors by. All below 64, for the shift of a pattern.
pub(super) const FILTER: [u64; 15] = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

/// A prime to filter by.
#[derive(Clone, Copy, Default)]
struct Filter {
    q: i64,
    /// Just above 2^52 / q.
    inverse: i64,
    /// 128 bits, the highest first: ones at h = (q - 1) / 2 modulo q, where 2h + 1 is a multiple of
    /// q.
    high: i64,
    low: i64,
}

pub(super) struct Masks {
    filters: Vec<Filter>,
    queue: Queue,
}

impl Masks {
    /// Filters by the first `filters` of [`FILTER`].
    pub(super) fn new(filters: usize) -> Masks {
        let filters = FILTER[..filters].iter().map(|&q| {
            let ones = (0..128).filter(|t| t % q == (q - 1) / 2).fold(0, |ones, t| ones | 1_u128 << (127 - t));
            let inverse = (1 << 52) / q + 1;
            Filter { q: q as i64, inverse: inverse as i64, high: (ones >> 64) as i64, low: ones as i64 }
        });
        Masks { filters: filters.collect(), queue: Queue::new() }
    }

    /// Forgets what is left.
    pub(super) fn forget(&mut self) {
        self.queue.forget();
    }

    /// Flushes the rest into `lists`.
    pub(super) fn finish(&mut self, table: &LineTable, lists: &mut Lists) {
        self.queue.finish(table, lists);
    }

    /// Whether the filters 3, 5 and 7 are exact for primes from `least` on: records need cofactors
    /// without these factors.
    pub(super) fn are_exact(base: u128, span: u64, least: u64) -> bool {
        largest_half(base, span, least) * 7.0 < (1_u64 << 52) as f64
    }

    /// Puts the multiples of `primes`, from `least` on, in the window into `lists`, all but a few
    /// that wait for [`finish`](Masks::finish).
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    pub(super) fn cross(
        &mut self,
        primes: &[u32],
        (window, least): (Window, u64),
        table: &LineTable,
        lists: &mut Lists,
    ) {
        let (zero, ones, word) = (_mm512_setzero_si512(), _mm512_set1_epi64(-1), _mm512_set1_epi64(64));
        let span = _mm512_set1_pd(window.span as f64);
        // The filters that are exact for all cofactors. One less lets only more through.
        let largest = largest_half(window.base, window.span, least);
        let filters = self.filters.partition_point(|filter| largest * (filter.q as f64) < (1_u64 << 52) as f64);
        for eight in primes.chunks(8) {
            let (lanes, eight) = load(eight);
            let Starts { twice, mut half, mut offset } = window.first(eight);
            let stride = _mm512_slli_epi64::<6>(twice);
            // Multiples in the window: floor((span - offset) / 2p) + 1, as the quotient is never a
            // whole number (odd over even).
            let room = _mm512_sub_pd(span, _mm512_cvtepi64_pd(offset));
            let quotient = _mm512_div_pd(room, _mm512_cvtepi64_pd(twice));
            let floor = _mm512_cvt_roundpd_epi64::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(quotient);
            let mut left = _mm512_maskz_max_epi64(lanes, _mm512_add_epi64(floor, _mm512_set1_epi64(1)), zero);
            while _mm512_test_epi64_mask(left, left) != 0 {
                let mut not = _mm512_srlv_epi64(ones, left);
                for filter in &self.filters[..filters] {
                    let fraction = _mm512_madd52lo_epu64(zero, half, _mm512_set1_epi64(filter.inverse));
                    let modulo = _mm512_madd52hi_epu64(zero, fraction, _mm512_set1_epi64(filter.q));
                    let (high, low) = (_mm512_set1_epi64(filter.high), _mm512_set1_epi64(filter.low));
                    not = _mm512_or_si512(not, _mm512_shldv_epi64(high, low, modulo));
                }
                let rough = _mm512_andnot_si512(not, ones);
                let some = _mm512_test_epi64_mask(rough, rough);
                // SAFETY: the queue is not full.
                unsafe { self.queue.push(some, [twice, rough, offset]) };
                if self.queue.is_full() {
                    self.queue.drain(table, lists);
                }
                left = _mm512_sub_epi64(_mm512_max_epi64(left, word), word);
                half = _mm512_add_epi64(half, word);
                offset = _mm512_add_epi64(offset, stride);
            }
        }
    }
}

/// Half the largest cofactor of a prime from `least` on, or more.
fn largest_half(base: u128, span: u64, least: u64) -> f64 {
    base as f64 / (2 * least) as f64 + span as f64
}
