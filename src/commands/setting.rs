//! What every computing command runs in: the cluster, the kernels' instruction set, the engine's options, and the place
//! where the result will go, opened before the work so that a bad one is found then.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::cli::{self, Words};
use crate::cluster::Cluster;
use crate::cluster::place::host;
use crate::commands::array;
use crate::commands::merge::unite;
use crate::commands::output::Output;
use crate::commands::surroundings;
use crate::error::{Error, Result};
use crate::fault;
use crate::isa::Isa;
use crate::job::checkpoint::Lock;
use crate::job::checkpoint::{self, Found, Keep};
use crate::job::run::{Account, Options, Outcome, Share, agreed, resume};
use crate::job::signals::Signals;
use crate::job::{Identity, Job, Ledger, Schedule, Tally};
use crate::progress::{self, Mode};
use crate::report::Work;
use crate::stderr;

/// A computing command's surroundings.
pub struct Setting<'a> {
    /// The ranks.
    pub cluster: &'a Cluster,
    /// What the user said about the engine.
    pub engine: &'a cli::Engine,
    /// The command line, without the program's name.
    pub words: Vec<String>,
    /// The instruction set of this rank's kernels.
    pub isa: Isa,
    /// The same for `job`.
    pub options: Options,
    /// Checkpoints to take the blocks from, instead of computing them.
    merged: Option<Vec<PathBuf>>,
    /// Whether blocks were taken from them: without, nothing is proved.
    merges: Cell<bool>,
    /// At the root: keeps other jobs away from the checkpoint.
    _lock: Option<Lock>,
    /// Where the result goes; at the root only, until it is taken.
    output: RefCell<Option<Output>>,
    /// What the command comes to is noted here, instead of being reported.
    record: Option<RefCell<Option<Record>>>,
}

/// What a command came to whose report nobody wants to see.
#[derive(Debug)]
pub struct Record {
    /// Its `result`, as JSON has it.
    pub answer: String,
    /// Whether every block was done.
    pub is_complete: bool,
    /// What the ranks did with their time.
    pub account: Account,
    /// How much was done.
    pub work: Work,
}

impl<'a> Setting<'a> {
    /// Makes everything ready. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Told`] when the instruction set or the output cannot be had.
    pub fn new(cluster: &'a Cluster, words: &Words, engine: &'a cli::Engine) -> Result<Setting<'a>> {
        let isa = cluster.agree(Isa::choose(words.forced_isa().as_deref()).map_err(Error::Usage))?;
        let opened = cluster.at_root(|| Output::open(engine.destination.output.as_deref(), || cluster.stdout()));
        let output = cluster.agree(opened.transpose())?;
        let lock = cluster.agree(cluster.at_root(|| claim(cluster, engine)).transpose())?.flatten();
        let signals = cluster.agree(Signals::listen().map_err(Error::io("cannot listen to signals")))?;
        let chunk = match engine.chunk {
            cli::Chunk::Auto => None,
            cli::Chunk::Blocks(blocks) => Some(blocks.get()),
        };
        // A command that begins again has the time of its first attempt.
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        let begun = *BEGUN.get_or_init(Instant::now);
        let options = Options {
            schedule: schedule(engine.schedule),
            chunk,
            progress: progress::shown(mode(engine), cluster.launch().is_forwarded()),
            signals,
            deadline: deadline(cluster, engine.keep.time_limit, begun)?,
            share: cluster.broadcast(cluster.agree(cluster.at_root(|| share(engine)).transpose())?)?,
            traced: None,
            at_stage: Some(fault::in_engine),
            warn: Some(stderr::message),
            keep: engine.keep.file().map(|path| Keep { path: path.into(), every: engine.keep.checkpoint_interval }),
        };
        let words = words.arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        Ok(Setting {
            cluster,
            engine,
            words,
            isa,
            options,
            merged: None,
            merges: Cell::new(false),
            _lock: lock,
            output: RefCell::new(output),
            record: None,
        })
    }

    /// The same on a part of the ranks, with these options; what the command comes to is noted, not reported.
    pub fn recording<'p>(&'p self, part: &'p Cluster, options: Options) -> Setting<'p> {
        Setting {
            cluster: part,
            engine: self.engine,
            words: self.words.clone(),
            isa: self.isa,
            options,
            merged: None,
            merges: Cell::new(false),
            _lock: None,
            output: RefCell::new(None),
            record: Some(RefCell::new(None)),
        }
    }

    /// The place for a note, where notes are taken.
    pub fn record(&self) -> Option<&RefCell<Option<Record>>> {
        self.record.as_ref()
    }

    /// The same for the command line `words`, with the blocks taken from these checkpoints.
    pub fn merging(self, words: Vec<String>, files: Vec<PathBuf>) -> Setting<'a> {
        Setting { words, merged: Some(files), ..self }
    }

    /// Whether nothing is to be computed.
    pub fn is_merging(&self) -> bool {
        self.merged.is_some()
    }

    /// Whether the answer is of what was computed, or proved from files.
    pub(super) fn is_proved(&self) -> bool {
        !self.is_merging() || self.merges.get()
    }

    /// At the root: the job that wrote the checkpoint which this one is to go on from, if there is one. A file that cannot be read is
    /// named by [`Setting::compute`].
    pub fn begun_by(&self) -> Option<Identity> {
        let keep = &self.engine.keep;
        let merged = self.merged.as_ref().and_then(|files| files.first());
        let path = merged.or(keep.resume.as_ref()).or(keep.checkpoint.as_ref())?;
        checkpoint::identity(path).or_else(|_| checkpoint::identity(&checkpoint::before(path))).ok()
    }

    /// Computes what is not in the checkpoint yet, and reduces all. Every rank must call it; the root gets `Some`.
    ///
    /// # Errors
    /// [`Error::Told`] when the checkpoint is of another job, or damaged; and as [`resume`].
    pub fn compute<J: Job>(&self, job: &J) -> Result<Option<Outcome<J::Tally>>> {
        if let Some(files) = &self.merged {
            self.merges.set(true);
            let ranks = self.cluster.size();
            return self.cluster.agree(self.cluster.at_root(|| unite(job, files, ranks)).transpose());
        }
        let done = self.before(job)?;
        agreed(self.cluster, resume(self.cluster, job, &self.options, done))
    }

    /// What the checkpoint had of a job when the command began, at the root; elsewhere it does not count. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Told`] when the checkpoint is of another job, or damaged.
    pub fn before<J: Job>(&self, job: &J) -> Result<Ledger<J::Tally>> {
        Ok(self.cluster.remember(|| self.done(job))?.unwrap_or_default())
    }

    /// At the root: what the checkpoint has.
    fn done<J: Job>(&self, job: &J) -> Result<Ledger<J::Tally>> {
        let keep = &self.engine.keep;
        let Some(ours) = job.identity() else { return Ok(Ledger::new()) };
        let load = |path: &Option<PathBuf>| -> Result<Option<Found<J::Tally>>> {
            path.as_ref().map_or(Ok(None), |path| Ok(checkpoint::load(path, job, &ours, keep.resume_before)?))
        };
        let found = [load(&keep.checkpoint)?, load(&keep.resume)?];
        if let (Some(path), [None, None]) = (&keep.resume, &found) {
            return Err(Error::Usage(format!("--resume: there is no {}", path.display())));
        }
        let mut done: Option<Ledger<J::Tally>> = None;
        for Found { ledger, instead } in found.into_iter().flatten() {
            if let Some(instead) = instead {
                stderr::message(&instead);
            }
            // The same command line again, after a stop: the file saved to has more than the one that it began from.
            done = Some(match done {
                Some(before) => richer(before, ledger),
                None => ledger,
            });
        }
        if let Some(done) = done.as_ref().filter(|_| !self.engine.quiet) {
            stderr::message(&format!("going on from {} of {} blocks", done.done(), job.blocks()));
        }
        Ok(done.unwrap_or_default())
    }

    /// Takes the place where the result goes. At the root, once.
    ///
    /// # Errors
    /// [`Error::Run`] when it was taken before: a fault of the program.
    pub fn take_output(&self) -> Result<Output> {
        self.output.take().ok_or_else(|| Error::Run("the output is at the root, and taken once".into()))
    }
}

/// Everything that one of two ledgers of the same job has, as far as it fits together: the one with more blocks, and what the other has besides.
fn richer<T: Tally>(one: Ledger<T>, other: Ledger<T>) -> Ledger<T> {
    let (mut more, less) = if one.done() >= other.done() { (one, other) } else { (other, one) };
    more.fill(less);
    more
}

/// At the root: makes sure that the checkpoint can be written, and is ours alone.
fn claim(cluster: &Cluster, engine: &cli::Engine) -> Result<Option<Lock>> {
    let Some(path) = engine.keep.file() else { return Ok(None) };
    let owner = format!("process {} on {}", std::process::id(), host());
    let lock = checkpoint::claim(path, &owner, cluster.lost().is_empty())?;
    if lock.as_ref().is_some_and(|lock| !lock.is_held()) && !engine.quiet {
        let path = path.display();
        stderr::message(&format!(
            "the file system of {path} has no locks: see that no other job has the same checkpoint"
        ));
    }
    Ok(lock)
}

/// When to stop a command that began then, whatever is done by then: what is left by the root's clock. Every rank must call it.
///
/// # Errors
/// [`Error::Told`] when the scheduler does not say when the job ends.
pub(super) fn deadline(cluster: &Cluster, limit: Option<cli::TimeLimit>, begun: Instant) -> Result<Option<Instant>> {
    let at_root = cluster.at_root(|| roots_deadline(cluster, limit, begun)).transpose();
    let at_root = cluster.agree(at_root)?.flatten();
    let left = cluster.broadcast(cluster.at_root(|| at_root.map(|at| at.saturating_duration_since(Instant::now()))))?;
    Ok(at_root.or(left.and_then(|left: Duration| Instant::now().checked_add(left))))
}

fn roots_deadline(cluster: &Cluster, limit: Option<cli::TimeLimit>, begun: Instant) -> Result<Option<Instant>> {
    Ok(match limit {
        None => None,
        Some(cli::TimeLimit::After(limit)) => begun.checked_add(limit),
        Some(cli::TimeLimit::Auto) => {
            surroundings::time_limit(cluster.launch())?.and_then(|left| Instant::now().checked_add(left))
        }
    })
}

/// At the root: the part of the job that this run is about.
fn share(engine: &cli::Engine) -> Result<Option<Share>> {
    match engine.keep.shard {
        None => Ok(None),
        Some(cli::Shard::Part(share)) => Ok(Some(share)),
        Some(cli::Shard::Auto(parts)) => {
            array::share(parts, |name| std::env::var(name).ok()).map(Some).map_err(Error::Usage)
        }
    }
}

/// The engine's schedule of that name.
pub(super) fn schedule(name: cli::Schedule) -> Schedule {
    match name {
        cli::Schedule::Block => Schedule::Block,
        cli::Schedule::Cyclic => Schedule::Cyclic,
        cli::Schedule::Dynamic => Schedule::Dynamic,
        cli::Schedule::Guided => Schedule::Guided,
    }
}

fn mode(engine: &cli::Engine) -> Mode {
    match engine.progress {
        _ if engine.quiet => Mode::None,
        cli::Progress::Auto => Mode::Auto,
        cli::Progress::Bar => Mode::Bar,
        cli::Progress::Plain => Mode::Plain,
        cli::Progress::None => Mode::None,
    }
}
