//! `merge`: combines checkpoints, and checks that no block is missing or duplicated.
//!
//! A checkpoint contains the command line of its job. `merge` runs that command in a [`Context`]
//! that takes its blocks from the files instead of computing them. So every byte of the report is
//! the command's own.
//!
//! That command line is untrusted input. So `merge` accepts only what a checkpoint can prove
//! ([`provable`]): no output path, and no result that does not come from the file.

pub mod args;

pub use self::args::Merge;
use super::command::{Command, Computation};
use super::context::Context;
use super::parse;
use crate::cli::{CommandLine, LaunchOptions};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::job::checkpoint;

impl Command for Merge {
    fn launch(&self) -> Option<&LaunchOptions> {
        Some(&self.launch)
    }

    fn exit_zero(&self) -> bool {
        self.exit_zero
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        fault::at(Stage::Start, cluster.original_rank())?;
        let first = &self.files[0];
        let identity = cluster.at_root(|| Ok(checkpoint::identity(&*cluster.disk(), first)?)).transpose();
        let identity = cluster.broadcast(cluster.agree(identity)?)?;
        let cannot =
            || Error::Run(format!("{} is of a job that cannot be merged: {}", first.display(), identity.name()));
        let computation = cluster.agree(provable(&identity.words).ok_or_else(cannot))?;
        let engine = self.engine();
        let context = Context::new(cluster, words, &engine)?.merging(identity.words.clone(), self.files.clone());
        computation.compute(&context)
    }
}

/// The command of a checkpoint, restricted to what checkpoints prove; `None` if they prove nothing.
fn provable(words: &[String]) -> Option<Box<dyn Computation>> {
    let arguments = std::iter::once("montesieve".to_owned()).chain(words.iter().cloned()).map(Into::into).collect();
    parse(&CommandLine { arguments, variables: Vec::new() }).ok()?.command.provable()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Option<Box<dyn Computation>> {
        provable(&line.split_whitespace().map(Into::into).collect::<Vec<String>>())
    }

    #[test]
    fn what_blocks_do_not_prove_is_not_run() {
        for line in [
            "primes --nth 5",
            "primes 100 --plan",
            "primes 100 -p",
            "primes 100 --print=2",
            "pi 1e6 --plan --target-error 1e-3",
            "isprime 7",
            "isprime 7 11 --method trial",
            "isprime - --method trial",
            "isprime 1000003 --compare",
            "gcd file",
            "merge file",
            "burnin --junit file",
            "man folder",
            "scaling -- pi 1e6",
            "integrate list",
            "integrate file -",
        ] {
            assert!(command(line).is_none(), "{line}");
        }
        for line in [
            "pi 1e6",
            "primes 100 --gaps",
            "integrate ball 1e6",
            "integrate ep",
            "integrate file f",
            "isprime 7 --method trial",
        ] {
            assert!(command(line).is_some(), "{line}");
        }
    }

    #[test]
    fn no_place_to_write_to_is_taken_from_a_file() {
        for line in ["pi 1e6 --trace t --plot p --output o", "integrate ball 1e6 --trace t --plot p --output o"] {
            let shown = format!("{:?}", command(line).expect("provable"));
            assert!(shown.contains("trace: None, plot: None"), "{shown}");
        }
    }
}
