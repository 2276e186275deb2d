//! A job of your own, on all cores of this machine. It survives `kill -9`: run again with the same
//! file, it resumes.
//!
//! ```text
//! cargo run --release -p montesieve-engine --example own_job -- sweep.ckpt [RANKS]
//! ```
//!
//! A parameter sweep: for 300,000 values of r between 3 and 4, what is the period of the logistic
//! map x -> r x (1 - x) once it has settled? The tally is a histogram of the periods. The same job
//! over MPI is `own_job_mpi`, in the examples of `montesieve-mpi`.

use std::ops::ControlFlow;
use std::time::Duration;

use montesieve_engine::{self as engine, Identity, Job, Pulse, Session, Span, threads};

/// Values of r in a block: some milliseconds of work.
const VALUES: u64 = 100;
const BLOCKS: u64 = 3_000;

/// How many values of r have the period 1, 2, ..., 16; at place 0 those that have none of these.
type Periods = [u64; 17];

struct Sweep;

impl Job for Sweep {
    type Tally = Periods;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        BLOCKS
    }

    fn identity(&self) -> Option<Identity> {
        Some(Identity::new(format!("sweep of {BLOCKS} x {VALUES} values"), BLOCKS))
    }

    fn check(&self, span: Span, periods: &Periods) -> Result<(), String> {
        let (values, counted) = (span.len() * VALUES, periods.iter().sum::<u64>());
        if counted == values { Ok(()) } else { Err(format!("{counted} periods of {values} values")) }
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), pulse: Pulse<'_>) -> ControlFlow<(), Periods> {
        let mut periods = Periods::default();
        for block in span.first..span.end {
            pulse()?;
            for value in block * VALUES..(block + 1) * VALUES {
                periods[period(3.0 + value as f64 / (BLOCKS * VALUES) as f64)] += 1;
            }
        }
        ControlFlow::Continue(periods)
    }
}

/// The period of the map at `r`; 0 when it is longer than 16, or there is none.
fn period(r: f64) -> usize {
    let next = |x: f64| r * x * (1.0 - x);
    let settled = (0..4_000).fold(0.5, |x, _| next(x));
    let mut x = settled;
    let is_back = |_: &usize| {
        x = next(x);
        (x - settled).abs() < 1e-9
    };
    (1..=16).find(is_back).unwrap_or(0)
}

/// What every rank does; the root gets the histogram as text.
pub fn sweep(mut session: Session<'_>, checkpoint: Option<&str>) -> engine::Result<Option<String>> {
    if let Some(path) = checkpoint {
        session = session.checkpoint(path).checkpoint_interval(Duration::from_secs(1));
    }
    let outcome = session.notices(|notice| eprintln!("{notice}")).run(&Sweep)?;
    let periods = outcome.map(|outcome| outcome.total.unwrap_or_default());
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
