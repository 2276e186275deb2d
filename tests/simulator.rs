//! The simulator: the engine's real decisions, driven by a seed through clusters that no test machine has.
//!
//! [`World`] plays the network, the clocks and the kernels of 1 to 10,000 ranks; `Manager` and `Worker` are the program's
//! own. Messages take random times and overtake each other between different pairs of ranks (MPI keeps the order of one
//! pair only), kernels are slow or fast at random, ranks die, the root too, and the living begin again by the rule of
//! [`montesieve::job::survival`]. What must hold whatever happens: every block is computed exactly once (again only when who had done it
//! is dead), the total is that of one rank, in order; a failing seed is the bug report.

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
    Setup { seed, ranks, blocks, schedule, chunk: None, order: Order::Any, stop_at: None, deaths: 0, is_bad: false }
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

/// Runs a world in which ranks die to its end: the answer is right, and nothing that a living rank has done is done again.
fn check_survival(setup: Setup) -> (u64, u64) {
    let (blocks, what) = (setup.blocks, format!("{setup:?}"));
    let is_bad = setup.is_bad;
    let end = World::new(setup).run();
    assert_eq!(end.total, Some(exact_total(blocks)), "the answer differs: {what}");
    assert_eq!(end.done, blocks, "a block was lost: {what}");
    assert_eq!(end.in_vain, 0, "a block of a living rank was done again: {what}");
    assert!(end.computed.iter().all(|&times| times <= 1), "two living ranks have done a block: {what}");
    assert!(is_bad || end.refused == 0, "{what}");
    (end.attempts, end.refused)
}

#[test]
fn ranks_die_and_the_answer_is_the_same() {
    let mut attempts = 0;
    for schedule in Schedule::ALL {
        for seed in 0..120 {
            let ranks = [2, 3, 5, 8, 33][seed as usize % 5];
            let setup = setup(300 + seed, ranks, 1 + seed * 89 % 1500, schedule);
            attempts += check_survival(Setup { deaths: 1 + seed % (ranks - 1), ..setup }).0;
        }
    }
    assert!(attempts > 4 * 120, "nobody died in any world");
}

#[test]
fn messages_come_twice_and_overtake_each_other() {
    let mut refused = 0;
    for schedule in Schedule::ALL {
        for seed in 0..120 {
            let ranks = [2, 3, 5, 8, 33][seed as usize % 5];
            let setup = setup(500 + seed, ranks, 1 + seed * 89 % 1500, schedule);
            refused += check_survival(Setup { is_bad: true, deaths: seed % 3 % ranks, ..setup }).1;
        }
    }
    assert!(refused > 0, "no block came twice in any world");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let quiet = setup(7, 12, 500, Schedule::Guided);
    for setup in [quiet.clone(), Setup { deaths: 4, is_bad: true, ..quiet }] {
        let run = || World::new(setup.clone()).run();
        assert_eq!(run(), run());
    }
}
