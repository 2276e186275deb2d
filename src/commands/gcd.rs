//! `gcd`: greatest common divisors of pairs ([`pairs`]), or of each number of a list with all
//! others ([`list`]).

mod answer;
pub mod args;
mod audit;
mod jobs;
mod list;
mod pairs;
mod serialised;

use self::answer::{GcdResult, SharedResult};
pub use self::args::Gcd;
use self::serialised::GcdRun;
use super::command::{Check, Command};
use super::context::Context;
use crate::cli::{CommandLine, EngineOptions};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::schema::Documentation;

impl Command for Gcd {
    fn documentation() -> Documentation {
        Documentation::of::<GcdResult>("of pairs")
            .or::<SharedResult>("of `--all` and `--against`")
            .with_job()
            .with_run::<GcdRun>()
    }

    fn check(&self) -> Check {
        Gcd::check(self)
    }

    fn engine(&self) -> Option<&EngineOptions> {
        Some(&self.engine)
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        let context = Context::new(cluster, words, &self.engine)?;
        if self.all || self.against.is_some() { list::run(&context, self) } else { pairs::run(&context, self) }
    }
}
