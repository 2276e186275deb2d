//! `completions` and `man`: scripts and pages, generated from the clap `Command` that parses, so
//! they are always current. Only the root works.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::Shell;
use clap_mangen::Man;

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
        let written = cluster.at_root(|| cluster.print(&completions(self.shell)));
        cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
    }
}

impl Command for ManPages {
    fn run(&self, cluster: &Cluster, _: &CommandLine) -> Result<u8> {
        let written = cluster.at_root(|| {
            let folder = &self.dir;
            fs::create_dir_all(folder).map_err(Error::io(format!("cannot make {}", folder.display())))?;
            man_pages().into_iter().try_for_each(|(name, page)| {
                let path = folder.join(name);
                fs::write(&path, page).map_err(Error::io(format!("cannot write {}", path.display())))
            })
        });
        cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
    }
}

/// The name of the program in scripts and pages, whatever its file is called.
const PROGRAM: &str = "montesieve";

/// The completion script for a shell.
fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), PROGRAM, &mut script);
    script
}

/// The manual pages, as file name (`montesieve.1`, `montesieve-pi.1`, ...) and contents.
fn man_pages() -> Vec<(String, Vec<u8>)> {
    let mut program = command().disable_help_subcommand(true);
    program.build();
    let mut commands = Vec::new();
    collect(&program, &mut commands);
    commands
        .into_iter()
        .map(|command| {
            let man = Man::new(command);
            let mut page = Vec::new();
            // Writing into a Vec cannot fail.
            let _ = man.render(&mut page);
            (man.get_filename(), page)
        })
        .collect()
}

/// A command and all its subcommands, recursively.
fn collect(command: &clap::Command, commands: &mut Vec<clap::Command>) {
    commands.push(command.clone());
    command.get_subcommands().filter(|c| !c.is_hide_set()).for_each(|below| collect(below, commands));
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_has_a_script_that_knows_the_options() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(completions(*shell)).expect("UTF-8");
            assert!(script.contains("montesieve") && script.contains("allow-singleton"), "{shell}");
        }
    }

    #[test]
    fn every_command_has_a_page() {
        let pages = man_pages();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        let (integrands, names): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| name.starts_with("montesieve-integrate-"));
        // And `list`, `ep` and `file`.
        assert_eq!(integrands.len(), crate::commands::integrate::entries::all().count() + 3);
        let commands = command();
        let named = commands.get_subcommands().map(|command| format!("montesieve-{}.1", command.get_name()));
        let mut expected: Vec<String> =
            ["montesieve.1".to_owned(), "montesieve-scaling-report.1".to_owned()].into_iter().chain(named).collect();
        expected.sort();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(names, expected);
        for (name, page) in &pages {
            assert!(page.starts_with(b".ie") && page.windows(6).any(|w| w == b".SH NA"), "{name}");
        }
    }
}
