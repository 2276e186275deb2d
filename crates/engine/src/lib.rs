//! Jobs of numbered blocks on any number of ranks, over any transport.
//!
//! - A [`Job`] is cut into blocks; the cut never depends on how many ranks there are.
//! - [`Span`]: a run of adjacent blocks, what a rank is given to compute. A [`Tally`] is its
//!   result. A job that is one function of a block's number is a [`PerBlock`].
//! - [`Ledger`]: the spans that are done, each with its tally; neighbours merge.
//! - [`Schedule`]: who computes which blocks next. It can change the time, never the answer.
//! - [`protocol`]: all decisions of a round, as one pure state machine for each rank.
//! - [`liveness`]: which rank hangs, likewise pure.
//! - [`transport`]: the contract between the engine and the code that carries its messages.
//!   [`threads`] implements it, and a program that uses MPI brings its own; [`conformance`] tests
//!   both. With the feature `simulated`, ranks under virtual time implement it too, and a seed
//!   decides everything.
//! - [`awake`]: time that counts only while a process runs.
//! - [`background`], [`disk`]: work beside a rank's messages, and storage; a transport provides
//!   both.
//! - [`Session`]: the entry point. It runs a job, loads and saves its [`checkpoint`],
//!   [unites](unite) the checkpoints of parts, and runs [rounds] until a condition holds.

mod agreement;
pub mod atomic_file;
pub mod awake;
pub mod background;
pub mod backoff;
pub mod checkpoint;
pub mod conformance;
pub mod disk;
mod driver;
pub mod error;
pub mod invariant;
mod job;
mod ledger;
pub mod liveness;
mod options;
mod outcome;
mod per_block;
pub mod profile;
pub mod protocol;
pub mod record;
pub mod regular;
pub mod replay_log;
pub mod restart;
mod resumption;
pub mod rounds;
pub mod run;
mod schedule;
mod session;
pub mod signals;
#[cfg(feature = "simulated")]
pub mod simulated;
pub mod sink;
mod span;
mod stop_cause;
pub mod threads;
pub mod timeline;
pub mod transport;
pub mod unite;

pub use checkpoint::{Identity, SaveSettings, Version};
pub use error::{Error, JobError, Result};
pub use job::{Job, YieldNow};
pub use ledger::{Boundaries, Ledger, Overlap, PrefixEnds};
pub use montesieve_kernel::Tally;
pub use options::{JobPart, Options, Progress};
pub use outcome::{Account, Outcome, OutcomeWithPrefixes, Prefixes};
pub use per_block::PerBlock;
pub use resumption::{Notice, identity_or_before};
pub use schedule::{Deal, Dealer, Schedule};
pub use session::Session;
pub use span::Span;
pub use stop_cause::StopCause;
