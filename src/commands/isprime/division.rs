//! The run section of `isprime`: the cost of trial division, and the comparison of flags.

use std::io::{self, Write};

use crate::report::Extra;
use crate::report::field::WIDE;
use crate::report::record::record;
use crate::report::text::{count, table};

record! {
    /// What trial division took.
    #[derive(Clone, Debug, PartialEq)]
    pub struct DivisionRun {
        /// The flag's kind: `message`.
        pub flag: String,
        /// Divisors between two looks at it.
        pub poll: u64 as WIDE,
        /// Divisors tried, by all ranks.
        pub divisors: u64 as WIDE,
        /// Divisors tried in vain: larger than the factor, and after it was found.
        pub divisors_after_hit: u64 as WIDE,
        /// Looks at the flag, by all ranks.
        pub looks: u64,
        /// Seconds in looks at the flag and in lowering it.
        pub flag_seconds: f64,
    }
}

impl DivisionRun {
    /// One line for people.
    fn line(&self) -> String {
        format!(
            "flag {}, poll {}: {} tried, {} of them in vain after the hit, {:.6} s in {}",
            self.flag,
            self.poll,
            count(self.divisors, "divisor"),
            self.divisors_after_hit,
            self.flag_seconds,
            count(self.looks, "look"),
        )
    }
}

record! {
    /// One number under one flag.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Compared {
        /// The number.
        pub n: u128,
        /// Wall-clock seconds of the job.
        pub seconds: f64,
        /// How many times faster than one rank alone.
        pub speed_up: f64,
        /// What it took.
        pub division: DivisionRun,
    }
}

record! {
    /// What `isprime` adds to a run.
    #[derive(Clone, Debug, Default)]
    pub struct IsPrimeRun {
        /// What trial division took.
        pub division: Option<DivisionRun> => .optional(),
        /// How the flags of trial division compare.
        pub compared: Vec<Compared> => .optional(),
    }
}

impl From<IsPrimeRun> for Extra {
    fn from(measured: IsPrimeRun) -> Extra {
        let mut table = Vec::new();
        // A Vec takes every write.
        let _ = if measured.compared.is_empty() { Ok(()) } else { write_compared(&measured.compared, &mut table) };
        let lines = String::from_utf8(table).unwrap_or_default();
        let division = measured.division.as_ref().map(DivisionRun::line);
        Extra::of(&measured).with_lines(division.into_iter().chain(lines.lines().map(str::to_owned)))
    }
}

/// The table of a comparison.
fn write_compared(rows: &[Compared], out: &mut dyn Write) -> io::Result<()> {
    let header = ["number", "flag", "seconds", "speed-up", "divisors", "in vain", "looks", "s in flag"];
    let mut lines = vec![header.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| {
        let DivisionRun { flag, divisors, divisors_after_hit, looks, flag_seconds, .. } = &row.division;
        vec![
            row.n.to_string(),
            flag.clone(),
            format!("{:.6}", row.seconds),
            format!("{:.2}", row.speed_up),
            divisors.to_string(),
            divisors_after_hit.to_string(),
            looks.to_string(),
            format!("{flag_seconds:.6}"),
        ]
    }));
    table(&lines, &[1], out)
}
