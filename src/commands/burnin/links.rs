//! Latency and bandwidth between hosts: some steps of a tournament each round, so that eventually
//! every pair of hosts is measured.
//!
//! The first rank of each host measures for it; within a host its first two ranks. All others wait
//! in the next check, asleep.

use std::collections::BTreeMap;
use std::time::Instant;

use super::diagnosis::pairs;
use super::diagnosis::speed::median;
use super::team::Team;
use crate::cluster::Cluster;
use crate::error::{Error, Result};

/// Steps of the tournament in a round: some ms each.
const STEPS: usize = 4;

/// Round trips of a measurement; their median is stable to some percent.
const TRIPS: usize = 21;

/// Bytes of a message for latency.
const SHORT: usize = 8;

/// Bytes of a message for bandwidth: above the eager limit of any MPI library.
const LONG: usize = 1 << 20;

/// Such messages in a row: 4 MB saturate any link, and take 34 ms over 1 GbE.
const BURST: usize = 4;

/// The best measurements of each pair of hosts: latency in seconds, bandwidth in bytes per second.
#[derive(Default)]
pub struct Links {
    best: BTreeMap<(usize, usize), (f64, f64)>,
    step: usize,
}

impl Links {
    /// The next steps. Every rank must call it.
    pub fn round(&mut self, cluster: &Cluster, team: &Team) -> Result<()> {
        let hosts = team.hosts.len();
        let all = pairs::steps(hosts);
        for _ in 0..STEPS.min(all) {
            let step = self.step % all;
            self.step += 1;
            let mine = team.host_of_rank[team.rank];
            let Some(other) = pairs::partner(step, mine, hosts) else { continue };
            let Some((one, two)) = ends(team, mine, other) else { continue };
            if team.rank == one {
                let (latency, bandwidth) = measure(cluster, two as u64)?;
                let best = self.best.entry((mine, other)).or_insert((latency, bandwidth));
                *best = (best.0.min(latency), best.1.max(bandwidth));
            } else if team.rank == two {
                answer(cluster, one as u64)?;
            }
        }
        Ok(())
    }

    /// This rank's measurements: two hosts, latency, bandwidth.
    pub fn best(&self) -> Vec<(usize, usize, f64, f64)> {
        self.best.iter().map(|(&(from, to), &(latency, bandwidth))| (from, to, latency, bandwidth)).collect()
    }
}

/// The two ranks that measure for two hosts, the measuring one first.
fn ends(team: &Team, host: usize, other: usize) -> Option<(usize, usize)> {
    let (low, high) = (host.min(other), host.max(other));
    let one = team.ranks_of(low).next()?;
    let two = team.ranks_of(high).find(|&rank| rank != one)?;
    Some((one, two))
}

/// Pings, then a burst; the other side calls [`answer`].
fn measure(cluster: &Cluster, to: u64) -> Result<(f64, f64)> {
    let mut short = [0; SHORT];
    let mut trip = || {
        let begun = Instant::now();
        cluster.send_bytes(to, vec![0; SHORT])?;
        cluster.receive_into(to, &mut short)?;
        Ok::<_, Error>(begun.elapsed().as_secs_f64() / 2.0)
    };
    trip()?; // The other side may come late.
    let latency = median((0..TRIPS).map(|_| trip()).collect::<Result<Vec<f64>>>()?).unwrap_or(0.0);
    let burst: Vec<Vec<u8>> = (0..BURST).map(|_| vec![1; LONG]).collect();
    let begun = Instant::now();
    burst.into_iter().try_for_each(|bytes| cluster.send_bytes(to, bytes))?;
    cluster.receive_into(to, &mut short)?;
    let seconds = (begun.elapsed().as_secs_f64() - latency).max(f64::MIN_POSITIVE);
    cluster.flush(None)?;
    Ok((latency, (BURST * LONG) as f64 / seconds))
}

fn answer(cluster: &Cluster, to: u64) -> Result<()> {
    let (mut short, mut long) = ([0; SHORT], vec![0; LONG]);
    for _ in 0..1 + TRIPS {
        cluster.receive_into(to, &mut short)?;
        cluster.send_bytes(to, vec![0; SHORT])?;
    }
    for _ in 0..BURST {
        cluster.receive_into(to, &mut long)?;
    }
    cluster.send_bytes(to, vec![0; SHORT])?;
    Ok(cluster.flush(None)?)
}
