//! Numbers and other lines in files and on standard input, read at the root, in common formats.
//!
//! `read.rs` reads the bytes, `forms.rs` detects the format, `words.rs` parses lines of numbers,
//! `keys.rs` OpenSSL's output, `columns.rs` CSV. One message lists the first few errors by line,
//! with at most 60 characters of each.

mod columns;
pub mod format;
mod forms;
mod keys;
mod read;
#[cfg(test)]
mod tests;
mod words;

use std::path::Path;

use dashu_int::UBig;
use serde_bytes::ByteBuf;

use self::format::InputFormat;
use super::context::Context;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::stderr;

/// A number and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line, from 1.
    pub line: u64,
    /// The number.
    pub number: UBig,
}

/// The numbers of a file, or of standard input for `-`. At the root.
///
/// # Errors
/// [`Error::Usage`] for text that is not a number, and if standard input would never end;
/// [`Error::Io`] when it cannot be read.
pub fn list(context: &Context<'_>, path: &Path, format: &InputFormat) -> Result<Vec<Entry>> {
    let (name, bytes) = read::all(context.cluster, path, "numbers")?;
    let wrong = |wrong: String| Error::Usage(format!("{name}, {wrong}"));
    let (entries, taken) = forms::list(&bytes, format).map_err(wrong)?;
    print_format(context, &name, taken);
    Ok(entries)
}

/// The pairs of a file: two numbers on each line. At the root.
///
/// # Errors
/// As [`list`].
pub fn pairs(context: &Context<'_>, path: &Path, format: &InputFormat) -> Result<Vec<(u128, u128)>> {
    let (name, bytes) = read::all(context.cluster, path, "pairs of numbers")?;
    let (pairs, taken) = forms::pairs(&bytes, format).map_err(|wrong| Error::Usage(format!("{name}, {wrong}")))?;
    print_format(context, &name, taken);
    Ok(pairs)
}

/// The name for messages and the text of a file whose lines are no numbers; `contents` is what they
/// are. At the root.
///
/// # Errors
/// As [`list`].
pub fn text(cluster: &Cluster, path: &Path, contents: &str) -> Result<(String, String)> {
    let (name, bytes) = read::all(cluster, path, contents)?;
    let text = forms::text(&bytes).map(str::to_owned).map_err(|wrong| Error::Usage(format!("{name}, {wrong}")))?;
    Ok((name, text))
}

/// Reports the format chosen for an ambiguous file.
fn print_format(context: &Context<'_>, name: &str, taken: Option<&str>) {
    if let Some(taken) = taken.filter(|_| !context.engine.quiet) {
        stderr::message(&format!("{} is read as {taken}; --input-format says otherwise", shown(name)));
    }
}

/// The most characters of a text that messages show.
const SHOWN: usize = 60;

/// A text for messages: its start, with control characters escaped.
pub fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    match text.chars().skip(SHOWN).count() {
        0 => shown,
        more => format!("{shown}... ({} characters)", SHOWN + more),
    }
}

/// Encodes a number for a message.
pub fn bytes(n: &UBig) -> ByteBuf {
    ByteBuf::from(n.to_le_bytes().to_vec())
}

/// Decodes a number of a message.
pub fn big(bytes: &ByteBuf) -> UBig {
    UBig::from_le_bytes(bytes)
}

/// Errors of lines: the first few, and the number of all.
#[derive(Debug, Default)]
pub struct Complaints {
    kept: Vec<String>,
    count: u64,
}

impl Complaints {
    /// The most errors in a message.
    const MOST: usize = 5;

    /// Adds what is wrong with the content of a line.
    pub fn add(&mut self, line: u64, content: &str, wrong: &str) {
        self.count += 1;
        if self.kept.len() < Complaints::MOST {
            self.kept.push(format!("line {line}: '{}': {wrong}", shown(content)));
        }
    }

    /// `Ok` when there are none.
    ///
    /// # Errors
    /// The first few, each on a line of its own, and the number of the others.
    pub fn none(self) -> std::result::Result<(), String> {
        match self.count - self.kept.len() as u64 {
            _ if self.count == 0 => Ok(()),
            0 => Err(self.kept.join("\n")),
            more => Err(format!("{}\nand {more} more bad lines", self.kept.join("\n"))),
        }
    }
}
