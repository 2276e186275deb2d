//! A counter that many ranks add to: row 16.
//!
//! In Python: `Value('i', 0)` and `counter.value += 1` in five processes. Without `with counter.get_lock()` updates are lost,
//! since `+=` is a read, an addition and a write, and another process may write in between.
//!
//! In MPI: a window of one number at rank 0. The naive form is a get and a put; it loses updates in just the same way, and
//! MPI promises nothing else. `MPI_Fetch_and_op` does the three steps as one. A lock (`MPI_Win_lock`, exclusive) around get and put is
//! right as well; it is for updates that no single operation can do, and costs a turn of waiting each.
//!
//! Right answer: 5 x 100,000 = 500,000 by `MPI_Fetch_and_op`, and all that were asked for under the lock. How many the naive form
//! loses is shown, not judged: with one rank it loses none.

use std::time::Instant;

use super::{Pattern, Shown, each_us, share};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::Cost;

/// Additions in all, spread over the ranks: as the notes have it.
const ADDITIONS: u64 = 5 * 100_000;
/// Additions by get and put: enough to lose some.
const UNGUARDED: u64 = 100_000;
/// Additions under a lock: each waits for its turn, 8 ranks on 2 cores longest.
const LOCKED: u64 = 1_000;

/// The three numbers.
const ATOMIC: usize = 0;
const NAIVE: usize = 1;
const GUARDED: usize = 2;

pub(super) const PATTERN: Pattern = Pattern {
    name: "counter",
    python: "Value, with and without get_lock()",
    mpi: "window: MPI_Fetch_and_op; get and put; get and put under MPI_Win_lock",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let counters = cluster.counters(3)?;
    let mut costs = Vec::new();

    let began = Instant::now();
    let epoch = counters.shared()?;
    let mine = share(cluster, ADDITIONS);
    for _ in mine.clone() {
        epoch.fetch_add(0, ATOMIC, 1)?;
    }
    costs.push(each_us("MPI_Fetch_and_op", began, mine.end - mine.start));

    cluster.barrier();
    for _ in share(cluster, UNGUARDED) {
        let seen = epoch.get(0, NAIVE)?;
        // Whoever writes here is overwritten by the next line.
        epoch.put(0, NAIVE, seen + 1)?;
    }
    drop(epoch);

    cluster.barrier();
    let began = Instant::now();
    let mine = share(cluster, LOCKED);
    for _ in mine.clone() {
        let epoch = counters.exclusive(0)?;
        epoch.put(0, GUARDED, epoch.get(0, GUARDED)? + 1)?;
    }
    costs.push(each_us("an addition under the lock", began, mine.end - mine.start));

    cluster.barrier();
    let shown = cluster.at_root(|| {
        let epoch = counters.exclusive(0)?;
        let lost = UNGUARDED - epoch.get(0, NAIVE)?;
        costs.push(Cost { what: "lost by get and put", value: lost as f64, unit: "of 100000" });
        Ok(Shown {
            answer: format!("{}, {}", epoch.get(0, ATOMIC)?, epoch.get(0, GUARDED)?),
            expected: format!("{ADDITIONS}, {LOCKED}"),
            costs,
            ..Shown::default()
        })
    });
    counters.release()?;
    shown.transpose()
}
