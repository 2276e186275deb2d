//! The result of `patterns`: the answer of each pattern, a list or pages; and its run: what each
//! cost here.

use std::io::{self, Write};

use super::trace::{self, TraceEvent};
use crate::report::record::record;
use crate::report::{Answer, text};

record! {
    /// All patterns that were run, in the order of the list.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PatternsResult {
        /// The patterns that were run, in the order of the list.
        pub patterns: Vec<PatternLine>,
        /// Whether all answers are right.
        pub right: bool => .column("all_right"),
        /// Whether all that were asked for were run.
        pub complete: bool,
    }
}

record! {
    /// What one pattern came to. The same for every number of ranks.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PatternLine {
        /// The name on the command line.
        pub name: String,
        /// The answer.
        pub answer: String,
        /// The right answer.
        pub expected: String,
        /// Whether they are equal.
        pub right: bool,
    }
}

record! {
    /// What is there to run: `patterns` without a name.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PatternsList {
        /// The patterns there are.
        pub patterns: Vec<PatternEntry>,
    }
}

record! {
    /// A line of the list.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PatternEntry {
        /// The name on the command line.
        pub name: String,
        /// What it is in Python.
        pub python: String,
        /// What it is in MPI.
        pub mpi: String,
    }
}

record! {
    /// Pages of patterns: `patterns NAME --explain`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PatternsPages {
        /// The pages.
        pub patterns: Vec<PatternPage>,
    }
}

record! {
    /// The page of one pattern.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PatternPage {
        /// The name on the command line.
        pub name: String,
        /// The page, in Markdown.
        pub page: String,
    }
}

record! {
    /// How the patterns went here.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PatternsRun {
        /// Number of ranks.
        pub ranks: usize,
        /// The hosts, each once, in rank order.
        pub hosts: Vec<String>,
        /// The MPI library.
        pub mpi: String,
        /// Wall time of all.
        pub seconds: f64,
        /// What each cost.
        pub patterns: Vec<PatternCosts>,
    }
}

record! {
    /// What one pattern cost.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PatternCosts {
        /// The name on the command line.
        pub name: String,
        /// Wall time.
        pub seconds: f64,
        /// What was measured.
        pub costs: Vec<Cost>,
        /// What the ranks said, where that is the point.
        pub lines: Vec<String>,
        /// What each rank did, in the order of time; with `--trace` or `--plot`.
        pub trace: Vec<TraceEvent> => .optional(),
    }
}

record! {
    /// One measured number.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Cost {
        /// What was measured.
        pub what: &'static str,
        /// The number.
        pub value: f64,
        /// Its unit.
        pub unit: &'static str,
    }
}

impl Answer for PatternsResult {
    fn value(&self) -> String {
        self.right.to_string()
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = Vec::new();
        for PatternLine { name, answer, expected, right } in &self.patterns {
            let verdict = if *right { "right".to_owned() } else { format!("WRONG, should be {expected}") };
            rows.push(vec![name.clone(), answer.clone(), verdict]);
        }
        text::table(&rows, &[0, 1, 2], out)
    }
}

impl Answer for PatternsList {
    fn value(&self) -> String {
        self.patterns.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = vec![["name", "in Python", "in MPI"].map(str::to_owned).to_vec()];
        rows.extend(
            self.patterns.iter().map(|entry| vec![entry.name.clone(), entry.python.clone(), entry.mpi.clone()]),
        );
        text::table(&rows, &[0, 1, 2], out)
    }
}

impl Answer for PatternsPages {
    fn value(&self) -> String {
        self.patterns.iter().map(|pattern| pattern.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let pages: Vec<&str> = self.patterns.iter().map(|pattern| pattern.page.as_str()).collect();
        out.write_all(pages.join("\n\n").as_bytes())
    }
}

#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
impl PatternsRun {
    /// The run for people: a line for each number, and for each event if `is_traced`.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_text(&self, is_traced: bool, out: &mut dyn Write) -> io::Result<()> {
        for PatternCosts { name, trace, .. } in self.patterns.iter().filter(|_| is_traced) {
            writeln!(out, "{name}: what each rank did when")?;
            trace::write_text(trace, out)?;
        }
        for PatternCosts { name, seconds, costs, lines, .. } in &self.patterns {
            lines.iter().try_for_each(|line| writeln!(out, "{name}: {line}"))?;
            let costs: Vec<String> =
                costs.iter().map(|Cost { what, value, unit }| format!("{what} {} {unit}", short(*value))).collect();
            writeln!(out, "{name}: {}", [vec![format!("{seconds:.3} s")], costs].concat().join(", "))?;
        }
        let mpi = if self.mpi == "none" { "no MPI" } else { &self.mpi };
        let ranks = text::count(self.ranks as u64, "rank");
        writeln!(out, "{:.3} s on {ranks}, {}, {mpi}", self.seconds, text::count(self.hosts.len() as u64, "host"))
    }
}

/// Three digits at most, or all of a whole number.
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
fn short(value: f64) -> String {
    match value.abs() {
        v if v.fract() == 0.0 => format!("{value:.0}"),
        v if v < 1.0 => format!("{value:.3}"),
        v if v < 10.0 => format!("{value:.2}"),
        v if v < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    fn result() -> PatternsResult {
        let line = |name: &str, answer: &str, expected: &str| PatternLine {
            name: name.into(),
            answer: answer.into(),
            expected: expected.into(),
            right: answer == expected,
        };
        PatternsResult {
            patterns: vec![line("counter", "500000", "500000"), line("scan", "10, 4", "10, 5")],
            right: false,
            complete: true,
        }
    }

    #[test]
    fn a_wrong_answer_stands_out() {
        insta::assert_snapshot!(written(result(), Format::Text), @r"
        counter  500000  right
        scan     10, 4   WRONG, should be 10, 5
        ");
        assert_eq!(json(result())["patterns"][1]["right"], false);
        insta::assert_snapshot!(written(result(), Format::Csv), @r#"
        name,answer,expected,right,all_right,complete
        counter,500000,500000,true,false,true
        scan,"10, 4","10, 5",false,false,true
        "#);
        assert_eq!(written(result(), Format::Value), "false\n");
    }

    #[test]
    fn the_run_says_what_it_cost() {
        let costs = vec![
            Cost { what: "an update", value: 0.253, unit: "us" },
            Cost { what: "lost updates", value: 1234.0, unit: "of 500000" },
        ];
        let pattern = PatternCosts {
            name: "counter".into(),
            seconds: 0.5,
            costs,
            lines: vec!["a line".into()],
            trace: Vec::new(),
        };
        let run = PatternsRun {
            ranks: 3,
            hosts: vec!["n1".into()],
            mpi: "Open MPI 4.1.4".into(),
            seconds: 0.5,
            patterns: vec![pattern],
        };
        let mut bytes = Vec::new();
        run.write_text(false, &mut bytes).expect("a Vec takes every write");
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r"
        counter: a line
        counter: 0.500 s, an update 0.253 us, lost updates 1234 of 500000
        0.500 s on 3 ranks, 1 host, Open MPI 4.1.4
        ");
    }
}
