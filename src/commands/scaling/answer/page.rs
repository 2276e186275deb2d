//! The page of `scaling`: one HTML file with the table and all charts, without scripts, fonts or
//! external resources.

use std::fmt::Write;

use super::ScalingReport;
use crate::report::picture::escaped;

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
<head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font-family: sans-serif; color: #222222; max-width: 1100px; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; font-size: 0.9em; }}
th, td {{ padding: 0.2em 0.6em; text-align: right; white-space: nowrap; border-bottom: 1px solid #dddddd; }}
th:first-child, td:first-child {{ text-align: left; }}
svg {{ max-width: 100%; height: auto; }}
</style></head>
<body>
<h1>{title}</h1>
<p>{} scaling on {} ranks, {} CPUs; {}.</p>
"#,
            escaped(&self.result.mode),
            self.run.ranks,
            self.run.cpus,
            if self.result.equal { "all answers equal" } else { "WRONG: the answers differ" },
        );
        for line in self.run.diagnosis.iter().chain(self.run.forecast.iter().flat_map(|forecast| &forecast.notes)) {
            let _ = writeln!(out, "<p>{}</p>", escaped(line));
        }
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
}

fn table(rows: &[Vec<String>], out: &mut String) {
    out.push_str("<table>\n");
    for (i, row) in rows.iter().enumerate() {
        let cell = if i == 0 { "th" } else { "td" };
        let cells: String = row.iter().map(|text| format!("<{cell}>{}</{cell}>", escaped(text))).collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</table>\n");
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
}
