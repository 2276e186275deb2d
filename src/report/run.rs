//! How a run went: times, hosts, ranks. These may differ between two runs with the same result.
//!
//! Pure data; the text form is in `run_text`. Further measurements of a command are an [`Extra`],
//! described in its folder.

use super::field::{Fields, Kind, ROUNDED, WIDE};
use super::record::{FieldType, Record, record};
use super::value::Value;

record! {
    /// How a run went. The lists have one entry per rank, in rank order.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Run {
        /// Number of ranks.
        pub ranks: usize,
        /// The hosts, each once, in the order of their first ranks.
        pub hosts: Vec<String>,
        /// Index into `hosts`, per rank.
        pub host_of_rank: Vec<usize>,
        /// Ranks that died while the others went on, as that was found.
        pub lost: Vec<LostRank> => .optional(),
        /// What started the ranks: `mpirun`, `srun`; `none` for one process on its own.
        pub launcher: String,
        /// The MPI library: `Open MPI 4.1.4`; `none` without one.
        pub mpi: String,
        /// The instruction set of the kernels: `avx512`.
        pub isa: String,
        /// The schedule: `dynamic`.
        pub schedule: String,
        /// Blocks handed out at a time.
        pub chunk: u64 as WIDE,
        /// What this run did.
        pub work: Work,
        /// Seconds by the root's clock, from the start of the job to its result.
        pub seconds: f64 as ROUNDED,
        /// Seconds in kernels, per rank.
        pub compute_seconds: Vec<f64> as Kind::List(&ROUNDED),
        /// Seconds waiting for work, or for the last rank.
        pub idle_seconds: Vec<f64> as Kind::List(&ROUNDED),
        /// Seconds in messages.
        pub comm_seconds: Vec<f64> as Kind::List(&ROUNDED),
        /// Blocks computed, per rank.
        pub blocks: Vec<u64>,
        /// The largest over the mean of the compute seconds: 1 is perfect.
        pub imbalance: f64 as ROUNDED,
        /// Messages sent by all ranks, where they were counted.
        pub messages: Option<u64> => .optional(),
        /// Messages of all ranks per second of `seconds`.
        pub messages_per_second: Option<f64> => .optional(),
        /// Largest resident memory, per rank. Memory that ranks share is in the number of each of
        /// them.
        pub peak_memory_bytes: Vec<u64>,
        /// The most memory that the ranks of a node shared, once for all of them (on the root's
        /// node); 0 for none.
        pub shared_bytes: u64,
        /// More fields, those of the command.
        pub extra: Extra => .flat(),
    }
}

record! {
    /// A rank that died.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LostRank {
        /// Its number at the beginning; those in the lists are the numbers of the end.
        pub rank: u64,
        /// Its host.
        pub host: String,
    }
}

record! {
    /// An amount of work, to say how fast it went.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Work {
        /// How many; a resumed run did not do what its checkpoint held.
        pub amount: u64 as WIDE,
        /// The unit, in the plural: `samples`, `numbers`.
        pub unit: &'static str,
    }
}

/// A command's additions to its run: more fields, and more lines of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    fields: Vec<(&'static str, Value)>,
    lines: Vec<String>,
    here: Vec<String>,
    has_no_rate: bool,
}

impl Extra {
    /// The fields of a record.
    pub fn of<R: Record>(record: &R) -> Extra {
        let Value::Record(fields) = record.record() else { return Extra::default() };
        Extra { fields, ..Extra::default() }
    }

    /// Adds lines for the text form.
    pub fn with_lines(self, lines: impl IntoIterator<Item = String>) -> Extra {
        Extra { lines: lines.into_iter().collect(), ..self }
    }

    /// Adds lines that stand below the answer, on standard output.
    pub fn with_lines_here(self, here: impl IntoIterator<Item = String>) -> Extra {
        Extra { here: here.into_iter().collect(), ..self }
    }

    /// The text has no rate: the work is not done one by one, as numbers that a formula counts.
    pub fn without_rate(self) -> Extra {
        Extra { has_no_rate: true, ..self }
    }

    /// The lines below the answer.
    pub fn here(&self) -> &[String] {
        &self.here
    }

    /// Whether the text form has a rate.
    pub fn has_rate(&self) -> bool {
        !self.has_no_rate
    }

    /// The lines for the text form.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// The command's [`Documentation`](super::schema::Documentation) describes the fields.
impl FieldType for Extra {
    const KIND: Kind = Kind::Record(&Fields::<Extra>(&[]));

    fn value(&self) -> Value {
        Value::Record(self.fields.clone())
    }
}

/// Largest over mean; 1 without ranks or time.
pub fn imbalance(compute_seconds: &[f64]) -> f64 {
    let total: f64 = compute_seconds.iter().sum();
    if total > 0.0 {
        compute_seconds.iter().fold(0.0, |a: f64, &b| a.max(b)) * compute_seconds.len() as f64 / total
    } else {
        1.0
    }
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
            let json: serde_json::Value = serde_json::from_str(&serde_json::to_string(&run.record()).expect("JSON")).expect("JSON");
            let close = |value: &serde_json::Value, seconds: f64| value.as_f64().is_some_and(|v| (v - seconds).abs() < 1e-6);
            prop_assert!(close(&json["seconds"], seconds));
            let list = json["compute_seconds"].as_array().expect("a list");
            prop_assert_eq!(list.len(), times.len());
            prop_assert!(list.iter().zip(&times).all(|(value, &time)| close(value, time)));
        }
    }
}
