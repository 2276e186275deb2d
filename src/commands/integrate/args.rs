//! The options of `montesieve integrate NAME [SAMPLES]`.
//!
//! Built from the list of integrands, each of which declares its parameters, instead of derived. So
//! a new integrand automatically has its subcommand, help, page and presets. Their values stay
//! words here; the integrand parses them.

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

pub use super::choices::{IntegrateMethod, NanPolicy, Points};
use super::entries::{all, find};
use super::file::args::ManyIntegrals;
use super::histogram::Request;
use crate::cli::choices::one_of;
use crate::cli::engine::{Destination, EngineOptions};
use crate::cli::precision::{DEFAULT_SEED, Precision};
use crate::cli::values;
use crate::montecarlo::ep::Class;
use crate::montecarlo::integrands::Entry;
use crate::montecarlo::integrands::parameters::{Parameter, Parameters};
use crate::montecarlo::trained_nets::LEAST_TRAINING;

const EXAMPLES: &str = "\
Examples:
  montesieve integrate list
  montesieve integrate ball --dim 5 1e9
  mpirun -n 8 montesieve integrate ep --class C
  mpirun -n 8 montesieve integrate option --style asian 1e10
  montesieve integrate expr 'exp(-x*x-y*y)' --bounds 0:1,0:2 1e9
  mpirun -n 8 montesieve integrate lib ./libf.so:f --bounds 0:1,0:1 1e9
  montesieve integrate expr 'exp(-1e4*(x-y)^2)' --bounds 0:1,0:1 --method vegas --target-error 1e-5r
  montesieve integrate genz-gaussian --dim 8 --method auto 1e8
  mpirun -n 8 montesieve integrate file sweep.txt 1e7 --method auto --format csv";

/// The subcommand of NAS EP.
pub const EP: &str = "ep";
/// What is said about it in lists.
pub const ABOUT_EP: &str = "NAS EP, the benchmark with published sums: Gaussian deviates by the polar method";

/// The subcommand of many integrals.
pub const FILE: &str = "file";

/// The subcommand that lists the others.
pub const LIST: &str = "list";

/// What `integrate` is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrate {
    /// List the integrands.
    List(List),
    /// Run NAS EP.
    Ep(Ep),
    /// Estimate an integral from samples.
    Samples(Samples),
    /// Estimate the integrals of a file.
    Many(ManyIntegrals),
}

/// The options of the list.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,
}

/// The options of NAS EP, which has its own generator, sizes and published sums.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Ep {
    /// The size: S, W, A, B, C, D or E, 2^24 to 2^40 pairs
    #[arg(long, value_name = "CLASS", default_value_t = Class::A)]
    pub class: Class,

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}

/// An integrand with its parameters, and how to sample it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// Its name, one of the list.
    pub name: &'static str,
    /// The values of its parameters, defaults included.
    pub parameters: Parameters,
    /// What all integrands have.
    pub common: Common,
}

/// What all integrands have.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// Number of samples, 1 to 2^64-1; methods that need a power of two take the next one
    ///
    /// Default: 1e8, or as many as --target-error takes.
    #[arg(value_name = "SAMPLES", value_parser = values::amount, allow_negative_numbers = true)]
    pub samples: Option<u64>,

    /// Number that selects the stream of samples, 0 to 2^64-1; the same seed gives the same result
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, value_parser = values::whole)]
    #[arg(allow_negative_numbers = true)]
    pub seed: u64,

    /// How to sample; each method has its own error estimate
    #[arg(long, value_parser = one_of(IntegrateMethod::CHOICES), default_value = IntegrateMethod::Plain.word())]
    #[arg(value_name = "NAME")]
    pub method: IntegrateMethod,

    /// Samples of SAMPLES that train a map: rounded down to a power of two, 128 to 2^26
    ///
    /// Default of --method vegas: an eighth of SAMPLES; of auto: a sixteenth, and as many for the
    /// trial; where --target-error has no limit, 1e6 and 2.5e5. With --method sobol or lattice the
    /// points go through a map only if this is given.
    #[arg(long, value_name = "N", value_parser = values::amount)]
    pub training: Option<u64>,

    /// How to treat samples whose value is not a number
    #[arg(long, value_parser = one_of(NanPolicy::CHOICES), default_value = NanPolicy::Fail.word(), value_name = "WHAT")]
    pub nan: NanPolicy,

    /// Also report the parts of the integral over BINS equal bins of a variable, like x1:50
    ///
    /// The bins lie between the bounds of the variable, or between LOW and HIGH. May be given
    /// several times.
    #[arg(long, value_name = "VARIABLE:BINS[:LOW:HIGH]")]
    pub histogram: Vec<Request>,

    /// The error to reach.
    #[command(flatten)]
    pub precision: Precision,

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}

impl Common {
    /// The most samples to take.
    pub fn samples(&self) -> u64 {
        self.precision.samples(self.samples, 100_000_000)
    }

    /// Samples of training.
    pub fn training(&self) -> u64 {
        // A trial takes as many again, and its nets reach usual targets soon.
        let (share, unlimited) = if self.method == IntegrateMethod::Auto { (16, 250_000) } else { (8, 1_000_000) };
        let is_unlimited = self.samples.is_none() && self.precision.target_error.is_some();
        self.training.unwrap_or(if is_unlimited { unlimited } else { self.samples() / share })
    }

    /// Whether blocks train a map. `auto` has too few samples for it below 2^17: a trial would say
    /// nothing.
    pub fn is_trained(&self) -> bool {
        match self.method {
            IntegrateMethod::Vegas => true,
            IntegrateMethod::Auto => self.training() >= LEAST_TRAINING,
            IntegrateMethod::Sobol | IntegrateMethod::Lattice => self.training.is_some(),
            _ => false,
        }
    }

    /// Checks that the options fit together.
    pub fn check(&self) -> Result<(), String> {
        let method = self.method.word();
        let has_no_map = self.method.is_uniform() || self.method == IntegrateMethod::Stratified;
        if has_no_map && self.training.is_some() {
            return Err(format!("--training is an option of vegas, sobol, lattice and auto, not of --method {method}"));
        }
        if self.method == IntegrateMethod::Auto && self.training.is_some_and(|training| training < LEAST_TRAINING) {
            return Err(format!("--training of --method auto must be at least {LEAST_TRAINING}"));
        }
        let (parts, part) = if self.method == IntegrateMethod::Auto {
            (2, "half of SAMPLES, as the trial takes as many")
        } else {
            (1, "SAMPLES")
        };
        if self.training.is_some_and(|training| training.saturating_mul(parts) >= self.samples()) {
            return Err(format!("--training must be less than {part}"));
        }
        self.check_nan()?;
        self.check_histogram()?;
        if self.is_trained() && self.engine.keep.shard.is_some() {
            let why = "each part of a job would have to train for itself";
            return Err(format!(
                "{} has no --shard, as {why}: use more ranks, or another method",
                self.training_option()
            ));
        }
        if !self.method.is_uniform() && self.precision.plan {
            let why = "a short pilot says little of what training or evenness gains";
            return Err(format!("--plan is an option of --method plain, antithetic and control: {why}"));
        }
        Ok(())
    }

    /// Checks that the method can count values that are not numbers so.
    fn check_nan(&self) -> Result<(), String> {
        let (method, nan) = (self.method.word(), self.nan.word());
        match self.method {
            IntegrateMethod::Antithetic if self.nan != NanPolicy::Fail => {
                let why = "without one point of a pair the other has no weight";
                Err(format!("--method {method} has no --nan {nan}, as {why}: use --method plain"))
            }
            IntegrateMethod::Control if self.nan != NanPolicy::Fail => {
                let why = "the mean of a control is known over the whole region only";
                Err(format!("--method {method} has no --nan {nan}, as {why}: use --method plain"))
            }
            IntegrateMethod::Stratified if self.nan == NanPolicy::Skip => {
                Err(format!("--method {method} has no --nan skip: use --nan zero"))
            }
            _ if self.is_trained() && self.nan == NanPolicy::Skip => {
                Err(format!("{} has no --nan skip: use --nan zero", self.training_option()))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the method has histograms.
    fn check_histogram(&self) -> Result<(), String> {
        let method = self.method.word();
        match self.method {
            _ if self.histogram.is_empty() => Ok(()),
            _ if self.method.is_reduced() => {
                Err(format!("--method {method} has no --histogram, as a value there is not that of one point"))
            }
            _ if self.precision.plan => Err("--plan has no --histogram".to_owned()),
            _ if self.nan == NanPolicy::Skip => {
                Err("--histogram has no --nan skip, as bins would lack such samples: use --nan zero".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// The option that makes a job train.
    fn training_option(&self) -> String {
        if self.training.is_some() { "--training".to_owned() } else { format!("--method {}", self.method.word()) }
    }
}

impl Samples {
    /// The same integrand, otherwise sampled.
    pub fn with(&self, common: Common) -> Samples {
        Samples { name: self.name, parameters: self.parameters.clone(), common }
    }

    /// The integrand as the list has it.
    pub fn entry(&self) -> Option<&'static Entry> {
        find(self.name)
    }
}

/// The argument of a parameter.
pub(super) fn argument(parameter: &Parameter) -> Arg {
    let argument = Arg::new(parameter.name).value_name(parameter.value_name).help(parameter.about);
    let argument = match parameter.default {
        Some("") => argument,
        Some(default) => argument.default_value(default),
        None => argument.required(true),
    };
    let argument = if parameter.is_positional { argument } else { argument.long(parameter.name) };
    let argument = if parameter.is_repeatable { argument.action(ArgAction::Append) } else { argument };
    if parameter.choices.is_empty() {
        // -x*x and -1:1 are values.
        argument.allow_hyphen_values(true)
    } else {
        argument.value_parser(PossibleValuesParser::new(parameter.choices))
    }
}

/// The values of the parameters of `entry`, defaults included.
pub(super) fn parameters(entry: &'static Entry, matches: &ArgMatches) -> Parameters {
    // What may be left out and is has no place in the report and the job's identity.
    let word = |parameter: &Parameter| {
        let words: Vec<&str> =
            matches.get_many::<String>(parameter.name).into_iter().flatten().map(String::as_str).collect();
        let is_said = !words.is_empty() || parameter.default != Some("");
        is_said.then(|| (parameter.name, words.join(",")))
    };
    Parameters::new(entry.parameters.iter().filter_map(word))
}

fn subcommand(entry: &'static Entry) -> Command {
    let arguments = entry.parameters.iter().map(argument);
    // Its line comes last: the structs bring their own comments along as such.
    Common::augment_args(Command::new(entry.name).args(arguments)).about(entry.about).long_about(None)
}

impl Args for Integrate {
    fn augment_args(command: Command) -> Command {
        let list = List::augment_args(Command::new(LIST)).about("List the integrands").long_about(None);
        command
            .about("Estimate another integral from random samples, with its standard error")
            .subcommand_required(true)
            .subcommand_value_name("NAME")
            .subcommand_help_heading("Integrands")
            .subcommands(all().map(subcommand))
            .subcommand(Ep::augment_args(Command::new(EP)).about(ABOUT_EP).long_about(None))
            .subcommand(ManyIntegrals::augment_args(Command::new(FILE)))
            .subcommand(list)
            .after_help(EXAMPLES)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Integrate::augment_args(command)
    }
}

impl FromArgMatches for Integrate {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Integrate, Error> {
        let missing = || Error::raw(ErrorKind::MissingSubcommand, "integrate needs the NAME of an integrand\n");
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        if name == EP {
            return Ep::from_arg_matches(matches).map(Integrate::Ep);
        }
        if name == FILE {
            return ManyIntegrals::from_arg_matches(matches).map(Integrate::Many);
        }
        let Some(entry) = find(name) else { return List::from_arg_matches(matches).map(Integrate::List) };
        Ok(Integrate::Samples(Samples {
            name: entry.name,
            parameters: parameters(entry, matches),
            common: Common::from_arg_matches(matches)?,
        }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Integrate::from_arg_matches(matches)?;
        Ok(())
    }
}
