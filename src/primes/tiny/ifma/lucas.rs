//! The almost extra strong Lucas test of 32 numbers at once; see [`super::super::lucas`] for what it is and why.
//!
//! A ladder over the bits of (n + 1) / 2, which fits 64 bits where n + 1 may not: the pair (V_k, V_(k+1)) becomes (V_2k,
//! V_(2k+1)) or (V_(2k+1), V_(2k+2)), in both cases by one square less 2 and one product less P. Those differences cost
//! nothing: -2 and -P are added to the upper limbs of the product before it is reduced.
//!
//! Run time: 125 ns a number near 2^64, 18 of it the search for P; the six bases that it replaces took 450 (AMD Zen 4). With one vector in
//! flight it is 160, with two as with four.
//!
//! Numbers grow to (P + 2) n at most, within the bounds of [`Field`].

use std::arch::x86_64::*;
use std::array::from_fn;

use super::super::lucas::parameter;
use super::field::{Field, Limbs, double, split, times_small, trailing_zeros};
use super::{LANES, VECTORS};

/// One bit a number: whether it passes.
#[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
pub(super) fn test(lanes: &[u64; LANES]) -> u32 {
    let parameters = lanes.map(|n| parameter(n).unwrap_or(0));
    let load = |words: &[u64; LANES]| -> [__m512i; VECTORS] {
        from_fn(|v| {
            // SAFETY: there are 8 words for each vector.
            unsafe { _mm512_loadu_si512(words.as_ptr().add(8 * v).cast()) }
        })
    };
    let fields = Field::all(load(lanes));
    let ladders: [Ladder; VECTORS] = {
        let p = load(&parameters);
        from_fn(|v| Ladder::new(&fields[v], p[v]))
    };
    let mut pairs: [[Limbs; 2]; VECTORS] = from_fn(|v| ladders[v].start);
    let largest = ladders.iter().map(|ladder| _mm512_reduce_max_epu64(ladder.exponent)).max().unwrap_or(0);
    let most = ladders.iter().map(|ladder| _mm512_reduce_max_epu64(ladder.twos)).max().unwrap_or(0) as u32;
    let mut passed = [0_u8; VECTORS];
    for bit in (0..u64::BITS - largest.leading_zeros()).rev() {
        for v in 0..VECTORS {
            pairs[v] = ladders[v].step(&fields[v], pairs[v], bit);
        }
        if bit <= most {
            for v in 0..VECTORS {
                passed[v] |= ladders[v].is_end(&fields[v], pairs[v][0], bit);
            }
        }
    }
    // A square has no P, and is no prime.
    let has_parameter = parameters.iter().rev().fold(0, |mask, &p| mask << 1 | u32::from(p != 0));
    u32::from_le_bytes(passed) & has_parameter
}

/// What the sequences of 8 numbers need.
#[derive(Clone, Copy)]
struct Ladder {
    /// (n + 1) / 2.
    exponent: __m512i,
    /// Its trailing zeros.
    twos: __m512i,
    /// The form of 2.
    two: __m512i,
    minus_two: Limbs,
    minus_p: Limbs,
    /// V_0 and V_1.
    start: [Limbs; 2],
}

impl Ladder {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vpopcntdq")]
    #[inline]
    fn new(field: &Field, p: __m512i) -> Ladder {
        let exponent = _mm512_add_epi64(_mm512_srli_epi64::<1>(field.n), _mm512_set1_epi64(1));
        let two = double(field.one, field.n);
        let minus_p = times_small(split(_mm512_sub_epi64(field.n, field.one)), p);
        let start = [split(two), times_small(split(field.one), p)];
        let minus_two = split(_mm512_sub_epi64(field.n, two));
        Ladder { exponent, twos: trailing_zeros(exponent), two, minus_two, minus_p, start }
    }

    /// From (V_k, V_(k+1)) to the pair for 2k or, where the exponent has this bit, 2k + 1.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn step(&self, field: &Field, [low, high]: [Limbs; 2], bit: u32) -> [Limbs; 2] {
        let set = _mm512_test_epi64_mask(self.exponent, _mm512_set1_epi64((1_u64 << bit) as i64));
        let pick = |no: Limbs, yes: Limbs| -> Limbs { from_fn(|i| _mm512_mask_mov_epi64(no[i], set, yes[i])) };
        let square = field.square(pick(low, high), self.minus_two);
        let product = field.times(low, high, self.minus_p);
        [pick(square, product), pick(product, square)]
    }

    /// The numbers that pass at V of (n + 1) / 2^(bit + 1): 2 or -2 where that index is odd; 0 there or later, but not at (n + 1) / 2.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    #[inline]
    fn is_end(&self, field: &Field, value: Limbs, bit: u32) -> u8 {
        let value = field.reduced(value);
        let bit_now = _mm512_set1_epi64(i64::from(bit));
        let is_two = _mm512_cmpeq_epi64_mask(value, self.two);
        let is_minus_two = _mm512_cmpeq_epi64_mask(value, _mm512_sub_epi64(field.n, self.two));
        let ends = (is_two | is_minus_two) & _mm512_cmpeq_epi64_mask(self.twos, bit_now);
        let is_zero = _mm512_testn_epi64_mask(value, value) & _mm512_cmpge_epu64_mask(self.twos, bit_now);
        if bit > 0 { ends | is_zero } else { ends }
    }
}
