//! The watchdog: who has not been heard of for too long. Pure: time comes in, a rank's number comes out.
//!
//! A process that is stopped and a network that is dead look the same to MPI: messages simply do not come, for ever. So every
//! rank asks the root now and then whether it is there, and the root answers each question. The root hears of all ranks,
//! they hear of the root; whoever is silent for the whole limit is named. Questions are counted like reports and answered
//! before a round ends, so none is left on its way.
//!
//! Only time in which the watcher itself was awake counts: a whole job may be stopped (`scontrol suspend`, Ctrl-Z) and continued.
//! Cost: a message each way for each rank every 10 s at the default limit.

use std::time::{Duration, Instant};

use super::run::Stall;

/// Questions within the limit: one or two may be late.
const QUESTIONS: u32 = 5;
/// The longest time between two questions, so that a long limit does not make the watch coarse.
const LONGEST: Duration = Duration::from_secs(10);

/// One rank's watch over the others.
#[derive(Debug)]
pub struct Watchdog {
    limit: Duration,
    every: Duration,
    /// Time awake, as of `looked`.
    awake: Duration,
    looked: Instant,
    /// When each watched rank was last heard of, in time awake: all ranks at the root, the root alone elsewhere.
    heard: Vec<Duration>,
    /// Where this rank's own place is in `heard`, if it has one.
    me: Option<usize>,
    /// When something was last done about it.
    acted: Duration,
    waits: bool,
    over: bool,
}

impl Watchdog {
    /// Begins now; `None` where there is nobody to watch, or no limit.
    pub fn new(stall: &Stall, is_root: bool, ranks: u64, now: Instant) -> Option<Watchdog> {
        (ranks > 1 && !stall.limit.is_zero()).then(|| Watchdog {
            limit: stall.limit,
            every: (stall.limit / QUESTIONS).min(LONGEST),
            awake: Duration::ZERO,
            looked: now,
            heard: vec![Duration::ZERO; if is_root { ranks as usize } else { 1 }],
            me: is_root.then_some(0),
            acted: Duration::ZERO,
            waits: false,
            over: false,
        })
    }

    /// Something came from this rank.
    pub fn heard(&mut self, from: u64) {
        if let Some(heard) = self.heard.get_mut(from as usize) {
            *heard = self.awake;
        }
    }

    /// The root has answered.
    pub fn answered(&mut self) {
        self.waits = false;
    }

    /// Whether a question is on its way, or its answer.
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// The round is ending: no more questions, nobody is watched.
    pub fn close(&mut self) {
        self.over = true;
    }

    /// Looks at the clock.
    pub fn look(&mut self, now: Instant) -> Look {
        let step = now.saturating_duration_since(self.looked);
        self.looked = now;
        self.awake += step.min(self.every);
        if self.over || self.awake - self.acted < self.every {
            return Look::Fine;
        }
        self.acted = self.awake;
        let silent = |(rank, &heard): (usize, &Duration)| {
            (self.me != Some(rank) && self.awake - heard >= self.limit).then_some(rank as u64)
        };
        if let Some(rank) = self.heard.iter().enumerate().find_map(silent) {
            return Look::Silent(rank);
        }
        let asks = self.me.is_none() && !self.waits;
        self.waits |= asks;
        if asks { Look::Ask } else { Look::Fine }
    }
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing to do.
    Fine,
    /// Ask the root whether it is there.
    Ask,
    /// This rank has been silent for the whole limit.
    Silent(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(100);

    fn stall(seconds: u64) -> Stall {
        Stall { limit: Duration::from_secs(seconds), hosts: Vec::new() }
    }

    /// Looks every tenth of a second, and hears of `speaks` each time.
    fn watch(dog: &mut Watchdog, from: Instant, steps: u32, speaks: &[u64]) -> Vec<Look> {
        let looks = (1..=steps).map(|step| {
            speaks.iter().for_each(|&rank| dog.heard(rank));
            dog.look(from + STEP * step)
        });
        looks.filter(|&look| look != Look::Fine).collect()
    }

    #[test]
    fn the_root_names_the_one_that_is_silent() {
        let now = Instant::now();
        let mut dog = Watchdog::new(&stall(5), true, 4, now).expect("others");
        assert_eq!(watch(&mut dog, now, 48, &[1, 3]), []);
        assert_eq!(watch(&mut dog, now + STEP * 48, 3, &[1, 3]), [Look::Silent(2)]);
    }

    #[test]
    fn another_rank_asks_and_names_the_root() {
        let now = Instant::now();
        let mut dog = Watchdog::new(&stall(5), false, 4, now).expect("others");
        assert_eq!(watch(&mut dog, now, 10, &[]), [Look::Ask]);
        assert!(dog.waits());
        dog.answered();
        dog.heard(0);
        assert_eq!(watch(&mut dog, now + STEP * 10, 10, &[]), [Look::Ask], "and then it waits for the answer");
        assert_eq!(watch(&mut dog, now + STEP * 20, 39, &[]), []);
        assert_eq!(watch(&mut dog, now + STEP * 59, 2, &[]), [Look::Silent(0)]);
    }

    #[test]
    fn who_was_stopped_himself_accuses_nobody() {
        let now = Instant::now();
        let mut dog = Watchdog::new(&stall(5), true, 2, now).expect("others");
        assert_eq!(watch(&mut dog, now, 10, &[1]), []);
        assert_eq!(watch(&mut dog, now + Duration::from_secs(3600), 10, &[]), []);
        assert_eq!(watch(&mut dog, now + Duration::from_secs(3601), 10, &[1]), []);
    }

    #[test]
    fn nobody_is_watched_alone_without_a_limit_or_at_the_end() {
        let now = Instant::now();
        assert!(Watchdog::new(&stall(5), true, 1, now).is_none());
        assert!(Watchdog::new(&stall(0), true, 4, now).is_none());
        let mut dog = Watchdog::new(&stall(5), true, 4, now).expect("others");
        dog.close();
        assert_eq!(watch(&mut dog, now, 100, &[]), []);
    }
}
