//! The decisions of a burn-in: pure, no messages, no clock, no files.
//!
//! A burn-in gives every rank the same work with known answers, and then asks two questions. Is any
//! answer wrong, and what is the cause? Is any host slower than others with the same CPU? Both are
//! decided here, from numbers alone, so that tests can simulate every cluster; `commands/burnin`
//! collects the numbers.
//! - [`table`]: the blocks of work with their known answers, and their order. [`work`]: computes
//!   one.
//! - [`pattern`]: the bytes of messages, which the receiver can check.
//! - [`pairs`]: pairs of hosts to measure at the same time, with no host in two of them.
//! - [`cause`]: the cause of a wrong answer, from its repetitions on the same rank and elsewhere.
//! - [`speed`]: which ranks are slow. [`blame`]: which hosts to exclude.

pub mod blame;
pub mod cause;
pub mod pairs;
pub mod pattern;
pub mod speed;
pub mod table;
pub mod work;
