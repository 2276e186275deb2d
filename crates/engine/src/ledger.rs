//! The ledger: which blocks are done, and their total.
//!
//! Disjoint spans of blocks in order, each with its tally; neighbours merge. A finished job is a
//! ledger with one span and no hole. Progress is its coverage, a resumed job works on its holes,
//! and the work of several ranks is the union of their ledgers. Merging is associative and only
//! joins neighbours, so the order of arrival never shows in the result.
//!
//! Cost: one tree look-up per record, O(log spans). Memory grows with the number of spans that do
//! not touch, not with the number of blocks.

use std::collections::BTreeMap;

use montesieve_kernel::Tally;
use serde::{Deserialize, Serialize};

use crate::Span;

mod boundaries;

pub use boundaries::{Boundaries, PrefixEnds};

/// Two tallies for the same block: it was computed twice, or two files overlap.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("blocks {recorded} are in the ledger already; blocks {refused} overlap them")]
pub struct Overlap {
    /// The span in the ledger.
    pub recorded: Span,
    /// The span that was refused.
    pub refused: Span,
}

/// Disjoint spans of done blocks, each with its tally.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ledger<T> {
    /// End and tally of each span, by its first block. Spans never overlap, and touch only at
    /// boundaries.
    spans: BTreeMap<u64, (u64, T)>,
    /// Where spans do not merge.
    boundaries: Boundaries,
}

impl<T> Default for Ledger<T> {
    fn default() -> Self {
        Ledger { spans: BTreeMap::new(), boundaries: Boundaries::default() }
    }
}

impl<T: Tally> Ledger<T> {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty ledger whose spans do not merge across these boundaries.
    pub fn with_boundaries(boundaries: Boundaries) -> Self {
        Ledger { spans: BTreeMap::new(), boundaries }
    }

    /// Where its spans do not merge.
    pub fn boundaries(&self) -> &Boundaries {
        &self.boundaries
    }

    /// Records `tally` for `span`, and merges it with the neighbours that it touches.
    ///
    /// # Errors
    /// [`Overlap`] when a block of it is already recorded; the ledger is then unchanged. An empty
    /// span records nothing.
    pub fn record(&mut self, span: Span, tally: T) -> Result<(), Overlap> {
        if span.is_empty() {
            return Ok(());
        }
        let before = self.spans.range(..=span.first).next_back().map(|(&first, &(end, _))| Span { first, end });
        let after = self.spans.range(span.first..).next().map(|(&first, &(end, _))| Span { first, end });
        if let Some(recorded) = [before, after].into_iter().flatten().find(|s| s.overlaps(span)) {
            return Err(Overlap { recorded, refused: span });
        }
        // The span in front absorbs the new tally, so that a long run of reports in order costs one
        // merge each.
        let mut end = span.end;
        let merges = |at: u64| !self.boundaries.has(at);
        let next = after.filter(|s| s.first == span.end && merges(s.first));
        let front = before.filter(|s| s.end == span.first && merges(span.first));
        let next = next.and_then(|s| self.spans.remove(&s.first));
        match front {
            Some(front) => {
                if let Some((front_end, front_tally)) = self.spans.get_mut(&front.first) {
                    front_tally.merge(tally);
                    if let Some((next_end, next_tally)) = next {
                        front_tally.merge(next_tally);
                        end = next_end;
                    }
                    *front_end = end;
                }
            }
            None => {
                let mut tally = tally;
                if let Some((next_end, next_tally)) = next {
                    tally.merge(next_tally);
                    end = next_end;
                }
                self.spans.insert(span.first, (end, tally));
            }
        }
        Ok(())
    }

    /// Records everything that `other` holds: the union of two ledgers.
    ///
    /// # Errors
    /// [`Overlap`] at the first block that both hold; spans before it are recorded by then.
    pub fn absorb(&mut self, other: Ledger<T>) -> Result<(), Overlap> {
        other.into_spans().try_for_each(|(span, tally)| self.record(span, tally))
    }

    /// Records the spans of `other` that share no block with this ledger. A block has the same
    /// tally in every ledger.
    pub fn fill(&mut self, other: Ledger<T>) {
        for (span, tally) in other.into_spans() {
            // An overlap changes nothing.
            let _ = self.record(span, tally);
        }
    }

    /// The spans and their tallies, in order.
    pub fn spans(&self) -> impl Iterator<Item = (Span, &T)> {
        self.spans.iter().map(|(&first, (end, tally))| (Span { first, end: *end }, tally))
    }

    /// The same, by value.
    pub fn into_spans(self) -> impl Iterator<Item = (Span, T)> {
        self.spans.into_iter().map(|(first, (end, tally))| (Span { first, end }, tally))
    }

    /// Whether it is valid: spans in order that do not overlap, and touch only at boundaries. A
    /// ledger of this program is valid; one from a file may be anything.
    pub fn is_sound(&self) -> bool {
        let mut free = None;
        self.spans().all(|(span, _)| {
            let is_apart = free.is_none_or(|end| span.first > end || span.first == end && self.boundaries.has(end));
            free = Some(span.end);
            is_apart && span.first < span.end
        })
    }

    /// How many blocks are done.
    pub fn done(&self) -> u64 {
        self.spans().map(|(span, _)| span.len()).sum()
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The blocks of `within` that are not done, in order.
    pub fn holes(&self, within: Span) -> Vec<Span> {
        let mut holes = Vec::new();
        let mut first = within.first;
        for (span, _) in self.spans() {
            if span.first > first && first < within.end {
                holes.push(Span::new(first, span.first.min(within.end)));
            }
            first = first.max(span.end);
        }
        if first < within.end {
            holes.push(Span::new(first, within.end));
        }
        holes
    }

    /// Whether every block of `span` is done: the coverage proof.
    pub fn covers(&self, span: Span) -> bool {
        self.holes(span).is_empty()
    }

    /// Removes the span that begins at block `first`, if there is one.
    pub fn take_from(&mut self, first: u64) -> Option<(Span, T)> {
        self.spans.remove(&first).map(|(end, tally)| (Span { first, end }, tally))
    }

    /// The total of all recorded spans, in order, ignoring holes. `None` when nothing is recorded.
    ///
    /// For a complete ledger this is the answer. For an incomplete one it covers the done blocks
    /// only. A tally that looks across borders (gaps, k-tuplets) must know of the holes: see
    /// [`Ledger::spans`].
    pub fn into_total(self) -> Option<T> {
        self.spans.into_values().map(|(_, tally)| tally).reduce(|mut total, next| {
            total.merge(next);
            total
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A tally that shows the order: the list of the blocks themselves.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Blocks(Vec<u64>);

    impl Tally for Blocks {
        fn merge(&mut self, next: Self) {
            self.0.extend(next.0);
        }
    }

    fn blocks(span: Span) -> Blocks {
        Blocks((span.first..span.end).collect())
    }

    fn ledger(spans: &[(u64, u64)]) -> Ledger<Blocks> {
        let mut ledger = Ledger::new();
        for &(first, end) in spans {
            let span = Span::new(first, end);
            ledger.record(span, blocks(span)).expect("disjoint");
        }
        ledger
    }

    #[test]
    fn neighbours_merge_on_both_sides() {
        let ledger = ledger(&[(0, 3), (5, 9), (3, 5)]);
        assert_eq!(ledger.spans().count(), 1);
        assert_eq!(ledger.into_total(), Some(blocks(Span::new(0, 9))));
    }

    #[test]
    fn nothing_merges_across_a_boundary() {
        let mut bounded = Ledger::with_boundaries(Boundaries::at(Some(5)));
        for (first, end) in [(5, 7), (0, 3), (3, 5), (7, 9)] {
            bounded.record(Span::new(first, end), blocks(Span::new(first, end))).expect("disjoint");
        }
        assert_eq!(bounded.spans().map(|(span, _)| span).collect::<Vec<_>>(), [Span::new(0, 5), Span::new(5, 9)]);
        assert!(bounded.covers(Span::new(0, 9)));
        assert_eq!(bounded.into_total(), Some(blocks(Span::new(0, 9))));
    }

    #[test]
    fn powers_of_two_can_be_boundaries() {
        let boundaries = Boundaries { at: Some(11), prefixes: PrefixEnds::Powers };
        let mut bounded = Ledger::with_boundaries(boundaries.clone());
        for (first, end) in [(6, 7), (0, 1), (1, 2), (4, 6), (2, 3), (7, 8), (3, 4), (8, 11), (11, 13)] {
            bounded.record(Span::new(first, end), blocks(Span::new(first, end))).expect("disjoint");
        }
        let spans: Vec<_> = bounded.spans().map(|(span, _)| (span.first, span.end)).collect();
        assert_eq!(spans, [(0, 1), (1, 2), (2, 4), (4, 8), (8, 11), (11, 13)]);
        assert!(bounded.is_sound() && bounded.covers(Span::new(0, 13)));
        let nexts = [0, 1, 2, 3, 8, 10, 11, u64::MAX - 1].map(|block| boundaries.next(block));
        assert_eq!(nexts, [Some(1), Some(2), Some(4), Some(4), Some(11), Some(11), Some(16), None]);
        assert_eq!(Boundaries::at(Some(5)).next(5), None);
    }

    #[test]
    fn holes_are_what_is_missing() {
        let ledger = ledger(&[(2, 3), (5, 9)]);
        assert_eq!(ledger.holes(Span::new(0, 12)), [Span::new(0, 2), Span::new(3, 5), Span::new(9, 12)]);
        assert_eq!(ledger.holes(Span::new(6, 8)), []);
        assert_eq!(ledger.holes(Span::new(2, 4)), [Span::new(3, 4)]);
        assert_eq!(ledger.holes(Span::new(20, 21)), [Span::new(20, 21)]);
        assert!(ledger.covers(Span::new(5, 9)) && !ledger.covers(Span::new(4, 9)));
    }

    #[test]
    fn an_overlap_is_refused_and_changes_nothing() {
        let before = ledger(&[(2, 4), (6, 8)]);
        for (first, end) in [(2, 4), (3, 5), (1, 3), (0, 9), (5, 7), (7, 8)] {
            let mut after = before.clone();
            let span = Span::new(first, end);
            let overlap = after.record(span, blocks(span)).expect_err("overlaps");
            assert!(overlap.recorded.overlaps(span));
            assert_eq!(after, before);
        }
    }

    #[test]
    fn an_empty_span_records_nothing() {
        let mut ledger = ledger(&[(2, 4)]);
        ledger.record(Span::new(3, 3), Blocks::default()).expect("nothing to overlap");
        assert_eq!(ledger.done(), 2);
    }

    #[test]
    fn the_prefix_can_be_taken_piece_by_piece() {
        let mut ledger = ledger(&[(0, 2), (3, 4)]);
        assert_eq!(ledger.take_from(0), Some((Span::new(0, 2), blocks(Span::new(0, 2)))));
        assert_eq!(ledger.take_from(2), None);
        ledger.record(Span::new(2, 3), blocks(Span::new(2, 3))).expect("a hole");
        assert_eq!(ledger.take_from(2).map(|(span, _)| span), Some(Span::new(2, 4)));
    }

    /// A shuffled partition of 0..end into spans: an order in which reports might arrive.
    fn shuffled_cut() -> impl Strategy<Value = Vec<Span>> {
        proptest::collection::vec(1u64..20, 1..40)
            .prop_map(|lengths| {
                let mut first = 0;
                lengths
                    .into_iter()
                    .map(|n| {
                        first += n;
                        Span::new(first - n, first)
                    })
                    .collect::<Vec<_>>()
            })
            .prop_shuffle()
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_gives_the_same_bits(spans in shuffled_cut()) {
            let end = spans.iter().map(|s| s.end).max().unwrap_or(0);
            let mut ledger = Ledger::new();
            for &span in &spans {
                ledger.record(span, blocks(span)).expect("disjoint");
            }
            prop_assert_eq!(ledger.into_total(), Some(blocks(Span::new(0, end))));
        }

        #[test]
        fn any_split_among_ranks_gives_the_same_bits(spans in shuffled_cut(), ranks in 1usize..9) {
            let end = spans.iter().map(|s| s.end).max().unwrap_or(0);
            let mut own = vec![Ledger::new(); ranks];
            for (i, &span) in spans.iter().enumerate() {
                own[(i * 7 + i / 3) % ranks].record(span, blocks(span)).expect("disjoint");
            }
            let mut union = Ledger::new();
            for ledger in own {
                union.absorb(ledger).expect("disjoint");
            }
            prop_assert_eq!(union.into_total(), Some(blocks(Span::new(0, end))));
        }

        #[test]
        fn any_interruption_leaves_exactly_the_holes(spans in shuffled_cut(), stop in 0usize..40) {
            let end = spans.iter().map(|s| s.end).max().unwrap_or(0);
            let whole = Span::new(0, end);
            let mut ledger = Ledger::new();
            for &span in spans.iter().take(stop) {
                ledger.record(span, blocks(span)).expect("disjoint");
            }
            let holes = ledger.holes(whole);
            prop_assert_eq!(ledger.done() + holes.iter().map(|h| h.len()).sum::<u64>(), end);
            // Written to disk and read back by another process, which then works on the holes.
            let bytes = bincode::serde::encode_to_vec(&ledger, bincode::config::standard()).expect("encodes");
            let (mut resumed, _): (Ledger<Blocks>, _) =
                bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).expect("decodes");
            for hole in holes.into_iter().rev() {
                resumed.record(hole, blocks(hole)).expect("a hole");
            }
            prop_assert!(resumed.covers(whole));
            prop_assert_eq!(resumed.into_total(), Some(blocks(whole)));
        }
    }
}
