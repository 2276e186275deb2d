//! `merge`: the union of checkpoints, with the proof that nothing is missing and nothing is there twice.
//!
//! A checkpoint has the command line of its job. `merge` reads from it what the job is, and runs the command in a [`Context`] that takes its
//! blocks from the files instead of computing them: so the report, and every byte of it, is the command's own.
//!
//! That command line was written by somebody else, and may be anything. So only what a checkpoint can prove is taken from it ([`provable`]):
//! no place to write to, no question that is answered without the file.

pub mod args;

pub use self::args::Merge;
use super::command::{Check, Command, Computation};
use super::context::Context;
use super::parse;
use crate::cli::{Engine, Ranks, Words};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::job::checkpoint;

impl Command for Merge {
    fn check(&self) -> Check {
        match self.engine.keep.file() {
            Some(_) => Err("merge reads its FILEs: it does not go with --checkpoint or --resume".to_owned()),
            None => Ok(()),
        }
    }

    fn engine(&self) -> Option<&Engine> {
        Some(&self.engine)
    }

    /// It reads files, which one rank does.
    fn threads(&self) -> Option<Ranks> {
        None
    }

    fn run(&self, cluster: &Cluster, words: &Words) -> Result<u8> {
        fault::at(Stage::Start, cluster.original_rank())?;
        let first = &self.files[0];
        let identity = cluster.at_root(|| Ok(checkpoint::identity(&*cluster.disk(), first)?)).transpose();
        let identity = cluster.broadcast(cluster.agree(identity)?)?;
        let cannot =
            || Error::Run(format!("{} is of a job that cannot be merged: {}", first.display(), identity.name()));
        let computation = cluster.agree(provable(&identity.words).ok_or_else(cannot))?;
        let context = Context::new(cluster, words, &self.engine)?.merging(identity.words.clone(), self.files.clone());
        computation.compute(&context)
    }
}

/// The command of a checkpoint as far as checkpoints prove its answer; `None` where they do not.
fn provable(words: &[String]) -> Option<Box<dyn Computation>> {
    let arguments = std::iter::once("montesieve".to_owned()).chain(words.iter().cloned()).map(Into::into).collect();
    parse(&Words { arguments, variables: Vec::new() }).ok()?.command.provable()
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
        ] {
            assert!(command(line).is_none(), "{line}");
        }
        for line in ["pi 1e6", "primes 100 --gaps", "integrate ball 1e6", "integrate ep", "isprime 7 --method trial"] {
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
