//! Charts as SVG: lines, bands and rows over an axis of numbers or of powers, and a square of points beside them.
//!
//! Drawn by the crate kuva (SVG only: no fonts, no bitmaps, three small dependencies). plotters and poloto had no release for two years,
//! plotly and charming need a script in a browser, and charts-rs measures text with a font that one has to bring along.
//! Here is what we want of it: text that is text, colours of the Okabe-Ito palette, which colour-blind people can tell apart, dashes and marks by
//! which lines differ in black and white too, and ticks at powers of two for ranks (kuva's logarithms are decimal, so logarithms are
//! taken here and named at the ticks). `picture` puts several of them into one file.

use std::sync::Arc;

use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::line::LineStyle;
use kuva::plot::scatter::{MarkerShape, ScatterPlot};
use kuva::plot::{BandPlot, LinePlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;

use super::picture::{Picture, column, row};

/// Width and height of the whole picture but for its legend, in pixels of 1/96 inch.
const SIZE: (f64, f64) = (760.0, 440.0);
/// Height of a row, and of what stands around rows.
const ROW: (f64, f64) = (20.0, 130.0);
/// Side of the square of points.
const SQUARE: f64 = 380.0;

const INK: &str = "#222222";
/// Blue, vermillion, green, orange of the Okabe-Ito palette: two dark and two lighter ones.
pub const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#e69f00"];

/// Dashes of the lines, in the order of the colours; none is a whole line.
const DASHES: [&str; 4] = ["none", "9 4", "2 3", "10 3 2 3"];
/// Marks of the points, in that order.
const MARKS: [MarkerShape; 4] = [MarkerShape::Circle, MarkerShape::Square, MarkerShape::Triangle, MarkerShape::Diamond];

/// What an axis counts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// Numbers, at round ticks.
    #[default]
    Linear,
    /// Logarithms, at ticks of powers of this.
    Powers(u32),
    /// So many rows, named from 0 at the top; `y` is the row.
    Rows(u32),
}

/// A line through points.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Points, x rising.
    pub points: Vec<(f64, f64)>,
    /// Whether the points are what was measured, and are marked.
    pub is_marked: bool,
}

/// The area between two lines over the same x.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// What the legend calls it; bands of one name are one to it.
    pub name: String,
    /// x, low and high.
    pub points: Vec<(f64, f64, f64)>,
    /// Its colour.
    pub colour: &'static str,
    /// How much of what is below is covered.
    pub opacity: f64,
}

/// A chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Stands above it.
    pub title: String,
    /// What x is.
    pub x_label: String,
    /// What y is.
    pub y_label: String,
    /// What x counts in.
    pub x_axis: Axis,
    /// What y counts in.
    pub y_axis: Axis,
    /// Drawn first.
    pub bands: Vec<Band>,
    /// Drawn above them, each in a colour of its own.
    pub lines: Vec<Line>,
    /// A horizontal line, with its name.
    pub level: Option<(String, f64)>,
    /// Points in the unit square [-1, 1)^2 and whether each is inside the circle: drawn beside the chart.
    pub darts: Vec<(f64, f64, bool)>,
}

/// An axis with its ends, in what is drawn (logarithms where it is logarithmic).
struct Scale {
    axis: Axis,
    low: f64,
    high: f64,
}

impl Scale {
    /// An axis for these values, with so much room at both ends.
    fn of(axis: Axis, values: impl Iterator<Item = f64>, room: f64) -> Scale {
        let mut scale = Scale { axis, low: 0.0, high: 1.0 };
        let drawn = values.map(|value| scale.at(value)).filter(|value| value.is_finite());
        let (low, high) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        (scale.low, scale.high) = match axis {
            Axis::Rows(rows) => (-0.7, f64::from(rows) - 0.3),
            _ if low > high => (0.0, 1.0),
            _ if low == high => (low - low.abs().max(1.0) * 1e-3, high + high.abs().max(1.0) * 1e-3),
            _ => (low - room * (high - low), high + room * (high - low)),
        };
        scale
    }

    /// Where a value is drawn.
    fn at(&self, value: f64) -> f64 {
        match self.axis {
            Axis::Linear => value,
            Axis::Powers(base) => value.log2() / f64::from(base).log2(),
            Axis::Rows(rows) => f64::from(rows) - 1.0 - value,
        }
    }

    /// Between ticks.
    fn step(&self) -> f64 {
        match self.axis {
            Axis::Linear => round_step((self.low, self.high), 6.0),
            Axis::Powers(_) => ((self.high - self.low) / 12.0).floor() + 1.0,
            Axis::Rows(rows) => f64::from(rows.div_ceil(32)),
        }
    }

    /// What stands at the ticks.
    fn names(&self) -> TickFormat {
        let digits = (-self.step().log10().floor()).max(0.0) as usize;
        match self.axis {
            Axis::Linear => TickFormat::Fixed(digits),
            Axis::Powers(base) => TickFormat::Custom(Arc::new(move |exponent| power(base, exponent))),
            Axis::Rows(rows) => TickFormat::Custom(Arc::new(move |y| format!("{:.0}", f64::from(rows) - 1.0 - y))),
        }
    }
}

/// A power as people read it: 8, 0.25, 10000, 1e5.
fn power(base: u32, exponent: f64) -> String {
    let value = f64::from(base).powf(exponent.round());
    match () {
        () if base == 10 && exponent.abs() > 4.5 => format!("1e{exponent:.0}"),
        () if value >= 1.0 => format!("{value:.0}"),
        () => format!("{value}"),
    }
}

/// 1, 2 or 5 times a power of ten that cuts the range into about `count` parts.
fn round_step((low, high): (f64, f64), count: f64) -> f64 {
    let raw = (high - low) / count;
    let unit = 10_f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|f| f * unit).find(|&step| step >= raw).unwrap_or(10.0 * unit)
}

/// Colour and dashes of the line with this number; the fifth has the first colour with other dashes.
fn style(line: usize) -> (&'static str, &'static str) {
    (COLOURS[line % COLOURS.len()], DASHES[(line + line / COLOURS.len()) % DASHES.len()])
}

fn entry(label: &str, colour: &str, shape: LegendShape, dashes: Option<&str>) -> LegendEntry {
    let dasharray = dashes.filter(|dashes| *dashes != "none").map(str::to_owned);
    LegendEntry { label: label.to_owned(), color: colour.to_owned(), shape, dasharray }
}

impl Chart {
    /// The picture.
    pub fn picture(&self) -> Picture {
        let chart = self.drawn();
        if self.darts.is_empty() { chart } else { row(&self.title, vec![chart, self.square()]) }
    }

    /// The picture as a file.
    pub fn svg(&self) -> String {
        column(&self.title, vec![self.picture()]).svg("")
    }

    fn scales(&self) -> (Scale, Scale) {
        let bands = self.bands.iter().flat_map(|band| band.points.iter().flat_map(|&(x, a, b)| [(x, a), (x, b)]));
        let points: Vec<(f64, f64)> =
            self.lines.iter().flat_map(|line| line.points.iter().copied()).chain(bands).collect();
        let level = self.level.iter().map(|(_, y)| *y);
        let x = Scale::of(self.x_axis, points.iter().map(|point| point.0), 0.0);
        (x, Scale::of(self.y_axis, points.iter().map(|point| point.1).chain(level), 0.06))
    }

    fn drawn(&self) -> Picture {
        let (x, y) = self.scales();
        let place = |&(a, b): &(f64, f64)| (x.at(a), y.at(b));
        let mut plots: Vec<Plot> = Vec::new();
        for band in &self.bands {
            let part = |of: fn(&(f64, f64, f64)) -> f64| band.points.iter().map(of).collect::<Vec<f64>>();
            let heights = |of: fn(&(f64, f64, f64)) -> f64| part(of).into_iter().map(|v| y.at(v)).collect::<Vec<f64>>();
            let across = part(|p| p.0).into_iter().map(|v| x.at(v)).collect::<Vec<f64>>();
            let area = BandPlot::new(across, heights(|p| p.1), heights(|p| p.2));
            plots.push(Plot::Band(area.with_color(band.colour).with_opacity(band.opacity)));
        }
        for (i, line) in self.lines.iter().enumerate() {
            let (colour, dashes) = style(i);
            let points: Vec<(f64, f64)> =
                line.points.iter().map(place).filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
            let dashes = if dashes == "none" { LineStyle::Solid } else { LineStyle::Custom(dashes.to_owned()) };
            let path = LinePlot::new().with_data(points.clone()).with_color(colour).with_stroke_width(2.0);
            plots.push(Plot::Line(path.with_line_style(dashes)));
            if line.is_marked {
                let marks = ScatterPlot::new().with_data(points).with_color(colour).with_size(3.5);
                plots.push(Plot::Scatter(marks.with_marker(MARKS[i % MARKS.len()])));
            }
        }
        let layout = self.layout(&plots, &x, &y);
        Picture::of(&self.title, plots, layout)
    }

    fn layout(&self, plots: &[Plot], x: &Scale, y: &Scale) -> Layout {
        let height = match self.y_axis {
            Axis::Rows(rows) => ROW.0 * f64::from(rows) + ROW.1,
            _ => SIZE.1,
        };
        let mut layout = Layout::auto_from_plots(plots)
            .with_title(self.title.clone())
            .with_title_size(16)
            .with_x_label(self.x_label.clone())
            .with_y_label(self.y_label.clone())
            .with_width(SIZE.0)
            .with_height(height)
            .with_x_axis_min(x.low)
            .with_x_axis_max(x.high)
            .with_y_axis_min(y.low)
            .with_y_axis_max(y.high)
            .with_x_tick_step(x.step())
            .with_y_tick_step(y.step())
            .with_x_tick_format(x.names())
            .with_y_tick_format(y.names())
            .with_show_grid(!matches!(self.y_axis, Axis::Rows(_)))
            .with_legend_entries(self.legend())
            .with_legend_box(false)
            .with_legend_position(LegendPosition::OutsideBottomColumns);
        if let Some((_, level)) = &self.level {
            let mut line = ReferenceLine::horizontal(y.at(*level));
            (line.color, line.stroke_width, line.dasharray) = (INK.to_owned(), 1.0, "5 4".to_owned());
            layout = layout.with_reference_line(line);
        }
        layout
    }

    /// What was measured shows its marks, what was not its dashes.
    fn legend(&self) -> Vec<LegendEntry> {
        let lines = self.lines.iter().enumerate().map(|(i, line)| {
            let (colour, dashes) = style(i);
            match line.is_marked {
                true => entry(&line.name, colour, LegendShape::Marker(MARKS[i % MARKS.len()]), None),
                false => entry(&line.name, colour, LegendShape::Line, Some(dashes)),
            }
        });
        let mut bands: Vec<&Band> = Vec::new();
        for band in &self.bands {
            if bands.iter().all(|before| before.name != band.name) {
                bands.push(band);
            }
        }
        let bands = bands.into_iter().map(|band| entry(&band.name, band.colour, LegendShape::Rect, None));
        let level = self.level.iter().map(|(name, _)| entry(name, INK, LegendShape::Line, Some("5 4")));
        lines.chain(bands).chain(level).collect()
    }

    fn square(&self) -> Picture {
        let inside: Vec<&(f64, f64, bool)> = self.darts.iter().filter(|dart| dart.2).collect();
        let title = format!("the first {} darts, {} of them inside", self.darts.len(), inside.len());
        let points = |is_inside: bool| -> Vec<(f64, f64)> {
            self.darts.iter().filter(|dart| dart.2 == is_inside).map(|&(x, y, _)| (x, y)).collect()
        };
        let circle = (0..=120).map(|i| (f64::from(i) * std::f64::consts::TAU / 120.0).sin_cos());
        let dots = |is_inside: bool, colour: &str| {
            Plot::Scatter(ScatterPlot::new().with_data(points(is_inside)).with_color(colour).with_size(1.5))
        };
        let plots = vec![
            Plot::Line(LinePlot::new().with_data(circle.collect::<Vec<_>>()).with_color(INK).with_stroke_width(1.0)),
            dots(true, COLOURS[0]),
            dots(false, COLOURS[1]),
        ];
        let layout = Layout::auto_from_plots(&plots)
            .with_title(title.clone())
            .with_title_size(13)
            .with_width(SQUARE)
            .with_height(SQUARE)
            .with_x_axis_min(-1.0)
            .with_x_axis_max(1.0)
            .with_y_axis_min(-1.0)
            .with_y_axis_max(1.0)
            .with_show_grid(false)
            .with_equal_aspect();
        Picture::of(&title, plots, layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(round_step((0.0, 10.0), 5.0), 2.0);
        assert_eq!(round_step((3.1412, 3.1419), 4.0), 0.0002);
        let ranks = Scale::of(Axis::Powers(2), [1.0, 1024.0].into_iter(), 0.0);
        assert_eq!((ranks.low, ranks.high, ranks.step()), (0.0, 10.0, 1.0));
        assert_eq!(Scale::of(Axis::Powers(2), [1.0, 2f64.powi(60)].into_iter(), 0.0).step(), 6.0);
        assert_eq!([(2, 3.0), (2, -2.0), (10, 5.0), (10, 0.0)].map(|(b, e)| power(b, e)), ["8", "0.25", "1e5", "1"]);
    }

    #[test]
    fn nothing_to_draw_is_still_a_picture() {
        let empty = Chart { title: "a < b".into(), x_axis: Axis::Powers(10), ..Chart::default() };
        let svg = empty.svg();
        assert!(svg.contains("a &lt; b") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
        let line = |points: &[(f64, f64)]| Line { name: "one".into(), points: points.to_vec(), is_marked: true };
        for points in [&[(1.0, 5.0)][..], &[(1.0, 5.0), (2.0, 5.0)], &[(1.0, f64::NAN)]] {
            let svg = Chart { lines: vec![line(points)], ..empty.clone() }.svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn lines_differ_in_black_and_white() {
        let line =
            |i: usize| Line { name: format!("line {i}"), points: vec![(1.0, 1.0), (2.0, 2.0)], is_marked: false };
        let svg = Chart { lines: (0..4).map(line).collect(), ..Chart::default() }.svg();
        assert!(DASHES[1..].iter().all(|dashes| svg.contains(&format!("stroke-dasharray=\"{dashes}\""))), "{svg}");
        assert!((0..4).all(|i| svg.contains(&format!(">line {i}</text>"))), "text is text: {svg}");
    }

    #[test]
    fn darts_stand_beside_the_chart() {
        let svg = Chart { darts: vec![(0.0, 0.0, true), (0.9, 0.9, false)], ..Chart::default() }.svg();
        assert!(svg.contains("the first 2 darts, 1 of them inside") && svg.matches("<svg").count() > 2, "{svg}");
    }
}
