//! The messages of a round.
//!
//! Questions, reports, signals and answers go straight between the root and a rank. The end of a
//! round follows a binomial tree ([`Tree`]), so that the root merges O(log ranks) tallies.

use serde::{Deserialize, Serialize};

use crate::{Ledger, Span};

/// One message of a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: serde::de::DeserializeOwned"))]
pub enum Message<T> {
    /// To the root: which span do I compute next?
    Ask,
    /// From the root: this one.
    Give(Span),
    /// From the root: there is nothing more for this rank.
    NoMore,
    /// From the root: drop what is not begun; the round ends early.
    Stop,
    /// To the root: this signal asked for a stop.
    Signal(i32),
    /// To the root: a signal asked for a save.
    Save,
    /// To the root: what this rank has done since its last report.
    Report(Ledger<T>),
    /// To the parent: all ranks of this branch have nothing left to compute.
    Finished,
    /// From the root: all ranks have finished. Send nothing more except [`Message::Reduce`].
    Close,
    /// To the parent: what the branch has done and not reported.
    Reduce {
        /// How many reports, signals and requests for a save the branch has sent to the root.
        sent: u64,
        /// The tallies.
        ledger: Ledger<T>,
    },
}

impl<T> Message<T> {
    /// Whether the root must have received it before the round is over. Only such messages can be
    /// under way when the branch's [`Message::Reduce`] arrives, since they take another path.
    pub fn is_counted(&self) -> bool {
        matches!(self, Message::Signal(_) | Message::Save | Message::Report(_))
    }
}

/// A rank's place in the binomial tree of all ranks: rank `r` has the parent `r` without its lowest
/// bit, and the children `r + 1`, `r + 2`, `r + 4`, ... below its lowest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    rank: u64,
    ranks: u64,
}

impl Tree {
    /// The place of `rank` among `ranks` ranks.
    pub fn new(rank: u64, ranks: u64) -> Tree {
        Tree { rank, ranks }
    }

    /// `None` for the root.
    pub fn parent(self) -> Option<u64> {
        (self.rank != 0).then(|| self.rank & (self.rank - 1))
    }

    /// How many children it has: at most log2 of the ranks, rounded up.
    pub fn children(self) -> u64 {
        let lowest = if self.rank == 0 { u64::MAX } else { self.rank & self.rank.wrapping_neg() };
        let distances = (0..64).map(|bit| 1u64 << bit).take_while(|&distance| distance < lowest);
        distances.take_while(|&distance| self.rank + distance < self.ranks).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_but_the_root_has_one_parent() {
        for ranks in 1..200 {
            let mut children = vec![0; ranks as usize];
            for rank in 1..ranks {
                let parent = Tree::new(rank, ranks).parent().expect("only the root has none");
                assert!(parent < rank);
                children[parent as usize] += 1;
            }
            for rank in 0..ranks {
                assert_eq!(Tree::new(rank, ranks).children(), children[rank as usize], "{rank} of {ranks}");
            }
            assert_eq!(Tree::new(0, ranks).parent(), None);
            assert!(children[0] <= u64::from(ranks.next_power_of_two().trailing_zeros()));
        }
    }
}
