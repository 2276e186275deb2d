//! From bits to primes: the numbers that the ones of a line stand for.
//!
//! A window reads the whole table of sieving primes (`../sieving.rs`), so reading must be fast:
//! with AVX-512 a word of 64 bits is turned into the places of its ones by one instruction
//! (`vpcompressb`), with AVX2 a byte by a table.
//!
//! Run time: 0.25 ns a prime with AVX-512, 1 ns in plain code (AMD Zen 5).

use super::MODULUS;
use montesieve_kernel::dispatch;

/// Words read at once: 5,000 primes or fewer, 20 KB in L1.
pub(in crate::lines) const STRIDE: usize = 256;

/// Room that a reader needs.
pub(in crate::lines) const ROOM: usize = 64 * (STRIDE + 1);

dispatch! {
    /// Writes the numbers that the ones of `words` stand for to `primes`, rising, and returns how
    /// many there are. Bit k stands for `first` + 210 k. There are at most [`STRIDE`] words, and
    /// [`ROOM`] for the numbers.
    pub(in crate::lines) fn extract(isa: Supported, words: &[u64], first: u32, primes: &mut [u32]) -> usize {
        portable => extract_plain(words, first, primes),
        avx2 => extract_avx2(words, first, primes),
        avx512 => extract_avx512(words, first, primes),
    }
}

#[inline(always)]
fn extract_plain(words: &[u64], first: u32, primes: &mut [u32]) -> usize {
    let mut found = 0;
    for (i, &word) in words.iter().enumerate() {
        let mut left = word;
        while left != 0 {
            let bit = i as u32 * 64 + left.trailing_zeros();
            primes[found] = first.wrapping_add(bit * MODULUS as u32);
            found += 1;
            left &= left - 1;
        }
    }
    found
}

/// For each byte what its ones stand for, in rising order: 210 times their places.
#[cfg(target_arch = "x86_64")]
static STEPS: [[u32; 8]; 256] = {
    let (mut steps, mut byte) = ([[0; 8]; 256], 0);
    while byte < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                steps[byte][count] = bit * MODULUS as u32;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    steps
};

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn extract_avx2(words: &[u64], first: u32, primes: &mut [u32]) -> usize {
    use std::arch::x86_64::*;
    assert!(primes.len() >= 64 * (words.len() + 1));
    let byte_of_line = _mm256_set1_epi32(8 * MODULUS as i32);
    let mut number = _mm256_set1_epi32(first as i32);
    let mut found = 0;
    for byte in words.iter().flat_map(|word| word.to_le_bytes()) {
        // SAFETY: an entry has 8 numbers. 8 may be written behind `found`, which is at most 8 for
        // each byte before; see the assertion.
        unsafe {
            let steps = _mm256_loadu_si256(STEPS[usize::from(byte)].as_ptr().cast());
            _mm256_storeu_si256(primes.as_mut_ptr().add(found).cast(), _mm256_add_epi32(number, steps));
        }
        found += byte.count_ones() as usize;
        number = _mm256_add_epi32(number, byte_of_line);
    }
    found
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,popcnt")]
fn extract_avx512(words: &[u64], first: u32, primes: &mut [u32]) -> usize {
    use std::arch::x86_64::*;
    assert!(primes.len() >= 64 * (words.len() + 1));
    let places: [u8; 64] = std::array::from_fn(|i| i as u8);
    // SAFETY: the array has 64 bytes.
    let places = unsafe { _mm512_loadu_si512(places.as_ptr().cast()) };
    let modulus = _mm512_set1_epi32(MODULUS as i32);
    let mut number = _mm512_set1_epi32(first as i32);
    let mut found = 0;
    for &word in words {
        let ones = word.count_ones() as usize;
        let compressed = _mm512_maskz_compress_epi8(word, places);
        let quarter = |bytes| _mm512_add_epi32(_mm512_mullo_epi32(_mm512_cvtepu8_epi32(bytes), modulus), number);
        // SAFETY: 64 may be written behind `found`, which is at most 64 for each word before; see
        // the assertion.
        unsafe {
            let out = primes.as_mut_ptr().add(found);
            _mm512_storeu_si512(out.cast(), quarter(_mm512_castsi512_si128(compressed)));
            _mm512_storeu_si512(out.add(16).cast(), quarter(_mm512_extracti32x4_epi32::<1>(compressed)));
            if ones > 32 {
                _mm512_storeu_si512(out.add(32).cast(), quarter(_mm512_extracti32x4_epi32::<2>(compressed)));
                _mm512_storeu_si512(out.add(48).cast(), quarter(_mm512_extracti32x4_epi32::<3>(compressed)));
            }
        }
        found += ones;
        number = _mm512_add_epi32(number, _mm512_set1_epi32(64 * MODULUS as i32));
    }
    found
}
