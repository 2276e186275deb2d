//! Going on without ranks that died, over MPI: who is still here, how a loss is noticed, and how
//! the living come together.
//!
//! A loss is noticed in whatever call of MPI needs the dead rank, and by a look in every wait. Who
//! notices first revokes the world, so that all others come out of their waits; from then on every
//! wait in it ends at once, with [`Lost`]. The ranks go back to the beginning of their command,
//! meet ([`vote`](super::vote)), and go on in a new world without the dead. A command that cannot
//! begin again ends there: all ranks leave, with exit code 1, and one of them says why.
//!
//! Stands beside `ulfm`, which has the raw calls. In force only where the program was started for
//! it (`mpirun --with-ft ulfm`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use montesieve_engine::awake;
use montesieve_engine::replay_log::ReplayLog;
use montesieve_engine::transport::Lost;
use mpi::topology::SimpleCommunicator;

use super::deadline::Deadline;
use super::losses::Member;
use super::ulfm::{self, Ulfm};
use super::vote::{Verdict, Vote, parted};
use super::{ending, heartbeat, launch, monitor};
use crate::error::{Error, Result};
use crate::stderr;

/// How long the last step of a good end may take, in which all wait for all; then a process ends
/// alone. Seen to take milliseconds.
const LEAVING: Duration = Duration::from_secs(5);
/// How long the living may take to come together after a loss, each at the end of what it is just
/// computing: as long as a rank may be silent by default (`--stall-timeout`), for one that is
/// stopped never comes.
const MEETING: Duration = Duration::from_secs(300);
/// How long waits may go on in a revoked world. They end in milliseconds; if they do not, the job
/// ends.
const STUCK: Duration = Duration::from_secs(20);

fn stuck() -> awake::Limit {
    awake::Limit::new(STUCK, Instant::now())
}

thread_local! {
    /// The survivors of the thread that calls MPI, for whoever has no cluster at hand: MPI's own
    /// callback, and bad ends.
    static OURS: RefCell<Option<Rc<Survivors>>> = const { RefCell::new(None) };
}

/// The ranks that live, as this one knows.
pub struct Survivors {
    ulfm: Cell<Ulfm>,
    /// This rank in the world of now.
    rank: Cell<usize>,
    /// By rank in the world of now.
    here: RefCell<Vec<Member>>,
    missing: RefCell<Vec<Member>>,
    /// Ranks at the beginning.
    began: usize,
    /// Whether the command can begin again.
    outlives: Cell<bool>,
    /// Since when a loss is known in the world of now.
    lost: Cell<Option<awake::Limit>>,
    /// Whether anybody was lost up to the last meeting: the same at all of the living.
    was_lost: Cell<bool>,
    leaving: Cell<bool>,
    /// What is remembered of a command from one beginning to the next.
    pub log: ReplayLog,
}

impl Survivors {
    /// All ranks, each on its host; this one is `rank`.
    ///
    /// # Errors
    /// [`Error::Launch`] where failures are known to give wrong answers: several hosts, and Open
    /// MPI's `coll/han` is not off.
    pub fn new(ulfm: Ulfm, rank: u64, hosts: Vec<String>) -> Result<Rc<Survivors>> {
        let several = hosts.iter().any(|host| *host != hosts[0]);
        if several && !launch::is_han_off(std::env::var("OMPI_MCA_coll").ok().as_deref()) {
            return Err(Error::Launch(
                "over several hosts Open MPI's coll/han gives wrong data when a rank dies: start mpirun --with-ft ulfm with --mca coll ^han".into(),
            ));
        }
        let here: Vec<Member> = (0..).zip(hosts).map(|(rank, host)| Member { rank, host }).collect();
        let survivors = Rc::new(Survivors {
            ulfm: Cell::new(ulfm),
            rank: Cell::new(rank as usize),
            began: here.len(),
            here: RefCell::new(here),
            missing: RefCell::default(),
            outlives: Cell::new(true),
            lost: Cell::new(None),
            was_lost: Cell::new(false),
            leaving: Cell::new(false),
            log: ReplayLog::default(),
        });
        OURS.with(|ours| *ours.borrow_mut() = Some(Rc::clone(&survivors)));
        ending::survive();
        ulfm::on_error(Some(|| with_ours(|ours| ours.failed())));
        ulfm.watch();
        Ok(survivors)
    }

    /// The command cannot begin again.
    pub fn cannot_begin_again(&self) {
        self.outlives.set(false);
    }

    /// Whether it can.
    pub fn outlives(&self) -> bool {
        self.outlives.get()
    }

    /// Whether a loss is known in the world of now.
    pub fn is_lost(&self) -> bool {
        self.lost.get().is_some()
    }

    /// Whether anybody was lost, as all the living know it since they last met.
    pub fn was_lost(&self) -> bool {
        self.was_lost.get()
    }

    /// Those who are missing, in the order in which it was found.
    pub fn missing(&self) -> Vec<Member> {
        self.missing.borrow().clone()
    }

    /// The number that this rank had at the beginning.
    pub fn number(&self) -> u64 {
        self.here.borrow().get(self.rank.get()).map_or(0, |member| member.rank)
    }

    /// A look around, for every wait. Cheap.
    pub fn look(&self) {
        if !self.ulfm.get().is_whole() {
            self.failed();
        }
        let Some(mut left) = self.lost.get() else { return };
        let is_stuck = left.is_over(Instant::now());
        self.lost.set(Some(left));
        if is_stuck {
            ending::tell(&Error::Run("MPI does not end its calls after the loss of a rank".into()), self.number(), 2);
            ending::abort(1);
        }
    }

    /// Whether everybody is here, as far as this rank knows; looks around first.
    ///
    /// # Errors
    /// [`Lost`].
    pub fn check(&self) -> std::result::Result<(), Lost> {
        self.look();
        if self.is_lost() { Err(Lost) } else { Ok(()) }
    }

    /// Somebody is lost.
    fn failed(&self) {
        if self.leaving.get() {
            // Too late to matter.
        } else if self.outlives() {
            self.lose();
        } else {
            self.end();
        }
    }

    /// The program is over for this rank: from here on losses are nobody's business.
    pub fn close(&self) {
        self.leaving.set(true);
    }

    /// Notes a loss, and lets the others know.
    pub fn lose(&self) {
        if !self.is_lost() {
            self.lost.set(Some(stuck()));
            self.ulfm.get().revoke();
        }
    }

    /// Meets all the living.
    pub fn meet(&self, vote: Vote) -> Verdict {
        // The meeting spins inside MPI until the last of them comes, at the end of what it is just
        // computing.
        let _deadlines_of_its_own = monitor::unwatched();
        let (bits, is_whole) = self.ulfm.get().agree(vote.bits());
        let verdict = Verdict::new(bits, is_whole);
        if !is_whole || matches!(verdict, Verdict::Again | Verdict::GoOn) {
            self.was_lost.set(true);
            self.lost.set(self.lost.get().or(Some(stuck())));
        }
        verdict
    }

    /// Comes together with all the living, to go on with them in a world of their own: that world.
    /// Or the code to leave with.
    pub fn come_together(&self) -> std::result::Result<SimpleCommunicator, u8> {
        self.lose();
        heartbeat::stop();
        let number = self.number();
        let _deadline = Deadline::begin(MEETING, move || {
            ending::tell(&Error::Run("after a loss the others did not come together in 5 min".into()), number, 2);
            ending::end_all(1)
        });
        loop {
            match self.meet(Vote::Lost) {
                Verdict::Leave(code) => return Err(code),
                Verdict::GoOn => break,
                Verdict::Again | Verdict::Whole => {}
            }
        }
        let before = self.ulfm.get();
        let Some(world) = before.shrink() else {
            ending::tell(&Error::Run("MPIX_Comm_shrink failed".into()), self.number(), 2);
            return Err(1);
        };
        let now = before.on(&world);
        let (here, missing) = parted(&self.here.borrow(), &now.numbers_in(before));
        self.rank.set(here.iter().position(|member| member.rank == self.number()).unwrap_or_default());
        self.here.replace(here);
        self.missing.borrow_mut().extend(missing);
        self.ulfm.set(now);
        if 2 * self.here.borrow().len() <= self.began {
            // The last words are said in it, so it is not freed.
            std::mem::forget(world);
            self.say("too few ranks are left to go on");
            return Err(1);
        }
        self.lost.set(None);
        Ok(world)
    }

    /// Nobody goes on: the ranks meet, one says who is missing, all leave.
    fn end(&self) -> ! {
        self.leaving.set(true);
        let _deadline = ending::limit(1);
        let code = match self.come_together() {
            Ok(world) => {
                // It is freed with the process.
                std::mem::forget(world);
                self.say("this command cannot begin again without it");
                1
            }
            Err(code) => code,
        };
        self.leave(code)
    }

    /// Leaves for good, without `MPI_Finalize`, which may wait for the dead. Every living rank must
    /// call it, after a meeting: they wait for each other once more, since who is the last to get
    /// the word needs those who pass it on.
    ///
    /// One of them alone has the exit code, the others 0: the launcher counts a process that ends
    /// with another code twice, and of a job that is over twice it hangs (Open MPI 5.0.11, 5 of 12
    /// launches of 16 ranks).
    pub fn leave(&self, code: u8) -> ! {
        self.leaving.set(true);
        let _deadline = match code {
            0 => Deadline::begin(LEAVING, move || ending::exit(code)),
            _ => ending::limit(code),
        };
        // A world that has lost somebody has no barrier; the rank of now may be that of one who is
        // gone.
        let before = self.ulfm.get();
        let together = before.shrink().map(|world| {
            let now = before.on(&world);
            // It is freed with the process.
            std::mem::forget(world);
            (now.meet(), now.rank())
        });
        ending::exit(if let Some((true, 1..)) = together { 0 } else { code })
    }

    /// The first of the living says who is missing.
    pub fn say(&self, what: &str) {
        if self.rank.get() == 0 {
            let names: Vec<String> = self.missing.borrow().iter().map(Member::to_string).collect();
            stderr::message(&format!("lost {}: {what}", names.join(", ")));
        }
    }
}

/// The whole job ends, wherever the others are; returns where MPI was not started for losses.
pub fn leave_together(code: u8) {
    with_ours(|ours| {
        ours.leaving.set(true);
        ours.ulfm.get().revoke();
        ours.meet(Vote::Fatal(code));
        ours.leave(code)
    });
}

/// A look around, for a wait that has no cluster at hand.
pub fn look() {
    with_ours(Survivors::look);
}

fn with_ours(what: impl FnOnce(&Survivors)) {
    // Out of the cell first: what is done may end in here again.
    if let Some(ours) = OURS.with(|ours| ours.borrow().clone()) {
        what(&ours);
    }
}
