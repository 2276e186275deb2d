//! Test hooks for bad ends: `MONTESIEVE_FAULT=KIND@STAGE#RANK` makes one rank fail at one stage.
//!
//! Here and not in the tests, because what must be shown is that the *real* program ends well when a rank panics
//! (`panic`), returns an error (`error`), dies (`kill`), leaves (`exit`) or hangs (`hang`) while the ranks of its node fill
//! a table together (`fill`), at the start of a job (`start`),
//! while the others are in the scatter (`scatter`), in the middle of its work (`compute`), while the others wait in
//! the reduction (`reduce`) or when all is computed (`report`). Read once; costs one comparison a stage.
//!
//! A burn-in must find what is wrong, so it has faults of its own, all `@burnin`: `flip:SEED` flips one bit of one answer, `stuck:SEED`
//! of the same block whenever it is done, `corrupt:SEED` flips one bit of one message, `slow:PERCENT` makes every block take so much
//! longer. The seed picks block, message and bit.
//!
//! `patterns` must see a wrong answer: with `lose@share` a rank forgets the last piece of its share of the work.

use std::sync::OnceLock;

use crate::error::{Error, Result};

/// Where in a command a fault may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In place of filling a part of a table that the ranks of a node share, where there is one.
    Fill,
    /// After the ranks have agreed on what to do, before the first collective of the engine.
    Start,
    /// In place of entering the scatter.
    Scatter,
    /// Between two pieces of work.
    Compute,
    /// In place of entering the reduction.
    Reduce,
    /// When the work is done and before it is reported.
    Report,
    /// In the middle of a burn-in: faults that are to be found by it.
    Burnin,
    /// Where a rank of `patterns` takes its share of the work.
    Share,
}

/// What a burn-in is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// One bit of one answer, once.
    Flip(u64),
    /// One bit of the answer of one block, always.
    Stuck(u64),
    /// One bit of one message.
    Corrupt(u64),
    /// Every block takes so many percent longer.
    Slow(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    kind: String,
    stage: Stage,
    rank: u64,
}

fn parse(text: &str) -> Option<Fault> {
    let (kind, rest) = text.split_once('@')?;
    let (stage, rank) = rest.split_once('#')?;
    let stage = match stage {
        "fill" => Stage::Fill,
        "start" => Stage::Start,
        "scatter" => Stage::Scatter,
        "compute" => Stage::Compute,
        "reduce" => Stage::Reduce,
        "report" => Stage::Report,
        "burnin" => Stage::Burnin,
        "share" => Stage::Share,
        _ => return None,
    };
    Some(Fault { kind: kind.to_owned(), stage, rank: rank.parse().ok()? })
}

/// Fails here if the environment says so.
///
/// # Errors
/// [`Error::Run`] for the kind `error`.
///
/// # Panics
/// For the kind `panic`: that is what it is for.
pub fn at(stage: Stage, rank: u64) -> Result<()> {
    asked(stage, rank).map_or(Ok(()), |fault| fail(&fault.kind))
}

/// The fault that a burn-in has on this rank, if the environment says so.
pub fn hidden(rank: u64) -> Option<Hidden> {
    let (kind, number) = asked(Stage::Burnin, rank)?.kind.split_once(':')?;
    let number = number.parse().ok()?;
    match kind {
        "flip" => Some(Hidden::Flip(number)),
        "stuck" => Some(Hidden::Stuck(number)),
        "corrupt" => Some(Hidden::Corrupt(number)),
        "slow" => Some(Hidden::Slow(number)),
        _ => None,
    }
}

/// Whether this rank loses a piece of its share, because the environment says so.
pub fn loses(rank: u64) -> bool {
    asked(Stage::Share, rank).is_some_and(|fault| fault.kind == "lose")
}

fn asked(stage: Stage, rank: u64) -> Option<&'static Fault> {
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
    let fault = FAULT.get_or_init(|| std::env::var("MONTESIEVE_FAULT").ok().as_deref().and_then(parse));
    fault.as_ref().filter(|fault| fault.stage == stage && fault.rank == rank)
}

fn fail(kind: &str) -> Result<()> {
    use rustix::process::{Signal, getpid, kill_process};
    match kind {
        "panic" => panic!("injected"),
        "error" => Err(Error::Run("injected error".into())),
        "exit" => std::process::exit(7),
        "kill" => kill_process(getpid(), Signal::KILL).map_err(|e| Error::Run(e.to_string())),
        "hang" => loop {
            std::thread::park();
        },
        _ => Err(Error::Run(format!("MONTESIEVE_FAULT: unknown kind '{kind}'"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_kind_stage_and_rank() {
        let fault = Fault { kind: "panic".into(), stage: Stage::Compute, rank: 3 };
        assert_eq!(parse("panic@compute#3"), Some(fault));
        for bad in ["", "panic", "panic@compute", "panic@lunch#1", "panic@start#x"] {
            assert_eq!(parse(bad), None);
        }
    }
}
