//! `burnin`: is a host of this job wrong or slow? The same work on every rank, with known answers.
//!
//! Four parts, as in every command. Plan: the ranks' hosts, and the order of the blocks (from the
//! table). Compute: rounds of two blocks on every rank, then messages around a ring and from all to
//! all, then some links; wrong results are repeated at once, on the same rank and elsewhere.
//! Reduce: every rank's times, counts and host counters at the root. Report: the verdict (by
//! `crate::commands::burnin::diagnosis`), the list of hosts to exclude, the exit code.
//!
//! Work is static on purpose: a balancing schedule would hide the slow host. So burn-in does
//! not use the engine, also because a wrong block must be known by rank, not merged into a total.

mod again;
mod answer;
pub mod args;
mod diagnosis;
mod hosts;
mod links;
mod messages;
mod progress;
mod rank;
mod rounds;
mod team;

use std::time::Instant;

use team::Team;

use self::answer::{BurninResult, BurninRun, Verdict};
pub use self::args::Burnin;
use self::rounds::State;
use super::command::Command;
use super::output::{Output, SideFiles, formatted};
use super::stop::{self, Stop};
use crate::cli::{CommandLine, LaunchOptions};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::isa::Isa;
use crate::report::schema::Documentation;
use crate::report::{hostlist, text};
use crate::stderr;

impl Command for Burnin {
    fn documentation() -> Documentation {
        Documentation::of::<BurninResult>("the verdict").with_run::<BurninRun>()
    }

    fn launch(&self) -> Option<&LaunchOptions> {
        Some(&self.launch)
    }

    fn exit_zero(&self) -> bool {
        self.exit_zero
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        run(cluster, words, self)
    }
}

fn run(cluster: &Cluster, words: &CommandLine, options: &Burnin) -> Result<u8> {
    let begun = Instant::now();
    let forced = words.set("MONTESIEVE_ISA");
    let chosen = cluster.agree(Isa::choose(forced.as_deref()).map_err(Error::Usage))?;
    let isas = match forced {
        Some(_) => vec![chosen],
        None => Isa::ALL.into_iter().filter(|isa| isa.is_supported()).collect(),
    };
    let stop = Stop::listen(cluster, options.time_limit)?;
    let output = Output::of(&options.destination, cluster)?;
    let sides = SideFiles::open(cluster, [options.exclude_file.as_deref(), options.junit.as_deref()])?;
    let team = Team::meet(cluster, isas)?;

    fault::at(Stage::Start, cluster.original_rank())?;
    let shown =
        |state: State<'_>| stderr::message(&progress::line(&team, &state, options.duration(), options.threshold()));
    let (seen, cause) = rounds::go(cluster, &team, options.duration(), &stop, (!options.quiet).then_some(&shown))?;
    fault::at(Stage::Reduce, cluster.original_rank())?;
    let gathered = seen.reduce(cluster)?;
    fault::at(Stage::Report, cluster.original_rank())?;

    let report = gathered.map(|gathered| {
        let rounds = gathered.rounds;
        let mut report = hosts::report(cluster, &team, gathered, options.threshold(), begun.elapsed().as_secs_f64());
        report.result.complete = cause.is_none() || options.forever;
        if let Some(cause) = cause {
            stop::report(cause, &format!("this is what {} have shown", text::count(rounds, "round")));
        }
        report
    });
    let written = output.zip(report.as_ref()).map(|(output, report)| {
        output.write_formatted(|bytes| report.write(options.destination.format, options.only_bad, bytes))?;
        Ok(stop::exit_code(cause.filter(|_| !options.forever), exit_code(report.result.verdict)))
    });
    sides.write(
        cluster,
        written.transpose(),
        report.as_ref(),
        [&|report| Ok(report.exclude_list()), &|report| formatted(|bytes| report.write_junit(bytes))],
    )
}

fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Ok => 0,
        Verdict::Slow => Error::SLOW,
        Verdict::Wrong => Error::WRONG,
    }
}

/// Names as Slurm writes them, of the hosts with these numbers.
fn list_of(team: &Team, hosts: &[usize]) -> String {
    let names: Vec<&str> = hosts.iter().map(|&host| team.hosts[host].as_str()).collect();
    hostlist::compressed(&names)
}
