//! How a run went: times, hosts, ranks. What may differ between two runs with the same result.
//!
//! Pure data, in the order of the JSON form; the text form stands in `run_text`.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::division::{Compared, DivisionRun, Serialised};
use super::wide;

/// How a run went. The lists have one entry per rank, in rank order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Number of ranks.
    pub ranks: usize,
    /// The hosts, each once, in the order of their first ranks.
    pub hosts: Vec<String>,
    /// Index into `hosts`, per rank.
    pub host_of_rank: Vec<usize>,
    /// Ranks that died while the others went on, in the order in which that was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
    /// What started the ranks: `mpirun`, `srun`; `none` for one process on its own.
    pub launcher: String,
    /// The MPI library: `Open MPI 4.1.4`; `none` without one.
    pub mpi: String,
    /// The instruction set of the kernels: `avx512`.
    pub isa: String,
    /// The schedule: `dynamic`.
    pub schedule: String,
    /// Blocks handed out at a time.
    #[serde(serialize_with = "wide::integer")]
    pub chunk: u64,
    /// What this run did.
    pub work: Work,
    /// Seconds that the whole job would take, of a `--plan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_seconds: Option<f64>,
    /// 1 / (error^2 * seconds in kernels of all ranks), of an estimate that was all made in this run: the larger, the more precision a
    /// second buys. Of an integral or of pi, in its own units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure_of_merit: Option<f64>,
    /// What trial division took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division: Option<DivisionRun>,
    /// How the flags of trial division compare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Compared>,
    /// What messages took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serialised: Option<Serialised>,
    /// Seconds by the root's clock, from the start of the job to its result.
    #[serde(serialize_with = "micro")]
    pub seconds: f64,
    /// Seconds in kernels.
    #[serde(serialize_with = "micros")]
    pub compute_seconds: Vec<f64>,
    /// Seconds waiting for work, or for the last rank.
    #[serde(serialize_with = "micros")]
    pub idle_seconds: Vec<f64>,
    /// Seconds in messages.
    #[serde(serialize_with = "micros")]
    pub comm_seconds: Vec<f64>,
    /// Blocks computed.
    pub blocks: Vec<u64>,
    /// Largest over mean compute time: 1 is perfect ([`imbalance`]).
    #[serde(serialize_with = "micro")]
    pub imbalance: f64,
    /// Messages sent by all ranks, where they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// The same over `seconds`: what the root and the network had to bear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_per_second: Option<f64>,
    /// Largest resident memory. Memory that ranks share is in the number of each of them.
    pub peak_memory_bytes: Vec<u64>,
    /// The most memory that the ranks of a node shared, once for all of them (on the root's node); 0 for none.
    pub shared_bytes: u64,
}

/// A rank that died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Its number at the beginning; those in the lists are the numbers of the end.
    pub rank: u64,
    /// Its host.
    pub host: String,
}

/// An amount of work, to say how fast it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Work {
    /// How many, in this run (a resumed run did not do what its checkpoint held).
    #[serde(serialize_with = "wide::integer")]
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

fn micro<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(rounded(*seconds))
}

fn micros<S: Serializer>(seconds: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(seconds.len()))?;
    seconds.iter().try_for_each(|&s| list.serialize_element(&rounded(s)))?;
    list.end()
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
            planned_seconds: None,
            figure_of_merit: None,
            division: None,
            compared: Vec::new(),
            serialised: None,
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
