//! What is said at a seat: messages in and out, the root's decisions carried out, reports, delivery, saves.
//!
//! Stands beside `seat.rs`, which says when.

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use std::time::{Duration, Instant};

use super::{Seat, fault_of_program};
use crate::cluster::{Tag, heartbeat};
use crate::error::{Error, Result};
use crate::job::keeper::Keeper;
use crate::job::manager::{Action, Event, Manager};
use crate::job::run::Cause;
use crate::job::writer::State;
use crate::job::{Job, Span, Tally};

/// How long a reader may pause once the job is stopped by a signal that is followed by a kill: under mpirun in a second or two.
const READER_AT_A_KILL: Duration = Duration::from_secs(1);
/// The same for any other stop.
const READER_AT_A_STOP: Duration = Duration::from_secs(3);

/// How long the end of a job waits for its last save: the result must not be lost with a disk that hangs.
const DISK_LIMIT: Duration = Duration::from_secs(100);

impl<T: Tally> Seat<'_, T> {
    /// Takes one message in.
    pub(super) fn receive(&mut self, from: u64, tag: Tag) -> Result<()> {
        if tag == Tag::Report {
            let ledger = self.cluster.receive_record(from, tag)?;
            self.from_ranks += 1;
            return self.decide(Event::Reported(ledger));
        }
        let [first, second] = self.cluster.receive(from, tag);
        match tag {
            Tag::Ask => return self.decide(Event::Asked(from)),
            Tag::Signal => {
                self.from_ranks += 1;
                return match first as i32 {
                    SIGUSR1 => self.wanted(SIGUSR1),
                    signal => self.interrupted(Cause::Signal(signal)),
                };
            }
            Tag::Give => self.worker.given(Span::new(first, second)),
            Tag::NoMore => self.worker.no_more(),
            Tag::Stop => self.worker.stop(),
            Tag::Report | Tag::Reduce | Tag::Item | Tag::Reply | Tag::Credit | Tag::Last | Tag::Pattern => {
                unreachable!("{tag:?} is no message of plain numbers within a job")
            }
        }
        Ok(())
    }

    /// At the root: takes an event in and does what follows from it.
    fn decide(&mut self, event: Event<T>) -> Result<()> {
        if let Some(manager) = &mut self.manager {
            manager.handle(event, &mut self.actions).map_err(fault_of_program)?;
        }
        self.act();
        Ok(())
    }

    /// Carries the manager's decisions out.
    pub(super) fn act(&mut self) {
        let me = self.cluster.rank();
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Give(rank, span) if rank == me => self.worker.given(span),
                Action::Give(rank, span) => self.send(rank, Tag::Give, [span.first, span.end]),
                Action::NoMore(rank) if rank == me => self.worker.no_more(),
                Action::NoMore(rank) => self.send(rank, Tag::NoMore, [0, 0]),
                Action::StopAll => {
                    self.worker.stop();
                    (0..self.cluster.size())
                        .filter(|&rank| rank != me)
                        .for_each(|rank| self.send(rank, Tag::Stop, [0, 0]));
                }
            }
        }
    }

    /// Somebody wants a save at once: the root saves what it knows, at most a second old; another rank tells it.
    pub(super) fn wanted(&mut self, signal: i32) -> Result<()> {
        if self.manager.is_some() {
            self.save(Instant::now());
        } else {
            self.to_root += 1;
            self.send(0, Tag::Signal, [signal as u64, 0]);
        }
        Ok(())
    }

    /// At the root: what is done goes to the checkpoint, if there is one.
    pub(super) fn save(&mut self, now: Instant) {
        if let (Some(keeper), Some(manager)) = (&mut self.keeper, &self.manager) {
            keeper.save(manager.ledger(), now);
        }
    }

    /// At the root, at the end: saves everything, once the save under way is done, and waits for the disk. Not for ever: the result must not be
    /// lost with a disk that hangs. The others are in a collective by now, so nothing is received here.
    pub(super) fn save_all(&mut self) -> Result<()> {
        for saves in [false, true] {
            if saves {
                self.save(Instant::now());
            }
            let begun = Instant::now();
            let is_over =
                |seat: &Self| begun.elapsed() >= DISK_LIMIT || seat.keeper.as_ref().is_none_or(Keeper::is_idle);
            self.step_until(is_over, |seat| {
                // The disk may be slow: the others hear that this rank is there.
                heartbeat::progress();
                seat.watch_others()?;
                seat.cluster.check_losses()
            })?;
            self.keeper.iter_mut().for_each(Keeper::poll);
        }
        Ok(())
    }

    /// Something asks for a stop: the root stops all, another rank tells the root, once.
    pub(super) fn interrupted(&mut self, cause: Cause) -> Result<()> {
        if self.cause.is_some() {
            return Ok(());
        }
        self.cause = Some(cause);
        match (&self.manager, cause) {
            (Some(_), _) => self.decide(Event::Stop),
            (None, Cause::Signal(signal)) => {
                self.to_root += 1;
                self.send(0, Tag::Signal, [signal as u64, 0]);
                Ok(())
            }
            // The root's own.
            (None, Cause::TimeLimit | Cause::ShareDone | Cause::ReaderGone) => Ok(()),
        }
    }

    /// Looks after the other ranks; one that hangs ends the job, once what is known is saved.
    pub(super) fn watch_others(&mut self) -> Result<()> {
        heartbeat::check().map_err(|error| {
            let saved = match (&mut self.keeper, &self.manager) {
                (Some(keeper), Some(manager)) => keeper.save_now(manager.ledger()),
                _ => false,
            };
            Error::Run(format!("{error}{}: ending the job", if saved { ", and what is done is saved" } else { "" }))
        })
    }

    /// Hands in what this rank has done.
    pub(super) fn report(&mut self) -> Result<()> {
        let Some(ledger) = self.worker.report() else { return Ok(()) };
        if self.manager.is_some() {
            return self.decide(Event::Reported(ledger));
        }
        self.to_root += 1;
        self.messages += 1;
        self.cluster.send_record(0, Tag::Report, &ledger)
    }

    /// At the root, in order: gives the writer what is next, when it has written what it had.
    pub(super) fn deliver(&mut self) -> Result<()> {
        let (Some(manager), Some(writer)) = (&mut self.manager, &mut self.writer) else { return Ok(()) };
        match writer.look() {
            State::Idle => {
                self.writing = None;
                let before = manager.delivered();
                if manager.is_stopped() {
                    return Ok(());
                }
                if let Some(tally) = manager.deliver(&mut self.actions) {
                    self.writing = Some(before);
                    writer.give(tally);
                }
                // What was written has moved the window on.
                self.act();
                Ok(())
            }
            State::Busy => {
                // A reader may pause as long as it likes, while all ranks wait for it.
                heartbeat::progress();
                let limit = match self.cause {
                    Some(Cause::Signal(SIGINT | SIGTERM)) => READER_AT_A_KILL,
                    _ => READER_AT_A_STOP,
                };
                if manager.is_stopped() && writer.is_stuck(self.looked, limit) {
                    self.writer = None;
                }
                Ok(())
            }
            State::Failed(Error::ClosedPipe) => self.interrupted(Cause::ReaderGone),
            State::Failed(error) => {
                self.refusal = Some(error);
                self.decide(Event::Stop)
            }
        }
    }

    /// At the root, in order: waits until all that is done is written, or its reader is given up. Goes on looking after everything.
    pub(super) fn write_all<J: Job<Tally = T>>(&mut self, job: &J) -> Result<()> {
        self.deliver()?;
        self.attend_until(job, |seat| seat.writer.is_none() || seat.writing.is_none())?;
        if let Some(writer) = &mut self.writer {
            writer.close();
            self.writing = self.manager.as_ref().map(Manager::delivered);
            self.attend_until(job, |seat| seat.writer.is_none() || seat.writing.is_none())?;
        }
        Ok(())
    }

    pub(super) fn send(&mut self, to: u64, tag: Tag, numbers: [u64; 2]) {
        self.messages += 1;
        self.cluster.send(to, tag, numbers);
    }
}
