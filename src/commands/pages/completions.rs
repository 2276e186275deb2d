//! Completion scripts: those of clap, with the names that a command takes as its first word.

use clap::Command;
use clap_complete::Shell;

use super::PROGRAM;
use crate::commands::patterns::args;

/// The completion script for a shell.
pub(super) fn script(shell: Shell, command: &Command) -> String {
    let mut command = if matches!(shell, Shell::Bash | Shell::Zsh) { command.clone() } else { named(command) };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Bash { names_first(&script) } else { script }
}

/// The same command with the patterns as subcommands of `patterns`: clap's scripts for fish,
/// PowerShell and elvish complete subcommands, but not the values of an argument.
fn named(command: &Command) -> Command {
    command.clone().disable_help_subcommand(true).mut_subcommand("patterns", |patterns| {
        let arguments: Vec<_> = patterns.get_arguments().cloned().collect();
        let named = |(name, about)| Command::new(name).about(about).args(arguments.clone());
        patterns.subcommands(args::names().map(named))
    })
}

/// Wraps the function of the script, so that options are offered only after a dash where there are
/// names.
fn names_first(script: &str) -> String {
    let wrapped = script.replace("complete -F _montesieve ", "complete -F _montesieve_names_first ");
    let (function, completes) = wrapped.split_at(wrapped.rfind("\nif ").unwrap_or(wrapped.len()));
    format!("{function}\n{NAMES_FIRST}{completes}")
}

const NAMES_FIRST: &str = r#"_montesieve_names_first() {
    local word names=()
    _montesieve "$@"
    if [[ "$2" != -* ]] ; then
        for word in "${COMPREPLY[@]}" ; do
            [[ "${word}" == -* ]] || names+=("${word}")
        done
        if [[ ${#names[@]} -gt 0 ]] ; then
            COMPREPLY=("${names[@]}")
        fi
    fi
}
"#;

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Command as Process;

    use super::*;
    use crate::commands::command::command;
    use clap::ValueEnum;

    #[test]
    fn every_shell_has_a_script_that_knows_options_and_names() {
        for shell in Shell::value_variants() {
            let script = script(*shell, &command());
            for word in ["montesieve", "allow-singleton", "genz-gaussian", "shared-array"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    /// What bash offers at the end of a line, by its own completion.
    fn offered(line: &[&str]) -> Vec<String> {
        let script = script(Shell::Bash, &command());
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(script.as_bytes()).expect("written");
        let test = r#"source "$SCRIPT"
            complete -p montesieve | grep -q names_first || exit 1
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            _montesieve_names_first "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}""#;
        let mut bash = Process::new("bash");
        let out =
            bash.env("SCRIPT", file.path()).args(["--norc", "-c", test, "bash", "montesieve"]).args(line).output();
        let out = out.expect("bash runs");
        assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_offers_names() {
        let patterns = offered(&["patterns", ""]);
        assert!(patterns.len() == 16 && patterns.contains(&"shared-array".to_owned()), "{patterns:?}");
        assert_eq!(offered(&["patterns", "--explain", "r"]), ["ring"]);
        assert_eq!(offered(&["integrate", "genz-g"]), ["genz-gaussian"]);
        let integrands = offered(&["integrate", ""]);
        assert!(["ball", "ep", "expr"].iter().all(|name| integrands.contains(&(*name).to_owned())), "{integrands:?}");
        assert_eq!(offered(&["pi", "--che"]), ["--checkpoint", "--checkpoint-interval"]);
        assert_eq!(offered(&["pi", "--schedule", "d"]), ["dynamic"]);
        assert!(offered(&["pi", ""]).contains(&"--seed".to_owned()), "no names: options");
    }
}
