//! The options that commands share, the values that a user types, and the words on their way to every rank.
//!
//! The options of one command stand in its own folder (`commands/NAME/args.rs`); which commands there are, and how words
//! become one of them, in `commands/parse.rs`. Nothing here computes, prints, exits or knows MPI.

pub mod choices;
pub mod color;
pub mod engine;
pub mod keep;
pub mod numeral;
pub mod precision;
pub mod values;
pub mod words;

pub use choices::{Chunk, OrAuto, Ranks, TimeLimit};
pub use engine::{Destination, Engine, Launch};
pub use keep::{Keep, Shard};
pub use precision::{Precision, TargetError};
pub use words::Words;
