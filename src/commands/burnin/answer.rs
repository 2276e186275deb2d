//! The report of `burnin`: which hosts are wrong, which are slow, and which to exclude.
//!
//! On a healthy cluster of any size `result` is the same: the verdict, and nothing wrong.
//! Measurements are under `run`, except for those behind a finding. Text and CSV show the hosts,
//! since they are the subject.

mod cases;
mod junit;
mod lines;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::diagnosis::pattern::{Flaw, TestMessage};
use super::diagnosis::speed::ComparedClock;
use crate::commands::burnin::diagnosis::cause::Cause;
use crate::report::field::{Kind, WIDE};
use crate::report::record::{record, words};
use crate::report::{Answer, Format, write_csv_rows, write_json};

/// What a burn-in has to say.
#[derive(Clone, Debug)]
pub struct BurninReport {
    /// What was found.
    pub result: BurninResult,
    /// How it went.
    pub run: BurninRun,
}

record! {
    /// What was found.
    #[derive(Clone, Debug, PartialEq)]
    pub struct BurninResult {
        /// The worst finding.
        pub verdict: Verdict,
        /// Every wrong answer that was looked into.
        pub wrong_blocks: Vec<WrongBlock>,
        /// Every wrong message that was looked into.
        pub wrong_messages: Vec<WrongMessage>,
        /// Hosts that are slow.
        pub slow: Vec<String>,
        /// Hosts to leave out, as Slurm writes them; empty for none.
        pub exclude: String,
        /// Whether it ran as long as was asked for.
        pub complete: bool,
    }
}

words! {
    /// The outcome in a word; the worst that happened.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Verdict {
        /// Nothing wrong, no host slow.
        Ok = "ok",
        /// A host is slow.
        Slow = "slow",
        /// An answer or a message was wrong.
        Wrong = "wrong",
    }
}

impl Answer for BurninResult {}

record! {
    /// An answer that is wrong.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WrongBlock {
        /// The rank that computed it.
        pub rank: usize,
        /// Its host.
        pub host: String,
        /// The logical CPU it came from.
        pub cpu: usize,
        /// That CPU's model.
        pub cpu_model: String,
        /// The block's number.
        pub block: u32,
        /// What the block computes.
        pub work: String,
        /// The round, from 0.
        pub round: u64,
        /// The right answer.
        pub expected: u64 as WIDE,
        /// The answer that came out.
        pub got: u64 as WIDE,
        /// Answers of the same rank when it repeated the block.
        pub again: Vec<u64> as Kind::List(&WIDE),
        /// The same block on another rank; null when there is none to compare with.
        pub elsewhere: Option<Elsewhere>,
        /// The likely cause.
        pub cause: Cause,
    }
}

record! {
    /// The same block on another rank.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Elsewhere {
        /// The other rank.
        pub rank: usize,
        /// Its host.
        pub host: String,
        /// The answer that came out.
        pub got: u64 as WIDE,
    }
}

words! {
    /// How a message travelled.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum MessageKind {
        /// From one rank to another.
        Ring = "ring",
        /// As a part of an all-to-all.
        AllToAll = "all-to-all",
    }
}

record! {
    /// A message that arrived wrong.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WrongMessage {
        /// How it travelled.
        pub kind: MessageKind,
        /// Sender, receiver, round, length.
        pub message: TestMessage => .flat(),
        /// The sender's host.
        pub from_host: String,
        /// The receiver's host.
        pub to_host: String,
        /// The first wrong byte, and how many there are.
        pub flaw: Flaw,
        /// How many of the repeats were wrong too.
        pub wrong_again: usize,
        /// How often it was sent again.
        pub sent_again: usize,
        /// Transient or repeatable.
        pub cause: Cause,
    }
}

record! {
    /// How it went.
    #[derive(Clone, Debug, PartialEq)]
    pub struct BurninRun {
        /// Number of ranks.
        pub ranks: usize,
        /// What started them.
        pub launcher: String,
        /// The MPI library.
        pub mpi: String,
        /// Instruction sets of the root's CPU that were used.
        pub isas: Vec<String>,
        /// Seconds from start to verdict.
        pub seconds: f64,
        /// Rounds: two blocks on every rank, and a check of messages.
        pub rounds: u64,
        /// Messages whose bytes were checked.
        pub messages: u64,
        /// Bytes of those messages.
        pub message_bytes: u64,
        /// A rank is slow when it takes this share longer than the median of its CPU model: 0.05.
        pub threshold: f64,
        /// Every host, in the order of their first ranks.
        pub hosts: Vec<HostLine>,
        /// Index into the hosts, per rank.
        pub host_of_rank: Vec<usize>,
        /// Speed against the median of the CPU model, per rank: -0.1 is 10 % slower; null where it
        /// was not judged.
        pub against_median: Vec<Option<f64>>,
        /// Latency and bandwidth between hosts.
        pub links: Vec<Link>,
        /// How many pairs of hosts there are, each host with itself included where it has two
        /// ranks.
        pub pairs: usize,
        /// Problems found, a sentence each.
        pub hints: Vec<String>,
    }
}

record! {
    /// The measurements of one host.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct HostLine {
        /// Its name.
        pub name: String => .column("host"),
        /// Ranks on it.
        pub ranks: usize,
        /// Its CPU's model.
        pub cpu_model: String,
        /// Blocks that its ranks did.
        pub blocks: u64,
        /// Wrong ones among them.
        pub wrong: u64,
        /// Million numbers that one rank sieves in a second on the CPU: the median of its ranks.
        pub mnumbers_per_second: f64,
        /// Million darts a second, likewise.
        pub mdarts_per_second: f64,
        /// Speed against the median of the CPU model: -0.1 is 10 % slower; null where it was not
        /// judged. The median of its slow ranks where there are any, of all otherwise.
        pub against_median: Option<f64>,
        /// The clock whose times were compared.
        pub clock: Option<ComparedClock>,
        /// Ranks that are slow.
        pub slow_ranks: Vec<usize> => .without_column(),
        /// The worst finding on this host.
        pub verdict: HostVerdict,
        /// The reason, a sentence.
        pub note: String,
        /// Share of their time that its ranks spent on a CPU: the median.
        pub cpu_share: Option<f64>,
        /// Whether its ranks outnumber its CPUs, or its quota.
        pub is_oversubscribed: bool,
        /// Clock while it worked, in MHz: the median.
        pub mhz: Option<f64>,
        /// Highest clock, in MHz.
        pub top_mhz: Option<u32>,
        /// CPUs that the control group grants.
        pub quota_cpus: Option<f64>,
        /// Periods in which that was used up.
        pub quota_stops: Option<u64>,
        /// CPUs that other processes kept busy.
        pub other_load: Option<f64>,
        /// CPUs that the hypervisor gave to others.
        pub stolen: Option<f64>,
        /// NUMA domains that a rank may run in: the most of its ranks.
        pub numa_domains: Option<u32>,
        /// Times that a CPU was slowed down by heat.
        pub heat_stops: Option<u64>,
    }
}

words! {
    /// A host in a word.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum HostVerdict {
        /// Nothing found.
        #[default]
        Ok = "ok",
        /// Slower than its CPU model.
        Slow = "slow",
        /// Wrong answers, or in the middle of wrong messages.
        Wrong = "wrong",
    }
}

record! {
    /// What a message costs between two hosts, or within one.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Link {
        /// One end: index into the hosts.
        pub from: usize,
        /// The other; the same for two ranks of one host.
        pub to: usize,
        /// Half of a round trip of 8 bytes, in microseconds.
        pub latency_us: f64,
        /// In GB/s (10^9 bytes).
        pub bandwidth_gbs: f64,
    }
}

impl BurninReport {
    /// Writes the whole report in one form, its last newline with it; in text and CSV hosts
    /// without findings are left out on request.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, format: Format, only_bad: bool, out: &mut dyn Write) -> io::Result<()> {
        let shown = |host: &&HostLine| !only_bad || host.verdict != HostVerdict::Ok;
        match format {
            Format::Text => self.write_text(only_bad, out),
            Format::Json => write_json("burnin", &self.result, Some(&self.run), out),
            Format::Csv => write_csv_rows(&self.run.hosts.iter().filter(shown).cloned().collect::<Vec<_>>(), out),
            Format::Value => writeln!(out, "{}", self.result.value()),
        }
    }

    /// The hosts to exclude as a line, empty for none: the file of `--exclude-file`.
    pub fn exclude_list(&self) -> Vec<u8> {
        let list = &self.result.exclude;
        if list.is_empty() { Vec::new() } else { format!("{list}\n").into_bytes() }
    }

    /// Writes the JUnit form: three cases for each host.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_junit(&self, out: &mut dyn Write) -> io::Result<()> {
        junit::write("montesieve burnin", self.run.seconds, &self.cases(), out)
    }
}
