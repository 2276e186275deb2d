//! `scaling --predict` against the engine: its formulas compared with a simulated world of the
//! engine on as many ranks.
//!
//! [`Timed`] sets how long kernels and messages take; the program makes every decision. Nothing
//! here reads a real clock.

use std::time::Duration;

use montesieve::commands::scaling::analysis::predict::{Costs, JobCosts, Prediction, ladder, predict, saturation};
use montesieve::job::protocol::Message;
use montesieve::job::protocol::world::{Model, RoundPlan, run};
use montesieve::job::{Schedule, Span};

/// Messages, answers, spans and kernels take the times given to `scaling --predict`.
struct Timed {
    costs: Costs,
    /// Seconds from block 0 to each block.
    upto: Vec<f64>,
}

impl Model for Timed {
    type Tally = ();

    fn compute(&mut self, _: u64, piece: Span) -> ((), Duration) {
        ((), Duration::from_secs_f64(self.upto[piece.end as usize] - self.upto[piece.first as usize]))
    }

    fn delay(&mut self, _: u64, _: u64, _: &Message<()>) -> Duration {
        Duration::from_secs_f64(self.costs.message)
    }

    fn handling(&mut self, message: &Message<()>) -> Duration {
        Duration::from_secs_f64(match message {
            Message::Ask => self.costs.answer,
            Message::Report(ledger) | Message::Reduce { ledger, .. } => self.costs.span * ledger.spans().count() as f64,
            _ => 0.0,
        })
    }
}

/// A cluster of a few years ago: 2 us per message, 1 us per answer, 50 ns per span.
const COSTS: Costs = Costs { message: 2e-6, answer: 1e-6, span: 5e-8 };

fn work(compute: f64, blocks: u64) -> JobCosts {
    JobCosts { compute, blocks, grain: 1, fixed: 0.0, imbalance: 1.0 }
}

/// Seconds that the engine takes with blocks of the relative costs `cost`.
fn simulated(
    prediction: &Prediction,
    schedule: Schedule,
    work: &JobCosts,
    costs: Costs,
    cost: impl Fn(u64) -> f64,
) -> f64 {
    let sum: f64 = (0..work.blocks).map(&cost).sum();
    let upto = (0..work.blocks).scan(0.0, |upto, block| {
        *upto += work.compute * cost(block) / sum;
        Some(*upto)
    });
    let mut model = Timed { costs, upto: std::iter::once(0.0).chain(upto).collect() };
    // Pieces of the length of spans, since nothing is saved here.
    let piece = Duration::from_secs(10_000);
    let end = run(
        &RoundPlan { piece, ..RoundPlan::new(prediction.ranks, work.blocks, schedule, prediction.chunk) },
        &mut model,
    );
    assert_eq!(end.computed, work.blocks);
    end.time.as_secs_f64()
}

/// Predicted over simulated seconds, with blocks of equal cost.
fn ratio(schedule: Schedule, asked: Option<u64>, work: &JobCosts, costs: Costs, ranks: u64) -> f64 {
    let prediction = predict(schedule, asked, work, &costs, ranks);
    let seconds = simulated(&prediction, schedule, work, costs, |_| 1.0);
    println!("{prediction:?}, simulated {seconds:.6} s");
    prediction.seconds / seconds
}

#[test]
fn few_ranks_to_100_000_under_every_schedule() {
    for schedule in Schedule::ALL {
        for (compute, blocks) in [(60.0, 200_000), (2000.0, 400_000)] {
            for ranks in [2, 8, 64, 512, 4096, 20_000, 100_000] {
                let ratio = ratio(schedule, None, &work(compute, blocks), COSTS, ranks);
                assert!((0.9..1.1).contains(&ratio), "{schedule:?} on {ranks}: {ratio}");
            }
        }
    }
}

#[test]
fn another_cluster_and_chunks_of_any_size() {
    let slow = Costs { message: 3e-5, answer: 2e-5, span: 1e-6 };
    for schedule in [Schedule::Cyclic, Schedule::Dynamic, Schedule::Guided] {
        for chunk in [1, 10, 100] {
            for ranks in [2, 30, 1000, 10_000] {
                let ratio = ratio(schedule, Some(chunk), &work(20.0, 100_000), slow, ranks);
                assert!((0.75..1.35).contains(&ratio), "{schedule:?}, chunk {chunk} on {ranks}: {ratio}");
            }
        }
    }
}

#[test]
fn a_few_blocks_of_a_coarse_grain() {
    let work = JobCosts { grain: 120, ..work(4.0, 1908) };
    for schedule in Schedule::ALL {
        for ranks in [2, 3, 16, 64, 100, 500, 3000] {
            let ratio = ratio(schedule, None, &work, COSTS, ranks);
            assert!((0.8..1.25).contains(&ratio), "{schedule:?} on {ranks}: {ratio}");
        }
    }
}

#[test]
fn unequal_blocks() {
    // Trial division: the cost grows as the square root; the imbalance of the block schedule is
    // what a run would measure.
    let grows = |block: u64| (block as f64 + 1.0).sqrt();
    let work = JobCosts { imbalance: 1.5, ..work(100.0, 100_000) };
    for (schedule, ranks) in [(Schedule::Block, 1000), (Schedule::Cyclic, 100), (Schedule::Dynamic, 100)] {
        let prediction = predict(schedule, None, &work, &COSTS, ranks);
        let ratio = prediction.seconds / simulated(&prediction, schedule, &work, COSTS, grows);
        assert!((0.85..1.15).contains(&ratio), "{schedule:?} on {ranks}: {ratio}");
    }
    assert_eq!(predict(Schedule::Block, None, &work, &COSTS, 100).limit.word(), "imbalance");
}

/// The number of ranks at which half of the time is lost agrees with the simulation, up to one step
/// of the list.
#[test]
fn saturation_is_where_the_simulation_has_it() {
    let work = work(60.0, 100_000);
    for schedule in Schedule::ALL {
        let rungs = ladder(100_000);
        let predictions: Vec<Prediction> =
            rungs.iter().map(|&ranks| predict(schedule, None, &work, &COSTS, ranks)).collect();
        let is_worth = |prediction: &&Prediction| {
            let seconds = simulated(prediction, schedule, &work, COSTS, |_| 1.0);
            work.compute / seconds >= 0.5 * prediction.ranks as f64
        };
        let simulated = predictions.iter().rposition(|prediction| is_worth(&prediction)).expect("one rank is worth it");
        let half = saturation(schedule.name(), &predictions).expect("predictions").half;
        let predicted = rungs.iter().position(|&ranks| Some(ranks) == half).expect("up to 100,000") - 1;
        assert!(predicted.abs_diff(simulated) <= 1, "{schedule:?}: {predicted} and {simulated}");
    }
}
