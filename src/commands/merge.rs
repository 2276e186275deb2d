//! `merge`: the union of checkpoints, with the proof that nothing is missing and nothing is there twice.
//!
//! A checkpoint has the command line of its job. `merge` runs that command again, in a [`Setting`] that takes its blocks from the
//! files instead of computing them: so the report, and every byte of it, is the command's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::setting::Setting;
use super::{integrate, isprime, pi, primes};
use crate::cli::{self, Command, Words};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::job::checkpoint::{self, Identity};
use crate::job::run::{Account, Outcome};
use crate::job::{Job, Ledger, Span, keeper};

/// Runs the command. Every rank must call it, and only the root reads; returns the exit code.
pub fn run(cluster: &Cluster, words: &Words, options: &cli::Merge) -> Result<u8> {
    let first = cluster.broadcast(cluster.agree(cluster.at_root(|| identity(&options.files[0])).transpose())?)?;
    let arguments = std::iter::once("montesieve".to_owned()).chain(first.words.clone()).map(Into::into).collect();
    let understood = cli::parse(&Words { arguments, variables: Vec::new() });
    let unknown =
        || Error::Run(format!("{} is of a job that cannot be merged: {}", options.files[0].display(), first.name()));
    let setting = Setting::new(cluster, words, &options.engine)?.merging(first.words.clone(), options.files.clone());
    match cluster.agree(understood.map(|cli| cli.command).map_err(|_| unknown()))? {
        Command::Pi(pi) => pi::run(&setting, &pi),
        Command::Integrate(cli::Integrate::Samples(samples)) => integrate::integrate(&setting, &samples),
        Command::Integrate(cli::Integrate::Ep(options)) => integrate::ep::run(&setting, &options),
        Command::Primes(primes) => primes::run(&setting, &primes),
        Command::Isprime(isprime) => isprime::run(&setting, &isprime),
        _ => cluster.agree(Err(unknown())),
    }
}

fn identity(path: &Path) -> Result<Identity> {
    let bytes = fs::read(path).map_err(Error::io(format!("cannot read {}", path.display())))?;
    checkpoint::identity(&bytes).map_err(|refusal| Error::Run(format!("{} {refusal}", path.display())))
}

/// At the root: all blocks of `job`, from the files.
///
/// # Errors
/// [`Error::Usage`] for a file of another job; [`Error::Run`] for a file that cannot be read, for blocks that are in two files, and for
/// blocks that are in none.
pub(super) fn unite<J: Job>(job: &J, files: &[PathBuf], ranks: u64) -> Result<Outcome<J::Tally>> {
    let begun = Instant::now();
    let ours = job.identity().ok_or_else(|| Error::Run("this job has no checkpoints".to_owned()))?;
    let blocks = job.blocks();
    let seam = Some(ours.whole).filter(|&whole| whole < blocks);
    let mut ledger = Ledger::with_seam(seam);
    // Which file has which blocks, to name both when two have the same.
    let mut owners: Vec<(Span, &Path)> = Vec::new();
    for path in files {
        let found = keeper::load::<J::Tally>(path, &ours)?
            .ok_or_else(|| Error::Run(format!("cannot read {}: there is no such file", path.display())))?;
        for (span, tally) in found.into_spans() {
            if let Some((other, owner)) = owners.iter().find(|(other, _)| other.overlaps(span)) {
                let (path, owner) = (path.display(), owner.display());
                return Err(Error::Run(format!("blocks {span} of {path} overlap blocks {other} of {owner}")));
            }
            owners.push((span, path));
            ledger.record(span, tally).map_err(|overlap| Error::Run(overlap.to_string()))?;
        }
    }
    let holes = ledger.holes(Span::new(0, blocks));
    if !holes.is_empty() {
        let missing: u64 = holes.iter().map(|hole| hole.len()).sum();
        let mut spans: Vec<String> = holes.iter().take(MOST_NAMED).map(Span::to_string).collect();
        spans.extend((holes.len() > MOST_NAMED).then(|| format!("and {} more holes", holes.len() - MOST_NAMED)));
        let files = if files.len() == 1 { "the file" } else { "any of the files" };
        return Err(Error::Run(format!("{missing} of {blocks} blocks are not in {files}: {}", spans.join(", "))));
    }
    let account = Account { seconds: begun.elapsed().as_secs_f64(), ..Account::none(ranks) };
    Ok(Outcome { total: ledger.into_total(), done: blocks, blocks, cause: None, account })
}

/// Holes that an error names.
const MOST_NAMED: usize = 10;
