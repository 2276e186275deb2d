//! The checkpoint: a ledger as bytes, with what it is a ledger of.
//!
//! Stands beside `keeper`, which knows files and times: here is only the format, pure, so that it can be read back from
//! anything. Whatever is not exactly what was written is refused with a sentence that says why; nothing in it is trusted
//! before its digest is right.
//!
//! Format, numbers in little-endian order:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `montesieve ckpt` and a newline |
//! | 4 | version of the format, 1 |
//! | 8 | length of the rest behind the digest |
//! | 32 | BLAKE3 digest of the 28 bytes before and of the rest |
//! | | the rest: [`Identity`] and ledger, as bincode records |
//!
//! Size: a finished job is one or two spans, a job under way as many as there are runs of done blocks.

use bincode::config;
use serde::{Deserialize, Serialize};

use super::{Ledger, Tally};

const MAGIC: &[u8; 16] = b"montesieve ckpt\n";
const VERSION: u32 = 1;
const PREFIX: usize = MAGIC.len() + 4 + 8;
const DIGEST: usize = 32;
/// Bytes that a ledger in memory may claim: a length that is a lie would end the program otherwise. Ours take kilobytes.
const LARGEST: usize = 1 << 30;

/// What a job is, as far as its blocks depend on it.
///
/// Two jobs of the same kind have the same blocks, as far as both have them whole: so a longer one can go on from a
/// shorter one's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Everything but the length that decides what a block comes to, in words: `pi with --seed 42`.
    pub kind: String,
    /// How long the job is: samples, or numbers from the first one on.
    pub amount: u64,
    /// How many of its blocks are whole: a longer job has the very same ones.
    pub whole: u64,
    /// The command line that it was started with, for `merge`.
    pub words: Vec<String>,
}

impl Identity {
    /// The job in words, for messages.
    pub fn name(&self) -> String {
        self.words.join(" ")
    }
}

/// Why some bytes are no checkpoint for this job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something else altogether.
    #[error("is not a checkpoint of montesieve")]
    Foreign,
    /// Of a later montesieve.
    #[error("was written by a newer montesieve (format {0}; this one reads {VERSION})")]
    Newer(u32),
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

/// The ledger of a checkpoint, as far as it serves `ours`: all of it, or the whole blocks of a shorter job of the same
/// kind.
///
/// # Errors
/// [`Refusal`].
pub fn decode<T: Tally>(bytes: &[u8], ours: &Identity) -> Result<Ledger<T>, Refusal> {
    let (theirs, ledger) = parts(bytes)?;
    let other = || Refusal::OtherJob { theirs: theirs.name(), ours: ours.name() };
    if theirs.kind != ours.kind {
        return Err(other());
    }
    let (found, read): (Ledger<T>, usize) =
        bincode::serde::decode_from_slice(ledger, config::standard().with_limit::<LARGEST>())
            .map_err(|error| Refusal::Contents(error.to_string()))?;
    if read != ledger.len() {
        return Err(Refusal::Contents(format!("{} bytes too many", ledger.len() - read)));
    }
    // A last block that is not whole.
    if !found.is_sound(theirs.whole.saturating_add(1)) {
        return Err(Refusal::Contents("its blocks are none of a job's".to_owned()));
    }
    if theirs.amount == ours.amount {
        return Ok(found);
    }
    let mut kept = Ledger::with_seam(Some(ours.whole));
    for (span, tally) in found.into_spans() {
        if span.end <= theirs.whole.min(ours.whole) {
            kept.record(span, tally).map_err(|overlap| Refusal::Contents(overlap.to_string()))?;
        } else if span.first < theirs.whole {
            // Of a longer job: what lies beyond our end cannot be taken out again.
            return Err(other());
        }
    }
    Ok(kept)
}

fn digest(prefix: &[u8], rest: &[u8]) -> [u8; DIGEST] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(prefix).update(rest);
    *hasher.finalize().as_bytes()
}

/// The identity, and the bytes of the ledger, once everything around them is right.
fn parts(bytes: &[u8]) -> Result<(Identity, &[u8]), Refusal> {
    let Some((prefix, behind)) = bytes.split_at_checked(PREFIX) else { return Err(short(bytes)) };
    let numbers = prefix.strip_prefix(MAGIC).and_then(|numbers| {
        let (version, length) = numbers.split_first_chunk()?;
        Some((u32::from_le_bytes(*version), u64::from_le_bytes(*length.first_chunk()?)))
    });
    let Some((version, length)) = numbers else { return Err(Refusal::Foreign) };
    match version {
        VERSION => {}
        newer if newer > VERSION => return Err(Refusal::Newer(newer)),
        _ => return Err(Refusal::Foreign),
    }
    let expected = length.saturating_add((PREFIX + DIGEST) as u64);
    let found = bytes.len() as u64;
    let Some((written, rest)) = behind.split_first_chunk::<DIGEST>().filter(|_| expected == found) else {
        return Err(Refusal::Length { expected, found });
    };
    if digest(prefix, rest) != *written {
        return Err(Refusal::Digest);
    }
    let (identity, read) = bincode::serde::decode_from_slice(rest, config::standard().with_limit::<LARGEST>())
        .map_err(|error| Refusal::Contents(error.to_string()))?;
    Ok((identity, &rest[read..]))
}

/// Fewer bytes than any checkpoint has.
fn short(bytes: &[u8]) -> Refusal {
    if bytes.starts_with(MAGIC) {
        Refusal::Length { expected: (PREFIX + DIGEST) as u64, found: bytes.len() as u64 }
    } else {
        Refusal::Foreign
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
