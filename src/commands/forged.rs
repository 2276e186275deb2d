//! Damaged and forged checkpoints of real jobs, loaded like those of a command. Used by the tests
//! of each kind of job.
//!
//! Good files of a job (complete, and with holes) are changed by a few random steps: bits, bytes,
//! numbers, lengths, pieces of other files, cuts. Half of them get a valid digest again, so that
//! the code behind it is tested. Then the job resumes from the file to its end, and gives its
//! answer. With an invalid digest the file is refused, or the answer is right. A valid digest over
//! other contents is no accident, and a digest is no signature. Such a file is refused, or the
//! answer is possible for a job of this length; and nothing panics.
//!
//! Seeded; `MONTESIEVE_FUZZ=N` tests N files of each kind instead of some dozens.

use std::ops::ControlFlow;

use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::job::checkpoint::{FormatError, decode, encode, reseal};
use crate::job::run::check;
use crate::job::{Boundaries, Identity, Job, Ledger, Span};

/// Files of each kind in an ordinary test run.
const FILES: usize = 200;

/// The outcomes of the files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Refused on reading.
    pub refused: usize,
    /// Refused at the end, by the check of the result.
    pub stopped: usize,
    /// The right answer.
    pub right: usize,
    /// Another answer, with a forged digest.
    pub other: usize,
}

/// Tests files of `job`, whose tally gives an answer as text, and prints the outcomes.
///
/// # Panics
/// When an answer is wrong without a forged digest, or anything else panics.
pub fn attack<J: Job>(name: &str, job: &J, answer: impl Fn(&J::Tally) -> String) -> Seen {
    let files = std::env::var("MONTESIEVE_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(FILES);
    let ours = job.identity().expect("it is kept");
    let all = Span::new(0, job.blocks());
    let blocks: Vec<J::Tally> = {
        let mut workspace = job.workspace();
        (0..job.blocks()).map(|block| computed(job, Span::new(block, block + 1), &mut workspace)).collect()
    };
    let from = |keeps: &dyn Fn(u64) -> bool| {
        let mut ledger = empty(job, &ours);
        for (block, tally) in (0..).zip(&blocks).filter(|&(block, _)| keeps(block)) {
            ledger.record(Span::new(block, block + 1), tally.clone()).expect("each block once");
        }
        ledger
    };
    let right = answer(&from(&|_| true).into_total().expect("all blocks"));
    let third = job.blocks().div_ceil(3);
    let ledgers = [from(&|_| true), from(&|block| block % 5 > 1), from(&|block| block / third == 1), from(&|_| false)];
    let goods: Vec<Vec<u8>> = ledgers.iter().map(|ledger| encode(&ours, ledger).expect("encodes")).collect();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(17);
    let mut seen = Seen::default();
    for i in 0..files {
        let mut bytes = goods[random.random_range(0..goods.len())].clone();
        (0..random.random_range(0..4)).for_each(|_| change(&mut bytes, &goods, &mut random));
        let is_forged = i % 2 == 0;
        if is_forged {
            reseal(&mut bytes);
        }
        let read = decode(&bytes, &ours, job.blocks(), |span, tally| job.check(span, tally));
        let mut ledger = match read {
            Ok(ledger) => ledger,
            Err(refusal) => {
                assert!(
                    is_forged || !matches!(refusal, FormatError::Contents(_)),
                    "{name}: {refusal} behind a wrong digest"
                );
                seen.refused += 1;
                continue;
            }
        };
        for hole in ledger.holes(all) {
            for block in hole.first..hole.end {
                ledger.record(Span::new(block, block + 1), blocks[block as usize].clone()).expect("a hole");
            }
        }
        if let Err(error) = check(job, &ledger) {
            assert!(is_forged, "{name}: {error}");
            seen.stopped += 1;
            continue;
        }
        assert!(ledger.covers(all) && ledger.done() == all.len(), "{name}");
        if answer(&ledger.into_total().expect("all blocks")) == right {
            seen.right += 1;
        } else {
            assert!(is_forged, "{name}: another answer without a forged digest");
            seen.other += 1;
        }
    }
    println!("{name}: {files} files, {seen:?}");
    assert!(seen.refused > files / 4 && seen.right > files / 50, "{name}: {seen:?}: too few files were tested");
    seen
}

/// An empty ledger as the engine makes it for this job.
fn empty<J: Job>(job: &J, ours: &Identity) -> Ledger<J::Tally> {
    let at = Some(ours.whole).filter(|&whole| whole < job.blocks());
    Ledger::with_boundaries(Boundaries { at, prefixes: job.prefix_ends() })
}

fn computed<J: Job>(job: &J, span: Span, workspace: &mut J::Workspace) -> J::Tally {
    match job.compute(span, workspace, &mut || ControlFlow::Continue(())) {
        ControlFlow::Continue(tally) => {
            job.check(span, &tally).expect("what was computed can be");
            tally
        }
        ControlFlow::Break(()) => unreachable!("nothing broke"),
    }
}

/// One random change of a good file; more often after the digest than before it.
fn change(bytes: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Xoshiro256PlusPlus) {
    let at = |length: usize, random: &mut Xoshiro256PlusPlus| random.random_range(0..length.max(1));
    let place = at(bytes.len(), random);
    match random.random_range(0..9) {
        0 if !bytes.is_empty() => bytes[place] ^= 1 << random.random_range(0..8),
        1 if !bytes.is_empty() => bytes[place] = random.random(),
        2 => bytes.insert(place, random.random()),
        3 => bytes.truncate(place),
        // A number of eight bytes in bincode's form, with the largest value or nearly.
        4 if bytes.len() >= place + 9 => {
            bytes[place] = 253;
            bytes[place + 1..place + 9].copy_from_slice(&(u64::MAX - random.next_u64() % 3).to_le_bytes());
        }
        5 => {
            let other = &others[random.random_range(0..others.len())];
            bytes.truncate(place);
            bytes.extend_from_slice(&other[at(other.len(), random)..]);
        }
        6 => {
            let end = (place + random.random_range(0..20)).min(bytes.len());
            let piece = bytes[place.min(end)..end].to_vec();
            let to = at(bytes.len(), random);
            bytes.splice(to..to, piece);
        }
        // A number near the end, in a tally, slightly increased or decreased.
        _ if !bytes.is_empty() => {
            let tail = bytes.len().saturating_sub(random.random_range(1..200));
            bytes[tail] = bytes[tail].wrapping_add(random.random_range(0..3)).wrapping_sub(1);
        }
        _ => {}
    }
}
