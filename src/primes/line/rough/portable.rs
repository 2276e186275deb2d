//! Multiples of large primes as records, on any CPU: a wheel of 210 for the cofactors.
//!
//! Stands beside `avx512.rs`, which tests 64 cofactors of 8 primes at once; a scalar loop is better off with a wheel,
//! which steps over cofactors with a factor 2, 3, 5 or 7 and leaves 22.9 % of them. The first multiples are found 4 at a
//! time by the same vector code that serves `big.rs`.
//!
//! Run time: 3 ns a prime and 2 to 3 ns a record (AMD Zen 5). Memory: 20 KB.

use super::lists::{Lists, PLACE_BITS};
use crate::primes::big::{BATCH, Batch};
use crate::primes::walks::Walks;
use crate::primes::wheel::{COFACTORS, ENTRY, GAP};

/// Records made before they are put into lists: 16 KiB of them, in L1.
const FLAT: usize = 4096;

pub(super) struct Portable {
    walks: Walks,
    batch: Batch,
    flat: Vec<u32>,
    /// Number of the line at each residue modulo 210.
    line: [u8; 210],
}

impl Portable {
    pub(super) fn new(residues: &[u32], walks: Walks) -> Portable {
        let mut line = [0; 210];
        residues.iter().enumerate().for_each(|(i, &r)| line[r as usize] = i as u8);
        Portable { walks, batch: Batch::new(), flat: Vec::with_capacity(FLAT), line }
    }

    /// Puts the multiples of `primes` in the window of `span` numbers from `base` on into `lists`.
    pub(super) fn cross(&mut self, primes: &[u32], base: u64, span: u64, lists: &mut Lists) {
        for primes in primes.chunks(BATCH) {
            self.batch.primes[..primes.len()].copy_from_slice(primes);
            self.walks.starts(base, &mut self.batch);
            for (i, &p) in primes.iter().enumerate() {
                let p = u64::from(p);
                let (distance, number) = ENTRY[self.batch.cofactors[i] as usize];
                let mut offset = self.batch.offsets[i] + u64::from(distance) * p;
                let mut number = usize::from(number);
                while offset < span {
                    let line = self.line[(offset % 210) as usize];
                    self.flat.push(u32::from(line) << PLACE_BITS | (offset / 210) as u32);
                    if self.flat.len() == FLAT {
                        lists.put(&self.flat);
                        self.flat.clear();
                    }
                    offset += u64::from(GAP[number]) * p;
                    number = if number + 1 == COFACTORS { 0 } else { number + 1 };
                }
            }
        }
        lists.put(&self.flat);
        self.flat.clear();
    }
}
