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

use std::time::{Duration, Instant};

use super::{Pattern, Shown, each_us, share};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::Cost;

/// Additions in all, spread over the ranks: as the notes have it.
const ADDITIONS: u64 = 5 * 100_000;
/// When a rank gives up losing: 0.3 to 2 s are enough for all (2 and 8 ranks, Open MPI), but not where MPICH shares a core.
const PATIENCE: Duration = Duration::from_secs(3);
/// Additions under a lock: each waits for its turn, 8 ranks of MPICH on 2 cores for a third of a second.
const LOCKED: u64 = 100;

/// Two of the three numbers; the third is behind a lock.
const ATOMIC: usize = 0;
const NAIVE: usize = 1;

pub(super) const PATTERN: Pattern = Pattern {
    name: "counter",
    python: "Value, with and without get_lock()",
    mpi: "window: MPI_Fetch_and_op; get and put; get and put under MPI_Win_lock",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let (counters, guarded) = (cluster.counters(2)?, cluster.guarded(1)?);
    let mine = share(cluster, ADDITIONS).count() as u64;

    let began = Instant::now();
    for _ in 0..mine {
        counters.fetch_add(0, ATOMIC, 1)?;
    }
    counters.meet();
    let atomic = each_us("MPI_Fetch_and_op", began, mine);

    let (began, mut tried) = (Instant::now(), 0);
    while tried < mine && began.elapsed() < PATIENCE {
        tried += 1;
        let seen = counters.get(0, NAIVE)?;
        // Whoever writes here is overwritten by the next line.
        counters.put(0, NAIVE, seen + 1)?;
    }
    counters.meet();
    let naive = each_us("get and put", began, tried);
    let tried = cluster.sum(tried)?;

    let mine = share(cluster, LOCKED).count() as u64;
    let began = Instant::now();
    for _ in 0..mine {
        let turn = guarded.lock(0)?;
        turn.put(0, turn.get(0)? + 1)?;
    }
    guarded.meet();
    let locked = each_us("an addition under the lock", began, mine);

    let shown = tried.map(|tried| {
        let lost = Cost { what: "lost by get and put", value: (tried - counters.get(0, NAIVE)?) as f64, unit: "times" };
        let tried = Cost { what: "of", value: tried as f64, unit: "tried" };
        Ok(Shown {
            answer: format!("{}, {}", counters.load(0, ATOMIC)?, guarded.lock(0)?.get(0)?),
            expected: format!("{ADDITIONS}, {LOCKED}"),
            costs: vec![atomic, naive, lost, tried, locked],
            ..Shown::default()
        })
    });
    guarded.release()?;
    counters.release()?;
    shown.transpose()
}
