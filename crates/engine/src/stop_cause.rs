//! Reasons for an early end.

/// Why a job ended before it was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// A signal arrived.
    Signal(i32),
    /// The time limit was reached.
    TimeLimit,
    /// This run's share is complete; other runs do the rest.
    PartDone,
    /// The reader of the results went away.
    ReaderGone,
}
