//! xoshiro256++ with AVX-512: 8 lanes side by side in four registers, for kernels with intrinsics
//! over [`Lanes`].
//!
//! Nine instructions a step (twelve with AVX2): rotations are one instruction, and three-way xors
//! fold two into one.

use std::arch::x86_64::*;

use super::{LANES, Lanes};

/// Lanes in a register.
pub(crate) const WIDTH: usize = 8;

/// `vpternlogq`'s table for a ^ b ^ c.
const XOR3: i32 = 0x96;

/// The four state words of 8 lanes.
pub(crate) type State = [__m512i; 4];

/// The states of the 8 lanes `first..first + 8`.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn load(lanes: &Lanes, first: usize) -> State {
    assert!(first + WIDTH <= LANES);
    // SAFETY: by the assertion the 8 words are inside the row; the load may be unaligned.
    std::array::from_fn(|w| unsafe { _mm512_loadu_si512(lanes.words[w].as_ptr().add(first).cast()) })
}

/// Sets the states of the 8 lanes `first..first + 8`.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn store(lanes: &mut Lanes, first: usize, state: State) {
    assert!(first + WIDTH <= LANES);
    for (row, word) in lanes.words.iter_mut().zip(state) {
        // SAFETY: by the assertion the 8 words are inside the row; the store may be unaligned.
        unsafe { _mm512_storeu_si512(row.as_mut_ptr().add(first).cast(), word) };
    }
}

/// The next outputs of 8 lanes, and a step.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn draw(state: &mut State) -> __m512i {
    let [s0, s1, s2, s3] = *state;
    let outputs = _mm512_add_epi64(_mm512_rol_epi64::<23>(_mm512_add_epi64(s0, s3)), s0);
    *state = [
        _mm512_ternarylogic_epi64::<XOR3>(s0, s3, s1),
        _mm512_ternarylogic_epi64::<XOR3>(s1, s2, s0),
        _mm512_ternarylogic_epi64::<XOR3>(s2, s0, _mm512_slli_epi64::<17>(s1)),
        _mm512_rol_epi64::<45>(_mm512_xor_si512(s3, s1)),
    ];
    outputs
}
