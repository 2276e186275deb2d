//! A span: a run of adjacent blocks, the unit that is handed out and recorded.
//!
//! Stands beside `ledger`, which maps spans to tallies: this file is only about the numbers.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The blocks `first..end` (half-open, by number). Empty when `first == end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first block.
    pub first: u64,
    /// One past the last block.
    pub end: u64,
}

impl Span {
    /// An empty span, which travels as "nothing for you".
    pub const EMPTY: Span = Span { first: 0, end: 0 };

    /// The blocks `first..end`.
    ///
    /// # Panics
    /// When `first > end`.
    pub fn new(first: u64, end: u64) -> Span {
        assert!(first <= end, "span {first}..{end} runs backwards");
        Span { first, end }
    }

    /// How many blocks.
    pub fn len(self) -> u64 {
        self.end - self.first
    }

    /// Whether it has no block.
    pub fn is_empty(self) -> bool {
        self.first == self.end
    }

    /// The items in it, of a job of `total` items in blocks of `each`: only the last block may be
    /// smaller.
    pub fn places(self, each: u64, total: u64) -> Range<u64> {
        let place = |block: u64| (u128::from(block) * u128::from(each)).min(u128::from(total)) as u64;
        place(self.first)..place(self.end)
    }

    /// How many [`Span::places`] there are.
    pub fn items(self, each: u64, total: u64) -> u64 {
        let places = self.places(each, total);
        places.end - places.start
    }

    /// Whether the two share a block.
    pub fn overlaps(self, other: Span) -> bool {
        self.first.max(other.first) < self.end.min(other.end)
    }

    /// The first `blocks` blocks (or all of them, when there are fewer) and the rest.
    pub fn split(self, blocks: u64) -> (Span, Span) {
        let middle = self.first + blocks.min(self.len());
        (Span { first: self.first, end: middle }, Span { first: middle, end: self.end })
    }

    /// Takes the first `blocks` blocks off the front of `self` and returns them.
    pub fn take(&mut self, blocks: u64) -> Span {
        let (front, rest) = self.split(blocks);
        *self = rest;
        front
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.first, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_keeps_every_block_once() {
        let span = Span::new(3, 10);
        for blocks in 0..9 {
            let (front, rest) = span.split(blocks);
            assert_eq!((front.first, front.end, rest.end), (3, rest.first, 10));
            assert_eq!(front.len(), blocks.min(7));
        }
    }

    #[test]
    fn the_last_block_has_the_remaining_items() {
        let of = |first, end, each, total| {
            let span = Span::new(first, end);
            (span.places(each, total), span.items(each, total))
        };
        assert_eq!(of(1, 3, 10, 25), (10..25, 15));
        assert_eq!(of(0, 2, 10, 25), (0..20, 20));
        assert_eq!(of(3, 4, 10, 25), (25..25, 0), "beyond the last one");
        assert_eq!(of(1, u64::MAX, 10, u64::MAX), (10..u64::MAX, u64::MAX - 10));
    }

    #[test]
    fn neighbours_do_not_overlap() {
        assert!(!Span::new(0, 5).overlaps(Span::new(5, 9)));
        assert!(Span::new(0, 6).overlaps(Span::new(5, 9)));
        assert!(!Span::new(5, 5).overlaps(Span::new(0, 9)), "an empty span has no block to share");
    }
}
