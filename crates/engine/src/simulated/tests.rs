//! The simulation itself: the same seed gives the same run, and endless waits are found.

use std::time::Duration;

use super::*;
use crate::backoff::Backoff;
use crate::conformance;
use crate::transport::{Channel, Lost, ROOT, Transport};

fn stormy(ranks: u64, seed: u64) -> RunPlan {
    RunPlan { weather: Weather::random(&mut Random::new(seed)), ..RunPlan::new(ranks, seed) }
}

#[test]
fn it_conforms_in_any_weather() {
    for ranks in [1, 2, 3, 5, 8] {
        for seed in 0..8 {
            let end = run(&stormy(ranks, seed), |rank| conformance::check(&**rank));
            assert_eq!(end.failure, None, "seed {seed}, {ranks} ranks");
            assert!(end.ranks.iter().all(|end| *end == RankEnd::Returned(Ok(()))), "seed {seed}");
            assert_eq!(end.left, 0, "seed {seed}, {ranks} ranks: a message is left");
        }
    }
}

#[test]
fn a_seed_is_the_same_run_and_another_one_is_not() {
    let trace = |seed| {
        let end = run(&stormy(5, seed), |rank| conformance::check(&**rank));
        (end.trace, end.events, end.time)
    };
    let first: Vec<_> = (0..8).map(trace).collect();
    assert_eq!(first, (0..8).map(trace).collect::<Vec<_>>());
    assert!(first.iter().enumerate().all(|(place, run)| !first[..place].contains(run)));
}

#[test]
fn a_wait_that_nothing_ends_is_reported() {
    let end = run(&RunPlan::new(3, 1), |rank| rank.receive(Channel::Round, (rank.rank() + 1) % 3));
    assert_eq!(end.ranks, [RankEnd::Killed, RankEnd::Killed, RankEnd::Killed]);
    let Some(Failure::Deadlock(said)) = end.failure else { panic!("{:?}", end.failure) };
    assert!(said.contains("rank 1 (before): a message of Round from rank 2"), "{said}");
}

#[test]
fn a_run_without_an_end_is_reported() {
    let plan = RunPlan { most_time: Duration::from_secs(60), ..RunPlan::new(2, 1) };
    let end = run(&plan, |rank| {
        loop {
            let until = rank.now() + Duration::from_millis(100);
            rank.pause(&mut Backoff::new(), Some(until))?;
        }
        #[allow(unreachable_code)]
        Ok::<(), Lost>(())
    });
    assert!(matches!(end.failure, Some(Failure::Endless(_))));
}

#[test]
fn hours_of_virtual_time_cost_nothing_and_times_are_kept() {
    let end = run(&RunPlan::new(2, 1), |rank| {
        let begun = rank.now();
        let until = begun + Duration::from_secs(3600);
        while rank.now() < until {
            rank.pause(&mut Backoff::new(), Some(until)).expect("all live");
        }
        rank.now() - until < Duration::from_millis(1)
    });
    assert!(end.time > Duration::from_secs(3600));
    assert_eq!(end.ranks, [RankEnd::Returned(true), RankEnd::Returned(true)]);
}

#[test]
fn a_death_ends_the_job_or_is_survived_by_all_others() {
    for seed in 0..50 {
        let fault = InjectedFault { rank: seed % 5, at: FaultTime::Turn(1 + seed * 7), what: FaultKind::Death };
        let plan = RunPlan { faults: vec![fault], ..stormy(5, seed) };
        let killed = run(&plan, |rank| (0..100).try_for_each(|_| rank.barrier()));
        assert_eq!(killed.failure, None, "seed {seed}");
        assert!(killed.ranks.iter().all(|end| *end == RankEnd::Killed), "seed {seed}: {:?}", killed.ranks);
        let survived = run(&RunPlan { survives: true, ..plan }, |rank| {
            rank.survive(|rank| {
                (0..100).try_for_each(|_| rank.barrier())?;
                rank.flush(None)?;
                rank.confirm_all_alive()?;
                Ok((rank.rank(), rank.size()))
            })
            .ok()
        });
        assert_eq!(survived.failure, None, "seed {seed}");
        let mut numbers = 0..;
        for (rank, end) in (0..).zip(survived.ranks) {
            let expected = if rank == seed % 5 {
                RankEnd::Killed
            } else {
                RankEnd::Returned(numbers.next().map(|rank| (rank, 4)))
            };
            assert_eq!(end, expected, "seed {seed}");
        }
    }
}

#[test]
fn a_panic_reaches_the_caller() {
    let panic = catch_unwind(|| {
        run(&RunPlan::new(3, 1), |rank| {
            if rank.rank() == 1 {
                resume_unwind(Box::new("no more memory"));
            }
            rank.barrier()
        })
    });
    assert_eq!(panic.expect_err("it panics").downcast_ref(), Some(&"no more memory"));
}

#[test]
fn a_thousand_ranks() {
    let end = run(&stormy(1000, 3), |rank| rank.sum(rank.rank()).and_then(|sum| rank.flush(None).map(|()| sum)));
    assert_eq!(end.ranks[ROOT as usize], RankEnd::Returned(Ok(Some(499_500))));
}
