//! A barrier: row 23.
//!
//! In Python: `Barrier(n)`; each process prints the time before and after `wait()`, with the barrier and without.
//!
//! In MPI: `MPI_Barrier` (here `MPI_Ibarrier`, tested politely). Times of different hosts cannot be compared to prove anything, so every
//! rank counts itself in at a number of rank 0 before the barrier, and reads the number behind it: it must be that of all ranks.
//!
//! What goes wrong without: the first ranks to come read a number that is too small. How many do depends on the moment.
//!
//! Right answer: no rank leaves before the last has entered, in 20 of 20 rounds.

use std::time::{Duration, Instant};

use super::{Pattern, Shown, each_us};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::Cost;

const ROUNDS: u64 = 20;
/// How much later each rank comes than the one before it: long against a message, short against a launch.
const STAGGER: Duration = Duration::from_micros(500);

pub(super) const PATTERN: Pattern = Pattern {
    name: "barrier",
    python: "Barrier, with timestamps, and without",
    mpi: "MPI_Barrier, with counters as the proof",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let counters = cluster.counters(2)?;
    let with = early(cluster, |round| counted(cluster, &counters, 0, round, true))?;
    cluster.barrier()?;
    let without = early(cluster, |round| counted(cluster, &counters, 1, round, false))?;
    cluster.barrier()?;
    let began = Instant::now();
    (0..ROUNDS).try_for_each(|_| cluster.barrier())?;
    let cost = each_us("a barrier", began, ROUNDS);
    counters.release()?;
    Ok(with.zip(without).map(|(with, without)| Shown {
        answer: format!("{with} ranks left early in {ROUNDS} rounds"),
        expected: format!("0 ranks left early in {ROUNDS} rounds"),
        costs: vec![cost, Cost { what: "left early without it", value: without as f64, unit: "times" }],
        ..Shown::default()
    }))
}

/// How often any rank saw too few, over all rounds.
fn early(cluster: &Cluster, mut is_early: impl FnMut(u64) -> Result<bool>) -> Result<Option<u64>> {
    let mut mine = 0;
    for round in 1..=ROUNDS {
        mine += u64::from(is_early(round)?);
    }
    Ok(cluster.sum(mine)?)
}

/// Comes in late by rank, counts itself in, and looks whether all have by then.
fn counted(
    cluster: &Cluster,
    counters: &crate::cluster::rma::Counters,
    place: usize,
    round: u64,
    with_barrier: bool,
) -> Result<bool> {
    std::thread::sleep(STAGGER * cluster.rank() as u32);
    counters.fetch_add(0, place, 1)?;
    if with_barrier {
        cluster.barrier()?;
    }
    Ok(counters.load(0, place)? < round * cluster.size())
}
