//! The almost extra strong Lucas test of 32 numbers at once; see [`crate::single::lucas_parameter`]
//! for its definition and reason.
//!
//! A ladder over the bits of (n + 1) / 2: the pair (V_k, V_(k+1)) becomes (V_2k, V_(2k+1)) or
//! (V_(2k+1), V_(2k+2)), in both cases by one square less 2 and one product less P. Those
//! differences cost nothing: -2 and -P are added to the upper limbs of the product before it is
//! reduced.
//!
//! Run time: 125 ns a number near 2^64, 18 of it the search for P; the six bases that it replaces
//! took 450 (AMD Zen 4). With one vector in flight it is 160, with two as with four.
//!
//! Numbers grow to (P + 2) n at most, within the bounds of [`Montgomery104`]: squared, they are
//! below R n for n to 2^87 and P to 2^8.

use std::arch::x86_64::*;
use std::array::from_fn;

use super::field::{
    LimbLanes, Limbs, Montgomery104, double, is_equal, load, most_bits, pick, subtract, times_small, trailing_zeros,
};
use super::{LANES, VECTORS};

/// One bit a number: whether it passes with P from `parameters`, which are below 2^8; 0 says that
/// there is none.
#[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
pub(super) fn test(lanes: &LimbLanes, parameters: &[u64; LANES]) -> u32 {
    let fields = Montgomery104::all(load(lanes));
    let ladders: [Ladder; VECTORS] = {
        let p = load(&[*parameters, [0; LANES]]);
        from_fn(|v| Ladder::new(&fields[v], p[v][0]))
    };
    let mut pairs: [[Limbs; 2]; VECTORS] = from_fn(|v| ladders[v].start);
    let bits = most_bits(&ladders.map(|ladder| ladder.exponent));
    let most = ladders.iter().map(|ladder| _mm512_reduce_max_epu64(ladder.twos)).max().unwrap_or(0) as u32;
    let mut passed = [0_u8; VECTORS];
    for bit in (0..bits).rev() {
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
    exponent: Limbs,
    /// Its trailing zeros.
    twos: __m512i,
    /// The form of 2.
    two: Limbs,
    minus_two: Limbs,
    minus_p: Limbs,
    /// V_0 and V_1.
    start: [Limbs; 2],
}

impl Ladder {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vpopcntdq")]
    #[inline]
    fn new(field: &Montgomery104, p: __m512i) -> Ladder {
        let two = double(field.one, field.n);
        let minus_p = times_small(subtract(field.n, field.one), p);
        let start = [two, times_small(field.one, p)];
        let minus_two = subtract(field.n, two);
        let exponent = half_of_next(field.n);
        Ladder { exponent, twos: trailing_zeros(exponent), two, minus_two, minus_p, start }
    }

    /// From (V_k, V_(k+1)) to the pair for 2k or, where the exponent has this bit, 2k + 1.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn step(&self, field: &Montgomery104, [low, high]: [Limbs; 2], bit: u32) -> [Limbs; 2] {
        let set = _mm512_test_epi64_mask(self.exponent[(bit / 52) as usize], _mm512_set1_epi64(1 << (bit % 52)));
        let square = field.square(pick(set, low, high), self.minus_two);
        let product = field.times(low, high, self.minus_p);
        [pick(set, square, product), pick(set, product, square)]
    }

    /// The numbers that pass at V of (n + 1) / 2^(bit + 1): 2 or -2 where that index is odd; 0
    /// there or later, but not at (n + 1) / 2.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    #[inline]
    fn is_end(&self, field: &Montgomery104, value: Limbs, bit: u32) -> u8 {
        let value = field.reduced(value);
        let bit_now = _mm512_set1_epi64(i64::from(bit));
        let is_two = is_equal(value, self.two);
        let is_minus_two = is_equal(value, subtract(field.n, self.two));
        let ends = (is_two | is_minus_two) & _mm512_cmpeq_epi64_mask(self.twos, bit_now);
        let is_zero = _mm512_testn_epi64_mask(value[0], value[0])
            & _mm512_testn_epi64_mask(value[1], value[1])
            & _mm512_cmpge_epu64_mask(self.twos, bit_now);
        if bit > 0 { ends | is_zero } else { ends }
    }
}

/// (n + 1) / 2 of odd n.
#[target_feature(enable = "avx512f")]
#[inline]
fn half_of_next([low, high]: Limbs) -> Limbs {
    let (one, mask) = (_mm512_set1_epi64(1), _mm512_set1_epi64((1 << 52) - 1));
    let both = _mm512_or_si512(_mm512_srli_epi64::<1>(low), _mm512_slli_epi64::<51>(_mm512_and_si512(high, one)));
    let low = _mm512_add_epi64(both, one);
    let high = _mm512_add_epi64(_mm512_srli_epi64::<1>(high), _mm512_srli_epi64::<52>(low));
    [_mm512_and_si512(low, mask), high]
}
