//! A running minimum: row 28.
//!
//! In Python: a coroutine that is sent number after number and yields the least so far.
//!
//! In MPI: a prefix reduction. Every rank has a part of the list; `MPI_Scan` with `MPI_MIN` gives it the least up to the end of its part. Where a
//! part has several numbers, those before its last need the least of all parts *before*: that is `MPI_Exscan`, and each of the part's
//! own running minima is lowered to it. Two passes over the data, log2(ranks) steps of messages, where the coroutine has one pass
//! and no way to share it.
//!
//! What goes wrong: an empty part (more ranks than numbers) must count as the largest number there is, not as zero.
//!
//! Right answer: 10, 4, 4, -1 for 10, 4, 22, -1, and every rank's last is what `MPI_Scan` says.

use std::time::Instant;

use super::{Pattern, Shown, listed, share};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::job::transport::Lost;
use crate::report::Cost;

const NUMBERS: [i64; 4] = [10, 4, 22, -1];
const ROUNDS: u64 = 20;

pub(super) const PATTERN: Pattern = Pattern {
    name: "scan",
    python: "a coroutine keeping a running minimum",
    mpi: "MPI_Scan, MPI_Exscan with MPI_MIN",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let mine = share(cluster, NUMBERS.len() as u64);
    let mut least = running(&NUMBERS[mine.start as usize..mine.end as usize]);
    let last = least.last().copied().unwrap_or(i64::MAX);
    let (so_far, inclusive) = timed(cluster, "MPI_Scan", || cluster.least_so_far(last))?;
    let (below, exclusive) = timed(cluster, "MPI_Exscan", || cluster.least_below(last))?;
    least.iter_mut().for_each(|number| *number = below.min(*number));
    let agrees = least.last().is_none_or(|&last| last == so_far);
    let all = cluster.gather_records(&(least, agrees))?;
    Ok(all.map(|all| {
        let (least, agree): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        Shown {
            answer: format!("{}, both scans agree: {}", listed(least.concat()), agree.iter().all(|&agrees| agrees)),
            expected: "10, 4, 4, -1, both scans agree: true".into(),
            costs: vec![inclusive, exclusive],
            ..Shown::default()
        }
    }))
}

/// What a scan comes to, and what it costs the rank that waits longest: the last, as a rule.
fn timed(
    cluster: &Cluster,
    what: &'static str,
    scan: impl Fn() -> std::result::Result<i64, Lost>,
) -> Result<(i64, Cost)> {
    let (least, began) = (scan()?, Instant::now());
    for _ in 0..ROUNDS {
        assert_eq!(scan()?, least);
    }
    let longest = cluster.max(began.elapsed().as_nanos() as u64)?;
    Ok((least, Cost { what, value: longest as f64 / 1e3 / ROUNDS as f64, unit: "us" }))
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
