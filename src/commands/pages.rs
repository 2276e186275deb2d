//! `completions` and `man`: scripts and pages, generated from the clap `Command` that parses, so
//! they are always current. Only the root works.
//!
//! This file is the two commands; [`completions`] and [`manual`] make what they print and write.

mod completions;
mod manual;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::Shell;

use super::command::{Command, command};
use crate::cli::CommandLine;
use crate::cluster::Cluster;
use crate::error::{Error, Result};

/// Print a completion script for a shell
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(
    after_help = "Example:\n  montesieve completions bash > ~/.local/share/bash-completion/completions/montesieve"
)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// Write the manual pages into a folder
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "Example:\n  montesieve man ~/.local/share/man/man1")]
pub struct ManPages {
    /// The folder; it is made if it is missing
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

impl Command for Completions {
    fn run(&self, cluster: &Cluster, _: &CommandLine) -> Result<u8> {
        let written = cluster.at_root(|| cluster.print(completions::script(self.shell, &command()).as_bytes()));
        cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
    }
}

impl Command for ManPages {
    fn run(&self, cluster: &Cluster, _: &CommandLine) -> Result<u8> {
        let written = cluster.at_root(|| {
            let folder = &self.dir;
            fs::create_dir_all(folder).map_err(Error::io(format!("cannot make {}", folder.display())))?;
            manual::pages(command()).into_iter().try_for_each(|(name, page)| {
                let path = folder.join(name);
                fs::write(&path, page).map_err(Error::io(format!("cannot write {}", path.display())))
            })
        });
        cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
    }
}

/// The name of the program in scripts and pages, whatever its file is called.
const PROGRAM: &str = "montesieve";
