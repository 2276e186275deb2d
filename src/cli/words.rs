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
    let distance = |other: &&String| strsim::osa_distance(&upper, other);
    match known.iter().min_by_key(distance).filter(|near| distance(near) <= SLIP) {
        Some(near) => UnknownVariable::Slip(format!("{name} is no variable of montesieve; did you mean {near}?")),
        None => UnknownVariable::Unknown(name.clone()),
    }
}

/// The variables of all options, those of subcommands too.
fn add_variables(command: &Command, names: &mut Vec<String>) {
    names.extend(command.get_arguments().filter_map(Arg::get_long).map(variable_of));
    command.get_subcommands().for_each(|inner| add_variables(inner, names));
}

/// The variable that presets an option.
fn variable_of(long: &str) -> String {
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

/// The command line with the presets inserted right after the subcommand (where no `--` can change
/// their meaning), and the list of presets. `Err` is a sentence about the variable of a flag that
/// is neither on nor off.
pub(crate) fn with_presets(command: &Command, words: &CommandLine) -> Result<(Vec<OsString>, Vec<Preset>), String> {
    let mut arguments = words.arguments.clone();
    let mut presets = Vec::new();
    let is_word = |argument: &&OsString| !argument.as_encoded_bytes().starts_with(b"-");
    let Some((mut place, subcommand)) = arguments.iter().enumerate().skip(1).find(|(_, a)| is_word(a)) else {
        return Ok((arguments, presets));
    };
    let Some(mut subcommand) = command.find_subcommand(subcommand) else { return Ok((arguments, presets)) };
    // `integrate` has its options after the name of the integrand.
    while let Some(inner) = arguments.get(place + 1).and_then(|word| subcommand.find_subcommand(word)) {
        (place, subcommand) = (place + 1, inner);
    }
    let given = given(subcommand, &arguments[place + 1..]);

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

/// The options of `subcommand` that `arguments` give: `--name`, `--name=value`, `-q`, `-pq`,
/// `-d1e9`.
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
        match with_presets(&crate::commands::command::command(), &words(line, variables)) {
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

    fn words(line: &str, variables: &[(&str, &str)]) -> CommandLine {
        CommandLine::collect(
            line.split_whitespace().map(OsString::from),
            variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))),
        )
    }

    #[test]
    fn slips_are_told_from_variables_of_others() {
        let found = |name: &str| strangers(crate::commands::command::command, &words("m pi", &[(name, "7")]));
        for name in [
            "SEED",
            "ISA",
            "CACHE",
            "FAULT",
            "CHECKPOINT_INTERVAL",
            "DIM",
            "MPIRUN_FLAGS",
            "TEST_BINARY",
            "EXCLUDE_FILE",
        ] {
            assert_eq!(found(&format!("MONTESIEVE_{name}")), [], "{name}");
        }
        for (slip, meant) in [("SEEED", "SEED"), ("SED", "SEED"), ("CHEKCPOINT", "CHECKPOINT"), ("IAS", "ISA")] {
            let expected = format!("MONTESIEVE_{slip} is no variable of montesieve; did you mean MONTESIEVE_{meant}?");
            assert_eq!(found(&format!("MONTESIEVE_{slip}")), [UnknownVariable::Slip(expected)]);
        }
        assert_eq!(found("MONTESIEVE_INSTALLATION"), [UnknownVariable::Unknown("MONTESIEVE_INSTALLATION".to_owned())]);
        assert_eq!(found("OTHER_SEEED"), []);
    }

    #[test]
    fn every_variable_of_the_scripts_is_known() {
        let mut command = std::process::Command::new("grep");
        command.args(["-rhoE", "MONTESIEVE_[A-Z][A-Z_]*", "scripts", ".ci", "tests/rigs"]);
        let found = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("grep");
        let text = String::from_utf8(found.stdout).expect("UTF-8");
        assert!(text.contains("MONTESIEVE_MPIRUN"), "{text}");
        for name in text.lines() {
            assert_eq!(strangers(crate::commands::command::command, &words("m pi", &[(name, "1")])), [], "{name}");
        }
    }

    #[test]
    fn ranks_differ_by_words_and_by_values_but_not_by_what_they_lack() {
        let root = words("/root/m pi 1e6", &[("MONTESIEVE_SEED", "1")]);
        assert_eq!(words("/other/m pi 1e6", &[]).difference_from(&root), None);
        assert_eq!(root.difference_from(&root), None);
        let difference = |line, variables: &[(&str, &str)]| words(line, variables).difference_from(&root).expect("one");
        assert_eq!(
            difference("m pi 1e7", &[]),
            "was started with `pi 1e7`, and rank 0 with `pi 1e6`: give all ranks the same command line"
        );
        let other = difference("m pi 1e6", &[("MONTESIEVE_SEED", "2")]);
        assert!(other.starts_with("has MONTESIEVE_SEED=2 in its environment, and rank 0 has 1"), "{other}");
        let own = difference("m pi 1e6", &[("MONTESIEVE_CHUNK", "\u{1b}[2J")]);
        assert!(own.starts_with("has MONTESIEVE_CHUNK=\\u{1b}[2J in its environment, and rank 0 has none"), "{own}");
        assert!(difference(&format!("m pi {}", "9".repeat(500)), &[]).len() < 200);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_utf8_survives_the_journey() {
        use std::os::unix::ffi::OsStringExt;
        let odd = OsString::from_vec(vec![b'f', 0xff]);
        let words = CommandLine::collect(
            ["m".into(), odd.clone()],
            [(odd.clone(), odd.clone()), ("MONTESIEVE_OUTPUT".into(), odd)],
        );
        assert_eq!(words.variables.len(), 1);
        let bytes = bincode::serde::encode_to_vec(&words, bincode::config::standard()).expect("encodes");
        let (back, _): (CommandLine, usize) =
            bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).expect("decodes");
        assert_eq!(back, words);
    }
}
