//! The command lines of the pages: each is one that the program understands.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::*;

/// README and the pages below docs/.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/course", "docs/records"] {
        pages.extend(fs::read_dir(root.join(folder)).expect("a folder").map(|entry| entry.expect("readable").path()));
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages
}

/// The words of a line of shell, up to a pipe, a redirection or a comment. Columns of blanks
/// separate a remark in some pages.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let line = line.split("   ").next().unwrap_or_default();
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '|' | '>' | ';' | '&') => break,
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    // A descriptor before a redirection, as in 2>.
    if line.contains("2>") && words.last().is_some_and(|last| last == "2") {
        words.pop();
    }
    words
}

/// The command lines of a page: what follows the program's name in lines that start it. A page may
/// show how one is refused.
fn lines(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in page.split("```").skip(1).step_by(2) {
        let joined = block.replace("\\\n", " ");
        let all: Vec<&str> = joined.lines().collect();
        for (line, next) in all.iter().zip(all.iter().skip(1).chain([&""])) {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            let is_start =
                |word: &str| ["montesieve", "mpirun", "srun", "timeout"].contains(&word) || word.contains('=');
            let starts = line.split(' ').next().is_some_and(is_start);
            if let Some((_, rest)) = line.split_once("montesieve ").filter(|_| starts)
                && !rest.starts_with("...")
                && !next.starts_with("error: ")
            {
                found.push(rest.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_command_of_the_pages_is_understood() {
    assert_eq!(words("pi --plot 'a b.svg' 2> log"), ["pi", "--plot", "a b.svg"]);
    assert_eq!(lines("```\n$ mpirun -n 2 montesieve pi 1e9 | tail\nmontesieve: no\n```"), ["pi 1e9 | tail"]);
    let (mut seen, mut wrong) = (0, Vec::new());
    for page in pages() {
        for line in lines(&fs::read_to_string(&page).expect("UTF-8")) {
            seen += 1;
            let words = ["montesieve".to_owned()].into_iter().chain(words(&line)).map(OsString::from);
            if let Err(refusal) = parse(&CommandLine::collect(words, []))
                && !refusal.is_help()
            {
                wrong.push(format!("{}: {line}: {}", page.display(), refusal.text(false)));
            }
        }
    }
    assert!(seen > 60, "{seen} commands: the search finds no more");
    assert!(wrong.is_empty(), "commands of pages that the program refuses:\n{}", wrong.join("\n"));
}
