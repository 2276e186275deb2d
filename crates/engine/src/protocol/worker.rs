//! What every rank decides about its own work in a round; `root` has what only the root decides.
//!
//! A worker holds one span in hand and one in flight, and the ledger of what it has done and not
//! yet handed in. It never waits with empty hands for something that it could have asked for
//! earlier.

use crate::{Ledger, Overlap, Seams, Span, Tally};

/// A rank's state in one round.
#[derive(Debug)]
pub struct Worker<T> {
    hand: Span,
    next: Option<Span>,
    /// A piece is being computed.
    is_computing: bool,
    /// A question is under way and not yet answered.
    asked: bool,
    /// The root has nothing more for us.
    no_more: bool,
    stopped: bool,
    unreported: Ledger<T>,
    /// All that this rank has ever done of the job, where that may be asked for: disjoint from what
    /// any other rank has done.
    own: Option<Ledger<T>>,
    /// No piece goes across one of these.
    seams: Seams,
    done: u64,
}

impl<T: Tally> Worker<T> {
    /// A rank that begins with the span that was scattered to it (which may be empty).
    pub fn new(first: Span, seams: Seams) -> Self {
        Worker {
            hand: first,
            next: None,
            is_computing: false,
            asked: false,
            no_more: false,
            stopped: false,
            unreported: Ledger::with_seams(seams),
            own: None,
            seams,
            done: 0,
        }
    }

    /// The same, and adds what it does to `own`, what it has done in earlier attempts, so that
    /// nothing of it is lost with others.
    pub fn keeping(self, own: Option<Ledger<T>>) -> Self {
        Worker { own, ..self }
    }

    /// All that it has ever done, if that was kept.
    pub fn own(&self) -> Option<&Ledger<T>> {
        self.own.as_ref()
    }

    /// Whether the rank should ask now for the span after this one. Saying yes counts as having
    /// asked.
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

    /// The next piece to compute, of `blocks` blocks at most. `None`: nothing in hand.
    /// [`Worker::finished`] or [`Worker::abandoned`] follows.
    pub fn piece(&mut self, blocks: u64) -> Option<Span> {
        if self.hand.is_empty() {
            self.hand = self.next.take()?;
        }
        self.is_computing = true;
        let to_seam = self.seams.next(self.hand.first).map_or(u64::MAX, |seam| seam - self.hand.first);
        Some(self.hand.split(blocks.min(to_seam)).0)
    }

    /// The kernel gave the piece up.
    pub fn abandoned(&mut self) {
        self.is_computing = false;
    }

    /// The piece is done and comes to `tally`.
    ///
    /// # Errors
    /// [`Overlap`] when it was done before: a fault of the program.
    pub fn finished(&mut self, piece: Span, tally: T) -> Result<(), Overlap> {
        self.is_computing = false;
        if !self.stopped {
            self.hand.take(piece.len());
        }
        self.done += piece.len();
        if let Some(own) = &mut self.own {
            own.record(piece, tally.clone())?;
        }
        self.unreported.record(piece, tally)
    }

    /// Takes what was not yet handed in, if there is anything.
    pub fn report(&mut self) -> Option<Ledger<T>> {
        (!self.unreported.is_empty()).then(|| self.take_unreported())
    }

    /// Whether something was not yet handed in.
    pub fn has_unreported(&self) -> bool {
        !self.unreported.is_empty()
    }

    /// Takes what was not yet handed in, which may be nothing: for the reduction.
    pub fn take_unreported(&mut self) -> Ledger<T> {
        std::mem::replace(&mut self.unreported, Ledger::with_seams(self.seams))
    }

    /// Whether the rank has nothing to do and nothing to wait for: it may go to the end of the
    /// round.
    pub fn is_finished(&self) -> bool {
        !self.is_computing && !self.has_work() && !self.asked && (self.no_more || self.stopped)
    }

    /// Blocks done in this round.
    pub fn done(&self) -> u64 {
        self.done
    }
}
