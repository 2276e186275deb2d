//! Records from places in a window: which bit of which line.
//!
//! Formula: for the place x behind the window's beginning, bit k = floor(x / 210), and x - 210 k
//! picks the line from a table. With f = x ceil(2^52 / 210), k is f / 2^52, exact while 210 x <
//! 2^52.
//! Run time: half a cycle a record (estimated). Memory: 128 bytes.

use std::arch::x86_64::*;

/// Number of the line * 4, by half of the residue.
pub(super) struct LineTable([u8; 128]);

/// The table in registers.
#[derive(Clone, Copy)]
pub(super) struct Loaded([__m512i; 2]);

impl LineTable {
    pub(super) fn new(residues: &[u32]) -> LineTable {
        let mut line = [0; 128];
        residues.iter().enumerate().for_each(|(i, &r)| line[r as usize / 2] = 4 * i as u8);
        LineTable(line)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    #[inline]
    pub(super) fn load(&self) -> Loaded {
        let table = self.0.as_ptr();
        // SAFETY: the table has 128 bytes.
        Loaded(unsafe { [_mm512_loadu_si512(table.cast()), _mm512_loadu_si512(table.add(64).cast())] })
    }

    /// One record.
    pub(super) fn record(&self, place: u64) -> u32 {
        u32::from(self.0[(place % 210 / 2) as usize]) << 24 | (place / 210) as u32
    }
}

impl Loaded {
    /// Eight records from places below 2^34 that are coprime to 210 (others give records of no
    /// meaning).
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt,bmi1,bmi2,lzcnt")]
    #[target_feature(enable = "avx512cd,avx512ifma,avx512vbmi,avx512vbmi2")]
    #[inline]
    pub(super) fn records(self, place: __m512i) -> __m256i {
        let [low, high] = self.0;
        let inverse = _mm512_set1_epi64((1 << 52) / 210 + 1);
        let minus = _mm512_set1_epi64((1 << 52) - 210);
        let bit = _mm512_madd52hi_epu64(_mm512_setzero_si512(), place, inverse);
        let residue = _mm512_madd52lo_epu64(place, bit, minus);
        // Half the residue is in byte 3; so the line comes out there, where a record has it.
        let index = _mm512_slli_epi64::<23>(residue);
        let line = _mm512_maskz_permutex2var_epi8(0x0808_0808_0808_0808, low, index, high);
        _mm512_cvtepi64_epi32(_mm512_or_si512(bit, line))
    }
}
