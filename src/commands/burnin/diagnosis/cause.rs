//! The cause of a wrong answer, from repetitions of the same block on the same rank and elsewhere.
//!
//! | again there | elsewhere | verdict |
//! |---|---|---|
//! | right | | transient: a particle, a voltage dip, memory without ECC |
//! | wrong | right, on another host | this host only |
//! | wrong | wrong, on another host | software: the program, the compiler or the table |
//! | wrong | on the same host, or nowhere | repeatable: one host cannot say whether it is the host or the software |

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::report::record::words;

/// How often a wrong block is repeated on the same rank.
pub const AGAIN: usize = 2;

words! {
    /// What a wrong answer means.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Cause {
        /// It did not come again.
        Transient = "transient",
        /// It came again, and there is no other host to compare with.
        Repeatable = "repeatable",
        /// It came again, and another host is right.
        ThisHostOnly = "this-host-only",
        /// It came again, there and on another host.
        Software = "software",
    }
}

/// Where else the block was computed, and whether it was wrong there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherRank {
    /// On another host, not only on another rank.
    pub is_other_host: bool,
    /// The answer there is wrong.
    pub is_wrong: bool,
}

/// The verdict on a block; `wrong_again`: at least one repetition on the same rank was wrong.
pub fn cause(wrong_again: bool, elsewhere: Option<OtherRank>) -> Cause {
    match elsewhere {
        _ if !wrong_again => Cause::Transient,
        Some(OtherRank { is_other_host: true, is_wrong: true }) => Cause::Software,
        Some(OtherRank { is_other_host: true, is_wrong: false }) => Cause::ThisHostOnly,
        _ => Cause::Repeatable,
    }
}

/// The rank that tries a block again for `rank`: the first one with the same instruction sets on
/// another host, else the next one on its own. `hosts` and `kinds` say for each rank on which host
/// it is and which instruction sets it has.
pub fn witness(rank: usize, hosts: &[usize], kinds: &[u32]) -> Option<usize> {
    let able = |other: &usize| *other != rank && kinds[*other] == kinds[rank];
    let after = (rank + 1..hosts.len()).chain(0..rank);
    after.clone().filter(able).find(|&other| hosts[other] != hosts[rank]).or_else(|| after.clone().find(able))
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Transient => "transient",
            Cause::Repeatable => "repeatable",
            Cause::ThisHostOnly => "this host only",
            Cause::Software => "software",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_above() {
        let elsewhere = |is_other_host, is_wrong| Some(OtherRank { is_other_host, is_wrong });
        for other in [None, elsewhere(false, true), elsewhere(true, false), elsewhere(true, true)] {
            assert_eq!(cause(false, other), Cause::Transient);
        }
        assert_eq!(cause(true, elsewhere(true, false)), Cause::ThisHostOnly);
        assert_eq!(cause(true, elsewhere(true, true)), Cause::Software);
        for other in [None, elsewhere(false, false), elsewhere(false, true)] {
            assert_eq!(cause(true, other), Cause::Repeatable);
        }
    }

    #[test]
    fn a_witness_is_on_another_host_where_there_is_one() {
        assert_eq!(witness(0, &[0, 0, 1, 1], &[3; 4]), Some(2));
        assert_eq!(witness(3, &[0, 0, 1, 1], &[3; 4]), Some(0));
        assert_eq!(witness(1, &[0, 0], &[3; 2]), Some(0));
        assert_eq!(witness(0, &[0], &[3]), None);
        // Another CPU may not have the instruction set.
        assert_eq!(witness(0, &[0, 1, 2, 0], &[3, 2, 3, 3]), Some(2));
        assert_eq!(witness(0, &[0, 1], &[3, 2]), None);
    }
}
