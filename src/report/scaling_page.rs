//! The pictures of `scaling`, and the page that has them all: one HTML file without a script, a font or anything from elsewhere.
//!
//! - Speed-up over ranks, both logarithmic, so that the ideal is a straight line; with each fitted law.
//! - Efficiency over ranks.
//! - The time over the chunk, where chunks were swept: it goes up and down like a saw where the chunks do not come out even.
//! - What each rank of the last case did: computing, on messages, idle.

use std::fmt::Write;

use super::chart::{COLOURS, Chart, Line, escaped};
use super::scaling::ScalingReport;
use crate::scaling::{Point, Trial, medians};

impl ScalingReport {
    /// All charts that there is something to draw for, in order, as SVG.
    pub fn charts(&self) -> Vec<String> {
        let mut charts = Vec::new();
        let series = self.series();
        if series.iter().any(|(_, points)| points.len() > 1) {
            charts.push(self.speedup(&series).svg());
            charts.push(self.efficiency(&series).svg());
        }
        charts.extend(self.sawtooth().map(|chart| chart.svg()));
        charts.extend(medians(&self.run.trials).last().map(|trial| ranks(trial)));
        charts
    }

    /// The curves over ranks, by name.
    fn series(&self) -> Vec<(String, Vec<&Point>)> {
        let mut series: Vec<(String, Vec<&Point>)> = Vec::new();
        for point in &self.run.points {
            let name = point.case.series();
            match series.last_mut().filter(|(last, _)| *last == name) {
                Some((_, points)) => points.push(point),
                None => series.push((name, vec![point])),
            }
        }
        series
    }

    fn chart(&self, what: &str, y_label: &str, lines: Vec<Line>) -> Chart {
        Chart {
            title: format!("{what}: {}", self.result.command),
            x_label: "ranks".to_owned(),
            y_label: y_label.to_owned(),
            x_base: 2,
            y_base: None,
            bands: Vec::new(),
            lines,
            level: None,
            darts: Vec::new(),
        }
    }

    fn speedup(&self, series: &[(String, Vec<&Point>)]) -> Chart {
        let mut lines = curves(series, |point| point.speedup);
        let most = self.run.points.iter().map(|point| point.case.ranks).max().unwrap_or(1) as f64;
        let fewest = self.run.points.iter().map(|point| point.case.ranks).min().unwrap_or(1) as f64;
        lines.push(Line { name: "ideal".to_owned(), points: vec![(fewest, fewest), (most, most)] });
        for fit in &self.run.fits {
            let ranks = (0..=32).map(|i| fewest * (most / fewest).powf(f64::from(i) / 32.0));
            // A law may lie below any speed-up where it is far from what was measured.
            let points = ranks.map(|p| (p, fit.speedup(p))).filter(|(_, s)| *s > 0.0).collect();
            lines.push(Line { name: format!("{}, {}", fit.law, fit.series), points });
        }
        Chart { y_base: Some(2), ..self.chart("Speed-up", "speed-up", lines) }
    }

    fn efficiency(&self, series: &[(String, Vec<&Point>)]) -> Chart {
        let lines = curves(series, |point| point.efficiency);
        Chart { level: Some(("ideal".to_owned(), 1.0)), ..self.chart("Efficiency", "efficiency", lines) }
    }

    /// Time over the chunk that was asked for; `None` when there was no sweep.
    fn sawtooth(&self) -> Option<Chart> {
        let mut lines: Vec<Line> = Vec::new();
        for point in self.run.points.iter().filter(|point| point.case.asked_chunk.is_some()) {
            let name = format!("{}, {} ranks", point.case.schedule, point.case.ranks);
            let at = (point.chunk as f64, point.seconds);
            match lines.iter_mut().find(|line| line.name == name) {
                Some(line) => line.points.push(at),
                None => lines.push(Line { name, points: vec![at] }),
            }
        }
        lines.retain(|line| line.points.len() > 1);
        let chart = self.chart("Chunks", "seconds", lines);
        (!chart.lines.is_empty()).then(|| Chart { x_label: "chunk in blocks".to_owned(), x_base: 10, ..chart })
    }

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
body {{ font-family: sans-serif; color: #222222; max-width: 1000px; margin: 2em auto; }}
table {{ border-collapse: collapse; font-size: 0.9em; }}
th, td {{ padding: 0.2em 0.6em; text-align: right; border-bottom: 1px solid #dddddd; }}
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
        for line in &self.run.diagnosis {
            let _ = writeln!(out, "<p>{}</p>", escaped(line));
        }
        out.push_str("<table>\n");
        for (i, row) in self.rows().iter().enumerate() {
            let cell = if i == 0 { "th" } else { "td" };
            let cells: String = row.iter().map(|text| format!("<{cell}>{}</{cell}>", escaped(text))).collect();
            let _ = writeln!(out, "<tr>{cells}</tr>");
        }
        out.push_str("</table>\n");
        self.charts().iter().for_each(|chart| out.push_str(chart));
        out.push_str("</body>\n</html>\n");
        out
    }
}

fn curves(series: &[(String, Vec<&Point>)], value: impl Fn(&Point) -> f64) -> Vec<Line> {
    let points = |points: &[&Point]| points.iter().map(|point| (point.case.ranks as f64, value(point))).collect();
    series.iter().map(|(name, all)| Line { name: name.clone(), points: points(all) }).collect()
}

/// Ranks that are drawn, at most: the first ones.
const DRAWN: usize = 64;
/// Width of the picture and of a bar's whole length, and where bars begin, in pixels.
const WIDE: (f64, f64, f64) = (760.0, 600.0, 92.0);
/// Height of a rank's row.
const ROW: f64 = 18.0;

/// What each rank did with the time: a bar each, as long as its share.
fn ranks(trial: &Trial) -> String {
    let rows = trial.profiles.len().min(DRAWN);
    let (width, whole, left) = WIDE;
    let height = 100.0 + ROW * rows as f64;
    let title = format!("What {} ranks did in {:.3} s ({})", trial.case.ranks, trial.seconds, trial.case.series());
    let mut out = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" fill="#222222" role="img">
<title>{t}</title>
<rect width="{width}" height="{height}" fill="white"/>
<text x="{left}" y="28" font-size="16">{t}</text>
"##,
        t = escaped(&title)
    );
    // Dark, middle and light, so that they differ in black and white too.
    let parts = [("compute", COLOURS[0]), ("comm", COLOURS[3]), ("idle", "#e6e6e6")];
    for (i, (name, colour)) in parts.into_iter().enumerate() {
        let x = left + 110.0 * i as f64;
        let _ = writeln!(
            out,
            r##"<rect x="{x}" y="42" width="14" height="12" fill="{colour}" stroke="#222222" stroke-width="0.5"/><text x="{}" y="53">{name}</text>"##,
            x + 20.0
        );
    }
    for (rank, profile) in trial.profiles.iter().take(rows).enumerate() {
        let y = 70.0 + ROW * rank as f64;
        let _ = writeln!(out, r##"<text x="{}" y="{}" text-anchor="end">rank {rank}</text>"##, left - 8.0, y + 12.0);
        let mut x = left;
        for (seconds, (_, colour)) in [profile.compute, profile.comm, profile.idle].into_iter().zip(parts) {
            let length = whole * seconds / trial.seconds;
            let _ = writeln!(
                out,
                r##"<rect x="{x:.1}" y="{y}" width="{length:.1}" height="14" fill="{colour}" stroke="#222222" stroke-width="0.5"/>"##
            );
            x += length;
        }
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::super::scaling::tests::example;

    #[test]
    fn a_page_that_needs_nothing_else() {
        let html = example().html();
        assert_eq!(html.matches("<svg").count(), 3, "speed-up, efficiency, ranks");
        assert!(!html.contains("NaN") && !html.contains("inf") && !html.contains("<script"));
        assert!(!html.replace("http://www.w3.org/2000/svg", "").contains("://"), "nothing from elsewhere");
    }

    #[test]
    fn a_sweep_of_chunks_has_a_picture() {
        let mut report = example();
        for (i, point) in report.run.points.iter_mut().enumerate() {
            (point.case.ranks, point.case.asked_chunk, point.chunk) = (2, Some(10 * i as u64 + 1), 10 * i as u64 + 1);
        }
        assert!(report.charts().iter().any(|chart| chart.contains("chunk in blocks")));
    }
}
