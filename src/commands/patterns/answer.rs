//! The result of `patterns`: the answer of each pattern, a list or pages; and its run: what each
//! cost here.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::report::field::{BOOL, FLOAT, Field, Fields, INTEGER, Kind, TEXT};
use crate::report::{Answer, text};

/// All patterns that were run, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternsResult {
    /// One line a pattern.
    pub patterns: Vec<PatternLine>,
    /// Whether all answers are right.
    pub right: bool,
    /// Whether all that were asked for were run.
    pub complete: bool,
}

/// What one pattern came to. The same for every number of ranks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternLine {
    /// Its name on the command line.
    pub name: String,
    /// Its answer.
    pub answer: String,
    /// What the answer should be.
    pub expected: String,
    /// Whether they are equal.
    pub right: bool,
}

/// What is there to run: `patterns` without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternsList {
    /// One line a pattern.
    pub patterns: Vec<PatternEntry>,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternEntry {
    /// Its name on the command line.
    pub name: String,
    /// What it is in Python's multiprocessing and asyncio.
    pub python: String,
    /// What it is in MPI.
    pub mpi: String,
}

/// Pages of patterns: `patterns NAME --explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternsPages {
    /// One or all.
    pub patterns: Vec<PatternPage>,
}

/// The page of one pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternPage {
    /// Its name on the command line.
    pub name: String,
    /// Markdown: what it is, in Python, with mpi4py, what goes wrong, the right answer, the MPI
    /// calls.
    pub page: String,
}

/// How the patterns went here.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternsRun {
    /// Number of ranks.
    pub ranks: usize,
    /// Distinct hosts, in rank order.
    pub hosts: Vec<String>,
    /// The MPI library, or `none`.
    pub mpi: String,
    /// Wall time of all, in seconds.
    pub seconds: f64,
    /// What each cost.
    pub patterns: Vec<PatternCosts>,
}

/// What one pattern cost.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternCosts {
    /// Its name.
    pub name: String,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// What was measured.
    pub costs: Vec<Cost>,
    /// What the ranks had to say, where that is the point.
    pub lines: Vec<String>,
}

/// One measured number.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Of what.
    pub what: &'static str,
    /// How much.
    pub value: f64,
    /// In which unit.
    pub unit: &'static str,
}

static LINE: Fields<PatternLine> = Fields(&[
    Field::<PatternLine>::new("name", TEXT, "The name on the command line.", |it| it.name.clone().into()),
    Field::<PatternLine>::new("answer", TEXT, "The answer.", |it| it.answer.clone().into()),
    Field::<PatternLine>::new("expected", TEXT, "The right answer.", |it| it.expected.clone().into()),
    Field::<PatternLine>::new("right", BOOL, "Whether they are equal.", |it| it.right.into()),
]);

impl Answer for PatternsResult {
    const FIELDS: &'static [Field<PatternsResult>] = &[
        Field::<Self>::new(
            "patterns",
            Kind::Rows(&LINE),
            "The patterns that were run, in the order of the list.",
            |it| LINE.rows(&it.patterns),
        ),
        Field::<Self>::new("right", BOOL, "Whether all answers are right.", |it| it.right.into()).column("all_right"),
        Field::<Self>::new("complete", BOOL, "Whether all that were asked for were run.", |it| it.complete.into()),
    ];

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

static ENTRY: Fields<PatternEntry> = Fields(&[
    Field::<PatternEntry>::new("name", TEXT, "The name on the command line.", |it| it.name.clone().into()),
    Field::<PatternEntry>::new("python", TEXT, "What it is in Python.", |it| it.python.clone().into()),
    Field::<PatternEntry>::new("mpi", TEXT, "What it is in MPI.", |it| it.mpi.clone().into()),
]);

impl Answer for PatternsList {
    const FIELDS: &'static [Field<PatternsList>] =
        &[Field::<Self>::new("patterns", Kind::Rows(&ENTRY), "The patterns there are.", |it| ENTRY.rows(&it.patterns))];

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

static PAGE: Fields<PatternPage> = Fields(&[
    Field::<PatternPage>::new("name", TEXT, "The name on the command line.", |it| it.name.clone().into()),
    Field::<PatternPage>::new("page", TEXT, "The page, in Markdown.", |it| it.page.clone().into()),
]);

impl Answer for PatternsPages {
    const FIELDS: &'static [Field<PatternsPages>] =
        &[Field::<Self>::new("patterns", Kind::Rows(&PAGE), "The pages.", |it| PAGE.rows(&it.patterns))];

    fn value(&self) -> String {
        self.patterns.iter().map(|pattern| pattern.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let pages: Vec<&str> = self.patterns.iter().map(|pattern| pattern.page.as_str()).collect();
        out.write_all(pages.join("\n\n").as_bytes())
    }
}

static COST: Fields<Cost> = Fields(&[
    Field::<Cost>::new("what", TEXT, "What was measured.", |cost| cost.what.into()),
    Field::<Cost>::new("value", FLOAT, "The number.", |cost| cost.value.into()),
    Field::<Cost>::new("unit", TEXT, "Its unit.", |cost| cost.unit.into()),
]);

static COSTS: Fields<PatternCosts> = Fields(&[
    Field::<PatternCosts>::new("name", TEXT, "The name on the command line.", |it| it.name.clone().into()),
    Field::<PatternCosts>::new("seconds", FLOAT, "Wall time.", |it| it.seconds.into()),
    Field::<PatternCosts>::new("costs", Kind::Rows(&COST), "What was measured.", |it| COST.rows(&it.costs)),
    Field::<PatternCosts>::new("lines", Kind::List(&TEXT), "What the ranks said, where that is the point.", |it| {
        it.lines.iter().map(String::as_str).collect()
    }),
]);

/// The fields of a run of patterns.
pub static PATTERNS_RUN: Fields<PatternsRun> = Fields(&[
    Field::<PatternsRun>::new("ranks", INTEGER, "Number of ranks.", |run| run.ranks.into()),
    Field::<PatternsRun>::new("hosts", Kind::List(&TEXT), "The hosts, each once, in rank order.", |run| {
        run.hosts.iter().map(String::as_str).collect()
    }),
    Field::<PatternsRun>::new("mpi", TEXT, "The MPI library.", |run| run.mpi.clone().into()),
    Field::<PatternsRun>::new("seconds", FLOAT, "Wall time of all.", |run| run.seconds.into()),
    Field::<PatternsRun>::new("patterns", Kind::Rows(&COSTS), "What each cost.", |run| COSTS.rows(&run.patterns)),
]);

impl Serialize for PatternsRun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PATTERNS_RUN.record(self).serialize(serializer)
    }
}

#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
impl PatternsRun {
    /// The run for people: a line for each number.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for PatternCosts { name, seconds, costs, lines } in &self.patterns {
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
        let pattern = PatternCosts { name: "counter".into(), seconds: 0.5, costs, lines: vec!["a line".into()] };
        let run = PatternsRun {
            ranks: 3,
            hosts: vec!["n1".into()],
            mpi: "Open MPI 4.1.4".into(),
            seconds: 0.5,
            patterns: vec![pattern],
        };
        let mut bytes = Vec::new();
        run.write_text(&mut bytes).expect("a Vec takes every write");
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r"
        counter: a line
        counter: 0.500 s, an update 0.253 us, lost updates 1234 of 500000
        0.500 s on 3 ranks, 1 host, Open MPI 4.1.4
        ");
    }
}
