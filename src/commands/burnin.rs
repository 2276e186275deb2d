//! `burnin`: is a host of this job wrong or slow? The same work on every rank, with known answers.
//!
//! Four parts, as in every command. Plan: the ranks' hosts, and the order of the blocks (from the
//! table). Compute: rounds of two blocks on every rank, then messages around a ring and from all to
//! all, then some links; wrong results are repeated at once, on the same rank and elsewhere.
//! Reduce: every rank's times, counts and host counters at the root. Report: the verdict (by
//! `crate::commands::burnin::diagnosis`), the list of hosts to exclude, the exit code.
//!
//! BlockWork is static on purpose: a balancing schedule would hide the slow host. So burn-in does
//! not use the engine, also because a wrong block must be known by rank, not merged into a total.

mod again;
mod answer;
pub mod args;
mod diagnosis;
mod hosts;
mod links;
mod messages;
mod rank;
mod rounds;
mod team;

use std::time::Instant;

use team::Team;

use self::answer::{BurninReport, BurninResult, BurninRun, Verdict};
pub use self::args::Burnin;
use self::diagnosis::hostlist;
use super::command::Command;
use super::output::{Output, all, beside, formatted};
use super::stop::{self, Stop};
use crate::cli::{Launch, Words};
use crate::cluster::Cluster;
use crate::cluster::aside::aside;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::isa::Isa;
use crate::report::schema::Documentation;

impl Command for Burnin {
    fn documentation() -> Documentation {
        Documentation::of::<BurninResult>("the verdict").with_run::<BurninRun>()
    }

    fn launch(&self) -> Option<&Launch> {
        Some(&self.launch)
    }

    fn exit_zero(&self) -> bool {
        self.exit_zero
    }

    fn run(&self, cluster: &Cluster, words: &Words) -> Result<u8> {
        run(cluster, words, self)
    }
}

fn run(cluster: &Cluster, words: &Words, options: &Burnin) -> Result<u8> {
    let begun = Instant::now();
    let forced = words.forced_isa();
    let chosen = cluster.agree(Isa::choose(forced.as_deref()).map_err(Error::Usage))?;
    let isas = match forced {
        Some(_) => vec![chosen],
        None => Isa::ALL.into_iter().filter(|isa| isa.is_supported()).collect(),
    };
    let stop = Stop::listen(cluster, options.time_limit)?;
    let files = cluster.agree(cluster.at_root(|| Files::open(cluster, options)).transpose())?;
    let team = Team::meet(cluster, isas)?;

    fault::at(Stage::Start, cluster.original_rank())?;
    let (seen, cause) = rounds::go(cluster, &team, options.duration(), &stop)?;
    fault::at(Stage::Reduce, cluster.original_rank())?;
    let gathered = seen.reduce(cluster)?;
    fault::at(Stage::Report, cluster.original_rank())?;

    let mut beside_it = Ok(());
    let written = gathered.zip(files).map(|(gathered, files)| {
        let (rounds, seconds) = (gathered.rounds, begun.elapsed().as_secs_f64());
        let mut report = hosts::report(cluster, &team, gathered, options.threshold(), seconds);
        report.result.complete = cause.is_none();
        if let Some(cause) = cause {
            stop::report(cause, &format!("this is what {rounds} rounds have shown"));
        }
        let code = stop::exit_code(cause, exit_code(report.result.verdict));
        let (written, sides) = aside(|| files.write(&report, options));
        beside_it = sides;
        written.map(|()| code)
    });
    let code = cluster.broadcast(cluster.agree(written.transpose())?)?;
    beside(cluster, code, || beside_it)
}

fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Ok => 0,
        Verdict::Slow => Error::SLOW,
        Verdict::Wrong => Error::WRONG,
    }
}

/// The output files, opened before the work.
struct Files {
    result: Output,
    exclude: Option<Output>,
    junit: Option<Output>,
}

impl Files {
    fn open(cluster: &Cluster, options: &Burnin) -> Result<Files> {
        let open = |path| Output::open(path, || cluster.stdout());
        Ok(Files {
            result: open(options.destination.output.as_deref())?,
            exclude: options.exclude_file.as_deref().map(|path| open(Some(path))).transpose()?,
            junit: options.junit.as_deref().map(|path| open(Some(path))).transpose()?,
        })
    }

    /// Writes the report, and then each side file, even if another one failed.
    fn write(self, report: &BurninReport, options: &Burnin) -> (Result<()>, Result<()>) {
        let format = options.destination.format;
        let written = formatted(|bytes| report.write(format, bytes)).and_then(|bytes| self.result.put(&bytes));
        let list = &report.result.exclude;
        let line = if list.is_empty() { String::new() } else { format!("{list}\n") };
        let exclude = self.exclude.map_or(Ok(()), |exclude| exclude.put(line.as_bytes()));
        let cases = |junit: Output| formatted(|bytes| report.write_junit(bytes)).and_then(|bytes| junit.put(&bytes));
        (written, all([exclude, self.junit.map_or(Ok(()), cases)]))
    }
}

/// Names as Slurm writes them, of the hosts with these numbers.
fn list_of(team: &Team, hosts: &[usize]) -> String {
    let names: Vec<&str> = hosts.iter().map(|&host| team.hosts[host].as_str()).collect();
    hostlist::compressed(&names)
}
