//! The simulator: the engine's real decisions, driven by a seed through clusters that no test machine has.
//!
//! [`World`] plays the network, the clocks and the kernels of 1 to 10,000 ranks; `Manager` and `Worker` are the program's
//! own. Messages take random times and overtake each other between different pairs of ranks (MPI keeps the order of one
//! pair only), kernels are slow or fast at random. What must hold whatever happens: every block is computed exactly
//! once, the total is that of one rank, in order; a failing seed is the bug report.

#[path = "simulator/world.rs"]
mod world;

use montesieve::job::Schedule;
use world::{Order, Setup, World, exact_total};

/// Runs a seeded world to its end and checks what must hold.
fn check(setup: Setup) {
    let Setup { blocks, .. } = setup;
    let end = World::new(setup.clone()).run();
    let what = format!("{setup:?}");
    assert!(end.computed.iter().all(|&times| times <= 1), "a block was computed twice: {what}");
    if setup.stop_at.is_none() {
        assert!(end.computed.iter().all(|&times| times == 1), "a block was lost: {what}");
        assert_eq!(end.total, Some(exact_total(blocks)), "the answer differs: {what}");
    } else {
        let computed = end.computed.iter().filter(|&&times| times == 1).count() as u64;
        assert_eq!(end.done, computed, "the ledger and the work disagree: {what}");
    }
    assert!(end.most_held <= end.window, "more in memory than the window allows: {what}");
}

fn setup(seed: u64, ranks: u64, blocks: u64, schedule: Schedule) -> Setup {
    Setup { seed, ranks, blocks, schedule, chunk: None, order: Order::Any, stop_at: None }
}

#[test]
fn every_schedule_from_1_to_100_ranks() {
    for schedule in Schedule::ALL {
        for seed in 0..60 {
            let ranks = [1, 2, 3, 5, 7, 8, 16, 33, 100][seed as usize % 9];
            check(setup(seed, ranks, 1 + seed * 97 % 3000, schedule));
        }
    }
}

#[test]
fn every_schedule_at_1000_and_10000_ranks() {
    for schedule in Schedule::ALL {
        check(setup(1, 1000, 40_000, schedule));
        check(setup(2, 10_000, 100_000, schedule));
        check(setup(3, 10_000, 100, schedule));
    }
}

#[test]
fn any_chunk() {
    for schedule in Schedule::ALL {
        for (seed, chunk) in [1, 2, 7, 64, 10_000].into_iter().enumerate() {
            check(Setup { chunk: Some(chunk), ..setup(seed as u64, 5, 1000, schedule) });
        }
    }
}

#[test]
fn delivery_in_order_within_the_window() {
    for schedule in Schedule::ALL {
        for seed in 0..40 {
            let ranks = [1, 2, 3, 8, 50][seed as usize % 5];
            let chunk = [1, 2, 5][seed as usize % 3];
            let setup = setup(100 + seed, ranks, 1 + seed * 53 % 2000, schedule);
            check(Setup { order: Order::Delivered, chunk: Some(chunk), ..setup });
        }
    }
}

#[test]
fn a_stop_at_any_moment_loses_and_doubles_nothing() {
    for schedule in Schedule::ALL {
        for seed in 0..60 {
            let ranks = [1, 2, 5, 32][seed as usize % 4];
            let setup = setup(200 + seed, ranks, 2000, schedule);
            check(Setup { stop_at: Some(seed * seed * 40), ..setup });
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || World::new(setup(7, 12, 500, Schedule::Guided)).run();
    assert_eq!(run(), run());
}
