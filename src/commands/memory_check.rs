//! Checks that a command fits into the memory of every host, before it allocates.
//!
//! A rank that runs out of memory is killed without a message, and the job with it, after minutes
//! of work. The bound may be the host, a control group at any level, shared by several ranks, or a
//! limit of the process ([`limits`]). Tables exist once per host if its ranks can share them;
//! otherwise each rank has its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::cluster::limits::{self, Bound};
use crate::cluster::place::host;
use crate::error::{Error, Result};

/// The memory that a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// Its name, in the plural: "the tables".
    pub what: &'static str,
    /// Private bytes of each rank.
    pub own: u64,
    /// Bytes that the ranks of a host share, if possible.
    pub shared: u64,
}

/// A rank's data about its host.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Rank {
    host: String,
    bounds: Vec<Bound>,
    /// Bytes that the ranks of the host can share.
    shareable: u64,
    /// Ranks in its process.
    threads: u64,
}

/// Checks whether it fits everywhere. Every rank must call it, with the same numbers.
///
/// # Errors
/// [`Error::Reported`] with the numbers, if it does not fit.
pub(super) fn check(cluster: &Cluster, need: Need) -> Result<()> {
    let here = Rank {
        host: host(),
        bounds: limits::memory(),
        shareable: cluster.shareable_bytes(),
        threads: cluster.threads(),
    };
    let all = cluster.gather_records(&here)?;
    cluster.agree(all.map_or(Ok(()), |all| fits(need, &all)))
}

/// At the root: `all` holds the data of each rank.
fn fits(need: Need, all: &[Rank]) -> Result<()> {
    let mut hosts: BTreeMap<&str, Vec<&Rank>> = BTreeMap::new();
    for rank in all {
        hosts.entry(&rank.host).or_default().push(rank);
    }
    hosts.into_iter().try_for_each(|(host, ranks)| fits_on(need, host, &ranks).map_err(Error::Run))
}

fn fits_on(need: Need, host: &str, ranks: &[&Rank]) -> std::result::Result<(), String> {
    let shareable = ranks.iter().map(|rank| rank.shareable).min().unwrap_or(0);
    let is_shared = need.shared <= shareable;
    // Ranks under each bound, and the least bytes left that any of them reports.
    let mut bounds: BTreeMap<(&str, bool), (u64, u64)> = BTreeMap::new();
    for bound in ranks.iter().flat_map(|rank| &rank.bounds) {
        let (under, left) = bounds.entry((&bound.cause, bound.is_own)).or_insert((0, u64::MAX));
        *under += 1;
        *left = bound.left.min(*left);
    }
    let count = ranks.len() as u64;
    let threads = ranks.iter().map(|rank| rank.threads).max().unwrap_or(1);
    for ((cause, is_own), (under, left)) in bounds {
        // The ranks that share the bound; for a limit of the process, its threads.
        let takers = if is_own { threads } else { under };
        let shared = match (is_own, is_shared) {
            // A process has all shared memory in its address space.
            (true, _) => need.shared,
            // Each rank fills an equal part of the shared memory, which is charged to its control
            // group.
            (false, true) => need.shared / count * takers,
            (false, false) => need.shared.saturating_mul(takers),
        };
        let taken = need.own.saturating_mul(takers).saturating_add(shared);
        if taken > left {
            let (what, taken, left) = (need.what, taken.div_ceil(1 << 20), left >> 20);
            let of = match takers {
                1 if is_own => " for each rank".to_owned(),
                1 => String::new(),
                ranks => format!(" for {ranks} ranks"),
            };
            let advice = match (is_own, is_shared) {
                (false, false) if count > 1 => format!(
                    "; its ranks can share {} MB: run fewer ranks there, or give it more shared memory (/dev/shm)",
                    shareable >> 20
                ),
                _ if takers > 1 && need.own > 0 => "; fewer ranks there need less".to_owned(),
                _ => String::new(),
            };
            return Err(format!("{what} take {taken} MB on {host}{of}, and {left} MB are left of {cause}{advice}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;
    const HOST: &str = "what the host has free";

    fn rank(host: &str, left: u64, shareable: u64) -> Rank {
        let bound = Bound { left: left * MB, cause: HOST.to_owned(), is_own: false };
        Rank { host: host.to_owned(), bounds: vec![bound], shareable: shareable.saturating_mul(MB), threads: 1 }
    }

    fn tables(own: u64, shared: u64) -> Need {
        Need { what: "the tables", own: own * MB, shared: shared * MB }
    }

    fn told(need: Need, all: &[Rank]) -> String {
        fits(need, all).expect_err("no room").to_string()
    }

    #[test]
    fn each_host_needs_room_once() {
        let unknown = Rank { bounds: Vec::new(), ..rank("c", 0, 0) };
        let all = [rank("a", 300, u64::MAX), rank("b", 350, 350), rank("a", 298, u64::MAX), unknown];
        assert!(fits(tables(0, 298), &all).is_ok());
        assert_eq!(
            told(tables(0, 300), &all),
            "the tables take 300 MB on a for 2 ranks, and 298 MB are left of what the host has free"
        );
        assert!(fits(tables(0, 1 << 40), &all[3..]).is_ok());
    }

    #[test]
    fn ranks_that_cannot_share_need_room_each() {
        let all = [rank("a", 300, 64), rank("a", 299, 65)];
        assert!(fits(tables(0, 149), &all).is_ok() && fits(tables(0, 64), &all).is_ok());
        assert_eq!(
            told(tables(0, 150), &all),
            "the tables take 300 MB on a for 2 ranks, and 299 MB are left of what the host has free; its ranks can share 64 MB: run \
             fewer ranks there, or give it more shared memory (/dev/shm)"
        );
        assert!(fits(tables(0, 299), &all[..1]).is_ok());
        assert!(told(tables(150, 0), &all).ends_with("free; fewer ranks there need less"));
    }

    #[test]
    fn each_control_group_is_charged_with_its_ranks() {
        let of = |group: &str, left: u64| Bound { left: left * MB, cause: format!("group {group}"), is_own: false };
        let rank = |task: &str| Rank { bounds: vec![of("step", 100), of(task, 60)], ..rank("a", 0, u64::MAX) };
        let all = [rank("task_0"), rank("task_1")];
        assert!(fits(tables(10, 80), &all).is_ok());
        assert_eq!(
            told(tables(15, 80), &all),
            "the tables take 110 MB on a for 2 ranks, and 100 MB are left of group step; fewer ranks there need less"
        );
        assert_eq!(told(tables(25, 80), &all[..1]), "the tables take 105 MB on a, and 100 MB are left of group step");
        assert_eq!(told(tables(0, 70), &all[..1]), "the tables take 70 MB on a, and 60 MB are left of group task_0");
    }

    #[test]
    fn a_process_has_limits_of_its_own() {
        let bound =
            Bound { left: 100 * MB, cause: "the limit of address space (ulimit -v, 200 MB)".to_owned(), is_own: true };
        let one = Rank { bounds: vec![bound], ..rank("a", 0, u64::MAX) };
        let all = [one.clone(), one];
        assert!(fits(tables(20, 80), &all).is_ok());
        assert_eq!(
            told(tables(21, 80), &all),
            "the tables take 101 MB on a for each rank, and 100 MB are left of the limit of address space (ulimit -v, 200 MB)"
        );
    }

    #[test]
    fn threads_share_the_limits_of_their_process() {
        let cause = "the limit of address space (ulimit -v, 200 MB)".to_owned();
        let bound = Bound { left: 100 * MB, cause, is_own: true };
        let one = Rank { bounds: vec![bound], threads: 3, ..rank("a", 0, u64::MAX) };
        let all = [one.clone(), one.clone(), one];
        assert!(fits(tables(10, 70), &all).is_ok());
        assert_eq!(
            told(tables(11, 70), &all),
            "the tables take 103 MB on a for 3 ranks, and 100 MB are left of the limit of address space (ulimit -v, 200 MB); fewer \
             ranks there need less"
        );
    }
}
