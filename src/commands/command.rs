//! What a command is.
//!
//! A command is the struct of its options (`NAME/args.rs`) with [`Command`] for it. The list in `commands.rs` is all that
//! names it elsewhere: help, completions, pages, presets, dispatch and docs/json.md follow from there.

use std::fmt::Debug;

use clap::{CommandFactory, Parser};

use super::Commands;
use super::context::Context;
use crate::cli::{Engine, Launch, Ranks, Words};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::schema::Documentation;

/// What is asked for, or what is wrong with it, for the user.
pub type Check<T = ()> = std::result::Result<T, String>;

/// A command: what the program has to know of it before and after it runs, and the run.
pub trait Command: Debug {
    /// Whether the options fit together, which no single one can know.
    ///
    /// # Errors
    /// What is wrong, for the user.
    fn check(&self) -> Check {
        Ok(())
    }

    /// The engine's options, of a command that computes.
    fn engine(&self) -> Option<&Engine> {
        None
    }

    /// What the launch check lets pass, and how long ranks may be silent; `None`: the command has no use for ranks.
    fn launch(&self) -> Option<&Launch> {
        self.engine().map(|engine| &engine.launch)
    }

    /// Whether it calls MPI itself, so that MPI must be started also for one rank without a launcher.
    fn calls_mpi(&self) -> bool {
        false
    }

    /// The ranks that it must have: where a launcher starts others, that is an error.
    fn ranks(&self) -> Option<Ranks> {
        self.engine().map(|engine| engine.ranks)
    }

    /// The ranks to start as threads where there is no launcher; `None`: one.
    fn threads(&self) -> Option<Ranks> {
        self.ranks()
    }

    /// Whether every end is to be reported as exit code 0.
    fn exit_zero(&self) -> bool {
        self.engine().is_some_and(|engine| engine.exit_zero)
    }

    /// Whether the ranks that are left may run it again after a loss: it takes no times and shows nothing before its end,
    /// nor does it write while it computes or talk to others than ranks.
    fn can_restart(&self) -> bool {
        false
    }

    /// What JSON has of it; nothing where there is no report.
    fn documentation() -> Documentation
    where
        Self: Sized,
    {
        Documentation::default()
    }

    /// Runs it. Every rank calls it; returns the exit code.
    ///
    /// # Errors
    /// [`Error::Told`](crate::error::Error::Told) when the ranks have agreed on a bad end; any other error is this rank's alone.
    fn run(&self, cluster: &Cluster, words: &Words) -> Result<u8>;

    /// The same as far as checkpoints prove its answer, without places to write to; `None` where they do not. For `merge`.
    fn provable(&self) -> Option<Box<dyn Computation>> {
        None
    }

    /// The same as a command that can be run again and again, and compared. For `scaling`.
    ///
    /// # Errors
    /// Why its runs cannot be compared.
    fn timed(&self) -> Check<Box<dyn Timed>> {
        Err("this command cannot be timed; pi, integrate and primes can".to_owned())
    }
}

/// A command that runs in a context which another command may have made.
pub trait Computation: Debug {
    /// Computes and finishes. Every rank calls it; returns the exit code.
    ///
    /// # Errors
    /// As [`Command::run`].
    fn compute(&self, context: &Context<'_>) -> Result<u8>;
}

/// A computation whose answers can be compared from run to run.
pub trait Timed: Computation {
    /// Its engine options.
    fn engine(&self) -> &Engine;

    /// The same with `times` the work, for weak scaling; `None` where that is too much.
    ///
    /// # Errors
    /// Where it has no size that could be multiplied.
    fn grown(&self, times: u64) -> Check<Option<Box<dyn Timed>>>;
}

/// Why [`Timed::grown`] is refused.
pub fn has_no_size() -> String {
    "the work of this command cannot be multiplied".to_owned()
}

const AFTER_HELP: &str = "\
Examples:
  montesieve pi 1e9                        all cores of this machine
  mpirun -n 8 montesieve pi 1e11           8 ranks, the same answer
  srun montesieve primes 1e12 --per-rank
  srun montesieve burnin                   is a host wrong or slow?

Every option can be preset: MONTESIEVE_SEED=7 stands for --seed=7.
MONTESIEVE_ISA=portable|avx2|avx512 picks the vector instructions.
Exit codes: 0 right, 1 run-time error, 2 usage, 3 wrong, 4 slow host, 5 target error not reached,
75 stopped and saved, 76 stopped and not saved, 78 bad launch, 130 Ctrl-C, 143 SIGTERM.";

/// Monte Carlo and prime numbers over MPI: the same answer on any number of ranks
#[derive(Parser, Clone, Debug, PartialEq, Eq)]
#[command(name = "montesieve", version, after_help = AFTER_HELP, max_term_width = 100, args_override_self = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Commands,
}

/// The clap command: for parsing, help, completions and pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Makes the enum of the commands from their list, in the order of the help. The comments of their options are the help
/// texts.
macro_rules! commands {
    ($($name:ident($options:ty)),* $(,)?) => {
        /// The commands, in the order of the help.
        #[derive(clap::Subcommand, Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Commands {
            $($name($options)),*
        }

        impl Commands {
            /// What JSON has of each command, in the same order.
            pub fn documentation() -> Vec<$crate::report::schema::Documentation> {
                vec![$(<$options as $crate::commands::command::Command>::documentation()),*]
            }
        }

        impl std::ops::Deref for Commands {
            type Target = dyn $crate::commands::command::Command;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Commands::$name(options) => options),*
                }
            }
        }
    };
}
pub(super) use commands;

/// What JSON has of each command that has a report, by name.
pub fn documentation() -> Vec<(String, Documentation)> {
    let names: Vec<String> = command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().zip(Commands::documentation()).filter(|(_, documentation)| !documentation.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::report::schema;

    /// With `MONTESIEVE_TEST_WRITE` the files are written, otherwise compared.
    #[test]
    fn docs_have_every_field_of_json() {
        let commands = documentation();
        let schema = format!("{:#}\n", schema::document(&commands));
        for (name, expected) in [("json.md", schema::page(&commands)), ("json.schema.json", schema)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
            if std::env::var_os("MONTESIEVE_TEST_WRITE").is_some() {
                fs::write(&path, expected).expect("writable");
            } else {
                let found = fs::read_to_string(&path).unwrap_or_default();
                assert!(found == expected, "docs/{name} is old; MONTESIEVE_TEST_WRITE=1 cargo test writes it");
            }
        }
    }
}
