//! The overhead of the engine: the same blocks of 1e5 darts computed by a bare loop and through the
//! engine, in turns.
//!
//! A block of 1e5 darts takes a few microseconds, so any cost that the engine adds to a block
//! shows. Prints the median cost of several rounds; asserts the answer, never a time. Under
//! `mpirun` every rank runs the bare loop at the same time, and the engine gets as many times the
//! blocks, so that both do the same work per rank.

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Instant;

use montesieve::cluster::Cluster;
use montesieve::error::Result;
use montesieve::isa::Isa;
use montesieve::job::signals::Signals;
use montesieve::job::{Job, Schedule, Session, Span, Tally, YieldNow};
use montesieve::montecarlo::darts::Darts;
use serde::{Deserialize, Serialize};

/// Darts in a block.
const DARTS: u64 = 100_000;
/// Blocks for each rank: about a quarter of a second with AVX-512, a second without.
const BLOCKS: u64 = 40_000;
/// Rounds of which the median counts.
const ROUNDS: usize = 7;

struct Throw {
    blocks: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Hits(u64);

impl Tally for Hits {
    fn merge(&mut self, next: Hits) {
        self.0 += next.0;
    }
}

/// The bare loop, and what the engine calls.
fn throw(span: Span, darts: &mut Darts) -> u64 {
    (span.first..span.end).map(|block| darts.hits(block, DARTS)).sum()
}

impl Job for Throw {
    type Tally = Hits;
    type Workspace = Darts;

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn workspace(&self) -> Darts {
        Darts::new(42, Isa::widest())
    }

    fn compute(&self, span: Span, darts: &mut Darts, _pulse: YieldNow<'_>) -> ControlFlow<(), Hits> {
        ControlFlow::Continue(Hits(throw(span, darts)))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> ExitCode {
    let cluster = Cluster::join().expect("a cluster, or one process");
    let outcome = measure(&cluster);
    cluster.leave(outcome.map(|()| 0))
}

fn measure(cluster: &Cluster) -> Result<()> {
    let signals = Signals::listen().expect("signal handlers");
    let ranks = cluster.size();
    let job = Throw { blocks: BLOCKS * ranks };
    let exact = cluster.at_root(|| throw(Span::new(0, job.blocks), &mut job.workspace()));
    for schedule in Schedule::ALL {
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            cluster.barrier()?;
            let begun = Instant::now();
            let mine = Span::new(cluster.rank() * BLOCKS, (cluster.rank() + 1) * BLOCKS);
            std::hint::black_box(throw(mine, &mut job.workspace()));
            let bare = cluster.max(begun.elapsed().as_nanos() as u64)?;

            let session = Session::new(cluster.transport()).schedule(schedule).signals(signals.clone());
            let begun = Instant::now();
            let outcome = session.run(&job).expect("no rank fails");
            let engine = cluster.max(begun.elapsed().as_nanos() as u64)?;
            if let Some((outcome, exact)) = outcome.zip(exact) {
                assert_eq!(outcome.total.map(|hits| hits.0), Some(exact));
            }
            costs.push(engine as f64 / bare as f64 - 1.0);
        }
        if let Some(cost) = cluster.at_root(|| median(costs)) {
            let name = schedule.name();
            println!("engine, blocks of 1e5 darts, {ranks} ranks, {name:<8} {:+6.2} %", 100.0 * cost);
        }
    }
    Ok(())
}
