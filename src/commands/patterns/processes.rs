//! Many processes that say who they are: row 20.
//!
//! In Python: `Process(target=..., name=...)` in a loop, `start()` each, `join()` each, and what they print comes in any order.
//!
//! In MPI: the launcher starts them all, on as many hosts as it was given, and nobody forks. Every rank says its host, process
//! and CPU, and `MPI_Gather` brings that to rank 0 in rank order, whoever was first.
//!
//! What goes wrong: every rank prints for itself. Launchers pass lines on as they come, and Open MPI 4.1 breaks long lines of
//! several ranks into each other.
//!
//! Right answer: as many lines as ranks, in rank order, from as many processes.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Pattern, Shown, each_us};
use crate::cluster::Cluster;
use crate::cluster::place::host;
use crate::error::Result;

pub(super) const PATTERN: Pattern = Pattern {
    name: "processes",
    python: "Process(name=...), start(), join()",
    mpi: "the launcher starts them; MPI_Gather in rank order",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let began = Instant::now();
    let me = (cluster.rank(), host(), std::process::id(), rustix::thread::sched_getcpu() as u64);
    let all = cluster.gather_records(&me)?;
    let cost = each_us("to gather", began, 1);
    Ok(all.map(|all| {
        let in_order = all.iter().map(|(rank, ..)| *rank).eq(0..cluster.size());
        let processes: BTreeSet<_> = all.iter().map(|(_, host, process, _)| (host, process)).collect();
        let line = |(rank, host, process, cpu): &(u64, String, u32, u64)| {
            format!("rank {rank} on {host}: process {process}, CPU {cpu}")
        };
        Shown {
            answer: format!("in rank order: {in_order}, all different: {}", processes.len() == all.len()),
            expected: "in rank order: true, all different: true".into(),
            costs: vec![cost],
            lines: all.iter().map(line).collect(),
        }
    }))
}
