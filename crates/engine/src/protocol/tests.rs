//! Rounds of whole worlds: every rank's machine under virtual time, with random times from one
//! seed.
//!
//! Checked at every end: each block is done once, the total is that of one rank, and no message is
//! left over (by [`world::run`]).

use std::time::Duration;

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::world::{ExternalEvent, Model, RoundPlan, attempt, run};
use super::{Message, PIECE};
use crate::restart::union;
use crate::{Boundaries, Ledger, PrefixEnds, Schedule, Span, Tally};

/// A composition of maps x -> a x + b: associative, exact and not commutative. So a lost or
/// duplicated block shows, and a wrong order too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AffineMap {
    a: u64,
    b: u64,
}

impl AffineMap {
    fn of(span: Span) -> AffineMap {
        let one = |block: u64| AffineMap { a: 2 * block + 3, b: block.wrapping_mul(0x9E37_79B9_7F4A_7C15) };
        let mut total = one(span.first);
        (span.first + 1..span.end).for_each(|block| total.merge(one(block)));
        total
    }
}

impl Tally for AffineMap {
    fn merge(&mut self, next: AffineMap) {
        *self = AffineMap { a: self.a.wrapping_mul(next.a), b: self.b.wrapping_mul(next.a).wrapping_add(next.b) };
    }
}

/// Random times.
struct RandomModel {
    random: Xoshiro256PlusPlus,
    /// Tallies that are read before the reader stops reading.
    reads: Option<u64>,
    disk_hangs: bool,
}

impl RandomModel {
    fn below(&mut self, microseconds: u64) -> Duration {
        Duration::from_nanos(self.random.next_u64() % (1000 * microseconds + 1))
    }
}

impl Model for RandomModel {
    type Tally = AffineMap;

    /// Slow ranks and fast ones.
    fn compute(&mut self, rank: u64, piece: Span) -> (AffineMap, Duration) {
        let block = self.below(10 + rank * 37 % 300);
        (AffineMap::of(piece), block * u32::try_from(piece.len()).expect("few blocks"))
    }

    fn delay(&mut self, _: u64, _: u64, _: &Message<AffineMap>) -> Duration {
        match self.random.next_u64() % 20 {
            0 => self.below(5000),
            _ => self.below(20),
        }
    }

    fn handling(&mut self, _: &Message<AffineMap>) -> Duration {
        self.below(3)
    }

    fn save(&mut self) -> Option<Duration> {
        (!self.disk_hangs).then(|| self.below(10_000))
    }

    fn read(&mut self, _: &AffineMap) -> Option<Duration> {
        if let Some(reads) = &mut self.reads {
            *reads = reads.checked_sub(1)?;
        }
        Some(self.below(300))
    }
}

#[derive(Clone, Debug)]
struct Setup {
    seed: u64,
    plan: RoundPlan,
    reads: Option<u64>,
    disk_hangs: bool,
}

fn check(setup: &Setup) {
    let Setup { seed, plan, reads, disk_hangs } = setup;
    let random = Xoshiro256PlusPlus::seed_from_u64(*seed);
    let mut model = RandomModel { random, reads: *reads, disk_hangs: *disk_hangs };
    let end = run(plan, &mut model);
    let all = (plan.blocks > 0).then(|| AffineMap::of(Span::new(0, plan.blocks)));
    let may_stop = plan.time_limit.is_some() || plan.events.iter().any(|(.., event)| *event != ExternalEvent::Save);
    assert_eq!(end.computed, end.done, "every block once: {setup:?}");
    assert!(may_stop || (end.done == plan.blocks && end.cause.is_none()), "{setup:?}");
    assert!(end.done == plan.blocks || end.cause.is_some(), "{setup:?}");
    assert_eq!(end.is_saved, plan.saves.is_some() && !disk_hangs, "{setup:?}");
    assert!(end.saves >= u64::from(plan.saves.is_some()), "{setup:?}");
    assert!(plan.window.is_none_or(|window| end.most_held <= window), "{setup:?}");
    if end.done_for_good == plan.blocks {
        assert_eq!(end.total, all, "{setup:?}");
    } else if plan.window.is_some() {
        let written = end.done_for_good;
        assert_eq!(end.total, (written > 0).then(|| AffineMap::of(Span::new(0, written))), "{setup:?}");
    }
}

fn plan(ranks: u64, blocks: u64, schedule: Schedule, chunk: u64) -> RoundPlan {
    RoundPlan { piece: Duration::from_micros(200), ..RoundPlan::new(ranks, blocks, schedule, chunk) }
}

fn setups() -> impl Strategy<Value = Setup> {
    let time = || (0u64..20_000).prop_map(Duration::from_micros);
    let event =
        prop_oneof![Just(ExternalEvent::Signal(15)), Just(ExternalEvent::Signal(12)), Just(ExternalEvent::Save)];
    let events = prop_oneof![
        1 => Just(Vec::new()),
        1 => proptest::collection::vec((time(), 0u64..9, event), 0..4),
    ];
    let sizes = (any::<u64>(), 1u64..10, 0u64..300, 1u64..9, proptest::sample::select(&Schedule::ALL));
    let limit = prop_oneof![2 => Just(None), 1 => time().prop_map(Some)];
    let gone = prop_oneof![3 => Just(None), 1 => time().prop_map(Some)];
    let reads = prop_oneof![3 => Just(None), 1 => (0u64..20).prop_map(Some)];
    (sizes, any::<[bool; 5]>(), events, limit, gone, reads).prop_map(
        |(
            (seed, ranks, blocks, chunk, schedule),
            [in_order, saves, hangs, at, prefixes],
            mut events,
            time_limit,
            gone,
            reads,
        )| {
            for (_, rank, _) in &mut events {
                *rank %= ranks;
            }
            events.extend(gone.filter(|_| in_order).map(|gone| (gone, 0, ExternalEvent::ReaderGone)));
            let at = at.then_some(blocks / 2);
            let prefixes = match (prefixes, seed % 3) {
                (false, _) => PrefixEnds::None,
                (true, 0) => PrefixEnds::Powers,
                (true, 1) => PrefixEnds::At(vec![blocks / 4, blocks / 3]),
                (true, _) => PrefixEnds::PowersAfter(blocks / 3),
            };
            let boundaries = if in_order { Boundaries::default() } else { Boundaries { at, prefixes } };
            let plan = RoundPlan {
                window: in_order.then_some(4 * ranks * chunk),
                saves: (saves && !in_order).then_some(Duration::from_millis(3)),
                time_limit,
                boundaries,
                events,
                ..plan(ranks, blocks, schedule, chunk)
            };
            // A reader that is never stopped may pause for ever.
            let reads = reads.filter(|_| in_order && time_limit.is_some());
            Setup { seed, plan, reads, disk_hangs: hangs && seed % 5 == 0 }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_round_ends_with_each_block_once(setup in setups()) {
        check(&setup);
    }
}

#[test]
fn every_schedule_on_many_ranks() {
    for (schedule, seed) in Schedule::ALL.into_iter().zip(0..) {
        for (ranks, blocks) in [(100, 3000), (1000, 40_000), (10_000, 50_000), (10_000, 100)] {
            let chunk = schedule.auto_chunk(blocks, ranks, 1);
            check(&Setup { seed, plan: plan(ranks, blocks, schedule, chunk), reads: None, disk_hangs: false });
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_round() {
    let plan = RoundPlan {
        events: vec![(Duration::from_millis(3), 2, ExternalEvent::Signal(15))],
        ..plan(12, 500, Schedule::Guided, 2)
    };
    let once = || {
        let random = Xoshiro256PlusPlus::seed_from_u64(7);
        format!("{:?}", run(&plan, &mut RandomModel { random, reads: None, disk_hangs: false }))
    };
    assert_eq!(once(), once());
    assert!(PIECE > plan.piece);
}

/// Requests for saves are slow, everything else is fast.
struct SlowRequests;

impl Model for SlowRequests {
    type Tally = AffineMap;

    fn compute(&mut self, _: u64, piece: Span) -> (AffineMap, Duration) {
        (AffineMap::of(piece), Duration::from_micros(10 * piece.len()))
    }

    fn delay(&mut self, _: u64, _: u64, message: &Message<AffineMap>) -> Duration {
        Duration::from_micros(if *message == Message::Save { 1000 } else { 5 })
    }
}

#[test]
fn the_end_of_a_round_waits_for_a_request_under_way() {
    // A round takes about 70 us. Rank 3 reduces to rank 2, so its request takes another path.
    let slow = (0..100).filter(|&at| {
        let events = vec![(Duration::from_micros(at), 3, ExternalEvent::Save)];
        let end = run(&RoundPlan { events, ..plan(4, 8, Schedule::Block, 2) }, &mut SlowRequests);
        end.time > Duration::from_micros(1000)
    });
    assert!((30..100).contains(&slow.count()), "those that rank 3 sent before the end");
}

/// Ranks are lost at random moments, including rank 0. The others restart from what each of them
/// has done. Returns the number of attempts.
fn check_restarts(seed: u64, ranks: u64, blocks: u64, schedule: Schedule, losses: u64) -> u64 {
    let random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut model = RandomModel { random, reads: None, disk_hangs: false };
    let at = (seed % 2 == 1).then_some(blocks / 2);
    let boundaries =
        Boundaries { at, prefixes: if seed.is_multiple_of(3) { PrefixEnds::Powers } else { PrefixEnds::None } };
    let base = Ledger::with_boundaries(boundaries.clone());
    let mut owns = vec![base.clone(); ranks as usize];
    let mut attempts = 0;
    loop {
        attempts += 1;
        let ranks = owns.len() as u64;
        let chunk = schedule.auto_chunk(blocks, ranks, 1);
        let plan = RoundPlan { boundaries: boundaries.clone(), ..plan(ranks, blocks, schedule, chunk) };
        let done = union(base.clone(), owns.iter().cloned()).expect("no block was done by two of the living");
        let before = done.done();
        let loss = (attempts <= losses && ranks > 1).then(|| model.below(200 * blocks / ranks + 100));
        match attempt(&plan, &mut model, done, Some(owns), loss) {
            Ok(end) => {
                assert_eq!(end.computed, blocks - before, "what a living rank had done was done again");
                assert_eq!(end.total, Some(AffineMap::of(Span::new(0, blocks))), "{plan:?}");
                return attempts;
            }
            Err(left) => {
                owns = left;
                for _ in 0..1 + model.random.next_u64() % 3 {
                    if owns.len() > 1 {
                        owns.remove((model.random.next_u64() % owns.len() as u64) as usize);
                    }
                }
            }
        }
    }
}

#[test]
fn ranks_are_lost_and_the_total_is_the_same() {
    let mut attempts = 0;
    for schedule in Schedule::ALL {
        for seed in 0..300 {
            let ranks = [2, 3, 5, 8, 33][seed as usize % 5];
            attempts += check_restarts(300 + seed, ranks, 1 + seed * 89 % 1500, schedule, 1 + seed % 4);
        }
    }
    assert!(attempts > 4 * 450, "too few losses: {attempts} attempts");
}
