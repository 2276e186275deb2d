//! `montesieve pi`: what may be asked of the darts.

use clap::{Args, ValueEnum};

use super::engine::Engine;
use super::values;

/// The seed when none is given: a fixed one, because a run must be reproducible by default. It stands in every result.
pub const DEFAULT_SEED: u64 = 0;

const EXAMPLES: &str = "\
Examples:
  montesieve pi                            1e9 samples, one process
  mpirun -n 8 montesieve pi 1e11           8 ranks; the same digits on any number of them
  montesieve pi 2^40 --seed 7 --format json

Numbers: 1000000, 1_000_000, 1e6, 10^6, 10**6 or 1M (k, M, G, T are powers of ten).";

/// The options of `pi`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct Pi {
    /// How many darts to throw, 1 to 2^64-1
    #[arg(value_name = "SAMPLES", default_value = "1e9", value_parser = values::amount, allow_negative_numbers = true)]
    pub samples: u64,

    /// Number that picks the stream of darts, 0 to 2^64-1; the same seed gives the same result
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, value_parser = values::whole)]
    #[arg(allow_negative_numbers = true)]
    pub seed: u64,

    /// How darts are thrown: many at once, or one by one in plain Rust; the result is the same
    #[arg(long, value_enum, default_value_t = PiAlgorithm::Simd, value_name = "NAME")]
    pub algorithm: PiAlgorithm,

    /// Engine options.
    #[command(flatten)]
    pub engine: Engine,
}

/// Which kernel throws the darts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PiAlgorithm {
    /// Vector instructions, the widest this CPU has
    Simd,
    /// One dart at a time: short to read, slow
    Scalar,
}
