//! One file a command; each reads as a story of four parts: plan, compute, reduce, report.
//!
//! This file is the way in: the root's words reach every rank, every rank reads the same ones, and the launch is
//! checked before any work. What the computing commands have in common (the setting they run in, the conclusion they
//! come to) stands in `setting` and `conclusion`.

mod agreement;
mod array;
mod burnin;
mod conclusion;
#[cfg(test)]
mod forged;
mod gcd;
mod generate;
mod info;
mod inputs;
mod integrate;
mod isprime;
mod memory_check;
mod merge;
mod output;
mod paths;
mod patterns;
mod pi;
mod plan;
mod primes;
mod ranks;
mod remaining;
mod rounds;
mod scaling;
mod setting;
#[cfg(test)]
mod simulation;
mod stdin;
mod stop;
mod surroundings;

use std::env;
use std::io::IsTerminal;
use std::time::Duration;

use crate::cli::{self, Cli, Command, Integrate, Words, color};
use crate::cluster::{Cluster, ending};
use crate::error::{Error, Result};
use crate::fault;
use crate::stderr;
use setting::Setting;

/// Runs the command that the root was given; again, with the ranks that are left, when some were lost and it can be. Every rank must call it;
/// returns the exit code.
///
/// # Errors
/// [`Error::Told`] when the ranks have agreed on a bad end; any other error is this rank's alone.
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
    let cli = match cli::parse(&words) {
        Ok(cli) => cli,
        Err(refusal) => return refuse(cluster, &refusal),
    };
    cluster.agree(cluster.at_root(|| paths::check(&cli::files(&words), cluster.stdout_file())).unwrap_or(Ok(())))?;
    let presets = cli::presets(&words);
    ending::explain_options(move |error| presets.in_error(error));
    let mut stall = Duration::ZERO;
    if let Some(launch) = cli.launch() {
        if !launch.allow_singleton {
            cluster.check_launch()?;
        }
        stall = launch.stall_timeout;
        cluster.watch(stall)?;
    }
    if let Command::Patterns(patterns) = &cli.command
        && patterns::calls_mpi(patterns)
    {
        cluster.start_mpi()?;
    }
    match cluster.agree(ranks::to_start(cluster, &cli))? {
        None => carry_out(cluster, &words, &cli),
        Some(ranks) => cluster.spread(ranks, stall, |cluster| carry_out(cluster, &words, &cli)),
    }
}

/// From the command to the exit code, on all ranks.
fn carry_out(cluster: &Cluster, words: &Words, cli: &Cli) -> Result<u8> {
    look_at_variables(cluster, words, cli)?;
    if !can_begin_again(&cli.command) {
        cluster.cannot_begin_again();
    }
    match dispatch(cluster, words, cli) {
        Ok(_) | Err(Error::Told { .. }) if cli.exit_zero() => Ok(0),
        outcome => outcome,
    }
}

/// What variables ask for besides options: a fault on purpose. Those that mean nothing are named.
fn look_at_variables(cluster: &Cluster, words: &Words, cli: &Cli) -> Result<()> {
    let fault = words.variable("MONTESIEVE_FAULT").map(|text| text.to_string_lossy());
    cluster.agree(fault::arm(fault.as_deref().unwrap_or_default(), cluster.size()).map_err(Error::Usage))?;
    let unknown = cli::unknown_variables(words);
    if !unknown.is_empty() && !cli.engine().is_some_and(|engine| engine.quiet) {
        let remark = format!(
            "{} means nothing to montesieve (its variables are MONTESIEVE_ and an option's name)",
            unknown.join(", ")
        );
        cluster.at_root(|| stderr::message(&remark));
    }
    Ok(())
}

/// Whether the command may be run again by those who are left: it takes no times and shows nothing before its end, nor does it write while it
/// computes or talk to others than ranks.
fn can_begin_again(command: &Command) -> bool {
    match command {
        Command::Pi(pi) => !pi.precision.plan,
        Command::Integrate(Integrate::Samples(samples)) => !samples.common.precision.plan,
        Command::Integrate(Integrate::Ep(_)) => true,
        Command::Primes(primes) => primes.list().is_none() && !primes.plan,
        _ => false,
    }
}

fn dispatch(cluster: &Cluster, words: &Words, cli: &Cli) -> Result<u8> {
    match &cli.command {
        Command::Pi(pi) => pi::run(&Setting::new(cluster, words, &pi.engine)?, pi),
        Command::Primes(primes) => primes::run(&Setting::new(cluster, words, &primes.engine)?, primes),
        Command::Isprime(isprime) => isprime::run(&Setting::new(cluster, words, &isprime.engine)?, isprime),
        Command::Gcd(gcd) => gcd::run(&Setting::new(cluster, words, &gcd.engine)?, gcd),
        Command::Merge(merge) => merge::run(cluster, words, merge),
        Command::Integrate(integrate) => integrate::run(cluster, words, integrate),
        Command::Patterns(patterns) => patterns::run(cluster, patterns),
        Command::Scaling(scaling) => scaling::run(cluster, words, scaling),
        Command::Burnin(burnin) => burnin::run(cluster, words, burnin),
        Command::Info(info) => info::run(cluster, words, info),
        Command::Completions(completions) => generate::completions(cluster, completions),
        Command::Man(man) => generate::man(cluster, man),
    }
}

/// Help, version, or words that make no sense: the same on every rank, and said once.
fn refuse(cluster: &Cluster, refusal: &cli::Refusal) -> Result<u8> {
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
        code => Err(Error::Told { code }),
    }
}

fn coloured(cluster: &Cluster, is_terminal: bool) -> bool {
    let stream = color::Stream { is_terminal, under_launcher: cluster.launch().is_forwarded() };
    color::wanted(stream, |name| env::var_os(name))
}
