//! What only the root decides in a round: which rank computes what next, and what is delivered
//! when.
//!
//! Stands beside `worker`, which every rank has, including the root. The root scatters one first
//! span to every rank. While a rank works on a span it asks for the next one, so it does not wait
//! for the root, which computes too. Every question gets exactly one answer: a span, or "no more".

use std::collections::VecDeque;

use crate::schedule::{Deal, Dealer};
use crate::{Ledger, Overlap, Span, Tally};

/// The answer to a rank's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Compute this span next.
    Give(u64, Span),
    /// There is nothing more for this rank.
    NoMore(u64),
}

/// In-order delivery: how far the ranks may work ahead of the first block that is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryWindow {
    /// The first block that has not been written yet.
    written: u64,
    /// The first block that has not been taken out of the ledger yet.
    next: u64,
    /// How many blocks, from the first unwritten one, may be in work, or done and not written.
    length: u64,
}

impl DeliveryWindow {
    /// A window of `length` blocks, at the first block.
    pub fn new(length: u64) -> DeliveryWindow {
        DeliveryWindow { written: 0, next: 0, length }
    }
}

/// The root's part of a round.
#[derive(Debug)]
pub struct Root<T> {
    ledger: Ledger<T>,
    dealer: Dealer,
    window: Option<DeliveryWindow>,
    /// Ranks whose question waits until the window moves, in order of arrival.
    waiting: VecDeque<u64>,
    is_stopped: bool,
}

impl<T: Tally> Root<T> {
    /// A round on the blocks of `dealer`. `ledger` holds what was done before and records what
    /// follows.
    pub fn new(ledger: Ledger<T>, dealer: Dealer, window: Option<DeliveryWindow>) -> Self {
        Root { ledger, dealer, window, waiting: VecDeque::new(), is_stopped: false }
    }

    /// The span that each rank begins with, to be scattered; [`Span::EMPTY`] where there is none
    /// yet.
    pub fn first_spans(&mut self, ranks: u64) -> Vec<Span> {
        (0..ranks)
            .map(|rank| match self.dealer.deal(rank, self.limit()) {
                Deal::Span(span) => span,
                Deal::Later | Deal::Never => Span::EMPTY,
            })
            .collect()
    }

    /// A rank asks for its next span; the answer may have to wait until the window moves.
    pub fn asked(&mut self, rank: u64) -> Option<Reply> {
        let deal = if self.is_stopped { Deal::Never } else { self.dealer.deal(rank, self.limit()) };
        match deal {
            Deal::Span(span) => Some(Reply::Give(rank, span)),
            Deal::Never => Some(Reply::NoMore(rank)),
            Deal::Later => {
                self.waiting.push_back(rank);
                None
            }
        }
    }

    /// A rank reports what it has done.
    ///
    /// # Errors
    /// [`Overlap`] when a block of it is already done: a fault of the program, never of the input.
    pub fn reported(&mut self, ledger: Ledger<T>) -> Result<(), Overlap> {
        self.ledger.absorb(ledger)
    }

    /// Ends the round early; returns the answers to all open questions.
    pub fn stop(&mut self) -> Vec<Reply> {
        self.is_stopped = true;
        self.waiting.drain(..).map(Reply::NoMore).collect()
    }

    /// Removes the tally of the next blocks to write from the ledger, if they are done.
    pub fn next_in_order(&mut self) -> Option<T> {
        let window = self.window.as_mut()?;
        let (span, tally) = self.ledger.take_from(window.next)?;
        window.next = span.end;
        Some(tally)
    }

    /// The removed tally is written: the window moves. Returns the questions that can be answered
    /// now.
    pub fn written(&mut self) -> Vec<Reply> {
        let Some(window) = self.window.as_mut().filter(|window| window.written < window.next) else {
            return Vec::new();
        };
        window.written = window.next;
        std::mem::take(&mut self.waiting).into_iter().filter_map(|rank| self.asked(rank)).collect()
    }

    /// What is reported and not delivered.
    pub fn ledger(&self) -> &Ledger<T> {
        &self.ledger
    }

    /// Ends the round and returns the ledger, with everything that was reported.
    pub fn into_ledger(self) -> Ledger<T> {
        self.ledger
    }

    /// Number of blocks done, including delivered ones.
    pub fn done(&self) -> u64 {
        self.ledger.done() + self.window.map_or(0, |window| window.next)
    }

    /// Number of blocks written, from the first on.
    pub fn blocks_written(&self) -> u64 {
        self.window.map_or(0, |window| window.written)
    }

    /// Whether the round ends early.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    fn limit(&self) -> u64 {
        self.window.map_or(u64::MAX, |window| window.written.saturating_add(window.length))
    }
}
