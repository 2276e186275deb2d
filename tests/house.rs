//! House rules that a search can check: where ranks may be compared, which modules are pure, how
//! files start and end.
//!
//! A failure names the line; "Names and English" in CONTRIBUTING has the rules. Cargo and the
//! compiler enforce the others: the dependencies of the crates (which may know MPI), and where
//! `unsafe` is allowed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every Rust file below `folder`.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no sources in {folder}");
    files
}

/// The lines of code (without comments) of `file` for which `is_wrong` holds, as "path:line: text".
fn lines(file: &Path, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let text = fs::read_to_string(file).expect("UTF-8");
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.filter(|(_, line)| is_wrong(line))
        .map(|(number, line)| format!("{}:{}: {}", file.display(), number + 1, line.trim()))
        .collect()
}

fn assert_none(wrong: Vec<String>, rule: &str) {
    assert!(wrong.is_empty(), "{rule}\n{}", wrong.join("\n"));
}

#[test]
fn no_rank_is_compared_in_the_program() {
    let compares = |line: &str| {
        let line = line.replace(' ', "");
        line.contains("rank()==0") || line.contains("rank==0") || line.contains("rank()!=0") || line.contains("rank!=0")
    };
    let wrong = sources("src").into_iter().flat_map(|file| lines(&file, compares));
    assert_none(wrong.collect(), "rank tests in the program: rooted operations give Some at the root");
}

#[test]
fn reports_are_pure() {
    let is_pure = |file: &PathBuf| {
        let part = |name: &str| file.components().any(|part| part.as_os_str() == name);
        let is_report = ["report", "report.rs", "answer", "answer.rs", "analysis", "diagnosis"].into_iter().any(part);
        is_report && !part("tests") && !part("tests.rs")
    };
    let impure = |line: &str| {
        ["crate::cluster", "crate::job::run", "std::process", "println!", "eprintln!"]
            .iter()
            .any(|what| line.contains(what))
    };
    let wrong = sources("src").into_iter().filter(is_pure);
    assert_none(wrong.flat_map(|file| lines(&file, impure)).collect(), "reports that do more than write");
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let silent = |file: &PathBuf| !fs::read_to_string(file).expect("UTF-8").starts_with("//!");
    let wrong: Vec<String> = ["src", "crates", "tests", "benches", "examples"]
        .into_iter()
        .flat_map(sources)
        .filter(silent)
        .map(|f| f.display().to_string())
        .collect();
    assert_none(wrong, "files without a //! header");
}

#[test]
fn files_end_in_time() {
    // 250 lines is the habit; a kernel that is one piece may be longer, up to this limit.
    let long = |file: &PathBuf| fs::read_to_string(file).expect("UTF-8").lines().count() > 400;
    let wrong: Vec<String> =
        ["src", "crates"].into_iter().flat_map(sources).filter(long).map(|f| f.display().to_string()).collect();
    assert_none(wrong, "files over 400 lines");
}

/// The paths of a `use` tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let (mut depth, mut branches) = (0, vec![String::new()]);
    for letter in rest.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
        match branches.last_mut() {
            _ if letter == ',' && depth == 0 => branches.push(String::new()),
            Some(branch) => branch.push(letter),
            None => {}
        }
    }
    let branches = branches.iter().flat_map(|branch| paths(branch));
    branches.map(|branch| format!("{before}{branch}")).collect()
}

/// Which folders the code of a crate imports from which, as pairs of module paths with a common
/// parent.
fn imports(root: &Path) -> BTreeSet<[PathBuf; 2]> {
    let mut found = BTreeSet::new();
    for file in sources(root.to_str().expect("UTF-8")) {
        let module = file.strip_prefix(root).expect("below it").with_extension("");
        let module = if module == Path::new("lib") { PathBuf::new() } else { module };
        if module.iter().any(|part| part.to_string_lossy().contains("test")) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("UTF-8");
        let code = text.split("#[cfg(test)]\n").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code: String = lines.flat_map(str::chars).filter(|letter| !letter.is_whitespace()).collect();
        for start in ["crate::", "super::"] {
            let starts = code.match_indices(start).filter(|(at, _)| !code[..*at].ends_with("::"));
            for (at, _) in starts {
                let end = code[at..].find([';', '(', ')', '<', '>', '=']).map_or(code.len(), |end| at + end);
                for path in paths(&code[at..end]) {
                    let mut target = if start == "crate::" { PathBuf::new() } else { module.clone() };
                    for part in path.split("::") {
                        match part {
                            "crate" => {}
                            "super" => drop(target.pop()),
                            part => target.push(part),
                        }
                    }
                    let common = module.iter().zip(target.iter()).take_while(|(a, b)| a == b).count();
                    let folder = |path: &Path| path.iter().take(common + 1).collect::<PathBuf>();
                    let pair = [folder(&module), folder(&target)];
                    if pair[0] != pair[1] && pair.iter().all(|folder| root.join(folder).is_dir()) {
                        found.insert(pair);
                    }
                }
            }
        }
    }
    found
}

#[test]
fn folders_import_in_one_direction() {
    assert_eq!(paths("a::{b,c::{d,e}}"), ["a::b", "a::c::d", "a::c::e"]);
    let crates = ["cabi", "engine", "kernel", "montecarlo", "mpi", "primes"].map(|name| format!("crates/{name}/src"));
    let mut seen = 0;
    for root in crates.into_iter().chain(["src".to_owned()]) {
        let mut edges = imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join(&root));
        seen += edges.len();
        // Folders that import none of the others go, again and again: what is left then is circles.
        while let Some(last) =
            edges.iter().map(|[_, to]| to.clone()).find(|to| edges.iter().all(|[from, _]| from != to))
        {
            edges.retain(|[_, to]| *to != last);
        }
        assert!(edges.is_empty(), "circles between folders of {root}: {edges:?}");
    }
    assert!(seen > 50, "{seen} imports: the search finds no more");
}

/// Whether a word has two humps, as the name of a type: `FieldType`.
fn is_camel_case(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && letters.next().is_some_and(|second| second.is_ascii_lowercase())
        && letters.any(|letter| letter.is_ascii_uppercase())
}

#[test]
fn comments_name_types_in_backticks_alone() {
    let files: Vec<PathBuf> = ["src", "crates"].into_iter().flat_map(sources).collect();
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).expect("UTF-8")).collect();
    let declares = |line: &str| -> Option<String> {
        let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(super) ");
        let (what, rest) = line.trim_start_matches("pub(crate) ").split_once(' ')?;
        let name = rest.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        (["struct", "enum", "trait", "type"].contains(&what) && is_camel_case(name)).then(|| name.to_owned())
    };
    let types: BTreeSet<String> = texts.iter().flat_map(|text| text.lines().filter_map(declares)).collect();
    assert!(types.len() > 200, "{types:?}");
    let mut wrong = Vec::new();
    for (file, text) in files.iter().zip(&texts) {
        let mut is_code = false;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//")) {
            is_code ^= line.contains("```");
            // Text in backticks, and the target of a link, is a name on purpose.
            let mut links = line.split("](");
            let line: String = links
                .next()
                .into_iter()
                .chain(links.filter_map(|rest| rest.split_once(')')).map(|(_, rest)| rest))
                .collect();
            let prose: String =
                line.split('`').step_by(2).flat_map(|text| text.split('[')).collect::<Vec<_>>().join(" ");
            let mut words = prose.split(|letter: char| !letter.is_alphanumeric());
            if let Some(word) = words.find(|word| !is_code && types.contains(*word)) {
                wrong.push(format!("{}:{}: {word}", file.display(), number + 1));
            }
        }
    }
    assert_none(wrong, "names of types in prose: a rename has hit it, or backticks are missing");
}

/// A page, by its path from the root.
fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("UTF-8")
}

/// The pages: every Markdown file here and below `docs`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["", "docs", "docs/course", "docs/records"]
        .map(|folder| fs::read_dir(root.join(folder)).expect("a folder of pages"));
    let files = folders.into_iter().flatten().map(|entry| entry.expect("readable").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn no_placeholder_is_left() {
    // A placeholder for a figure: a line, or the end of one, that consists of one word in capitals.
    let is_left = |line: &str| {
        let last = line.trim().rsplit(". ").next().unwrap_or_default();
        last.len() > 5 && last.chars().all(|c| c.is_ascii_uppercase())
    };
    let wrong = pages().into_iter().flat_map(|page| lines(&page, is_left));
    assert_none(wrong.collect(), "placeholders");
}

#[test]
fn every_row_of_the_patterns_is_linked() {
    let (course, page) = (text("docs/course/README.md"), text("docs/patterns.md"));
    let is_linked = |row: &u32| {
        course.contains(&format!("(../patterns.md#row-{row})")) && page.contains(&format!("<a id=\"row-{row}\"></a>"))
    };
    let missing: Vec<u32> = (1..=32).filter(|row| !is_linked(row)).collect();
    assert!(missing.is_empty(), "rows that the course does not link, or docs/patterns.md does not have: {missing:?}");
}

#[test]
fn readme_is_short_and_its_speeds_are_records() {
    let readme = text("README.md");
    assert!(readme.lines().count() <= 110, "{} lines: details belong in docs/", readme.lines().count());
    let is_wide = |line: &&str| line.len() > 120 || line.split('|').any(|cell| cell.len() > 160);
    assert_eq!(readme.lines().filter(is_wide).collect::<Vec<_>>(), [""; 0]);
    let named = ["scripts/setup", "scripts/run", "scripts/test", "docs/README.md", "docs/reference.md"];
    assert!(named.iter().all(|name| readme.contains(name)), "README names {named:?}");
    let records = text("docs/records/primes.md") + &text("docs/records/montecarlo.md");
    let (_, table) = readme.split_once("times as fast |\n|---|---|---|---|\n").expect("the table of speeds");
    let speeds: Vec<&str> = table.lines().map_while(|row| row.strip_suffix(" |")?.rsplit("| ").next()).collect();
    assert!(speeds.len() > 5, "{speeds:?}");
    let made_up: Vec<&&str> = speeds.iter().filter(|speed| !records.contains(&format!("| {speed} |"))).collect();
    assert!(made_up.is_empty(), "speeds that are not in docs/records: {made_up:?}");
}

/// The address of each heading of a page, as GitHub makes it, and of each `<a id>`.
fn anchors(page: &str) -> BTreeSet<String> {
    let slug = |heading: &str| {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    let prose = page.split("```").step_by(2).flat_map(str::lines);
    let headings = prose.filter_map(|line| Some(slug(line.strip_prefix('#')?.trim_start_matches('#'))));
    let ids = page.split("<a id=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(id, _)| id.to_owned());
    headings.chain(ids).collect()
}

#[test]
fn every_link_of_the_pages_leads_somewhere() {
    let (mut links, mut wrong) = (0, Vec::new());
    for page in pages() {
        let text = fs::read_to_string(&page).expect("UTF-8");
        // Neither blocks of code nor code within a line has links.
        let prose: String = text.split("```").step_by(2).collect();
        let prose: String = prose.split('`').step_by(2).collect::<Vec<_>>().join("code");
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.contains("://") {
                continue;
            }
            links += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
            let has_anchor = || fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor));
            if !target.exists() || !anchor.is_empty() && !has_anchor() {
                wrong.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(links > 150, "{links} links: the search finds no more");
    assert_none(wrong, "links that lead nowhere");
}

#[test]
fn the_python_of_the_patterns_compiles() {
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    if !has_python && std::env::var_os("CI").is_none() {
        eprintln!("not tested: there is no python3");
        return;
    }
    for file in sources("src/commands/patterns/gallery") {
        let text = fs::read_to_string(&file).expect("UTF-8");
        let page = text.lines().map_while(|line| line.strip_prefix("//!"));
        let page: String = page.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect();
        let blocks: Vec<&str> = page.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(blocks.len(), 2, "{}", file.display());
        for block in blocks {
            let compile = "import sys; compile(sys.argv[1], 'page', 'exec')";
            let compiled = Command::new("python3").args(["-c", compile, block]).output().expect("python3");
            assert!(compiled.status.success(), "{}\n{}", file.display(), String::from_utf8_lossy(&compiled.stderr));
        }
    }
}

/// The files of the modules that `file` declares behind the feature 'mpi'.
fn behind_mpi(file: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(file).expect("UTF-8");
    let gated = text.lines().zip(text.lines().skip(1)).filter(|(gate, _)| gate.trim() == "#[cfg(feature = \"mpi\")]");
    let names =
        gated.filter_map(|(_, line)| line.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let stem = file.file_stem().expect("a name");
    let folder = if stem == "mod" || stem == "lib" { file.with_file_name("") } else { file.with_extension("") };
    names
        .flat_map(|name| [folder.join(name).with_extension("rs"), folder.join(name).join("mod.rs")])
        .filter(|file| file.exists())
        .collect()
}

#[test]
fn what_needs_mpi_is_tested_by_ranks_alone() {
    let gated: Vec<PathBuf> = sources("crates/mpi/src").iter().flat_map(|file| behind_mpi(file)).collect();
    assert!(gated.iter().any(|file| file.ends_with("crates/mpi/src/mpi.rs")), "{gated:?}");
    let wrong = gated.iter().flat_map(|file| lines(file, |line| line.contains("#[test]")));
    assert_none(wrong.collect(), "unit tests that scripts/test, which runs them without MPI, does not see");
}
