//! The union of checkpoints, with the proof that no block is missing or duplicated.
//!
//! Stands beside `checkpoint`, which reads one file. Runs that each did a [`JobPart`] of a job have
//! a file each; their union is the whole job's ledger. Error messages name parts where the files
//! are of parts, and blocks otherwise.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::checkpoint::{self, Identity, LoadError};
use crate::disk::Disk;
use crate::run::{boundaries, check};
use crate::{Job, JobPart, Ledger, Span};

/// The largest number of parts that is searched for missing ones.
const MOST_PARTS: u64 = 1_000_000;

/// The largest number of holes and parts that an error names.
const MOST_NAMED: usize = 10;

/// Why checkpoints do not form a whole job.
#[derive(Debug, thiserror::Error)]
pub enum UniteError {
    /// The job has no [`Identity`], so it has no checkpoints.
    #[error("this job has no checkpoints")]
    NoIdentity,
    /// A file cannot be read, or is of another job.
    #[error(transparent)]
    File(#[from] LoadError),
    /// Some blocks are in two files; the text names them and the reason.
    #[error("{0}")]
    Twice(String),
    /// Some blocks are in no file; the text names them and the reason.
    #[error("{0}")]
    Missing(String),
    /// The union of the files is impossible.
    #[error("{0}")]
    Unsound(String),
}

type Result<T> = std::result::Result<T, UniteError>;

/// What one file contains.
struct PartFile<'f> {
    path: &'f Path,
    identity: Identity,
    spans: Vec<Span>,
}

/// All blocks of `job`, from files of `disk`: a ledger without a hole.
///
/// # Errors
/// [`UniteError`].
pub fn unite<J: Job>(disk: &dyn Disk, job: &J, files: &[PathBuf]) -> Result<Ledger<J::Tally>> {
    let ours = job.identity().ok_or(UniteError::NoIdentity)?;
    let blocks = job.blocks();
    let mut ledger = Ledger::with_boundaries(boundaries(job, Some(&ours)));
    let mut parts: Vec<PartFile<'_>> = Vec::new();
    for path in files {
        let identity = checkpoint::identity(disk, path)?;
        let found = checkpoint::load_alone(disk, path, job, &ours)?;
        let spans = found.spans().map(|(span, _)| span).collect();
        let part = PartFile { path, identity, spans };
        parts.iter().try_for_each(|before| disjoint(before, &part))?;
        parts.push(part);
        ledger.absorb(found).map_err(|overlap| UniteError::Twice(overlap.to_string()))?;
    }
    let holes = ledger.holes(Span::new(0, blocks));
    if !holes.is_empty() {
        return Err(UniteError::Missing(incomplete(&holes, blocks, &parts)));
    }
    check(job, &ledger).map_err(UniteError::Unsound)?;
    Ok(ledger)
}

/// No block may be in two files; the error names the blocks and the reason.
fn disjoint(before: &PartFile<'_>, part: &PartFile<'_>) -> Result<()> {
    let both = |span: &Span| before.spans.iter().find(|other| other.overlaps(*span)).map(|other| (*span, *other));
    let Some((span, other)) = part.spans.iter().find_map(both) else { return Ok(()) };
    let (path, owner) = (part.path.display(), before.path.display());
    let is_twice = part.identity.parts.iter().find(|share| before.identity.parts.contains(share));
    let why = match is_twice {
        Some(share) => format!("part {share} is duplicated: "),
        None => match (named(&part.identity.parts), named(&before.identity.parts)) {
            (Some(part), Some(before)) => format!("{part} and {before} overlap: "),
            _ => String::new(),
        },
    };
    Err(UniteError::Twice(format!("{why}blocks {span} of {path} overlap blocks {other} of {owner}")))
}

/// The parts of a file, in words.
fn named(parts: &[JobPart]) -> Option<String> {
    let names: Vec<String> = parts.iter().take(MOST_NAMED).map(JobPart::to_string).collect();
    let more = parts.len().checked_sub(MOST_NAMED).filter(|&more| more > 0).map(|more| format!(" and {more} more"));
    let noun = if parts.len() == 1 { "part" } else { "parts" };
    (!names.is_empty()).then(|| format!("{noun} {}{}", names.join(", "), more.unwrap_or_default()))
}

/// What is missing, by part where files are of parts, and by block.
fn incomplete(holes: &[Span], blocks: u64, parts: &[PartFile<'_>]) -> String {
    let missing: u64 = holes.iter().map(|hole| hole.len()).sum();
    let mut spans: Vec<String> = holes.iter().take(MOST_NAMED).map(Span::to_string).collect();
    spans.extend((holes.len() > MOST_NAMED).then(|| format!("and {} more holes", holes.len() - MOST_NAMED)));
    let files = if parts.len() == 1 { "the file" } else { "any of the files" };
    let said = format!("{missing} of {blocks} blocks are not in {files}: {}", spans.join(", "));
    let why = [unfinished(holes, blocks, parts), absent(holes, blocks, parts)];
    let why: Vec<String> = why.into_iter().flatten().collect();
    if why.is_empty() { said } else { format!("{said} ({})", why.join("; ")) }
}

/// The parts that have a file and are unfinished.
fn unfinished(holes: &[Span], blocks: u64, parts: &[PartFile<'_>]) -> Option<String> {
    let left = |share: &JobPart| holes.iter().any(|hole| hole.overlaps(share.span(blocks)));
    let shares = parts.iter().flat_map(|part| part.identity.parts.iter().map(move |share| (share, part.path)));
    let unfinished: Vec<String> =
        shares.filter(|(share, _)| left(share)).map(|(share, path)| format!("{share} in {}", path.display())).collect();
    let first: Vec<&str> = unfinished.iter().take(MOST_NAMED).map(String::as_str).collect();
    (!first.is_empty()).then(|| format!("not finished: part {}", first.join(", part ")))
}

/// The parts without a file, of a job that all files divide into the same number of parts.
fn absent(holes: &[Span], blocks: u64, parts: &[PartFile<'_>]) -> Option<String> {
    let shares: Vec<JobPart> = parts.iter().flat_map(|part| part.identity.parts.iter().copied()).collect();
    let of = shares.first()?.of;
    // A file may claim any number of parts.
    if of > MOST_PARTS {
        return None;
    }
    let is_one_division = parts.iter().all(|part| !part.identity.parts.is_empty()) && shares.iter().all(|s| s.of == of);
    let there: BTreeSet<u64> = shares.iter().map(|share| share.index).collect();
    let left = |share: JobPart| holes.iter().any(|hole| hole.overlaps(share.span(blocks)));
    let mut absent =
        (0..of).filter(|index| !there.contains(index)).map(|index| JobPart { index, of }).filter(|&s| left(s));
    let first: Vec<JobPart> = absent.by_ref().take(MOST_NAMED).collect();
    let more = absent.next().map_or("", |_| " and more");
    let named = named(&first).filter(|_| is_one_division)?;
    Some(format!("no file is of {named}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    fn part(name: &'static str, parts: &[(u64, u64)], spans: &[(u64, u64)]) -> PartFile<'static> {
        let version = Version { cut: 1, stream: 1, block: 1 };
        let parts = parts.iter().map(|&(i, of)| JobPart { index: i - 1, of }).collect();
        let identity = Identity { kind: "k".into(), version, amount: 8, whole: 8, words: Vec::new(), parts };
        let spans = spans.iter().map(|&(first, end)| Span::new(first, end)).collect();
        PartFile { path: Path::new(name), identity, spans }
    }

    #[test]
    fn ten_parts_are_named_and_the_others_counted() {
        let names = |parts: u64| named(&(0..parts).map(|index| JobPart { index, of: 20 }).collect::<Vec<_>>());
        assert_eq!(names(0), None);
        assert_eq!(names(1).as_deref(), Some("part 1/20"));
        assert!(names(10).is_some_and(|names| names.ends_with(", 10/20")));
        assert!(names(11).is_some_and(|names| names.ends_with(", 10/20 and 1 more")));
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
        let said =
            |one: &PartFile<'_>, other: &PartFile<'_>| disjoint(one, other).expect_err("they overlap").to_string();
        let twice = said(&part("a", &[(1, 4)], &[(0, 2)]), &part("b", &[(1, 4)], &[(0, 2)]));
        assert_eq!(twice, "part 1/4 is duplicated: blocks 0..2 of b overlap blocks 0..2 of a");
        let mixed = said(&part("a", &[(1, 4)], &[(0, 2)]), &part("b", &[(1, 2)], &[(0, 4)]));
        assert_eq!(mixed, "part 1/2 and part 1/4 overlap: blocks 0..4 of b overlap blocks 0..2 of a");
        disjoint(&part("a", &[(1, 4)], &[(0, 2)]), &part("b", &[(2, 4)], &[(2, 4)])).expect("disjoint");
        // A file may claim any number of parts.
        let lies = [part("a", &[(1, u64::MAX)], &[(0, 2)])];
        assert!(incomplete(&[Span::new(2, 8)], 8, &lies).starts_with("6 of 8 blocks"));
    }
}
