//! What every rank decides in one round, as a pure state machine: the counterpart of `manager`.
//!
//! A worker holds one span in hand and one in flight, and the ledger of what it has done and not yet handed in. It
//! never waits with empty hands for something that it could have asked for earlier.

use super::{Ledger, Overlap, Span, Tally};

/// A rank's state in one round.
#[derive(Debug)]
pub struct Worker<T> {
    hand: Span,
    next: Option<Span>,
    /// A question is under way and not yet answered.
    asked: bool,
    /// The root has nothing more for us.
    no_more: bool,
    stopped: bool,
    unreported: Ledger<T>,
    done: u64,
}

impl<T: Tally> Worker<T> {
    /// A rank that begins with the span that was scattered to it (which may be empty).
    pub fn new(first: Span) -> Self {
        Worker {
            hand: first,
            next: None,
            asked: false,
            no_more: false,
            stopped: false,
            unreported: Ledger::new(),
            done: 0,
        }
    }

    /// Whether the rank should ask now for the span after this one. Saying yes counts as having asked.
    pub fn asks(&mut self) -> bool {
        let asks = !self.asked && !self.no_more && !self.stopped && self.next.is_none();
        self.asked |= asks;
        asks
    }

    /// The root's answer: a span.
    pub fn given(&mut self, span: Span) {
        self.asked = false;
        if !self.stopped {
            self.next = Some(span);
        }
    }

    /// The root's answer: nothing more.
    pub fn no_more(&mut self) {
        self.asked = false;
        self.no_more = true;
    }

    /// The root says: drop what you have in hand. What is done already stays done.
    pub fn stop(&mut self) {
        self.stopped = true;
        self.hand = Span::EMPTY;
        self.next = None;
    }

    /// Whether [`Worker::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether there is anything in hand to compute.
    pub fn has_work(&self) -> bool {
        !self.hand.is_empty() || self.next.is_some()
    }

    /// The next piece to compute, of `blocks` blocks at the most. `None`: nothing in hand.
    pub fn piece(&mut self, blocks: u64) -> Option<Span> {
        if self.hand.is_empty() {
            self.hand = self.next.take()?;
        }
        Some(self.hand.split(blocks).0)
    }

    /// Notes that the piece is done and comes to `tally`.
    ///
    /// # Errors
    /// [`Overlap`] when it was done before: a fault of the program.
    pub fn finished(&mut self, piece: Span, tally: T) -> Result<(), Overlap> {
        if !self.stopped {
            self.hand.take(piece.len());
        }
        self.done += piece.len();
        self.unreported.record(piece, tally)
    }

    /// Takes what was not yet handed in, if there is anything.
    pub fn report(&mut self) -> Option<Ledger<T>> {
        (!self.unreported.is_empty()).then(|| std::mem::take(&mut self.unreported))
    }

    /// Ends the round: what was not yet handed in, for the reduction.
    pub fn into_unreported(self) -> Ledger<T> {
        self.unreported
    }

    /// Whether the rank has nothing to do and nothing to wait for: it may go to the end of the round.
    pub fn is_finished(&self) -> bool {
        !self.has_work() && !self.asked && (self.no_more || self.stopped)
    }

    /// Blocks done in this round.
    pub fn done(&self) -> u64 {
        self.done
    }
}
