//! Which rank hangs: the ranks regularly ask the root whether it is alive, and it answers.
//!
//! Stands beside `protocol`, which decides about blocks, and is pure as well. Its inputs are the
//! time and signs from other ranks; its outputs are signs and an accusation. A transport that
//! watches its ranks calls [`Liveness::make_progress`] in every wait and in every piece of a
//! computation, over its own [`SignLink`]. MPI and `simulated` do. Threads have a monitor instead:
//! a thread of the process sees all others.
//!
//! At the end every rank stops asking ([`Liveness::ask_no_more`]) and waits until its last question
//! is answered ([`Liveness::is_quiet`]). Then all meet in a barrier, in which the root still
//! answers. So no message is left.
//!
//! | file | holds |
//! |---|---|
//! | `watchdog` | when to ask, and which rank to accuse |

mod watchdog;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::watchdog::{Look, Watchdog};
use crate::transport::ROOT;

/// The longest time between two looks, while answers are due within seconds.
const LOOK: Duration = Duration::from_millis(500);
/// Looks between two questions.
const LOOKS: u32 = 20;
/// Time between two looks while the last answers are awaited.
const AT_THE_END: Duration = Duration::from_millis(5);

/// The progress of a rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankProgress {
    /// A number that grows with every finished wait and every piece of a computation.
    pub count: u64,
    /// What it waits for, as a number with a meaning for the transport.
    pub waiting_for: u64,
}

/// The messages of liveness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// An answer of the root, or else another rank's question.
    pub is_answer: bool,
    /// The sender's progress.
    pub progress: RankProgress,
}

/// Carries signs, apart from all other messages.
pub trait SignLink {
    /// Sends a sign to rank `to`; returns at once.
    fn send(&self, to: u64, sign: Sign);

    /// The sender and the sign of a message that has arrived, if any.
    fn take(&self) -> Option<(u64, Sign)>;
}

/// The fault that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accusation {
    /// This rank has been silent for the whole limit.
    Silent(u64),
    /// All ranks answer, and none has made progress for the whole limit.
    Stuck,
}

/// One rank's watch over the others, and its answers to them.
#[derive(Debug)]
pub struct Liveness {
    /// `None`: no rank is watched; questions are answered.
    watchdog: Option<Watchdog>,
    looked: Instant,
    every: Duration,
    is_root: bool,
    asks: bool,
}

impl Liveness {
    /// Starts now, at rank `rank`. Another rank may be silent for `limit`; zero means for ever.
    pub fn new(limit: Duration, rank: u64, ranks: u64, now: Instant) -> Liveness {
        let watchdog = (!limit.is_zero()).then(|| Watchdog::new(limit, rank, ranks, now));
        let every = watchdog.as_ref().map_or(LOOK, |watchdog| (watchdog.every() / LOOKS).min(LOOK));
        Liveness { watchdog, looked: now, every, is_root: rank == ROOT, asks: true }
    }

    /// When the next look is due. A later look is no fault, but delays answers.
    pub fn due(&self) -> Instant {
        // At the end only the root still has questions to answer.
        let is_hasty = !self.asks && (self.is_root || !self.is_quiet());
        self.looked + if is_hasty { AT_THE_END } else { self.every }
    }

    /// Looks, if a look is due: answers questions, and asks.
    ///
    /// # Errors
    /// The [`Accusation`], at every call while it holds.
    pub fn make_progress(
        &mut self,
        now: Instant,
        progress: RankProgress,
        line: &impl SignLink,
    ) -> Result<(), Accusation> {
        if now < self.due() {
            return Ok(());
        }
        self.looked = now;
        while let Some((from, sign)) = line.take() {
            if let Some(watchdog) = &mut self.watchdog {
                watchdog.heard(from, sign);
            }
            if !sign.is_answer {
                line.send(from, Sign { is_answer: true, progress });
            }
        }
        if !self.asks {
            return Ok(());
        }
        match self.watchdog.as_mut().map_or(Look::Fine, |watchdog| watchdog.look(now, progress.count)) {
            Look::Fine => Ok(()),
            Look::Ask => {
                line.send(ROOT, Sign { is_answer: false, progress });
                Ok(())
            }
            Look::Accuse(accusation) => Err(accusation),
        }
    }

    /// Stops questions and accusations; this rank still answers.
    pub fn ask_no_more(&mut self) {
        self.asks = false;
    }

    /// Whether every question of this rank is answered.
    pub fn is_quiet(&self) -> bool {
        !self.watchdog.as_ref().is_some_and(Watchdog::waits)
    }

    /// At the root: what each rank waited for in its last sign.
    pub fn waiting(&self) -> impl Iterator<Item = (u64, u64)> {
        self.watchdog.iter().flat_map(Watchdog::waiting)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// One message that has arrived, and all that were sent.
    #[derive(Default)]
    struct Recorded {
        arrived: RefCell<Option<(u64, Sign)>>,
        sent: RefCell<Vec<(u64, Sign)>>,
    }

    impl SignLink for Recorded {
        fn send(&self, to: u64, sign: Sign) {
            self.sent.borrow_mut().push((to, sign));
        }

        fn take(&self) -> Option<(u64, Sign)> {
            self.arrived.take()
        }
    }

    #[test]
    fn the_root_answers_and_knows_what_the_others_wait_for() {
        let (now, line) = (Instant::now(), Recorded::default());
        let mut root = Liveness::new(Duration::from_secs(5), ROOT, 3, now);
        let theirs = RankProgress { count: 7, waiting_for: 9 };
        line.arrived.replace(Some((2, Sign { is_answer: false, progress: theirs })));
        let mine = RankProgress { count: 1, waiting_for: 0 };
        assert_eq!(root.make_progress(now, mine, &line), Ok(()), "it is not time yet");
        assert_eq!(line.sent.borrow()[..], []);
        assert_eq!(root.make_progress(root.due(), mine, &line), Ok(()));
        assert_eq!(line.sent.borrow()[..], [(2, Sign { is_answer: true, progress: mine })]);
        assert_eq!(root.waiting().collect::<Vec<_>>(), [(1, 0), (2, 9)]);
        assert_eq!(Liveness::new(Duration::ZERO, ROOT, 3, now).waiting().count(), 0, "no rank is watched");
    }
}
