//! Completion scripts and manual pages, made from the same clap `Command` that parses: they cannot fall behind it.
//!
//! Bytes only; writing them to a file or to stdout is the commands' work.

use clap_complete::Shell;
use clap_mangen::Man;

use super::command;

/// The name of the program in scripts and pages, whatever its file is called.
const PROGRAM: &str = "montesieve";

/// The completion script for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), PROGRAM, &mut script);
    script
}

/// The manual pages, as file name (`montesieve.1`, `montesieve-pi.1`, ...) and contents.
pub fn man_pages() -> Vec<(String, Vec<u8>)> {
    let mut program = command().disable_help_subcommand(true);
    program.build();
    let mut commands = Vec::new();
    collect(&program, &mut commands);
    commands
        .into_iter()
        .map(|command| {
            let man = Man::new(command);
            let mut page = Vec::new();
            // A Vec takes every write.
            let _ = man.render(&mut page);
            (man.get_filename(), page)
        })
        .collect()
}

/// A command, and below it all that it has, as deep as they go.
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
        // And `list` and `ep`.
        assert_eq!(integrands.len(), crate::montecarlo::integrands::ALL.len() + 2);
        assert_eq!(
            names,
            [
                "montesieve.1",
                "montesieve-pi.1",
                "montesieve-integrate.1",
                "montesieve-primes.1",
                "montesieve-isprime.1",
                "montesieve-gcd.1",
                "montesieve-patterns.1",
                "montesieve-scaling.1",
                "montesieve-scaling-report.1",
                "montesieve-merge.1",
                "montesieve-burnin.1",
                "montesieve-info.1",
                "montesieve-completions.1",
                "montesieve-man.1"
            ]
        );
        for (name, page) in &pages {
            assert!(page.starts_with(b".ie") && page.windows(6).any(|w| w == b".SH NA"), "{name}");
        }
    }
}
