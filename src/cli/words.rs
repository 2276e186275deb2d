//! What the user said, in words and in the environment, on its way to every rank.
//!
//! On a cluster only the root's command line and environment count: other ranks may have been started with another
//! environment. So the root collects its [`Words`], broadcasts them, and every rank reads the same ones
//! ([`super::parse`]). clap's own `env` feature reads each process's environment and is therefore not used.
//!
//! `MONTESIEVE_FOO_BAR=x` presets `--foo-bar=x` wherever the chosen subcommand has that option and the command line does
//! not give it. Which variables those are is asked of clap's `Command`, so a new option has its variable by itself.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command};
use serde::{Deserialize, Serialize};

/// The start of every variable of ours.
const PREFIX: &str = "MONTESIEVE_";

/// The command line and the `MONTESIEVE_*` variables of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The command line, program name first.
    pub arguments: Vec<OsString>,
    /// The variables of ours, name and value; those that preset no option are passed over.
    pub variables: Vec<(String, OsString)>,
}

impl Words {
    /// From [`std::env::args_os`] and [`std::env::vars_os`] (their cousins without `_os` panic on what is not UTF-8).
    pub fn collect(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Words {
        let mut variables: Vec<(String, OsString)> = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        variables.sort();
        Words { arguments: arguments.into_iter().collect(), variables }
    }

    /// The instruction set that the root's environment asks for (`MONTESIEVE_ISA`), on whichever rank this is read.
    pub fn forced_isa(&self) -> Option<String> {
        self.variable("MONTESIEVE_ISA").filter(|name| !name.is_empty()).map(|name| name.to_string_lossy().into_owned())
    }

    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_os_str())
    }
}

/// One variable that became an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preset {
    /// `--seed`
    pub(super) option: String,
    /// `MONTESIEVE_SEED=7`
    pub(super) assignment: String,
}

/// The command line with the presets put in, right behind the subcommand (where no `--` can turn them into something
/// else), and what they were. `Err` is a sentence about the variable of a flag that is neither on nor off.
pub(super) fn with_presets(command: &Command, words: &Words) -> Result<(Vec<OsString>, Vec<Preset>), String> {
    let mut arguments = words.arguments.clone();
    let mut presets = Vec::new();
    let is_word = |argument: &&OsString| !argument.as_encoded_bytes().starts_with(b"-");
    let Some((mut place, subcommand)) = arguments.iter().enumerate().skip(1).find(|(_, a)| is_word(a)) else {
        return Ok((arguments, presets));
    };
    let Some(mut subcommand) = command.find_subcommand(subcommand) else { return Ok((arguments, presets)) };
    // `integrate` has its options behind the name of the integrand.
    while let Some(inner) = arguments.get(place + 1).and_then(|word| subcommand.find_subcommand(word)) {
        (place, subcommand) = (place + 1, inner);
    }
    let given = given(subcommand, &arguments[place + 1..]);

    let mut inserted = Vec::new();
    for option in subcommand.get_arguments().filter(|option| !given.contains(&option.get_id())) {
        let Some(long) = option.get_long() else { continue };
        let name = format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"));
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
    arguments.splice(place + 1..place + 1, inserted);
    Ok((arguments, presets))
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

/// The options of `subcommand` that `arguments` give: `--name`, `--name=value`, `-q`, `-pq`, `-d1e9`.
fn given<'c>(subcommand: &'c Command, arguments: &[OsString]) -> Vec<&'c clap::Id> {
    let mut given = Vec::new();
    for argument in arguments.iter().map(|a| a.to_string_lossy()).take_while(|a| a != "--") {
        if let Some(long) = argument.strip_prefix("--") {
            let name = long.split('=').next().unwrap_or(long);
            given.extend(subcommand.get_arguments().filter(|o| o.get_long() == Some(name)).map(Arg::get_id));
        } else if let Some(letters) = argument.strip_prefix('-') {
            for letter in letters.chars() {
                let Some(option) = subcommand.get_arguments().find(|o| o.get_short() == Some(letter)) else { break };
                given.push(option.get_id());
                if !is_flag(option) && !option.is_require_equals_set() {
                    break; // The rest is its value.
                }
            }
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_in(line: &str, variables: &[(&str, &str)]) -> String {
        let words = Words::collect(
            line.split_whitespace().map(OsString::from),
            variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))),
        );
        match with_presets(&super::super::command(), &words) {
            Ok((words, _)) => words.join(OsStr::new(" ")).into_string().expect("UTF-8"),
            Err(message) => message,
        }
    }

    #[test]
    fn presets_stand_behind_the_subcommand() {
        assert_eq!(put_in("m pi 1e6", &[("MONTESIEVE_SEED", "7")]), "m pi --seed=7 1e6");
        assert_eq!(put_in("m pi", &[("MONTESIEVE_PER_RANK", "yes")]), "m pi --per-rank");
        assert_eq!(put_in("m integrate ball 5", &[("MONTESIEVE_DIM", "7")]), "m integrate ball --dim=7 5");
        assert_eq!(put_in("m integrate", &[("MONTESIEVE_DIM", "7")]), "m integrate");
        assert_eq!(put_in("m pi -- 5", &[("MONTESIEVE_SEED", "7")]), "m pi --seed=7 -- 5");
    }

    #[test]
    fn the_command_line_wins() {
        for line in ["m pi --seed 1", "m pi --seed=1", "m pi 5 --seed=1"] {
            assert_eq!(put_in(line, &[("MONTESIEVE_SEED", "7")]), line);
        }
        let both = [("MONTESIEVE_DIST", "7"), ("MONTESIEVE_PRINT", "1")];
        for line in ["m primes 5 -pd9", "m primes 5 -p -d 9", "m primes 5 -qpd9"] {
            assert_eq!(put_in(line, &both), line);
        }
        assert_eq!(put_in("m primes 5 -d9", &both), "m primes --print=1 5 -d9");
    }

    #[test]
    fn what_presets_nothing_is_passed_over() {
        for (line, name) in [
            ("m pi", "MONTESIEVE_ISA"),
            ("m pi", "MONTESIEVE_MPIRUN"),
            ("m pi", "MONTESIEVE_FAULT"),
            ("m pi", "MONTESIEVE_DIST"),
            ("m pi", "OTHER_SEED"),
            ("m info", "MONTESIEVE_SEED"),
            ("m", "MONTESIEVE_SEED"),
            ("m --version", "MONTESIEVE_SEED"),
            ("m nonsense", "MONTESIEVE_SEED"),
            ("m help pi", "MONTESIEVE_SEED"),
        ] {
            assert_eq!(put_in(line, &[(name, "7")]), line);
        }
        assert_eq!(put_in("m pi", &[("MONTESIEVE_SEED", ""), ("MONTESIEVE_QUIET", "")]), "m pi");
    }

    #[test]
    fn flags_are_on_or_off_or_refused() {
        for value in ["1", "true", "YES", "on"] {
            assert_eq!(put_in("m pi", &[("MONTESIEVE_QUIET", value)]), "m pi --quiet");
        }
        for value in ["0", "false", "No", "off"] {
            assert_eq!(put_in("m pi", &[("MONTESIEVE_QUIET", value)]), "m pi");
        }
        let refused = put_in("m pi", &[("MONTESIEVE_QUIET", "maybe")]);
        assert_eq!(refused, "MONTESIEVE_QUIET=maybe: use 1 or 0 (true, false, yes, no, on, off)");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_utf8_survives_the_journey() {
        use std::os::unix::ffi::OsStringExt;
        let odd = OsString::from_vec(vec![b'f', 0xff]);
        let words =
            Words::collect(["m".into(), odd.clone()], [(odd.clone(), odd.clone()), ("MONTESIEVE_OUTPUT".into(), odd)]);
        assert_eq!(words.variables.len(), 1);
        let bytes = bincode::serde::encode_to_vec(&words, bincode::config::standard()).expect("encodes");
        let (back, _): (Words, usize) =
            bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).expect("decodes");
        assert_eq!(back, words);
    }
}
