//! A user's job, on all cores of this machine: a parameter sweep whose tally is a histogram. It
//! survives `kill -9`: run it again with the same file, and it resumes.
//!
//! ```text
//! cargo run --release -p montesieve-engine --example own_job -- sweep.ckpt [RANKS]
//! ```
//!
//! For 300,000 values of r between 3 and 4, what is the period of the logistic map x -> r x (1 - x)
//! once it has settled? The same job over MPI is `own_job_mpi`, an example of `montesieve-mpi`.

use std::time::Duration;

use montesieve_engine::{self as engine, PerBlock, Session, threads};

const BLOCKS: u64 = 3_000;
/// Values of r in a block: some milliseconds of work.
const VALUES: u64 = 100;

/// How many values of r in a block have the period 1, 2, ..., 16; entry 0 counts the others.
fn periods(block: u64) -> [u64; 17] {
    let mut periods = [0; 17];
    for value in block * VALUES..(block + 1) * VALUES {
        periods[period(3.0 + value as f64 / (BLOCKS * VALUES) as f64)] += 1;
    }
    periods
}

fn period(r: f64) -> usize {
    let next = |x: f64| r * x * (1.0 - x);
    let settled = (0..4_000).fold(0.5, |x, _| next(x));
    let mut orbit = std::iter::successors(Some(next(settled)), |&x| Some(next(x))).take(16);
    orbit.position(|x| (x - settled).abs() < 1e-9).map_or(0, |place| place + 1)
}

/// What every rank does; the root gets the histogram as text.
pub fn sweep(mut session: Session<'_>, checkpoint: Option<&str>) -> engine::Result<Option<String>> {
    if let Some(path) = checkpoint {
        session = session.checkpoint(path).checkpoint_interval(Duration::from_secs(1));
    }
    // Everything that decides a block's value, in words: a checkpoint with other words is refused.
    let job = PerBlock::new(format!("periods of {BLOCKS} x {VALUES} logistic maps"), BLOCKS, periods);
    let outcome = session.notices(|notice| eprintln!("{notice}")).run(&job)?;
    let periods = outcome.and_then(|outcome| outcome.total);
    let line = |(period, values)| format!("period {period:>2}: {values:>6} values\n");
    Ok(periods.map(|periods| periods.into_iter().enumerate().map(line).collect()))
}

fn main() -> engine::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let checkpoint = arguments.first().map(String::as_str);
    let ranks = arguments.get(1).and_then(|ranks| ranks.parse().ok()).unwrap_or(threads::available() as u64);
    print!("{}", Session::on_threads(ranks, |session| sweep(session, checkpoint))?);
    Ok(())
}
