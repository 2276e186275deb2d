//! Continuing without ranks that died, over MPI: which ranks are alive, how a loss is noticed, and
//! how the living regroup.
//!
//! Any call of MPI that needs the dead rank notices the loss, and so does a look in every wait. The
//! first rank to notice revokes the world, which ends every wait in it with [`Lost`]. The ranks
//! return to the start of their command, vote ([`vote`](super::vote)), and continue in a new world
//! without the dead. A command that cannot restart ends there: all ranks leave with exit code 1,
//! and one of them prints the reason.
//!
//! Stands beside `ulfm`, which has the raw calls. Active only if the program was started with fault
//! tolerance (`mpirun --with-ft ulfm`).

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
use super::vote::{Decision, Vote, partition};
use super::{abort, heartbeat, launch, monitor};
use crate::error::{Error, Result};
use crate::stderr;

/// How long the last step of a successful end may take, in which all ranks wait for each other;
/// then a process ends alone. It takes milliseconds.
const LEAVE_LIMIT: Duration = Duration::from_secs(5);
/// How long the living may take to regroup after a loss, each at the end of its current piece. As
/// long as a rank may be silent by default, since a stopped rank never arrives.
const REGROUP_LIMIT: Duration = Duration::from_secs(300);
/// How long waits may last in a revoked world. They end in milliseconds; if they do not, the job
/// ends.
const STUCK_LIMIT: Duration = Duration::from_secs(20);

fn stuck() -> awake::Limit {
    awake::Limit::new(STUCK_LIMIT, Instant::now())
}

thread_local! {
    /// The membership of the thread that calls MPI, for code without a cluster: MPI's callback, and
    /// aborts.
    static OURS: RefCell<Option<Rc<Membership>>> = const { RefCell::new(None) };
}

/// The ranks that this one believes alive.
pub struct Membership {
    ulfm: Cell<Ulfm>,
    /// This rank in the current world.
    rank: Cell<usize>,
    /// By rank in the current world.
    alive: RefCell<Vec<Member>>,
    missing: RefCell<Vec<Member>>,
    /// Ranks at the start of the program.
    initial_size: usize,
    /// Whether the command can restart.
    survives_losses: Cell<bool>,
    /// Since when a loss is known in the current world.
    lost: Cell<Option<awake::Limit>>,
    /// Whether any rank was lost before the last vote: the same at all living ranks.
    had_loss: Cell<bool>,
    leaving: Cell<bool>,
    /// What a restarted command replays.
    pub log: ReplayLog,
}

impl Membership {
    /// All ranks, with their hosts; this one is `rank`.
    ///
    /// # Errors
    /// [`Error::Launch`] on several hosts with Open MPI's `coll/han`, which gives wrong data after
    /// a failure.
    pub fn new(ulfm: Ulfm, rank: u64, hosts: Vec<String>) -> Result<Rc<Membership>> {
        let several = hosts.iter().any(|host| *host != hosts[0]);
        if several && !launch::is_han_off(std::env::var("OMPI_MCA_coll").ok().as_deref()) {
            return Err(Error::Launch(
                "over several hosts Open MPI's coll/han gives wrong data when a rank dies: start mpirun --with-ft ulfm with --mca coll ^han".into(),
            ));
        }
        let alive: Vec<Member> = (0..).zip(hosts).map(|(rank, host)| Member { rank, host }).collect();
        let membership = Rc::new(Membership {
            ulfm: Cell::new(ulfm),
            rank: Cell::new(rank as usize),
            initial_size: alive.len(),
            alive: RefCell::new(alive),
            missing: RefCell::default(),
            survives_losses: Cell::new(true),
            lost: Cell::new(None),
            had_loss: Cell::new(false),
            leaving: Cell::new(false),
            log: ReplayLog::default(),
        });
        OURS.with(|ours| *ours.borrow_mut() = Some(Rc::clone(&membership)));
        abort::survive();
        ulfm::on_error(Some(|| with_ours(|ours| ours.on_failure())));
        ulfm.watch();
        Ok(membership)
    }

    /// Declares that the command cannot restart.
    pub fn cannot_restart(&self) {
        self.survives_losses.set(false);
    }

    /// Whether the command restarts after a loss.
    pub fn survives_losses(&self) -> bool {
        self.survives_losses.get()
    }

    /// Whether a loss is known in the current world.
    pub fn has_loss(&self) -> bool {
        self.lost.get().is_some()
    }

    /// Whether any rank was lost, as all living ranks know since their last vote.
    pub fn had_loss(&self) -> bool {
        self.had_loss.get()
    }

    /// The missing ranks, in the order in which their loss was found.
    pub fn missing(&self) -> Vec<Member> {
        self.missing.borrow().clone()
    }

    /// This rank's number at the start of the program.
    pub fn number(&self) -> u64 {
        self.alive.borrow().get(self.rank.get()).map_or(0, |member| member.rank)
    }

    /// Looks for losses; called in every wait. Cheap.
    pub fn look(&self) {
        if !self.ulfm.get().all_alive() {
            self.on_failure();
        }
        let Some(mut left) = self.lost.get() else { return };
        let is_stuck = left.is_over(Instant::now());
        self.lost.set(Some(left));
        if is_stuck {
            abort::report_error(
                &Error::Run("MPI did not end its calls after the loss of a rank".into()),
                self.number(),
                2,
            );
            abort::abort(1);
        }
    }

    /// Looks for losses.
    ///
    /// # Errors
    /// [`Lost`].
    pub fn check(&self) -> std::result::Result<(), Lost> {
        self.look();
        if self.has_loss() { Err(Lost) } else { Ok(()) }
    }

    /// Handles a loss.
    fn on_failure(&self) {
        if self.leaving.get() {
            // A loss no longer matters.
        } else if self.survives_losses() {
            self.record_loss();
        } else {
            self.end();
        }
    }

    /// The program has ended for this rank: it ignores losses from here on.
    pub fn close(&self) {
        self.leaving.set(true);
    }

    /// Records a loss, and tells the others.
    pub fn record_loss(&self) {
        if !self.has_loss() {
            self.lost.set(Some(stuck()));
            self.ulfm.get().revoke();
        }
    }

    /// Votes with all living ranks.
    pub fn vote(&self, vote: Vote) -> Decision {
        // The vote spins inside MPI until the last rank arrives, at the end of its current piece.
        let _unwatched = monitor::unwatched();
        let (bits, all_alive) = self.ulfm.get().agree(vote.bits());
        let decision = Decision::new(bits, all_alive);
        if !all_alive || matches!(decision, Decision::VoteAgain | Decision::Continue) {
            self.had_loss.set(true);
            self.lost.set(self.lost.get().or(Some(stuck())));
        }
        decision
    }

    /// Regroups all living ranks and returns their new world, or the exit code to leave with.
    pub fn regroup(&self) -> std::result::Result<SimpleCommunicator, u8> {
        self.record_loss();
        heartbeat::stop();
        let number = self.number();
        let _deadline = Deadline::start(REGROUP_LIMIT, move || {
            abort::report_error(&Error::Run("after a loss the ranks did not regroup within 5 min".into()), number, 2);
            abort::end_all(1)
        });
        loop {
            match self.vote(Vote::Lost) {
                Decision::Leave(code) => return Err(code),
                Decision::Continue => break,
                Decision::VoteAgain | Decision::AllAlive => {}
            }
        }
        let before = self.ulfm.get();
        let Some(world) = before.shrink() else {
            abort::report_error(&Error::Run("MPIX_Comm_shrink failed".into()), self.number(), 2);
            return Err(1);
        };
        let now = before.on(&world);
        let (alive, missing) = partition(&self.alive.borrow(), &now.numbers_in(before));
        self.rank.set(alive.iter().position(|member| member.rank == self.number()).unwrap_or_default());
        self.alive.replace(alive);
        self.missing.borrow_mut().extend(missing);
        self.ulfm.set(now);
        if 2 * self.alive.borrow().len() <= self.initial_size {
            // The process ends soon; freeing the world could wait for the dead.
            std::mem::forget(world);
            self.report_missing("too few ranks are left to continue");
            return Err(1);
        }
        self.lost.set(None);
        Ok(world)
    }

    /// Ends the job: the ranks regroup, one reports the missing, all leave.
    fn end(&self) -> ! {
        self.leaving.set(true);
        let _deadline = abort::limit(1);
        let code = match self.regroup() {
            Ok(world) => {
                // The world is freed with the process.
                std::mem::forget(world);
                self.report_missing("this command cannot restart without it");
                1
            }
            Err(code) => code,
        };
        self.leave(code)
    }

    /// Ends this process without `MPI_Finalize`, which may wait for the dead. Every living rank
    /// must call it, after a vote. They wait for each other once more, since the last rank to learn
    /// the decision needs those that forward it.
    ///
    /// Only the lowest surviving rank returns the exit code; the others return 0. The launcher
    /// counts a process with another code twice, and hangs when a job is over twice (Open MPI
    /// 5.0.11, 5 of 12 launches of 16 ranks).
    pub fn leave(&self, code: u8) -> ! {
        self.leaving.set(true);
        let _deadline = match code {
            0 => Deadline::start(LEAVE_LIMIT, move || abort::exit(code)),
            _ => abort::limit(code),
        };
        // A world with a loss has no barrier, and its lowest rank may be dead.
        let before = self.ulfm.get();
        let together = before.shrink().map(|world| {
            let now = before.on(&world);
            // The world is freed with the process.
            std::mem::forget(world);
            (now.barrier(), now.rank())
        });
        abort::exit(if let Some((true, 1..)) = together { 0 } else { code })
    }

    /// Reports the missing ranks, on the lowest living rank.
    pub fn report_missing(&self, what: &str) {
        if self.rank.get() == 0 {
            let names: Vec<String> = self.missing.borrow().iter().map(Member::to_string).collect();
            stderr::message(&format!("lost {}: {what}", names.join(", ")));
        }
    }
}

/// Ends the whole job, wherever the other ranks are; returns if MPI was started without fault
/// tolerance.
pub fn leave_together(code: u8) {
    with_ours(|ours| {
        ours.leaving.set(true);
        ours.ulfm.get().revoke();
        ours.vote(Vote::Fatal(code));
        ours.leave(code)
    });
}

/// Looks for losses, in a wait without a cluster.
pub fn look() {
    with_ours(Membership::look);
}

fn with_ours(what: impl FnOnce(&Membership)) {
    // Copied out of the cell first: `what` may call this function again.
    if let Some(ours) = OURS.with(|ours| ours.borrow().clone()) {
        what(&ours);
    }
}
