//! Advice below an error of clap, for words that other programs know under that name: `--threads`,
//! `-v`, `--list`; and for names that are nearly right.
//!
//! Stands beside `parse.rs`, which turns errors into refusals: this file only chooses a sentence.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Command, Error};

use crate::cli::EngineOptions;
use crate::cli::words::{nearest, subcommand_path};
use crate::commands::integrate::args::EP;

/// The most characters of a command line that a tip repeats.
const MOST_SHOWN: usize = 60;

/// Replaces clap's suggestions by this program's, where it has one.
pub(super) fn add(error: &mut Error, command: &Command, arguments: &[OsString]) {
    let (path, _) = subcommand_path(command, arguments);
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => {
            word(ContextKind::InvalidArg).and_then(|word| for_argument(word, &path, arguments))
        }
        ErrorKind::InvalidSubcommand => {
            word(ContextKind::InvalidSubcommand).and_then(|word| for_subcommand(word, &path, arguments))
        }
        ErrorKind::InvalidValue => match (word(ContextKind::InvalidValue), word(ContextKind::SuggestedValue)) {
            (Some("list"), _) if names(&path) == ["patterns"] => Some(LIST_OF_PATTERNS.to_owned()),
            (_, near) => near.map(|near| format!("did you mean {near}?")),
        },
        _ => return,
    };
    if matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand) {
        // "To pass '--nonsense' as a value, use '-- --nonsense'": no value of this program looks
        // like that.
        error.remove(ContextKind::Suggested);
    }
    let Some(tip) = tip else { return };
    for kind in [ContextKind::SuggestedValue, ContextKind::SuggestedSubcommand] {
        error.remove(kind);
    }
    if error.remove(ContextKind::SuggestedArg).is_some()
        && let Some(mut command) = path.last().map(|&command| command.clone())
    {
        // clap's own usage line has the option that it suggested.
        error.insert(ContextKind::Usage, ContextValue::StyledStr(command.render_usage()));
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
}

const LIST_OF_PATTERNS: &str = "'montesieve patterns' without a name lists the patterns";
const LIST_OF_INTEGRANDS: &str = "'montesieve integrate list' lists the integrands";
const LIST_OF_COMMANDS: &str = "'montesieve --help' lists the commands";

/// The names of the commands on a path, without the program's.
fn names<'c>(path: &[&'c Command]) -> Vec<&'c str> {
    path.iter().skip(1).map(|command| command.get_name()).collect()
}

/// About an option or a word that the last command of `path` does not have.
fn for_argument(word: &str, path: &[&Command], arguments: &[OsString]) -> Option<String> {
    let command = path.last()?;
    let names = names(path);
    let has = |long: &str| command.get_arguments().any(|argument| argument.get_long() == Some(long));
    match word {
        "--threads" | "--jobs" | "--cores" | "--np" | "-j" | "-t" | "-n" if has("ranks") => {
            Some("--ranks N sets the number of ranks; without a launcher they are threads".to_owned())
        }
        "--threads" | "--jobs" | "--cores" | "--np" | "-j" | "-t" | "-n" => Some(
            "'mpirun -n N montesieve ...' starts N ranks; commands that compute have --ranks N without it".to_owned(),
        ),
        "-v" | "--verbose" if has("per-rank") => {
            Some("--per-rank shows a table of all ranks: blocks, and where the time went".to_owned())
        }
        "-v" | "--verbose" if names == ["patterns"] => Some("--trace shows what each rank did when".to_owned()),
        "-v" | "--verbose" if has("format") => Some("--format json has every detail".to_owned()),
        "-v" | "--verbose" => {
            Some("'--version' or '-V' is the version; commands that compute have --per-rank".to_owned())
        }
        "--list" => match names.first() {
            Some(&"integrate") => Some(LIST_OF_INTEGRANDS.to_owned()),
            Some(&"patterns") => Some(LIST_OF_PATTERNS.to_owned()),
            Some(&"primes") => Some("--print prints the primes, one on a line".to_owned()),
            Some(_) => None,
            None => Some(LIST_OF_COMMANDS.to_owned()),
        },
        _ if names == ["merge"] && is_of_the_engine(word) => {
            Some("merge only reads its FILEs: it has no options for computing".to_owned())
        }
        _ if names == ["integrate", EP] && !word.starts_with('-') => {
            Some("the class sets the number of samples: --class S (2^24) to --class E (2^40)".to_owned())
        }
        _ if names == ["scaling"] && !word.starts_with('-') => Some(separated(word, arguments)),
        _ => None,
    }
}

/// About a name that is none of the commands below the last of `path`.
fn for_subcommand(word: &str, path: &[&Command], arguments: &[OsString]) -> Option<String> {
    let command = path.last()?;
    let names = names(path);
    if names == ["scaling"] {
        return Some(separated(word, arguments));
    }
    let others = command.get_subcommands().map(Command::get_name);
    // At most one letter in four is wrong.
    let near = nearest(&word.to_lowercase(), others, |name| name.len().div_ceil(4));
    match (near, &names[..]) {
        (Some(near), _) => Some(format!("did you mean {near}?")),
        (None, ["integrate"]) => Some(LIST_OF_INTEGRANDS.to_owned()),
        (None, []) if word == "list" => Some(LIST_OF_COMMANDS.to_owned()),
        (None, _) => None,
    }
}

/// Whether `--name` is an option of commands that compute.
fn is_of_the_engine(word: &str) -> bool {
    let engine = EngineOptions::augment_args(Command::new("engine"));
    let long = word.strip_prefix("--");
    long.is_some() && engine.get_arguments().any(|option| option.get_long() == long)
}

/// How `scaling` gets a command that starts with `word`.
fn separated(word: &str, arguments: &[OsString]) -> String {
    // A shell passes these letters on as they are.
    let is_plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-+=_,.:/".contains(c));
    let words = arguments.iter().skip(1).map(|word| word.to_str().filter(|word| is_plain(word)));
    let line = words.collect::<Option<Vec<&str>>>().and_then(|mut words| {
        let at = words.iter().position(|&other| other == word)?;
        words.insert(at, "--");
        Some(words.join(" "))
    });
    let example = line.filter(|line| line.len() <= MOST_SHOWN).unwrap_or_else(|| "scaling -- primes 1e10".to_owned());
    format!("put -- before the command: montesieve {example}")
}

#[cfg(test)]
mod tests {
    use crate::cli::CommandLine;
    use crate::commands::parse;

    fn refused(line: &str) -> String {
        let words = format!("montesieve {line}").split_whitespace().map(Into::into).collect();
        let refusal = parse(&CommandLine { arguments: words, variables: Vec::new() }).expect_err(line);
        assert_eq!(refusal.exit_code(), 2, "{line}");
        refusal.text(false).to_owned()
    }

    #[test]
    fn words_of_other_programs_are_understood() {
        let ranks = "tip: --ranks N sets the number of ranks";
        let launcher = "tip: 'mpirun -n N montesieve ...' starts N ranks; commands that compute have --ranks N";
        let per_rank = "tip: --per-rank shows a table";
        let integrands = "tip: 'montesieve integrate list' lists the integrands";
        let patterns = "tip: 'montesieve patterns' without a name lists the patterns";
        for (line, tip) in [
            ("pi --threads 4", ranks),
            ("primes 1e9 --threads=4", ranks),
            ("pi -j 4", ranks),
            ("isprime 7 -j4", ranks),
            ("integrate ball -j 4", ranks),
            ("scaling --threads 4 -- pi", ranks),
            ("burnin --threads 4", launcher),
            ("merge a -j 4", launcher),
            ("pi -v", per_rank),
            ("integrate ep --verbose", per_rank),
            ("patterns ring -v", "tip: --trace shows what each rank did"),
            ("info --verbose", "tip: --format json has every detail"),
            ("-v", "tip: '--version' or '-V' is the version"),
            ("integrate --list", integrands),
            ("integrate ball --list", integrands),
            ("integrate nonsense", integrands),
            ("patterns --list", patterns),
            ("patterns list", patterns),
            ("list", "tip: 'montesieve --help' lists the commands"),
            ("integrate ep 1e6", "tip: the class sets the number of samples: --class S"),
            ("scaling pi 1e6", "tip: put -- before the command: montesieve scaling -- pi 1e6\n"),
            (
                "scaling --ranks 1,2 pi 1e6",
                "tip: put -- before the command: montesieve scaling --ranks 1,2 -- pi 1e6\n",
            ),
            ("scaling prims 1e6", "tip: put -- before the command"),
        ] {
            let text = refused(line);
            assert!(text.contains(tip), "{line}: {text}");
            assert_eq!(text.matches("tip: ").count(), 1, "{line}: {text}");
        }
    }

    #[test]
    fn names_that_are_nearly_right_are_found() {
        for (line, name) in [
            ("patterns rings", "ring"),
            ("patterns shared_array", "shared-array"),
            ("integrate genz-gausian", "genz-gaussian"),
            ("integrate bal 1e6", "ball"),
            ("prims 100", "primes"),
            ("PI", "pi"),
            ("pi --schedule dynamc", "dynamic"),
        ] {
            let text = refused(line);
            assert!(text.contains(&format!("tip: did you mean {name}?\n")), "{line}: {text}");
            assert_eq!(text.matches("tip: ").count(), 1, "{line}: {text}");
        }
        assert!(!refused("nonsense").contains("tip: "));
        assert!(refused("pi --threads 4").contains("\nUsage: montesieve pi [OPTIONS] [SAMPLES]\n"));
        assert!(!refused("patterns nonsense").contains("tip: "));
    }
}
