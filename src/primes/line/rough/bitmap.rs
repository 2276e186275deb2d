//! The large sieving primes: every prime from some number to 2^32 at most, as sieved lines.
//!
//! 30 bytes for 1050 numbers: 7 MB up to 2.5e8, 123 MB up to 2^32, against 813 MB as a list of u32. A window reads all
//! of it, so reading must be fast: with AVX-512 a word of 64 bits is turned into the places of its ones by one
//! instruction (`vpcompressb`).
//!
//! Run time: 0.25 ns a prime with AVX-512, 1 ns else (AMD Zen 5). The order is that of the lines, not of the numbers.

use super::MODULUS;
use crate::isa::Isa;
use std::ops::Range;

/// Primes as lines of bits.
#[derive(Default)]
pub(in crate::primes::line) struct Bitmap {
    words: Vec<u64>,
    lines: Vec<Line>,
}

/// One line: bit k of `words` stands for `first` + 210 k.
struct Line {
    first: u32,
    words: Range<usize>,
}

/// Words read at once: 5,000 primes or fewer, 20 KB in L1.
const STRIDE: usize = 256;

/// Room that a reader needs.
const ROOM: usize = 64 * (STRIDE + 1);

impl Bitmap {
    /// Adds the bits `from..to` of a line; the rest are left out. Bit 0 stands for `first`.
    pub(in crate::primes::line) fn add(&mut self, first: u64, line: &[u8], from: u64, to: u64) {
        if from >= to {
            return;
        }
        let start = self.words.len();
        let skipped = from / 64;
        let words = &line.as_chunks::<8>().0[skipped as usize..to.div_ceil(64) as usize];
        self.words.extend(words.iter().map(|&word| u64::from_le_bytes(word)));
        let end = self.words.len();
        self.words[start] &= !0 << (from % 64);
        self.words[end - 1] &= !0 >> ((64 - to % 64) % 64);
        self.lines.push(Line { first: (first + 64 * MODULUS * skipped) as u32, words: start..end });
    }

    /// Room for the primes of numbers up to `largest`, so that growing makes no copies.
    pub(in crate::primes::line) fn reserve(&mut self, largest: u64) {
        self.words.reserve_exact((largest / MODULUS / 64 + 1024) as usize * 48 * 101 / 100);
    }

    /// Hands all primes up to about `root` to `each`, a few thousand at a time. `Break` ends it.
    pub(in crate::primes::line) fn read<B>(
        &self,
        root: u64,
        isa: Isa,
        mut each: impl FnMut(&[u32]) -> std::ops::ControlFlow<B>,
    ) -> std::ops::ControlFlow<B> {
        let mut primes = vec![0; ROOM];
        for line in self.lines.iter().filter(|line| u64::from(line.first) <= root) {
            // Only words that begin up to the root.
            let most = ((root - u64::from(line.first)) / (64 * MODULUS)) as usize + 1;
            let words = &self.words[line.words.clone()];
            for (i, words) in words[..most.min(words.len())].chunks(STRIDE).enumerate() {
                let first = line.first.wrapping_add((i * STRIDE * 64 * MODULUS as usize) as u32);
                let found = extract(words, first, isa, &mut primes);
                each(&primes[..found])?;
            }
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// Writes the numbers that the ones of `words` stand for to `primes`: how many.
fn extract(words: &[u64], first: u32, isa: Isa, primes: &mut [u32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Avx512 {
        // SAFETY: `Isa::Avx512` is only ever made for a CPU that has it (`Walks::new` checks).
        return unsafe { extract_avx512(words, first, primes) };
    }
    let _ = isa;
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
        // SAFETY: 64 may be written behind `found`, which is at most 64 for each word before; see the assertion.
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
