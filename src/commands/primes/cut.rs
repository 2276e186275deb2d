//! A range cut into blocks: the same cut for every job over it, whatever the ranks.

use crate::cli::Range;
use crate::job::{Identity, Span};

/// A range cut into blocks of the same length, from its first number on. A range that begins at the same number and is longer
/// has the same blocks, and more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) low: u64,
    pub(super) high: u64,
    length: u64,
}

impl Cut {
    pub(super) fn new(range: Range, length: u64) -> Cut {
        Cut { low: range.start, high: end_of(range), length }
    }

    pub(super) fn blocks(self) -> u64 {
        // An empty range (2^64-1 alone) is still one block.
        (self.high - self.low).div_ceil(self.length).max(1)
    }

    /// Whole blocks in so many numbers; one at least.
    pub(super) fn blocks_in(self, numbers: u64) -> u64 {
        (numbers / self.length).max(1)
    }

    /// Blocks that end so many numbers before the range does.
    pub(super) fn blocks_before(self, numbers: u64) -> u64 {
        (self.high - self.low).saturating_sub(numbers) / self.length
    }

    /// What a checkpoint of a job over this cut says; `asked` is what is asked of the numbers.
    pub(super) fn identity(self, asked: &str, words: &[String]) -> Identity {
        let amount = self.high - self.low;
        let kind = format!("{asked} from {} on in blocks of {}", self.low, self.length);
        Identity { kind, amount, whole: amount / self.length, words: words.to_vec() }
    }

    /// The numbers `low..high` of a span.
    pub(super) fn numbers(self, span: Span) -> (u64, u64) {
        let edge = |block: u64| {
            let numbers = (u128::from(block) * u128::from(self.length)).min(u128::from(self.high - self.low));
            self.low + numbers as u64
        };
        (edge(span.first), edge(span.end))
    }
}

/// One past the last number. 2^64 - 1 is composite, so nothing is lost when the range ends with it.
pub(super) fn end_of(range: Range) -> u64 {
    range.stop.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cut_covers_the_range_without_overlap(
            start in prop_oneof![0u64..1000, any::<u64>()],
            distance in prop_oneof![0u64..1000, 0u64..100_000],
            length in 1u64..5000,
        ) {
            let cut = Cut::new(Range { start, stop: start.saturating_add(distance) }, length);
            let mut next = start;
            for block in 0..cut.blocks() {
                let (low, high) = cut.numbers(Span::new(block, block + 1));
                prop_assert_eq!(low, next);
                prop_assert!(high - low <= length);
                next = high;
            }
            prop_assert_eq!(next, cut.high);
            prop_assert_eq!(cut.numbers(Span::new(0, cut.blocks())), (start, cut.high));
        }
    }
}
