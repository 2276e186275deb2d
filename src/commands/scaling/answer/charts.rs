//! The charts of `scaling`.
//!
//! - Speed-up over ranks, both logarithmic, so that the ideal is a straight line; with each fitted
//!   law.
//! - Efficiency over ranks.
//! - The time over the chunk, if chunks were swept: a sawtooth where chunks do not divide evenly.
//! - Timelines of the ranks, for every curve on its most ranks: computing, messages, idle.
//! - The prediction for more ranks, if requested.

use super::ScalingReport;
use crate::commands::scaling::analysis::{Point, Trial, drawn};
use crate::job::timeline::Timeline;
use crate::report::chart::{Axis, Band, COLOURS, Chart, CurveKind, Line};
use crate::report::picture::{Picture, column};

/// Dark, medium and light, so that they differ in black and white too; in stacking order.
const ACTIVITIES: [(&str, usize, &str); 3] =
    [("compute", 0, COLOURS[0]), ("messages", 2, COLOURS[3]), ("idle", 1, "#dddddd")];

impl ScalingReport {
    /// All charts with data, in order.
    pub fn pictures(&self) -> Vec<Picture> {
        let mut charts = Vec::new();
        let series = self.series();
        if series.iter().any(|(_, points)| points.len() > 1) {
            charts.push(self.speedup(&series));
            charts.push(self.efficiency(&series));
        }
        charts.extend(self.sawtooth());
        let traced = drawn(&self.run.trials).into_iter().filter(|trial| !trial.timelines.is_empty());
        charts.extend(traced.map(ranks));
        charts.extend(self.forecast());
        charts.iter().map(Chart::picture).collect()
    }

    /// All of them in one file, one below the other.
    pub fn svg(&self) -> String {
        column(&format!("Scaling of {}", self.result.command), self.pictures()).svg("")
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
            x_label: if lines.iter().any(|line| !line.hollow.is_empty()) {
                "ranks (hollow marks: they share CPUs)".to_owned()
            } else {
                "ranks".to_owned()
            },
            y_label: y_label.to_owned(),
            x_axis: Axis::Powers(2),
            lines,
            ..Chart::default()
        }
    }

    fn speedup(&self, series: &[(String, Vec<&Point>)]) -> Chart {
        let mut lines = curves(series, |point| point.speedup);
        let most = self.run.points.iter().map(|point| point.case.ranks).max().unwrap_or(1) as f64;
        let fewest = self.run.points.iter().map(|point| point.case.ranks).min().unwrap_or(1) as f64;
        lines.push(ideal(vec![(fewest, fewest), (most, most)]));
        for fit in &self.run.fits {
            let ranks = (0..=32).map(|i| fewest * (most / fewest).powf(f64::from(i) / 32.0));
            // Far from the measurements a law may be negative.
            let points = ranks.map(|p| (p, fit.speedup(p))).filter(|(_, s)| *s > 0.0).collect();
            let curve = series.iter().position(|(name, _)| *name == fit.series).unwrap_or(0);
            lines.push(law(curve, format!("{}, {}", fit.law, fit.series), points));
        }
        Chart { y_axis: Axis::Powers(2), ..self.chart("Speed-up", "speed-up", lines) }
    }

    fn efficiency(&self, series: &[(String, Vec<&Point>)]) -> Chart {
        let lines = curves(series, |point| point.efficiency);
        Chart {
            level: Some(("ideal".to_owned(), 1.0)),
            from_zero: true,
            ..self.chart("Efficiency", "efficiency", lines)
        }
    }

    /// Time over the requested chunk; `None` without a sweep.
    fn sawtooth(&self) -> Option<Chart> {
        let mut lines: Vec<Line> = Vec::new();
        for point in self.run.points.iter().filter(|point| point.case.asked_chunk.is_some()) {
            let name = format!("{}, {} ranks", point.case.schedule, point.case.ranks);
            let at = (point.chunk as f64, point.seconds);
            match lines.iter_mut().find(|line| line.name == name) {
                Some(line) => line.points.push(at),
                None => lines.push(Line { name, points: vec![at], ..Line::default() }),
            }
        }
        lines.retain(|line| line.points.len() > 1);
        let chart = self.chart("Chunks", "seconds", lines);
        (!chart.lines.is_empty()).then(|| Chart {
            x_label: "chunk in blocks".to_owned(),
            x_axis: Axis::Powers(10),
            ..chart
        })
    }

    /// The predicted speed-up, up to the requested number of ranks.
    fn forecast(&self) -> Option<Chart> {
        let predictions = &self.run.forecast.as_ref()?.predictions;
        let most = predictions.iter().map(|prediction| prediction.ranks).max()? as f64;
        let curve = |(i, of): (usize, &[crate::commands::scaling::analysis::predict::Prediction])| {
            law(i, of[0].series(), of.iter().map(|p| (p.ranks as f64, p.speedup)).collect())
        };
        let mut lines: Vec<Line> =
            predictions.chunk_by(|a, b| a.series() == b.series()).enumerate().map(curve).collect();
        lines.push(ideal(vec![(1.0, 1.0), (most, most)]));
        let chart = self.chart("Predicted", "speed-up", lines);
        Some(Chart { x_axis: Axis::Powers(10), y_axis: Axis::Powers(10), ..chart })
    }
}

/// A line that was not measured, in the colour of curve `i`.
fn law(i: usize, name: String, points: Vec<(f64, f64)>) -> Line {
    Line { name, points, kind: CurveKind::Law(i), ..Line::default() }
}

fn ideal(points: Vec<(f64, f64)>) -> Line {
    Line { name: "ideal".to_owned(), points, kind: CurveKind::Ideal, ..Line::default() }
}

/// A measured line for each curve; points whose ranks share CPUs have hollow marks.
fn curves(series: &[(String, Vec<&Point>)], value: impl Fn(&Point) -> Option<f64>) -> Vec<Line> {
    let line = |(name, all): &(String, Vec<&Point>)| {
        let known = || all.iter().filter_map(|point| Some((point, (point.case.ranks as f64, value(point)?))));
        Line {
            name: name.clone(),
            points: known().map(|(_, at)| at).collect(),
            hollow: known().filter(|(point, _)| point.oversubscribed).map(|(_, at)| at).collect(),
            kind: CurveKind::Measured,
        }
    };
    series.iter().map(line).collect()
}

/// The timelines: a row per rank with stacked activities.
fn ranks(trial: &Trial) -> Chart {
    let bands = trial.timelines.iter().enumerate().flat_map(|(rank, row)| bands(rank, row));
    Chart {
        title: format!("What {} ranks did when: {}", trial.case.ranks, trial.case.series()),
        x_label: "seconds".to_owned(),
        y_label: "rank".to_owned(),
        y_axis: Axis::Rows(trial.timelines.len() as u32),
        bands: bands.collect(),
        ..Chart::default()
    }
}

/// The bands of one rank.
fn bands(rank: usize, row: &Timeline) -> Vec<Band> {
    let mut floor = vec![0.0; row.bins.len()];
    let mut out = Vec::new();
    for (name, activity, colour) in ACTIVITIES {
        let mut points: Vec<(f64, f64, f64)> = Vec::new();
        for (i, (bin, low)) in row.bins.iter().zip(&mut floor).enumerate() {
            let share = f64::from(bin[activity]) / 100.0;
            // Rows count downwards: a row lies 0.42 to both sides of its number.
            let y = |share: f64| rank as f64 + 0.42 - 0.84 * share.min(1.0);
            let (a, b) = (y(*low), y(*low + share));
            *low += share;
            let end = row.bin_seconds * (i + 1) as f64;
            match points.last_mut() {
                Some((x, before_a, before_b)) if (*before_a, *before_b) == (a, b) => *x = end,
                _ => points.extend([(end - row.bin_seconds, a, b), (end, a, b)]),
            }
        }
        if points.iter().any(|(_, a, b)| a != b) {
            out.push(Band { name: name.to_owned(), points, colour, opacity: 1.0 });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn a_sweep_of_chunks_has_a_picture() {
        let mut report = example();
        for (i, point) in report.run.points.iter_mut().enumerate() {
            (point.case.ranks, point.case.asked_chunk, point.chunk) = (2, Some(10 * i as u64 + 1), 10 * i as u64 + 1);
        }
        assert!(report.svg().contains("chunk in blocks"));
    }

    #[test]
    fn a_row_of_a_rank_is_what_it_did_when() {
        let row = Timeline { bin_seconds: 0.5, bins: vec![[100, 0, 0], [100, 0, 0], [50, 0, 50], [0, 100, 0]] };
        let bands = bands(3, &row);
        let names: Vec<&str> = bands.iter().map(|band| band.name.as_str()).collect();
        assert_eq!(names, ["compute", "messages", "idle"]);
        let compute: Vec<(f64, f64)> = bands[0].points.iter().map(|(x, a, b)| (*x, a - b)).collect();
        let expected = [(0.0, 0.84), (1.0, 0.84), (1.0, 0.42), (1.5, 0.42), (1.5, 0.0), (2.0, 0.0)];
        assert!(compute.iter().zip(expected).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-9), "{compute:?}");
        let busy = Timeline { bin_seconds: 1.0, bins: vec![[100, 0, 0]; 9] };
        assert_eq!(super::bands(0, &busy).len(), 1, "nothing is drawn for inactive times");
    }

    #[test]
    fn every_picture_is_in_the_file() {
        let svg = example().svg();
        for text in
            ["Speed-up: ", "Efficiency: ", "What 2 ranks did when: dynamic", "Predicted: ", ">compute<", ">ideal<"]
        {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert!(!svg.contains("NaN"));
    }
}
