//! Reads the small files of `/proc` and `/sys`, by which Linux describes host and process.
//!
//! Stands beside `limits.rs`, `place.rs` and `host_counters.rs`, which interpret them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The bytes that hold most of these files.
const USUAL: usize = 4096;

/// The file's text; `None` if it cannot be read.
///
/// Linux reports length 0 for these files, so [`std::fs::read_to_string`] reads 32 bytes, 64 and
/// so on; each read formats the whole file again.
pub fn read(path: impl AsRef<Path>) -> Option<String> {
    let mut text = String::with_capacity(USUAL);
    File::open(path).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

/// The number that the file consists of; `None` for a word such as `max`.
pub fn number(path: impl AsRef<Path>) -> Option<u64> {
    read(path)?.trim().parse().ok()
}

/// How many numbers a list such as `0-3,8` has: of CPUs, of NUMA domains.
pub fn list_length(list: &str) -> u64 {
    let length = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(last.trim().parse::<u64>().ok()?.checked_sub(first.trim().parse().ok()?)? + 1)
    };
    list.split(',').filter_map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_counted() {
        let lists = [("0", 1), ("0-3\n", 4), ("0-3,8", 5), ("0,64", 2), ("", 0), ("3-1", 0)];
        for (list, expected) in lists {
            assert_eq!(list_length(list), expected, "{list}");
        }
    }

    #[test]
    fn a_file_longer_than_usual_is_read_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("stat");
        let text = "intr 12345\n".repeat(USUAL);
        std::fs::write(&file, &text).expect("writable");
        assert_eq!(read(&file), Some(text));
        assert_eq!(read(folder.path().join("none")), None);
    }

    #[test]
    fn a_word_is_no_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("memory.max");
        for (text, expected) in [("4096\n", Some(4096)), ("max\n", None), ("", None)] {
            std::fs::write(&file, text).expect("writable");
            assert_eq!(number(&file), expected, "{text:?}");
        }
    }
}
