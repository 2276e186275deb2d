//! JUnit's XML: what continuous integration and monitoring read. A suite of cases, each passed,
//! failed or skipped.
//!
//! Written by hand: four elements and five characters to escape do not justify a dependency.
//! Reference: the Jenkins xUnit schema, the common denominator of readers; reports with and without
//! failures were validated against its junit-10.xsd.

use std::io::{self, Write};

/// How a case went.
pub(super) enum CaseOutcome {
    Passed,
    /// A word for the kind of failure, and the sentence.
    Failed(&'static str, String),
    /// Why it was not checked.
    Skipped(String),
}

/// One check.
pub(super) struct TestCase {
    pub class: String,
    pub name: &'static str,
    pub seconds: f64,
    pub outcome: CaseOutcome,
}

/// Writes a file with one suite.
pub(super) fn write(suite: &str, seconds: f64, cases: &[TestCase], out: &mut dyn Write) -> io::Result<()> {
    let count = |wanted: fn(&CaseOutcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count();
    let failed = count(|outcome| matches!(outcome, CaseOutcome::Failed(..)));
    let skipped = count(|outcome| matches!(outcome, CaseOutcome::Skipped(_)));
    let (tests, suite) = (cases.len(), escaped(suite));
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites tests="{tests}" failures="{failed}" time="{seconds:.3}">"#)?;
    writeln!(
        out,
        r#"  <testsuite name="{suite}" tests="{tests}" failures="{failed}" errors="0" skipped="{skipped}" time="{seconds:.3}">"#
    )?;
    cases.iter().try_for_each(|case| write_case(case, out))?;
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn write_case(case: &TestCase, out: &mut dyn Write) -> io::Result<()> {
    let (class, name, seconds) = (escaped(&case.class), case.name, case.seconds);
    write!(out, r#"    <testcase classname="{class}" name="{name}" time="{seconds:.3}""#)?;
    match &case.outcome {
        CaseOutcome::Passed => writeln!(out, "/>"),
        CaseOutcome::Failed(kind, text) => {
            writeln!(out, ">\n      <failure type=\"{kind}\" message=\"{}\"/>\n    </testcase>", escaped(text))
        }
        CaseOutcome::Skipped(why) => writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(why)),
    }
}

/// Escapes text for an attribute; characters that XML 1.0 forbids become question marks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if c.is_control() => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_failed_and_skipped() {
        let case = |name, outcome| TestCase { class: "n<1>".into(), name, seconds: 1.5, outcome };
        let cases = [
            case("blocks", CaseOutcome::Passed),
            case("messages", CaseOutcome::Failed("wrong", "\"a\" & b\nc\u{1}".into())),
            case("speed", CaseOutcome::Skipped("one rank".into())),
        ];
        let mut bytes = Vec::new();
        write("burnin", 2.0, &cases, &mut bytes).expect("a Vec takes every write");
        insta::assert_snapshot!(String::from_utf8(bytes).expect("UTF-8"), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="3" failures="1" time="2.000">
          <testsuite name="burnin" tests="3" failures="1" errors="0" skipped="1" time="2.000">
            <testcase classname="n&lt;1&gt;" name="blocks" time="1.500"/>
            <testcase classname="n&lt;1&gt;" name="messages" time="1.500">
              <failure type="wrong" message="&quot;a&quot; &amp; b&#10;c?"/>
            </testcase>
            <testcase classname="n&lt;1&gt;" name="speed" time="1.500">
              <skipped message="one rank"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
