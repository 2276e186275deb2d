//! What every rank decides about its own work in a round; `root` has what only the root decides.
//!
//! A worker holds one span in hand and one in flight, and the ledger of work that is not reported
//! yet. It never waits without work for something that it could have requested earlier.

use crate::{Boundaries, Ledger, Overlap, Span, Tally};

/// A rank's state in one round.
#[derive(Debug)]
pub struct Worker<T> {
    hand: Span,
    next: Option<Span>,
    /// A piece is being computed.
    is_computing: bool,
    /// A question is under way and not yet answered.
    asked: bool,
    /// The root has nothing more for this rank.
    no_more: bool,
    stopped: bool,
    unreported: Ledger<T>,
    /// Everything that this rank has ever done of the job, where that may be needed: disjoint from
    /// the work of any other rank.
    own: Option<Ledger<T>>,
    /// No piece crosses one of these.
    boundaries: Boundaries,
    done: u64,
}

impl<T: Tally> Worker<T> {
    /// A rank that begins with its scattered span (which may be empty).
    pub fn new(first: Span, boundaries: Boundaries) -> Self {
        Worker {
            hand: first,
            next: None,
            is_computing: false,
            asked: false,
            no_more: false,
            stopped: false,
            unreported: Ledger::with_boundaries(boundaries.clone()),
            own: None,
            boundaries,
            done: 0,
        }
    }

    /// The same, but it adds its work to `own`, the work of earlier attempts, so that a loss of
    /// other ranks does not lose it.
    pub fn keeping(self, own: Option<Ledger<T>>) -> Self {
        Worker { own, ..self }
    }

    /// Everything that it has ever done, if that is kept.
    pub fn own(&self) -> Option<&Ledger<T>> {
        self.own.as_ref()
    }

    /// Whether the rank should ask now for the span after this one. Returning true counts as
    /// asking.
    pub fn asks(&mut self) -> bool {
        let asks = !self.asked && !self.no_more && !self.stopped && self.next.is_none();
        self.asked |= asks;
        asks
    }

    /// The root's answer: a span.
    pub fn given(&mut self, span: Span) {
        self.asked = false;
        if self.stopped {
            return;
        }
        if self.hand.is_empty() {
            self.hand = span;
        } else {
            self.next = Some(span);
        }
    }

    /// The root's answer: nothing more.
    pub fn no_more(&mut self) {
        self.asked = false;
        self.no_more = true;
    }

    /// The root's order: drop the span in hand. Finished work stays.
    pub fn stop(&mut self) {
        self.stopped = true;
        self.hand = Span::EMPTY;
        self.next = None;
    }

    /// Whether [`Worker::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether it has a span in hand.
    pub fn has_work(&self) -> bool {
        !self.hand.is_empty()
    }

    /// The next piece to compute, at most `blocks` blocks. `None`: nothing in hand.
    /// [`Worker::finished`] or [`Worker::abandoned`] follows.
    pub fn piece(&mut self, blocks: u64) -> Option<Span> {
        if self.hand.is_empty() {
            return None;
        }
        self.is_computing = true;
        let to_boundary = self.boundaries.next(self.hand.first).map_or(u64::MAX, |boundary| boundary - self.hand.first);
        Some(self.hand.split(blocks.min(to_boundary)).0)
    }

    /// The kernel abandoned the piece.
    pub fn abandoned(&mut self) {
        self.is_computing = false;
    }

    /// Records the finished piece and its `tally`.
    ///
    /// # Errors
    /// [`Overlap`] when it was done before: a fault of the program.
    pub fn finished(&mut self, piece: Span, tally: T) -> Result<(), Overlap> {
        self.is_computing = false;
        if !self.stopped {
            self.hand.take(piece.len());
        }
        // Done now, so that the question for the next span leaves before the next piece.
        if self.hand.is_empty() {
            self.hand = self.next.take().unwrap_or(Span::EMPTY);
        }
        self.done += piece.len();
        if let Some(own) = &mut self.own {
            own.record(piece, tally.clone())?;
        }
        self.unreported.record(piece, tally)
    }

    /// Removes what is not reported yet, if there is anything.
    pub fn report(&mut self) -> Option<Ledger<T>> {
        (!self.unreported.is_empty()).then(|| self.take_unreported())
    }

    /// Whether something is not reported yet.
    pub fn has_unreported(&self) -> bool {
        !self.unreported.is_empty()
    }

    /// Removes what is not reported yet, possibly nothing: for the reduction.
    pub fn take_unreported(&mut self) -> Ledger<T> {
        std::mem::replace(&mut self.unreported, Ledger::with_boundaries(self.boundaries.clone()))
    }

    /// Whether the rank has nothing to do and nothing to wait for: it may reach the end of the
    /// round.
    pub fn is_finished(&self) -> bool {
        !self.is_computing && !self.has_work() && !self.asked && (self.no_more || self.stopped)
    }

    /// Blocks done in this round.
    pub fn done(&self) -> u64 {
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_question_leaves_before_the_piece_that_follows() {
        let mut worker = Worker::<()>::new(Span::new(0, 2), Boundaries::default());
        assert!(worker.asks());
        worker.given(Span::new(2, 3));
        assert!(!worker.asks(), "one in hand, and one after it");
        assert_eq!(worker.piece(1), Some(Span::new(0, 1)));
        worker.finished(Span::new(0, 1), ()).expect("once");
        assert!(!worker.asks(), "there is more in hand");
        assert_eq!(worker.piece(1), Some(Span::new(1, 2)));
        worker.finished(Span::new(1, 2), ()).expect("once");
        assert!(worker.has_work() && worker.asks(), "the next one is in hand: another one could be on its way");
        assert_eq!(worker.piece(9), Some(Span::new(2, 3)));
    }

    #[test]
    fn a_rank_without_work_starts_a_new_span_at_once() {
        let mut worker = Worker::<()>::new(Span::EMPTY, Boundaries::default());
        assert!(!worker.has_work() && worker.piece(1).is_none() && worker.asks() && !worker.asks());
        worker.given(Span::new(4, 5));
        assert!(worker.has_work() && worker.asks());
        worker.no_more();
        assert!(!worker.asks() && !worker.is_finished());
        assert_eq!(worker.piece(1), Some(Span::new(4, 5)));
        worker.finished(Span::new(4, 5), ()).expect("once");
        assert!(worker.is_finished() && worker.done() == 1);
    }
}
