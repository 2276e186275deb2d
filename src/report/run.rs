//! How a run went: times, hosts, ranks. What may differ between two runs with the same result.
//!
//! Pure data; the text form stands in `run_text`. What a single command measures besides is an
//! [`Extra`], described in its folder.

use serde::{Serialize, Serializer};

use super::field::{FLOAT, Field, Fields, INTEGER, Kind, TEXT, WIDE, record};
use super::value::{Value, asked, wide};

/// How a run went. The lists have one entry per rank, in rank order. [`RUN`] says what the fields mean.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Run {
    pub ranks: usize,
    pub hosts: Vec<String>,
    pub host_of_rank: Vec<usize>,
    pub lost: Vec<Lost>,
    pub launcher: String,
    pub mpi: String,
    pub isa: String,
    pub schedule: String,
    pub chunk: u64,
    pub work: Work,
    pub seconds: f64,
    pub compute_seconds: Vec<f64>,
    pub idle_seconds: Vec<f64>,
    pub comm_seconds: Vec<f64>,
    pub blocks: Vec<u64>,
    pub imbalance: f64,
    pub messages: Option<u64>,
    pub messages_per_second: Option<f64>,
    pub peak_memory_bytes: Vec<u64>,
    pub shared_bytes: u64,
    pub extra: Extra,
}

/// What a command says of its run besides: more fields, and more lines of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    fields: Vec<(&'static str, Value)>,
    lines: Vec<String>,
}

impl Extra {
    /// The fields of a table.
    pub fn of<R>(fields: &Fields<R>, result: &R) -> Extra {
        let Value::Record(values) = fields.record(result) else { return Extra::default() };
        Extra { fields: values, lines: Vec::new() }
    }

    /// And lines for people.
    pub fn with_lines(self, lines: impl IntoIterator<Item = String>) -> Extra {
        Extra { lines: lines.into_iter().collect(), ..self }
    }

    /// The lines for people.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

static LOST: Fields<Lost> = Fields(&[
    Field::<Lost>::new(
        "rank",
        INTEGER,
        "Its number at the beginning; those in the lists are the numbers of the end.",
        |lost| lost.rank.into(),
    ),
    Field::<Lost>::new("host", TEXT, "Its host.", |lost| lost.host.clone().into()),
]);

static WORK: Fields<Work> = Fields(&[
    Field::<Work>::new("amount", WIDE, "How many; a resumed run did not do what its checkpoint held.", |work| {
        wide(work.amount)
    }),
    Field::<Work>::new("unit", TEXT, "Of what, in the plural: `samples`, `numbers`.", |work| work.unit.into()),
]);

/// The fields of every run.
pub static RUN: Fields<Run> = Fields(&[
    Field::<Run>::new("ranks", INTEGER, "Number of ranks.", |run| run.ranks.into()),
    Field::<Run>::new("hosts", Kind::List(&TEXT), "The hosts, each once, in the order of their first ranks.", |run| {
        run.hosts.iter().map(String::as_str).collect()
    }),
    Field::<Run>::new("host_of_rank", Kind::List(&INTEGER), "Index into `hosts`, per rank.", |run| {
        run.host_of_rank.iter().copied().collect()
    }),
    Field::<Run>::new(
        "lost",
        Kind::Rows(&LOST),
        "Ranks that died while the others went on, as that was found.",
        |run| asked(Some(&run.lost).filter(|lost| !lost.is_empty()), |lost| LOST.rows(lost)),
    )
    .optional(),
    Field::<Run>::new(
        "launcher",
        TEXT,
        "What started the ranks: `mpirun`, `srun`; `none` for one process on its own.",
        |run| run.launcher.clone().into(),
    ),
    Field::<Run>::new("mpi", TEXT, "The MPI library: `Open MPI 4.1.4`; `none` without one.", |run| {
        run.mpi.clone().into()
    }),
    Field::<Run>::new("isa", TEXT, "The instruction set of the kernels: `avx512`.", |run| run.isa.clone().into()),
    Field::<Run>::new("schedule", TEXT, "The schedule: `dynamic`.", |run| run.schedule.clone().into()),
    Field::<Run>::new("chunk", WIDE, "Blocks handed out at a time.", |run| wide(run.chunk)),
    Field::<Run>::new("work", Kind::Record(&WORK), "What this run did.", |run| WORK.record(&run.work)),
    Field::<Run>::new(
        "seconds",
        FLOAT,
        "Seconds by the root's clock, from the start of the job to its result.",
        |run| rounded(run.seconds).into(),
    ),
    Field::<Run>::new("compute_seconds", Kind::List(&FLOAT), "Seconds in kernels, per rank.", |run| {
        seconds(&run.compute_seconds)
    }),
    Field::<Run>::new("idle_seconds", Kind::List(&FLOAT), "Seconds waiting for work, or for the last rank.", |run| {
        seconds(&run.idle_seconds)
    }),
    Field::<Run>::new("comm_seconds", Kind::List(&FLOAT), "Seconds in messages.", |run| seconds(&run.comm_seconds)),
    Field::<Run>::new("blocks", Kind::List(&INTEGER), "Blocks computed, per rank.", |run| {
        run.blocks.iter().copied().collect()
    }),
    Field::<Run>::new("imbalance", FLOAT, "The largest over the mean of the compute seconds: 1 is perfect.", |run| {
        rounded(run.imbalance).into()
    }),
    Field::<Run>::new("messages", INTEGER, "Messages sent by all ranks, where they were counted.", |run| {
        asked(run.messages, Into::into)
    })
    .optional(),
    Field::<Run>::new(
        "messages_per_second",
        FLOAT,
        "The same over `seconds`: what the root and the network bore.",
        |run| asked(run.messages_per_second, Into::into),
    )
    .optional(),
    Field::<Run>::new(
        "peak_memory_bytes",
        Kind::List(&INTEGER),
        "Largest resident memory, per rank. Memory that ranks share is in the number of each of them.",
        |run| run.peak_memory_bytes.iter().copied().collect(),
    ),
    Field::<Run>::new(
        "shared_bytes",
        INTEGER,
        "The most memory that the ranks of a node shared, once for all of them (on the root's node); 0 for none.",
        |run| run.shared_bytes.into(),
    ),
]);

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Record(mut fields) = record(RUN.0, self) else { return serializer.serialize_none() };
        fields.extend(self.extra.fields.iter().cloned());
        Value::Record(fields).serialize(serializer)
    }
}

/// A rank that died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Its number at the beginning; those in the lists are the numbers of the end.
    pub rank: u64,
    /// Its host.
    pub host: String,
}

/// An amount of work, to say how fast it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// How many, in this run (a resumed run did not do what its checkpoint held).
    pub amount: u64,
    /// Of what, in the plural: `samples`, `numbers`.
    pub unit: &'static str,
}

/// Largest over mean; 1 for no ranks or no time at all.
pub fn imbalance(compute_seconds: &[f64]) -> f64 {
    let total: f64 = compute_seconds.iter().sum();
    if total > 0.0 {
        compute_seconds.iter().fold(0.0, |a: f64, &b| a.max(b)) * compute_seconds.len() as f64 / total
    } else {
        1.0
    }
}

/// To microseconds: below them a clock tells nothing.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

fn seconds(list: &[f64]) -> Value {
    list.iter().map(|&seconds| rounded(seconds)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Three ranks on two hosts.
    pub(crate) fn example() -> Run {
        let compute_seconds = vec![1.25, 1.0000004, 0.75];
        Run {
            ranks: 3,
            hosts: vec!["nid001".to_owned(), "nid002".to_owned()],
            host_of_rank: vec![0, 0, 1],
            lost: Vec::new(),
            launcher: "mpirun".to_owned(),
            mpi: "Open MPI 4.1.4".to_owned(),
            isa: "avx512".to_owned(),
            schedule: "dynamic".to_owned(),
            chunk: 4,
            work: Work { amount: 1_000_000_000, unit: "samples" },
            seconds: 1.3000001,
            imbalance: imbalance(&compute_seconds),
            compute_seconds,
            idle_seconds: vec![0.0, 0.2, 0.5],
            comm_seconds: vec![0.05, 0.0001239, 0.000001],
            blocks: vec![400, 330, 224],
            messages: Some(26),
            messages_per_second: Some(20.0),
            peak_memory_bytes: vec![12_345_678, 12_300_000, 12_300_001],
            shared_bytes: 7_372_800,
            extra: Extra::default(),
        }
    }

    #[test]
    fn imbalance_of_nothing_is_one() {
        assert_eq!(imbalance(&[]), 1.0);
        assert_eq!(imbalance(&[0.0, 0.0]), 1.0);
        assert_eq!(imbalance(&[3.0]), 1.0);
        assert_eq!(imbalance(&[1.0, 3.0]), 1.5);
        assert_eq!(imbalance(&[0.0, 4.0]), 2.0);
    }

    proptest! {
        #[test]
        fn json_parses_back(seconds in 0.0..1e6, times in proptest::collection::vec(0.0..1e6, 0..9)) {
            let run = Run { seconds, compute_seconds: times.clone(), ..example() };
            let json: serde_json::Value = serde_json::from_str(&serde_json::to_string(&run).expect("JSON")).expect("JSON");
            let close = |value: &serde_json::Value, seconds: f64| value.as_f64().is_some_and(|v| (v - seconds).abs() < 1e-6);
            prop_assert!(close(&json["seconds"], seconds));
            let list = json["compute_seconds"].as_array().expect("a list");
            prop_assert_eq!(list.len(), times.len());
            prop_assert!(list.iter().zip(&times).all(|(value, &time)| close(value, time)));
        }
    }
}
