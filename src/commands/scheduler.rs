//! Information of the scheduler about this job.
//!
//! | file | holds |
//! |---|---|
//! | `query` | runs its commands and reads its variables |
//! | `time_left` | `--time-limit auto`: how long the job may still run; pure |
//! | `array` | `--shard auto`: which task of a job array this is; pure |

pub(super) mod array;
pub(super) mod query;
mod time_left;
