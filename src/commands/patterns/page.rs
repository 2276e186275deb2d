//! The pages of the patterns: what a file of `gallery` opens with.
//!
//! `--explain` prints a page up to its picture. The course has the rest as well: a test writes
//! docs/course/NAME.md, with the measured cost that docs/patterns.md has.

/// Where the part for the course begins.
const COURSE: &str = "# In the picture\n";

/// The whole page of a file: its `//!` lines.
fn whole(file: &str) -> String {
    let lines = file.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
}

/// The page that `--explain` prints.
pub(super) fn page(file: &str) -> String {
    let whole = whole(file);
    let page = whole.split(COURSE).next().unwrap_or(&whole);
    format!("{}\n", page.trim_end())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::{ALL, Pattern};
    use super::*;

    /// The number and the cost of a pattern's row in docs/patterns.md.
    fn row(name: &str) -> (String, String) {
        let table = include_str!("../../../docs/patterns.md");
        let command = format!("`patterns {name}`");
        let row = table.lines().find(|line| line.starts_with("| ") && line.contains(&command)).expect("a row");
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let number = cells[0].rsplit('>').next().unwrap_or_default();
        (number.to_owned(), cells[4].to_owned())
    }

    /// The page of a pattern in docs/course.
    fn course(pattern: &Pattern) -> String {
        let Pattern { name, python, mpi, file, .. } = pattern;
        let whole = whole(file);
        let (page, rest) = whole.split_once(COURSE).expect("a part for the course");
        let (picture, exercises) = rest.split_once("# Exercises\n").expect("exercises");
        let (title, page) = page.split_once('\n').expect("a title");
        let (row, cost) = row(name);
        let title = title.strip_suffix(&format!(": row {row}.")).expect("the title names the row of docs/patterns.md");
        let page = page.replace("\n# ", "\n## ");
        let (page, picture, exercises) = (page.trim(), picture.trim(), exercises.trim());
        format!(
            "<!-- Written by a test from src/commands/patterns/gallery: change that file. -->\n\
             # `patterns {name}`: {title}\n\n\
             Row [{row}](../patterns.md#row-{row}). In Python: {python}. In MPI: {mpi}.\n\n\
             {page}\n\n\
             ## Ranks against time\n```\n\
             $ mpirun -n 4 montesieve patterns {name} --plot {name}.svg\n```\n\
             ![What each of four ranks did when]({name}.svg)\n\n\
             {picture}\n\n\
             ## Measured\n{cost}. (On 2 ranks and in parentheses on 8, on two cores: \
             [what was measured](../records/patterns.md).)\n\n\
             ## Exercises\n{exercises}\n\n\
             [The course](README.md)\n"
        )
    }

    /// With `MONTESIEVE_TEST_WRITE` the test writes the pages, otherwise it compares them.
    #[test]
    fn docs_have_the_page_of_every_pattern() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/course");
        for pattern in &ALL {
            let (path, expected) = (folder.join(pattern.name).with_extension("md"), course(pattern));
            if std::env::var_os("MONTESIEVE_TEST_WRITE").is_some() {
                fs::write(&path, expected).expect("writable");
            } else {
                let found = fs::read_to_string(&path).unwrap_or_default();
                assert!(found == expected, "{} is old; MONTESIEVE_TEST_WRITE=1 writes it", path.display());
            }
            let picture = fs::read_to_string(path.with_extension("svg")).unwrap_or_default();
            assert!(picture.contains(&format!("<title>patterns {}: ", pattern.name)), "no picture of {}", pattern.name);
        }
    }

    #[test]
    fn every_page_has_all_its_parts() {
        const PARTS: [&str; 7] = [
            "# In Python",
            "# With mpi4py",
            "# What goes wrong",
            "# Right answer",
            "# MPI calls",
            "# In the picture",
            "# Exercises",
        ];
        for pattern in &ALL {
            let page = whole(pattern.file);
            let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("# ")).collect();
            assert_eq!(headings, PARTS, "{}", pattern.name);
            assert_eq!((page.matches("```python\n").count(), page.matches("```").count()), (2, 4), "{}", pattern.name);
            assert_eq!(page.matches("<details>").count(), 2, "{}", pattern.name);
            assert!(page.lines().all(|line| line.len() <= 96), "{}", pattern.name);
            let explained = super::page(pattern.file);
            assert!(explained.contains("# MPI calls") && !explained.contains("<details>"), "{}", pattern.name);
        }
    }
}
