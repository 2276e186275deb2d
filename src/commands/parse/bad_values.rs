//! Bad values for every option that takes one: each refusal is one sentence with the option's name.
//!
//! Stands beside `tests`, which has lines by example. Here the list of options is that of clap's
//! `Command`, so a new option is tested as soon as it exists.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::*;

/// What a user may type by mistake. Some are right for some options.
const BAD: [&str; 13] = [
    "",
    " ",
    "-1",
    "-1s",
    "-5k",
    "0",
    "256",
    "1e400",
    "nan",
    "inf",
    "5e-324",
    "\u{e9}\u{661}",
    "99999999999999999999999",
];

/// What the standard library and clap say of numbers that they cannot read.
const RAW: [&str; 6] = ["target type", "non-zero type", "invalid digit", "invalid float", "empty string", "is not in "];

fn refusal<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<Refusal> {
    parse(&CommandLine::collect(words.into_iter().map(OsString::from), [])).err()
}

/// Calls `each` with every subcommand without subcommands, and the words that lead there.
fn each_command(command: &Command, path: &[&str], each: &mut impl FnMut(&Command, &[&str])) {
    let path = [path, &[command.get_name()]].concat();
    if !command.has_subcommands() {
        each(command, &path);
    }
    command.get_subcommands().for_each(|inner| each_command(inner, &path, each));
}

/// Both ways to give an option its value, and one where clap takes no other.
fn forms(option: &Arg, long: &str, value: &str) -> Vec<Vec<String>> {
    let joined = vec![format!("--{long}={value}")];
    let apart = vec![format!("--{long}"), value.to_owned()];
    if option.is_require_equals_set() { vec![joined] } else { vec![joined, apart] }
}

#[test]
fn every_refusal_of_a_value_names_its_option() {
    let (mut options, mut refused) = (0, 0);
    each_command(&command(), &[], &mut |command, path| {
        for option in command.get_arguments().filter(|option| option.get_action().takes_values()) {
            let Some(long) = option.get_long() else { continue };
            options += 1;
            for words in BAD.into_iter().flat_map(|bad| forms(option, long, bad)) {
                let Some(refusal) = refusal(path.iter().copied().chain(words.iter().map(String::as_str))) else {
                    continue;
                };
                let text = refusal.text(false);
                let line = text.lines().next().expect("a line");
                assert_eq!(
                    (refusal.exit_code(), text.matches("error: ").count()),
                    (2, 1),
                    "{path:?} {words:?}: {text}"
                );
                assert!(!RAW.iter().any(|raw| text.contains(raw)), "{path:?} {words:?}: {line}");
                // The value may be right, and another word missing.
                let is_missing = line.starts_with("error: the following required arguments");
                assert!(is_missing || mentions(line, &format!("--{long}")), "{path:?} {words:?}: {line}");
                refused += u64::from(!is_missing);
            }
        }
    });
    assert!(options > 200 && refused > 3000, "{options} options, {refused} refusals");
}

#[test]
fn sentences_say_what_is_right() {
    let time = "not a time; write it like 90s, 10m, 1h30m, 01:30:00 or 1-12:00:00";
    for (line, expected) in [
        ("pi --requeue-exit-code 256", "invalid value '256' for '--requeue-exit-code <N>': must be from 1 to 255"),
        ("pi --requeue-exit-code 0", "invalid value '0' for '--requeue-exit-code <N>': must be from 1 to 255"),
        ("pi --requeue-exit-code -1", "invalid value '-1' for '--requeue-exit-code <N>': must be from 1 to 255"),
        ("pi --time-limit -1s", &format!("invalid value '-1s' for '--time-limit <TIME|auto>': {time} (or auto)")),
        ("pi --quiet --stall-timeout -1s", &format!("invalid value '-1s' for '--stall-timeout <TIME>': {time}")),
        ("burnin --duration -1", &format!("invalid value '-1' for '--duration <TIME>': {time}")),
        ("pi --ranks 1e9", "invalid value '1e9' for '--ranks <N|auto>': must be from 1 to 1024 (or auto)"),
        (
            "pi --target-error 5e-324",
            "invalid value '5e-324' for '--target-error <E>': too small; the limit is 2.3e-308",
        ),
        ("pi --target-error 1e400", "invalid value '1e400' for '--target-error <E>': too large; the limit is 1.8e308"),
        ("primes 9 --print=7", "invalid value '7' for '--print[=<K>]': must be from 1 to 6"),
        ("primes 10 --dist -5k", "invalid value '-5k' for '--dist <N>': must not be negative"),
        ("primes 10 -d -5k", "invalid value '-5k' for '--dist <N>': must not be negative"),
        ("pi --quiet -5k", "invalid value '-5k' for '[SAMPLES]': must not be negative"),
        ("pi -5k", "invalid value '-5k' for '[SAMPLES]': must not be negative"),
        ("pi --output -1s", "'-1s' after --output looks like an option; write --output=-1s"),
        ("integrate ep --class F", "invalid value 'F' for '--class <CLASS>': not a class; use S, W, A, B, C, D or E"),
    ] {
        let refusal = refusal(["montesieve"].into_iter().chain(line.split(' '))).unwrap_or_else(|| panic!("{line}"));
        let first = refusal.text(false).lines().next().unwrap_or_default();
        assert_eq!(first, format!("error: {expected}"), "{line}");
    }
}
