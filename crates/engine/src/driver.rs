//! Drives one rank's machine over a transport: executes its outputs, passes it its inputs, and
//! decides nothing.
//!
//! Stands beside `protocol`, which decides, and `run`, which sets up a round. It also measures
//! where the time goes: kernel, messages, or waiting.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::checkpoint::{Identity, Keeper, SaveSettings};
use crate::error::{Error, JobError, Result, fault};
use crate::options::{Options, Progress, Stage};
use crate::profile::{Activity, Profile, Stopwatch};
use crate::protocol::{Input, Machine, Message, Output};
use crate::sink::{SinkError, Writer, WriterState};
use crate::timeline::Timeline;
use crate::transport::{Channel, Transport};
use crate::{Job, Ledger, StopCause, record};

/// Time between two polls in the middle of a block; a poll costs well below a microsecond.
const LOOK_EVERY: Duration = Duration::from_micros(500);

/// What only some ranks bring into a round.
pub(crate) struct RoundParts<T> {
    /// At the root of an in-order delivery: the sink.
    pub(crate) writer: Option<Writer<T>>,
    /// At the root: where to save.
    pub(crate) keep: Option<(SaveSettings, Identity)>,
    /// Blocks that this run computes, for progress.
    pub(crate) blocks: u64,
}

/// What is left when a round is over.
pub(crate) struct FinishedRound<T> {
    pub(crate) machine: Machine<T>,
    pub(crate) profile: Profile,
    pub(crate) timeline: Option<Timeline>,
    /// The error of the sink.
    pub(crate) refusal: Option<JobError>,
    /// When the round ended.
    pub(crate) now: Instant,
}

/// One rank in a round.
pub(crate) struct Driver<'a, J: Job> {
    transport: &'a dyn Transport,
    job: &'a J,
    options: &'a Options,
    machine: Machine<J::Tally>,
    writer: Option<Writer<J::Tally>>,
    keeper: Option<Keeper>,
    blocks: u64,
    watch: Stopwatch,
    looked: Instant,
    backoff: Backoff,
    /// An error in the middle of a block, kept until the kernel has returned.
    failure: Option<Error>,
    refusal: Option<JobError>,
    has_finished: bool,
}

impl<'a, J: Job> Driver<'a, J> {
    pub(crate) fn new(
        transport: &'a dyn Transport,
        job: &'a J,
        options: &'a Options,
        machine: Machine<J::Tally>,
        parts: RoundParts<J::Tally>,
    ) -> Self {
        let now = transport.now();
        Driver {
            transport,
            job,
            options,
            machine,
            writer: parts.writer,
            keeper: parts.keep.map(|(keep, identity)| {
                let background = transport.background("checkpoint").ok();
                Keeper::new(keep, identity, options.warn, transport.disk(), background)
            }),
            blocks: parts.blocks,
            watch: Stopwatch::start(now, options.traced),
            looked: now,
            backoff: Backoff::new(),
            failure: None,
            refusal: None,
            has_finished: false,
        }
    }

    /// Executes the round, to its end on this rank.
    pub(crate) fn run(&mut self) -> Result<()> {
        let mut workspace = None;
        self.make_progress()?;
        while !self.machine.is_over() {
            match self.machine.next_piece(self.transport.now()) {
                Some(piece) => {
                    self.at(Stage::Compute)?;
                    self.transport.computed(0)?;
                    let start = self.switch(Activity::Compute).1;
                    let workspace = workspace.get_or_insert_with(|| self.job.workspace());
                    let job = self.job;
                    let computed = job.compute(piece, workspace, &mut || self.yield_now());
                    self.transport.computed(piece.len())?;
                    let end = self.switch(Activity::Comm).1;
                    if let Some(failure) = self.failure.take() {
                        return Err(failure);
                    }
                    self.handle(match computed {
                        ControlFlow::Continue(tally) => {
                            Input::Computed(piece, tally, end.saturating_duration_since(start))
                        }
                        ControlFlow::Break(()) => Input::Abandoned,
                    })?;
                    self.backoff.reset();
                }
                None => self.rest()?,
            }
            self.make_progress()?;
        }
        self.finish_once()?;
        // Waits for the engine's messages only: a rank that has left its round may wait for this
        // one before it looks for the job's.
        self.transport.flush(Some(Channel::Round))?;
        self.progress(true);
        Ok(())
    }

    /// Everything that this rank has ever done of the job, where that is kept.
    pub(crate) fn own(&self) -> Option<&Ledger<J::Tally>> {
        self.machine.own()
    }

    pub(crate) fn end(mut self) -> FinishedRound<J::Tally> {
        let (_, now) = self.switch(Activity::Comm);
        let profile = Profile {
            compute: self.watch.seconds(Activity::Compute),
            idle: self.watch.seconds(Activity::Idle),
            comm: self.watch.seconds(Activity::Comm),
            blocks: self.machine.computed(),
            messages: self.machine.messages(),
        };
        let timeline = self.watch.timeline();
        FinishedRound { machine: self.machine, profile, timeline, refusal: self.refusal, now }
    }

    /// Passes the machine an input, and executes its outputs.
    fn make_progress(&mut self) -> Result<()> {
        self.job.make_progress().map_err(Error::Job)?;
        self.looked = self.transport.now();
        if self.machine.is_poll_due(self.looked) {
            let mut found = false;
            while let Some(message) = self.transport.poll(Channel::Round, None)? {
                found = true;
                self.handle(Input::Message(message.from, record::decode(&message.bytes)?))?;
            }
            self.machine.polled(self.looked, found);
            if found {
                self.backoff.reset();
            }
        }
        self.check_alive()?;
        if self.options.signals.take_save() {
            self.handle(Input::Save)?;
        }
        if let Some(signal) = self.options.signals.pending() {
            self.handle(Input::Stop(StopCause::Signal(signal)))?;
        }
        self.look_at_writer()?;
        if let Some(good) = self.keeper.as_mut().and_then(Keeper::poll) {
            self.handle(Input::Saved(good))?;
        }
        self.handle(Input::Time)?;
        self.progress(false);
        Ok(())
    }

    fn handle(&mut self, input: Input<J::Tally>) -> Result<()> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            self.machine.handle(input, self.looked).map_err(fault)?;
            while let Some(output) = self.machine.output() {
                inputs.extend(self.execute(output)?);
            }
        }
        Ok(())
    }

    /// Executes one output; returns the input that follows at once.
    fn execute(&mut self, output: Output<J::Tally>) -> Result<Option<Input<J::Tally>>> {
        match output {
            Output::Send(to, message) => {
                if matches!(message, Message::Finished | Message::Close) {
                    self.finish_once()?;
                }
                self.transport.send(to, Channel::Round, record::encode(&message)?)?;
            }
            Output::Save => {
                let saved =
                    self.machine.root().zip(self.keeper.as_mut()).map(|(root, keeper)| keeper.save(root.ledger()));
                return Ok(saved.flatten().map(Input::Saved));
            }
            Output::Write(tally) => {
                if let Some(writer) = &mut self.writer {
                    writer.give(tally);
                }
            }
            Output::CloseSink => {
                if let Some(writer) = &mut self.writer {
                    writer.close();
                }
            }
            Output::AbandonSink => self.writer = None,
        }
        Ok(None)
    }

    /// The rank reaches the end of the round.
    fn finish_once(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.has_finished, true) { Ok(()) } else { self.at(Stage::Reduce) }
    }

    /// At the root of an in-order delivery: checks the sink's progress.
    fn look_at_writer(&mut self) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let has_moved = writer.has_moved();
        match writer.look() {
            WriterState::Resting => {}
            WriterState::Done => self.handle(Input::Written)?,
            WriterState::Busy => {
                // A reader may pause for as long as it likes, while all ranks wait for it.
                self.transport.computed(0)?;
                if has_moved {
                    self.handle(Input::ReaderMoved)?;
                }
            }
            WriterState::Failed(SinkError::ReaderGone) => {
                self.handle(Input::SinkFailed(Some(StopCause::ReaderGone)))?
            }
            WriterState::Failed(SinkError::Failed(error)) => {
                self.refusal = Some(error);
                self.handle(Input::SinkFailed(None))?;
            }
        }
        Ok(())
    }

    /// A silent rank ends the job, once everything known is saved.
    fn check_alive(&mut self) -> Result<()> {
        self.transport.check_alive().map_err(|silent| {
            let saved =
                self.machine.root().zip(self.keeper.as_mut()).map(|(root, keeper)| keeper.save_now(root.ledger()));
            Error::Silent { silent, is_saved: saved.unwrap_or(false) }
        })
    }

    /// What a kernel calls in the middle of a block.
    fn yield_now(&mut self) -> ControlFlow<()> {
        if self.transport.now().saturating_duration_since(self.looked) < LOOK_EVERY {
            return ControlFlow::Continue(());
        }
        let (before, _) = self.switch(Activity::Comm);
        if let Err(error) = self.transport.computed(0).map_err(Error::from).and_then(|()| self.make_progress()) {
            self.failure = Some(error);
        }
        self.switch(before);
        if self.failure.is_some() || self.machine.is_stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Waits: there is nothing to do now.
    fn rest(&mut self) -> Result<()> {
        if self.keeper.as_mut().is_some_and(|keeper| !keeper.is_idle()) {
            // The disk may be slow: this shows the other ranks that this one is alive.
            self.transport.computed(0)?;
        }
        self.switch(Activity::Idle);
        let until = self.machine.next_timeout();
        self.transport.pause(&mut self.backoff, until)?;
        self.switch(Activity::Comm);
        Ok(())
    }

    fn switch(&mut self, activity: Activity) -> (Activity, Instant) {
        self.watch.switch(activity, self.transport.now())
    }

    fn at(&self, stage: Stage) -> Result<()> {
        self.options.at_stage.map_or(Ok(()), |at| at(stage, self.transport.original_rank())).map_err(Error::Job)
    }

    fn progress(&self, is_over: bool) {
        if let Some(progress) = &self.options.progress
            && let Some(done) = self.machine.root().map(|root| root.done())
        {
            progress.call(Progress { done, of: self.blocks, is_over });
        }
    }
}
