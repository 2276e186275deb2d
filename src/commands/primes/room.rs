//! Whether the tables of the formula fit into the memory of every host, asked before they are made.
//!
//! Every rank has tables of its own. A rank that runs out of memory is killed without a word, and the job with it, after minutes of work.

use std::collections::BTreeMap;

use crate::cluster::Cluster;
use crate::cluster::place::{free_memory, host};
use crate::error::{Error, Result};

/// Finds out whether each host has room for its ranks' tables of so many bytes each. Every rank must call it.
///
/// # Errors
/// [`Error::Told`] with the numbers, where there is not enough.
pub(super) fn check(cluster: &Cluster, bytes: u64) -> Result<()> {
    let all = cluster.gather_records(&(host(), free_memory()))?;
    cluster.agree(all.map_or(Ok(()), |all| enough(bytes, &all)))
}

/// At the root: `all` has each rank's host and the bytes free there, where that is known.
fn enough(bytes: u64, all: &[(String, Option<u64>)]) -> Result<()> {
    let mut hosts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (host, free) in all {
        let (ranks, least) = hosts.entry(host).or_insert((0, u64::MAX));
        *ranks += 1;
        *least = free.unwrap_or(u64::MAX).min(*least);
    }
    let short = hosts.into_iter().find(|(_, (ranks, free))| ranks * bytes > *free);
    short.map_or(Ok(()), |(host, (ranks, free))| {
        Err(Error::Run(format!(
            "the tables take {} MB a rank, and {host} has {} MB left for {ranks} of them: run fewer ranks there",
            bytes >> 20,
            free >> 20
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_needs_room_for_all_its_ranks() {
        let rank = |host: &str, free| (host.to_owned(), free);
        let all = [rank("a", Some(300 << 20)), rank("b", Some(150 << 20)), rank("a", Some(299 << 20)), rank("c", None)];
        assert!(enough(140 << 20, &all).is_ok());
        let told = enough(150 << 20, &all).expect_err("two of them do not fit on a").to_string();
        assert_eq!(told, "the tables take 150 MB a rank, and a has 299 MB left for 2 of them: run fewer ranks there");
        assert!(enough(151 << 20, &all[1..2]).is_err() && enough(u64::MAX / 4, &all[3..]).is_ok());
    }
}
