//! The strong test to base 2 of 32 numbers at once.
//!
//! Stands beside `lucas.rs`, the other half of a Baillie-PSW test. n - 1 = 2^s d with d odd; n
//! passes if 2^d = 1 or 2^(d 2^i) = -1 modulo n for an i below s. The exponent is processed four
//! bits at a time, from the top: four squarings, and one product with 2^digit, at most 2^15, as it
//! stands. Only where some exponent may end (below the most trailing zeros of a n
//! - 1) it goes bit by bit.
//!
//! Run time: 55 ns a number near 2^64 (AMD Zen 4). Reference: G. L. Miller (1976), M. O. Rabin
//! (1980).

use std::arch::x86_64::*;
use std::array::from_fn;

use super::VECTORS;
use super::field::{LimbLanes, Limbs, Montgomery104, is_equal, load, most_bits, subtract, times_small, trailing_zeros};

/// Bits of the exponent processed at a time. 52 is a multiple, so no digit is in two limbs.
/// The products of 2 n and 2^15 are below 2^104 for n to 2^87, and four squares bring them back
/// below 2 n: the factors 2^16, 2^15, 2^13, 2^9, and 2 at last.
const DIGIT: u32 = 4;

/// One bit a number: whether it passes.
#[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
pub(super) fn test(lanes: &LimbLanes) -> u32 {
    let (zero, one) = (_mm512_setzero_si512(), _mm512_set1_epi64(1));
    let numbers = load(lanes);
    let fields = Montgomery104::all(numbers);
    let twos = numbers.map(|[low, high]| trailing_zeros([_mm512_sub_epi64(low, one), high]));
    let most = twos.iter().map(|&twos| _mm512_reduce_max_epu64(twos)).max().unwrap_or(0) as u32;
    let digit = |n: Limbs, bit: u32| {
        let shifted = _mm512_srl_epi64(n[(bit / 52) as usize], _mm_cvtsi32_si128((bit % 52) as i32));
        _mm512_sllv_epi64(one, _mm512_and_si512(shifted, _mm512_set1_epi64((1 << DIGIT) - 1)))
    };
    // The bits from `bit` on are done.
    let mut bit = (most_bits(&numbers) - 1) / DIGIT * DIGIT;
    let mut powers: [Limbs; VECTORS] = from_fn(|v| times_small(fields[v].one, digit(numbers[v], bit)));
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
    // n is odd, so n - 1 has its bits but for bit 0, at which nothing ends. Nor does anything in
    // the first digit: 2^15 is neither 1 nor -1.
    for bit in (1..bit).rev() {
        let (limb, place) = ((bit / 52) as usize, _mm512_set1_epi64(1 << (bit % 52)));
        let (two, end) = (_mm512_set1_epi64(2), _mm512_set1_epi64(i64::from(bit)));
        for v in 0..VECTORS {
            let factor = _mm512_mask_mov_epi64(one, _mm512_test_epi64_mask(numbers[v][limb], place), two);
            powers[v] = times_small(fields[v].square(powers[v], [zero, zero]), factor);
        }
        if bit <= most {
            for v in 0..VECTORS {
                // At the odd exponent 1 or -1; where more squarings have followed, -1.
                let power = fields[v].reduced(powers[v]);
                let is_one = is_equal(power, fields[v].one) & _mm512_cmpeq_epi64_mask(twos[v], end);
                let is_minus = is_equal(power, subtract(numbers[v], fields[v].one));
                passed[v] |= is_one | is_minus & _mm512_cmpge_epu64_mask(twos[v], end);
            }
        }
    }
    u32::from_le_bytes(passed)
}
