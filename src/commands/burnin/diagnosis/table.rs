//! The blocks of a burn-in with their known answers, and the order in which a rank does them.
//!
//! The answers ship with the program in `known.txt`, made by `examples/known_answers.rs` with
//! textbook forms only. A block's number is its row, so "block 17" is the same work on every
//! cluster and in every run.
//!
//! A *round* is two blocks, one of sieving and one of darts, with one instruction set; rounds go
//! through the instruction sets first and then through the places (where numbers and streams
//! begin). So a run of some seconds has used every instruction set, and one of six seconds has done
//! every block (AMD Zen 4, three sets).

use std::fmt;

use crate::isa::Isa;

const KNOWN: &str = include_str!("known.txt");

/// What a block computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockWork {
    /// The number of primes in `[start, start + length)`.
    Primes {
        /// First number.
        start: u64,
        /// How many numbers.
        length: u64,
    },
    /// Hits among darts.
    Darts {
        /// The stream's seed.
        seed: u64,
        /// First block of darts.
        start: u64,
        /// How many darts.
        samples: u64,
    },
}

/// A piece of work with a known answer: about 0.25 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its row in the table, from 0.
    pub number: u32,
    /// The instruction set that it is for.
    pub isa: Isa,
    /// What it computes.
    pub work: BlockWork,
    /// What must come out.
    pub expected: u64,
}

impl Block {
    /// Numbers or darts.
    pub fn items(&self) -> u64 {
        match self.work {
            BlockWork::Primes { length, .. } => length,
            BlockWork::Darts { samples, .. } => samples,
        }
    }

    /// Whether it is one of sieving.
    pub fn is_primes(&self) -> bool {
        matches!(self.work, BlockWork::Primes { .. })
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let isa = self.isa;
        match self.work {
            BlockWork::Primes { start, length } => write!(f, "primes among {length} numbers from {start}, {isa}"),
            BlockWork::Darts { seed, start, samples } => {
                write!(f, "hits among {samples} darts of seed {seed} from block {start}, {isa}")
            }
        }
    }
}

/// All blocks, by number.
///
/// # Panics
/// When the table that was built into the program is damaged.
pub fn blocks() -> Vec<Block> {
    let rows = KNOWN.lines().filter(|line| !line.starts_with('#'));
    rows.zip(0..).map(|(row, number)| block(number, row).expect("every row of known.txt is in order")).collect()
}

fn block(number: u32, row: &str) -> Option<Block> {
    let mut cells = row.split(' ');
    let (kind, isa) = (cells.next()?, cells.next()?.parse().ok()?);
    let numbers: Vec<u64> = cells.map(|cell| cell.parse().ok()).collect::<Option<_>>()?;
    let &[seed, start, length, expected] = &numbers[..] else { return None };
    let work = match kind {
        "primes" => BlockWork::Primes { start, length },
        "darts" => BlockWork::Darts { seed, start, samples: length },
        _ => return None,
    };
    Some(Block { number, isa, work, expected })
}

/// The rounds of a rank whose CPU has these instruction sets: when all are done they begin again.
pub fn rounds(isas: &[Isa]) -> Vec<[Block; 2]> {
    let all = blocks();
    let of = |isa: Isa, primes: bool| all.iter().filter(move |b| b.isa == isa && b.is_primes() == primes).copied();
    let pairs: Vec<Vec<[Block; 2]>> =
        isas.iter().map(|&isa| of(isa, true).zip(of(isa, false)).map(<[Block; 2]>::from).collect()).collect();
    let places = pairs.iter().map(Vec::len).min().unwrap_or(0);
    (0..places).flat_map(|place| pairs.iter().map(move |pairs| pairs[place])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::burnin::diagnosis::work;
    use crate::montecarlo::darts::{BLOCK, scalar};
    use crate::primes::naive;

    #[test]
    fn every_row_is_in_some_round_once() {
        let all = blocks();
        assert_eq!(all.len(), 24);
        let mut seen: Vec<u32> = rounds(&Isa::ALL).iter().flatten().map(|block| block.number).collect();
        assert_eq!(
            seen[..6].iter().map(|&n| all[n as usize].isa).collect::<Vec<_>>()[..4],
            [Isa::Portable, Isa::Portable, Isa::Avx2, Isa::Avx2]
        );
        seen.sort_unstable();
        assert_eq!(seen, Vec::from_iter(0..24));
    }

    #[test]
    fn a_round_is_both_kinds_with_one_instruction_set() {
        for isas in [&Isa::ALL[..1], &Isa::ALL[..2], &Isa::ALL[..]] {
            let rounds = rounds(isas);
            assert_eq!(rounds.len(), 4 * isas.len());
            for [primes, darts] in rounds {
                assert!(primes.is_primes() && !darts.is_primes() && primes.isa == darts.isa);
                assert!(isas.contains(&primes.isa) && primes.items() > 0 && darts.items() % BLOCK == 0);
            }
        }
    }

    #[test]
    fn damaged_rows_are_seen() {
        assert!(block(0, "primes avx2 0 1 2 3").is_some());
        for bad in [
            "",
            "primes avx2 0 1 2",
            "primes avx2 0 1 2 3 4",
            "dice avx2 0 1 2 3",
            "primes neon 0 1 2 3",
            "primes avx2 0 x 2 3",
        ] {
            assert_eq!(block(0, bad), None, "{bad}");
        }
    }

    /// The fast kernels and the table's textbook forms share nothing, so one round of the widest
    /// set says much.
    #[test]
    fn the_kernels_come_to_the_known_answers() {
        for block in rounds(&[Isa::widest()])[1] {
            assert_eq!(work::compute(&block, &mut || ()), block.expected, "{block}");
        }
    }

    /// As the generator does it, for a row of each kind.
    #[test]
    #[ignore = "long: the textbook forms of two blocks"]
    fn a_sample_computed_again_by_the_textbook() {
        for block in [&rounds(&[Isa::Portable])[2][0], &rounds(&[Isa::Portable])[0][1]] {
            let again = match block.work {
                BlockWork::Primes { start, length } => naive::count_in_windows(start, start + length),
                BlockWork::Darts { seed, start, samples } => scalar::hits(seed, start, samples),
            };
            assert_eq!(again, block.expected, "{block}");
        }
    }

    #[test]
    #[ignore = "long: every block of every instruction set"]
    fn all_known_answers() {
        let isas: Vec<Isa> = Isa::ALL.into_iter().filter(|isa| isa.is_supported()).collect();
        for block in rounds(&isas).as_flattened() {
            assert_eq!(work::compute(block, &mut || ()), block.expected, "{block}");
        }
    }
}
