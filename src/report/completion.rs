//! How far a job came: complete, or so many of its blocks.
//!
//! Part of every result that could have been stopped early: the fields [`complete`] and
//! [`coverage`]. A type of its own so that no result can claim to be complete and have a coverage at
//! the same time.

use super::field::{BOOL, Field, Fields, INTEGER, Kind};
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

    /// How much was done, of what was stopped early.
    pub fn text(self) -> Option<String> {
        match self {
            Completion::Complete => None,
            Completion::Partial { done, blocks } => Some(format!("{done} of {blocks} blocks")),
        }
    }
}

/// A result that could have been stopped early.
pub trait Completes {
    /// How far it came.
    fn completion(&self) -> Completion;
}

static COVERAGE: Fields<(u64, u64)> = Fields(&[
    Field::<(u64, u64)>::new("done", INTEGER, "Blocks that were done.", |&(done, _)| done.into()),
    Field::<(u64, u64)>::new("blocks", INTEGER, "Blocks there are.", |&(_, blocks)| blocks.into()),
]);

/// Whether all the work was done.
pub const fn complete<R: Completes>() -> Field<R> {
    Field::new("complete", BOOL, "Whether all the work was done.", |result: &R| {
        result.completion().is_complete().into()
    })
}

/// How much was done, of what was stopped early.
pub const fn coverage<R: Completes>() -> Field<R> {
    let get = |result: &R| match result.completion() {
        Completion::Complete => Value::Absent,
        Completion::Partial { done, blocks } => COVERAGE.record(&(done, blocks)),
    };
    let about = "How much was done, of a job that was stopped early.";
    Field::new("coverage", Kind::Record(&COVERAGE), about, get)
        .optional()
        .line("not complete", |result| result.completion().text())
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
}
