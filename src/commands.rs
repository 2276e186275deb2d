//! One folder per command: its options (`args`), its jobs, its answer; `NAME.rs` beside the folder
//! has the run.
//!
//! This file is the entry point: the root broadcasts its words, every rank parses the same ones,
//! and the launch is checked before any work. [`command`] defines what a command is; their list is
//! here. The common parts of computing commands are in `context` and `finish`.

mod agreement;
mod burnin;
pub mod command;
mod context;
mod exit_codes;
mod files;
mod finish;
#[cfg(test)]
mod forged;
mod gcd;
mod info;
mod inputs;
mod integrate;
mod isprime;
mod memory_check;
mod merge;
mod output;
mod pages;
mod parse;
mod paths;
mod patterns;
mod pi;
mod plan;
mod primes;
mod ranks;
mod rounds;
pub mod scaling;
mod scheduler;
#[cfg(test)]
mod simulation;
mod stdin;
mod stop;

use std::env;
use std::io::IsTerminal;

pub use self::command::Cli;
pub use self::parse::{Refusal, parse};
use crate::cli::{CommandLine, color};
use crate::cluster::{Cluster, StallLimit, abort};
use crate::error::{Error, Result};
use crate::{fault, stderr};

command::commands! {
    "pi" => Pi(pi::Pi),
    "integrate" => Integrate(integrate::Integrate),
    "primes" => Primes(primes::Primes),
    "isprime" => Isprime(isprime::IsPrime),
    "gcd" => Gcd(gcd::Gcd),
    "patterns" => Patterns(patterns::Patterns),
    "scaling" => Scaling(scaling::Scaling),
    "merge" => Merge(merge::Merge),
    "burnin" => Burnin(burnin::Burnin),
    "info" => Info(info::Info),
    "completions" => Completions(pages::Completions),
    "man" => Man(pages::ManPages),
}

/// Runs the root's command; after a loss runs it again on the living ranks, if it can restart.
/// Every rank must call it; returns the exit code.
///
/// # Errors
/// [`Error::Reported`] when the ranks have agreed on a failure; any other error is this rank's
/// alone.
pub fn run(cluster: &mut Cluster) -> Result<u8> {
    loop {
        let outcome = once(cluster);
        if let Some(outcome) = cluster.after(outcome) {
            return outcome;
        }
    }
}

/// From the words to the exit code.
fn once(cluster: &mut Cluster) -> Result<u8> {
    let words = agreement::words(cluster)?;
    let cli = match parse(&words) {
        Ok(cli) => cli,
        Err(refusal) => return refuse(cluster, &refusal),
    };
    cluster.agree(cluster.at_root(|| paths::check(&files::files(&words), cluster.stdout_file())).unwrap_or(Ok(())))?;
    let presets = parse::presets(&words);
    abort::explain_options(move |error| presets.in_error(error));
    let mut stall = StallLimit::default();
    if let Some(launch) = cli.command.launch() {
        if !launch.allow_singleton {
            cluster.check_launch().map_err(|error| match error {
                Error::Launch(text) => Error::Launch(text + " (--allow-singleton runs it anyway)."),
                error => error,
            })?;
        }
        stall = StallLimit { limit: launch.stall_timeout, set_by: "--stall-timeout" };
        cluster.watch(stall)?;
    }
    if cli.command.calls_mpi() {
        cluster.start_mpi()?;
    }
    match cluster.agree(ranks::to_start(cluster, &*cli.command))? {
        None => run_on_ranks(cluster, &words, &cli),
        Some(ranks) => {
            let code = cluster.run_on_threads(ranks, stall, |cluster| run_on_ranks(cluster, &words, &cli));
            code.map_err(|error| match error {
                Error::Run(text) => Error::Run(text + "; use fewer with --ranks N"),
                error => error,
            })
        }
    }
}

/// From the command to the exit code, on all ranks.
fn run_on_ranks(cluster: &Cluster, words: &CommandLine, cli: &Cli) -> Result<u8> {
    look_at_variables(cluster, words, cli)?;
    if !cli.command.can_restart() {
        cluster.cannot_restart();
    }
    match cli.command.run(cluster, words) {
        Ok(_) | Err(Error::Reported { .. }) if cli.command.exit_zero() => Ok(0),
        outcome => outcome,
    }
}

/// Handles variables that preset no option: injects a requested fault, and reports unknown
/// variables.
fn look_at_variables(cluster: &Cluster, words: &CommandLine, cli: &Cli) -> Result<()> {
    let fault = words.variable("MONTESIEVE_FAULT").map(|text| text.to_string_lossy());
    cluster.agree(fault::arm(fault.as_deref().unwrap_or_default(), cluster.size()).map_err(Error::Usage))?;
    let unknown = parse::unknown_variables(words);
    if !unknown.is_empty() && !cli.command.is_quiet() {
        let remark = format!(
            "{} is no variable of montesieve; its variables are MONTESIEVE_ and the name of an option, as MONTESIEVE_SEED",
            unknown.join(", ")
        );
        cluster.at_root(|| stderr::message(&remark));
    }
    Ok(())
}

/// Help, version, or a usage error: the same on every rank, and printed once.
fn refuse(cluster: &Cluster, refusal: &Refusal) -> Result<u8> {
    let told = cluster.at_root(|| {
        // N worlds of one rank have N roots; only one of them is the launcher's first.
        if !cluster.launch().is_first {
            return Ok(());
        }
        if refusal.is_help() {
            let colour = coloured(cluster, std::io::stdout().is_terminal());
            cluster.print(refusal.text(colour).as_bytes())
        } else {
            let colour = coloured(cluster, std::io::stderr().is_terminal());
            stderr::text(refusal.text(colour).as_bytes());
            Ok(())
        }
    });
    cluster.agree(told.unwrap_or(Ok(())))?;
    match refusal.exit_code() {
        0 => Ok(0),
        code => Err(Error::Reported { code }),
    }
}

fn coloured(cluster: &Cluster, is_terminal: bool) -> bool {
    let stream = color::Stream { is_terminal, under_launcher: cluster.launch().is_forwarded() };
    color::wanted(stream, |name| env::var_os(name))
}
