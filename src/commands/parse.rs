//! Parses words to a [`Cli`], or to a [`Refusal`] that the root prints.
//!
//! Nothing here prints or exits: every rank parses the same words with the same result, and only
//! one may print it.

#[cfg(test)]
mod bad_values;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod tests;
mod tips;

use std::ffi::OsString;
use std::ops::RangeInclusive;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, FromArgMatches};

use super::command::{Cli, command, command_of};
use crate::cli::words::{CommandLine, Preset, UnknownVariable, strangers, with_presets};

/// Why there is nothing to run: a request for help, or an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    plain: String,
    coloured: String,
    help: bool,
}

impl Refusal {
    /// The text to print, with its final newline.
    pub fn text(&self, color: bool) -> &str {
        if color { &self.coloured } else { &self.plain }
    }

    /// Whether it belongs on standard output (`--help`, `--version`) and not on standard error.
    pub fn is_help(&self) -> bool {
        self.help
    }

    /// 0 for help and version, else 2.
    pub fn exit_code(&self) -> u8 {
        if self.help { 0 } else { 2 }
    }

    fn new(error: &Error, presets: &[Preset]) -> Refusal {
        let styled = error.render();
        let (mut plain, mut coloured) = (styled.to_string(), styled.ansi().to_string());
        let help = !error.use_stderr();
        if !help {
            let note: String = presets
                .iter()
                .filter(|preset| mentions(&plain, &preset.option))
                .map(|preset| format!("  (from the environment: {})\n", preset.assignment))
                .collect();
            for text in [&mut plain, &mut coloured] {
                let end_of_line = text.find('\n').map_or(text.len(), |i| i + 1);
                text.insert_str(end_of_line, &note);
            }
        }
        Refusal { plain, coloured, help }
    }
}

/// Whether `text` contains `option` as a whole word: `--print` is not in `--printer`.
fn mentions(text: &str, option: &str) -> bool {
    text.match_indices(option)
        .any(|(i, _)| !text[i + option.len()..].starts_with(|c: char| c == '-' || c.is_ascii_alphanumeric()))
}

/// Parses the words. Deterministic: the same words give the same result on every rank.
///
/// # Errors
/// [`Refusal`] when there is nothing to run.
///
/// ```
/// use montesieve::cli::CommandLine;
/// use montesieve::commands::{Commands, parse};
/// let words = CommandLine::collect(["montesieve", "pi", "1e6"].map(Into::into), []);
/// let Ok(cli) = parse(&words) else { panic!() };
/// let Commands::Pi(pi) = cli.command else { panic!() };
/// assert_eq!(pi.samples(), 1_000_000);
/// ```
pub fn parse(words: &CommandLine) -> Result<Cli, Refusal> {
    parse_as(command_of(&words.arguments), words).or_else(|_| parse_as(command(), words))
}

/// Parses them as `command` defines.
fn parse_as(mut command: clap::Command, words: &CommandLine) -> Result<Cli, Refusal> {
    let (arguments, presets) =
        with_presets(&command, words).map_err(|message| Refusal::new(&usage_error(message), &[]))?;
    command
        .try_get_matches_from_mut(&arguments)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
        .and_then(|cli| cli.command.check().map(|()| cli).map_err(usage_error))
        .map_err(|mut error| {
            tips::add(&mut error, &command, &arguments);
            Refusal::new(&negative_number(&error, words).unwrap_or(error), &presets)
        })
        .and_then(|cli| match slip(words) {
            Some(message) => Err(Refusal::new(&usage_error(message), &[])),
            None => Ok(cli),
        })
}

/// A variable whose name is nearly a preset's, and which would be ignored silently.
fn slip(words: &CommandLine) -> Option<String> {
    strangers(command, words).into_iter().find_map(|stranger| match stranger {
        UnknownVariable::Slip(message) => Some(message),
        UnknownVariable::Unknown(_) => None,
    })
}

/// Names of `MONTESIEVE_*` variables that no command knows.
pub fn unknown_variables(words: &CommandLine) -> Vec<String> {
    let unknown = |stranger| match stranger {
        UnknownVariable::Unknown(name) => Some(name),
        UnknownVariable::Slip(_) => None,
    };
    strangers(command, words).into_iter().filter_map(unknown).collect()
}

/// The options of a command preset by variables: `--seed` by `MONTESIEVE_SEED=7`.
#[derive(Clone, Debug, Default)]
pub struct Presets(Vec<Preset>);

impl Presets {
    /// A line for each variable that preset an option in an error message.
    pub fn in_error(&self, text: &str) -> String {
        let presets = self.0.iter().filter(|preset| mentions(text, &preset.option));
        presets.map(|preset| format!("\n  (from the environment: {})", preset.assignment)).collect()
    }
}

/// The presets of this command line.
pub fn presets(words: &CommandLine) -> Presets {
    if words.variables.is_empty() {
        return Presets::default();
    }
    Presets(with_presets(&command_of(&words.arguments), words).map(|(_, presets)| presets).unwrap_or_default())
}

fn usage_error(message: String) -> Error {
    Error::raw(ErrorKind::ValueValidation, message + "\n")
}

/// clap parses `-5` as a number but `-5k`, `-1s` and `-2^3` as options: gives a proper error for
/// them, that of the option or the argument whose value the word is.
fn negative_number(error: &Error, words: &CommandLine) -> Option<Error> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let starts_number = option.strip_prefix('-')?.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if error.kind() != ErrorKind::UnknownArgument || !starts_number {
        return None;
    }
    let starts = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with(option.as_str()));
    let at = words.arguments.iter().position(starts)?;
    let word = words.arguments[at].to_string_lossy().into_owned();
    let before = words.arguments.get(at.checked_sub(1)?)?.to_string_lossy().into_owned();
    if before.starts_with('-') && !before.contains('=') {
        let joined = if before.starts_with("--") { format!("{before}={word}") } else { format!("{before}{word}") };
        match refusal_of(words, at - 1..=at, &[&joined]) {
            // No option, or one that takes no value: then the word is an argument.
            Some(error) if matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::TooManyValues) => {}
            Some(error) if is_about(&error, &word) => return Some(error),
            _ => return Some(usage_error(format!("'{word}' after {before} looks like an option; write {joined}"))),
        }
    }
    let as_argument = refusal_of(words, at..=at, &["--", &word]).filter(|error| is_about(error, &word));
    Some(as_argument.unwrap_or_else(|| usage_error(format!("invalid value '{word}': must not be negative"))))
}

/// Why clap refuses the words with some of them replaced.
fn refusal_of(words: &CommandLine, range: RangeInclusive<usize>, others: &[&str]) -> Option<Error> {
    let mut arguments = words.arguments.clone();
    arguments.splice(range, others.iter().map(OsString::from));
    command().try_get_matches_from(arguments).err()
}

/// Whether an error is about this value.
fn is_about(error: &Error, word: &str) -> bool {
    matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value == word)
}
