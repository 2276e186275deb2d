//! Where the spans of a ledger do not merge.
//!
//! Stands apart from the ledger, which obeys them: a job says which prefixes of it need totals, and
//! which blocks a longer job does not have.

use serde::{Deserialize, Serialize};

/// The blocks in front of which spans do not merge: the part before a boundary can always be
/// separated from the part after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boundaries {
    /// One block: the first that a longer job does not have (see [`Identity`](crate::Identity)).
    pub at: Option<u64>,
    /// The ends of prefixes whose totals are needed, also after a restart.
    pub prefixes: PrefixEnds,
}

/// Which prefixes of a job keep their totals apart: as a rule those of 1, 2, 4, 8, ... blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrefixEnds {
    /// None.
    #[default]
    None,
    /// Those of the job.
    Powers,
    /// Those of the job up to this block, and from it on those of 1, 2, 4, 8, ... blocks after it:
    /// of a job whose first blocks prepare the others.
    PowersAfter(u64),
    /// Those that end in front of these blocks, in ascending order: of a job whose stages have
    /// other lengths.
    At(Vec<u64>),
}

impl PrefixEnds {
    /// Whether one of them ends in front of `block`.
    pub fn has(&self, block: u64) -> bool {
        match *self {
            PrefixEnds::None => false,
            PrefixEnds::At(ref ends) => ends.binary_search(&block).is_ok(),
            PrefixEnds::PowersAfter(first) if block >= first => block == first || (block - first).is_power_of_two(),
            PrefixEnds::Powers | PrefixEnds::PowersAfter(_) => block.is_power_of_two(),
        }
    }

    /// The first end after `block`.
    fn next(&self, block: u64) -> Option<u64> {
        let power = |number: u64| (number + 1).checked_next_power_of_two();
        match *self {
            PrefixEnds::None => None,
            PrefixEnds::At(ref ends) => ends.get(ends.partition_point(|&end| end <= block)).copied(),
            PrefixEnds::PowersAfter(first) if block >= first => power(block - first)?.checked_add(first),
            PrefixEnds::PowersAfter(first) => Some(power(block)?.min(first)),
            PrefixEnds::Powers => power(block),
        }
    }
}

impl Boundaries {
    /// A boundary at one block only.
    pub fn at(block: Option<u64>) -> Boundaries {
        Boundaries { at: block, prefixes: PrefixEnds::None }
    }

    pub(super) fn has(&self, block: u64) -> bool {
        self.at == Some(block) || self.prefixes.has(block)
    }

    /// The first boundary after `block`.
    pub fn next(&self, block: u64) -> Option<u64> {
        self.at.filter(|&at| at > block).into_iter().chain(self.prefixes.next(block)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_counted_from_the_job_or_from_a_block_of_it() {
        let ends = |prefixes: PrefixEnds| (0..100).filter(|&block| prefixes.has(block)).collect::<Vec<_>>();
        assert_eq!(ends(PrefixEnds::None), [0; 0]);
        assert_eq!(ends(PrefixEnds::Powers), [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!(ends(PrefixEnds::PowersAfter(20)), [1, 2, 4, 8, 16, 20, 21, 22, 24, 28, 36, 52, 84]);
        assert_eq!(ends(PrefixEnds::At(vec![3, 6, 40])), [3, 6, 40]);
        for prefixes in [
            PrefixEnds::None,
            PrefixEnds::Powers,
            PrefixEnds::PowersAfter(20),
            PrefixEnds::PowersAfter(0),
            PrefixEnds::At(vec![3, 6, 40]),
            PrefixEnds::At(Vec::new()),
        ] {
            for block in 0..50 {
                assert_eq!(
                    prefixes.next(block),
                    (block + 1..200).find(|&end| prefixes.has(end)),
                    "{prefixes:?} {block}"
                );
            }
            assert_eq!(prefixes.next(u64::MAX - 1), None);
        }
    }

    /// A checkpoint of an older version has a boolean in its place.
    #[test]
    fn no_prefixes_and_all_are_written_as_false_and_true() {
        for (prefixes, old) in [(PrefixEnds::None, false), (PrefixEnds::Powers, true)] {
            let bytes = crate::record::encode(&old).expect("plain");
            assert_eq!(crate::record::decode::<PrefixEnds>(&bytes).expect("plain"), prefixes);
        }
    }
}
