//! Numbers of a word of bits, 64 at once (`vpcompressb`): the same as the loop in `bits.rs`,
//! without a branch a number.

use std::arch::x86_64::*;

use super::{ROOM, STEP, words};
use crate::bytes::wheel::VALUE;

/// Writes how far the numbers of `bytes` are from the first number of the first byte; how many
/// there are.
///
/// # Panics
/// When there are more bytes than a step has.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")]
pub(super) fn offsets(bytes: &[u8], out: &mut [u16; ROOM]) -> usize {
    assert!(bytes.len() <= STEP);
    // SAFETY: the table has 64 bytes.
    let values = unsafe { _mm512_loadu_si512(VALUE.as_ptr().cast()) };
    let mut first = _mm512_setzero_si512();
    let mut found = 0;
    for word in words(bytes) {
        let ones = word.count_ones() as usize;
        let numbers = _mm512_maskz_compress_epi8(word, values);
        let low = _mm512_add_epi16(_mm512_cvtepu8_epi16(_mm512_castsi512_si256(numbers)), first);
        // SAFETY: 32 numbers fit behind `found`, which is at most 64 for each word before, and so
        // do 64 (`ROOM`).
        unsafe {
            let out = out.as_mut_ptr().add(found);
            _mm512_storeu_si512(out.cast(), low);
            if ones > 32 {
                let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(numbers));
                _mm512_storeu_si512(out.add(32).cast(), _mm512_add_epi16(high, first));
            }
        }
        found += ones;
        first = _mm512_add_epi16(first, _mm512_set1_epi16(240));
    }
    found
}
