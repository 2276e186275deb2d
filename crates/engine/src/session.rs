//! The entry point of the engine: a [`Session`] is one rank's settings and the methods that run
//! jobs.
//!
//! Stands above `run`, which ignores existing files. A session loads the checkpoint before a job,
//! locks it against other jobs, and saves to it.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use crate::agreement::agree;
use crate::checkpoint::{self, Identity, Lock, SaveSettings};
use crate::error::{Error, Result};
use crate::options::{Callback, Options};
use crate::outcome::{Account, Outcome, OutcomeWithPrefixes};
use crate::resumption::{Notice, Sources};
use crate::rounds::{self, Adaptive, Shorten};
use crate::run::{self, Delivered, DeliveryMemory};
use crate::sink::Sink;
use crate::threads::{self, Threads};
use crate::transport::Transport;
use crate::unite::unite;
use crate::{Job, Ledger, replay_log};

mod settings;

/// Time between saves, unless the caller chooses another.
const INTERVAL: Duration = Duration::from_secs(30);

/// One rank's settings, all with defaults, and the methods that run jobs.
///
/// Every rank makes a session over its own transport, with the same settings, and calls the same
/// methods in the same order. Files and their contents are the root's: the other ranks receive what
/// they need. Results are `Some` at the root and `None` elsewhere.
///
/// ```
/// use montesieve_engine::transport::Transport;
/// use montesieve_engine::{self as engine, PerBlock, Session};
///
/// /// How many of the 1000 numbers of a block have the digit sum 27.
/// fn digit_sums(block: u64) -> u64 {
///     let digits = |n: u64| (0..6).map(|place| n / 10_u64.pow(place) % 10).sum::<u64>();
///     (1000 * block..1000 * (block + 1)).filter(|&n| digits(n) == 27).count() as u64
/// }
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("digits.ckpt");
/// // Four ranks as threads. Run again after a crash, it resumes from the file.
/// let job = PerBlock::new("numbers with the digit sum 27", 1000, digit_sums);
/// let outcome = Session::on_threads(4, |session| session.checkpoint(&path).run(&job))?;
/// assert_eq!(outcome.total, Some(55_252));
///
/// // The same on any transport: every rank calls this.
/// fn count(transport: &dyn Transport) -> engine::Result<()> {
///     let job = PerBlock::new("numbers with the digit sum 27", 1000, digit_sums);
///     if let Some(outcome) = Session::new(transport).run(&job)? {
///         println!("{:?} of {} blocks", outcome.total, outcome.done);
///     }
///     Ok(())
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Session<'t> {
    transport: &'t dyn Transport,
    options: Options,
    interval: Duration,
    /// A file that must exist, in addition to the one that is saved to.
    resume: Option<PathBuf>,
    falls_back: bool,
    lock_may_be_held: bool,
    notices: Option<Callback<Notice>>,
    /// At the root, once the lock is taken.
    lock: OnceCell<Option<Lock>>,
}

impl<'t> Session<'t> {
    /// A session over these ranks that saves nothing, has no limit and handles no signal.
    pub fn new(transport: &'t dyn Transport) -> Session<'t> {
        Session::with_options(transport, Options::default())
    }

    /// A session with these options; the file of their [`SaveSettings`] is its checkpoint.
    pub fn with_options(transport: &'t dyn Transport, options: Options) -> Session<'t> {
        Session {
            transport,
            options,
            interval: INTERVAL,
            resume: None,
            falls_back: false,
            lock_may_be_held: false,
            notices: None,
            lock: OnceCell::new(),
        }
    }

    /// Runs `body` on `ranks` threads of this process, each with its own session, and returns the
    /// root's result. [`threads::available`] is a good number of ranks.
    ///
    /// # Errors
    /// The error of a rank; of several, one that is not the consequence of another. All ranks have
    /// ended by then.
    ///
    /// # Panics
    /// As [`threads::run`].
    pub fn on_threads<R: Send>(ranks: u64, body: impl Fn(Session<'_>) -> Result<Option<R>> + Sync) -> Result<R> {
        let results = threads::run(ranks, |transport: &Threads| {
            let result = body(Session::new(transport));
            if result.is_err() {
                // Other ranks may wait for this one.
                transport.revoke();
            }
            result
        });
        let mut value = None;
        let mut failure = None;
        for result in results {
            match result {
                Ok(found) => value = value.or(found),
                Err(error) if failure.as_ref().is_none_or(is_consequence) => failure = Some(error),
                Err(_) => {}
            }
        }
        match (failure, value) {
            (Some(error), _) => Err(error),
            (None, Some(value)) => Ok(value),
            (None, None) => Err(Error::Fault("no rank has a result".to_owned())),
        }
    }

    /// The options of this session.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// At the root: the job that wrote the file to resume from, if a file is readable.
    pub fn previous_identity(&self) -> Option<Identity> {
        self.sources().identity(&*self.transport.disk())
    }

    /// Checks that the checkpoint can be written, and locks it until the session is dropped. A run
    /// does so too, but earlier is better: before any other work. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::AtRoot`] with an [`Error::Checkpoint`]; [`Error::Lost`].
    pub fn claim(&self) -> Result<()> {
        let Some(keep) = self.keep() else { return Ok(()) };
        if self.lock.get().is_some() {
            return Ok(());
        }
        let lock = agree(self.transport, || {
            let host = rustix::system::uname();
            let owner = format!("process {} on {}", std::process::id(), host.nodename().to_string_lossy());
            Ok(checkpoint::claim(&keep.path, &owner, !self.lock_may_be_held)?)
        })?
        .flatten();
        if lock.as_ref().is_some_and(|lock| !lock.is_held()) {
            self.notify(Notice::NoLocks(keep.path));
        }
        self.lock.get_or_init(|| lock);
        Ok(())
    }

    /// What the files hold of a job. Only the root's value counts. Empty for a job that is not
    /// saved. Where losses are survived, this is what the files held in the first attempt. Every
    /// rank must call it.
    ///
    /// # Errors
    /// [`Error::AtRoot`] with an [`Error::Checkpoint`]: a file is of another job, or damaged;
    /// [`Error::Lost`].
    pub fn load<J: Job>(&self, job: &J) -> Result<Ledger<J::Tally>> {
        let Some(ours) = job.identity().filter(|_| self.keep().is_some()) else { return Ok(Ledger::new()) };
        let find = || {
            let disk = self.transport.disk();
            let load =
                || Ok(self.sources().load(&*disk, job, &ours, |notice| self.notify(notice))?.unwrap_or_default());
            agree(self.transport, load)
        };
        match self.transport.replay_log() {
            None => Ok(find()?.unwrap_or_default()),
            Some(log) => replay_log::replayed(self.transport, log, find),
        }
    }

    /// Runs `job`: loads what is done, computes the rest, and saves. Every rank must call it; the
    /// root gets the outcome.
    ///
    /// # Errors
    /// [`Error`]; as [`Session::load`].
    pub fn run<J: Job>(&self, job: &J) -> Result<Option<Outcome<J::Tally>>> {
        let done = self.begin(job)?;
        self.run_from(job, done)
    }

    /// Runs `job` from `done`, which the caller has [loaded](Session::load), for example to prepare
    /// what the rest of the job needs. Every rank must call it; the root's ledger counts.
    ///
    /// # Errors
    /// [`Error`].
    pub fn run_from<J: Job>(&self, job: &J, done: Ledger<J::Tally>) -> Result<Option<Outcome<J::Tally>>> {
        run::resume(self.transport, job, &self.prepared(), done)
    }

    /// Runs `job` in rounds that end at `stops`, in ascending order ([`rounds::growing`]). It ends
    /// when `is_enough` accepts a round's job and total, or when all blocks are done. Every rank
    /// must call it, and the root decides. The root gets the last round: `blocks` counts that
    /// round, the account covers all rounds.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn run_until<J: Shorten>(
        &self,
        job: &J,
        stops: impl IntoIterator<Item = u64>,
        is_enough: impl FnMut(&J, Option<&J::Tally>) -> bool,
    ) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
        let done = self.begin(job)?;
        rounds::run(self.transport, job, &self.prepared(), done, stops, is_enough)
    }

    /// The same for a job whose rounds adapt: each depends on the tallies of the rounds before it.
    /// `is_enough` is asked after its last stage only.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn run_adaptive<J: Adaptive>(
        &self,
        job: &J,
        stops: impl IntoIterator<Item = u64>,
        is_enough: impl FnMut(&J, Option<&J::Tally>) -> bool,
    ) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
        let done = self.begin(job)?;
        rounds::run_adaptive(self.transport, job, &self.prepared(), done, stops, is_enough)
    }

    /// Runs `job` and delivers its tallies in block order to `sink`, which the root passes; see
    /// [`run::deliver`]. Loads nothing: a delivery starts at its first block. Every rank must call
    /// it.
    ///
    /// # Errors
    /// As [`run::deliver`].
    pub fn deliver<J: Job, S: Sink<J::Tally>>(
        &self,
        job: &J,
        room: DeliveryMemory,
        sink: Option<S>,
    ) -> Result<Delivered<J::Tally, S>> {
        run::deliver(self.transport, job, &self.prepared(), room, sink)
    }

    /// Combines the checkpoints of a job's parts into the outcome of the whole, and proves that no
    /// block is missing or duplicated. Computes nothing. Every rank must call it; only the root
    /// reads.
    ///
    /// # Errors
    /// [`Error::AtRoot`] with an [`Error::Unite`]; [`Error::Lost`].
    pub fn unite<J: Job>(&self, job: &J, files: &[PathBuf]) -> Result<Option<Outcome<J::Tally>>> {
        let begun = self.transport.now();
        let ledger = agree(self.transport, || Ok(unite(&*self.transport.disk(), job, files)?))?;
        let seconds = self.transport.now().saturating_duration_since(begun).as_secs_f64();
        Ok(ledger.map(|ledger| {
            let account = Account { seconds, ..Account::none(self.transport.size()) };
            let blocks = job.blocks();
            Outcome { total: ledger.into_total(), done: blocks, blocks, cause: None, account }
        }))
    }

    /// Locks and loads the checkpoint.
    fn begin<J: Job>(&self, job: &J) -> Result<Ledger<J::Tally>> {
        if job.identity().is_some() {
            self.claim()?;
        }
        self.load(job)
    }

    /// Where to save: the checkpoint, or else the file to resume from.
    fn keep(&self) -> Option<SaveSettings> {
        let resumed = || self.resume.clone().map(|path| SaveSettings { path, every: self.interval });
        self.options.keep.clone().or_else(resumed)
    }

    fn prepared(&self) -> Options {
        Options { keep: self.keep(), ..self.options.clone() }
    }

    fn sources(&self) -> Sources<'_> {
        let checkpoint = self.options.keep.as_ref().map(|keep| keep.path.as_path());
        Sources { checkpoint, resume: self.resume.as_deref(), falls_back: self.falls_back }
    }

    fn notify(&self, notice: Notice) {
        match (&self.notices, &notice) {
            (Some(notices), _) => notices.call(notice),
            (None, Notice::Resumes { .. }) => {}
            (None, _) => match self.options.warn {
                Some(warn) => warn(&notice.to_string()),
                None => eprintln!("{notice}"),
            },
        }
    }
}

/// Whether the error is the consequence of another rank's.
fn is_consequence(error: &Error) -> bool {
    matches!(error, Error::Lost(_) | Error::AtRoot(None))
}
