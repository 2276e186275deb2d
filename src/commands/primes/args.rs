//! The options of `montesieve primes`.

use std::fmt;
use std::str::FromStr;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use super::range::Range;
use crate::cli::choices::one_of;
use crate::cli::engine::EngineOptions;
use crate::cli::values;
use crate::primes::encoding::Encoding;
use crate::primes::tuplets::MOST;
use crate::report::Format;
use crate::report::record::words;

const EXAMPLES: &str = "\
Examples:
  montesieve primes 1e10                   count the primes from 0 to 1e10
  montesieve primes 1e17 --verify          by the formula, twice with other partial sums
  montesieve primes 1e19 --plan            how long that would take
  montesieve primes 1e18 -d 1e9            count those from 1e18 to 1e18+1e9
  mpirun -n 8 montesieve primes 1e12       8 ranks; the same count on any number of them
  montesieve primes 1e10 --count 1,2,4     primes, twin primes and prime quadruplets
  montesieve primes 1e10 --sum --gaps --digest
  montesieve primes --nth 1e9              the 1e9-th prime
  montesieve primes --nth 1 1e15           the first prime above 1e15
  montesieve primes --nth -1 1e15          the last prime below 1e15
  montesieve primes 1e24 -d 1e6 --sum      windows up to 1e26; above 2^64 by probable-prime tests
  montesieve primes 100 200 --print        print them, one on a line
  montesieve primes 1e6 --print=2          print the twin primes, as -p2 does
  montesieve primes 1e10 --output p.npy --output-format npy   all ranks write the file at once

Both ends belong to the range, which may be anywhere up to 1e26. Above 2^64 single primes are probable primes, and results say so.
Numbers: 1000000, 1_000_000, 1e6, 10^6, 10**6 or 1M (k, M, G, T are powers of ten), and 2^64-59.";

/// Count, sum, list or print the primes of a range
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = EXAMPLES, allow_missing_positional = true)]
pub struct Primes {
    /// The range.
    #[command(flatten)]
    pub range: Range<u128>,

    /// The N of --nth, read together with the range.
    #[command(flatten)]
    pub nth: Nth,

    /// What to count: 1 for primes, 2 for twin primes, 3 for prime triplets, up to 6, and lists of
    /// these
    #[arg(long, short, value_name = "LIST", default_value = "1", conflicts_with = "nth")]
    pub count: TupletSet,

    /// Sum the primes, exactly
    #[arg(long, conflicts_with = "nth")]
    pub sum: bool,

    /// Find the largest gap between neighbouring primes, or the first gap of each length
    #[arg(long, value_parser = one_of(Gaps::CHOICES), value_name = "WHICH", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "largest", conflicts_with = "nth")]
    pub gaps: Option<Gaps>,

    /// Make a digest that depends on the primes alone
    #[arg(long, conflicts_with = "nth")]
    pub digest: bool,

    /// Print the primes in order, one on a line, or the k-tuplets of a K from 2 to 6, instead of
    /// counting them
    #[arg(long, short, value_name = "K", num_args = 0..=1, require_equals = true, default_missing_value = "1")]
    #[arg(value_parser = tuplet)]
    #[arg(conflicts_with_all = ["nth", "count", "sum", "gaps", "digest"])]
    pub print: Option<u8>,

    /// Write the list of primes in this form, to the FILE of --output or to standard output,
    /// instead of counting them
    #[arg(long, value_parser = one_of(&ENCODINGS), value_name = "FORM", conflicts_with_all = ["nth", "count", "sum", "gaps", "digest"])]
    pub output_format: Option<Encoding>,

    /// How primes are found; the result is the same
    #[arg(long, value_parser = one_of(PrimesAlgorithm::CHOICES), default_value = PrimesAlgorithm::Auto.word(), value_name = "NAME", conflicts_with = "nth")]
    pub algorithm: PrimesAlgorithm,

    /// Count twice by the formula, with different partial sums; exit code 3 if the counts differ
    #[arg(long, conflicts_with_all = ["nth", "print", "output_format", "sum", "gaps", "digest"])]
    pub verify: bool,

    /// Show algorithm, blocks, tables and estimated time, then exit
    #[arg(long, conflicts_with_all = ["checkpoint", "resume", "shard"])]
    pub plan: bool,

    /// Engine options.
    #[command(flatten)]
    pub engine: EngineOptions,
}

/// `--nth N`: `range.start` is its START. Negative for primes below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nth(pub Option<i128>);

// The option itself belongs to the range, since it decides the meaning of the other words.
impl FromArgMatches for Nth {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Nth, Error> {
        Ok(Nth(matches.get_one("nth").copied()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Nth::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Nth {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl Primes {
    /// The requested list, if any: 1 for primes or 2 to 6 for k-tuplets, and its form.
    pub fn list(&self) -> Option<(usize, Encoding)> {
        let asked = self.print.is_some() || self.output_format.is_some();
        asked.then(|| (self.print.map_or(1, usize::from), self.output_format.unwrap_or(Encoding::Text)))
    }

    /// Whether only the number of primes is requested.
    pub fn is_plain_count(&self) -> bool {
        let more = self.sum || self.digest || self.gaps.is_some() || self.nth.0.is_some() || self.list().is_some();
        !more && self.count.ks().eq([1])
    }

    /// Checks that the options fit together.
    pub fn check(&self) -> Result<(), String> {
        if self.engine.keep.file().is_some() && (self.nth.0.is_some() || self.list().is_some()) {
            return Err("--checkpoint and --resume go with counts, sums and gaps, not with lists or --nth".to_owned());
        }
        let by_formula =
            matches!(self.algorithm, PrimesAlgorithm::Combinatorial | PrimesAlgorithm::Both) || self.verify;
        if by_formula && !self.is_plain_count() {
            let option =
                if self.verify { "--verify".to_owned() } else { format!("--algorithm {}", self.algorithm.word()) };
            return Err(format!("{option} counts primes and nothing else"));
        }
        if self.verify
            && matches!(self.algorithm, PrimesAlgorithm::Sieve | PrimesAlgorithm::Sqrt | PrimesAlgorithm::Trial)
        {
            return Err(format!(
                "--verify is about the formula: it does not go with --algorithm {}",
                self.algorithm.word()
            ));
        }
        let is_above = self.range.below_2_64().is_none() && self.nth.0.is_none();
        if is_above && matches!(self.algorithm, PrimesAlgorithm::Sqrt | PrimesAlgorithm::Trial) {
            return Err(format!("--algorithm {} goes up to 2^64-1", self.algorithm.word()));
        }
        let Some((k, form)) = self.list() else { return Ok(()) };
        let format = self.engine.destination.format;
        if format != Format::Text && !self.plan {
            let option = if self.print.is_some() { "--print" } else { "--output-format" };
            return Err(format!("{option} writes the list alone: it does not go with --format {}", format.word()));
        }
        if is_above && form != Encoding::Text {
            return Err(format!(
                "--output-format {} has words of 64 bits: primes above 2^64 are written as text",
                form.name()
            ));
        }
        if k > 1 && form != Encoding::Text {
            return Err(format!(
                "k-tuplets are written as text: --print={k} does not go with --output-format {}",
                form.name()
            ));
        }
        Ok(())
    }
}

/// The forms of a list.
const ENCODINGS: [(&str, Encoding, &str); 3] = [
    (Encoding::Text.name(), Encoding::Text, "One prime on a line"),
    (Encoding::U64le.name(), Encoding::U64le, "8 bytes a prime, little-endian"),
    (Encoding::Npy.name(), Encoding::Npy, "A NumPy array of such words"),
];

words! {
    /// The ways to find primes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PrimesAlgorithm {
        /// The formula where it is cheaper and the number of primes is all that is asked for; the
        /// sieve otherwise
        Auto = "auto",
        /// Gourdon's formula for the number of primes up to STOP, less that below START: counts
        /// alone
        Combinatorial = "combinatorial",
        /// The formula and the sieve, compared; exit code 3 when they differ
        Both = "both",
        /// The segmented sieve of Eratosthenes
        Sieve = "sieve",
        /// Trial division by odd numbers up to the square root
        Sqrt = "sqrt",
        /// Trial division by every smaller odd number
        Trial = "trial",
    }
}

words! {
    /// Which gaps are looked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Gaps {
        /// The largest gap
        Largest = "largest",
        /// The largest gap, and the first one of each length
        All = "all",
    }
}

fn tuplet(text: &str) -> Result<u8, String> {
    values::between(1, MOST as u32, text).map(|k| k as u8)
}

/// What to count: some of 1 (primes) to 6 (prime sextuplets).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TupletSet([bool; MOST + 1]);

impl TupletSet {
    /// The numbers in it, in rising order.
    pub fn ks(self) -> impl Iterator<Item = usize> {
        (1..=MOST).filter(move |&k| self.0[k])
    }
}

/// `1`, `1,2,4`, and `124` as primesieve has it.
impl FromStr for TupletSet {
    type Err = String;

    fn from_str(text: &str) -> Result<TupletSet, String> {
        let mut counts = [false; MOST + 1];
        for part in text.split(',').map(str::trim) {
            if part.is_empty() {
                return Err(WRONG_COUNT.to_owned());
            }
            for digit in part.chars() {
                match digit.to_digit(10) {
                    Some(k @ 1..=6) => counts[k as usize] = true,
                    _ => return Err(WRONG_COUNT.to_owned()),
                }
            }
        }
        Ok(TupletSet(counts))
    }
}

const WRONG_COUNT: &str = "write numbers from 1 to 6, like 1,2,4";

impl fmt::Display for TupletSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ks: Vec<String> = self.ks().map(|k| k.to_string()).collect();
        f.write_str(&ks.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        text.parse().ok().map(|counts: TupletSet| counts.to_string())
    }

    #[test]
    fn lists_of_counts() {
        for (text, expected) in
            [("1", "1"), ("1,2,4", "1,2,4"), ("6, 2", "2,6"), ("123456", "1,2,3,4,5,6"), ("2,2", "2")]
        {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", ",", "1,", ",1", "0", "7", "1-3", "1,,2", "-1", "a", "1.5", "\u{661}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_list_comes_back(text in "[1-6]{1,4}(,[1-6]{1,3}){0,3}") {
            let counts: TupletSet = text.parse().expect("a list");
            let set: std::collections::BTreeSet<usize> = text.bytes().filter(u8::is_ascii_digit).map(|b| usize::from(b - b'0')).collect();
            prop_assert_eq!(counts.ks().collect::<std::collections::BTreeSet<_>>(), set);
            prop_assert_eq!(counts.to_string().parse(), Ok(counts));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), near in "[-0-9, ]{0,12}") {
            let _ = TupletSet::from_str(&text);
            let _ = TupletSet::from_str(&near);
        }
    }
}
