//! Records of primes with few multiples in the window: each cofactor is tested by itself.
//!
//! Stands beside `words.rs`, whose words of 64 cofactors are next to empty for these primes: most
//! of the primes near 2^64 have one odd multiple in a window, or none. Those inside are packed
//! first; half the cofactor modulo 15,015 then says whether it has a factor 3, 5, 7, 11 or 13.

use super::starts::{LANES, Starts, Window, load, nearest_rest};
use crate::lines::rough::lists::{LineOfResidue, Lists};
use std::arch::x86_64::*;

/// Odd primes to filter cofactors by.
pub(super) const FILTER: [u64; 5] = [3, 5, 7, 11, 13];

/// Their product.
const PRODUCT: usize = 15_015;

/// Entry of the remainder 0: remainders nearest to 0 begin at entry 1, or one before.
const MIDDLE: usize = PRODUCT / 2 + 2;

/// Multiples found before they become records.
const FOUND: usize = 1024;

/// For each mask of 4 doubles the halves of those with a one, in order.
static TAKEN: [[i32; 8]; 16] = {
    let (mut lanes, mut mask) = ([[0; 8]; 16], 0);
    while mask < 16 {
        let (mut lane, mut count) = (0, 0);
        while lane < 4 {
            if mask >> lane & 1 == 1 {
                lanes[mask][count] = 2 * lane;
                lanes[mask][count + 1] = 2 * lane + 1;
                count += 2;
            }
            lane += 1;
        }
        mask += 1;
    }
    lanes
};

pub(super) struct FewMultiples {
    /// For half of a cofactor, modulo the product: 1 if the cofactor is coprime to it.
    rough: Vec<u8>,
    halves: Vec<f64>,
    offsets: Vec<f64>,
    flat: Vec<u32>,
}

impl FewMultiples {
    pub(super) fn new() -> FewMultiples {
        let rough = (0..PRODUCT + 4).map(|entry| {
            let half = (entry + 2 * PRODUCT - MIDDLE) as u64;
            u8::from(FILTER.iter().all(|&q| !(2 * half + 1).is_multiple_of(q)))
        });
        let column = || vec![0.0; FOUND + LANES];
        FewMultiples { rough: rough.collect(), halves: column(), offsets: column(), flat: vec![0; FOUND + LANES] }
    }

    /// Puts the multiples of `primes` in the window into `lists`: `most` of each prime.
    #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt")]
    pub(super) fn cross(
        &mut self,
        primes: &[u32],
        (window, most): (Window, u64),
        table: &LineOfResidue,
        lists: &mut Lists,
    ) {
        let (span, one) = (_mm256_set1_pd(window.span), _mm256_set1_pd(1.0));
        let mut found = 0;
        for four in primes.chunks(LANES) {
            let (lanes, four) = load(four);
            let Starts { twice, mut half, mut offset } = window.first(four);
            // A loop that ends where no lane is inside any more would end at a place that no
            // processor can predict.
            for _ in 0..most {
                let inside = _mm256_and_pd(lanes, _mm256_cmp_pd::<_CMP_LT_OQ>(offset, span));
                let mask = _mm256_movemask_pd(inside) as usize;
                debug_assert!(found < FOUND && self.halves.len() == FOUND + LANES);
                // SAFETY: there is room for 4 behind FOUND, and fewer than FOUND are found; an
                // entry has 8 lanes.
                unsafe {
                    let taken = _mm256_loadu_si256(TAKEN[mask & 15].as_ptr().cast());
                    let pack =
                        |numbers| _mm256_castsi256_pd(_mm256_permutevar8x32_epi32(_mm256_castpd_si256(numbers), taken));
                    _mm256_storeu_pd(self.halves.as_mut_ptr().add(found), pack(half));
                    _mm256_storeu_pd(self.offsets.as_mut_ptr().add(found), pack(offset));
                }
                found += mask.count_ones() as usize;
                if found >= FOUND {
                    self.put(std::mem::take(&mut found), table, lists);
                }
                offset = _mm256_add_pd(offset, twice);
                half = _mm256_add_pd(half, one);
            }
        }
        self.put(found, table, lists);
    }

    /// Makes records of the first `found` multiples whose cofactor is rough.
    #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt")]
    fn put(&mut self, found: usize, table: &LineOfResidue, lists: &mut Lists) {
        const INVERSE: f64 = 1.0 / 210.0;
        // Behind the last multiple are old ones, or zeros.
        let groups = self.halves.as_chunks::<LANES>().0.iter().zip(self.offsets.as_chunks::<LANES>().0);
        let mut filled = 0;
        for (group, (halves, offsets)) in groups.take(found.div_ceil(LANES)).enumerate() {
            // SAFETY: there are 4 of each.
            let (half, offset) = unsafe { (_mm256_loadu_pd(halves.as_ptr()), _mm256_loadu_pd(offsets.as_ptr())) };
            let entry = _mm256_add_pd(nearest_rest(half, PRODUCT as f64), _mm256_set1_pd(MIDDLE as f64));
            // (x + 1/2) / 210 is at least 1 / 420 away from every whole number.
            let bit = _mm256_fmadd_pd(offset, _mm256_set1_pd(INVERSE), _mm256_set1_pd(0.5 * INVERSE));
            let bit = _mm256_round_pd::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(bit);
            let residue = _mm256_fnmadd_pd(bit, _mm256_set1_pd(210.0), offset);
            let (mut entries, mut bits, mut residues) = ([0_u32; LANES], [0_u32; LANES], [0_u32; LANES]);
            for (to, numbers) in [(&mut entries, entry), (&mut bits, bit), (&mut residues, residue)] {
                // SAFETY: 4 numbers.
                unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), _mm256_cvttpd_epi32(numbers)) };
            }
            for lane in 0..LANES.min(found - LANES * group) {
                self.flat[filled] = table.record(residues[lane] as usize, bits[lane]);
                filled += usize::from(self.rough[entries[lane] as usize]);
            }
        }
        lists.put(&self.flat[..filled]);
    }
}
