//! The command line and its presets in the environment, for broadcast to every rank.
//!
//! On a cluster the root's command line and environment count: other ranks may have been started
//! with fewer variables ([`CommandLine::difference_from`] checks which differences are allowed). So
//! the root collects its [`CommandLine`] and broadcasts them, and every rank parses the same ones
//! (`commands::parse`). clap's `env` feature reads each process's own environment, so it is not
//! used.
//!
//! `MONTESIEVE_FOO_BAR=x` presets `--foo-bar=x` wherever the chosen subcommand has that option and
//! the command line does not give it. The variables follow from clap's `Command`, so a new option
//! automatically has one.

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command};
use serde::{Deserialize, Serialize};

/// The prefix of this program's variables.
const PREFIX: &str = "MONTESIEVE_";

/// The command line and the `MONTESIEVE_*` variables of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// The command line, program name first.
    pub arguments: Vec<OsString>,
    /// This program's variables, name and value; those that preset no option are ignored.
    pub variables: Vec<(String, OsString)>,
}

impl CommandLine {
    /// From [`std::env::args_os`] and [`std::env::vars_os`] (the variants without `_os` panic on
    /// invalid UTF-8).
    pub fn collect(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> CommandLine {
        let mut variables: Vec<(String, OsString)> = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        variables.sort();
        CommandLine { arguments: arguments.into_iter().collect(), variables }
    }

    /// The variable of this name in the root's environment, on every rank, unless it is empty: for
    /// `MONTESIEVE_ISA` and `MONTESIEVE_CACHE`, which are no options.
    pub fn set(&self, name: &str) -> Option<String> {
        self.variable(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
    }

    /// The variable of this name.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_os_str())
    }
}

impl CommandLine {
    /// How these words conflict with the root's, as the end of a sentence about the rank; `None` if
    /// they do not. The program may have another path on another host, and a variable of the root
    /// may be missing here.
    pub fn difference_from(&self, roots: &CommandLine) -> Option<String> {
        let (ours, theirs) = (arguments(self), arguments(roots));
        if ours != theirs {
            let shown = |words: &[OsString]| shortened(&words.join(OsStr::new(" ")).to_string_lossy());
            let (ours, theirs) = (shown(ours), shown(theirs));
            return Some(format!(
                "was started with `{ours}`, and rank 0 with `{theirs}`: give all ranks the same command line"
            ));
        }
        let differs = |(name, value): &&(String, OsString)| roots.variable(name) != Some(value);
        let (name, value) = self.variables.iter().find(differs)?;
        let value = shortened(&value.to_string_lossy());
        let theirs = match roots.variable(name) {
            Some(theirs) => format!("rank 0 has {}", shortened(&theirs.to_string_lossy())),
            None => "rank 0 has none".to_owned(),
        };
        Some(format!("has {name}={value} in its environment, and {theirs}: set it alike for all ranks"))
    }
}

/// Without the program's name.
fn arguments(words: &CommandLine) -> &[OsString] {
    words.arguments.get(1..).unwrap_or_default()
}

/// The most characters of user input that a message repeats.
const MOST_SHOWN: usize = 60;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}...", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

/// Variables of this program that preset no option: the program, its tests and its scripts read
/// them.
const OTHERS: [&str; 14] = [
    "ARGS",
    "CACHE",
    "FAULT",
    "FAULTS_RUN",
    "FLUX_OPTIONS",
    "FUZZ",
    "ISA",
    "ISAS",
    "MPI",
    "MPIRUN",
    "MPIRUN_FLAGS",
    "PARTS",
    "RELAUNCH_SECONDS",
    "ULFM_FLAGS",
];
/// The prefix of variables of the tests.
const TESTS: &str = "MONTESIEVE_TEST_";
/// The edit distance up to which a name counts as misspelt.
const SLIP: usize = 2;

/// The diagnosis of a variable that no command knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnknownVariable {
    /// It resembles a known one: a sentence that says so.
    Slip(String),
    /// Its name, for a notice.
    Unknown(String),
}

/// The variables that no command knows. `command` is called only if some variable may be one:
/// building all options takes a millisecond.
pub(crate) fn strangers(command: impl FnOnce() -> Command, words: &CommandLine) -> Vec<UnknownVariable> {
    let mut known: Vec<String> = OTHERS.map(|name| format!("{PREFIX}{name}")).into();
    let mut names: Vec<&String> = words.variables.iter().map(|(name, _)| name).collect();
    names.retain(|name| !known.contains(name) && !name.starts_with(TESTS));
    if names.is_empty() {
        return Vec::new();
    }
    add_variables(&command(), &mut known);
    names.retain(|name| !known.contains(name));
    names.into_iter().map(|name| stranger(name, &known)).collect()
}

fn stranger(name: &String, known: &[String]) -> UnknownVariable {
    // `MONTESIEVE_seed` is a slip too.
    let upper = name.to_uppercase();
    match nearest(&upper, known.iter().map(String::as_str), |_| SLIP) {
        Some(near) => UnknownVariable::Slip(format!("{name} is no variable of montesieve; did you mean {near}?")),
        None => UnknownVariable::Unknown(name.clone()),
    }
}

/// The name that `word` is probably meant to be: the nearest one, if it is at most `most` edits
/// away.
pub(crate) fn nearest<'n>(
    word: &str,
    names: impl Iterator<Item = &'n str>,
    most: impl Fn(&str) -> usize,
) -> Option<&'n str> {
    let distance = |name: &&str| strsim::osa_distance(word, name);
    names.min_by_key(distance).filter(|name| distance(name) <= most(name))
}

/// The variables of all options, those of subcommands too.
fn add_variables(command: &Command, names: &mut Vec<String>) {
    names.extend(command.get_arguments().filter_map(Arg::get_long).map(variable_of));
    command.get_subcommands().for_each(|inner| add_variables(inner, names));
}

/// The variable that presets an option.
pub(crate) fn variable_of(long: &str) -> String {
    format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"))
}

/// A variable that presets an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preset {
    /// `--seed`
    pub(crate) option: String,
    /// `MONTESIEVE_SEED=7`
    pub(crate) assignment: String,
}

/// The command line with each `-p4` written as `-p=4`, and the presets inserted right after the
/// subcommand (where no `--` can change their meaning); and the list of presets. `Err` is a
/// sentence about the variable of a flag that is neither on nor off.
pub(crate) fn with_presets(command: &Command, words: &CommandLine) -> Result<(Vec<OsString>, Vec<Preset>), String> {
    let mut arguments = words.arguments.clone();
    let mut presets = Vec::new();
    let (path, start) = subcommand_path(command, &arguments);
    let [_, .., subcommand] = path[..] else { return Ok((arguments, presets)) };
    for argument in arguments[start..].iter_mut().take_while(|argument| *argument != "--") {
        if let Some(separated) = separated(subcommand, argument) {
            *argument = separated;
        }
    }
    let given = given(subcommand, &arguments[start..]);

    let mut inserted = Vec::new();
    for option in subcommand.get_arguments().filter(|option| !given.contains(&option.get_id())) {
        let Some(long) = option.get_long() else { continue };
        let name = variable_of(long);
        let Some(value) = words.variable(&name).filter(|value| !value.is_empty()) else { continue };
        let assignment = format!("{name}={}", value.to_string_lossy());
        let mut argument = OsString::from(format!("--{long}"));
        if is_flag(option) {
            if !is_on(value).ok_or_else(|| format!("{assignment}: use 1 or 0 (true, false, yes, no, on, off)"))? {
                continue;
            }
        } else {
            argument.push("=");
            argument.push(value);
        }
        inserted.push(argument);
        presets.push(Preset { option: format!("--{long}"), assignment });
    }
    arguments.splice(start..start, inserted);
    Ok((arguments, presets))
}

/// The commands that the arguments name: `command` itself, its subcommand, and so on, as far as
/// they are known (`integrate` has its options after the name of the integrand); and the place
/// behind the last name.
pub(crate) fn subcommand_path<'c>(command: &'c Command, arguments: &[OsString]) -> (Vec<&'c Command>, usize) {
    let is_word = |argument: &OsString| !argument.as_encoded_bytes().starts_with(b"-");
    let first = arguments.iter().skip(1).position(is_word).map_or(arguments.len(), |skipped| skipped + 1);
    let (mut path, mut last) = (vec![command], command);
    while let Some(inner) = arguments.get(first + path.len() - 1).and_then(|word| last.find_subcommand(word)) {
        path.push(inner);
        last = inner;
    }
    let end = first + path.len() - 1;
    (path, end)
}

/// `-p4` and `-qp4` as clap reads them, `-p=4` and `-qp=4`, if `-p` is an option that may be given
/// without a value: primesieve has the short form.
fn separated(subcommand: &Command, argument: &OsStr) -> Option<OsString> {
    let letters = argument.to_str()?.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
    let (end, _) = short_options(subcommand, letters).find(|(_, option)| option.is_require_equals_set())?;
    let (before, value) = letters.split_at(end);
    value.starts_with(|c: char| c.is_ascii_digit()).then(|| format!("-{before}={value}").into())
}

/// The options that the letters behind a dash give, each with its end, up to one whose value is the
/// rest of the letters.
fn short_options<'c>(subcommand: &'c Command, letters: &str) -> impl Iterator<Item = (usize, &'c Arg)> {
    let mut is_rest_value = false;
    letters.char_indices().map_while(move |(at, letter)| {
        let option = subcommand.get_arguments().find(|option| option.get_short() == Some(letter));
        let option = option.filter(|_| !is_rest_value)?;
        is_rest_value = !is_flag(option) && !option.is_require_equals_set();
        Some((at + letter.len_utf8(), option))
    })
}

fn is_flag(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::SetTrue)
}

fn is_on(value: &OsStr) -> Option<bool> {
    match value.to_str()?.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The options of `subcommand` that `arguments` give: `--name`, `--name=value`, `-q`, `-pq`,
/// `-d1e9`.
fn given<'c>(subcommand: &'c Command, arguments: &[OsString]) -> Vec<&'c clap::Id> {
    let mut given = Vec::new();
    for argument in arguments.iter().map(|a| a.to_string_lossy()).take_while(|a| a != "--") {
        if let Some(long) = argument.strip_prefix("--") {
            let name = long.split('=').next().unwrap_or(long);
            given.extend(subcommand.get_arguments().filter(|o| o.get_long() == Some(name)).map(Arg::get_id));
        } else if let Some(letters) = argument.strip_prefix('-') {
            given.extend(short_options(subcommand, letters).map(|(_, option)| option.get_id()));
        }
    }
    given
}
