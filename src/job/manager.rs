//! The root's decisions in one round, as a pure state machine: events in, actions out.
//!
//! No I/O, no clock, no MPI: `run` drives it over a real cluster, and the simulator in `tests/`
//! drives the very same code through thousands of ranks with delays and reorderings. Its
//! counterpart on every rank, the root included, is `worker`.
//!
//! The conversation of a round: the root scatters one first span to every rank. While a rank works
//! on a span it asks for the one after it, so that nobody waits for the root, which computes too.
//! Each question gets exactly one answer: a span, or "no more". A stop is told to every rank once,
//! at any time.

use std::collections::VecDeque;

use super::schedule::{Deal, Dealer};
use super::{Ledger, Overlap, Span, Tally};

/// What happens to the root.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<T> {
    /// A rank asks for the span after the one it has.
    Asked(u64),
    /// A rank hands in what it has done since it last did.
    Reported(Ledger<T>),
    /// End the round early: a signal, a limit, a reader that went away.
    Stop,
}

/// What the root must do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer this rank's question: compute this span next.
    Give(u64, Span),
    /// Answer this rank's question: there is nothing more for you.
    NoMore(u64),
    /// Tell every rank to drop what it has in hand.
    StopAll,
}

/// In-order delivery: how far ahead of the first block that is not yet written the ranks may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first block that has not been written yet.
    written: u64,
    /// The first block that has not been taken out of the ledger yet.
    next: u64,
    /// How many blocks from the first unwritten one may be in work, or done and not written.
    length: u64,
}

impl Window {
    /// A window of so many blocks, at the first one.
    pub fn new(length: u64) -> Window {
        Window { written: 0, next: 0, length }
    }
}

/// The root's state in one round.
#[derive(Debug)]
pub struct Manager<T> {
    ledger: Ledger<T>,
    dealer: Dealer,
    window: Option<Window>,
    /// Ranks whose question waits until the window moves, first come, first served.
    waiting: VecDeque<u64>,
    stopped: bool,
}

impl<T: Tally> Manager<T> {
    /// A round on what `dealer` has to deal. `ledger` holds what was done before and takes up what
    /// gets done.
    pub fn new(ledger: Ledger<T>, dealer: Dealer, window: Option<Window>) -> Self {
        Manager { ledger, dealer, window, waiting: VecDeque::new(), stopped: false }
    }

    /// The span that each rank begins with, to be scattered; [`Span::EMPTY`] where there is none
    /// (yet).
    pub fn first_spans(&mut self, ranks: u64) -> Vec<Span> {
        (0..ranks)
            .map(|rank| match self.dealer.deal(rank, self.limit()) {
                Deal::Span(span) => span,
                Deal::Later | Deal::Never => Span::EMPTY,
            })
            .collect()
    }

    /// Takes one event in and appends what to do about it to `actions`.
    ///
    /// # Errors
    /// [`Overlap`] when a rank reports a block that is done already: a fault of the program, never
    /// of the input.
    pub fn handle(&mut self, event: Event<T>, actions: &mut Vec<Action>) -> Result<(), Overlap> {
        match event {
            Event::Asked(rank) => self.answer(rank, actions),
            Event::Reported(ledger) => self.ledger.absorb(ledger)?,
            Event::Stop if !self.stopped => {
                self.stopped = true;
                actions.push(Action::StopAll);
                actions.extend(self.waiting.drain(..).map(Action::NoMore));
            }
            Event::Stop => {}
        }
        Ok(())
    }

    /// In-order delivery: what was taken out before is written by now, so the window moves on;
    /// takes the tally of the next blocks out, if they are done. To be called until it has nothing.
    pub fn deliver(&mut self, actions: &mut Vec<Action>) -> Option<T> {
        let window = self.window.as_mut()?;
        if window.written < window.next {
            window.written = window.next;
            for rank in std::mem::take(&mut self.waiting) {
                self.answer(rank, actions);
            }
        }
        let window = self.window.as_mut()?;
        let (span, tally) = self.ledger.take_from(window.next)?;
        window.next = span.end;
        Some(tally)
    }

    /// What is done so far, as far as it was reported and not delivered.
    pub fn ledger(&self) -> &Ledger<T> {
        &self.ledger
    }

    /// Number of blocks done, delivered ones included.
    pub fn done(&self) -> u64 {
        self.ledger.done() + self.window.map_or(0, |window| window.next)
    }

    /// Number of blocks delivered, from the first on.
    pub fn delivered(&self) -> u64 {
        self.window.map_or(0, |window| window.next)
    }

    /// Whether the round was told to end early.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Ends the round: the ledger, with everything that was reported.
    pub fn into_ledger(self) -> Ledger<T> {
        self.ledger
    }

    fn answer(&mut self, rank: u64, actions: &mut Vec<Action>) {
        let deal = if self.stopped { Deal::Never } else { self.dealer.deal(rank, self.limit()) };
        match deal {
            Deal::Span(span) => actions.push(Action::Give(rank, span)),
            Deal::Never => actions.push(Action::NoMore(rank)),
            Deal::Later => self.waiting.push_back(rank),
        }
    }

    fn limit(&self) -> u64 {
        self.window.map_or(u64::MAX, |window| window.written.saturating_add(window.length))
    }
}
