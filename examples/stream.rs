//! Writes the random bits of montesieve's kernels to standard output without end, for statistical
//! tests.
//!
//!     cargo run --release --example stream -- SEED [FIRST] | dieharder -a -g 200
//!
//! Step by step from block FIRST (default 0), within a step lane by lane: 32 generators, 2^128
//! steps apart, interleaved. So a test sees each lane, correlations between lanes, and the
//! boundaries of blocks, whose starts are reached by jumps instead of steps. `scripts/randomness`
//! runs dieharder on it.

use std::io::{self, ErrorKind, Write};

use montesieve::isa::Isa;
use montesieve::montecarlo::streams::{BLOCK_STEPS, Streams};

/// Steps between two writes: 64 KiB, the capacity of a pipe.
const STEPS: u64 = 256;

fn main() -> io::Result<()> {
    let words: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (seed, first) = match words[..] {
        [seed] => (seed, 0),
        [seed, first] => (seed, first),
        _ => {
            eprintln!("stream SEED [FIRST]");
            std::process::exit(2);
        }
    };
    match write(seed, first) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn write(seed: u64, first: u64) -> io::Result<()> {
    let streams = Streams::new(seed, 0, Isa::widest());
    let mut out = io::stdout().lock();
    let mut bytes = Vec::new();
    for block in first.. {
        let mut lanes = streams.start(block);
        for _ in 0..BLOCK_STEPS / STEPS {
            bytes.clear();
            bytes.extend((0..STEPS).flat_map(|_| lanes.draw()).flat_map(u64::to_le_bytes));
            out.write_all(&bytes)?;
        }
    }
    Ok(())
}
