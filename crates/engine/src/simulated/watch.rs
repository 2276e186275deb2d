//! The watch of simulated ranks over each other: the engine's liveness, over simulated messages.
//!
//! Stands beside `transport`, whose calls drive it. A rank that notices, in a wait outside a round,
//! that another hangs ends the job, as over MPI. Within a round the driver asks, and saves first.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use super::Failure;
use super::network::Route;
use super::transport::Simulated;
use crate::backoff::Backoff;
use crate::liveness::{Accusation, Liveness, RankProgress, Sign, SignLink};
use crate::record;
use crate::transport::{Channel, Lost, Silent, Transport};

/// One rank's watch.
#[derive(Default)]
pub(super) struct LivenessWatch {
    /// `None`: no rank is watched.
    liveness: RefCell<Option<Liveness>>,
    /// Grows with everything that this rank does.
    count: Cell<u64>,
    /// What was found and not yet reported.
    found: RefCell<Option<Silent>>,
}

impl Simulated {
    /// Watches from now on, among the current ranks.
    pub(super) fn begin_watch(&self) {
        let limit = self.world.lock().plan.silence;
        let liveness = limit.map(|limit| Liveness::new(limit, self.rank(), self.size(), self.world.instant()));
        self.watch.liveness.replace(liveness);
        self.watch.found.take();
    }

    /// This rank has made progress.
    pub(super) fn get_on(&self) {
        self.watch.count.set(self.watch.count.get() + 1);
    }

    /// Looks after the other ranks, if a look is due.
    pub(super) fn make_progress(&self) -> Result<(), Silent> {
        if let Some(found) = self.watch.found.take() {
            return Err(found);
        }
        let mut liveness = self.watch.liveness.borrow_mut();
        let Some(liveness) = liveness.as_mut() else { return Ok(()) };
        let progress = RankProgress { count: self.watch.count.get(), waiting_for: 0 };
        liveness.make_progress(self.world.instant(), progress, self).map_err(|accusation| match accusation {
            Accusation::Silent(rank) => Silent(format!("rank {rank} has been silent for too long")),
            Accusation::Stuck => {
                let mut state = self.world.lock();
                let report = state.report();
                state.fail(Failure::Deadlock(report));
                Silent("all ranks wait for each other".into())
            }
        })
    }

    /// In a wait that lasts until `until`: looks, and returns how long the wait may last before the
    /// next look.
    pub(super) fn attend_in_wait(&self, until: Option<Instant>) -> Option<Instant> {
        if self.watch.found.borrow().is_some() {
            // Nothing has asked since: no driver waits here.
            self.abort();
        }
        if let Err(silent) = self.make_progress() {
            self.watch.found.replace(Some(silent));
        }
        let due = self.watch.liveness.borrow().as_ref().map(Liveness::due);
        until.into_iter().chain(due).min()
    }

    /// The last step of a normal end: no rank asks any more, and every question is answered. Every
    /// rank must call it.
    ///
    /// # Errors
    /// [`Lost`].
    pub fn end_watch(&self) -> Result<(), Lost> {
        if let Some(liveness) = self.watch.liveness.borrow_mut().as_mut() {
            liveness.ask_no_more();
        }
        let is_quiet = || self.watch.liveness.borrow().as_ref().is_none_or(Liveness::is_quiet);
        let mut backoff = Backoff::new();
        while !is_quiet() {
            self.pause(&mut backoff, None)?;
        }
        self.barrier()?;
        self.flush(None)
    }
}

impl SignLink for Simulated {
    fn send(&self, to: u64, sign: Sign) {
        let (to, channel) = (self.first_number(to), Channel::Liveness);
        let bytes = record::encode(&sign).expect("a few numbers");
        self.world.lock().send(Route { from: self.me, to, channel, epoch: self.epoch.get() }, bytes);
    }

    fn take(&self) -> Option<(u64, Sign)> {
        let (from, bytes) = self.world.lock().take(self.me, Channel::Liveness, None)?;
        Some((self.rank_of(from), record::decode(&bytes).expect("another rank encoded it")))
    }
}
