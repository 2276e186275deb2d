//! The strong test to base 2 of 32 numbers at once.
//!
//! Stands beside `lucas.rs`, the other half of a Baillie-PSW test. n - 1 = 2^s d with d odd; n passes if 2^d = 1 or 2^(d
//! 2^i) = -1 modulo n for an i below s. The exponent is taken four bits at a time, from the top: four squarings, and one
//! product with 2^digit, at most 2^15, as it stands. Only where some exponent may end (below the most trailing zeros of a n
//! - 1) it goes bit by bit.
//!
//! Run time: 55 ns a number near 2^64 (AMD Zen 4). Reference: G. L. Miller (1976), M. O. Rabin (1980).

use std::arch::x86_64::*;
use std::array::from_fn;

use super::field::{Field, Limbs, split, times_small, trailing_zeros};
use super::{LANES, VECTORS};

/// Bits of the exponent that are taken at a time: a power of 2 below the 2^19 that [`Field`]'s bound allows beside the 2 of a product.
const DIGIT: u32 = 4;

/// One bit a number: whether it passes.
#[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
pub(super) fn test(lanes: &[u64; LANES]) -> u32 {
    let (zero, one) = (_mm512_setzero_si512(), _mm512_set1_epi64(1));
    let numbers: [__m512i; VECTORS] = from_fn(|v| {
        // SAFETY: there are 8 numbers for each vector.
        unsafe { _mm512_loadu_si512(lanes.as_ptr().add(8 * v).cast()) }
    });
    let fields = Field::all(numbers);
    let twos = numbers.map(|n| trailing_zeros(_mm512_sub_epi64(n, one)));
    let most = twos.iter().map(|&twos| _mm512_reduce_max_epu64(twos)).max().unwrap_or(0) as u32;
    let digit = |n: __m512i, bit: u32| {
        let digit =
            _mm512_and_si512(_mm512_srl_epi64(n, _mm_cvtsi32_si128(bit as i32)), _mm512_set1_epi64((1 << DIGIT) - 1));
        _mm512_sllv_epi64(one, digit)
    };
    // The bits from `bit` on are done.
    let mut bit = 64 - DIGIT;
    let mut powers: [Limbs; VECTORS] = from_fn(|v| times_small(split(fields[v].one), digit(numbers[v], bit)));
    while bit >= most + 1 + DIGIT {
        bit -= DIGIT;
        for _ in 0..DIGIT {
            for v in 0..VECTORS {
                powers[v] = fields[v].square(powers[v], [zero, zero]);
            }
        }
        for v in 0..VECTORS {
            powers[v] = times_small(powers[v], digit(numbers[v], bit));
        }
    }
    let mut passed = [0_u8; VECTORS];
    // n is odd, so n - 1 has its bits but for bit 0, at which nothing ends. Nor does anything in the first digit: 2^15 is neither 1 nor -1.
    for bit in (1..bit).rev() {
        let (place, two, end) = (_mm512_set1_epi64(1 << bit), _mm512_set1_epi64(2), _mm512_set1_epi64(i64::from(bit)));
        for v in 0..VECTORS {
            let factor = _mm512_mask_mov_epi64(one, _mm512_test_epi64_mask(numbers[v], place), two);
            powers[v] = times_small(fields[v].square(powers[v], [zero, zero]), factor);
        }
        if bit <= most {
            for v in 0..VECTORS {
                // At the odd exponent 1 or -1; where more squarings have followed, -1.
                let power = fields[v].reduced(powers[v]);
                let is_one = _mm512_cmpeq_epi64_mask(power, fields[v].one) & _mm512_cmpeq_epi64_mask(twos[v], end);
                let is_minus = _mm512_cmpeq_epi64_mask(power, _mm512_sub_epi64(numbers[v], fields[v].one));
                passed[v] |= is_one | is_minus & _mm512_cmpge_epu64_mask(twos[v], end);
            }
        }
    }
    u32::from_le_bytes(passed)
}
