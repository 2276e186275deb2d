//! How well pi(x) fits on many ranks: the engine's own decisions over the real list of blocks, with costs measured here.
//!
//!     cargo run --release --no-default-features --example pi_of_x_ranks -- X [MEASURED [SAMPLES]]
//!
//! Some blocks of each term are computed for MEASURED (X itself if it is left out), and all others of X taken to cost what lies between
//! them, times the growth of the whole (of y for Phi0) where MEASURED is another number. Then 64 to 10,000 ranks, the root one of them, ask for blocks
//! as they do in a run: questions wait until the root looks up from its work. What making the tables takes, and the last reduction, comes
//! on top. `tests/simulator.rs` drives the same code through everything that can go wrong; this is about time alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use montesieve::isa::Isa;
use montesieve::job::manager::{Action, Event, Manager};
use montesieve::job::worker::Worker;
use montesieve::job::{Dealer, Ledger, Schedule, Seams, Span, Tally};
use montesieve::primes::gourdon::{Formula, Frame, LARGEST, Layout, Opinion, SMALLEST, parts, seconds};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Seconds from a question to its answer: the root looks up every half millisecond.
const ANSWER: f64 = 0.6e-3;
/// Seconds that a rank computes in one go.
const PIECE: f64 = 2.0;

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
        for (name, chunk) in [("auto", Schedule::Dynamic.auto_chunk(costs.len() as u64, ranks, 1)), ("one", 1)] {
            let time = simulate(&costs, ranks, chunk);
            let efficiency = 100.0 * all / (ranks as f64 * time);
            println!("{ranks:>6} ranks, --chunk {chunk:<4} ({name}) {time:>9.2} s  {efficiency:>5.1} %");
        }
    }
}

/// What each block of pi(x) is thought to cost.
fn costs(x: u128, measured: u128, samples: u64) -> Vec<f64> {
    let (frame, known) = (Frame::new(x, Opinion::First), Frame::new(measured, Opinion::First));
    let mut never = || ControlFlow::Continue(());
    let (layout, begun) = (Layout::of([&known]).expect("one frame"), cpu());
    let ControlFlow::Continue(words) = layout.own(&mut never) else { unreachable!("nobody broke") };
    println!("tables for {measured}: {} MB, {:.2} s", layout.bytes() >> 20, cpu() - begun);
    let formula = Formula::new(known, &words, Isa::widest());
    let mut costs = Vec::new();
    for ((name, blocks), (_, ours)) in parts(&known).into_iter().zip(parts(&frame)) {
        let (length, wanted) = (blocks.end - blocks.start, ours.end - ours.start);
        let mut points: Vec<(f64, f64)> = Vec::new();
        for i in 0..samples.min(length) {
            let block = blocks.start + (length - 1) * i / (samples.min(length) - 1).max(1);
            let begun = cpu();
            let _ = formula.compute(block..block + 1, &mut never);
            points.push((((block - blocks.start) as f64 + 0.5) / length as f64, cpu() - begun));
        }
        let all: f64 = (0..length).map(|block| between(&points, (block as f64 + 0.5) / length as f64)).sum();
        // Terms grow as the whole count does, but for Phi0, which grows as y; blocks are others.
        let growth = match name {
            "Phi0" => frame.y as f64 / known.y as f64,
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

/// What lies between the two points around `place`.
fn between(points: &[(f64, f64)], place: f64) -> f64 {
    let i = points.partition_point(|&(at, _)| at < place);
    match (points.get(i.wrapping_sub(1)), points.get(i)) {
        (Some(&(from, before)), Some(&(to, after))) => before + (after - before) * (place - from) / (to - from),
        (Some(&(_, cost)), None) | (None, Some(&(_, cost))) => cost,
        (None, None) => 0.0,
    }
}

/// A tally that is nothing: time is all that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Nothing;

impl Tally for Nothing {
    fn merge(&mut self, _: Nothing) {}
}

/// What happens at a time: nanoseconds, so that there is an order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Asked(u64),
    Answered(u64, Option<(u64, u64)>),
    Finished(u64, u64, u64),
}

/// Seconds until the last rank is done.
fn simulate(costs: &[f64], ranks: u64, chunk: u64) -> f64 {
    let blocks = costs.len() as u64;
    let dealer = Dealer::new(Schedule::Dynamic, &[Span::new(0, blocks)], ranks, chunk, None);
    let mut manager = Manager::<Nothing>::new(Ledger::new(), dealer, None);
    let firsts = manager.first_spans(ranks);
    let mut workers: Vec<Worker<Nothing>> =
        firsts.into_iter().map(|span| Worker::new(span, Seams::default())).collect();
    let (mut busy, mut agenda, mut now) = (vec![false; ranks as usize], BinaryHeap::new(), 0_u64);
    let later = |now: u64, seconds: f64| now + (1e9 * seconds) as u64;
    let attend = |rank: u64, now: u64, worker: &mut Worker<Nothing>, busy: &mut bool, agenda: &mut BinaryHeap<_>| {
        if worker.asks() {
            agenda.push(Reverse((later(now, if rank == 0 { 0.0 } else { ANSWER }), Happening::Asked(rank))));
        }
        if *busy {
            return;
        }
        if let Some(span) = worker.piece(u64::MAX) {
            // As many as fit, and one at least.
            let (mut end, mut time) = (span.first, 0.0);
            while end < span.end && (end == span.first || time + costs[end as usize] <= PIECE) {
                time += costs[end as usize];
                end += 1;
            }
            *busy = true;
            agenda.push(Reverse((later(now, time), Happening::Finished(rank, span.first, end))));
        }
    };
    for rank in 0..ranks {
        attend(rank, now, &mut workers[rank as usize], &mut busy[rank as usize], &mut agenda);
    }
    while let Some(Reverse((time, happening))) = agenda.pop() {
        now = time;
        let rank = match happening {
            Happening::Asked(rank) => {
                let mut actions = Vec::new();
                manager.handle(Event::Asked(rank), &mut actions).expect("a question is no report");
                for action in actions {
                    let answer = match action {
                        Action::Give(_, span) => Some((span.first, span.end)),
                        Action::NoMore(_) => None,
                        Action::StopAll => unreachable!("nobody asked for a stop"),
                    };
                    agenda.push(Reverse((now, Happening::Answered(rank, answer))));
                }
                continue;
            }
            Happening::Answered(rank, Some((first, end))) => {
                workers[rank as usize].given(Span::new(first, end));
                rank
            }
            Happening::Answered(rank, None) => {
                workers[rank as usize].no_more();
                continue;
            }
            Happening::Finished(rank, first, end) => {
                workers[rank as usize].finished(Span::new(first, end), Nothing).expect("each block once");
                busy[rank as usize] = false;
                rank
            }
        };
        attend(rank, now, &mut workers[rank as usize], &mut busy[rank as usize], &mut agenda);
    }
    assert!(workers.iter().all(Worker::is_finished), "a rank waits for ever");
    now as f64 * 1e-9
}
