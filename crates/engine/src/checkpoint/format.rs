//! The checkpoint: a ledger as bytes, with what it is a ledger of.
//!
//! Stands beside `keeper`, which knows files and times: here is only the format, pure, so that it
//! can be read back from anything. Whatever is not exactly what was written is refused with a
//! sentence that says why; nothing in it is trusted before its digest is right.
//!
//! Format, numbers in little-endian order:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `montesieve ckpt` and a newline |
//! | 4 | version of the format, 2 |
//! | 8 | length of the rest behind the digest |
//! | 32 | BLAKE3 digest of the 28 bytes before and of the rest |
//! | | the rest: [`Identity`] and ledger, as bincode records |
//!
//! All but the rest is the same in every version, so that a flipped bit is never taken for another
//! version: the digest is looked at first. A digest is no seal, though, and a program may have a
//! fault: so tallies are checked by their job, too.
//!
//! Size: a finished job is one or two spans, a job under way as many as there are runs of done
//! blocks.

use bincode::config;
use serde::{Deserialize, Serialize};

use crate::{Ledger, Share, Span, Tally};

const MAGIC: &[u8; 16] = b"montesieve ckpt\n";
const VERSION: u32 = 2;
/// Bytes in front of the digest.
pub(super) const PREFIX: usize = MAGIC.len() + 4 + 8;
const DIGEST: usize = 32;
/// Bytes that a ledger in memory may claim: a length that is a lie would end the program otherwise.
/// Ours take kilobytes.
pub(super) const LARGEST: usize = 1 << 30;

/// What a job is, as far as its blocks depend on it.
///
/// Two jobs of the same kind have the same blocks, as far as both have them whole: so a longer one
/// can go on from a shorter one's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Everything but the length that decides what a block comes to, in words: `pi with --seed 42`.
    pub kind: String,
    /// What another version of the program may do otherwise.
    pub version: Version,
    /// How long the job is: samples, or numbers from the first one on.
    pub amount: u128,
    /// How many of its blocks are whole: a longer job has the very same ones.
    pub whole: u64,
    /// The command line that it was started with, for `merge`.
    pub words: Vec<String>,
    /// The parts of the job that the runs which wrote the file were asked for; none: all of it.
    pub parts: Vec<Share>,
}

/// Versions of what is no part of a command line, and decides all the same what a block comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Of the cut into blocks. Raised when a block of the same number holds something else.
    pub cut: u32,
    /// Of the random stream, or of whatever the values of a block are made from, and of what is
    /// noted of them.
    pub stream: u32,
    /// Samples, or numbers, of a whole block; 0 where blocks differ.
    pub block: u64,
}

impl Identity {
    /// The identity of a job of `blocks` blocks, all of them whole. `kind` says all that decides
    /// what a block comes to, as words that a user understands. Two jobs of one kind may differ in
    /// their number of blocks only.
    pub fn new(kind: impl Into<String>, blocks: u64) -> Identity {
        let kind = kind.into();
        let version = Version { cut: 1, stream: 1, block: 0 };
        Identity { words: vec![kind.clone()], kind, version, amount: blocks.into(), whole: blocks, parts: Vec::new() }
    }

    /// The job in words, for messages: without control characters, and not longer than a screen is
    /// wide.
    pub fn name(&self) -> String {
        const MOST: usize = 300;
        let words = self.words.join(" ");
        let mut name: String = words.chars().take(MOST).flat_map(shown).collect();
        if words.chars().nth(MOST).is_some() {
            name.push_str("...");
        }
        name
    }

    /// Whether `theirs` is a job of this kind, by a program that has the same blocks.
    fn admits(&self, theirs: &Identity) -> Result<(), Refusal> {
        if theirs.kind != self.kind {
            return Err(Refusal::OtherJob { theirs: theirs.name(), ours: self.name() });
        }
        if theirs.version != self.version {
            return Err(Refusal::OtherVersion { theirs: theirs.version, ours: self.version });
        }
        let most = match u128::from(self.version.block) {
            0 => u128::MAX,
            block => theirs.amount / block,
        };
        if u128::from(theirs.whole) > most || (theirs.amount == self.amount && theirs.whole != self.whole) {
            let Identity { whole, amount, .. } = theirs;
            return Err(Refusal::Contents(format!("{whole} whole blocks do not fit a job of {amount}")));
        }
        Ok(())
    }
}

/// What a terminal may be shown of a character that somebody else wrote.
fn shown(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = (!c.is_control()).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

/// Why some bytes are no checkpoint for this job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something else altogether.
    #[error("is not a checkpoint")]
    Foreign,
    /// Of a later version.
    #[error("was written by a newer version (format {0}; this one reads {VERSION})")]
    Newer(u32),
    /// Of an earlier version.
    #[error("was written by an older version (format {0}; this one reads {VERSION}): finish the job with that one")]
    Older(u32),
    /// Of a program whose blocks are not ours.
    #[error(
        "is of this job, but by another version of the program, whose blocks differ (theirs {theirs:?}, ours {ours:?})"
    )]
    OtherVersion {
        /// What it says of its blocks.
        theirs: Version,
        /// What ours are.
        ours: Version,
    },
    /// The end is missing, or there is more than was written.
    #[error("is damaged: it has {found} bytes instead of {expected}")]
    Length {
        /// Bytes there should be.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Some bits are not what was written.
    #[error("is damaged: its digest is wrong")]
    Digest,
    /// The digest is right, but the contents are not those of a checkpoint.
    #[error("cannot be understood: {0}")]
    Contents(String),
    /// A checkpoint of another job.
    #[error("is a checkpoint of `{theirs}`, and this is `{ours}`")]
    OtherJob {
        /// The job it was written by.
        theirs: String,
        /// The job that asked.
        ours: String,
    },
}

impl Refusal {
    /// Whether the file itself is bad, so that the one before may help.
    pub fn is_damage(&self) -> bool {
        matches!(self, Refusal::Foreign | Refusal::Length { .. } | Refusal::Digest | Refusal::Contents(_))
    }
}

/// The bytes of a checkpoint.
///
/// # Errors
/// A sentence, when a tally cannot be encoded: a fault of the program.
pub fn encode<T: Tally>(identity: &Identity, ledger: &Ledger<T>) -> Result<Vec<u8>, String> {
    let mut rest = bincode::serde::encode_to_vec(identity, config::standard()).map_err(|e| e.to_string())?;
    rest.extend(bincode::serde::encode_to_vec(ledger, config::standard()).map_err(|e| e.to_string())?);
    let mut bytes = Vec::with_capacity(PREFIX + DIGEST + rest.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(rest.len() as u64).to_le_bytes());
    let digest = digest(&bytes, &rest);
    bytes.extend_from_slice(&digest);
    bytes.extend_from_slice(&rest);
    Ok(bytes)
}

/// What a checkpoint was written by.
///
/// # Errors
/// [`Refusal`] when the bytes are not exactly what [`encode`] made.
pub fn identity(bytes: &[u8]) -> Result<Identity, Refusal> {
    parts(bytes).map(|(identity, _)| identity)
}

/// The ledger of a checkpoint, as far as it serves `ours`, which has so many `blocks`: all of it,
/// or the whole blocks of a shorter job of the same kind. `check` says what is wrong with the tally
/// of a span, if anything is.
///
/// # Errors
/// [`Refusal`].
pub fn decode<T: Tally>(
    bytes: &[u8],
    ours: &Identity,
    blocks: u64,
    check: impl Fn(Span, &T) -> Result<(), String>,
) -> Result<Ledger<T>, Refusal> {
    let (theirs, ledger) = parts(bytes)?;
    ours.admits(&theirs)?;
    let (found, read): (Ledger<T>, usize) =
        bincode::serde::decode_from_slice(ledger, config::standard().with_limit::<LARGEST>())
            .map_err(|error| Refusal::Contents(error.to_string()))?;
    if read != ledger.len() {
        return Err(Refusal::Contents(format!("{} bytes too many", ledger.len() - read)));
    }
    if !found.is_sound() {
        return Err(Refusal::Contents("its blocks are none of a job's".to_owned()));
    }
    let is_same = theirs.amount == ours.amount;
    let end = if is_same { blocks } else { theirs.whole.min(ours.whole) };
    let mut kept = Ledger::with_seams(found.seams());
    for (span, tally) in found.into_spans() {
        if span.end <= end {
            check(span, &tally).map_err(Refusal::Contents)?;
            kept.record(span, tally).map_err(|overlap| Refusal::Contents(overlap.to_string()))?;
        } else if is_same {
            return Err(Refusal::Contents(format!("blocks {span} are none of a job's")));
        } else if span.first < theirs.whole {
            // Of a longer job: what lies beyond our end cannot be taken out again.
            return Err(Refusal::OtherJob { theirs: theirs.name(), ours: ours.name() });
        }
    }
    Ok(kept)
}

fn digest(prefix: &[u8], rest: &[u8]) -> [u8; DIGEST] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(prefix).update(rest);
    *hasher.finalize().as_bytes()
}

/// The version in the first bytes of a file that has `found` of them.
///
/// # Errors
/// [`Refusal::Foreign`], [`Refusal::Length`].
pub(super) fn envelope(head: &[u8], found: u64) -> Result<u32, Refusal> {
    let rest = head.strip_prefix(MAGIC).ok_or(Refusal::Foreign)?;
    let numbers = rest.split_first_chunk().and_then(|(version, length)| Some((*version, *length.first_chunk()?)));
    let (version, length) = numbers.unwrap_or_default();
    let expected = u64::from_le_bytes(length).saturating_add((PREFIX + DIGEST) as u64);
    if expected == found && numbers.is_some() {
        Ok(u32::from_le_bytes(version))
    } else {
        Err(Refusal::Length { expected, found })
    }
}

/// The identity, and the bytes of the ledger, once everything around them is right.
fn parts(bytes: &[u8]) -> Result<(Identity, &[u8]), Refusal> {
    let version = envelope(bytes, bytes.len() as u64)?;
    let (prefix, behind) = bytes.split_at(PREFIX);
    let (written, rest) = behind.split_at(DIGEST);
    if digest(prefix, rest) != written {
        return Err(Refusal::Digest);
    }
    match version {
        VERSION => {}
        newer if newer > VERSION => return Err(Refusal::Newer(newer)),
        older => return Err(Refusal::Older(older)),
    }
    let (identity, read): (Identity, usize) =
        bincode::serde::decode_from_slice(rest, config::standard().with_limit::<LARGEST>())
            .map_err(|error| Refusal::Contents(error.to_string()))?;
    if identity.parts.iter().any(|part| part.index >= part.of) {
        return Err(Refusal::Contents("its parts are none of a job's".to_owned()));
    }
    Ok((identity, &rest[read..]))
}

/// Length and digest as they should be for whatever is there: for tests that forge.
#[doc(hidden)]
pub fn reseal(bytes: &mut [u8]) {
    if let Some((head, rest)) = bytes.split_at_mut_checked(PREFIX + DIGEST) {
        head[MAGIC.len() + 4..PREFIX].copy_from_slice(&(rest.len() as u64).to_le_bytes());
        let right = digest(&head[..PREFIX], rest);
        head[PREFIX..].copy_from_slice(&right);
    }
}

#[cfg(test)]
mod tests;
