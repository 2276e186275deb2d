//! The manual pages: which there are, their sections, and how groff shows them.

use std::io::Write;
use std::process::{Command as Process, Stdio};

use super::manual::pages;
use crate::commands::command::command;

#[test]
fn every_command_has_a_page() {
    let pages = pages(command());
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    let (integrands, mut names): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| name.starts_with("montesieve-integrate-"));
    // And `list`, `ep` and `file`.
    assert_eq!(integrands.len(), crate::commands::integrate::entries::all().count() + 3);
    let commands = command();
    let named = commands.get_subcommands().map(|command| format!("montesieve-{}.1", command.get_name()));
    let mut expected: Vec<String> =
        ["montesieve.1".to_owned(), "montesieve-scaling-report.1".to_owned()].into_iter().chain(named).collect();
    expected.sort();
    names.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn every_page_has_the_sections_of_manuals() {
    for (name, page) in pages(command()) {
        let mut sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        sections.retain(|section| !["COMMANDS", "INTEGRANDS"].contains(section));
        let expected = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXAMPLES",
            "\"EXIT STATUS\"",
            "ENVIRONMENT",
            "FILES",
            "\"SEE ALSO\"",
        ];
        assert_eq!(sections, expected, "{name}");
    }
}

/// A page as a terminal of 80 columns shows it, and groff's warnings.
fn shown(page: &str) -> (String, String) {
    let mut groff = Process::new("groff");
    groff.args(["-man", "-Tascii", "-ww", "-rLL=80n", "-P-c", "-P-b", "-P-u", "-P-o"]);
    let mut groff = groff.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("groff");
    groff.stdin.take().expect("piped").write_all(page.as_bytes()).expect("read");
    let out = groff.wait_with_output().expect("ended");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&out.stdout), text(&out.stderr))
}

#[test]
fn examples_keep_their_lines() {
    let pages = pages(command());
    let page = |name: &str| &pages.iter().find(|(other, _)| other == name).expect(name).1;
    let primes = page("montesieve-primes.1");
    assert!(primes.contains(".ad l\n.nh\n"), "{primes}");
    let example = "\nmontesieve primes \\-\\-nth 1e9              the 1e9\\-th prime\n";
    let block = primes.split(".SH EXAMPLES\n.nf\n").nth(1).and_then(|rest| rest.split(".fi\n").next());
    assert!(block.is_some_and(|block| block.contains(example)), "{primes}");
    // Where groff is not installed, the source above must do; but not in CI.
    if Process::new("groff").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "groff must be installed: apt-get install groff");
        return;
    }
    for (name, page) in &pages {
        let (text, warnings) = shown(page);
        assert!(warnings.is_empty(), "{name}: {warnings}");
        assert!(!text.contains("\\f") && !text.contains('`'), "{name}");
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{name}, in 80 columns: {long:#?}");
    }
    let (text, _) = shown(primes);
    assert!(text.contains("\n       montesieve primes --nth 1e9              the 1e9-th prime\n"), "{text}");
}
