//! Checkpoints: a job's ledger in a file.
//!
//! | file | holds |
//! |---|---|
//! | `format` | the bytes, pure |
//! | `keeper` | writes: atomically, keeping the previous save |
//! | `load` | reads, and reports what is wrong with a file |
//! | `lock` | one job per checkpoint |

mod format;
mod keeper;
mod load;
mod lock;

pub use format::{FormatError, Identity, Version, decode, encode, identity as identity_of, reseal};
pub(crate) use keeper::Keeper;
pub use keeper::{SaveSettings, before};
pub use load::{LoadError, LoadedCheckpoint, claim, identity, load, load_alone};
pub use lock::Lock;
