//! Many processes that say who they are: row 20.
//!
//! The launcher starts them all, on as many hosts as it was given, and no rank forks. Every rank
//! writes down its host, process and CPU, and `MPI_Gatherv` brings the lines to rank 0 in rank
//! order, whichever was first.
//!
//! # In Python
//! ```python
//! import os
//! from multiprocessing import Process, current_process
//!
//! def work():
//!     print(current_process().name, "is process", os.getpid())
//!
//! if __name__ == "__main__":
//!     processes = [Process(target=work, name=f"worker {rank}") for rank in range(4)]
//!     for process in processes:
//!         process.start()
//!     for process in processes:
//!         process.join()
//! ```
//!
//! # With mpi4py
//! ```python
//! import os
//! from mpi4py import MPI
//!
//! comm = MPI.COMM_WORLD
//! line = f"rank {comm.Get_rank()} on {MPI.Get_processor_name()}: process {os.getpid()}"
//! lines = comm.gather(line, root=0)
//! if lines is not None:
//!     print("\n".join(lines))
//! ```
//!
//! # What goes wrong
//! Every rank prints for itself. Launchers pass lines on as they come, in any order, and Open MPI
//! 4.1 breaks long lines of several ranks into each other.
//!
//! # Right answer
//! As many lines as ranks, in rank order, from as many processes.
//!
//! # MPI calls
//! `MPI_Get_processor_name`, `MPI_Gather`, `MPI_Gatherv`.
//!
//! # In the picture
//! Each rank sends its line and is done. Rank 0 waits in `MPI_Gather` for the last of them; no
//! rank but the root waits for another.
//!
//! # Exercises
//! **1.** Ranks finish in any order. Why are the lines in rank order?
//!
//! <details><summary>Answer</summary>
//!
//! A gather puts the part of rank i at place i, whenever it arrives. A program that prints on
//! every rank instead gets the lines in the order of the launcher's pipes.
//!
//! </details>
//!
//! **2.** Which of host, process number and CPU can two ranks have in common?
//!
//! <details><summary>Answer</summary>
//!
//! The host, if it has several ranks. The CPU, if they share it or were moved to it one after
//! the other. The process number only on different hosts.
//!
//! </details>

use std::collections::BTreeSet;
use std::time::Instant;

use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::map::gather;
use super::{Shown, each_us};
use crate::error::Result;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    let host = mpi::environment::processor_name().unwrap_or_default();
    let (process, cpu) = (std::process::id(), rustix::thread::sched_getcpu());
    let line = format!("rank {} on {host}: process {process}, CPU {cpu}\n", world.rank());
    let all = gather(world, line.as_bytes());
    let cost = each_us("to gather", began, 1);
    Ok(all.map(|all| {
        let text = String::from_utf8_lossy(&all);
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let ranks = lines.iter().map(|line| line.split(' ').nth(1).and_then(|rank| rank.parse().ok()));
        let in_order = ranks.eq((0..world.size()).map(Some));
        // What follows the rank, up to the CPU: a host and a process.
        let processes: BTreeSet<_> = lines
            .iter()
            .map(|line| line.split_once(" on ").and_then(|(_, place)| place.rsplit_once(", CPU")))
            .collect();
        let processes = processes.into_iter().flatten().map(|(place, _)| place).collect::<BTreeSet<_>>();
        Shown {
            answer: format!("in rank order: {in_order}, all different: {}", processes.len() == lines.len()),
            expected: "in rank order: true, all different: true".into(),
            costs: vec![cost],
            lines,
        }
    }))
}
