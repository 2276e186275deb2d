//! The trait of commands.
//!
//! A command is the struct of its options (`NAME/args.rs`), which implements [`Command`]. Outside
//! its folder only `commands.rs` names it, as a module and in the list: help, completions, pages,
//! presets, dispatch and docs/json.md follow from there.

use std::ffi::OsString;
use std::fmt::Debug;

use clap::{CommandFactory, Parser};

use super::Commands;
use super::context::Context;
use super::exit_codes;
use crate::cli::{CommandLine, EngineOptions, LaunchOptions, Ranks};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::schema::Documentation;

/// A value, or a message for the user.
pub type Check<T = ()> = std::result::Result<T, String>;

/// A command: its properties before and after the run, and the run.
pub trait Command: Debug {
    /// Checks that the options fit together.
    ///
    /// # Errors
    /// A message for the user.
    fn check(&self) -> Check {
        Ok(())
    }

    /// The engine's options, for commands that compute.
    fn engine(&self) -> Option<&EngineOptions> {
        None
    }

    /// The options of the launch check, and how long ranks may be silent; `None`: the command uses
    /// no ranks.
    fn launch(&self) -> Option<&LaunchOptions> {
        self.engine().map(|engine| &engine.launch)
    }

    /// Whether it calls MPI itself, so that MPI must be started even for one rank without a
    /// launcher.
    fn calls_mpi(&self) -> bool {
        false
    }

    /// The number of ranks that it must have; a launcher that starts another number is an error.
    fn ranks(&self) -> Option<Ranks> {
        self.engine().map(|engine| engine.ranks)
    }

    /// The number of ranks to start as threads without a launcher; `None`: one.
    fn threads(&self) -> Option<Ranks> {
        self.ranks()
    }

    /// Whether the exit code is always 0.
    fn exit_zero(&self) -> bool {
        self.engine().is_some_and(|engine| engine.exit_zero)
    }

    /// Whether it prints only errors on standard error.
    fn is_quiet(&self) -> bool {
        self.engine().is_some_and(|engine| engine.quiet)
    }

    /// Whether the living ranks may run it again after a loss. Such a command measures no times,
    /// shows and writes nothing before its end, and communicates only with ranks.
    fn can_restart(&self) -> bool {
        false
    }

    /// The documentation of its JSON; empty without a report.
    fn documentation() -> Documentation
    where
        Self: Sized,
    {
        Documentation::default()
    }

    /// Runs it. Every rank calls it; returns the exit code.
    ///
    /// # Errors
    /// [`Error::Reported`](crate::error::Error::Reported) when the ranks have agreed on a failure;
    /// any other error is this rank's alone.
    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8>;

    /// The command restricted to what checkpoints prove, without output paths; `None` if they prove
    /// nothing. For `merge`.
    fn provable(&self) -> Option<Box<dyn Computation>> {
        None
    }

    /// The command in a form that can be run repeatedly and compared. For `scaling`.
    ///
    /// # Errors
    /// Why its runs cannot be compared.
    fn timed(&self) -> Check<Box<dyn Timed>> {
        Err("this command cannot be timed; pi, integrate and primes can".to_owned())
    }
}

/// A command that can run in the context of another command.
pub trait Computation: Debug {
    /// Computes and finishes. Every rank calls it; returns the exit code.
    ///
    /// # Errors
    /// As [`Command::run`].
    fn compute(&self, context: &Context<'_>) -> Result<u8>;
}

/// A computation whose answers can be compared between runs.
pub trait Timed: Computation {
    /// Its engine options.
    fn engine(&self) -> &EngineOptions;

    /// The same with `times` the work, for weak scaling; `None` if that is too much.
    ///
    /// # Errors
    /// If it has no size to multiply.
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
MONTESIEVE_CACHE=48K,2M,0 sets a core's levels of cache to plan for.
";

fn after_help() -> String {
    AFTER_HELP.to_owned() + &exit_codes::line()
}

/// Monte Carlo and prime numbers over MPI: the same answer on any number of ranks
#[derive(Parser, Clone, Debug, PartialEq, Eq)]
#[command(name = "montesieve", version, after_help = after_help(), max_term_width = 100, args_override_self = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Commands,
}

/// The clap command: for parsing, help, completions and pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The clap command with the one subcommand that the first argument names, or [`command`] if it
/// names none. It parses the same valid command lines to the same values. Building the options of
/// all commands takes a third of a short run's time; only help and errors need them.
pub fn command_of(arguments: &[OsString]) -> clap::Command {
    let name = arguments.get(1).and_then(|word| word.to_str());
    let alone = clap::Command::new("montesieve").args_override_self(true);
    name.and_then(Commands::subcommand).map_or_else(command, |subcommand| alone.subcommand(subcommand))
}

/// Defines the enum of the commands from their list, in the order of the help. The doc comments of
/// their options are the help texts.
macro_rules! commands {
    ($($word:literal => $name:ident($options:ty)),* $(,)?) => {
        /// The commands, in the order of the help.
        #[derive(clap::Subcommand, Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Commands {
            $(#[command(name = $word)] $name($options)),*
        }

        impl Commands {
            /// The clap command of this name, alone.
            fn subcommand(name: &str) -> Option<clap::Command> {
                match name {
                    $($word => Some(<$options as clap::Args>::augment_args(clap::Command::new($word))),)*
                    _ => None,
                }
            }

            /// The documentation of each command's JSON, in the same order.
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

/// The documentation of each command with a report, by name.
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

    /// With `MONTESIEVE_TEST_WRITE` the test writes the files, otherwise it compares them.
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
