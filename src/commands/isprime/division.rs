//! What `isprime` says of its runs: what trial division took, and how its flags compare.

use std::io::{self, Write};

use crate::report::Extra;
use crate::report::field::{FLOAT, Field, Fields, INTEGER, Kind, TEXT, WIDE};
use crate::report::text::{count, table};
use crate::report::value::{asked, wide};

/// What trial division took.
#[derive(Clone, Debug, PartialEq)]
pub struct DivisionRun {
    /// The flag's kind: `message`.
    pub flag: String,
    /// Divisors between two looks at it.
    pub poll: u64,
    /// Divisors tried, by all ranks.
    pub divisors: u64,
    /// Divisors tried in vain: larger than the factor, and after it was found.
    pub divisors_after_hit: u64,
    /// Looks at the flag, by all ranks.
    pub looks: u64,
    /// Seconds in looks at the flag and in lowering it, all ranks together.
    pub flag_seconds: f64,
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

static DIVISION: Fields<DivisionRun> = Fields(&[
    Field::<DivisionRun>::new("flag", TEXT, "The flag's kind: `message`.", |run| run.flag.clone().into()),
    Field::<DivisionRun>::new("poll", WIDE, "Divisors between two looks at it.", |run| wide(run.poll)),
    Field::<DivisionRun>::new("divisors", WIDE, "Divisors tried, by all ranks.", |run| wide(run.divisors)),
    Field::<DivisionRun>::new(
        "divisors_after_hit",
        WIDE,
        "Divisors tried in vain: larger than the factor, and after it was found.",
        |run| wide(run.divisors_after_hit),
    ),
    Field::<DivisionRun>::new("looks", INTEGER, "Looks at the flag, by all ranks.", |run| run.looks.into()),
    Field::<DivisionRun>::new("flag_seconds", FLOAT, "Seconds in looks at the flag and in lowering it.", |run| {
        run.flag_seconds.into()
    }),
]);

static COMPARED: Fields<Compared> = Fields(&[
    Field::<Compared>::new("n", WIDE, "The number.", |row| wide(row.n)),
    Field::<Compared>::new("seconds", FLOAT, "Wall-clock seconds of the job.", |row| row.seconds.into()),
    Field::<Compared>::new("speed_up", FLOAT, "How many times faster than one rank alone.", |row| row.speed_up.into()),
    Field::<Compared>::new("division", Kind::Record(&DIVISION), "What it took.", |row| DIVISION.record(&row.division)),
]);

/// What `isprime` adds to a run.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// What trial division took.
    pub division: Option<DivisionRun>,
    /// How its flags compare.
    pub compared: Vec<Compared>,
}

/// The fields that `isprime` adds to a run.
pub static MEASURED: Fields<Measured> = Fields(&[
    Field::<Measured>::new("division", Kind::Record(&DIVISION), "What trial division took.", |it| {
        asked(it.division.as_ref(), |run| DIVISION.record(run))
    })
    .optional(),
    Field::<Measured>::new("compared", Kind::Rows(&COMPARED), "How the flags of trial division compare.", |it| {
        asked(Some(&it.compared).filter(|rows| !rows.is_empty()), |rows| COMPARED.rows(rows))
    })
    .optional(),
]);

impl From<Measured> for Extra {
    fn from(measured: Measured) -> Extra {
        let mut table = Vec::new();
        // A Vec takes every write.
        let _ = if measured.compared.is_empty() { Ok(()) } else { write_compared(&measured.compared, &mut table) };
        let lines = String::from_utf8(table).unwrap_or_default();
        let division = measured.division.as_ref().map(DivisionRun::line);
        Extra::of(&MEASURED, &measured).with_lines(division.into_iter().chain(lines.lines().map(str::to_owned)))
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
