//! `patterns`: the gallery of patterns of distributed memory, one small file each, from Python's multiprocessing to MPI.
//!
//! Every file reads like a page: what it is in Python, what it is in MPI, the run, the check of the answer, what it costs,
//! and what goes wrong in the naive form. The answers are the same for every number of ranks; the costs are this run's.
//! A pattern ends as it began, with no message under way: [`run`] has a barrier between two of them.

mod barrier;
mod counter;
mod dict;
mod events;
mod futures;
mod locks;
mod map;
mod overlap;
mod processes;
mod producer;
mod queue;
mod ring;
mod scan;
mod shared_array;
mod tasks;

use std::ops::Range;
use std::time::Instant;

use super::command::Command;
use super::finish::{distinct, library, write_plain};
use super::output::Output;
use super::stop::{self, Stop};
use crate::cluster::patience::Patience;
use crate::cluster::place::host;
use crate::cluster::{Cluster, Tag};
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::report::{
    Answer, Cost, PatternCosts, PatternEntry, PatternLine, PatternsList, PatternsResult, PatternsRun, Report,
};
use crate::{cli, stderr};

/// One page of the gallery.
struct Pattern {
    name: &'static str,
    /// What it is in Python's multiprocessing and asyncio.
    python: &'static str,
    /// What it is in MPI.
    mpi: &'static str,
    /// Runs it. Every rank must call it; the root gets what is to be shown.
    run: fn(&Cluster) -> Result<Option<Shown>>,
}

/// What a pattern has to show at the root.
#[derive(Default)]
struct Shown {
    /// What it came to, and what it should have come to.
    answer: String,
    expected: String,
    costs: Vec<Cost>,
    /// What the ranks had to say, where that is the point.
    lines: Vec<String>,
}

/// All of them, as the notes have them (rows 16 to 30 of docs/patterns.md).
const ALL: [Pattern; 15] = [
    counter::PATTERN,
    shared_array::PATTERN,
    queue::PATTERN,
    processes::PATTERN,
    map::PATTERN,
    futures::PATTERN,
    producer::PATTERN,
    barrier::PATTERN,
    locks::PATTERN,
    dict::PATTERN,
    events::PATTERN,
    overlap::PATTERN,
    scan::PATTERN,
    tasks::PATTERN,
    ring::PATTERN,
];

/// The exit code of a wrong answer.
const WRONG: u8 = 3;

impl Command for cli::Patterns {
    fn launch(&self) -> Option<&cli::Launch> {
        Some(&self.launch)
    }

    fn run(&self, cluster: &Cluster, _: &cli::Words) -> Result<u8> {
        run(cluster, self)
    }
}

fn run(cluster: &Cluster, options: &cli::Patterns) -> Result<u8> {
    let chosen = cluster.agree(choose(options.name.as_deref()))?;
    let opened = cluster.at_root(|| Output::open(options.destination.output.as_deref(), || cluster.stdout()));
    let output = cluster.agree(opened.transpose())?;
    if chosen.is_empty() {
        let entry = |p: &Pattern| PatternEntry { name: p.name.into(), python: p.python.into(), mpi: p.mpi.into() };
        let result = PatternsList { patterns: ALL.iter().map(entry).collect() };
        let report = Report::without_run("patterns", result);
        return cluster.agree(output.map_or(Ok(()), |output| write(&report, options, output))).map(|()| 0);
    }
    let stop = Stop::listen(cluster, options.time_limit)?;
    fault::at(Stage::Start, cluster.first_rank())?;
    let began = Instant::now();
    let (mut lines, mut costs, mut cause) = (Vec::new(), Vec::new(), None);
    let patterns = chosen.len();
    for pattern in chosen {
        // As good as a barrier: all ranks are here.
        cause = stop.agreed(cluster)?;
        if cause.is_some() {
            break;
        }
        fault::at(Stage::Compute, cluster.first_rank())?;
        let began = Instant::now();
        // A rank that fails here leaves the others waiting: the way out is to end the job, not to agree.
        if let Some(Shown { answer, expected, costs: measured, lines: said }) = (pattern.run)(cluster)? {
            let (name, right) = (pattern.name.to_owned(), answer == expected);
            costs.push(PatternCosts {
                name: name.clone(),
                seconds: began.elapsed().as_secs_f64(),
                costs: measured,
                lines: said,
            });
            lines.push(PatternLine { name, answer, expected, right });
        }
    }
    fault::at(Stage::Report, cluster.first_rank())?;
    let seconds = began.elapsed().as_secs_f64();
    let hosts = cluster.gather_records(&host())?;
    let written = output.zip(hosts).map(|(output, names)| {
        let right = lines.iter().all(|line| line.right);
        let run = PatternsRun {
            ranks: names.len(),
            hosts: distinct(names.iter().map(String::as_str)).0,
            mpi: library(cluster),
            seconds,
            patterns: costs,
        };
        if !options.quiet {
            let mut text = Vec::new();
            run.write_text(&mut text).map_err(Error::io("cannot format the run"))?;
            stderr::text(&text);
        }
        if let Some(cause) = cause {
            stop::tell(cause, &format!("{} of {patterns} patterns are done", lines.len()));
        }
        let result = PatternsResult { patterns: lines, right, complete: cause.is_none() };
        let report = Report { command: "patterns", result, run: Some(run) };
        write(&report, options, output).map(|()| stop::exit_code(cause, if right { 0 } else { WRONG }))
    });
    let code = cluster.agree(written.transpose())?;
    cluster.broadcast(code)
}

/// The patterns of a name; none without a name.
fn choose(name: Option<&str>) -> Result<Vec<&'static Pattern>> {
    static PATTERNS: [Pattern; 15] = ALL;
    match name {
        None => Ok(Vec::new()),
        Some("all") => Ok(PATTERNS.iter().collect()),
        Some(name) => {
            PATTERNS.iter().find(|pattern| pattern.name == name).map(|pattern| vec![pattern]).ok_or_else(|| {
                let names: Vec<&str> = PATTERNS.iter().map(|pattern| pattern.name).collect();
                Error::Usage(format!("there is no pattern '{name}'; there are all, {}", names.join(", ")))
            })
        }
    }
}

fn write<R: Answer, M: serde::Serialize>(report: &Report<R, M>, options: &cli::Patterns, output: Output) -> Result<()> {
    let mut bytes = Vec::new();
    write_plain(report, options.destination.format, &mut bytes)?;
    output.write_all(&bytes)
}

/// Microseconds that each of `times` took.
fn each_us(what: &'static str, began: Instant, times: u64) -> Cost {
    Cost { what, value: began.elapsed().as_secs_f64() * 1e6 / times.max(1) as f64, unit: "us" }
}

/// Numbers with commas between them.
fn listed<T: ToString>(numbers: impl IntoIterator<Item = T>) -> String {
    numbers.into_iter().map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
}

/// A long list in short: its first three numbers, its last, how many, and their sum.
fn shortened(numbers: &[u64]) -> String {
    let last = numbers.last().copied().unwrap_or_default();
    let (first, sum) = (listed(numbers.iter().take(3)), numbers.iter().sum::<u64>());
    format!("{first}, ..., {last}: {} numbers, sum {sum}", numbers.len())
}

/// This rank's part of `n` pieces of work: contiguous, as equal as can be.
fn share(cluster: &Cluster, n: u64) -> Range<u64> {
    let (rank, size) = (cluster.rank(), cluster.size());
    let (first, end) = (n * rank / size, n * (rank + 1) / size);
    // A hook of the tests: this rank forgets its last piece.
    first..end - u64::from(first < end && fault::loses(rank))
}

/// Waits politely for whatever comes next (`MPI_Iprobe`): from whom, and what it is about.
fn next_message(cluster: &Cluster) -> Result<(u64, Tag)> {
    let mut patience = Patience::new();
    loop {
        match cluster.probe()? {
            Some(message) => return Ok(message),
            None => patience.pause(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::alone;

    #[test]
    fn every_pattern_is_right_in_one_process() {
        for pattern in &ALL {
            let shown = (pattern.run)(&alone()).unwrap_or_else(|error| panic!("{}: {error}", pattern.name));
            let shown = shown.expect("one process is the root");
            assert_eq!(shown.answer, shown.expected, "{}", pattern.name);
        }
    }

    #[test]
    fn names_are_found() {
        assert_eq!(choose(None).map(|found| found.len()).ok(), Some(0));
        assert_eq!(choose(Some("all")).map(|found| found.len()).ok(), Some(ALL.len()));
        assert_eq!(choose(Some("ring")).map(|found| found[0].name).ok(), Some("ring"));
        assert!(matches!(choose(Some("rings")), Err(Error::Usage(text)) if text.contains("ring")));
    }
}
