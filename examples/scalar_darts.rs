//! The program to compare `montesieve pi` with: darts as a user of the crates `rand` and
//! `rand_xoshiro` would write them, two `f64` each.
//!
//!     cargo run --release --example scalar_darts -- SAMPLES
//!
//! Prints the estimate; `scripts/bench montecarlo` runs it. It stands beside `two_f64` in
//! `benches/montecarlo.rs`, the same loop, because ratios need separate programs that run in turns.
//! The form is the fastest measured: a sum of comparisons instead of the branch took 1.7 times as
//! long.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn main() {
    let Some(samples) = std::env::args().nth(1).and_then(|word| word.parse().ok()) else {
        eprintln!("scalar_darts SAMPLES");
        std::process::exit(2);
    };
    println!("{}", 4.0 * hits(42, samples) as f64 / samples as f64);
}

#[inline(never)]
fn hits(seed: u64, samples: u64) -> u64 {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut hits = 0;
    for _ in 0..samples {
        let (x, y): (f64, f64) = (generator.random(), generator.random());
        if x * x + y * y <= 1.0 {
            hits += 1;
        }
    }
    hits
}
