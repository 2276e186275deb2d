//! What single commands say of their runs: what trial division took, how its flags compare, what messages took.

use std::io::{self, Write};

use serde::Serialize;

use super::text::{count, table};
use super::wide;

/// What trial division took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DivisionRun {
    /// The flag's kind: `message`.
    pub flag: String,
    /// Divisors between two looks at it.
    #[serde(serialize_with = "wide::integer")]
    pub poll: u64,
    /// Divisors tried, by all ranks.
    #[serde(serialize_with = "wide::integer")]
    pub divisors: u64,
    /// Of which so many in vain: larger than the factor, and after it was found.
    #[serde(serialize_with = "wide::integer")]
    pub divisors_after_hit: u64,
    /// Looks at the flag, by all ranks.
    #[serde(serialize_with = "wide::integer")]
    pub looks: u64,
    /// Seconds in looks at the flag and in lowering it, all ranks together.
    pub flag_seconds: f64,
}

impl DivisionRun {
    /// One line for people.
    pub(super) fn line(&self) -> String {
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

/// What went into messages, and what into work: all ranks together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Serialised {
    /// Seconds of encoding, sending, waiting for what is sent, and decoding.
    pub message_seconds: f64,
    /// Seconds in the kernel.
    pub compute_seconds: f64,
    /// The first of both.
    pub share: f64,
}

impl Serialised {
    /// From the two.
    pub fn new(message_seconds: f64, compute_seconds: f64) -> Serialised {
        let both = message_seconds + compute_seconds;
        let share = if both > 0.0 { message_seconds / both } else { 0.0 };
        Serialised { message_seconds, compute_seconds, share }
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let Serialised { message_seconds, compute_seconds, share } = self;
        format!("messages took {:.1} % of the time: {message_seconds:.6} s, work {compute_seconds:.6} s", 100.0 * share)
    }
}

/// One number under one flag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The number.
    #[serde(serialize_with = "wide::integer")]
    pub n: u128,
    /// Wall-clock seconds of the job.
    pub seconds: f64,
    /// How many times faster than one rank alone.
    pub speed_up: f64,
    /// What it took.
    #[serde(flatten)]
    pub division: DivisionRun,
}

/// The table of a comparison.
pub(super) fn write_compared(rows: &[Compared], out: &mut dyn Write) -> io::Result<()> {
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
