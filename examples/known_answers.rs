//! Makes the table of known answers that `montesieve burnin` ships with:
//! `src/commands/burnin/diagnosis/known.txt`.
//!
//! ```text
//! cargo run --release --no-default-features --example known_answers > src/commands/burnin/diagnosis/known.txt
//! ```
//! Uses only textbook forms, which share no kernel with the tested code: a sieve of bools
//! ([`naive::count_in_windows`]), and single darts at full precision ([`scalar::hits`]). Run time:
//! some minutes; memory: 2 GB (the primes below 10^9).
//!
//! The lengths make a block take about 0.25 s on an AMD Zen 4 at 3.7 GHz, with each instruction
//! set. Blocks of one kind and place start at the same number, so longer ones extend shorter ones.
//! Places: from the smallest numbers (all in cache) to 10^18 (large sieving primes, tests of single
//! numbers); streams from the first block to the 2^62nd.

use montesieve::isa::Isa;
use montesieve::montecarlo::darts::{BLOCK, scalar};
use montesieve::primes::naive;

/// First number, and how many numbers a block has for each instruction set, in the order of
/// [`Isa::ALL`].
const PRIMES: [(u64, [u64; 3]); 4] = [
    (0, [4_000_000_000, 4_000_000_000, 4_000_000_000]),
    (1_000_000_000_000, [2_000_000_000, 2_000_000_000, 2_000_000_000]),
    (1_000_000_000_000_000, [600_000_000, 600_000_000, 900_000_000]),
    (1_000_000_000_000_000_000, [3_000_000, 3_000_000, 10_000_000]),
];

/// Seed and first block of darts.
const DARTS: [(u64, u64); 4] = [(42, 0), (1, 1 << 20), (2026, 1 << 40), (u64::MAX, 1 << 62)];

/// Blocks of darts, for each instruction set.
const DARTS_LENGTHS: [u64; 3] = [380, 1140, 1900];

fn main() {
    println!("# Known answers of montesieve burnin. Made by examples/known_answers.rs: do not edit.");
    println!("# primes: how many there are in [start, start + length)");
    println!("# darts: hits among `length` darts of `seed` that begin with block `start`");
    println!("# kind isa seed start length expected");
    for (start, lengths) in PRIMES {
        rows("primes", 0, start, lengths, |low, length| naive::count_in_windows(start + low, start + low + length));
    }
    for (seed, start) in DARTS {
        let lengths = DARTS_LENGTHS.map(|blocks| blocks * BLOCK);
        rows("darts", seed, start, lengths, |low, length| scalar::hits(seed, start + low / BLOCK, length));
    }
}

/// Prints a row for each instruction set. Lengths increase, so each answer extends the one before.
fn rows(kind: &str, seed: u64, start: u64, lengths: [u64; 3], answer: impl Fn(u64, u64) -> u64) {
    let (mut done, mut expected) = (0, 0);
    for (isa, length) in Isa::ALL.iter().zip(lengths) {
        expected += answer(done, length - done);
        done = length;
        println!("{kind} {isa} {seed} {start} {length} {expected}");
    }
}
