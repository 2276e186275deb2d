//! Why a job ends before it is complete.

/// Why a job ended before it was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// This signal came.
    Signal(i32),
    /// The time was up.
    TimeLimit,
    /// This run's share is done; other runs do the rest.
    ShareDone,
    /// The reader of the results went away.
    ReaderGone,
}
