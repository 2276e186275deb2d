//! One simulated rank's view of the others: the contract, with turns and virtual time.

use std::cell::{Cell, RefCell};
use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::beside::Beside;
use super::network::{Route, message};
use super::state::nanoseconds;
use super::task::PendingCall;
use super::watch::LivenessWatch;
use super::world::{Guard, World};
use crate::background::Background;
use crate::backoff::Backoff;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::replay_log::ReplayLog;
use crate::signals::Signals;
use crate::transport::{Channel, Incoming, Lost, SharedValue, Silent, Transport};

/// The place where a rank joins an agreement; the words of a program that survives losses.
const LOST: u32 = 1 << 8;
const ELSEWHERE: u32 = 1 << 9;
const OVER: u32 = 1 << 10;
const CODE: u32 = 0xff;

/// The payload with which a rank's thread unwinds when it leaves the job as all agreed.
pub(super) struct Leaves(pub(super) u8);

/// One rank.
pub struct Simulated {
    pub(super) world: Arc<World>,
    /// Its number at the start.
    pub(super) me: usize,
    pub(super) epoch: Cell<usize>,
    members: RefCell<Arc<Vec<usize>>>,
    log: Option<ReplayLog>,
    pub(super) watch: LivenessWatch,
}

impl Simulated {
    pub(super) fn new(world: Arc<World>, me: usize) -> Simulated {
        let (members, survives) = {
            let state = world.lock();
            (state.meetings.members(), state.plan.survives)
        };
        let log = survives.then(ReplayLog::default);
        let (epoch, members) = (Cell::new(0), RefCell::new(members));
        let rank = Simulated { world, me, epoch, members, log, watch: LivenessWatch::default() };
        rank.begin_watch();
        rank
    }

    /// This rank's signals: those that the plan sends to it.
    pub fn signals(&self) -> Signals {
        self.world.lock().signals[self.me].clone()
    }

    /// Runs `command` until it loses no rank. After a loss the living ranks meet, get new numbers,
    /// and run it again, as under `mpirun --with-ft ulfm`.
    ///
    /// # Errors
    /// What `command` returned, for any other reason.
    pub fn survive<R>(&self, command: impl Fn(&Simulated) -> Result<R>) -> Result<R> {
        loop {
            let outcome = command(self);
            let Some(log) = &self.log else { return outcome };
            match outcome {
                Ok(result) => {
                    self.meet(OVER);
                    return Ok(result);
                }
                Err(Error::Lost(_)) => {
                    self.come_together();
                    log.rewind();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the job on every rank, as `MPI_Abort` does.
    pub fn abort(&self) -> ! {
        self.world.lock().kill_all_soon();
        loop {
            drop(self.world.pass(self.me, nanoseconds(Duration::from_millis(1))));
        }
    }

    /// All living ranks meet; the result is the same at each.
    fn meet(&self, vote: u32) -> Decision {
        let agreed = self.world.agree(self.me, vote);
        let bits = agreed.bits;
        match (bits & OVER != 0, agreed.is_whole && bits & LOST == 0, bits & ELSEWHERE != 0) {
            (true, _, _) => Decision::Leave((bits & CODE) as u8),
            (false, true, _) => Decision::Whole,
            (false, false, true) => Decision::Again,
            (false, false, false) => Decision::GoOn,
        }
    }

    /// Meets all living ranks after a loss, and continues with them under new numbers.
    fn come_together(&self) {
        loop {
            match self.meet(LOST) {
                Decision::Leave(code) => self.leave(code),
                Decision::GoOn => break,
                Decision::Again | Decision::Whole => {}
            }
        }
        let (epoch, members) = self.world.shrink(self.me);
        let began = self.world.lock().plan.ranks as usize;
        if 2 * members.len() <= began {
            self.leave(1);
        }
        self.epoch.set(epoch);
        self.members.replace(members);
        self.begin_watch();
    }

    /// The process ends, as all have agreed.
    fn leave(&self, code: u8) -> ! {
        resume_unwind(Box::new(Leaves(code)))
    }

    /// A call: a moment passes, and messages move.
    fn call(&self, pending: PendingCall) -> std::result::Result<Guard<'_>, Lost> {
        let mut state = self.world.call(self.me, pending);
        state.make_progress(self.me);
        if state.network.lost[self.me] { Err(Lost) } else { Ok(state) }
    }

    /// The current rank of the one that had this number at the start.
    pub(super) fn rank_of(&self, first: usize) -> u64 {
        self.members.borrow().iter().position(|&member| member == first).unwrap_or_default() as u64
    }

    /// The number at the start of a current rank.
    pub(super) fn first_number(&self, rank: u64) -> usize {
        let members = self.members.borrow();
        assert!(rank < members.len() as u64, "there is no rank {rank} among {}", members.len());
        members[rank as usize]
    }
}

/// The result of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// No rank is lost.
    Whole,
    /// A rank is lost, and a participant had not noticed: meet again.
    Again,
    /// A rank is lost, and all living ranks are ready to continue.
    GoOn,
    /// The command is over.
    Leave(u8),
}

impl Transport for Simulated {
    fn rank(&self) -> u64 {
        self.rank_of(self.me)
    }

    fn size(&self) -> u64 {
        self.members.borrow().len() as u64
    }

    fn original_rank(&self) -> u64 {
        self.me as u64
    }

    fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> std::result::Result<(), Lost> {
        let route = Route { from: self.me, to: self.first_number(to), channel, epoch: self.epoch.get() };
        self.call(PendingCall::Sending(channel, to))?.send(route, bytes);
        Ok(())
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> std::result::Result<Option<Incoming>, Lost> {
        let wanted = from.map(|from| self.first_number(from));
        let taken = self.call(PendingCall::Message(channel, from))?.take(self.me, channel, wanted);
        if taken.is_some() {
            self.get_on();
        }
        Ok(taken.map(|(from, bytes)| message(self.rank_of(from), bytes)))
    }

    fn all_sent(&self, channel: Option<Channel>) -> std::result::Result<bool, Lost> {
        Ok(self.call(PendingCall::AllSent)?.network.has_sent_all(self.me, channel))
    }

    fn now(&self) -> Instant {
        self.world.instant()
    }

    /// Returns when a message or a signal has arrived, or a worker beside this rank is done; at
    /// `until`; and sometimes without a reason.
    fn pause(&self, _: &mut Backoff, until: Option<Instant>) -> std::result::Result<(), Lost> {
        let until = self.attend_in_wait(until);
        let mut state = self.world.lock();
        state.make_progress(self.me);
        if state.network.lost[self.me] {
            return Err(Lost);
        }
        let until = until.map(|until| self.world.time(until));
        let state = self.world.listen(state, self.me, until);
        if state.network.lost[self.me] { Err(Lost) } else { Ok(()) }
    }

    fn check_alive(&self) -> std::result::Result<(), Silent> {
        self.make_progress()
    }

    fn confirm_all_alive(&self) -> std::result::Result<(), Lost> {
        if self.log.is_none() {
            return Ok(());
        }
        match self.meet(ELSEWHERE) {
            Decision::Whole => Ok(()),
            Decision::Leave(code) => self.leave(code),
            Decision::Again | Decision::GoOn => {
                self.world.lock().network.lost[self.me] = true;
                Err(Lost)
            }
        }
    }

    fn background(&self, _: &str) -> io::Result<Arc<dyn Background>> {
        Ok(Arc::new(Beside::begin(&self.world, self.me)?))
    }

    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.world.lock().plan.disk.clone())
    }

    fn own_signals(&self) -> Option<Signals> {
        Some(self.signals())
    }

    fn lend(&self, value: SharedValue, takers: u64) -> Option<u64> {
        Some(self.world.lock().lent.lend(value, takers))
    }

    fn take_lent(&self, number: u64) -> Option<SharedValue> {
        self.world.lock().lent.take(number)
    }

    fn replay_log(&self) -> Option<&ReplayLog> {
        self.log.as_ref()
    }

    /// Blocks take the time that the plan gives for a block of this rank.
    fn computed(&self, blocks: u64) -> std::result::Result<(), Lost> {
        self.get_on();
        let mut state = self.world.call(self.me, PendingCall::Time);
        if blocks > 0 {
            let each = state.plan.block_time(self.me);
            let time = nanoseconds(each).saturating_mul(blocks);
            let jitter = state.random.below(time / 8 + 1);
            drop(state);
            state = self.world.pass(self.me, time + jitter);
        }
        if state.network.lost[self.me] { Err(Lost) } else { Ok(()) }
    }
}

/// Lets virtual time pass on the calling thread, if it belongs to a simulated rank: for kernels
/// with long blocks, sinks and disks. Does nothing anywhere else.
pub fn pass(time: Duration) {
    if let Some((world, me)) = super::world::current() {
        drop(world.pass(me, nanoseconds(time)));
    }
}

/// The rank of the calling thread, by its number at the start, and the virtual time from the start
/// of the run; `None` where no time is simulated.
pub fn here() -> Option<(u64, Duration)> {
    super::world::current().map(|(world, me)| {
        let state = world.lock();
        (state.tasks[me].owner as u64, Duration::from_nanos(state.now))
    })
}

/// As [`pass`], for a step of a disk.
pub(super) fn pass_at_disk(step: &'static str, time: Duration) {
    if let Some((world, me)) = super::world::current() {
        drop(world.call(me, PendingCall::Disk(step)));
        drop(world.pass(me, nanoseconds(time)));
    }
}

/// Notes which stage the calling rank is in: faults are counted by stage.
pub fn mark(stage: &'static str) {
    if let Some((world, me)) = super::world::current() {
        world.lock().tasks[me].stage = stage;
    }
}
