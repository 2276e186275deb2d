//! Words of rough cofactors: 64 odd cofactors of a prime in a row, as bits.
//!
//! Stands beside `few.rs`, for primes that have some tens of multiples in a window. Bit j of a word
//! stands for the cofactor 2(h + j) + 1. Which of them have a factor q depends on h modulo q; so a
//! table for a product of a few q has a word for each remainder, and four words combine all of
//! them.

use super::starts::{LANES, Starts, Window, load, nearest_rest};
use crate::lines::rough::lists::{LineOfResidue, Lists};
use std::arch::x86_64::*;

/// Odd primes to filter cofactors by.
pub(super) const FILTER: [u64; 10] = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31];

/// Where the factors of each table's modulus lie among them: the tables take 20 KB together, in L1.
const TABLES: [[usize; 2]; 4] = [[0, 4], [4, 6], [6, 8], [8, 10]];

/// Records made before they are put into lists: 16 KiB.
const FLAT: usize = 4096;

/// Records of a word that are made at once: a word of a prime with few multiples has no more.
const AT_ONCE: usize = 4;

/// The words of all remainders by one modulus.
struct Table {
    modulus: u32,
    /// Entry of the remainder 0: remainders nearest to 0 begin at entry 1, or one before.
    middle: u32,
    words: Vec<u64>,
}

/// Four primes and their multiples, as numbers of a lane each.
#[derive(Default)]
struct Lanes {
    twice: [u64; LANES],
    offset: [u64; LANES],
    left: [u32; LANES],
    /// For each table the entry of the first word.
    entries: [[u32; LANES]; TABLES.len()],
}

pub(super) struct Words {
    tables: [Table; TABLES.len()],
    flat: Vec<u32>,
}

impl Table {
    fn new(filter: &[u64]) -> Table {
        let modulus: u64 = filter.iter().product();
        let middle = modulus / 2 + 2;
        let is_rough = |half: u64| filter.iter().all(|&q| !(2 * half + 1).is_multiple_of(q));
        let word = |entry: u64| {
            let half = entry + 2 * modulus - middle;
            (0..64).filter(|j| is_rough(half + j)).fold(0, |word, j| word | 1 << j)
        };
        Table { modulus: modulus as u32, middle: middle as u32, words: (0..modulus + 4).map(word).collect() }
    }

    /// The entry 64 cofactors further on.
    #[inline(always)]
    fn next(&self, entry: u32) -> u32 {
        // No modulus is less than 64.
        if entry + 64 > self.modulus { entry + 64 - self.modulus } else { entry + 64 }
    }
}

impl Words {
    pub(super) fn new() -> Words {
        Words { tables: TABLES.map(|[from, to]| Table::new(&FILTER[from..to])), flat: vec![0; FLAT + 64 + AT_ONCE] }
    }

    /// Puts the multiples of `primes` in the window into `lists`.
    #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt")]
    pub(super) fn cross(&mut self, primes: &[u32], window: Window, table: &LineOfResidue, lists: &mut Lists) {
        let span = _mm256_set1_pd(window.span);
        let mut lanes = Lanes::default();
        let mut filled = 0;
        for four in primes.chunks(LANES) {
            let count = four.len();
            let Starts { twice, half, offset } = window.first(load(four).1);
            // Multiples in the window: floor((span - offset) / 2p) + 1, as the quotient is never a
            // whole number (odd over even).
            let quotient = _mm256_div_pd(_mm256_sub_pd(span, offset), twice);
            let left = _mm256_add_pd(_mm256_floor_pd(quotient), _mm256_set1_pd(1.0));
            // SAFETY: 4 numbers each.
            unsafe {
                _mm_storeu_si128(lanes.left.as_mut_ptr().cast(), _mm256_cvttpd_epi32(left));
                _mm256_storeu_si256(lanes.twice.as_mut_ptr().cast(), whole(twice));
                _mm256_storeu_si256(lanes.offset.as_mut_ptr().cast(), whole(offset));
                for (table, entries) in self.tables.iter().zip(&mut lanes.entries) {
                    let rest = nearest_rest(half, table.modulus.into());
                    let entry = _mm256_add_pd(rest, _mm256_set1_pd(table.middle.into()));
                    _mm_storeu_si128(entries.as_mut_ptr().cast(), _mm256_cvttpd_epi32(entry));
                }
            }
            for lane in 0..count {
                filled = self.records(&lanes, lane, filled, table, lists);
            }
        }
        lists.put(&self.flat[..filled]);
    }

    /// Adds the records of the prime in a lane to the `filled` that are there; how many are there
    /// then.
    #[inline(always)]
    fn records(
        &mut self,
        lanes: &Lanes,
        lane: usize,
        mut filled: usize,
        table: &LineOfResidue,
        lists: &mut Lists,
    ) -> usize {
        let Words { tables, flat } = self;
        let twice = lanes.twice[lane];
        let (mut offset, mut left) = (lanes.offset[lane], lanes.left[lane] as i32);
        let mut entries: [u32; TABLES.len()] = std::array::from_fn(|i| lanes.entries[i][lane]);
        while left > 0 {
            let mut word = if left < 64 { (1 << left) - 1 } else { !0 };
            for (table, &entry) in tables.iter().zip(&entries) {
                word &= table.words[entry as usize];
            }
            let end = filled + word.count_ones() as usize;
            // A loop for each one would end at a place that no processor can predict.
            loop {
                for record in &mut flat[filled..][..AT_ONCE] {
                    // Without a one it is 64; what it makes is covered by the next.
                    let place = offset + u64::from(word.trailing_zeros()) * twice;
                    *record = table.record_of(place);
                    word &= word.wrapping_sub(1);
                }
                filled += AT_ONCE;
                if filled >= end {
                    break;
                }
            }
            filled = end;
            if filled >= FLAT {
                lists.put(&flat[..filled]);
                filled = 0;
            }
            left -= 64;
            offset += 64 * twice;
            for (table, entry) in tables.iter().zip(&mut entries) {
                *entry = table.next(*entry);
            }
        }
        filled
    }
}

/// Whole numbers from 0 to 2^52 as integers.
#[target_feature(enable = "avx2")]
#[inline]
fn whole(numbers: __m256d) -> __m256i {
    let magic = _mm256_set1_pd((1_u64 << 52) as f64);
    _mm256_xor_si256(_mm256_castpd_si256(_mm256_add_pd(numbers, magic)), _mm256_castpd_si256(magic))
}
