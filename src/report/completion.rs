//! The completion of a job: complete, or some of its blocks.
//!
//! Part of every result that can be stopped early: the fields `complete` and `coverage`. A separate
//! type, so that no result can be complete and have a coverage at the same time.

use super::field::{Field, Fields, Kind, Line};
use super::record::{FieldType, record};
use super::rounded::{integer, per_cent};
use super::value::Value;

/// Whether all the work was done.
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
    /// All blocks were computed, but there is no result: a line of `integrate file` with an error.
    Failed,
}

impl Completion {
    /// The same of work that has failed.
    pub fn failed(self) -> Completion {
        if self.is_complete() { Completion::Failed } else { self }
    }

    /// From the numbers of blocks.
    pub fn of(done: u64, blocks: u64) -> Completion {
        if done == blocks { Completion::Complete } else { Completion::Partial { done, blocks } }
    }

    /// Whether all the work was done.
    pub fn is_complete(self) -> bool {
        self == Completion::Complete
    }

    /// The finished part of a job that was stopped early.
    pub fn text(self) -> Option<String> {
        match self {
            Completion::Complete | Completion::Failed => None,
            Completion::Partial { done, blocks } => {
                let (share, done, blocks) = (per_cent(done, blocks), integer(done), integer(blocks));
                Some(format!("{done} of {blocks} blocks ({share})"))
            }
        }
    }
}

record! {
    /// How much was done.
    struct Coverage {
        /// Blocks that were done.
        done: u64,
        /// Blocks there are.
        blocks: u64,
    }
}

static COMPLETION: Fields<Completion> = Fields(&[
    Field::new("complete", Kind::Bool, "Whether all the work was done.", |it: &Completion| {
        Value::Bool(it.is_complete())
    }),
    Field::new("coverage", Coverage::KIND, "How much was done of a job that was stopped early.", |it| match *it {
        Completion::Complete | Completion::Failed => Value::Null,
        Completion::Partial { done, blocks } => Coverage { done, blocks }.value(),
    })
    .nullable()
    .optional(),
]);

impl FieldType for Completion {
    const KIND: Kind = Kind::Record(&COMPLETION);

    fn value(&self) -> Value {
        COMPLETION.record(self)
    }

    fn lines(&self) -> Vec<Line> {
        self.text().map(|text| ("not complete", text)).into_iter().collect()
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
        assert!(!Completion::of(7, 7).failed().is_complete());
        assert_eq!(Completion::of(0, 7).failed(), Completion::of(0, 7));
    }
}
