//! The page of `scaling`: one HTML file with the table and all charts, without scripts, fonts or
//! external resources.

use std::fmt::Write;

use super::ScalingReport;
use crate::report::picture::escaped;
use crate::report::{hostlist, text};

impl ScalingReport {
    /// The page: heading, diagnosis, table, pictures.
    pub fn html(&self) -> String {
        let mut out = String::new();
        let title = escaped(&format!("Scaling of {}", self.result.command));
        // Writing into a string cannot fail.
        let _ = write!(
            out,
            r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
body {{ font-family: sans-serif; color: #222222; max-width: 1100px; margin: 2em auto; padding: 0 1em; line-height: 1.4; }}
.of {{ color: #666666; font-size: 0.9em; overflow-wrap: anywhere; }}
.diagnosis {{ border-left: 4px solid #0072b2; padding-left: 1em; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 0.9em; }}
th, td {{ padding: 0.2em 0.6em; text-align: right; white-space: nowrap; border-bottom: 1px solid #dddddd; }}
th:first-child, td:first-child {{ text-align: left; }}
svg {{ max-width: 100%; height: auto; }}
@media (prefers-color-scheme: dark) {{
body {{ background: #1a1a1a; color: #dddddd; }}
.of {{ color: #aaaaaa; }}
th, td {{ border-color: #444444; }}
svg {{ filter: invert(0.9) hue-rotate(180deg); }}
}}
</style></head>
<body>
<h1>{title}</h1>
<p>{} scaling on {}, {}; {}.</p>
<p class="of">{}</p>
<div class="diagnosis">
"#,
            escaped(&self.result.mode),
            text::count(self.run.ranks, "rank"),
            text::count(self.run.cpus, "CPU"),
            if self.result.equal { "all answers equal" } else { "WRONG: the answers differ" },
            escaped(&self.origin().join("; ")),
        );
        for line in self.run.diagnosis.iter().chain(self.run.forecast.iter().flat_map(|forecast| &forecast.notes)) {
            let _ = writeln!(out, "<p>{}</p>", escaped(line));
        }
        out.push_str("</div>\n");
        table(&self.rows(), &mut out);
        for (i, picture) in self.pictures().iter().enumerate() {
            let _ = write!(out, "<p>{}</p>", picture.svg(&format!("picture{i}-")));
        }
        if let Some(forecast) = self.run.forecast.as_ref().filter(|forecast| !forecast.predictions.is_empty()) {
            table(&forecast.rows(), &mut out);
        }
        out.push_str("</body>\n</html>\n");
        out
    }

    /// Where and when it was measured, and with which words.
    fn origin(&self) -> Vec<String> {
        let run = &self.run;
        let isa = if run.isa.is_empty() { String::new() } else { format!("kernels {}", run.isa) };
        let command =
            if run.command_line.is_empty() { String::new() } else { format!("montesieve {}", run.command_line) };
        let parts = [
            run.date.clone(),
            hostlist::compressed(&run.hosts),
            run.cpu_models.join(", "),
            run.mpi.clone(),
            isa,
            command,
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }
}

fn table(rows: &[Vec<String>], out: &mut String) {
    out.push_str("<div class=\"wide\"><table>\n");
    for (i, row) in rows.iter().enumerate() {
        let cell = if i == 0 { "th" } else { "td" };
        let cells: String = row.iter().map(|text| format!("<{cell}>{}</{cell}>", escaped(text))).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</table></div>\n");
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;

    #[test]
    fn a_page_that_needs_nothing_else() {
        let html = example().html();
        assert_eq!(html.matches("role=\"img\"").count(), 4, "speed-up, efficiency, ranks, forecast");
        assert!(!html.contains("NaN") && !html.contains("<script") && !html.contains("<style>@"), "{html}");
        assert!(!html.replace("http://www.w3.org/2000/svg", "").contains("://"), "nothing from elsewhere");
        assert!(html.contains("loses half of the ranks"), "the forecast: {html}");
    }

    #[test]
    fn a_page_says_where_it_was_measured_and_the_diagnosis_first() {
        let mut report = example();
        report.run.hosts = ["node02", "node01"].map(str::to_owned).to_vec();
        report.run.command_line = "scaling --plot a<b.html -- primes 1e6".to_owned();
        let html = report.html();
        assert!(html.contains("node[01-02]; montesieve scaling --plot a&lt;b.html -- primes 1e6</p>"), "{html}");
        let at = |text: &str| html.find(text).expect(text);
        assert!(at("class=\"diagnosis\"") < at("<table>") && at("<table>") < at("role=\"img\""));
    }
}
