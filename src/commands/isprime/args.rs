//! The options of `montesieve isprime`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueHint};
use dashu_int::UBig;

use crate::cli::choices::one_of;
use crate::cli::engine::EngineOptions;
use crate::cli::{numeral, values};
use crate::cluster::flag::Kind;
use crate::commands::inputs::format::InputFormat;
use crate::report::record::words;

const EXAMPLES: &str = "\
Examples:
  montesieve isprime 2^127-1 1e38+133 3*2^189+1 2^4423-1
                                           answers at once
  seq 1000 | montesieve isprime -          numbers from standard input
  mpirun -n 8 montesieve isprime --file b000043.txt
                                           a list of the OEIS (of index and value, the value)
  mpirun -n 8 montesieve isprime 100109100129101027 --method trial
                                           the smallest factor, by dividing; 8 ranks, each with divisors of its own
  mpirun -n 8 montesieve isprime 100109100129101027 --method trial --schedule block --flag server --poll 10k
                                           as above: each rank asks rank 0 after 10,000 divisors whether a factor is found
  mpirun -n 8 montesieve isprime --compare --plot F.svg
                                           every flag in one job, on five numbers

Numbers have up to 100,000 bits and may be typed as 2^64-59, 1e20+39, 0xfff1 or 22_360_679_774_997.
Below 3.3e24 the answer is proven. Above, 'prime' is a proof (by factors of n-1 and n+1), and \
'probable prime' passed Baillie-PSW, to which no exception is known. 'Composite' is always proven.";

/// The default numbers of `--compare`: two with large factors, two primes, and one divisible by 5.
pub const FIVE: [u128; 5] = [
    112_272_535_095_295,
    100_109_100_129_100_369,
    100_109_100_129_101_027,
    100_109_100_129_100_151,
    100_109_100_129_162_907,
];

/// Divisors between two looks at the flag: 0.2 ms with AVX-512, against which a look of a
/// microsecond is negligible (AMD Zen 4).
const POLL: u64 = 1_000_000;

/// Test whether numbers are prime: at once, or by trial division over the ranks
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct IsPrime {
    /// The numbers, of up to 100,000 bits; - stands for those on standard input
    #[arg(value_name = "N", required_unless_present_any = ["compare", "file"], allow_negative_numbers = true)]
    pub numbers: Vec<Subject>,

    /// Test the numbers of a file as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,

    /// How numbers are written in files and on standard input: auto, decimal, hex, openssl, pem,
    /// csv[:COLUMN], bfile
    #[arg(long, value_name = "FORM", default_value = "auto")]
    pub input_format: InputFormat,

    /// How to test numbers
    #[arg(long, value_parser = one_of(IsPrimeMethod::CHOICES), default_value = IsPrimeMethod::Auto.word(), value_name = "NAME")]
    pub method: IsPrimeMethod,

    /// With trial: how ranks learn that a factor was found: none, server, message, allreduce, rma,
    /// shared, redis://HOST:PORT [default: message]
    #[arg(long, value_name = "KIND")]
    pub flag: Option<Kind>,

    /// With trial: divisors between two checks of the flag, rounded up to a multiple of 1536
    /// [default: 1M]
    #[arg(long, value_name = "N", value_parser = values::amount, allow_negative_numbers = true)]
    pub poll: Option<u64>,

    /// Run the division with every flag in turn and compare their times; without N, on five
    /// numbers
    #[arg(long)]
    pub compare: bool,

    /// With --compare: draw the times as SVG
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "compare")]
    pub plot: Option<PathBuf>,

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}

impl IsPrime {
    /// Divisors between two looks.
    pub fn poll(&self) -> u64 {
        self.poll.unwrap_or(POLL)
    }

    /// Checks that the options fit together.
    pub fn check(&self) -> Result<(), String> {
        if let Some(flag) = &self.flag {
            flag.check().map_err(|text| format!("--flag {text}"))?;
        }
        let divides = self.method == IsPrimeMethod::Trial || self.compare;
        if !divides && (self.flag.is_some() || self.poll.is_some()) {
            let option = if self.flag.is_some() { "--flag" } else { "--poll" };
            return Err(format!("{option} requires --method trial"));
        }
        if self.compare && self.flag.as_ref().is_some_and(|flag| Kind::ALL.contains(flag)) {
            return Err("--compare goes through all flags; it takes --flag redis://HOST:PORT as one more".to_owned());
        }
        let is_one = matches!(self.numbers[..], [Subject::Number(_)]);
        if self.engine.keep.file().is_some() && (self.compare || !divides || !is_one) {
            return Err("--checkpoint and --resume require --method trial and a single number".to_owned());
        }
        Ok(())
    }
}

/// The meaning of an N.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The number itself.
    Number(UBig),
    /// The numbers on standard input.
    Stdin,
    /// The numbers of a file.
    File(PathBuf),
}

impl FromStr for Subject {
    type Err = values::NumberError;

    fn from_str(text: &str) -> Result<Subject, values::NumberError> {
        if text == "-" { Ok(Subject::Stdin) } else { numeral::big(text).map(Subject::Number) }
    }
}

words! {
    /// The ways to judge a number.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum IsPrimeMethod {
        /// By primality tests, which find no factor: proven below 3.3e24, above it Baillie-PSW and
        /// proofs where they are cheap
        Auto = "auto",
        /// By dividing by all numbers up to the square root, spread over the ranks; finds the
        /// smallest factor
        Trial = "trial",
    }
}
