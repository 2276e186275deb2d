//! How well pi(x) fits on many ranks: the engine's own decisions over the real list of blocks, with
//! costs measured here.
//!
//!     cargo run --release --no-default-features --example pi_of_x_ranks -- X [MEASURED [SAMPLES]]
//!
//! Some blocks of each term are computed for MEASURED (default X). The costs of all other blocks of
//! X are interpolated, and scaled by the growth of the whole (of y for Phi0) if MEASURED differs
//! from X. Then 64 to 10,000 ranks, including the root, request blocks as in a run: requests wait
//! until the root polls. The times of the tables and of the last reduction are not included.

use std::ops::ControlFlow;
use std::time::Duration;

use montesieve::isa::Isa;
use montesieve::job::protocol::Message;
use montesieve::job::protocol::world::{Model, RoundPlan, run};
use montesieve::job::{Schedule, Span};
use montesieve::primes::gourdon::{Formula, LARGEST, Layout, Params, SMALLEST, Split, parts, seconds};
use rustix::time::{ClockId, clock_gettime};

/// The latency of a message.
const MESSAGE: Duration = Duration::from_micros(20);
/// How long a rank computes between polls.
const PIECE: Duration = Duration::from_secs(2);

fn main() {
    let number = |i| std::env::args().nth(i).map(|word: String| word.parse::<u128>());
    let (Some(Ok(x)), Ok(measured), Ok(samples)) = (number(1), number(2).transpose(), number(3).transpose()) else {
        eprintln!("pi_of_x_ranks X [MEASURED [SAMPLES]], in digits");
        std::process::exit(2);
    };
    let (measured, samples) = (measured.unwrap_or(x), samples.unwrap_or(16) as u64);
    if [x, measured].iter().any(|x| !(u128::from(SMALLEST)..=LARGEST).contains(x)) || samples < 2 {
        eprintln!("pi_of_x_ranks: numbers from {SMALLEST} to {LARGEST}, two samples at least");
        std::process::exit(2);
    }
    let costs = costs(x, measured, samples);
    let (all, largest) = (costs.iter().sum::<f64>(), costs.iter().copied().fold(0.0, f64::max));
    println!("{} blocks, {all:.0} s of one core, {largest:.2} s the longest", costs.len());
    for ranks in [64, 256, 1000, 4000, 10_000] {
        for (name, chunk) in [("auto", Schedule::Dynamic.auto_chunk(costs.len() as u64, ranks, 2)), ("one", 1)] {
            let time = simulate(&costs, ranks, chunk);
            let efficiency = 100.0 * all / (ranks as f64 * time);
            println!("{ranks:>6} ranks, --chunk {chunk:<4} ({name}) {time:>9.2} s  {efficiency:>5.1} %");
        }
    }
}

/// The estimated cost of each block of pi(x).
fn costs(x: u128, measured: u128, samples: u64) -> Vec<f64> {
    let (params, known) = (Params::new(x, Split::First), Params::new(measured, Split::First));
    let mut never = || ControlFlow::Continue(());
    let (layout, begun) = (Layout::of([&known]).expect("one set"), cpu());
    let ControlFlow::Continue(words) = layout.own(&mut never) else { unreachable!("nothing breaks it") };
    println!("tables for {measured}: {} MB, {:.2} s", layout.bytes() >> 20, cpu() - begun);
    let formula = Formula::new(known, &words, Isa::widest());
    let mut costs = Vec::new();
    for ((name, blocks), (_, ours)) in parts(&known).into_iter().zip(parts(&params)) {
        let (length, wanted) = (blocks.end - blocks.start, ours.end - ours.start);
        let mut points: Vec<(f64, f64)> = Vec::new();
        for i in 0..samples.min(length) {
            let block = blocks.start + (length - 1) * i / (samples.min(length) - 1).max(1);
            let begun = cpu();
            let _ = formula.compute(block..block + 1, &mut never);
            points.push((((block - blocks.start) as f64 + 0.5) / length as f64, cpu() - begun));
        }
        let all: f64 = (0..length).map(|block| between(&points, (block as f64 + 0.5) / length as f64)).sum();
        // Terms grow like the whole count, except Phi0, which grows like y; the blocks differ.
        let growth = match name {
            "Phi0" => params.y as f64 / known.y as f64,
            _ => seconds(x) / seconds(measured),
        };
        let each: Vec<f64> = (0..wanted).map(|block| between(&points, (block as f64 + 0.5) / wanted as f64)).collect();
        let scale = growth * all / each.iter().sum::<f64>();
        println!("{name:<8}{length:>6} blocks, {all:>8.1} s; for {x}: {wanted:>6}, {:>9.1} s", growth * all);
        costs.extend(each.into_iter().map(|cost| cost * scale));
    }
    costs
}

/// CPU seconds of this process.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

/// Interpolates between the two points around `place`.
fn between(points: &[(f64, f64)], place: f64) -> f64 {
    let i = points.partition_point(|&(at, _)| at < place);
    match (points.get(i.wrapping_sub(1)), points.get(i)) {
        (Some(&(from, before)), Some(&(to, after))) => before + (after - before) * (place - from) / (to - from),
        (Some(&(_, cost)), None) | (None, Some(&(_, cost))) => cost,
        (None, None) => 0.0,
    }
}

/// Kernels take their measured times.
struct Measured<'c> {
    costs: &'c [f64],
}

impl Model for Measured<'_> {
    type Tally = ();

    fn compute(&mut self, _: u64, piece: Span) -> ((), Duration) {
        let seconds: f64 = self.costs[piece.first as usize..piece.end as usize].iter().sum();
        ((), Duration::from_secs_f64(seconds))
    }

    fn delay(&mut self, _: u64, _: u64, _: &Message<()>) -> Duration {
        MESSAGE
    }
}

/// Seconds until the last rank is done.
fn simulate(costs: &[f64], ranks: u64, chunk: u64) -> f64 {
    let plan = RoundPlan { piece: PIECE, ..RoundPlan::new(ranks, costs.len() as u64, Schedule::Dynamic, chunk) };
    run(&plan, &mut Measured { costs }).time.as_secs_f64()
}
