//! Schedules: who computes which blocks next. A schedule can change the time, never the answer.
//!
//! Stands beside `protocol::root`, which answers the ranks: the [`Dealer`] here only knows which
//! blocks are left and which rank gets them. It works on *positions* in the list of remaining
//! blocks (0 for the first block of the first hole, and so on). So dividing the holes of a resumed
//! job is the same arithmetic as dividing a new job. Static schedules own positions by rank;
//! dynamic and guided ones deal from one common position.
//!
//! Cost: O(log holes) a deal; 8 bytes a rank.

use serde::{Deserialize, Serialize};

use crate::Span;

/// How the blocks are divided among the ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// One contiguous share for each rank, the textbook scatter. Best when every block costs the
    /// same.
    Block,
    /// Chunks in turn: chunk i belongs to rank i mod ranks.
    Cyclic,
    /// The next chunk goes to the rank that asks. Best when costs or hosts differ.
    #[default]
    Dynamic,
    /// Like dynamic, with chunks that shrink from a share of the remaining blocks to the chunk
    /// size.
    Guided,
}

impl Schedule {
    /// All four, for tests and tables.
    pub const ALL: [Schedule; 4] = [Schedule::Block, Schedule::Cyclic, Schedule::Dynamic, Schedule::Guided];

    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Schedule::Block => "block",
            Schedule::Cyclic => "cyclic",
            Schedule::Dynamic => "dynamic",
            Schedule::Guided => "guided",
        }
    }

    /// The chunk size when the user gives none. There are `DEALS_PER_RANK` deals for each rank, so
    /// that the last chunk takes under one percent of a rank's time. There are fewer where chunks
    /// would have less than `grain` blocks (what a job wants to compute at once). Each rank has at
    /// least one deal. A single rank has nothing to share.
    ///
    /// Guided chunks are long until the end, where the last of them decide how long ranks wait for
    /// each other. This is their minimum: a `GUIDED_TAIL`th of the grain.
    pub fn auto_chunk(self, blocks: u64, ranks: u64, grain: u64) -> u64 {
        let least = if self == Schedule::Guided { grain / GUIDED_TAIL } else { grain };
        let deals = if ranks == 1 { 1 } else { (blocks / ranks / least.max(1)).clamp(1, DEALS_PER_RANK) };
        // Equal shares where each rank has one deal. Otherwise a few more deals rather than longer
        // ones: of 99 blocks a rank, a chunk is one.
        if deals == 1 { blocks.div_ceil(ranks).max(1) } else { blocks / ranks.saturating_mul(deals) }
    }
}

/// The largest number of deals for each rank under an automatic chunk size. 128 keeps the tail (one
/// chunk in hand and one in flight when the other ranks run out) near 1 % of the run; more would
/// only add messages.
const DEALS_PER_RANK: u64 = 128;

/// How many times below the grain guided chunks may end. With the grain itself, two ranks counting
/// primes for ten seconds waited 8 % of it for the last chunk. The few short chunks of the tail
/// cost less (the grain there is 1.2 s of work).
const GUIDED_TAIL: u64 = 8;

/// The dealer's reply to a rank that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deal {
    /// Compute these blocks next.
    Span(Span),
    /// Nothing now: the next blocks lie beyond the window.
    Later,
    /// Nothing more at all.
    Never,
}

/// Deals the remaining blocks of a job to ranks, each block once.
#[derive(Clone, Debug)]
pub struct Dealer {
    /// The holes to fill, in order, each with the position of its first block.
    holes: Vec<(u64, Span)>,
    /// Number of remaining blocks: positions are `0..total`.
    total: u64,
    ranks: u64,
    chunk: u64,
    rule: Rule,
}

/// The position of each schedule.
#[derive(Clone, Debug)]
enum Rule {
    /// Positions dealt to each rank within its shares. Shares are cut round by round; without a
    /// window there is one round, the whole job.
    Block { dealt: Vec<u64>, round: u64 },
    /// Positions dealt to each rank within its chunks.
    Cyclic { dealt: Vec<u64> },
    /// The next position that no rank has.
    Dynamic { next: u64 },
    /// The next position that no rank has.
    Guided { next: u64 },
}

impl Dealer {
    /// Deals the blocks of `holes` (in order, disjoint) to `ranks` ranks, `chunk` blocks at a time.
    ///
    /// `round` bounds what [`Schedule::Block`] divides at once, for jobs whose results must come in
    /// order within a bounded window; `None` is one round for the whole job.
    ///
    /// # Panics
    /// When `ranks`, `chunk` or `round` is 0.
    pub fn new(schedule: Schedule, holes: &[Span], ranks: u64, chunk: u64, round: Option<u64>) -> Dealer {
        assert!(ranks > 0 && chunk > 0 && round != Some(0), "no rank to deal to, or nothing to deal");
        let mut total = 0;
        let holes = holes
            .iter()
            .map(|&hole| {
                total += hole.len();
                (total - hole.len(), hole)
            })
            .collect();
        let dealt = || vec![0; ranks as usize];
        let rule = match schedule {
            Schedule::Block => Rule::Block { dealt: dealt(), round: round.unwrap_or(u64::MAX).min(total.max(1)) },
            Schedule::Cyclic => Rule::Cyclic { dealt: dealt() },
            Schedule::Dynamic => Rule::Dynamic { next: 0 },
            Schedule::Guided => Rule::Guided { next: 0 },
        };
        Dealer { holes, total, ranks, chunk, rule }
    }

    /// The next span for `rank`, of blocks below `limit` only.
    pub fn deal(&mut self, rank: u64, limit: u64) -> Deal {
        let Some((position, blocks)) = self.next(rank) else { return Deal::Never };
        // A span never crosses the end of a hole: the blocks between are already done.
        let hole = self.holes.partition_point(|&(start, _)| start <= position) - 1;
        let (start, span) = self.holes[hole];
        let first = span.first + (position - start);
        let end = span.end.min(first.saturating_add(blocks)).min(limit);
        if end <= first {
            return Deal::Later;
        }
        self.advance(rank, end - first);
        Deal::Span(Span::new(first, end))
    }

    /// Where `rank` continues, and the largest number of positions it may take from there.
    fn next(&self, rank: u64) -> Option<(u64, u64)> {
        let (position, blocks) = match &self.rule {
            Rule::Block { dealt, round } => {
                let (position, end) = self.share(rank, dealt[rank as usize], *round)?;
                (position, end - position)
            }
            Rule::Cyclic { dealt } => {
                let dealt = dealt[rank as usize];
                let (turn, within) = (dealt / self.chunk, dealt % self.chunk);
                let first = turn.checked_mul(self.ranks)?.checked_add(rank)?.checked_mul(self.chunk)?;
                (first.checked_add(within)?, self.chunk - within)
            }
            Rule::Dynamic { next } => (*next, self.chunk),
            Rule::Guided { next } => (*next, ((self.total - next) / (2 * self.ranks)).max(self.chunk)),
        };
        (position < self.total).then(|| (position, blocks.min(self.total - position)))
    }

    /// For the block schedule: where `rank` stands after `dealt` of its positions, and where that
    /// share ends.
    fn share(&self, rank: u64, mut dealt: u64, round: u64) -> Option<(u64, u64)> {
        // All full rounds have shares of the same length, so the rounds already dealt are skipped
        // at once.
        let part = |length: u64, rank: u64| (length as u128 * rank as u128 / self.ranks as u128) as u64;
        let full = part(round, rank + 1) - part(round, rank);
        // A rank without a share in full rounds may still have one in the last, shorter round.
        let rounds = dealt.checked_div(full).unwrap_or(u64::MAX).min(self.total / round);
        let low = rounds * round;
        dealt -= rounds * full;
        if low >= self.total {
            return None;
        }
        let length = round.min(self.total - low);
        let (first, end) = (low + part(length, rank), low + part(length, rank + 1));
        (first + dealt < end).then_some((first + dealt, end))
    }

    /// Notes that `blocks` positions were dealt to `rank`.
    fn advance(&mut self, rank: u64, blocks: u64) {
        match &mut self.rule {
            Rule::Block { dealt, .. } | Rule::Cyclic { dealt } => dealt[rank as usize] += blocks,
            Rule::Dynamic { next } | Rule::Guided { next } => *next += blocks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;
    use proptest::prelude::*;

    /// Deals everything to ranks that ask in turn, and checks that every block of the holes is
    /// dealt exactly once.
    fn deal_all(mut dealer: Dealer, holes: &[Span], ranks: u64, limit: u64) -> Vec<Vec<Span>> {
        let mut dealt = vec![Vec::new(); ranks as usize];
        let mut seen = Ledger::<()>::new();
        let mut open: Vec<u64> = (0..ranks).collect();
        while !open.is_empty() {
            open.retain(|&rank| match dealer.deal(rank, limit) {
                Deal::Span(span) => {
                    seen.record(span, ()).expect("no block is dealt twice");
                    dealt[rank as usize].push(span);
                    true
                }
                Deal::Later | Deal::Never => false,
            });
        }
        let mut expected = Ledger::<()>::new();
        for hole in holes {
            expected.record(Span::new(hole.first, hole.end.min(limit).max(hole.first)), ()).expect("disjoint");
        }
        assert_eq!(seen, expected, "every block below the limit is dealt");
        dealt
    }

    fn whole(blocks: u64) -> [Span; 1] {
        [Span::new(0, blocks)]
    }

    #[test]
    fn block_gives_each_rank_one_contiguous_share() {
        let dealer = Dealer::new(Schedule::Block, &whole(10), 3, 1, None);
        let dealt = deal_all(dealer, &whole(10), 3, u64::MAX);
        assert_eq!(dealt, [[Span::new(0, 3)], [Span::new(3, 6)], [Span::new(6, 10)]]);
    }

    #[test]
    fn block_in_rounds_divides_each_round() {
        let dealer = Dealer::new(Schedule::Block, &whole(10), 2, 1, Some(4));
        let dealt = deal_all(dealer, &whole(10), 2, u64::MAX);
        assert_eq!(dealt[0], [Span::new(0, 2), Span::new(4, 6), Span::new(8, 9)]);
        assert_eq!(dealt[1], [Span::new(2, 4), Span::new(6, 8), Span::new(9, 10)]);
    }

    #[test]
    fn cyclic_deals_chunks_in_turn() {
        let dealer = Dealer::new(Schedule::Cyclic, &whole(10), 2, 3, None);
        let dealt = deal_all(dealer, &whole(10), 2, u64::MAX);
        assert_eq!(dealt[0], [Span::new(0, 3), Span::new(6, 9)]);
        assert_eq!(dealt[1], [Span::new(3, 6), Span::new(9, 10)]);
    }

    #[test]
    fn guided_chunks_shrink() {
        let dealer = Dealer::new(Schedule::Guided, &whole(100), 2, 4, None);
        let lengths: Vec<u64> = deal_all(dealer, &whole(100), 2, u64::MAX).concat().iter().map(|s| s.len()).collect();
        assert_eq!(lengths.iter().max(), Some(&25));
        assert!(lengths.iter().all(|&n| n >= 1));
    }

    #[test]
    fn more_ranks_than_blocks() {
        for schedule in Schedule::ALL {
            deal_all(Dealer::new(schedule, &whole(3), 8, 1, None), &whole(3), 8, u64::MAX);
            deal_all(Dealer::new(schedule, &whole(3), 8, 1, Some(2)), &whole(3), 8, u64::MAX);
            deal_all(Dealer::new(schedule, &[], 8, 1, None), &[], 8, u64::MAX);
        }
    }

    #[test]
    fn automatic_chunks_are_at_least_one_block_and_follow_the_grain() {
        let auto = |blocks, ranks, grain| Schedule::Dynamic.auto_chunk(blocks, ranks, grain);
        assert_eq!(auto(0, 8, 1), 1);
        assert_eq!(auto(3, 8, 16), 1, "something for as many ranks as can be");
        assert_eq!(auto(100, 8, 16), 13, "too few blocks for a grain each: equal shares");
        assert_eq!(auto(10_000, 8, 16), 16, "equal deals, not below the grain");
        assert_eq!(auto(99 * 1000 + 999, 1000, 1), 1, "a deal too many, not one too long");
        assert_eq!(auto(1 << 40, 8, 16), 1 << 30);
        assert_eq!(auto(1 << 40, 1, 16), 1 << 40, "alone");
        assert_eq!(Schedule::Guided.auto_chunk(10_000, 8, 160), 20, "down to an eighth of the grain");
        assert_eq!(Schedule::Guided.auto_chunk(10_000, 8, 4), 9, "blocks are not cut");
    }

    proptest! {
        /// Shares of 1 to 9 ranks partition the remaining blocks exactly, whatever the schedule,
        /// chunk, round, limit.
        #[test]
        fn shares_partition_the_blocks(
            pieces in proptest::collection::vec((1u64..50, 1u64..50), 0..12),
            ranks in 1u64..10,
            chunk in 1u64..20,
            round in proptest::option::of(1u64..60),
            limit in prop_oneof![Just(u64::MAX), 0u64..500],
            schedule in proptest::sample::select(&Schedule::ALL),
        ) {
            let mut first = 0;
            let holes: Vec<Span> = pieces.into_iter().map(|(gap, length)| {
                let span = Span::new(first + gap, first + gap + length);
                first = span.end;
                span
            }).collect();
            let dealer = Dealer::new(schedule, &holes, ranks, chunk, round);
            if limit == u64::MAX {
                deal_all(dealer, &holes, ranks, limit);
            } else {
                // With a limit, a static schedule may hold a rank back, but everything dealt lies
                // below the limit, once.
                let mut dealer = dealer;
                let mut seen = Ledger::<()>::new();
                for rank in (0..ranks).cycle().take(2000) {
                    if let Deal::Span(span) = dealer.deal(rank, limit) {
                        prop_assert!(span.end <= limit);
                        prop_assert!(seen.record(span, ()).is_ok());
                    }
                }
                // Raising the limit releases everything.
                for rank in (0..ranks).cycle().take(4000) {
                    if let Deal::Span(span) = dealer.deal(rank, u64::MAX) {
                        prop_assert!(seen.record(span, ()).is_ok());
                    }
                }
                prop_assert_eq!(seen.done(), holes.iter().map(|h| h.len()).sum::<u64>());
            }
        }
    }
}
