//! Multiples of large primes as records, on any CPU: a wheel of 210 for the cofactors.
//!
//! Stands beside `avx512.rs`, which tests 64 cofactors of 8 primes at once; a scalar loop is faster
//! with a wheel, which steps over cofactors with a factor 2, 3, 5 or 7 and leaves 22.9 % of them.
//! The first multiples are found 4 at a time by the same vector code that serves `big.rs`.
//!
//! Run time: 3 ns a prime and 2 to 3 ns a record (AMD Zen 5). Memory: 20 KB.

use super::lists::{LineOfResidue, Lists};
use crate::bytes::big::starts;
use crate::bytes::big::{BATCH, FirstMultiples};
use crate::bytes::wheel::{COFACTORS, ENTRY, GAP};
use montesieve_kernel::isa::Supported;

/// Records made before they are put into lists: 16 KiB of them, in L1.
const FLAT: usize = 4096;

pub(super) struct Portable {
    isa: Supported,
    batch: FirstMultiples,
    flat: Vec<u32>,
    table: LineOfResidue,
}

impl Portable {
    pub(super) fn new(residues: &[u32], isa: Supported) -> Portable {
        Portable { isa, batch: FirstMultiples::new(), flat: vec![0; FLAT], table: LineOfResidue::new(residues) }
    }

    /// Puts the multiples of `primes` in the window of `span` numbers from `base` on into `lists`.
    pub(super) fn cross(&mut self, (above, primes): (u64, &[u32]), base: u128, span: u64, lists: &mut Lists) {
        let mut filled = 0;
        for primes in primes.chunks(BATCH) {
            self.batch.primes[..primes.len()].copy_from_slice(primes);
            starts(self.isa, base, above, &mut self.batch);
            for (i, &p) in primes.iter().enumerate() {
                let p = above + u64::from(p);
                let (distance, number) = ENTRY[self.batch.cofactors[i] as usize];
                let mut offset = self.batch.offsets[i] + u64::from(distance) * p;
                if 2 * p >= span {
                    // One multiple, or none: unpredictable. So it is always written, and kept if it
                    // is inside.
                    self.flat[filled] = self.table.record_of(offset);
                    filled += usize::from(offset < span);
                } else {
                    let mut number = usize::from(number);
                    while offset < span {
                        self.flat[filled] = self.table.record_of(offset);
                        filled += 1;
                        if filled == FLAT {
                            lists.put(&self.flat);
                            filled = 0;
                        }
                        offset += u64::from(GAP[number]) * p;
                        number = if number + 1 == COFACTORS { 0 } else { number + 1 };
                    }
                }
                if filled == FLAT {
                    lists.put(&self.flat);
                    filled = 0;
                }
            }
        }
        lists.put(&self.flat[..filled]);
    }
}
