//! The watchdog: which rank has been silent for too long, or whether no rank makes progress.
//!
//! Stands beside `liveness.rs`, which carries its questions and answers.
//!
//! A stopped process and a dead network look the same to MPI: messages never arrive. So every rank
//! regularly asks the root whether it is alive, whatever the rank waits for or computes, and the
//! root answers each question. The root hears from all ranks, and they hear from the root. The rank
//! that was silent the longest, for the whole limit, is named. That is the rank that hangs: a rank
//! that waits for it still asks and answers.
//!
//! A question carries its rank's progress: a number that grows with every finished wait and every
//! piece of a kernel. If all ranks answer and none makes progress for the whole limit, they wait
//! for each other. Then a link between two of them is dead, or this program has a fault.
//!
//! Only time in which the watcher itself was awake counts. A whole job may be stopped (`scontrol
//! suspend`, Ctrl-Z) and continued. And a rank delayed by a slow disk must not accuse the others of
//! its own silence.
//!
//! Cost: a message each way for each rank every 10 s at the default limit.

use std::time::{Duration, Instant};

use super::{Accusation, RankProgress, Sign};
use crate::awake;
use crate::transport::ROOT;

/// Questions within the limit: one or two may be late.
const QUESTIONS: u32 = 5;
/// The longest time between two questions, so that a long limit is still watched closely.
const LONGEST: Duration = Duration::from_secs(10);
/// Ranks that wait for a silent root report one after another: the first one ends the job before
/// the next would report the same.
const TURN: Duration = Duration::from_secs(3);
/// The last turn, which all higher ranks share.
const LAST_TURN: u64 = 10;

/// One rank's watch over the others.
#[derive(Debug)]
pub struct Watchdog {
    limit: Duration,
    every: Duration,
    /// Extra time that this rank grants the root beyond the limit.
    turn: Duration,
    clock: awake::Clock,
    /// All ranks at the root, only the root elsewhere.
    others: Vec<Other>,
    is_root: bool,
    /// This rank's own progress.
    progress: u64,
    /// When any rank was last known to make progress.
    moved: Duration,
    /// The time of the last question or accusation.
    acted: Duration,
    waits: bool,
}

/// What is known of a rank.
#[derive(Clone, Copy, Debug, Default)]
struct Other {
    /// When it last gave a sign, in time awake.
    heard: Duration,
    /// Its progress then.
    progress: RankProgress,
}

impl Watchdog {
    /// Starts now, at rank `rank`.
    pub fn new(limit: Duration, rank: u64, ranks: u64, now: Instant) -> Watchdog {
        let is_root = rank == ROOT;
        let every = (limit / QUESTIONS).min(LONGEST);
        Watchdog {
            limit,
            every,
            turn: if is_root { Duration::ZERO } else { TURN * (rank - 1).min(LAST_TURN) as u32 },
            clock: awake::Clock::new(every, now),
            others: vec![Other::default(); if is_root { ranks as usize } else { 1 }],
            is_root,
            progress: 0,
            moved: Duration::ZERO,
            acted: Duration::ZERO,
            waits: false,
        }
    }

    /// The longest time between two looks.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// A rank asked or answered.
    pub fn heard(&mut self, from: u64, sign: Sign) {
        if let Some(other) = self.others.get_mut(from as usize) {
            if other.progress.count != sign.progress.count {
                self.moved = self.clock.awake();
            }
            *other = Other { heard: self.clock.awake(), progress: sign.progress };
        }
        self.waits &= !sign.is_answer;
    }

    /// Whether a question or its answer is under way.
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// At the root: what each rank waited for in its last sign.
    pub fn waiting(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..).zip(&self.others).skip(1).map(|(rank, other)| (rank, other.progress.waiting_for))
    }

    /// Looks at the clock; `progress` is this rank's own.
    pub fn look(&mut self, now: Instant, progress: u64) -> Look {
        let awake = self.clock.look(now);
        if self.progress != progress {
            self.progress = progress;
            self.moved = awake;
        }
        if awake - self.acted < self.every {
            return Look::Fine;
        }
        self.acted = awake;
        let others = self.others.iter().enumerate().skip(usize::from(self.is_root));
        let longest = others.min_by_key(|(_, other)| other.heard);
        if let Some((rank, other)) = longest
            && awake - other.heard >= self.limit + self.turn
        {
            return Look::Accuse(Accusation::Silent(rank as u64));
        }
        // What a rank has done since its last question becomes known with the next.
        if self.is_root && awake - self.moved >= self.limit + self.every {
            return Look::Accuse(Accusation::Stuck);
        }
        let asks = !self.is_root && !self.waits;
        self.waits |= asks;
        if asks { Look::Ask } else { Look::Fine }
    }
}

/// The result of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing to do.
    Fine,
    /// Ask the root whether it is alive.
    Ask,
    /// A fault was found.
    Accuse(Accusation),
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(100);
    const LIMIT: Duration = Duration::from_secs(5);

    fn sign(count: u64, waiting_for: u64) -> Sign {
        Sign { is_answer: false, progress: RankProgress { count, waiting_for } }
    }

    fn silent(rank: u64) -> Look {
        Look::Accuse(Accusation::Silent(rank))
    }

    /// Looks every tenth of a second. Each time the ranks of `speaks` give a sign of progress; so
    /// does this rank.
    fn watch(dog: &mut Watchdog, from: Instant, steps: u32, speaks: &[u64]) -> Vec<Look> {
        let looks = (1..=steps).map(|step| {
            speaks.iter().for_each(|&rank| dog.heard(rank, sign(u64::from(step), 0)));
            dog.look(from + STEP * step, u64::from(step))
        });
        looks.filter(|&look| look != Look::Fine).collect()
    }

    #[test]
    fn the_root_names_the_silent_rank() {
        let now = Instant::now();
        let mut dog = Watchdog::new(LIMIT, 0, 4, now);
        assert_eq!(watch(&mut dog, now, 48, &[1, 3]), []);
        assert_eq!(watch(&mut dog, now + STEP * 48, 3, &[1, 3]), [silent(2)]);
    }

    #[test]
    fn the_first_of_two_silent_ranks_is_accused() {
        let now = Instant::now();
        let mut dog = Watchdog::new(LIMIT, 0, 4, now);
        assert_eq!(watch(&mut dog, now, 5, &[1, 2, 3]), []);
        assert_eq!(watch(&mut dog, now + STEP * 5, 5, &[1, 2]), []);
        assert_eq!(watch(&mut dog, now + STEP * 10, 50, &[2])[..1], [silent(3)], "rank 1 waits for it");
    }

    #[test]
    fn another_rank_asks_and_names_the_root() {
        let now = Instant::now();
        let mut dog = Watchdog::new(LIMIT, 1, 4, now);
        assert_eq!(watch(&mut dog, now, 10, &[]), [Look::Ask]);
        assert!(dog.waits());
        dog.heard(0, Sign { is_answer: true, progress: RankProgress::default() });
        assert_eq!(watch(&mut dog, now + STEP * 10, 10, &[]), [Look::Ask], "and then it waits for the answer");
        assert_eq!(watch(&mut dog, now + STEP * 20, 39, &[]), []);
        assert_eq!(watch(&mut dog, now + STEP * 59, 2, &[]), [silent(0)]);
    }

    #[test]
    fn one_rank_reports_for_all_that_wait_for_the_root() {
        let now = Instant::now();
        let when = |rank| {
            let mut dog = Watchdog::new(LIMIT, rank, 100, now);
            (1..1000).find(|&step| dog.look(now + STEP * step, 0) == silent(0)).expect("it speaks")
        };
        assert_eq!([1, 2, 3].map(when), [50, 80, 110]);
        assert_eq!([40, 99].map(when), [350, 350], "the last turn is shared");
    }

    #[test]
    fn a_watcher_that_was_stopped_accuses_no_rank() {
        let now = Instant::now();
        let mut dog = Watchdog::new(LIMIT, 0, 2, now);
        assert_eq!(watch(&mut dog, now, 10, &[1]), []);
        assert_eq!(watch(&mut dog, now + Duration::from_secs(3600), 10, &[]), []);
        assert_eq!(watch(&mut dog, now + Duration::from_secs(3601), 10, &[1]), []);
    }

    #[test]
    fn ranks_that_answer_without_progress_wait_for_each_other() {
        let now = Instant::now();
        let mut dog = Watchdog::new(LIMIT, 0, 3, now);
        let mut looks = (1..=100).map(|step| {
            (1..3).for_each(|rank| dog.heard(rank, sign(7, 5)));
            (step, dog.look(now + STEP * step, 3))
        });
        assert_eq!(looks.find(|&(_, look)| look != Look::Fine), Some((70, Look::Accuse(Accusation::Stuck))));
        assert_eq!(dog.waiting().collect::<Vec<_>>(), [(1, 5), (2, 5)]);
        // One of them computes: the others may wait for it for any time.
        let mut dog = Watchdog::new(LIMIT, 0, 3, now);
        for step in 1..=1000 {
            (1..3).for_each(|rank| dog.heard(rank, sign(u64::from(step / 40) * (rank - 1), 5)));
            assert_eq!(dog.look(now + STEP * step, 3), Look::Fine);
        }
    }
}
