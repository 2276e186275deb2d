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
use crate::report::rounded::size;

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

impl Rank {
    fn here(cluster: &Cluster) -> Rank {
        let (shareable, threads) = (cluster.shareable_bytes(), cluster.threads());
        Rank { host: host(), bounds: limits::memory(), shareable, threads }
    }
}

/// The ranks of each host.
fn hosts(all: &[Rank]) -> BTreeMap<&str, Vec<&Rank>> {
    let mut hosts: BTreeMap<&str, Vec<&Rank>> = BTreeMap::new();
    for rank in all {
        hosts.entry(&rank.host).or_default().push(rank);
    }
    hosts
}

/// Checks whether it fits everywhere. Every rank must call it, with the same numbers.
///
/// # Errors
/// [`Error::Reported`] with the numbers, if it does not fit.
pub(super) fn check(cluster: &Cluster, need: Need) -> Result<()> {
    let all = cluster.gather_records(&Rank::here(cluster))?;
    cluster.agree(all.map_or(Ok(()), |all| fits(need, &all)))
}

/// At the root: `all` holds the data of each rank.
fn fits(need: Need, all: &[Rank]) -> Result<()> {
    hosts(all).into_iter().try_for_each(|(host, ranks)| fits_on(need, host, &ranks).map_err(Error::Run))
}

/// What a command takes of one bound of a host's memory.
struct Take<'a> {
    /// The limit, in words.
    cause: &'a str,
    /// Whether it is one of the process.
    is_own: bool,
    /// Ranks that share the bound; for a limit of the process, its threads.
    takers: u64,
    /// Bytes that they take.
    taken: u64,
    /// Bytes left.
    left: u64,
}

/// What the ranks of a host take of each bound.
fn takes<'a>(need: Need, ranks: &[&'a Rank], is_shared: bool) -> Vec<Take<'a>> {
    // Ranks under each bound, and the least bytes left that any of them reports.
    let mut bounds: BTreeMap<(&str, bool), (u64, u64)> = BTreeMap::new();
    for bound in ranks.iter().flat_map(|rank| &rank.bounds) {
        let (under, left) = bounds.entry((&bound.cause, bound.is_own)).or_insert((0, u64::MAX));
        *under += 1;
        *left = bound.left.min(*left);
    }
    let count = ranks.len() as u64;
    let threads = ranks.iter().map(|rank| rank.threads).max().unwrap_or(1);
    let take = |((cause, is_own), (under, left))| {
        let takers = if is_own { threads } else { under };
        let shared = match (is_own, is_shared) {
            // A process has all shared memory in its address space.
            (true, _) => need.shared,
            // Each rank fills an equal part of the shared memory, which is charged to its control
            // group.
            (false, true) => need.shared / count * takers,
            (false, false) => need.shared.saturating_mul(takers),
        };
        Take { cause, is_own, takers, taken: need.own.saturating_mul(takers).saturating_add(shared), left }
    };
    bounds.into_iter().map(take).collect()
}

/// The least memory that the ranks of the host can share.
fn shareable(ranks: &[&Rank]) -> u64 {
    ranks.iter().map(|rank| rank.shareable).min().unwrap_or(0)
}

fn fits_on(need: Need, host: &str, ranks: &[&Rank]) -> std::result::Result<(), String> {
    let shareable = shareable(ranks);
    let is_shared = need.shared <= shareable;
    for Take { cause, is_own, takers, taken, left } in takes(need, ranks, is_shared) {
        if taken > left {
            let (what, taken, left) = (need.what, taken.div_ceil(1 << 20), left >> 20);
            let of = match takers {
                1 if is_own => " for each rank".to_owned(),
                1 => String::new(),
                ranks => format!(" for {ranks} ranks"),
            };
            let advice = match (is_own, is_shared) {
                (false, false) if ranks.len() > 1 => format!(
                    "; its ranks can share {} MiB: run fewer ranks there, or give it more shared memory (/dev/shm)",
                    shareable >> 20
                ),
                _ if takers > 1 && need.own > 0 => "; fewer ranks there need less".to_owned(),
                _ => String::new(),
            };
            return Err(format!("{what} take {taken} MiB on {host}{of}, and {left} MiB are left of {cause}{advice}"));
        }
    }
    Ok(())
}

/// What it takes on the host with the least room to spare, in words for a plan: `1.2 GB on nid001,
/// where 24.9 GB are left`. Every rank must call it; `None` on the others and where nothing is
/// known.
///
/// # Errors
/// [`Error::Mpi`](crate::error::Error) when ranks cannot be asked.
pub(super) fn told(cluster: &Cluster, needs: &[Need]) -> Result<Option<String>> {
    let all = cluster.gather_records(&Rank::here(cluster))?;
    Ok(all.and_then(|all| tightest(needs, &all)))
}

fn tightest(needs: &[Need], all: &[Rank]) -> Option<String> {
    let mut tightest: Option<(f64, String)> = None;
    for (host, ranks) in hosts(all) {
        for &need in needs {
            for Take { taken, left, .. } in takes(need, &ranks, need.shared <= shareable(&ranks)) {
                let share = taken as f64 / left.max(1) as f64;
                if tightest.as_ref().is_none_or(|(most, _)| share > *most) {
                    let enough = if taken > left { "only " } else { "" };
                    let text = format!("{} on {host}, where {enough}{} are left", size(taken), size(left));
                    tightest = Some((share, text));
                }
            }
        }
    }
    tightest.map(|(_, text)| text)
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
            "the tables take 300 MiB on a for 2 ranks, and 298 MiB are left of what the host has free"
        );
        assert!(fits(tables(0, 1 << 40), &all[3..]).is_ok());
    }

    #[test]
    fn ranks_that_cannot_share_need_room_each() {
        let all = [rank("a", 300, 64), rank("a", 299, 65)];
        assert!(fits(tables(0, 149), &all).is_ok() && fits(tables(0, 64), &all).is_ok());
        assert_eq!(
            told(tables(0, 150), &all),
            "the tables take 300 MiB on a for 2 ranks, and 299 MiB are left of what the host has free; its ranks can share 64 MiB: run \
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
            "the tables take 110 MiB on a for 2 ranks, and 100 MiB are left of group step; fewer ranks there need less"
        );
        assert_eq!(told(tables(25, 80), &all[..1]), "the tables take 105 MiB on a, and 100 MiB are left of group step");
        assert_eq!(told(tables(0, 70), &all[..1]), "the tables take 70 MiB on a, and 60 MiB are left of group task_0");
    }

    #[test]
    fn a_process_has_limits_of_its_own() {
        let bound =
            Bound { left: 100 * MB, cause: "the limit of address space (ulimit -v, 200 MiB)".to_owned(), is_own: true };
        let one = Rank { bounds: vec![bound], ..rank("a", 0, u64::MAX) };
        let all = [one.clone(), one];
        assert!(fits(tables(20, 80), &all).is_ok());
        assert_eq!(
            told(tables(21, 80), &all),
            "the tables take 101 MiB on a for each rank, and 100 MiB are left of the limit of address space (ulimit -v, 200 MiB)"
        );
    }

    #[test]
    fn threads_share_the_limits_of_their_process() {
        let cause = "the limit of address space (ulimit -v, 200 MiB)".to_owned();
        let bound = Bound { left: 100 * MB, cause, is_own: true };
        let one = Rank { bounds: vec![bound], threads: 3, ..rank("a", 0, u64::MAX) };
        let all = [one.clone(), one.clone(), one];
        assert!(fits(tables(10, 70), &all).is_ok());
        assert_eq!(
            told(tables(11, 70), &all),
            "the tables take 103 MiB on a for 3 ranks, and 100 MiB are left of the limit of address space (ulimit -v, 200 MiB); fewer \
             ranks there need less"
        );
    }

    #[test]
    fn a_plan_names_the_host_with_the_least_room() {
        let all = [rank("a", 3000, u64::MAX), rank("b", 2000, u64::MAX), rank("a", 2900, u64::MAX)];
        assert_eq!(tightest(&[tables(0, 100)], &all).as_deref(), Some("100 MiB on b, where 1.95 GiB are left"));
        assert_eq!(tightest(&[tables(900, 0)], &all).as_deref(), Some("1.76 GiB on a, where 2.83 GiB are left"));
        assert_eq!(
            tightest(&[tables(0, 1), tables(0, 2500)], &all).as_deref(),
            Some("2.44 GiB on b, where only 1.95 GiB are left")
        );
        assert_eq!(tightest(&[tables(1, 0)], &[]), None);
    }
}
