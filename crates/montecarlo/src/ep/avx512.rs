//! The kernel with AVX-512: eight pairs a register.
//!
//! A state lies in bits 6 to 51 with the exponent of 1.0 above. Then `vpmadd52luq`, whose operands
//! and product are taken modulo 2^52, with that exponent as the addend, makes in one instruction
//! the next state and a double in [1, 2). `vcompresspd` gathers the accepted pairs (in a register,
//! then stored whole: its form that stores is slow on Zen 4).

use std::arch::x86_64::*;

use super::deviates::ROW;
use super::gathered::{DRAWS, Gathered, block};
use super::generator::{LANES, MULTIPLIER, ONE, PairStates, STRIDE};
use super::sums::Sums;

/// How far up an aligned state is above one in a mantissa.
const SHIFT: u32 = 12;

/// The sums of the block that begins where `lanes` stand, which then stand at the next one.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn sums(lanes: &mut PairStates) -> Sums {
    block(lanes, |lanes, to| gather(lanes, to))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma,avx2,bmi1,bmi2,popcnt,lzcnt")]
fn gather(lanes: &mut PairStates, to: &mut Gathered) {
    let one = _mm512_set1_epi64(ONE as i64);
    let multiplier = _mm512_set1_epi64(MULTIPLIER as i64);
    let stride = _mm512_set1_epi64((STRIDE % (1 << super::generator::BITS)) as i64);
    let (middle, quarter) = (_mm512_set1_pd(1.5), _mm512_set1_pd(0.25));
    // SAFETY: the lanes fill a register, and lie at a multiple of 64 bytes.
    let aligned = unsafe { _mm512_load_si512(lanes.0.as_ptr().cast()) };
    let mut first = _mm512_or_si512(_mm512_srli_epi64::<SHIFT>(aligned), one);
    let mut count = to.count;
    assert!(count < ROW);
    for _ in 0..DRAWS {
        let second = _mm512_madd52lo_epu64(one, first, multiplier);
        let x = _mm512_sub_pd(_mm512_castsi512_pd(first), middle);
        let y = _mm512_sub_pd(_mm512_castsi512_pd(second), middle);
        first = _mm512_madd52lo_epu64(one, first, stride);
        let square = _mm512_add_pd(_mm512_mul_pd(x, x), _mm512_mul_pd(y, y));
        let inside = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(square, quarter);
        // SAFETY: at most ROW - 1 pairs were there and LANES come with each draw, so a register
        // behind `count` is in the room.
        unsafe {
            _mm512_storeu_pd(to.x.as_mut_ptr().add(count), _mm512_maskz_compress_pd(inside, x));
            _mm512_storeu_pd(to.y.as_mut_ptr().add(count), _mm512_maskz_compress_pd(inside, y));
        }
        count += inside.count_ones() as usize;
    }
    to.count = count;
    let aligned = _mm512_slli_epi64::<SHIFT>(first);
    const { assert!(LANES == 8 && ROW >= LANES) };
    // SAFETY: as above.
    unsafe { _mm512_store_si512(lanes.0.as_mut_ptr().cast(), aligned) };
}
