//! Fault injection for tests: `MONTESIEVE_FAULT=KIND@STAGE#RANK` makes one rank fail at one stage.
//!
//! It is here and not in the tests, because they must show that the *real* program ends cleanly
//! when a rank fails. The rank panics (`panic`), returns an error (`error`), dies (`kill`), exits
//! (`exit`), hangs (`hang`) or runs out of memory (`memory`). Stages are: while the ranks of its
//! node fill a table (`fill`), at the start of a job (`start`), while the others are in the scatter
//! (`scatter`), in the middle of its work (`compute`), while the others wait in the reduction
//! (`reduce`), and before the report (`report`). In the last steps of MPI (`end`) it crashes
//! (`crash`) or hangs. Costs one comparison per stage. Unknown names are refused.
//!
//! A burn-in must find faults, so it has its own, all `@burnin`. `flip:SEED` flips one bit of one
//! answer, `stuck:SEED` one of the same block every time, `corrupt:SEED` one bit of one message,
//! and `slow:PERCENT` makes every block take longer by this percentage. The seed selects block,
//! message and bit.
//!
//! `patterns` must detect a wrong answer: with `lose@share` a rank forgets the last piece of its
//! share of the work.

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::job::{JobError, run};

/// The stages of a command at which a fault may be injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Instead of filling a part of a table shared by the ranks of a node.
    Fill,
    /// After the ranks have agreed on the command, before the first collective of the engine.
    Start,
    /// Instead of entering the scatter.
    Scatter,
    /// Between two pieces of work.
    Compute,
    /// Instead of entering the reduction.
    Reduce,
    /// After the work, before the report.
    Report,
    /// After the report, in the last steps of MPI.
    End,
    /// In a burn-in: faults that it must find.
    Burnin,
    /// When a rank of `patterns` takes its share of the work.
    Share,
}

/// A fault that a burn-in must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// One bit of one answer, once.
    Flip(u64),
    /// One bit of the answer of one block, every time.
    Stuck(u64),
    /// One bit of one message.
    Corrupt(u64),
    /// Every block takes longer by this percentage.
    Slow(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    kind: String,
    stage: Stage,
    rank: u64,
}

/// The stages by name, and the kinds that each allows.
const STAGES: [(&str, Stage, &[&str]); 9] = [
    ("fill", Stage::Fill, &ENDS),
    ("start", Stage::Start, &ENDS),
    ("scatter", Stage::Scatter, &ENDS),
    ("compute", Stage::Compute, &ENDS),
    ("reduce", Stage::Reduce, &ENDS),
    ("report", Stage::Report, &ENDS),
    ("end", Stage::End, &["crash", "hang"]),
    ("burnin", Stage::Burnin, &["flip:NUMBER", "stuck:NUMBER", "corrupt:NUMBER", "slow:NUMBER"]),
    ("share", Stage::Share, &["lose"]),
];
/// The ways in which a rank fails.
const ENDS: [&str; 6] = ["panic", "error", "kill", "exit", "hang", "memory"];

/// Parses a fault, in a world of `ranks` ranks.
fn parse(text: &str, ranks: u64) -> std::result::Result<Fault, String> {
    let wrong = |what: &str| format!("MONTESIEVE_FAULT={}: {what}", text.escape_debug());
    let parts = text.split_once('@').and_then(|(kind, rest)| Some((kind, rest.split_once('#')?)));
    let (kind, (stage, rank)) = parts.ok_or_else(|| wrong("write it like panic@compute#1"))?;
    let names = || STAGES.map(|(name, ..)| name).join(", ");
    let (_, stage, kinds) = STAGES
        .into_iter()
        .find(|(name, ..)| *name == stage)
        .ok_or_else(|| wrong(&format!("there is no such stage; there are {}", names())))?;
    if !kinds.iter().any(|known| is_kind(kind, known)) {
        return Err(wrong(&format!("this stage has no such kind; it has {}", kinds.join(", "))));
    }
    let rank = rank.parse().ok().filter(|&rank| rank < ranks);
    let rank = rank.ok_or_else(|| wrong(&format!("there is no such rank; there are {ranks}, from 0")))?;
    Ok(Fault { kind: kind.to_owned(), stage, rank })
}

/// Whether `kind` matches the known one, with a number if that one has a number.
fn is_kind(kind: &str, known: &str) -> bool {
    match (kind.split_once(':'), known.split_once(':')) {
        (Some((name, number)), Some((known, _))) => name == known && number.parse::<u64>().is_ok(),
        (None, None) => kind == known,
        _ => false,
    }
}

/// The fault injected into this process.
static FAULT: OnceLock<Fault> = OnceLock::new();

/// Injects the fault of `text` from now on, in a world of `ranks` ranks, unless the text is empty.
/// The text is the root's, so that hosts without its environment know it too.
///
/// # Errors
/// A sentence if the fault is unknown, since a test with it would prove nothing.
pub fn arm(text: &str, ranks: u64) -> std::result::Result<(), String> {
    if !text.is_empty() {
        // A command that restarts with fewer ranks keeps its fault.
        FAULT.get().map_or_else(|| parse(text, ranks).map(|fault| drop(FAULT.set(fault))), |_| Ok(()))?;
    }
    Ok(())
}

/// Fails here if this fault is injected.
///
/// # Errors
/// [`Error::Run`] for the kind `error`.
///
/// # Panics
/// For the kind `panic`.
pub fn at(stage: Stage, rank: u64) -> Result<()> {
    asked(stage, rank).map_or(Ok(()), |fault| fail(&fault.kind))
}

/// The same for a stage of the engine.
///
/// # Errors
/// As [`at`].
pub fn in_engine(stage: run::Stage, rank: u64) -> std::result::Result<(), JobError> {
    let stage = match stage {
        run::Stage::Start => Stage::Start,
        run::Stage::Scatter => Stage::Scatter,
        run::Stage::Compute => Stage::Compute,
        run::Stage::Reduce => Stage::Reduce,
        run::Stage::Report => Stage::Report,
    };
    Ok(at(stage, rank)?)
}

/// The fault of a burn-in on this rank, if injected.
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

/// Whether this rank must lose a piece of its share.
pub fn loses(rank: u64) -> bool {
    asked(Stage::Share, rank).is_some_and(|fault| fault.kind == "lose")
}

fn asked(stage: Stage, rank: u64) -> Option<&'static Fault> {
    FAULT.get().filter(|fault| fault.stage == stage && fault.rank == rank)
}

fn fail(kind: &str) -> Result<()> {
    use rustix::process::{Signal, getpid, kill_process};
    match kind {
        "panic" => panic!("injected"),
        "error" => Err(Error::Run("injected error".into())),
        "exit" => std::process::exit(7),
        "memory" => {
            // More than an address space.
            drop(std::hint::black_box(Vec::<u8>::with_capacity(isize::MAX as usize)));
            Ok(())
        }
        "kill" => kill_process(getpid(), Signal::KILL).map_err(|e| Error::Run(e.to_string())),
        "crash" => kill_process(getpid(), Signal::SEGV).map_err(|e| Error::Run(e.to_string())),
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
        assert_eq!(parse("panic@compute#3", 4), Ok(fault));
        for good in ["slow:20@burnin#1", "lose@share#0", "hang@fill#2"] {
            assert!(parse(good, 4).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_is_none_is_named() {
        for (bad, said) in [
            ("panic", "write it like panic@compute#1"),
            ("panic@compute", "write it like panic@compute#1"),
            ("panic@lunch#1", "no such stage; there are fill, start, "),
            ("slow:20@burn#1", "no such stage"),
            ("panik@start#1", "no such kind; it has panic, error, kill, exit, hang, memory"),
            ("slow@burnin#1", "no such kind; it has flip:NUMBER"),
            ("flip:x@burnin#1", "no such kind"),
            ("panic@burnin#1", "no such kind"),
            ("lose:1@share#1", "no such kind"),
            ("panic@start#x", "no such rank; there are 4"),
            ("panic@start#4", "no such rank; there are 4"),
        ] {
            let refused = parse(bad, 4).expect_err(bad);
            assert!(refused.starts_with(&format!("MONTESIEVE_FAULT={bad}: ")) && refused.contains(said), "{refused}");
        }
    }
}
