//! The inputs and outputs of a machine; `machine` connects them.

use std::time::{Duration, Instant};

use super::message::Message;
use super::piece_size::PIECE;
use crate::{Boundaries, Span, StopCause};

/// What every rank knows about a round before it begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This rank.
    pub rank: u64,
    /// How many ranks there are.
    pub ranks: u64,
    /// Whether tallies go to the root at once, to be delivered in block order.
    pub in_order: bool,
    /// How many blocks the job should compute at once.
    pub grain: u64,
    /// How long a piece should take.
    pub piece: Duration,
    /// The longest time for which work may stay unreported, where it is saved.
    pub slack: Option<Duration>,
    /// Where finished pieces outlive a stop, so that small ones pay off: the longest time for a
    /// piece.
    pub careful: Option<Duration>,
    /// When to stop the round. The root decides; the other ranks fit their last pieces.
    pub deadline: Option<Instant>,
    /// Blocks in front of which spans do not merge.
    pub boundaries: Boundaries,
}

impl Settings {
    /// For a round of a job with short blocks, without saves or a time limit.
    pub fn new(rank: u64, ranks: u64, boundaries: Boundaries) -> Settings {
        Settings {
            rank,
            ranks,
            in_order: false,
            grain: 1,
            piece: PIECE,
            slack: None,
            careful: None,
            deadline: None,
            boundaries,
        }
    }
}

/// Events of a rank.
#[derive(Debug)]
pub enum Input<T> {
    /// A message arrived from this rank.
    Message(u64, Message<T>),
    /// The piece is computed; it took this long.
    Computed(Span, T, Duration),
    /// The kernel abandoned the piece.
    Abandoned,
    /// A signal asks for a stop, or at the root another cause does.
    Stop(StopCause),
    /// A signal asks for a save.
    Save,
    /// At the root: the sink has written its tally, or has closed.
    Written,
    /// At the root: the sink's reader has taken something: it is slow, not stuck.
    ReaderMoved,
    /// At the root: the sink cannot write any more. The cause is given if the round merely ends
    /// early.
    SinkFailed(Option<StopCause>),
    /// At the root: the save is on disk, or failed.
    Saved(bool),
    /// Only time has passed.
    Time,
}

/// What a rank must do.
#[derive(Debug, PartialEq)]
pub enum Output<T> {
    /// Send a message.
    Send(u64, Message<T>),
    /// At the root: save [the ledger of `Machine::root`](super::Machine::root); answered by
    /// [`Input::Saved`].
    Save,
    /// At the root: pass this to the sink; answered by [`Input::Written`].
    Write(T),
    /// At the root: close the sink; answered by [`Input::Written`].
    CloseSink,
    /// At the root: the sink no longer reads: abandon it.
    AbandonSink,
}
