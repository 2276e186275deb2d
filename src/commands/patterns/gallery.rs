//! The patterns, one small file each, and their run.
//!
//! Every file opens with its page: what the pattern is, in Python, with mpi4py, what goes wrong in
//! the naive form, the right answer, the MPI calls, a word on its picture, exercises; docs/course
//! is written from it. Below it the pattern is written on rsmpi, so that a reader meets scatter,
//! reduce, probe and windows under MPI's own names. Two things come from `montesieve-mpi`:
//! - windows, which rsmpi lacks: [`one_sided`](crate::cluster::one_sided);
//! - [`polite`](crate::cluster::polite) waits. Where a program with a core for each rank would
//!   block (`receive`, `barrier`, `reduce_into`), a page uses the immediate form and waits there:
//!   ranks that share a core leave it to each other, and a rank that hangs is named.
//!
//! [`trace`] names what a rank does, for `--trace` and `--plot`: leave its calls out and the
//! pattern is the same.
//!
//! Sends of a few numbers block in MPI's sense, though none waits in practice. No page relies on
//! that: all are right on 2, 3 and 8 ranks when each `MPI_Send` is an `MPI_Ssend`, which waits for
//! its receive. A pattern ends with no message under way, and [`run`] has a barrier between two of
//! them.

pub(super) mod barrier;
pub(super) mod counter;
pub(super) mod dict;
pub(super) mod events;
pub(super) mod futures;
pub(super) mod locks;
pub(super) mod map;
pub(super) mod overlap;
pub(super) mod processes;
pub(super) mod producer;
pub(super) mod queue;
pub(super) mod ring;
pub(super) mod scan;
pub(super) mod shared_array;
pub(super) mod tasks;

use std::ops::Range;
use std::time::Instant;

use mpi::Rank;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::answer::{Cost, PatternCosts, PatternLine, PatternsResult, PatternsRun};
use super::recorder as trace;
use super::trace::{events, picture};
use super::{Pattern, Patterns};
use crate::cluster::Cluster;
use crate::cluster::place::host;
use crate::commands::finish::{distinct, library};
use crate::commands::output::{Output, SideFiles};
use crate::commands::stop::{self, Stop};
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::report::Report;
use crate::stderr;

/// Runs a pattern. Every rank must call it; rank 0 gets the output.
pub(super) type Run = fn(&SimpleCommunicator) -> Result<Option<Shown>>;

/// The rank that collects and checks.
const ROOT: Rank = 0;

/// The result of a pattern, at rank 0.
#[derive(Default)]
pub(super) struct Shown {
    /// Its answer, and the expected one.
    answer: String,
    expected: String,
    costs: Vec<Cost>,
    /// The lines that the ranks reported, for patterns about that.
    lines: Vec<String>,
}

/// Runs patterns and reports. Every rank must call it; returns the exit code.
pub(super) fn run(
    cluster: &Cluster,
    world: &SimpleCommunicator,
    chosen: &[&'static Pattern],
    options: &Patterns,
    output: Option<Output>,
) -> Result<u8> {
    let sides = SideFiles::open(cluster, [options.plot.as_deref()])?;
    let is_traced = options.trace || options.plot.is_some();
    let stop = Stop::listen(cluster, options.time_limit)?;
    fault::at(Stage::Start, cluster.original_rank())?;
    let began = Instant::now();
    let (mut lines, mut costs, mut cause) = (Vec::new(), Vec::new(), None);
    for pattern in chosen {
        // Also serves as a barrier.
        cause = stop.agreed(cluster)?;
        if cause.is_some() {
            break;
        }
        fault::at(Stage::Compute, cluster.original_rank())?;
        if is_traced {
            trace::begin(cluster.broadcast(cluster.at_root(trace::soon))?);
        }
        let began = Instant::now();
        // A rank that fails here leaves the others waiting, so it ends the job instead of agreeing.
        let shown = (pattern.run)(world)?;
        let seconds = began.elapsed().as_secs_f64();
        let traces = trace::end().map(|mine| cluster.gather_records(&mine)).transpose()?.flatten().unwrap_or_default();
        if let Some(Shown { answer, expected, costs: measured, lines: said }) = shown {
            let (name, right) = (pattern.name.to_owned(), answer == expected);
            let trace = events(&traces);
            costs.push(PatternCosts { name: name.clone(), seconds, costs: measured, lines: said, trace });
            lines.push(PatternLine { name, answer, expected, right });
        }
    }
    fault::at(Stage::Report, cluster.original_rank())?;
    let seconds = began.elapsed().as_secs_f64();
    let hosts = cluster.gather_records(&host())?;
    let drawn = costs.first().map(|pattern: &PatternCosts| picture(&pattern.name, &pattern.trace));
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
            run.write_text(options.trace, &mut text).map_err(Error::io("cannot format the run"))?;
            stderr::text(&text);
        }
        if let Some(cause) = cause {
            stop::report(cause, &format!("{} of {} patterns are done", lines.len(), chosen.len()));
        }
        let result = PatternsResult { patterns: lines, right, complete: cause.is_none() };
        let report = Report { command: "patterns", result, run: Some(run), here: Vec::new() };
        output
            .report(&report, options.destination.format)
            .map(|()| stop::exit_code(cause, if right { 0 } else { Error::WRONG }))
    });
    let data = cluster.at_root(|| drawn.unwrap_or_else(|| picture("", &[])));
    sides.write(cluster, written.transpose(), data.as_ref(), [&|drawn| Ok(drawn.svg().into_bytes())])
}

/// Microseconds per repetition.
fn each_us(what: &'static str, began: Instant, times: u64) -> Cost {
    Cost { what, value: began.elapsed().as_secs_f64() * 1e6 / times.max(1) as f64, unit: "us" }
}

/// Numbers separated by commas.
fn listed<T: ToString>(numbers: impl IntoIterator<Item = T>) -> String {
    numbers.into_iter().map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
}

/// An abbreviated list: its first three numbers, the last one, their count and sum.
fn shortened(numbers: &[u64]) -> String {
    let last = numbers.last().copied().unwrap_or_default();
    let (first, sum) = (listed(numbers.iter().take(3)), numbers.iter().sum::<u64>());
    format!("{first}, ..., {last}: {} numbers, sum {sum}", numbers.len())
}

/// This rank's part of `n` pieces of work: contiguous, as equal as possible.
fn share(world: &SimpleCommunicator, n: u64) -> Range<u64> {
    let (rank, size) = (world.rank() as u64, world.size() as u64);
    let (first, end) = (n * rank / size, n * (rank + 1) / size);
    // A hook of the tests: this rank forgets its last piece.
    first..end - u64::from(first < end && fault::loses(rank))
}
