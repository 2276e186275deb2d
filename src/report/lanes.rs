//! Rows over time as SVG: what each rank did when, with messages as arrows.
//!
//! Stands beside `bars`, which draws groups of bars, and `chart`, whose rows are shares of bins.
//! Here each span is drawn at its own time, since a message of a microsecond is the point.

use std::fmt::Write;

use super::picture::escaped;

/// Width of the picture and height of a row, in pixels of 1/96 inch.
const WIDTH: f64 = 900.0;
const ROW: f64 = 40.0;
/// Share of a row that its bar fills.
const BAR: f64 = 0.55;
/// From the left, right, top and bottom edge to the rows.
const MARGIN: (f64, f64, f64, f64) = (72.0, 215.0, 52.0, 56.0);
/// A narrower span could not be seen.
const NARROWEST: f64 = 0.7;
/// Arrows beyond this number hide each other: the picture ends with the last of them.
const MOST_ARROWS: usize = 120;
const INK: &str = "#222222";
const FAINT: &str = "#dddddd";
/// Pale blue for the time of no name; then grey and the Okabe-Ito palette.
const COLOURS: [&str; 8] = ["#bcdff2", "#8c8c8c", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#0072b2", "#f0e442"];

/// The rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    /// The title above them.
    pub title: String,
    /// Their names.
    pub rows: Vec<String>,
    /// The names of the kinds of spans.
    pub kinds: Vec<String>,
    /// The spans; later ones are drawn above earlier ones.
    pub spans: Vec<Span>,
    /// The messages.
    pub arrows: Vec<Arrow>,
}

/// A part of a row. Times are microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The row.
    pub row: usize,
    /// When it begins.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// Which of the kinds it is.
    pub kind: usize,
}

/// A message from a row and a time to a row and a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrow {
    /// Where and when it is sent.
    pub from: (usize, f64),
    /// Where and when it is received.
    pub to: (usize, f64),
}

impl Lanes {
    /// When the picture ends, and whether that is before the end.
    fn end(&self) -> (f64, bool) {
        let whole = self.spans.iter().map(|span| span.end).fold(0.0, f64::max);
        let mut arrivals: Vec<f64> = self.arrows.iter().map(|arrow| arrow.to.1).collect();
        arrivals.sort_by(f64::total_cmp);
        match arrivals.get(MOST_ARROWS) {
            Some(&cut) if cut < whole => (cut, true),
            _ => (whole, false),
        }
    }

    /// The picture.
    pub fn svg(&self) -> String {
        let (left, right, top) = (MARGIN.0, WIDTH - MARGIN.1, MARGIN.2);
        let bottom = top + ROW * self.rows.len().max(1) as f64;
        let height = (bottom + MARGIN.3).max(top + 20.0 * (self.kinds.len() + 2) as f64);
        let (end, is_cut) = self.end();
        let end = end.max(1e-3);
        let x = |time: f64| left + time.clamp(0.0, end) / end * (right - left);
        let title = escaped(&self.title) + if is_cut { " (its beginning)" } else { "" };
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" fill="{INK}" role="img">
<title>{title}</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
<rect width="{WIDTH}" height="{height}" fill="white"/>
<text x="{left}" y="28" font-size="16">{title}</text>"##,
        );
        axis(&mut out, end, x, (left, right, top, bottom));
        let middle = |row: usize| top + ROW * (row as f64 + 0.5);
        for (row, name) in self.rows.iter().enumerate() {
            let (x, y) = (left - 8.0, middle(row) + 4.5);
            let _ = writeln!(out, r##"<text x="{x}" y="{y}" text-anchor="end">{}</text>"##, escaped(name));
        }
        for span in self.spans.iter().filter(|span| span.start <= end) {
            let (start, y) = (x(span.start), middle(span.row) - ROW * BAR / 2.0);
            let (width, tall) = ((x(span.end) - start).max(NARROWEST), ROW * BAR);
            let colour = COLOURS[span.kind % COLOURS.len()];
            let _ = writeln!(
                out,
                r##"<rect x="{start:.2}" y="{y:.1}" width="{width:.2}" height="{tall}" fill="{colour}"/>"##
            );
        }
        for arrow in self.arrows.iter().filter(|arrow| arrow.to.1 <= end) {
            let (from, to) = (arrow.from, arrow.to);
            let down = if to.0 > from.0 { 1.0 } else { -1.0 };
            let edge = down * ROW * BAR / 2.0;
            let _ = writeln!(
                out,
                r##"<path d="M{:.2} {:.1}L{:.2} {:.1}" stroke="{INK}" stroke-width="0.9" marker-end="url(#tip)"/>"##,
                x(from.1),
                middle(from.0) + edge,
                x(to.1),
                middle(to.0) - edge,
            );
        }
        self.legend(&mut out, right + 14.0, top);
        out.push_str("</svg>\n");
        out
    }

    fn legend(&self, out: &mut String, x: f64, top: f64) {
        for (i, (name, colour)) in self.kinds.iter().zip(COLOURS.iter().cycle()).enumerate() {
            let y = top + 20.0 * i as f64;
            let _ = writeln!(
                out,
                r##"<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/><text x="{}" y="{}">{}</text>"##,
                x + 20.0,
                y + 11.0,
                escaped(name),
            );
        }
        if !self.arrows.is_empty() {
            let y = top + 20.0 * self.kinds.len() as f64 + 6.0;
            let _ = writeln!(
                out,
                r##"<path d="M{x} {y}h12" stroke="{INK}" marker-end="url(#tip)"/><text x="{}" y="{}">message</text>"##,
                x + 20.0,
                y + 4.5,
            );
        }
    }
}

/// The axis of time, in the unit that gives short numbers.
fn axis(out: &mut String, end: f64, x: impl Fn(f64) -> f64, (left, right, top, bottom): (f64, f64, f64, f64)) {
    let (unit, name) = match end {
        _ if end < 2e3 => (1.0, "microseconds"),
        _ if end < 2e6 => (1e3, "milliseconds"),
        _ => (1e6, "seconds"),
    };
    let step = tick(end / unit / 6.0);
    let digits = (-step.log10().floor()).max(0.0) as usize;
    let ticks = (0..).map(|i| step * f64::from(i)).take_while(|tick| tick * unit <= end);
    for tick in ticks {
        let (at, y) = (x(tick * unit), bottom + 19.0);
        let _ = writeln!(
            out,
            r##"<path d="M{at:.1} {top}V{bottom}" stroke="{FAINT}"/><text x="{at:.1}" y="{y}" text-anchor="middle">{tick:.digits$}</text>"##
        );
    }
    let (middle, y) = ((left + right) / 2.0, bottom + 42.0);
    let _ = writeln!(out, r##"<text x="{middle}" y="{y}" text-anchor="middle">{name}</text>"##);
    let _ = writeln!(out, r##"<path d="M{left} {bottom}H{right}" stroke="{INK}"/>"##);
}

/// The next of 1, 2, 5, 10, ... times a power of ten.
fn tick(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|digit| digit * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(arrows: usize) -> Lanes {
        Lanes {
            title: "a < b".to_owned(),
            rows: vec!["rank 0".to_owned(), "rank 1".to_owned()],
            kinds: vec!["own work".to_owned(), "MPI_Recv".to_owned()],
            spans: vec![
                Span { row: 0, start: 0.0, end: 1000.0, kind: 0 },
                Span { row: 1, start: 0.0, end: 1000.0, kind: 0 },
                Span { row: 1, start: 10.0, end: 10.0, kind: 1 },
            ],
            arrows: (0..arrows).map(|i| Arrow { from: (0, i as f64), to: (1, 2.0 + i as f64) }).collect(),
        }
    }

    #[test]
    fn each_span_is_a_bar_and_each_message_an_arrow() {
        let svg = example(3).svg();
        assert_eq!(svg.matches("<rect").count(), 1 + 3 + 2, "background, spans, legend");
        assert_eq!(svg.matches("marker-end").count(), 3 + 1, "messages, legend");
        assert!(svg.contains("<title>a &lt; b</title>") && svg.contains(">microseconds<"), "{svg}");
        assert!(svg.contains(r#"width="0.70""#), "a moment can be seen");
    }

    #[test]
    fn many_messages_end_the_picture() {
        assert_eq!(example(MOST_ARROWS).end(), (1000.0, false));
        assert_eq!(example(MOST_ARROWS + 1).end(), (2.0 + MOST_ARROWS as f64, true));
        assert!(example(1000).svg().contains("(its beginning)"));
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!([0.3, 1.0, 1.1, 3.0, 7.0].map(tick), [0.5, 1.0, 2.0, 5.0, 10.0]);
        let nothing = Lanes { rows: vec![], kinds: vec![], spans: vec![], arrows: vec![], ..example(0) };
        assert!(!nothing.svg().contains("NaN") && !nothing.svg().contains("inf"));
    }
}
