//! The options that commands share, the parsers of their values, and the broadcast of the command
//! line to every rank.
//!
//! The options of one command are in its own folder (`commands/NAME/args.rs`); `commands.rs` has
//! the list of commands, and `commands/parse.rs` parses words to one of them. Nothing here
//! computes, prints, exits or knows MPI.

pub mod choices;
pub mod color;
pub mod engine;
pub mod keep;
pub mod numeral;
pub mod precision;
pub mod values;
pub mod words;

pub use choices::{Chunk, OrAuto, Ranks, TimeLimit};
pub use engine::{Destination, EngineOptions, LaunchOptions};
pub use keep::{CheckpointOptions, Shard};
pub use precision::{Precision, TargetError};
pub use words::CommandLine;
