//! In which order the blocks of all lines are numbered.
//!
//! Stands apart from `job`, which computes them: here are only numbers. Lines that train come
//! first, stage by stage: stage 0 of each of them, stage 1 of each, and so on. So all ranks share a
//! stage of all lines, and the job has as many rounds as the line with the most stages. Behind them
//! are the blocks that count, line by line.
//!
//! A line keeps the order of its own blocks: those in any span of the job are adjacent.
//!
//! Memory: 24 bytes for each stage of each line. Run time of a look-up: a binary search.

use std::collections::BTreeMap;

use crate::job::Span;

/// Adjacent blocks of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BlockRun {
    /// The first block's number in the job.
    first: u64,
    /// Its number in the line's own job.
    own: u64,
    /// The line's index.
    line: u32,
}

/// The numbering of the blocks of all lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BlockLayout {
    /// In order; each ends where the next one begins.
    runs: Vec<BlockRun>,
    stages: Vec<u64>,
    blocks: u64,
}

impl BlockLayout {
    /// The layout of lines, each with the block counts at which its stages end and its number of
    /// blocks. `None` if all together have more than 2^64 - 1.
    pub(super) fn new(lines: &[(Vec<u64>, u64)]) -> Option<BlockLayout> {
        let mut layout = BlockLayout { runs: Vec::new(), stages: Vec::new(), blocks: 0 };
        let most = lines.iter().map(|(stages, _)| stages.len()).max().unwrap_or(0);
        for stage in 0..most {
            for (line, (stages, _)) in (0..).zip(lines) {
                if let Some(&end) = stages.get(stage) {
                    let own = if stage == 0 { 0 } else { stages[stage - 1] };
                    layout.push(line, Span::new(own, end))?;
                }
            }
            layout.stages.push(layout.blocks);
        }
        for (line, (stages, blocks)) in (0..).zip(lines) {
            layout.push(line, Span::new(stages.last().copied().unwrap_or(0), *blocks))?;
        }
        Some(layout)
    }

    fn push(&mut self, line: u32, own: Span) -> Option<()> {
        self.runs.push(BlockRun { first: self.blocks, own: own.first, line });
        self.blocks = self.blocks.checked_add(own.len())?;
        Some(())
    }

    /// Blocks of the job.
    pub(super) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Block counts at which a stage of training ends.
    pub(super) fn stages(&self) -> &[u64] {
        &self.stages
    }

    /// The blocks of a span: for each run of one line in it the line's index and the numbers in the
    /// line's own job.
    pub(super) fn parts(&self, span: Span) -> impl Iterator<Item = (u32, Span)> {
        let first = self.runs.partition_point(|run| run.first <= span.first).saturating_sub(1);
        let begun = self.runs[first..].iter().take_while(move |run| run.first < span.end);
        begun.enumerate().filter_map(move |(place, run)| {
            let end = self.runs.get(first + place + 1).map_or(self.blocks, |next| next.first);
            let (from, to) = (run.first.max(span.first), end.min(span.end));
            (from < to).then(|| (run.line, Span::new(run.own + (from - run.first), run.own + (to - run.first))))
        })
    }

    /// The same for each line once.
    pub(super) fn lines(&self, span: Span) -> BTreeMap<u32, Span> {
        let mut lines = BTreeMap::<u32, Span>::new();
        for (line, own) in self.parts(span) {
            lines.entry(line).and_modify(|all| all.end = own.end).or_insert(own);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> BlockLayout {
        let lines = [(vec![1, 2, 4], 10), (Vec::new(), 3), (vec![1, 2], 2), (vec![1], 2)];
        BlockLayout::new(&lines).expect("few blocks")
    }

    #[test]
    fn stages_come_first_and_lines_keep_their_order() {
        let layout = example();
        assert_eq!((layout.stages(), layout.blocks()), (&[3, 5, 7][..], 17));
        let parts: Vec<_> = layout.parts(Span::new(0, 17)).map(|(line, own)| (line, own.first, own.end)).collect();
        let expected =
            [(0, 0, 1), (2, 0, 1), (3, 0, 1), (0, 1, 2), (2, 1, 2), (0, 2, 4), (0, 4, 10), (1, 0, 3), (3, 1, 2)];
        assert_eq!(parts, expected);
        assert_eq!(layout.parts(Span::new(5, 5)).count(), 0);
        assert_eq!(
            layout.lines(Span::new(2, 8)).into_iter().collect::<Vec<_>>(),
            [(0, Span::new(1, 5)), (2, Span::new(1, 2)), (3, Span::new(0, 1)),]
        );
    }

    #[test]
    fn blocks_beyond_all_numbers_are_refused() {
        assert!(BlockLayout::new(&[(Vec::new(), u64::MAX)]).is_some());
        assert_eq!(BlockLayout::new(&[(Vec::new(), u64::MAX), (Vec::new(), 1)]), None);
    }

    proptest! {
        /// Each block of each line is there once, whatever the cut.
        #[test]
        fn any_cut_has_every_block_once(
            lines in prop::collection::vec((0..5usize, 1..9u64), 1..9),
            cuts in prop::collection::vec(0..200u64, 0..9),
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(stages, counting)| {
                let stages: Vec<u64> = (0..stages).map(|stage| 1 << stage).collect();
                let trained = stages.last().copied().unwrap_or(0);
                (stages, trained + counting)
            }).collect();
            let layout = BlockLayout::new(&lines).expect("few blocks");
            prop_assert_eq!(layout.blocks(), lines.iter().map(|(_, blocks)| blocks).sum::<u64>());
            let mut ends: Vec<u64> = cuts.into_iter().map(|cut| cut.min(layout.blocks())).collect();
            ends.extend([0, layout.blocks()]);
            ends.sort_unstable();
            let mut next = vec![0; lines.len()];
            for ends in ends.windows(2) {
                let span = Span::new(ends[0], ends[1]);
                let mut here = BTreeMap::new();
                for (line, own) in layout.parts(span) {
                    prop_assert_eq!(own.first, next[line as usize], "in order, without a hole");
                    next[line as usize] = own.end;
                    here.entry(line).or_insert(own).end = own.end;
                }
                prop_assert_eq!(layout.lines(span), here);
            }
            prop_assert!(next.iter().zip(&lines).all(|(&next, (_, blocks))| next == *blocks));
        }
    }
}
