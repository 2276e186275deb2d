//! The options of `montesieve integrate file FILE`, and those that a line of the file may have.
//!
//! Stands beside the `args` of `integrate`, whose options are of one integral. What says how to
//! sample is declared once here: after FILE it is the default of lines that do not say it.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::choices::one_of;
use crate::cli::engine::EngineOptions;
use crate::cli::precision::{DEFAULT_SEED, Precision};
use crate::cli::values;
use crate::commands::integrate::args::{Common, IntegrateMethod, NanPolicy};

const EXAMPLES: &str = "\
A line holds the words that would follow 'montesieve integrate', in quotes where a shell needs them:
  expr 'exp(-a*x)' --set a=2 --bounds 0:1
  genz-gaussian --dim 8 --method sobol --seed 3 1e6
Empty lines and what follows a # are passed over. All lines are one job: ranks share their blocks, \
and checkpoints, --resume, --shard and merge work as for one integral. Each result has the bytes that \
'montesieve integrate' would report for its line alone.

Examples:
  montesieve integrate file sweep.txt
  mpirun -n 8 montesieve integrate file sweep.txt 1e7 --method auto --format csv
  mpirun -n 8 montesieve integrate file sweep.txt --checkpoint sweep.ckpt
  seq 9 | sed \"s/.*/expr 'x^&' --bounds 0:1/\" | montesieve integrate file - 1e6";

/// Many integrals from a file, in one job: one result for each line, in the order of the lines
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct ManyIntegrals {
    /// The file, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// The defaults of lines.
    #[command(flatten)]
    pub defaults: LineSampling,

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}

/// How a line is sampled: what is not said has its default.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineSampling {
    /// Number of samples of each line that does not say it [default: 1e8]
    #[arg(value_name = "SAMPLES", value_parser = values::amount, allow_negative_numbers = true)]
    pub samples: Option<u64>,

    /// Seed of each line that does not say it [default: 0]
    #[arg(long, value_name = "N", value_parser = values::whole, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// How to sample each line that does not say it [default: plain]
    #[arg(long, value_parser = one_of(IntegrateMethod::CHOICES), value_name = "NAME")]
    pub method: Option<IntegrateMethod>,

    /// Samples of training of each line that does not say it and whose method has a map
    #[arg(long, value_name = "N", value_parser = values::amount)]
    pub training: Option<u64>,

    /// How to treat samples whose value is not a number, in each line that does not say it
    /// [default: fail]
    #[arg(long, value_parser = one_of(NanPolicy::CHOICES), value_name = "WHAT")]
    pub nan: Option<NanPolicy>,
}

impl LineSampling {
    /// What this line says, and else what `defaults` say. `--training` has no meaning for some
    /// methods, and would be refused: their lines do not inherit it.
    pub fn or(self, defaults: LineSampling) -> LineSampling {
        let method = self.method.or(defaults.method);
        let has_map = matches!(
            method,
            Some(IntegrateMethod::Vegas | IntegrateMethod::Sobol | IntegrateMethod::Lattice | IntegrateMethod::Auto)
        );
        LineSampling {
            samples: self.samples.or(defaults.samples),
            seed: self.seed.or(defaults.seed),
            method,
            training: self.training.or(defaults.training.filter(|_| has_map)),
            nan: self.nan.or(defaults.nan),
        }
    }

    /// The options of the same integral alone.
    pub fn alone(self, engine: &EngineOptions) -> Common {
        Common {
            samples: self.samples,
            seed: self.seed.unwrap_or(DEFAULT_SEED),
            method: self.method.unwrap_or(IntegrateMethod::Plain),
            training: self.training,
            nan: self.nan.unwrap_or(NanPolicy::Fail),
            histogram: Vec::new(),
            precision: Precision { target_error: None, plan: false, trace: None, plot: None },
            engine: engine.clone(),
        }
    }
}
