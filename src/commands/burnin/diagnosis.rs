//! What a burn-in knows and how it decides: pure, no messages, no clock, no files.
//!
//! A burn-in gives every rank the same work with known answers, and then asks two questions. Is any answer wrong, and whose fault is
//! that? Is any host slower than others with the same CPU? Both are decided here, from numbers alone, so that tests can play
//! every cluster; the walk over the ranks is `commands/burnin`.
//! - [`table`]: the blocks of work and their known answers, and in which order a rank does them. [`work`]: does one.
//! - [`pattern`]: bytes that a message can be checked by, and how many ranks' worth of them.
//! - [`pairs`]: who talks to whom, so that no host is in two conversations.
//! - [`cause`]: what a wrong answer means once it was tried again, there and elsewhere.
//! - [`pace`]: which ranks are slow. [`blame`]: which hosts to leave out. [`hostlist`]: their names as Slurm writes them.

pub mod blame;
pub mod cause;
pub mod hostlist;
pub mod pace;
pub mod pairs;
pub mod pattern;
pub mod table;
pub mod work;
