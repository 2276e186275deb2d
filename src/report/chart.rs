//! Charts as SVG: lines, bands and rows over an axis of numbers or of powers, and a square of
//! points beside them.
//!
//! Drawn by the crate kuva (SVG only: no fonts, no bitmaps, three small dependencies). plotters'
//! last release is of September 2024 and poloto's of July 2023; plotly and charming need a script
//! in a browser. This module sets the style: text as text, and the Okabe-Ito palette, which
//! colour-blind readers can distinguish. Dashes and marks distinguish lines in black and white too.
//! `axis` has ticks at powers of two, for ranks; `picture` combines several charts in one file.

use kuva::plot::legend::{LegendEntry, LegendPosition, LegendShape};
use kuva::plot::line::LineStyle;
use kuva::plot::scatter::{MarkerShape, ScatterPlot};
use kuva::plot::{BandPlot, LinePlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

pub use super::axis::Axis;
use super::axis::Scale;
use super::picture::{Picture, column, row};

/// Width and height of the whole picture without its legend, in pixels of 1/96 inch.
const SIZE: (f64, f64) = (760.0, 440.0);
/// Height of a row, and of the space around the rows.
const ROW: (f64, f64) = (24.0, 150.0);
/// Side of the square of points.
const SQUARE: f64 = 380.0;

/// Half the width of a band of one point, as a part of the axis.
const HALF_BAR: f64 = 0.01;

const INK: &str = "#222222";
/// Blue, vermillion, green, orange of the Okabe-Ito palette: two dark and two lighter ones.
pub const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#e69f00"];

/// Dashes of the laws, in the order of the colours.
const DASHES: [&str; 4] = ["12 4", "6 3", "2 3", "12 3 2 3"];
/// Dashes of the ideal line.
const IDEAL: &str = "1 4";
/// Marks of the points, in the order of the colours.
const MARKS: [MarkerShape; 4] = [MarkerShape::Circle, MarkerShape::Square, MarkerShape::Triangle, MarkerShape::Diamond];

/// The kind of a line, which determines its style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CurveKind {
    /// Measured points, marked and joined.
    #[default]
    Measured,
    /// A law, in the colour of the line with this number, and dashed.
    Law(usize),
    /// The tops of bins: solid, without marks.
    Steps,
    /// The ideal: thin, dark, dotted.
    Ideal,
}

/// A line through points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Points, x rising.
    pub points: Vec<(f64, f64)>,
    /// Those of them with hollow marks: measured, but less certain.
    pub hollow: Vec<(f64, f64)>,
    /// What it is.
    pub kind: CurveKind,
}

/// The area between two lines over the same x.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Its name in the legend; bands of one name share an entry.
    pub name: String,
    /// x, low and high.
    pub points: Vec<(f64, f64, f64)>,
    /// Its colour.
    pub colour: &'static str,
    /// Its opacity.
    pub opacity: f64,
}

impl Band {
    /// The 95 % intervals over x: for each place its points, `None` where nothing is known. A band
    /// for each run of places without a gap.
    pub fn intervals<const N: usize>(places: impl IntoIterator<Item = Option<[(f64, f64, f64); N]>>) -> Vec<Band> {
        let band = |points: Vec<_>| Band { name: "95 % interval".to_owned(), points, colour: COLOURS[0], opacity: 0.2 };
        let places: Vec<_> = places.into_iter().collect();
        let runs = places.split(Option::is_none).map(|run| run.iter().flatten().flatten().copied().collect::<Vec<_>>());
        runs.filter(|points| !points.is_empty()).map(band).collect()
    }
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
    /// Drawn above the bands, each in its own colour.
    pub lines: Vec<Line>,
    /// A horizontal line, with its name.
    pub level: Option<(String, f64)>,
    /// Whether y starts at 0.
    pub from_zero: bool,
    /// Points in the unit square [-1, 1)^2 and whether each is inside the circle: drawn beside the
    /// chart.
    pub darts: Vec<(f64, f64, bool)>,
}

/// Colour, dashes and width of the line with this number; the fifth law has the first colour with
/// other dashes.
fn style(line: usize, kind: CurveKind) -> (&'static str, LineStyle, f64) {
    let colour = |i: usize| COLOURS[i % COLOURS.len()];
    match kind {
        CurveKind::Measured | CurveKind::Steps => (colour(line), LineStyle::Solid, 2.0),
        CurveKind::Law(i) => {
            (colour(i), LineStyle::Custom(DASHES[(i + i / COLOURS.len()) % DASHES.len()].to_owned()), 2.0)
        }
        CurveKind::Ideal => (INK, LineStyle::Custom(IDEAL.to_owned()), 1.5),
    }
}

/// The colour that results on white at this opacity.
fn tint(colour: &str, opacity: f64) -> String {
    let part = |at: usize| u8::from_str_radix(colour.get(at..at + 2).unwrap_or("00"), 16).unwrap_or(0);
    let mixed = [1, 3, 5].map(|at| (255.0 - opacity * (255.0 - f64::from(part(at)))).round() as u8);
    format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2])
}

fn entry(label: &str, colour: &str, shape: LegendShape, dasharray: Option<String>) -> LegendEntry {
    LegendEntry { label: label.to_owned(), color: colour.to_owned(), shape, dasharray }
}

impl Chart {
    /// The picture.
    pub fn picture(&self) -> Picture {
        let chart = self.drawn();
        if self.darts.is_empty() {
            return chart;
        }
        let inside = self.darts.iter().filter(|dart| dart.2).count();
        let title = format!("the first {} darts, {inside} of them inside", self.darts.len());
        row(&self.title, vec![chart, square(&title, &self.darts)])
    }

    /// The picture as a file.
    pub fn svg(&self) -> String {
        column(&self.title, vec![self.picture()]).svg("")
    }

    fn scales(&self) -> (Scale, Scale) {
        let bands = self.bands.iter().flat_map(|band| band.points.iter().flat_map(|&(x, a, b)| [(x, a), (x, b)]));
        let points: Vec<(f64, f64)> =
            self.lines.iter().flat_map(|line| line.points.iter().copied()).chain(bands).collect();
        let level = self.level.iter().map(|(_, y)| *y).chain(self.from_zero.then_some(0.0));
        // Leaves room for marks at the ends; rows fill their frame.
        let room = if matches!(self.y_axis, Axis::Rows(_)) { 0.0 } else { 0.03 };
        let x = Scale::of(self.x_axis, points.iter().map(|point| point.0), room);
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
            let (mut across, mut low, mut high) = (across, heights(|p| p.1), heights(|p| p.2));
            if let [place] = across[..] {
                // An area over one point is not visible.
                let half = (x.high - x.low) * HALF_BAR;
                (across, low, high) = (vec![place - half, place + half], low.repeat(2), high.repeat(2));
            }
            let area = BandPlot::new(across, low, high);
            plots.push(Plot::Band(area.with_color(band.colour).with_opacity(band.opacity)));
        }
        for (i, line) in self.lines.iter().enumerate() {
            let (colour, dashes, width) = style(i, line.kind);
            let points: Vec<(f64, f64)> =
                line.points.iter().map(place).filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
            let path = LinePlot::new().with_data(points.clone()).with_color(colour).with_stroke_width(width);
            plots.push(Plot::Line(path.with_line_style(dashes)));
            if line.kind == CurveKind::Measured {
                let marks = ScatterPlot::new().with_data(points).with_color(colour).with_size(3.5);
                plots.push(Plot::Scatter(marks.with_marker(MARKS[i % MARKS.len()])));
                let hollow = ScatterPlot::new().with_data(line.hollow.iter().map(place)).with_color("white");
                plots.push(Plot::Scatter(hollow.with_size(2.0).with_marker(MARKS[i % MARKS.len()])));
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
            .with_x_label(x.label(&self.x_label))
            .with_y_label(y.label(&self.y_label))
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
        // kuva leaves room for the labels within this range, which is that of the data alone.
        layout.y_range = (y.low, y.high);
        if let Some((_, level)) = &self.level {
            let mut line = ReferenceLine::horizontal(y.at(*level));
            (line.color, line.stroke_width, line.dasharray) = (INK.to_owned(), 1.0, "5 4".to_owned());
            layout = layout.with_reference_line(line);
        }
        layout
    }

    /// Measured lines show their marks, others their dashes.
    fn legend(&self) -> Vec<LegendEntry> {
        let lines = self.lines.iter().enumerate().map(|(i, line)| {
            let (colour, dashes, _) = style(i, line.kind);
            match line.kind {
                CurveKind::Measured => entry(&line.name, colour, LegendShape::Marker(MARKS[i % MARKS.len()]), None),
                CurveKind::Law(_) | CurveKind::Steps | CurveKind::Ideal => {
                    entry(&line.name, colour, LegendShape::Line, dashes.dasharray())
                }
            }
        });
        let mut bands: Vec<&Band> = Vec::new();
        for band in &self.bands {
            if bands.iter().all(|before| before.name != band.name) {
                bands.push(band);
            }
        }
        let bands =
            bands.into_iter().map(|band| entry(&band.name, &tint(band.colour, band.opacity), LegendShape::Rect, None));
        let level = self.level.iter().map(|(name, _)| entry(name, INK, LegendShape::Line, Some("5 4".to_owned())));
        lines.chain(bands).chain(level).collect()
    }
}

/// Points and whether each is inside the circle of radius 1 about (0, 0): in the square [-1, 1)^2,
/// or in its quarter [0, 1)^2 if no point lies elsewhere.
pub fn square(title: &str, darts: &[(f64, f64, bool)]) -> Picture {
    let points = |is_inside: bool| -> Vec<(f64, f64)> {
        darts.iter().filter(|dart| dart.2 == is_inside).map(|&(x, y, _)| (x, y)).collect()
    };
    let is_quarter = darts.iter().all(|&(x, y, _)| x >= 0.0 && y >= 0.0);
    let (low, arc) = if is_quarter { (0.0, 0.25) } else { (-1.0, 1.0) };
    let circle = (0..=120).map(|i| (f64::from(i) / 120.0 * arc * std::f64::consts::TAU).sin_cos());
    let dots = |is_inside: bool, colour: &str| {
        Plot::Scatter(ScatterPlot::new().with_data(points(is_inside)).with_color(colour).with_size(1.5))
    };
    let plots = vec![
        Plot::Line(LinePlot::new().with_data(circle.collect::<Vec<_>>()).with_color(INK).with_stroke_width(1.0)),
        dots(true, COLOURS[0]),
        dots(false, COLOURS[1]),
    ];
    let layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_title_size(13)
        .with_width(SQUARE)
        .with_height(SQUARE)
        .with_x_axis_min(low)
        .with_x_axis_max(1.0)
        .with_y_axis_min(low)
        .with_y_axis_max(1.0)
        .with_show_grid(false)
        .with_equal_aspect();
    Picture::of(title, plots, layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_draw_is_still_a_picture() {
        let empty = Chart { title: "a < b".into(), x_axis: Axis::Powers(10), ..Chart::default() };
        let svg = empty.svg();
        assert!(svg.contains("a &lt; b") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
        let line = |points: &[(f64, f64)]| Line {
            name: "one".into(),
            points: points.to_vec(),
            kind: CurveKind::Measured,
            ..Line::default()
        };
        for points in [&[(1.0, 5.0)][..], &[(1.0, 5.0), (2.0, 5.0)], &[(1.0, f64::NAN)]] {
            let svg = Chart { lines: vec![line(points)], ..empty.clone() }.svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn lines_differ_in_black_and_white() {
        let line = |i: usize| Line {
            name: format!("line {i}"),
            points: vec![(1.0, 1.0), (2.0, 2.0)],
            kind: CurveKind::Law(i),
            ..Line::default()
        };
        let svg = Chart { lines: (0..4).map(line).collect(), ..Chart::default() }.svg();
        assert_eq!(tint("#0072b2", 0.2), "#cce3f0");
        assert!(DASHES.iter().all(|dashes| svg.contains(&format!("stroke-dasharray=\"{dashes}\""))), "{svg}");
        assert!((0..4).all(|i| svg.contains(&format!(">line {i}</text>"))), "text is text: {svg}");
    }

    /// The first corners of each area of a band.
    fn areas(chart: &Chart) -> Vec<Vec<f64>> {
        let svg = chart.svg();
        let paths = svg.split("<path ").skip(1).filter(|path| path.contains("fill=\"#0072b2\""));
        let numbers = |path: &str| {
            let path = path.split(" d=\"").nth(1).or(path.strip_prefix("d=\"")).and_then(|d| d.split('"').next());
            let words = path.unwrap_or_default().split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
            words.filter_map(|word| word.parse().ok()).collect::<Vec<f64>>()
        };
        paths.map(numbers).collect()
    }

    #[test]
    fn a_band_has_gaps_and_one_point_is_a_bar() {
        let place = |x: f64| Some([(x, 1.0, 2.0)]);
        let bands = Band::intervals([place(1.0), place(2.0), None, None, place(3.0), None]);
        assert_eq!(bands.iter().map(|band| band.points.len()).collect::<Vec<_>>(), [2, 1]);
        assert!(Band::intervals::<1>([None, None]).is_empty());
        let chart = Chart { bands, ..Chart::default() };
        let areas = areas(&chart);
        assert_eq!(areas.len(), 2, "{}", chart.svg());
        for area in areas {
            assert!(area[2] - area[0] > 5.0, "an area is as wide as some pixels: {area:?}");
        }
        assert_eq!(chart.svg().matches(">95 % interval<").count(), 1);
    }

    /// The left end of the frame: more where labels are longer, though all values are one.
    #[test]
    fn labels_have_room() {
        let frame = |y: f64| {
            let line = Line {
                name: "one".into(),
                points: vec![(0.0, y), (1.0, y)],
                kind: CurveKind::Steps,
                ..Line::default()
            };
            let svg = Chart { lines: vec![line], ..Chart::default() }.svg();
            let ends = svg.split("<line x1=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse::<f64>().ok());
            ends.fold(f64::INFINITY, f64::min)
        };
        assert!(frame(1e9) > frame(1.0) + 8.0, "1.0005e9 is longer than 0.999: {} {}", frame(1e9), frame(1.0));
    }

    #[test]
    fn darts_stand_beside_the_chart() {
        let svg = Chart { darts: vec![(0.0, 0.0, true), (0.9, 0.9, false)], ..Chart::default() }.svg();
        assert!(svg.contains("the first 2 darts, 1 of them inside") && svg.matches("<svg").count() > 2, "{svg}");
    }
}
