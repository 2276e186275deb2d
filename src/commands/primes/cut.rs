//! The cut of a range into blocks: the same for every job over it, whatever the ranks.

use super::range::Range;
use crate::job::{Identity, Span, Version};

/// The last number of 64 bits. It is composite.
const BORDER: u128 = u64::MAX as u128;

/// A range cut into blocks of equal length, from its first number. A longer range with the same
/// start has the same blocks, and more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) low: u128,
    pub(super) high: u128,
    length: u64,
}

impl Cut {
    /// Cuts a range of at most 2^64 - 1 numbers ([`super::affordable`]).
    pub(super) fn new(range: impl Into<Range<u128>>, length: u64) -> Cut {
        let range = range.into();
        Cut { low: range.start, high: end_of(range), length }
    }

    /// How many numbers it has.
    pub(super) fn amount(self) -> u64 {
        (self.high - self.low) as u64
    }

    pub(super) fn blocks(self) -> u64 {
        // An empty range (2^64-1 alone) is still one block.
        self.amount().div_ceil(self.length).max(1)
    }

    /// Whole blocks in this many numbers; at least one.
    pub(super) fn blocks_in(self, numbers: u64) -> u64 {
        (numbers / self.length).max(1)
    }

    /// Blocks that end at least this many numbers before the end of the range.
    pub(super) fn blocks_before(self, numbers: u64) -> u64 {
        self.amount().saturating_sub(numbers) / self.length
    }

    /// The identity in checkpoints of a job over this cut; `asked` is the requested property of the
    /// numbers.
    pub(super) fn identity(self, asked: &str, words: &[String]) -> Identity {
        let amount = self.amount();
        let kind = format!("{asked} from {} on in blocks of {}", self.low, self.length);
        let version = Version { cut: 1, stream: 1, block: self.length };
        let (amount, whole, words) = (amount.into(), amount / self.length, words.to_vec());
        Identity { kind, version, amount, whole, words, parts: Vec::new() }
    }

    /// The numbers `low..high` of a span.
    pub(super) fn numbers(self, span: Span) -> (u128, u128) {
        let edge = |block: u64| self.low + (u128::from(block) * u128::from(self.length)).min(u128::from(self.amount()));
        (edge(span.first), edge(span.end))
    }
}

/// One past the last number. 2^64 - 1 is composite, so a range that ends with it may end before it:
/// then the 64-bit kernels handle all of it.
pub(super) fn end_of(range: Range<u128>) -> u128 {
    if range.stop == BORDER { BORDER } else { range.stop + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cut_covers_the_range_without_overlap(
            start in prop_oneof![0_u128..1000, any::<u64>().prop_map(u128::from), BORDER - 2000..BORDER + 2000, any::<u64>().prop_map(|n| u128::from(n) << 22)],
            distance in prop_oneof![0_u128..1000, 0_u128..100_000],
            length in 1_u64..5000,
        ) {
            let range = Range { start, stop: start + distance };
            let cut = Cut::new(range, length);
            let mut next = start;
            for block in 0..cut.blocks() {
                let (low, high) = cut.numbers(Span::new(block, block + 1));
                prop_assert_eq!(low, next);
                prop_assert!(high - low <= length.into());
                next = high;
            }
            prop_assert_eq!(next, cut.high);
            prop_assert_eq!(cut.high, range.stop + u128::from(range.stop != BORDER));
            prop_assert_eq!(cut.numbers(Span::new(0, cut.blocks())), (start, cut.high));
        }
    }
}
