//! `merge`: the union of checkpoints, with the proof that nothing is missing and nothing is there twice.
//!
//! A checkpoint has the command line of its job. `merge` reads from it what the job is, and runs the command in a [`Setting`] that takes its
//! blocks from the files instead of computing them: so the report, and every byte of it, is the command's own.
//!
//! That command line was written by somebody else, and may be anything. So only what a checkpoint can prove is taken from it ([`provable`]):
//! no place to write to, no question that is answered without the file.

use super::setting::Setting;
use super::{integrate, isprime, pi, primes};
use crate::cli::{self, Command, Integrate, IsPrimeMethod, Words};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::job::checkpoint;

/// Runs the command. Every rank must call it, and only the root reads; returns the exit code.
pub fn run(cluster: &Cluster, words: &Words, options: &cli::Merge) -> Result<u8> {
    fault::at(Stage::Start, cluster.first_rank())?;
    let first = &options.files[0];
    let identity = cluster.at_root(|| Ok(checkpoint::identity(&*cluster.disk(), first)?)).transpose();
    let identity = cluster.broadcast(cluster.agree(identity)?)?;
    let arguments = std::iter::once("montesieve".to_owned()).chain(identity.words.clone()).map(Into::into).collect();
    let command = cli::parse(&Words { arguments, variables: Vec::new() }).ok().and_then(|cli| provable(cli.command));
    let cannot = || Error::Run(format!("{} is of a job that cannot be merged: {}", first.display(), identity.name()));
    let command = cluster.agree(command.ok_or_else(cannot))?;
    let setting = Setting::new(cluster, words, &options.engine)?.merging(identity.words.clone(), options.files.clone());
    match command {
        Command::Pi(pi) => pi::run(&setting, &pi),
        Command::Integrate(Integrate::Samples(samples)) => integrate::integrate(&setting, &samples),
        Command::Integrate(Integrate::Ep(options)) => integrate::ep::run(&setting, &options),
        Command::Primes(primes) => primes::run(&setting, &primes),
        Command::Isprime(isprime) => isprime::run(&setting, &isprime),
        _ => cluster.agree(Err(cannot())),
    }
}

/// The command as far as checkpoints prove its answer; `None` where they do not.
fn provable(command: Command) -> Option<Command> {
    match command {
        Command::Pi(mut pi) if !pi.precision.plan => {
            (pi.precision.trace, pi.precision.plot) = (None, None);
            Some(Command::Pi(pi))
        }
        Command::Integrate(Integrate::Samples(mut samples)) if !samples.common.precision.plan => {
            (samples.common.precision.trace, samples.common.precision.plot) = (None, None);
            Some(Command::Integrate(Integrate::Samples(samples)))
        }
        Command::Integrate(Integrate::Ep(ep)) => Some(Command::Integrate(Integrate::Ep(ep))),
        Command::Primes(primes) if primes.nth.0.is_none() && !primes.plan && primes.list().is_none() => {
            Some(Command::Primes(primes))
        }
        // One number by division. A smaller question is answered without blocks, and Setting::conclude refuses that.
        Command::Isprime(isprime)
            if isprime.method == IsPrimeMethod::Trial && !isprime.compare && isprime.numbers.len() == 1 =>
        {
            matches!(isprime.numbers[0], cli::Subject::Number(_)).then_some(Command::Isprime(isprime))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Option<Command> {
        let words = Words { arguments: line.split_whitespace().map(Into::into).collect(), variables: Vec::new() };
        provable(cli::parse(&words).unwrap_or_else(|_| panic!("{line}")).command)
    }

    #[test]
    fn what_blocks_do_not_prove_is_not_run() {
        for line in [
            "m primes --nth 5",
            "m primes 100 --plan",
            "m primes 100 -p",
            "m primes 100 --print=2",
            "m pi 1e6 --plan --target-error 1e-3",
            "m isprime 7",
            "m isprime 7 11 --method trial",
            "m isprime - --method trial",
            "m isprime 1000003 --compare",
            "m gcd file",
            "m merge file",
            "m burnin --junit file",
            "m man folder",
            "m scaling -- pi 1e6",
            "m integrate list",
        ] {
            assert_eq!(command(line), None, "{line}");
        }
        for line in
            ["m pi 1e6", "m primes 100 --gaps", "m integrate ball 1e6", "m integrate ep", "m isprime 7 --method trial"]
        {
            assert!(command(line).is_some(), "{line}");
        }
    }

    #[test]
    fn no_place_to_write_to_is_taken_from_a_file() {
        for line in ["m pi 1e6 --trace t --plot p --output o", "m integrate ball 1e6 --trace t --plot p --output o"] {
            let shows = match command(line) {
                Some(Command::Pi(pi)) => pi.precision.shows_the_way(),
                Some(Command::Integrate(Integrate::Samples(samples))) => samples.common.precision.shows_the_way(),
                other => panic!("{other:?}"),
            };
            assert!(!shows, "{line}");
        }
    }
}
