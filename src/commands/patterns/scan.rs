//! A running minimum: row 28.
//!
//! In Python: a coroutine that is sent number after number and yields the least so far.
//!
//! In MPI: a prefix reduction. Every rank has a part of the list and finds the running minimum of its own; `MPI_Exscan` with `MPI_MIN` gives it the
//! least of all parts before; and each of its numbers is lowered to that. Two passes over the data, log2(ranks) steps of messages,
//! where the coroutine has one pass and no way to share it.
//!
//! What goes wrong: an empty part (more ranks than numbers) must count as the largest number there is, not as zero.
//!
//! Right answer: 10, 4, 4, -1 for 10, 4, 22, -1.

use std::time::Instant;

use super::{Pattern, Shown, each_us, listed, share};
use crate::cluster::Cluster;
use crate::error::Result;

const NUMBERS: [i64; 4] = [10, 4, 22, -1];

pub(super) const PATTERN: Pattern =
    Pattern { name: "scan", python: "a coroutine keeping a running minimum", mpi: "MPI_Exscan with MPI_MIN", run };

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let began = Instant::now();
    let mine = share(cluster, NUMBERS.len() as u64);
    let mut least = running(&NUMBERS[mine.start as usize..mine.end as usize]);
    let below = cluster.least_below(least.last().copied().unwrap_or(i64::MAX));
    least.iter_mut().for_each(|number| *number = below.min(*number));
    let cost = each_us("a scan", began, 1);
    let all = cluster.gather_records(&least)?;
    Ok(all.map(|all| Shown {
        answer: listed(all.concat()),
        expected: "10, 4, 4, -1".into(),
        costs: vec![cost],
        ..Shown::default()
    }))
}

/// The least of each number and those before it.
fn running(numbers: &[i64]) -> Vec<i64> {
    let mut least = i64::MAX;
    numbers
        .iter()
        .map(|&number| {
            least = least.min(number);
            least
        })
        .collect()
}
