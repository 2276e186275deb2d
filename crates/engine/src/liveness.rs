//! Which rank hangs: the ranks ask the root now and then whether it is there, and it answers.
//!
//! Stands beside `protocol`, which decides about blocks. Pure, as that is: time, and what others
//! said, come in; what is said, and an accusation, come out. A transport that watches its ranks
//! calls [`Liveness::attend`] in every wait and in every piece of a computation, and gives it a
//! [`Line`] of its own. [`simulated`](crate::simulated) does, and MPI. Threads have a monitor
//! instead, for a thread of the process sees all others.
//!
//! At the end every rank stops asking ([`Liveness::ask_no_more`]), waits until its last question is
//! answered ([`Liveness::is_quiet`]), and meets the others in a barrier, in which the root still
//! answers. Then no message is left.
//!
//! | file | holds |
//! |---|---|
//! | `watchdog` | when to ask, and whom to accuse |

mod watchdog;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::watchdog::{Look, Watchdog};
use crate::transport::ROOT;

/// The longest time from look to look, while answers are due within seconds.
const LOOK: Duration = Duration::from_millis(500);
/// Looks until a question is due.
const LOOKS: u32 = 20;
/// From look to look when the last answers are awaited.
const AT_THE_END: Duration = Duration::from_millis(5);

/// How far a rank has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// A number that grows with every wait that ends and every piece of a computation.
    pub count: u64,
    /// What it waits for, as a number that the transport understands.
    pub waiting_for: u64,
}

/// What ranks tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// The root's answer, or another rank's question.
    pub is_answer: bool,
    /// How far the sender has come.
    pub progress: Progress,
}

/// What carries signs, apart from all other messages.
pub trait Line {
    /// Sends a sign to rank `to`; returns at once.
    fn send(&self, to: u64, sign: Sign);

    /// The sender and the sign of a message that has arrived, if there is one.
    fn take(&self) -> Option<(u64, Sign)>;
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accusation {
    /// This rank has not been heard of for the whole limit.
    Silent(u64),
    /// All ranks are there, and none has come further for the whole limit.
    Stuck,
}

/// One rank's watch over the others, and its part in theirs.
#[derive(Debug)]
pub struct Liveness {
    /// `None`: nobody is watched, and questions are answered.
    watchdog: Option<Watchdog>,
    looked: Instant,
    every: Duration,
    is_root: bool,
    asks: bool,
}

impl Liveness {
    /// Begins now, at rank `rank`: another rank may be silent for `limit`; zero: for ever.
    pub fn new(limit: Duration, rank: u64, ranks: u64, now: Instant) -> Liveness {
        let watchdog = (!limit.is_zero()).then(|| Watchdog::new(limit, rank, ranks, now));
        let every = watchdog.as_ref().map_or(LOOK, |watchdog| (watchdog.every() / LOOKS).min(LOOK));
        Liveness { watchdog, looked: now, every, is_root: rank == ROOT, asks: true }
    }

    /// When the next look is due. To look later is no fault, but what is said then is later too.
    pub fn due(&self) -> Instant {
        // At the end nobody waits for a rank that has its answer, but for the root.
        let is_hasty = !self.asks && (self.is_root || !self.is_quiet());
        self.looked + if is_hasty { AT_THE_END } else { self.every }
    }

    /// Looks, if it is time: answers questions, and asks.
    ///
    /// # Errors
    /// The [`Accusation`], again and again while it holds.
    pub fn attend(&mut self, now: Instant, progress: Progress, line: &impl Line) -> Result<(), Accusation> {
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

    /// No more questions, and no accusations; this rank still answers.
    pub fn ask_no_more(&mut self) {
        self.asks = false;
    }

    /// Whether all that this rank has asked is answered.
    pub fn is_quiet(&self) -> bool {
        !self.watchdog.as_ref().is_some_and(Watchdog::waits)
    }

    /// What each rank waited for when it was last heard of, at the root.
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

    impl Line for Recorded {
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
        let theirs = Progress { count: 7, waiting_for: 9 };
        line.arrived.replace(Some((2, Sign { is_answer: false, progress: theirs })));
        let mine = Progress { count: 1, waiting_for: 0 };
        assert_eq!(root.attend(now, mine, &line), Ok(()), "it is not time yet");
        assert_eq!(line.sent.borrow()[..], []);
        assert_eq!(root.attend(root.due(), mine, &line), Ok(()));
        assert_eq!(line.sent.borrow()[..], [(2, Sign { is_answer: true, progress: mine })]);
        assert_eq!(root.waiting().collect::<Vec<_>>(), [(1, 0), (2, 9)]);
        assert_eq!(Liveness::new(Duration::ZERO, ROOT, 3, now).waiting().count(), 0, "nobody is watched");
    }
}
