//! Manual pages, with the sections of man-pages(7), from clap's definitions.
//!
//! clap_mangen's own pages break the lines of examples as if they were prose, under the name EXTRA,
//! and have no sections for exit status, environment and files. So only its roff writer is used. Text is neither justified nor hyphenated; examples and tables keep their lines.

use clap::{Arg, ArgAction, Command};
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::PROGRAM;
use crate::cli::words::variable_of;
use crate::commands::exit_codes::EXIT_CODES;

/// The manual pages, as file name (`montesieve.1`, `montesieve-pi.1`, ...) and contents.
pub(super) fn pages(command: Command) -> Vec<(String, String)> {
    let mut program = command.disable_help_subcommand(true);
    program.build();
    let commands: Vec<String> = program.get_subcommands().map(name_of).collect();
    let mut all = Vec::new();
    collect(&program, &program, &mut all);
    let page = |[parent, command]: [&Command; 2]| (format!("{}.1", name_of(command)), page(command, parent, &commands));
    all.into_iter().map(page).collect()
}

/// A command and all its subcommands, recursively, each after the command that it is below.
fn collect<'c>(parent: &'c Command, command: &'c Command, all: &mut Vec<[&'c Command; 2]>) {
    all.push([parent, command]);
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    below.for_each(|below| collect(command, below, all));
}

/// The name of a page: `montesieve-pi`.
fn name_of(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// The page of a command below `parent`; `commands` are the names of the pages of all commands.
fn page(command: &Command, parent: &Command, commands: &[String]) -> String {
    let mut roff = Roff::new();
    let name = name_of(command);
    let version = format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION"));
    // An empty argument would be left out, so the date is a blank.
    roff.control("TH", [name.to_uppercase().as_str(), "1", " ", &version, "User Commands"]);
    roff.control("ad", ["l"]).control("nh", []);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    roff.control("SH", ["NAME"]).text([roman(format!("{name} - {}", lower(&about)))]);
    let usage = command.clone().render_usage().to_string();
    roff.control("SH", ["SYNOPSIS"]);
    let usage = usage.trim_start_matches("Usage:").lines().flat_map(|line| wrapped(line, ""));
    verbatim(&mut roff, usage);
    let (mut examples, notes) = after_help(command);
    if examples.is_empty() {
        examples = examples_of(command, parent);
    }
    roff.control("SH", ["DESCRIPTION"]);
    let long = command.get_long_about().map_or(about, ToString::to_string);
    paragraphs(&mut roff, "PP", &(sentence(&long) + "\n\n" + &notes));
    subcommands(&mut roff, command);
    options(&mut roff, command);
    roff.control("SH", ["EXAMPLES"]);
    verbatim(&mut roff, examples.iter().flat_map(|line| fitted(line)));
    exit_status(&mut roff);
    environment(&mut roff, command);
    files(&mut roff, command);
    see_also(&mut roff, command, commands);
    roff.render()
}

/// Whether a command, or one below it, has the option.
fn has(command: &Command, long: &str) -> bool {
    command.get_arguments().any(|option| option.get_long() == Some(long))
        || command.get_subcommands().any(|below| has(below, long))
}

/// The description for NAME, which continues a line: its first letter small, unless it is a name.
fn lower(about: &str) -> String {
    let mut letters = about.chars();
    match (letters.next(), letters.as_str()) {
        (Some(first), rest) if rest.starts_with(char::is_lowercase) && !about.starts_with("Monte") => {
            first.to_lowercase().chain(rest.chars()).collect()
        }
        _ => about.to_owned(),
    }
}

/// The same with a full stop.
fn sentence(about: &str) -> String {
    if about.is_empty() || about.ends_with('.') { about.to_owned() } else { format!("{about}.") }
}

/// The lines of the examples below `--help`, and the other text there. That of the program itself
/// is about exit codes and variables, which have sections.
fn after_help(command: &Command) -> (Vec<String>, String) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (examples, notes) = text.split_once("\n\n").unwrap_or((&text, ""));
    let examples = examples.lines().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned()).collect();
    let is_program = command.get_name() == PROGRAM;
    (examples, if is_program { String::new() } else { notes.to_owned() })
}

/// Columns of an example in a terminal of 80, where the text is indented by 7.
const COLUMNS: usize = 72;

/// A line of the examples, which may have a remark behind a gap, as lines that fit: a long remark
/// goes below its command, and a long command continues as a shell has it.
fn fitted(line: &str) -> Vec<String> {
    if line.len() <= COLUMNS {
        return vec![line.to_owned()];
    }
    let (command, remark) = line.split_once("  ").unwrap_or((line, ""));
    let mut lines = wrapped(command, " \\");
    lines.extend(wrapped(remark.trim(), "").iter().map(|line| format!("    {}", line.trim_start())));
    lines
}

/// The words in lines of at most [`COLUMNS`], of which all but the last end with `end`, and all but
/// the first are indented.
fn wrapped(text: &str, end: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() + end.len().max(4) <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(line) => {
                line.push_str(end);
                lines.push(format!("    {word}"));
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The parent's examples that are about a command without its own, or else its name and a size.
fn examples_of(command: &Command, parent: &Command) -> Vec<String> {
    let line = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let (mut examples, _) = after_help(parent);
    examples
        .retain(|example| example.split(['\'', '|']).any(|part| (part.to_owned() + " ").contains(&format!("{line} "))));
    let has_samples = command.get_positionals().any(|argument| argument.get_id() == "samples");
    match (examples.is_empty(), has_samples) {
        (true, true) => vec![format!("{line} 1e8")],
        (true, false) => vec![line.to_owned()],
        (false, _) => examples,
    }
}

/// Paragraphs of text, each begun by the macro, but for the first.
fn paragraphs(roff: &mut Roff, start: &str, text: &str) {
    for (place, paragraph) in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()).enumerate() {
        if place > 0 {
            roff.control(start, []);
        }
        let paragraph = paragraph.replace('`', "");
        let lines: Vec<&str> = paragraph.lines().map(str::trim).collect();
        for (place, line) in lines.iter().enumerate() {
            if place > 0 && lines[place - 1].ends_with('.') {
                roff.control("br", []);
            }
            roff.text([roman(*line)]);
        }
    }
}

/// Lines that stay as they are.
fn verbatim(roff: &mut Roff, lines: impl Iterator<Item = String>) {
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// A term and what it means.
fn entry(roff: &mut Roff, term: Vec<Inline>, text: &str) {
    roff.control("TP", []).text(term);
    paragraphs(roff, "IP", if text.is_empty() { " " } else { text });
}

fn subcommands(roff: &mut Roff, command: &Command) {
    let mut below = command.get_subcommands().filter(|below| !below.is_hide_set()).peekable();
    if below.peek().is_none() {
        return;
    }
    let heading = command.get_subcommand_help_heading().unwrap_or("Commands").to_uppercase();
    roff.control("SH", [heading.as_str()]);
    for command in below {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        entry(roff, vec![bold(name_of(command)), roman("(1)")], &about);
    }
}

/// All options, under the headings that `--help` has.
fn options(roff: &mut Roff, command: &Command) {
    let shown: Vec<&Arg> = command.get_arguments().filter(|option| !option.is_hide_set()).collect();
    let mut headings: Vec<Option<&str>> = vec![None];
    for option in &shown {
        if !headings.contains(&option.get_help_heading()) {
            headings.push(option.get_help_heading());
        }
    }
    roff.control("SH", ["OPTIONS"]);
    for heading in headings {
        if let Some(heading) = heading {
            roff.control("SS", [heading]);
        }
        let of_heading = || shown.iter().filter(|option| option.get_help_heading() == heading);
        let positionals = of_heading().filter(|option| option.is_positional());
        for option in positionals.chain(of_heading().filter(|option| !option.is_positional())) {
            described(roff, option);
        }
    }
}

/// An option, its help, its default and its values.
fn described(roff: &mut Roff, option: &Arg) {
    let value = option.get_value_names().map(|names| names.join(" ")).filter(|_| takes_value(option));
    let value = value.map(italic);
    let mut term = Vec::new();
    if let Some(short) = option.get_short() {
        term.extend([bold(format!("-{short}")), roman(", ")]);
    }
    match (option.get_long(), value) {
        (Some(long), Some(value)) if option.is_require_equals_set() => {
            term.extend([bold(format!("--{long}")), roman("[="), value, roman("]")]);
        }
        (Some(long), Some(value)) => term.extend([bold(format!("--{long}")), roman(" "), value]),
        (Some(long), None) => term.push(bold(format!("--{long}"))),
        (None, value) => term.extend(value),
    }
    let help = option.get_long_help().or(option.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut parts = vec![sentence(&help)];
    let defaults: Vec<_> = option.get_default_values().iter().map(|word| word.to_string_lossy()).collect();
    if takes_value(option) && !defaults.is_empty() {
        parts[0] += &format!(" Default: {}.", defaults.join(","));
    }
    let values = if takes_value(option) { option.get_possible_values() } else { Vec::new() };
    let named: Vec<_> = values.iter().filter(|value| !value.is_hide_set()).collect();
    if !named.is_empty() && named.iter().all(|value| value.get_help().is_none()) {
        let names: Vec<&str> = named.iter().map(|value| value.get_name()).collect();
        parts.push(format!("Values: {}.", names.join(", ")));
    }
    entry(roff, term, &parts.join("\n\n"));
    let mut explained = named.iter().filter_map(|value| Some((value.get_name(), value.get_help()?))).peekable();
    if explained.peek().is_some() {
        roff.control("RS", []);
        explained.for_each(|(name, help)| entry(roff, vec![bold(name)], &sentence(&help.to_string())));
        roff.control("RE", []);
    }
}

fn takes_value(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Set | ArgAction::Append)
}

/// The table of the codes, whichever command a page is about: `--exit-zero` and signals are
/// everywhere.
fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for code in &EXIT_CODES {
        let means: Vec<String> = code.means.iter().map(|text| text.replace('`', "")).collect();
        entry(roff, vec![bold(code.codes)], &means.join("; "));
    }
}

fn environment(roff: &mut Roff, command: &Command) {
    roff.control("SH", ["ENVIRONMENT"]);
    // An example that this command has.
    let is_preset = |option: &&Arg| takes_value(option) && option.get_long().is_some();
    let example = if has(command, "seed") {
        "MONTESIEVE_SEED=7 stands for --seed=7".to_owned()
    } else {
        let long = command.get_arguments().find(is_preset).and_then(Arg::get_long).unwrap_or("format");
        format!("{} stands for --{long}", variable_of(long))
    };
    let has_presets = has(command, "seed") || command.get_arguments().any(|option| is_preset(&option));
    let presets = format!("Presets the option of that name: {example}. The command line takes precedence.");
    if has_presets {
        entry(roff, vec![bold("MONTESIEVE_"), italic("OPTION")], &presets);
    }
    if has(command, "schedule") || has(command, "threshold") {
        entry(
            roff,
            vec![bold("MONTESIEVE_ISA")],
            "portable, avx2 or avx512: the vector instructions of the kernels. By default each rank uses the widest ones \
             of its CPU. The answer is the same.",
        );
        entry(
            roff,
            vec![bold("MONTESIEVE_CACHE")],
            "Bytes of a core's levels of cache to plan for, like 48K,2M,0. The answer is the same.",
        );
    }
    entry(roff, vec![bold("NO_COLOR")], "If it is not empty, nothing has colours.");
    entry(
        roff,
        vec![bold("CLICOLOR_FORCE")],
        "If it is not 0, help, messages and reports have colours even where they do not go to a terminal. CLICOLOR=0 and \
         TERM=dumb take the colours from a terminal.",
    );
}

fn files(roff: &mut Roff, command: &Command) {
    roff.control("SH", ["FILES"]);
    let file = || italic("FILE");
    if has(command, "checkpoint") {
        entry(
            roff,
            vec![file(), roman(" of --checkpoint")],
            "The finished blocks of the job. It is replaced as a whole.",
        );
        entry(roff, vec![file(), bold(".before")], "The save before that. --resume-before uses it if FILE is damaged.");
    }
    match command.get_name() {
        "completions" => entry(roff, vec![bold(BASH_SCRIPT)], "Where bash looks for the script of a user."),
        "man" => entry(
            roff,
            vec![italic("DIR"), bold("/montesieve.1")],
            "The page of the program; the others are beside it.",
        ),
        "merge" => entry(roff, vec![file()], "A checkpoint, as --checkpoint writes it. It is only read."),
        _ => {}
    }
    if has(command, "output") {
        entry(
            roff,
            vec![file(), roman(" of --output")],
            "The result. A regular file is replaced as a whole, at the end; a device or a pipe is written to.",
        );
        entry(roff, vec![bold(".montesieve-"), italic("HASH"), bold("-"), italic("XXXXXX"), bold(".tmp")], TEMPORARY);
    }
}

const BASH_SCRIPT: &str = "~/.local/share/bash-completion/completions/montesieve";

const TEMPORARY: &str = "What a FILE is written to before it replaces the old one, in the same folder. \
A killed run may leave it; the next run removes it.";

fn see_also(roff: &mut Roff, command: &Command, commands: &[String]) {
    let own = name_of(command);
    let mut others: Vec<&str> = std::iter::once(PROGRAM).chain(commands.iter().map(String::as_str)).collect();
    others.retain(|&other| other != own);
    others.push("mpirun");
    let mut line = Vec::new();
    for (place, name) in others.iter().enumerate() {
        let end = if place + 1 < others.len() { "(1), " } else { "(1)" };
        line.extend([bold(*name), roman(end)]);
    }
    roff.control("SH", ["SEE ALSO"]).text(line);
}
