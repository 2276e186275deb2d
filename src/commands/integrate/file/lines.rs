//! The lines of a file of integrals: from text to options.
//!
//! Stands beside `args`, which declares them. Every rank parses the same text, so all find the same
//! errors. Nothing is opened or computed here.
//!
//! Run time: 15 us a line, with the check of its expression (Zen 4, opt-level 1).

use clap::error::ErrorKind;
use clap::{Args, Command, FromArgMatches};

use super::args::{LineSampling, ManyIntegrals};
use crate::cli::Precision;
use crate::cli::engine::EngineOptions;
use crate::commands::command::{Check, Command as _};
use crate::commands::inputs::Complaints;
use crate::commands::integrate::args::{EP, FILE, LIST, Samples, argument, parameters};
use crate::commands::integrate::entries::{all, find};
use crate::montecarlo::integrands::parameters::Parameters;

/// Letters of a message about a word, which may be as long as the file.
const LONGEST_SENTENCE: usize = 300;

/// One integral of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineIntegral {
    /// Its line, from 1.
    pub(super) line: u64,
    /// The integrand's name, one of the list.
    pub(super) name: &'static str,
    pub(super) parameters: Parameters,
    pub(super) sampling: LineSampling,
}

impl LineIntegral {
    /// The same integral as a command.
    pub(super) fn alone(&self, engine: &EngineOptions) -> Samples {
        let common = self.sampling.alone(engine);
        Samples { name: self.name, parameters: self.parameters.clone(), common }
    }
}

/// The integrals of a text, in order.
///
/// # Errors
/// The first few lines that cannot be understood or whose options do not fit together, with their
/// numbers; or a sentence when there is no integral.
pub(super) fn parse(text: &str, options: &ManyIntegrals) -> Check<Vec<LineIntegral>> {
    let mut parser = LineParser::new(options);
    let (mut integrals, mut wrong) = (Vec::new(), Complaints::default());
    for (line, content) in (1..).zip(text.lines()) {
        match parser.integral(line, content) {
            Ok(integral) => integrals.extend(integral),
            Err(error) => wrong.add(line, content.trim(), &error),
        }
    }
    wrong.none()?;
    if integrals.is_empty() {
        return Err("no line holds an integral".to_owned());
    }
    Ok(integrals)
}

/// What parses one line after the other.
struct LineParser<'o> {
    options: &'o ManyIntegrals,
    command: Command,
    /// The options of the whole job, and those of one integral alone.
    of_job: Vec<String>,
    of_one: Vec<String>,
}

impl LineParser<'_> {
    fn new(options: &ManyIntegrals) -> LineParser<'_> {
        let bare = |name: &'static str| Command::new(name).disable_help_flag(true);
        let integrands =
            all().map(|entry| LineSampling::augment_args(bare(entry.name).args(entry.parameters.iter().map(argument))));
        let command = bare("integrate")
            .no_binary_name(true)
            .disable_help_subcommand(true)
            .args_override_self(true)
            .subcommand_required(true)
            .subcommands(integrands);
        let long = |command: Command| -> Vec<String> {
            let names = command.get_arguments().filter_map(|option| option.get_long());
            names.map(|name| format!("--{name}")).collect()
        };
        LineParser {
            options,
            command,
            of_job: long(EngineOptions::augment_args(Command::new(FILE))),
            of_one: [long(Precision::augment_args(Command::new(FILE))), vec!["--histogram".to_owned()]].concat(),
        }
    }

    /// The integral of a line; `None` if it has none.
    fn integral(&mut self, line: u64, content: &str) -> Check<Option<LineIntegral>> {
        let words = shlex::split(content).ok_or("a quote is not closed, or a \\ ends the line")?;
        let Some(first) = words.first() else { return Ok(None) };
        if [EP, FILE, LIST].contains(&first.as_str()) {
            return Err(format!("{first} is no integrand: run 'montesieve integrate {first}' by itself"));
        }
        words.iter().try_for_each(|word| self.refuse(word))?;
        let matches = self.command.try_get_matches_from_mut(&words).map_err(|error| sentence(&error))?;
        let Some((entry, matches)) = matches.subcommand().and_then(|(name, matches)| Some((find(name)?, matches)))
        else {
            return Err("an integrand is missing".to_owned());
        };
        let said = LineSampling::from_arg_matches(matches).map_err(|error| sentence(&error))?;
        let sampling = said.or(self.options.defaults);
        let parameters = parameters(entry, matches);
        let integral = LineIntegral { line, name: entry.name, parameters, sampling };
        let samples = integral.alone(&self.options.engine);
        samples.check()?;
        Ok(Some(integral))
    }

    /// Refuses a word that is an option which a line cannot have.
    fn refuse(&self, word: &str) -> Check {
        let name = word.split('=').next().unwrap_or(word);
        if self.of_job.iter().any(|option| option == name) || name == "-q" {
            return Err(format!("{name} is an option of the whole job: give it once, after FILE"));
        }
        if self.of_one.iter().any(|option| option == name) {
            return Err(format!("a line has no {name}: run this integral by itself with 'montesieve integrate'"));
        }
        Ok(())
    }
}

/// What clap says, in one line, without its hints.
fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let text = words.join(" ");
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let text: String = text.chars().take(LONGEST_SENTENCE).collect();
    match error.kind() {
        ErrorKind::InvalidSubcommand => text.replace("unrecognized subcommand", "no integrand"),
        _ => text,
    }
}

#[cfg(test)]
pub(super) mod tests;
