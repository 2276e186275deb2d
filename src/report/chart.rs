//! Charts as SVG: lines and bands over a logarithmic x axis, and a square of points beside them.
//!
//! A file of our own because the plotting crates have had no release for years; it draws what this program shows and no more. Text is
//! text (no fonts are embedded), colours are those of the Okabe-Ito palette, which colour-blind people can tell apart, and the
//! picture has a title and a description for those who cannot see it.
//!
//! Axes: x is logarithmic with ticks at powers of ten or two, y is linear with round ticks, or logarithmic too. Lines differ in dashes and
//! marks as well as in colour, so that they can be told apart in black and white.

use std::fmt::Write;

/// Width and height of the whole picture, in pixels of 1/96 inch.
const SIZE: (f64, f64) = (760.0, 440.0);
/// From the left, right, top and bottom edge to the axes.
const MARGIN: (f64, f64, f64, f64) = (92.0, 24.0, 52.0, 56.0);
/// Side of the square of points.
const SQUARE: f64 = 300.0;

const INK: &str = "#222222";
const FAINT: &str = "#dddddd";
/// Blue, vermillion, green, orange of the Okabe-Ito palette.
pub const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#e69f00"];

/// Dashes of the lines, in the order of the colours; none is a whole line.
const DASHES: [&str; 4] = ["none", "9 4", "2 3", "10 3 2 3"];

/// A line through points.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Points, x rising.
    pub points: Vec<(f64, f64)>,
}

/// The area between two lines over the same x.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// What the legend calls it.
    pub name: String,
    /// x, low and high.
    pub points: Vec<(f64, f64, f64)>,
}

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Stands above it.
    pub title: String,
    /// What x is.
    pub x_label: String,
    /// What y is.
    pub y_label: String,
    /// Ticks of x at powers of this: 10 or 2.
    pub x_base: u32,
    /// Ticks of y at powers of this; `None`: y is linear.
    pub y_base: Option<u32>,
    /// Drawn first.
    pub bands: Vec<Band>,
    /// Drawn above them, each in a colour of its own.
    pub lines: Vec<Line>,
    /// A horizontal line, with its name.
    pub level: Option<(String, f64)>,
    /// Points in the unit square [-1, 1)^2 and whether each is inside the circle: drawn beside the chart.
    pub darts: Vec<(f64, f64, bool)>,
}

/// Where numbers go in the picture.
struct Frame {
    x: (f64, f64),
    /// Of the logarithms, where y is logarithmic.
    y: (f64, f64),
    y_is_log: bool,
}

impl Frame {
    fn of(chart: &Chart) -> Frame {
        let band =
            chart.bands.iter().flat_map(|band| band.points.iter().flat_map(|&(x, low, high)| [(x, low), (x, high)]));
        let points: Vec<(f64, f64)> =
            chart.lines.iter().flat_map(|line| line.points.iter().copied()).chain(band).collect();
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values
                .filter(|v| v.is_finite())
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
        };
        let x = range(&mut points.iter().map(|p| p.0.log2()));
        let level = chart.level.as_ref().map(|(_, y)| *y);
        let y_is_log = chart.y_base.is_some();
        let scaled = |y: f64| if y_is_log { y.log2() } else { y };
        let y = range(&mut points.iter().map(|p| p.1).chain(level).map(scaled));
        Frame { x: opened(x, 0.0), y: opened(y, 0.06), y_is_log }
    }

    fn x(&self, x: f64) -> f64 {
        let share = (x.log2() - self.x.0) / (self.x.1 - self.x.0);
        MARGIN.0 + share * (SIZE.0 - MARGIN.0 - MARGIN.1)
    }

    fn y(&self, y: f64) -> f64 {
        let y = if self.y_is_log { y.log2() } else { y };
        let share = (y - self.y.0) / (self.y.1 - self.y.0);
        SIZE.1 - MARGIN.3 - share * (SIZE.1 - MARGIN.2 - MARGIN.3)
    }
}

/// A range that is not empty, with so much room at both ends.
fn opened((low, high): (f64, f64), room: f64) -> (f64, f64) {
    if low > high {
        return (0.0, 1.0);
    }
    let width = if high > low { high - low } else { low.abs().max(1.0) * 1e-3 };
    if high > low { (low - room * width, high + room * width) } else { (low - width, high + width) }
}

/// Round numbers in `low..=high`, about `count` of them: multiples of 1, 2 or 5 times a power of ten.
fn round_ticks((low, high): (f64, f64), count: f64) -> Vec<(f64, usize)> {
    let raw = (high - low) / count;
    let power = raw.log10().floor();
    let unit = 10_f64.powf(power);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|f| f * unit).find(|&s| s >= raw).unwrap_or(10.0 * unit);
    let digits = (-step.log10().floor()).max(0.0) as usize;
    let first = (low / step).ceil() as i64;
    (first..).map(|i| i as f64 * step).take_while(|&v| v <= high).map(|v| (v, digits)).collect()
}

/// Powers of `base` in the range of logarithms, thinned to a dozen at most.
fn power_ticks((low, high): (f64, f64), base: u32) -> Vec<(f64, i64)> {
    let per = f64::from(base).log2();
    let (first, last) = ((low / per - 1e-9).ceil() as i64, (high / per + 1e-9).floor() as i64);
    let step = ((last - first) / 12 + 1).max(1);
    (first..=last).filter(|e| e % step == 0).map(|e| (f64::from(base).powi(e as i32), e)).collect()
}

/// Digits after the point that a power of two or ten is worth.
fn fraction_digits(value: f64) -> usize {
    if value >= 1.0 { 0 } else { (-value.log10()).ceil() as usize + 1 }
}

/// Colour and dashes of the line with this number; the fifth has the first colour with other dashes.
fn style(line: usize) -> (&'static str, &'static str) {
    (COLOURS[line % COLOURS.len()], DASHES[(line + line / COLOURS.len()) % DASHES.len()])
}

/// A point of the line with this number: disc, square, triangle or diamond.
fn mark(line: usize, (x, y): (f64, f64), colour: &str, out: &mut String) {
    let path = match line % 4 {
        0 => format!("M{:.1} {y:.1}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0Z", x - 3.0),
        1 => format!("M{:.1} {:.1}h6v6h-6Z", x - 3.0, y - 3.0),
        2 => format!("M{x:.1} {:.1}l4 7h-8Z", y - 4.5),
        _ => format!("M{x:.1} {:.1}l4 4l-4 4l-4 -4Z", y - 4.0),
    };
    // Writing into a string cannot fail.
    let _ = writeln!(out, r##"<path d="{path}" fill="{colour}"/>"##);
}

/// Text as it stands in SVG and HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Chart {
    /// The picture.
    pub fn svg(&self) -> String {
        let frame = Frame::of(self);
        let width = if self.darts.is_empty() { SIZE.0 } else { SIZE.0 + SQUARE + 40.0 };
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = write!(
            out,
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{h}" viewBox="0 0 {width} {h}" font-family="sans-serif" font-size="13" fill="{INK}" role="img">
<title>{title}</title>
<rect width="{width}" height="{h}" fill="white"/>
<text x="{left}" y="28" font-size="16">{title}</text>
"##,
            h = SIZE.1,
            left = MARGIN.0,
            title = escaped(&self.title),
        );
        self.axes(&frame, &mut out);
        self.curves(&frame, &mut out);
        self.legend(&mut out);
        self.square(&mut out);
        out.push_str("</svg>\n");
        out
    }

    fn axes(&self, frame: &Frame, out: &mut String) {
        let (left, right) = (MARGIN.0, SIZE.0 - MARGIN.1);
        let (top, bottom) = (MARGIN.2, SIZE.1 - MARGIN.3);
        let powers = self
            .y_base
            .map(|base| power_ticks(frame.y, base).into_iter().map(|(v, _)| (v, fraction_digits(v))).collect());
        for (value, digits) in powers.unwrap_or_else(|| round_ticks(frame.y, 6.0)) {
            let y = frame.y(value);
            let _ = writeln!(
                out,
                r##"<path d="M{left} {y:.1}H{right}" stroke="{FAINT}"/><text x="{x}" y="{ty:.1}" text-anchor="end">{value:.digits$}</text>"##,
                x = left - 8.0,
                ty = y + 4.5,
            );
        }
        for (value, exponent) in power_ticks(frame.x, self.x_base) {
            let (x, base) = (frame.x(value), self.x_base);
            let _ = writeln!(
                out,
                r##"<path d="M{x:.1} {bottom}v5" stroke="{INK}"/><text x="{x:.1}" y="{ty}" text-anchor="middle">{base}<tspan dy="-5" font-size="10">{exponent}</tspan></text>"##,
                ty = bottom + 21.0,
            );
        }
        let _ = writeln!(
            out,
            r##"<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="{INK}"/>
<text x="{cx}" y="{by}" text-anchor="middle">{x}</text>
<text transform="translate(18 {cy}) rotate(-90)" text-anchor="middle">{y}</text>"##,
            cx = (left + right) / 2.0,
            by = SIZE.1 - 12.0,
            cy = (top + bottom) / 2.0,
            x = escaped(&self.x_label),
            y = escaped(&self.y_label),
        );
    }

    fn curves(&self, frame: &Frame, out: &mut String) {
        let path = |points: &mut dyn Iterator<Item = (f64, f64)>| {
            let words: Vec<String> = points.map(|(x, y)| format!("{:.1} {:.1}", frame.x(x), frame.y(y))).collect();
            format!("M{}", words.join("L"))
        };
        for (band, colour) in self.bands.iter().zip(COLOURS) {
            let there = band.points.iter().map(|&(x, _, high)| (x, high));
            let back = band.points.iter().rev().map(|&(x, low, _)| (x, low));
            let d = path(&mut there.chain(back));
            let _ = writeln!(out, r##"<path d="{d}Z" fill="{colour}" fill-opacity="0.2"/>"##);
        }
        if let Some((_, level)) = &self.level {
            let (y, right) = (frame.y(*level), SIZE.0 - MARGIN.1);
            let _ =
                writeln!(out, r##"<path d="M{} {y:.1}H{right}" stroke="{INK}" stroke-dasharray="5 4"/>"##, MARGIN.0);
        }
        for (i, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.points.is_empty()) {
            let (colour, dashes) = style(i);
            let d = path(&mut line.points.iter().copied());
            let _ = writeln!(
                out,
                r##"<path d="{d}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>"##
            );
            for &(x, y) in &line.points {
                mark(i, (frame.x(x), frame.y(y)), colour, out);
            }
        }
    }

    fn legend(&self, out: &mut String) {
        let dashed = |i| format!(r#" stroke-dasharray="{}""#, style(i).1);
        let lines = self.lines.iter().enumerate().map(|(i, line)| (&line.name, style(i).0, "2", "1", dashed(i)));
        let bands =
            self.bands.iter().zip(COLOURS).map(|(band, colour)| (&band.name, colour, "12", "0.2", String::new()));
        let level = self.level.iter().map(|(name, _)| (name, INK, "1", "1", r#" stroke-dasharray="5 4""#.to_owned()));
        for (i, (name, colour, width, opacity, dashes)) in lines.chain(bands).chain(level).enumerate() {
            let (x, y) = (
                if self.y_base.is_some() { MARGIN.0 + 16.0 } else { SIZE.0 - MARGIN.1 - 190.0 },
                MARGIN.2 + 14.0 + 19.0 * i as f64,
            );
            let _ = writeln!(
                out,
                r##"<path d="M{x} {y}h24" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}"{dashes}/><text x="{tx}" y="{ty}">{name}</text>"##,
                tx = x + 32.0,
                ty = y + 4.5,
                name = escaped(name),
            );
        }
    }

    fn square(&self, out: &mut String) {
        if self.darts.is_empty() {
            return;
        }
        let (left, top, r) = (SIZE.0 + 16.0, MARGIN.2 + 16.0, SQUARE / 2.0);
        let (cx, cy) = (left + r, top + r);
        let _ = writeln!(
            out,
            r##"<rect x="{left}" y="{top}" width="{SQUARE}" height="{SQUARE}" fill="none" stroke="{INK}"/>
<circle cx="{cx}" cy="{cy}" r="{r}" fill="none" stroke="{INK}"/>
<text x="{cx}" y="{ty}" text-anchor="middle">the first {n} darts, {hits} of them inside</text>"##,
            ty = top + SQUARE + 22.0,
            n = self.darts.len(),
            hits = self.darts.iter().filter(|dart| dart.2).count(),
        );
        for &(x, y, inside) in &self.darts {
            let colour = if inside { COLOURS[0] } else { COLOURS[1] };
            let _ =
                writeln!(out, r##"<circle cx="{:.1}" cy="{:.1}" r="1.5" fill="{colour}"/>"##, cx + r * x, cy - r * y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let ticks =
            |range, count| round_ticks(range, count).into_iter().map(|(v, d)| format!("{v:.d$}")).collect::<Vec<_>>();
        assert_eq!(ticks((0.0, 10.0), 5.0), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(ticks((3.1412, 3.1419), 4.0), ["3.1412", "3.1414", "3.1416", "3.1418"]);
        assert_eq!(power_ticks((0.0, 10.0), 10), [(1.0, 0), (10.0, 1), (100.0, 2), (1000.0, 3)]);
        assert!(power_ticks((0.0, 60.0), 2).len() <= 13);
    }

    #[test]
    fn nothing_to_draw_is_still_a_picture() {
        let empty = Chart {
            title: "a < b".into(),
            x_label: String::new(),
            y_label: String::new(),
            x_base: 10,
            y_base: None,
            bands: Vec::new(),
            lines: Vec::new(),
            level: None,
            darts: Vec::new(),
        };
        let svg = empty.svg();
        assert!(svg.contains("a &lt; b") && svg.ends_with("</svg>\n") && !svg.contains("NaN"));
        let one = Chart { lines: vec![Line { name: "one".into(), points: vec![(1.0, 5.0)] }], ..empty };
        assert!(!one.svg().contains("NaN"));
    }
}
