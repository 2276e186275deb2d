//! The format of a checkpoint: the bytes of a ledger, with the identity of its job.
//!
//! Stands beside `keeper`, which handles files and times. Here is only the format, pure, so that
//! any bytes can be decoded. Bytes that differ from what was written are refused with a sentence
//! that gives the reason. Nothing is trusted before the digest has been verified.
//!
//! Format, numbers in little-endian order:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `montesieve ckpt` and a newline |
//! | 4 | version of the format, 2 |
//! | 8 | length of the rest after the digest |
//! | 32 | BLAKE3 digest of the 28 bytes before and of the rest |
//! | | the rest: [`Identity`] and ledger, as bincode records |
//!
//! Everything before the rest is the same in every version, and the digest is verified first: a
//! flipped bit never looks like another version. But a digest is not a signature, and a program may
//! have a fault. So each tally is also checked by its job.
//!
//! Size: a finished job has one or two spans, a job under way has one for each run of done blocks.

use bincode::config;
use serde::{Deserialize, Serialize};

use crate::{JobPart, Ledger, Span, Tally};

const MAGIC: &[u8; 16] = b"montesieve ckpt\n";
const VERSION: u32 = 2;
/// Bytes in front of the digest.
pub(super) const PREFIX: usize = MAGIC.len() + 4 + 8;
const DIGEST: usize = 32;
/// The largest memory that a decoded ledger may claim: a forged length would otherwise end the
/// program. Real ones take kilobytes.
pub(super) const LARGEST: usize = 1 << 30;

/// What a job is, in everything on which its blocks depend.
///
/// Two jobs of the same kind have the same blocks, up to the shorter one's last whole block. So a
/// longer job can resume from a shorter one's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Everything except the length that decides the value of a block, in words: `pi with --seed
    /// 42`.
    pub kind: String,
    /// What may differ in another version of the program.
    pub version: Version,
    /// How long the job is: samples, or numbers from the first one on.
    pub amount: u128,
    /// How many of its blocks are whole: a longer job has exactly the same ones.
    pub whole: u64,
    /// The command line that it was started with, for `merge`.
    pub words: Vec<String>,
    /// The parts of the job that were requested from the runs which wrote the file; empty: all of
    /// it.
    pub parts: Vec<JobPart>,
}

/// Versions of everything outside the command line that decides the value of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Version of the cut into blocks. Raise it when a block of the same number holds something
    /// else.
    pub cut: u32,
    /// Version of the random stream, or of other sources of a block's values, and of what is
    /// recorded about them.
    pub stream: u32,
    /// Samples, or numbers, of a whole block; 0 where blocks differ.
    pub block: u64,
}

impl Identity {
    /// The identity of a job of `blocks` blocks, all of them whole. `kind` states everything that
    /// decides the value of a block, in words that a user understands. Two jobs of one kind may
    /// differ only in their number of blocks.
    pub fn new(kind: impl Into<String>, blocks: u64) -> Identity {
        let kind = kind.into();
        let version = Version { cut: 1, stream: 1, block: 0 };
        Identity { words: vec![kind.clone()], kind, version, amount: blocks.into(), whole: blocks, parts: Vec::new() }
    }

    /// The job in words, for messages: without control characters, and of limited length.
    pub fn name(&self) -> String {
        const MOST: usize = 300;
        let words = self.words.join(" ");
        let mut name: String = words.chars().take(MOST).flat_map(shown).collect();
        if words.chars().nth(MOST).is_some() {
            name.push_str("...");
        }
        name
    }

    /// Both jobs in words. If their kinds differ in one item, the message has it: command lines may
    /// be the same, and a file that they name another one.
    fn refusal(&self, theirs: &Identity) -> FormatError {
        if self.kind == theirs.kind {
            return self
                .other_job(theirs, " (a longer job, whose blocks lie in part beyond the end of this one)".into());
        }
        let [here, there] = [&self.kind, &theirs.kind].map(|kind| kind.split(", ").collect::<Vec<_>>());
        // The names alone are in the message already.
        let is_alike = here.len() == there.len() && here.len() > 1;
        let mut differ = here.iter().zip(&there).filter(|(here, there)| here != there);
        let difference: String = match (differ.next(), differ.next()) {
            (Some((here, there)), None) if is_alike => {
                format!(" ({there} there, {here} here)").chars().flat_map(shown).collect::<String>()
            }
            _ => String::new(),
        };
        self.other_job(theirs, difference.into())
    }

    fn other_job(&self, theirs: &Identity, difference: Box<str>) -> FormatError {
        let (theirs, ours) = (theirs.name().into(), self.name().into());
        FormatError::OtherJob { theirs, ours, difference }
    }

    /// Whether `theirs` is a job of this kind, from a program with the same blocks.
    fn admits(&self, theirs: &Identity) -> Result<(), FormatError> {
        if theirs.kind != self.kind {
            return Err(self.refusal(theirs));
        }
        if theirs.version != self.version {
            return Err(FormatError::OtherVersion { theirs: theirs.version, ours: self.version });
        }
        let most = match u128::from(self.version.block) {
            0 => u128::MAX,
            block => theirs.amount / block,
        };
        if u128::from(theirs.whole) > most || (theirs.amount == self.amount && theirs.whole != self.whole) {
            let Identity { whole, amount, .. } = theirs;
            return Err(FormatError::Contents(format!("{whole} whole blocks do not fit a job of {amount}")));
        }
        Ok(())
    }
}

/// Escapes a character of foreign text for a terminal.
fn shown(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = (!c.is_control()).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

/// Why some bytes are not a checkpoint for this job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No checkpoint at all.
    #[error("is not a checkpoint")]
    Foreign,
    /// Written by a later version.
    #[error("was written by a newer version (format {0}; this one reads {VERSION})")]
    Newer(u32),
    /// Written by an earlier version.
    #[error("was written by an older version (format {0}; this one reads {VERSION}): finish the job with that one")]
    Older(u32),
    /// Written by a program with other blocks.
    #[error(
        "is of this job, but by another version of the program, whose blocks differ (theirs {theirs:?}, ours {ours:?})"
    )]
    OtherVersion {
        /// Its version of the blocks.
        theirs: Version,
        /// Our version.
        ours: Version,
    },
    /// The end is missing, or there are extra bytes.
    #[error("is damaged: it has {found} bytes instead of {expected}")]
    Length {
        /// The number of bytes that it should have.
        expected: u64,
        /// The number of bytes that it has.
        found: u64,
    },
    /// Some bits differ from what was written.
    #[error("is damaged: its digest is wrong")]
    Digest,
    /// The digest is right, but the contents are not a checkpoint.
    #[error("cannot be understood: {0}")]
    Contents(String),
    /// A checkpoint of another job.
    #[error("is a checkpoint of `{theirs}`, and this is `{ours}`{difference}")]
    OtherJob {
        /// The job that wrote it.
        theirs: Box<str>,
        /// The job that asked.
        ours: Box<str>,
        /// The one thing in which they differ, in brackets; without it if there are several. Then
        /// what the job says about it, after a semicolon. May be empty.
        difference: Box<str>,
    },
}

impl FormatError {
    /// Whether the file itself is damaged, so that the previous one may help.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            FormatError::Foreign | FormatError::Length { .. } | FormatError::Digest | FormatError::Contents(_)
        )
    }

    /// The same with the advice of a job about another one.
    pub(super) fn with_advice(self, text: &str) -> FormatError {
        match self {
            FormatError::OtherJob { theirs, ours, difference } => {
                FormatError::OtherJob { theirs, ours, difference: format!("{difference}; {text}").into() }
            }
            other => other,
        }
    }
}

/// Encodes a checkpoint.
///
/// # Errors
/// A sentence when a tally cannot be encoded: a fault of the program.
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

/// The job that wrote a checkpoint.
///
/// # Errors
/// [`FormatError`] when the bytes are not exactly what [`encode`] made.
pub fn identity(bytes: &[u8]) -> Result<Identity, FormatError> {
    parts(bytes).map(|(identity, _)| identity)
}

/// The part of a checkpoint's ledger that `ours`, a job of `blocks` blocks, can use: all of it, or
/// the whole blocks of a shorter job of the same kind. `check` returns what is wrong with the tally
/// of a span, if anything.
///
/// # Errors
/// [`FormatError`].
pub fn decode<T: Tally>(
    bytes: &[u8],
    ours: &Identity,
    blocks: u64,
    check: impl Fn(Span, &T) -> Result<(), String>,
) -> Result<Ledger<T>, FormatError> {
    let (theirs, ledger) = parts(bytes)?;
    ours.admits(&theirs)?;
    let (found, read): (Ledger<T>, usize) =
        bincode::serde::decode_from_slice(ledger, config::standard().with_limit::<LARGEST>())
            .map_err(|error| FormatError::Contents(error.to_string()))?;
    if read != ledger.len() {
        return Err(FormatError::Contents(format!("{} extra bytes", ledger.len() - read)));
    }
    if !found.is_sound() {
        return Err(FormatError::Contents("its blocks overlap, or are out of order".to_owned()));
    }
    let is_same = theirs.amount == ours.amount;
    let end = if is_same { blocks } else { theirs.whole.min(ours.whole) };
    let mut kept = Ledger::with_boundaries(found.boundaries().clone());
    for (span, tally) in found.into_spans() {
        if span.end <= end {
            check(span, &tally).map_err(FormatError::Contents)?;
            kept.record(span, tally).map_err(|overlap| FormatError::Contents(overlap.to_string()))?;
        } else if is_same {
            return Err(FormatError::Contents(format!("the job has no blocks {span}")));
        } else if span.first < theirs.whole {
            // From a longer job: blocks beyond our end cannot be removed from a tally.
            return Err(ours.refusal(&theirs));
        }
    }
    Ok(kept)
}

fn digest(prefix: &[u8], rest: &[u8]) -> [u8; DIGEST] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(prefix).update(rest);
    *hasher.finalize().as_bytes()
}

/// The format version in the first bytes of a file of length `found`.
///
/// # Errors
/// [`FormatError::Foreign`], [`FormatError::Length`].
pub(super) fn envelope(head: &[u8], found: u64) -> Result<u32, FormatError> {
    let rest = head.strip_prefix(MAGIC).ok_or(FormatError::Foreign)?;
    let numbers = rest.split_first_chunk().and_then(|(version, length)| Some((*version, *length.first_chunk()?)));
    let (version, length) = numbers.unwrap_or_default();
    let expected = u64::from_le_bytes(length).saturating_add((PREFIX + DIGEST) as u64);
    if expected == found && numbers.is_some() {
        Ok(u32::from_le_bytes(version))
    } else {
        Err(FormatError::Length { expected, found })
    }
}

/// The identity, and the bytes of the ledger, once everything around them is verified.
fn parts(bytes: &[u8]) -> Result<(Identity, &[u8]), FormatError> {
    let version = envelope(bytes, bytes.len() as u64)?;
    let (prefix, behind) = bytes.split_at(PREFIX);
    let (written, rest) = behind.split_at(DIGEST);
    if digest(prefix, rest) != written {
        return Err(FormatError::Digest);
    }
    match version {
        VERSION => {}
        newer if newer > VERSION => return Err(FormatError::Newer(newer)),
        older => return Err(FormatError::Older(older)),
    }
    let (identity, read): (Identity, usize) =
        bincode::serde::decode_from_slice(rest, config::standard().with_limit::<LARGEST>())
            .map_err(|error| FormatError::Contents(error.to_string()))?;
    if identity.parts.iter().any(|part| part.index >= part.of) {
        return Err(FormatError::Contents("its part numbers are impossible".to_owned()));
    }
    Ok((identity, &rest[read..]))
}

/// Sets the right length and digest for the given contents: for tests that forge.
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
