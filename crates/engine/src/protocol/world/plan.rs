//! The parts of a world: the job, how it runs, what happens and how long it takes.

use std::time::Duration;

use super::super::{Message, PIECE};
use crate::{Boundaries, Schedule, Span, StopCause, Tally};

/// The events of the ranks of a world, and how long each takes.
pub trait Model {
    /// The result of a span of blocks.
    type Tally: Tally;

    /// The tally of a piece, and how long the kernel takes for it.
    fn compute(&mut self, rank: u64, piece: Span) -> (Self::Tally, Duration);

    /// How long a message travels. It never overtakes an earlier one of the same pair.
    fn delay(&mut self, from: u64, to: u64, message: &Message<Self::Tally>) -> Duration;

    /// How long the receiver needs for a message.
    fn handling(&mut self, message: &Message<Self::Tally>) -> Duration {
        let _ = message;
        Duration::ZERO
    }

    /// How long a save takes; `None`: it never ends.
    fn save(&mut self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    /// How long the reader needs for a tally; `None`: it never takes it.
    fn read(&mut self, tally: &Self::Tally) -> Option<Duration> {
        let _ = tally;
        Some(Duration::ZERO)
    }
}

/// A job as the protocol sees it, and how it runs.
#[derive(Clone, Debug)]
pub struct RoundPlan {
    /// How many ranks.
    pub ranks: u64,
    /// How many blocks.
    pub blocks: u64,
    /// Which rank computes what.
    pub schedule: Schedule,
    /// Blocks handed out at a time.
    pub chunk: u64,
    /// For in-order delivery: how many blocks may be under way.
    pub window: Option<u64>,
    /// Time between saves, where there are any.
    pub saves: Option<Duration>,
    /// When to stop the round, from its start.
    pub time_limit: Option<Duration>,
    /// How long a piece should take.
    pub piece: Duration,
    /// Where spans do not merge.
    pub boundaries: Boundaries,
    /// External events: time, rank, event.
    pub events: Vec<(Duration, u64, ExternalEvent)>,
}

impl RoundPlan {
    /// A job that is neither delivered in order nor saved nor stopped.
    pub fn new(ranks: u64, blocks: u64, schedule: Schedule, chunk: u64) -> RoundPlan {
        RoundPlan {
            ranks,
            blocks,
            schedule,
            chunk,
            window: None,
            saves: None,
            time_limit: None,
            piece: PIECE,
            boundaries: Boundaries::default(),
            events: Vec::new(),
        }
    }
}

/// External events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalEvent {
    /// This signal asks for a stop.
    Signal(i32),
    /// A signal asks for a save.
    Save,
    /// The reader closes the stream.
    ReaderGone,
}

/// The result of a round.
#[derive(Debug)]
pub struct RoundResult<T> {
    /// How long it took.
    pub time: Duration,
    /// Blocks computed by any rank.
    pub computed: u64,
    /// Blocks done, as the root knows.
    pub done: u64,
    /// The same; in order: blocks written.
    pub done_for_good: u64,
    /// The total of the blocks; in order: of those that were read.
    pub total: Option<T>,
    /// Why it ended early.
    pub cause: Option<StopCause>,
    /// How many saves started, and whether the last one holds everything.
    pub saves: u64,
    /// See `saves`.
    pub is_saved: bool,
    /// In order: the largest number of blocks that the root held undelivered.
    pub most_held: u64,
    /// Messages of all ranks.
    pub messages: u64,
}
