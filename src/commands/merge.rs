//! `merge`: the union of checkpoints, with the proof that nothing is missing and nothing is there twice.
//!
//! A checkpoint has the command line of its job. `merge` reads from it what the job is, and runs the command in a [`Setting`] that takes its
//! blocks from the files instead of computing them: so the report, and every byte of it, is the command's own.
//!
//! That command line was written by somebody else, and may be anything. So only what a checkpoint can prove is taken from it ([`provable`]):
//! no place to write to, no question that is answered without the file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::setting::Setting;
use super::{integrate, isprime, pi, primes};
use crate::cli::{self, Command, Integrate, IsPrimeMethod, Words};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::job::Identity;
use crate::job::run::{Account, Outcome, Share, check};
use crate::job::{Job, Ledger, Seams, Span, checkpoint};

/// Runs the command. Every rank must call it, and only the root reads; returns the exit code.
pub fn run(cluster: &Cluster, words: &Words, options: &cli::Merge) -> Result<u8> {
    fault::at(Stage::Start, cluster.first_rank())?;
    let first = &options.files[0];
    let identity =
        cluster.broadcast(cluster.agree(cluster.at_root(|| Ok(checkpoint::identity(first)?)).transpose())?)?;
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

/// What a file brought.
struct Part<'f> {
    path: &'f Path,
    identity: Identity,
    spans: Vec<Span>,
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
    let whole = Some(ours.whole).filter(|&whole| whole < blocks);
    let mut ledger = Ledger::with_seams(Seams { at: whole, at_powers: job.has_a_way() });
    let mut parts: Vec<Part<'_>> = Vec::new();
    for path in files {
        let identity = checkpoint::identity(path)?;
        let found = checkpoint::load_alone(path, job, &ours)?;
        let spans = found.spans().map(|(span, _)| span).collect();
        let part = Part { path, identity, spans };
        parts.iter().try_for_each(|before| apart(before, &part))?;
        parts.push(part);
        ledger.absorb(found).map_err(|overlap| Error::Run(overlap.to_string()))?;
    }
    let holes = ledger.holes(Span::new(0, blocks));
    if !holes.is_empty() {
        return Err(Error::Run(incomplete(&holes, blocks, &parts)));
    }
    check(job, &ledger)?;
    let account = Account { seconds: begun.elapsed().as_secs_f64(), ..Account::none(ranks) };
    Ok(Outcome { total: ledger.into_total(), done: blocks, blocks, cause: None, account })
}

/// No block may be in two files: says which are, and why.
fn apart(before: &Part<'_>, part: &Part<'_>) -> Result<()> {
    let both = |span: &Span| before.spans.iter().find(|other| other.overlaps(*span)).map(|other| (*span, *other));
    let Some((span, other)) = part.spans.iter().find_map(both) else { return Ok(()) };
    let (path, owner) = (part.path.display(), before.path.display());
    let is_twice = part.identity.parts.iter().find(|share| before.identity.parts.contains(share));
    let why = match is_twice {
        Some(share) => format!("part {share} is there twice: "),
        None => match (named(&part.identity.parts), named(&before.identity.parts)) {
            (Some(part), Some(before)) => format!("{part} and {before} overlap: "),
            _ => String::new(),
        },
    };
    Err(Error::Run(format!("{why}blocks {span} of {path} overlap blocks {other} of {owner}")))
}

/// The parts that a file is of, in words.
fn named(parts: &[Share]) -> Option<String> {
    let names: Vec<String> = parts.iter().take(MOST_NAMED).map(Share::to_string).collect();
    let more = parts.len().checked_sub(MOST_NAMED).filter(|&more| more > 0).map(|more| format!(" and {more} more"));
    let noun = if parts.len() == 1 { "part" } else { "parts" };
    (!names.is_empty()).then(|| format!("{noun} {}{}", names.join(", "), more.unwrap_or_default()))
}

/// What is missing, by parts where files are of parts, and by blocks.
fn incomplete(holes: &[Span], blocks: u64, parts: &[Part<'_>]) -> String {
    let missing: u64 = holes.iter().map(|hole| hole.len()).sum();
    let mut spans: Vec<String> = holes.iter().take(MOST_NAMED).map(Span::to_string).collect();
    spans.extend((holes.len() > MOST_NAMED).then(|| format!("and {} more holes", holes.len() - MOST_NAMED)));
    let files = if parts.len() == 1 { "the file" } else { "any of the files" };
    let said = format!("{missing} of {blocks} blocks are not in {files}: {}", spans.join(", "));
    let why = [unfinished(holes, blocks, parts), absent(holes, blocks, parts)];
    let why: Vec<String> = why.into_iter().flatten().collect();
    if why.is_empty() { said } else { format!("{said} ({})", why.join("; ")) }
}

/// The parts that have a file and are not done.
fn unfinished(holes: &[Span], blocks: u64, parts: &[Part<'_>]) -> Option<String> {
    let left = |share: &Share| holes.iter().any(|hole| hole.overlaps(share.span(blocks)));
    let shares = parts.iter().flat_map(|part| part.identity.parts.iter().map(move |share| (share, part.path)));
    let unfinished: Vec<String> =
        shares.filter(|(share, _)| left(share)).map(|(share, path)| format!("{share} in {}", path.display())).collect();
    let first: Vec<&str> = unfinished.iter().take(MOST_NAMED).map(String::as_str).collect();
    (!first.is_empty()).then(|| format!("not finished: part {}", first.join(", part ")))
}

/// The parts that have no file, of a job whose files are all of so many parts.
fn absent(holes: &[Span], blocks: u64, parts: &[Part<'_>]) -> Option<String> {
    let shares: Vec<Share> = parts.iter().flat_map(|part| part.identity.parts.iter().copied()).collect();
    let of = shares.first()?.of;
    // What a file says may be anything.
    if of > MOST_PARTS {
        return None;
    }
    let is_one_division = parts.iter().all(|part| !part.identity.parts.is_empty()) && shares.iter().all(|s| s.of == of);
    let there: BTreeSet<u64> = shares.iter().map(|share| share.index).collect();
    let left = |share: Share| holes.iter().any(|hole| hole.overlaps(share.span(blocks)));
    let mut absent =
        (0..of).filter(|index| !there.contains(index)).map(|index| Share { index, of }).filter(|&s| left(s));
    let first: Vec<Share> = absent.by_ref().take(MOST_NAMED).collect();
    let more = absent.next().map_or("", |_| " and more");
    let named = named(&first).filter(|_| is_one_division)?;
    Some(format!("no file is of {named}{more}"))
}

/// Parts that are looked through for missing ones.
const MOST_PARTS: u64 = 1_000_000;

/// Holes and parts that an error names.
const MOST_NAMED: usize = 10;

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

    fn part(name: &'static str, parts: &[(u64, u64)], spans: &[(u64, u64)]) -> Part<'static> {
        let version = crate::job::Version { cut: 1, stream: 1, block: 1 };
        let parts = parts.iter().map(|&(i, of)| Share { index: i - 1, of }).collect();
        let identity = Identity { kind: "k".into(), version, amount: 8, whole: 8, words: Vec::new(), parts };
        let spans = spans.iter().map(|&(first, end)| Span::new(first, end)).collect();
        Part { path: Path::new(name), identity, spans }
    }

    #[test]
    fn missing_and_doubled_parts_are_named() {
        let parts = [part("a", &[(1, 4)], &[(0, 2)]), part("c", &[(3, 4)], &[(4, 5)])];
        let holes = [Span::new(2, 4), Span::new(5, 8)];
        assert_eq!(
            incomplete(&holes, 8, &parts),
            "5 of 8 blocks are not in any of the files: 2..4, 5..8 (not finished: part 3/4 in c; no file is of parts 2/4, 4/4)"
        );
        let whole = [part("a", &[], &[(0, 2)])];
        assert_eq!(incomplete(&[Span::new(2, 8)], 8, &whole), "6 of 8 blocks are not in the file: 2..8");
        let said = |one: &Part<'_>, other: &Part<'_>| apart(one, other).expect_err("they overlap").to_string();
        let twice = said(&part("a", &[(1, 4)], &[(0, 2)]), &part("b", &[(1, 4)], &[(0, 2)]));
        assert_eq!(twice, "part 1/4 is there twice: blocks 0..2 of b overlap blocks 0..2 of a");
        let mixed = said(&part("a", &[(1, 4)], &[(0, 2)]), &part("b", &[(1, 2)], &[(0, 4)]));
        assert_eq!(mixed, "part 1/2 and part 1/4 overlap: blocks 0..4 of b overlap blocks 0..2 of a");
        apart(&part("a", &[(1, 4)], &[(0, 2)]), &part("b", &[(2, 4)], &[(2, 4)])).expect("apart");
        // What a file says may be anything.
        let lies = [part("a", &[(1, u64::MAX)], &[(0, 2)])];
        assert!(incomplete(&[Span::new(2, 8)], 8, &lies).starts_with("6 of 8 blocks"));
    }
}
