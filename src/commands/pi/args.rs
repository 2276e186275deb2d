//! The options of `montesieve pi`.

use clap::Args;

use crate::cli::choices::one_of;
use crate::cli::engine::EngineOptions;
use crate::cli::precision::{DEFAULT_SEED, Precision};
use crate::cli::values;
use crate::report::record::words;

const EXAMPLES: &str = "\
Examples:
  montesieve pi                            1e9 samples, on all cores of this machine
  mpirun -n 8 montesieve pi 1e11           8 ranks; the same digits on any number of them
  montesieve pi 2^40 --seed 7 --format json
  montesieve pi --target-error 1e-6        as many darts as that takes
  montesieve pi 1e15 --method stratified   an error of 1e-11 in a second

Numbers: 1000000, 1_000_000, 1e6, 10^6, 10**6 or 1M (k, M, G, T are powers of ten).";

/// Estimate pi: with darts thrown at a circle, or better methods
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct Pi {
    /// Number of samples, 1 to 2^64-1; methods that need an even number or a power of two take the
    /// next one
    ///
    /// Default: 1e9, or as many as --target-error takes.
    #[arg(value_name = "SAMPLES", value_parser = values::amount, allow_negative_numbers = true)]
    pub samples: Option<u64>,

    /// How to sample; each method has its own error estimate
    #[arg(long, value_parser = one_of(PiMethod::CHOICES), default_value = PiMethod::Darts.word(), value_name = "NAME")]
    pub method: PiMethod,

    /// Number that selects the stream of samples, 0 to 2^64-1; the same seed gives the same result
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, value_parser = values::whole)]
    #[arg(allow_negative_numbers = true)]
    pub seed: u64,

    /// Which kernel draws the samples: the fastest, or one by one in plain Rust; the result is the
    /// same
    #[arg(long, value_parser = one_of(PiAlgorithm::CHOICES), default_value = PiAlgorithm::Simd.word(), value_name = "NAME")]
    pub algorithm: PiAlgorithm,

    /// The error to reach.
    #[command(flatten)]
    pub precision: Precision,

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}

impl Pi {
    /// The most samples to take.
    pub fn samples(&self) -> u64 {
        self.precision.samples(self.samples, 1_000_000_000)
    }

    /// Checks that the options fit together.
    pub fn check(&self) -> Result<(), String> {
        let fixed = matches!(self.method, PiMethod::Stratified | PiMethod::Sobol);
        let Precision { target_error, trace, plan, .. } = &self.precision;
        if fixed && (target_error.is_some() || trace.is_some() || *plan) {
            let name = self.method.word();
            return Err(format!(
                "--method {name} fixes its samples in advance: use darts, antithetic or control with --target-error, --plan or --trace"
            ));
        }
        Ok(())
    }
}

words! {
    /// How samples are taken.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PiMethod {
        /// Count random points of a square that lie in the circle
        Darts = "darts",
        /// Two darts in each of many equal cells
        Stratified = "stratified",
        /// Average the circle's height at x and at 1 - x
        Antithetic = "antithetic",
        /// As antithetic, less a parabola of known mean
        Control = "control",
        /// 16 scrambled Sobol nets of darts
        Sobol = "sobol",
    }
}

words! {
    /// Which kernel takes the samples.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PiAlgorithm {
        /// The fastest: vector instructions, the widest this CPU has, and no sample that cannot
        /// matter
        Simd = "simd",
        /// Every sample, one at a time: short to read, slow
        Scalar = "scalar",
    }
}
