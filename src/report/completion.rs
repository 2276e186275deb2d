//! How far a job came: complete, or so many of its blocks.
//!
//! Part of every result that could have been stopped early. A type of its own so that no result can claim to be complete
//! and have a coverage at the same time.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::wide;

/// Whether all the work was done. In JSON `"complete": true`, or `"complete": false, "coverage": {"done", "blocks"}`; meant
/// to be flattened into a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// All of it.
    Complete,
    /// Stopped early.
    Partial {
        /// Blocks that were done.
        done: u64,
        /// Blocks there are.
        blocks: u64,
    },
}

#[derive(Serialize)]
struct Coverage {
    #[serde(serialize_with = "wide::integer")]
    done: u64,
    #[serde(serialize_with = "wide::integer")]
    blocks: u64,
}

impl Serialize for Completion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("complete", &self.is_complete())?;
        if let Completion::Partial { done, blocks } = *self {
            map.serialize_entry("coverage", &Coverage { done, blocks })?;
        }
        map.end()
    }
}

impl Completion {
    /// From the numbers of blocks.
    pub fn of(done: u64, blocks: u64) -> Completion {
        if done == blocks { Completion::Complete } else { Completion::Partial { done, blocks } }
    }

    /// Whether all the work was done.
    pub fn is_complete(self) -> bool {
        self == Completion::Complete
    }

    /// The line of the text form; none when complete.
    pub(crate) fn line(self) -> Option<(&'static str, String)> {
        match self {
            Completion::Complete => None,
            Completion::Partial { done, blocks } => Some(("not complete", format!("{done} of {blocks} blocks"))),
        }
    }

    /// The columns of the CSV form: always three.
    pub(crate) fn columns(self) -> [(String, String); 3] {
        let (done, blocks) = match self {
            Completion::Complete => (String::new(), String::new()),
            Completion::Partial { done, blocks } => (done.to_string(), blocks.to_string()),
        };
        [
            ("complete".to_owned(), self.is_complete().to_string()),
            ("coverage_done".to_owned(), done),
            ("coverage_blocks".to_owned(), blocks),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_is_when_no_block_is_missing() {
        assert_eq!(Completion::of(0, 0), Completion::Complete);
        assert_eq!(Completion::of(7, 7), Completion::Complete);
        assert_eq!(Completion::of(0, 7), Completion::Partial { done: 0, blocks: 7 });
    }

    #[test]
    fn both_forms_in_json() {
        let json = |completion: Completion| serde_json::to_string(&completion).expect("JSON");
        assert_eq!(json(Completion::Complete), r#"{"complete":true}"#);
        assert_eq!(json(Completion::of(3, 7)), r#"{"complete":false,"coverage":{"done":3,"blocks":7}}"#);
    }
}
