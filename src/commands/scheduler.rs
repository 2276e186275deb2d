//! What the scheduler that started this job says of it.
//!
//! | file | holds |
//! |---|---|
//! | `query` | its commands and variables, as they are asked |
//! | `time_left` | `--time-limit auto`: how long the job may run on; pure |
//! | `array` | `--shard auto`: which task of a job array this is; pure |

pub(super) mod array;
pub(super) mod query;
mod time_left;
