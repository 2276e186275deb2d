//! `patterns`: the gallery of patterns of distributed memory, from Python's multiprocessing to MPI.
//!
//! This file is the command: the list, the page of a pattern (`--explain`), a run. The patterns
//! themselves are in `gallery`, one small file each, and need MPI; list and pages do without. The
//! answers are the same for every number of ranks; the costs are this run's.

mod answer;
pub mod args;

#[cfg(feature = "mpi")]
mod gallery;
mod page;
#[cfg(feature = "mpi")]
mod recorder;
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
mod trace;

use self::answer::{PatternEntry, PatternPage, PatternsList, PatternsPages, PatternsResult, PatternsRun};
use self::args::EVERY;
pub use self::args::Patterns;
use super::command::{Check, Command};
use super::output::Output;
use crate::cli::{CommandLine, LaunchOptions};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::report::schema::Documentation;
use crate::report::{Answer, Report};

/// One pattern of the gallery.
struct Pattern {
    name: &'static str,
    /// What it is in Python's multiprocessing and asyncio.
    python: &'static str,
    /// What it is in MPI.
    mpi: &'static str,
    /// Its file, which opens with its page.
    file: &'static str,
    #[cfg(feature = "mpi")]
    run: gallery::Run,
}

macro_rules! pattern {
    ($module:ident, $name:literal, $python:literal, $mpi:literal) => {
        Pattern {
            name: $name,
            python: $python,
            mpi: $mpi,
            file: include_str!(concat!("patterns/gallery/", stringify!($module), ".rs")),
            #[cfg(feature = "mpi")]
            run: gallery::$module::run,
        }
    };
}

/// All of them, as the notes have them (rows 16 to 30 of docs/patterns.md).
static ALL: [Pattern; 15] = [
    pattern!(
        counter,
        "counter",
        "Value, with and without get_lock()",
        "window: MPI_Fetch_and_op; get and put; get and put under MPI_Win_lock"
    ),
    pattern!(shared_array, "shared-array", "Value and Array", "MPI_Win_allocate_shared: each fills its part, all read"),
    pattern!(queue, "queue", "Queue of subtotals, until 'exit'", "manager, workers and a sentinel; MPI_Reduce"),
    pattern!(
        processes,
        "processes",
        "Process(name=...), start(), join()",
        "the launcher starts them; MPI_Gather in rank order"
    ),
    pattern!(map, "map", "Pool.map of a square", "MPI_Scatter, work, MPI_Gatherv"),
    pattern!(futures, "futures", "apply_async, map_async, get()", "MPI_Isend, MPI_Irecv, whichever completes first"),
    pattern!(
        producer,
        "producer",
        "producer and consumer on Queue(maxsize)",
        "bounded queue: goods one way, credits the other, two tags"
    ),
    pattern!(barrier, "barrier", "Barrier, with timestamps, and without", "MPI_Barrier, with counters as the proof"),
    pattern!(
        locks,
        "locks",
        "Lock, Semaphore, Condition, Event",
        "MPI_Win_lock; a counter by MPI_Fetch_and_op; a number looked at; a message"
    ),
    pattern!(
        dict,
        "dict",
        "Manager().dict() filled by ten jobs",
        "keys and values owned by rank 0, served by messages"
    ),
    pattern!(
        events,
        "events",
        "event loop, callbacks, futures: hello, world",
        "an event loop over MPI_Improbe, one function a tag"
    ),
    pattern!(
        overlap,
        "overlap",
        "500 web requests: one by one, threads, asyncio",
        "k requests under way: MPI_Isend, whichever is answered first"
    ),
    pattern!(scan, "scan", "a coroutine keeping a running minimum", "MPI_Scan, MPI_Exscan with MPI_MIN"),
    pattern!(tasks, "tasks", "coroutines that take turns", "ranks as cooperative tasks, MPI_Test on a request each"),
    pattern!(ring, "ring", "a state machine of coroutines", "a token with the state round a ring of ranks"),
];

impl Command for Patterns {
    fn launch(&self) -> Option<&LaunchOptions> {
        Some(&self.launch)
    }

    fn check(&self) -> Check {
        match &self.name {
            Some(name) if name == EVERY && self.plot.is_some() => Err("--plot draws one pattern, not all".to_owned()),
            _ => Ok(()),
        }
    }

    /// It does more than show the list or a page.
    fn calls_mpi(&self) -> bool {
        !self.explain && !choose(self.name.as_deref()).is_empty()
    }

    fn documentation() -> Documentation {
        Documentation::of::<PatternsResult>("the patterns that were run")
            .or::<PatternsList>("of `patterns` without a name")
            .or::<PatternsPages>("of `--explain`")
            .with_run::<PatternsRun>()
            .or_no_run()
    }

    fn run(&self, cluster: &Cluster, _: &CommandLine) -> Result<u8> {
        run(cluster, self)
    }
}

fn run(cluster: &Cluster, options: &Patterns) -> Result<u8> {
    let chosen = choose(options.name.as_deref());
    let output = Output::of(&options.destination, cluster)?;
    if options.explain {
        let page = |p: &&Pattern| PatternPage { name: p.name.into(), page: page::page(p.file) };
        return show(cluster, PatternsPages { patterns: chosen.iter().map(page).collect() }, options, output);
    }
    if chosen.is_empty() {
        let entry = |p: &Pattern| PatternEntry { name: p.name.into(), python: p.python.into(), mpi: p.mpi.into() };
        return show(cluster, PatternsList { patterns: ALL.iter().map(entry).collect() }, options, output);
    }
    #[cfg(feature = "mpi")]
    if let Some(world) = cluster.communicator() {
        return gallery::run(cluster, world, &chosen, options, output);
    }
    Err(Error::Launch("the patterns run over MPI, which is not there".into()))
}

/// The patterns of a name that the command line accepts; none without a name.
fn choose(name: Option<&str>) -> Vec<&'static Pattern> {
    ALL.iter().filter(|pattern| name.is_some_and(|name| name == EVERY || name == pattern.name)).collect()
}

/// Writes, at the root, what no pattern had to run for.
fn show<R: Answer>(cluster: &Cluster, result: R, options: &Patterns, output: Option<Output>) -> Result<u8> {
    let report = Report::without_run("patterns", result);
    cluster.agree(output.map_or(Ok(()), |output| output.report(&report, options.destination.format))).map(|()| 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        let named = |name| choose(name).into_iter().map(|pattern| pattern.name).collect::<Vec<_>>();
        assert_eq!((named(None).len(), named(Some(EVERY)).len()), (0, ALL.len()));
        assert_eq!(named(Some("ring")), ["ring"]);
    }

    #[test]
    #[cfg(not(feature = "mpi"))]
    fn without_mpi_none_runs() {
        let refused = crate::cluster::testing::alone().start_mpi();
        assert!(refused.is_err_and(|error| error.exit_code() == Error::LAUNCH));
    }
}
