//! xoshiro256++ with AVX2: 4 lanes side by side in four registers, for kernels with intrinsics over
//! [`Lanes`].
//!
//! Fourteen instructions a step: a rotation is two shifts and an or.

use std::arch::x86_64::*;

use super::{LANES, Lanes};

/// Lanes in a register.
pub(crate) const WIDTH: usize = 4;

/// The four state words of 4 lanes.
pub(crate) type State = [__m256i; 4];

/// The states of the 4 lanes `first..first + 4`.
#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn load(lanes: &Lanes, first: usize) -> State {
    assert!(first + WIDTH <= LANES);
    // SAFETY: by the assertion the 4 words are inside the row; the load may be unaligned.
    std::array::from_fn(|w| unsafe { _mm256_loadu_si256(lanes.words[w].as_ptr().add(first).cast()) })
}

/// Sets the states of the 4 lanes `first..first + 4`.
#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn store(lanes: &mut Lanes, first: usize, state: State) {
    assert!(first + WIDTH <= LANES);
    for (row, word) in lanes.words.iter_mut().zip(state) {
        // SAFETY: by the assertion the 4 words are inside the row; the store may be unaligned.
        unsafe { _mm256_storeu_si256(row.as_mut_ptr().add(first).cast(), word) };
    }
}

/// The next outputs of 4 lanes, and a step.
#[target_feature(enable = "avx2")]
#[inline]
pub(crate) fn draw(state: &mut State) -> __m256i {
    let [s0, s1, s2, s3] = *state;
    let outputs = _mm256_add_epi64(rotate_left::<23, 41>(_mm256_add_epi64(s0, s3)), s0);
    let (t, s2, s3) = (_mm256_slli_epi64::<17>(s1), _mm256_xor_si256(s2, s0), _mm256_xor_si256(s3, s1));
    *state = [_mm256_xor_si256(s0, s3), _mm256_xor_si256(s1, s2), _mm256_xor_si256(s2, t), rotate_left::<45, 19>(s3)];
    outputs
}

/// Each 64-bit word rotated left by `LEFT`; `RIGHT` is 64 - `LEFT`.
#[target_feature(enable = "avx2")]
#[inline]
fn rotate_left<const LEFT: i32, const RIGHT: i32>(x: __m256i) -> __m256i {
    const { assert!(LEFT + RIGHT == 64) };
    _mm256_or_si256(_mm256_slli_epi64::<LEFT>(x), _mm256_srli_epi64::<RIGHT>(x))
}
