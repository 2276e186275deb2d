//! The files that a command line names, for any command. They follow from clap's definitions: an
//! argument without an option name is read; a test demands that every new option says its role
//! here.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, ValueHint};

use super::command::command_of;
use crate::cli::words::{CommandLine, with_presets};

/// A file named by the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// `--output`, or the name of an input: `FILE`.
    pub option: String,
    /// Its path.
    pub path: PathBuf,
    /// Its role.
    pub role: Role,
}

/// The role of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is only read.
    Read,
    /// It is replaced by a result.
    Written,
    /// It is read and replaced, and its old version is kept as `.before`.
    Saved,
}

/// What is done with the file of each option.
const ROLES: [(&str, Role); 10] = [
    ("against", Role::Read),
    ("checkpoint", Role::Saved),
    ("csv", Role::Written),
    ("exclude-file", Role::Written),
    ("file", Role::Read),
    ("junit", Role::Written),
    ("output", Role::Written),
    ("plot", Role::Written),
    ("resume", Role::Read),
    ("trace", Role::Written),
];

/// The files of a valid command line; none for an invalid one.
pub fn files(words: &CommandLine) -> Vec<File> {
    let mut command = command_of(&words.arguments);
    let Ok((arguments, _)) = with_presets(&command, words) else { return Vec::new() };
    let Ok(matches) = command.try_get_matches_from_mut(arguments) else { return Vec::new() };
    let (mut command, mut matches) = (&command, &matches);
    let mut files = Vec::new();
    loop {
        files.extend(command.get_arguments().flat_map(|option| of(option, matches)));
        let Some((name, inner)) = matches.subcommand() else { break };
        let Some(next) = command.find_subcommand(name) else { break };
        (command, matches) = (next, inner);
    }
    // Without --checkpoint, saves go to the file of --resume.
    if !files.iter().any(|file| file.role == Role::Saved) {
        files.iter_mut().filter(|file| file.option == "--resume").for_each(|file| file.role = Role::Saved);
    }
    files
}

/// The files that `option` has been given.
fn of(option: &Arg, matches: &ArgMatches) -> Vec<File> {
    if option.get_value_hint() != ValueHint::FilePath {
        return Vec::new();
    }
    let id = option.get_id().as_str();
    let known = |long| ROLES.iter().find(|(name, _)| *name == long).map_or(Role::Written, |&(_, role)| role);
    let role = option.get_long().map_or(Role::Read, known);
    let name = option.get_long().map_or_else(|| id.to_uppercase(), |long| format!("--{long}"));
    let paths = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
    paths.map(|path| File { option: name.clone(), path: path.into(), role }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::command::command;
    use clap::Command;

    fn named(line: &str, variables: &[(&str, &str)]) -> String {
        let words = CommandLine::collect(
            line.split_whitespace().map(Into::into),
            variables.iter().map(|(name, value)| (name.into(), value.into())),
        );
        let role = |role: Role| match role {
            Role::Read => "<",
            Role::Written => ">",
            Role::Saved => "+",
        };
        let files = files(&words);
        let mut names: Vec<String> =
            files.iter().map(|file| format!("{}{}{}", file.option, role(file.role), file.path.display())).collect();
        names.sort();
        names.join(" ")
    }

    /// The options of a command and its subcommands whose value is a file.
    fn options(command: &Command) -> Vec<String> {
        let own = command.get_arguments().filter(|option| option.get_value_hint() == ValueHint::FilePath);
        let own = own.filter_map(|option| option.get_long().map(str::to_owned));
        own.chain(command.get_subcommands().flat_map(options)).collect()
    }

    #[test]
    fn every_option_with_a_file_has_a_role() {
        let mut options = options(&command());
        options.sort();
        options.dedup();
        assert_eq!(options, ROLES.map(|(name, _)| name));
    }

    #[test]
    fn every_file_is_found_with_what_is_done_with_it() {
        for (line, files) in [
            ("m pi 1e6", ""),
            ("m pi 1e6 --output o --trace t --plot=p", "--output>o --plot>p --trace>t"),
            ("m pi --checkpoint c --resume r", "--checkpoint+c --resume<r"),
            ("m pi --resume r", "--resume+r"),
            ("m integrate ball 1e6 --trace t", "--trace>t"),
            ("m integrate ep --checkpoint c", "--checkpoint+c"),
            ("m merge a b --output o", "--output>o FILES<a FILES<b"),
            ("m gcd f --output o", "--output>o FILE<f"),
            ("m burnin --junit j --exclude-file e", "--exclude-file>e --junit>j"),
            ("m scaling --csv c --plot p -- pi 1e6", "--csv>c --plot>p"),
            ("m scaling report a b --csv c", "--csv>c FILES<a FILES<b"),
            ("m nonsense --output o", ""),
            ("m pi --output o --nonsense", ""),
        ] {
            assert_eq!(named(line, &[]), files, "{line}");
        }
        assert_eq!(named("m pi", &[("MONTESIEVE_OUTPUT", "o")]), "--output>o");
    }

    #[test]
    fn no_option_that_takes_a_path_is_without_the_hint() {
        fn check(command: &Command) {
            for option in command.get_arguments() {
                let is_path = option.get_value_names().is_some_and(|names| names.iter().any(|name| name == "FILE"));
                let is_stream = command.get_name() == "isprime" && option.get_long().is_none();
                assert!(!is_path || is_stream || option.get_value_hint() == ValueHint::FilePath, "{option}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&command());
    }
}
