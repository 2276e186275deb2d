//! Whether the tables of the formula fit into the memory of every host, asked before they are made.
//!
//! A rank that runs out of memory is killed without a word, and the job with it, after minutes of work. Tables are there once on a host
//! where its ranks can share them; where there is no room for that, each rank has its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lookups::SHARED_FROM;
use crate::cluster::Cluster;
use crate::cluster::place::{free_memory, host};
use crate::error::{Error, Result};

/// What a rank knows of its host.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Host {
    name: String,
    /// Bytes free there, where that is known.
    free: Option<u64>,
    /// Bytes that its ranks can share.
    shared: u64,
}

/// Finds out whether each host has room for tables of so many bytes. Every rank must call it.
///
/// # Errors
/// [`Error::Told`] with the numbers, where there is not enough.
pub(super) fn check(cluster: &Cluster, bytes: u64) -> Result<()> {
    let here = Host { name: host(), free: free_memory(), shared: cluster.shareable_bytes() };
    let all = cluster.gather_records(&here)?;
    cluster.agree(all.map_or(Ok(()), |all| enough(bytes, &all)))
}

/// At the root: `all` has each rank's host.
fn enough(bytes: u64, all: &[Host]) -> Result<()> {
    let mut hosts: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    for Host { name, free, shared } in all {
        let (ranks, least, room) = hosts.entry(name).or_insert((0, u64::MAX, u64::MAX));
        *ranks += 1;
        *least = free.unwrap_or(u64::MAX).min(*least);
        *room = (*shared).min(*room);
    }
    for (host, (ranks, free, room)) in hosts {
        let times = if bytes >= SHARED_FROM && bytes <= room { 1 } else { ranks };
        if bytes.saturating_mul(times) > free {
            let (bytes, free, room) = (bytes >> 20, free >> 20, room >> 20);
            return Err(Error::Run(if times == 1 {
                format!("the tables take {bytes} MB on each host, and {host} has {free} MB left")
            } else {
                format!(
                    "the tables take {bytes} MB, {host} has {free} MB left for {times} ranks, and {room} MB that they can share: run fewer \
                     ranks there, or give it more shared memory (/dev/shm)"
                )
            }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    fn rank(name: &str, free: Option<u64>, shared: u64) -> Host {
        Host { name: name.to_owned(), free, shared }
    }

    #[test]
    fn each_host_needs_room_once() {
        let all = [
            rank("a", Some(300 * MB), u64::MAX),
            rank("b", Some(350 * MB), 350 * MB),
            rank("a", Some(299 * MB), u64::MAX),
            rank("c", None, 0),
        ];
        assert!(enough(299 * MB, &all).is_ok());
        let told = enough(300 * MB, &all).expect_err("no room on a").to_string();
        assert_eq!(told, "the tables take 300 MB on each host, and a has 299 MB left");
        assert!(enough(u64::MAX / 4, &all[3..]).is_ok());
    }

    #[test]
    fn ranks_that_cannot_share_need_room_each() {
        let all = [rank("a", Some(300 * MB), 64 * MB), rank("a", Some(299 * MB), 65 * MB)];
        assert!(enough(149 * MB, &all).is_ok() && enough(64 * MB, &all).is_ok());
        let told = enough(150 * MB, &all).expect_err("no room for two").to_string();
        assert!(
            told.starts_with("the tables take 150 MB, a has 299 MB left for 2 ranks, and 64 MB that they can share: ")
        );
        assert!(enough(299 * MB, &all[..1]).is_ok());
    }
}
