//! What blocks of many integrals add up to: for each line that has some of them, its own tally.
//!
//! Stands beside `methods`, which has the tally of one line. A sum that is exact has kilobytes in
//! memory, and a hundredth of that when written down; so all lines but the last are kept in written
//! form. Spans merge in order, so it is the last line that has more to come.
//!
//! Memory: about 200 bytes a line of `plain`, 900 of `sobol`; of one that trains, 30 to 60 bytes
//! for each interval of its map in the last stage as well.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::commands::integrate::methods::AnyTally;
use crate::job::{Tally, record};

/// The tally of a span of blocks of all lines.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct ManyTally {
    /// By the line's index.
    lines: BTreeMap<u32, LineTally>,
}

/// The tally of some blocks of a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LineTally {
    /// How many blocks.
    pub(super) blocks: u64,
    /// Whether the samples that are tested first have a value that makes the line fail.
    pub(super) has_failed: bool,
    sums: StoredSums,
}

/// Sums that may still grow, or in written form.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum StoredSums {
    Open(AnyTally),
    /// Bytes that are no sums are those of a forged checkpoint: the job's check refuses them.
    Written(ByteBuf),
}

impl LineTally {
    /// That of `blocks` blocks.
    pub(super) fn new(blocks: u64, has_failed: bool, sums: AnyTally) -> LineTally {
        LineTally { blocks, has_failed, sums: StoredSums::Open(sums) }
    }

    /// The sums; `None` if they are damaged.
    pub(super) fn sums(&self) -> Option<AnyTally> {
        match &self.sums {
            StoredSums::Open(sums) => Some(sums.clone()),
            StoredSums::Written(bytes) => record::decode(bytes).ok(),
        }
    }

    /// Puts the sums in written form. Sums that cannot be written are damaged from then on.
    fn write(&mut self) {
        if let StoredSums::Open(sums) = &self.sums {
            self.sums = StoredSums::Written(ByteBuf::from(record::encode(sums).unwrap_or_default()));
        }
    }

    /// Adds the tally of the blocks behind these.
    fn merge(&mut self, next: LineTally) {
        self.blocks = self.blocks.saturating_add(next.blocks);
        self.has_failed |= next.has_failed;
        self.sums = match (self.sums(), next.sums()) {
            (Some(mut here), Some(there)) => {
                here.merge(there);
                StoredSums::Open(here)
            }
            _ => StoredSums::Written(ByteBuf::new()),
        };
    }
}

impl Tally for ManyTally {
    fn merge(&mut self, next: ManyTally) {
        // The fewer lines are added to the many: a rank's ledger grows in front of a hole as well.
        if self.lines.len() >= next.lines.len() {
            for (line, there) in next.lines {
                self.add_behind(line, there);
            }
        } else {
            let here = std::mem::replace(&mut self.lines, next.lines);
            for (line, tally) in here {
                self.add_in_front(line, tally);
            }
        }
    }
}

impl ManyTally {
    /// That of adjacent blocks of one line.
    pub(super) fn of_line(line: u32, tally: LineTally) -> ManyTally {
        ManyTally { lines: BTreeMap::from([(line, tally)]) }
    }

    /// Each line that has blocks, in order.
    pub(super) fn lines(&self) -> impl ExactSizeIterator<Item = (u32, &LineTally)> {
        self.lines.iter().map(|(&line, tally)| (line, tally))
    }

    /// That of one line, if it has blocks.
    pub(super) fn line(&self, line: u32) -> Option<&LineTally> {
        self.lines.get(&line)
    }

    /// Adds the tally of a line whose blocks are behind those here.
    fn add_behind(&mut self, line: u32, there: LineTally) {
        if let Some(here) = self.lines.get_mut(&line) {
            return here.merge(there);
        }
        if let Some(mut last) = self.lines.last_entry().filter(|last| *last.key() < line) {
            last.get_mut().write();
        }
        self.lines.insert(line, there);
    }

    /// Adds the tally of a line whose blocks are in front of those here.
    fn add_in_front(&mut self, line: u32, mut here: LineTally) {
        match self.lines.remove(&line) {
            Some(there) => here.merge(there),
            None => here.write(),
        }
        self.lines.insert(line, here);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::integrate::args::IntegrateMethod;
    use crate::commands::integrate::methods::AnyJob;
    use crate::commands::integrate::problem::testing::problem;
    use crate::job::Span;
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    /// The tally of one block of a short job.
    fn block(number: u64) -> LineTally {
        let job = AnyJob::new(problem("ball", "3", 1 << 20, IntegrateMethod::Plain), 0);
        let sums = job.compute(Span::new(number, number + 1), &mut job.workspace(), &mut || ControlFlow::Continue(()));
        LineTally::new(1, number == 1, sums.continue_value().expect("nothing stops it"))
    }

    fn written(tally: &ManyTally) -> Vec<(u32, u64, bool, Vec<u8>)> {
        let sums = |tally: &LineTally| record::encode(&tally.sums().expect("sound")).expect("encodes");
        tally.lines().map(|(line, tally)| (line, tally.blocks, tally.has_failed, sums(tally))).collect()
    }

    /// Three blocks of each of five lines.
    fn fifteen() -> Vec<ManyTally> {
        let blocks = [block(0), block(1), block(2)];
        (0..5).flat_map(|line| blocks.iter().map(move |tally| ManyTally::of_line(line, tally.clone()))).collect()
    }

    fn merged(tallies: impl IntoIterator<Item = ManyTally>) -> ManyTally {
        let mut total = ManyTally::default();
        tallies.into_iter().for_each(|next| total.merge(next));
        total
    }

    #[test]
    fn all_lines_but_the_last_are_written_down() {
        let all = merged(fifteen());
        let is_open = |(_, tally): (u32, &LineTally)| matches!(tally.sums, StoredSums::Open(_));
        assert_eq!(all.lines().map(is_open).collect::<Vec<_>>(), [false, false, false, false, true]);
        assert_eq!(all.lines().map(|(_, tally)| tally.blocks).collect::<Vec<_>>(), [3; 5]);
        assert!(all.lines().all(|(_, tally)| tally.has_failed));
    }

    #[test]
    fn damaged_sums_stay_damaged() {
        let mut damaged = block(0);
        damaged.sums = StoredSums::Written(ByteBuf::from(vec![9, 9]));
        let mut total = ManyTally::of_line(0, damaged);
        total.merge(ManyTally::of_line(0, block(1)));
        assert!(total.line(0).expect("there").sums().is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn any_grouping_gives_the_same_sums(cuts in prop::collection::btree_set(1..15usize, 0..6)) {
            let all = fifteen();
            let ends: Vec<usize> = [0].into_iter().chain(cuts).chain([15]).collect();
            let groups: Vec<ManyTally> = ends.windows(2).map(|ends| merged(all[ends[0]..ends[1]].to_vec())).collect();
            // From the back: the front absorbs what is larger.
            let from_back = groups.iter().rev().cloned().reduce(|behind, mut front| {
                front.merge(behind);
                front
            });
            let expected = written(&merged(all));
            prop_assert_eq!(written(&merged(groups)), expected.clone());
            prop_assert_eq!(written(&from_back.expect("a group")), expected);
        }
    }
}
