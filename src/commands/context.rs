//! The context of every computing command: the cluster, the kernels' instruction set, the engine's
//! options, and the output, opened before the work so that errors are found early.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::output::Output;
use super::scheduler::{array, query};
use crate::cli::{self, CommandLine, OrAuto, TimeLimit};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::run::{Account, JobPart, Options, Outcome, agreed};
use crate::job::signals::Signals;
use crate::job::{Identity, Job, Ledger, Notice, Session, identity_or_before};
use crate::machine::Machine;
use crate::primes::tuning::Tuning;
use crate::progress::{self, Mode};
use crate::report::Work;
use crate::{fault, stderr};

/// The context of a computing command.
pub struct Context<'a> {
    /// The ranks.
    pub cluster: &'a Cluster,
    /// The user's options for the engine.
    pub engine: &'a cli::EngineOptions,
    /// The command line, without the program's name.
    pub words: Vec<String>,
    /// The instruction set of this rank's kernels.
    pub isa: Isa,
    /// The same, and the sizes that the sieves work with here.
    pub tuning: Tuning,
    /// The engine: its options and the checkpoint, if any, which it keeps locked.
    pub session: Session<'a>,
    /// Checkpoints that provide the blocks instead of computing them.
    merged: Option<Vec<PathBuf>>,
    /// Whether blocks were taken from them; otherwise nothing is proved.
    merges: Cell<bool>,
    /// The output for the result; only at the root, until it is taken.
    output: RefCell<Option<Output>>,
    /// Captures the answer instead of reporting it.
    captured: Option<RefCell<Option<Captured>>>,
}

/// The captured answer of a command.
#[derive(Debug)]
pub struct Captured {
    /// Its `result`, as JSON.
    pub answer: String,
    /// Whether every block was done.
    pub is_complete: bool,
    /// The ranks' use of time.
    pub account: Account,
    /// How much was done.
    pub work: Work,
}

impl<'a> Context<'a> {
    /// Prepares everything. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Reported`] when the instruction set or the output is not available, or
    /// `MONTESIEVE_CACHE` is invalid.
    pub fn new(cluster: &'a Cluster, words: &CommandLine, engine: &'a cli::EngineOptions) -> Result<Context<'a>> {
        let tuning = cluster.agree(Machine::choose(words).map_err(Error::Usage))?.tuning;
        let output = Output::of(&engine.destination, cluster)?;
        let session = session(cluster, engine);
        agreed(cluster, session.claim())?;
        let signals = signals(cluster)?;
        // A restarted command keeps the start time of its first attempt.
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        let is_process = cluster.own_signals().is_none();
        let begun = if is_process { *BEGUN.get_or_init(Instant::now) } else { cluster.now() };
        let session = session
            .signals(signals)
            .deadline(deadline(cluster, engine.keep.time_limit, begun)?)
            .part(cluster.broadcast(cluster.agree(cluster.at_root(|| share(engine)).transpose())?)?);
        let words = words.arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        Ok(Context {
            cluster,
            engine,
            words,
            isa: tuning.isa,
            tuning,
            session,
            merged: None,
            merges: Cell::new(false),
            output: RefCell::new(output),
            captured: None,
        })
    }

    /// The same context on a part of the ranks, with these options; the answer is captured, not
    /// reported.
    pub fn capturing<'p>(&'p self, part: &'p Cluster, options: Options) -> Context<'p> {
        Context {
            cluster: part,
            engine: self.engine,
            words: self.words.clone(),
            isa: self.isa,
            tuning: self.tuning,
            session: Session::with_options(part.transport(), options),
            merged: None,
            merges: Cell::new(false),
            output: RefCell::new(None),
            captured: Some(RefCell::new(None)),
        }
    }

    /// The captured answer, if this context captures it.
    pub fn captured(&self) -> Option<&RefCell<Option<Captured>>> {
        self.captured.as_ref()
    }

    /// The same context for the command line `words`, with the blocks taken from these checkpoints.
    pub fn merging(self, words: Vec<String>, files: Vec<PathBuf>) -> Context<'a> {
        Context { words, merged: Some(files), ..self }
    }

    /// The same context with this deadline, if any.
    pub fn until(self, deadline: Option<Instant>) -> Context<'a> {
        Context { session: self.session.deadline(deadline), ..self }
    }

    /// Whether blocks come from checkpoints instead of being computed.
    pub fn is_merging(&self) -> bool {
        self.merged.is_some()
    }

    /// Whether the answer comes from computed blocks, or from files that prove it.
    pub(super) fn is_proved(&self) -> bool {
        !self.is_merging() || self.merges.get()
    }

    /// At the root: the job that wrote the checkpoint to resume from, if any. [`Context::compute`]
    /// reports a file that cannot be read.
    pub fn begun_by(&self) -> Option<Identity> {
        match &self.merged {
            Some(files) => identity_or_before(&*self.cluster.disk(), files.first()?),
            None => self.session.previous_identity(),
        }
    }

    /// Computes the blocks that are not in the checkpoint, and reduces all. Every rank must call
    /// it; the root gets `Some`.
    ///
    /// # Errors
    /// [`Error::Reported`] when the checkpoint is of another job, or damaged; and as
    /// [`Session::run`].
    pub fn compute<J: Job>(&self, job: &J) -> Result<Option<Outcome<J::Tally>>> {
        if let Some(files) = &self.merged {
            self.merges.set(true);
            return agreed(self.cluster, self.session.unite(job, files));
        }
        agreed(self.cluster, self.session.run(job))
    }

    /// The checkpoint's ledger of a job at the start of the command, at the root; ignored
    /// elsewhere. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Reported`] when the checkpoint is of another job, or damaged.
    pub fn before<J: Job>(&self, job: &J) -> Result<Ledger<J::Tally>> {
        agreed(self.cluster, self.session.load(job))
    }

    /// Takes the output for the result. At the root, once.
    ///
    /// # Errors
    /// [`Error::Run`] when it was taken before: a fault of the program.
    pub fn take_output(&self) -> Result<Output> {
        self.output.take().ok_or_else(|| Error::Run("the output is at the root, and taken once".into()))
    }
}

/// The engine with the user's options, without communication.
fn session<'a>(cluster: &'a Cluster, engine: &cli::EngineOptions) -> Session<'a> {
    let options = Options {
        schedule: engine.schedule,
        chunk: engine.chunk.set().map(NonZeroU64::get),
        progress: progress::shown(
            if engine.quiet { Mode::None } else { engine.progress },
            cluster.launch().is_forwarded(),
        ),
        at_stage: Some(fault::in_engine),
        warn: Some(stderr::message),
        ..Options::default()
    };
    let (keep, quiet) = (&engine.keep, engine.quiet);
    let notify = move |notice: Notice| {
        // A damaged file is reported even with `--quiet`.
        if !quiet || matches!(notice, Notice::Instead(_)) {
            stderr::message(&notice.to_string());
        }
    };
    let session = Session::with_options(cluster.transport(), options)
        .checkpoint_interval(keep.checkpoint_interval)
        .fall_back(keep.resume_before)
        .lock_may_be_held(!cluster.lost().is_empty())
        .notices(notify);
    let session = keep.checkpoint.iter().fold(session, Session::checkpoint);
    keep.resume.iter().fold(session, Session::resume)
}

/// The signals of this rank: those of its process, unless it is simulated. Every rank must call it.
///
/// # Errors
/// [`Error::Reported`] when the system refuses handlers.
pub(super) fn signals(cluster: &Cluster) -> Result<Signals> {
    let listen = || Signals::listen().map_err(Error::io("cannot listen to signals"));
    cluster.agree(cluster.own_signals().map_or_else(listen, Ok))
}

/// The deadline of a command that started at `begun`, by the root's clock. Every rank must call it.
///
/// # Errors
/// [`Error::Reported`] when the scheduler does not say when the job ends.
pub(super) fn deadline(cluster: &Cluster, limit: Option<TimeLimit>, begun: Instant) -> Result<Option<Instant>> {
    let at_root = cluster.at_root(|| roots_deadline(cluster, limit, begun)).transpose();
    let at_root = cluster.agree(at_root)?.flatten();
    let left = cluster.broadcast(cluster.at_root(|| at_root.map(|at| at.saturating_duration_since(cluster.now()))))?;
    Ok(at_root.or(left.and_then(|left: Duration| cluster.now().checked_add(left))))
}

fn roots_deadline(cluster: &Cluster, limit: Option<TimeLimit>, begun: Instant) -> Result<Option<Instant>> {
    Ok(match limit {
        None => None,
        Some(OrAuto::Set(limit)) => begun.checked_add(limit),
        Some(OrAuto::Auto) => query::time_limit(cluster.launch())?.and_then(|left| cluster.now().checked_add(left)),
    })
}

/// At the root: the part of the job that this run computes.
fn share(engine: &cli::EngineOptions) -> Result<Option<JobPart>> {
    match engine.keep.shard {
        None => Ok(None),
        Some(cli::Shard::Part(share)) => Ok(Some(share)),
        Some(cli::Shard::Auto(parts)) => {
            array::share(parts, |name| std::env::var(name).ok()).map(Some).map_err(Error::Usage)
        }
    }
}
