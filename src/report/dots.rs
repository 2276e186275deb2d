//! Bars in groups as SVG, over a logarithmic y axis.
//!
//! Stands beside `chart`, which draws lines over numbers: here each group has a name. Bars start at
//! the power of ten below the smallest value.

use std::fmt::Write;

/// Width and height of the whole picture, in pixels of 1/96 inch.
const SIZE: (f64, f64) = (900.0, 440.0);
/// From the left, right, top and bottom edge to the axes.
const MARGIN: (f64, f64, f64, f64) = (84.0, 130.0, 52.0, 56.0);
const INK: &str = "#222222";
const FAINT: &str = "#dddddd";
/// The Okabe-Ito palette, black first, for at most eight series.
const COLOURS: [&str; 8] = ["#000000", "#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#f0e442"];

/// Bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// The title above the bars.
    pub title: String,
    /// The label of y.
    pub y_label: String,
    /// Names of the bars in each group.
    pub series: Vec<String>,
    /// Names of groups, and a value for each of the series; 0 for none.
    pub groups: Vec<(String, Vec<f64>)>,
}

impl Bars {
    /// The powers of ten that enclose all values.
    fn decades(&self) -> (i32, i32) {
        let values = self.groups.iter().flat_map(|(_, values)| values).filter(|v| **v > 0.0 && v.is_finite());
        let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), &v| (low.min(v), high.max(v)));
        if high == 0.0 {
            return (-1, 0);
        }
        let low = low.log10().floor() as i32;
        (low, (high.log10().ceil() as i32).max(low + 1))
    }

    /// The picture.
    pub fn svg(&self) -> String {
        let ((left, right), (top, bottom)) = ((MARGIN.0, SIZE.0 - MARGIN.1), (MARGIN.2, SIZE.1 - MARGIN.3));
        let (low, high) = self.decades();
        let y = |value: f64| {
            let share = (value.log10() - f64::from(low)) / f64::from(high - low);
            bottom - share.clamp(0.0, 1.0) * (bottom - top)
        };
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" font-family="sans-serif" font-size="13" fill="{INK}" role="img">
<title>{title}</title>
<rect width="{w}" height="{h}" fill="white"/>
<text x="{left}" y="28" font-size="16">{title}</text>
<text transform="translate(18 {cy}) rotate(-90)" text-anchor="middle">{label}</text>"##,
            w = SIZE.0,
            h = SIZE.1,
            cy = (top + bottom) / 2.0,
            title = escaped(&self.title),
            label = escaped(&self.y_label),
        );
        for exponent in low..=high {
            let y = y(10_f64.powi(exponent));
            let _ = writeln!(
                out,
                r##"<path d="M{left} {y:.1}H{right}" stroke="{FAINT}"/><text x="{x}" y="{ty:.1}" text-anchor="end">10<tspan dy="-5" font-size="10">{exponent}</tspan></text>"##,
                x = left - 8.0,
                ty = y + 4.5,
            );
        }
        self.groups(&mut out, (left, right, bottom), y);
        for (i, (name, colour)) in self.series.iter().zip(COLOURS).enumerate() {
            let (x, y) = (right + 14.0, top + 19.0 * i as f64);
            let _ = writeln!(
                out,
                r##"<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/><text x="{tx}" y="{ty}">{name}</text>"##,
                tx = x + 20.0,
                ty = y + 11.0,
                name = escaped(name),
            );
        }
        let _ = writeln!(out, r##"<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="{INK}"/>"##);
        out.push_str("</svg>\n");
        out
    }

    fn groups(&self, out: &mut String, (left, right, bottom): (f64, f64, f64), y: impl Fn(f64) -> f64) {
        let width = (right - left) / self.groups.len().max(1) as f64;
        let bar = width * 0.84 / self.series.len().max(1) as f64;
        for (i, (name, values)) in self.groups.iter().enumerate() {
            let start = left + width * (i as f64 + 0.08);
            for (j, (&value, colour)) in values.iter().zip(COLOURS).enumerate().filter(|(_, (v, _))| **v > 0.0) {
                let (x, top) = (start + bar * j as f64, y(value));
                let _ = writeln!(
                    out,
                    r##"<rect x="{x:.1}" y="{top:.1}" width="{w:.1}" height="{h:.1}" fill="{colour}"><title>{series}: {value}</title></rect>"##,
                    w = bar * 0.92,
                    h = bottom - top,
                    series = escaped(&self.series[j]),
                );
            }
            let _ = writeln!(
                out,
                r##"<text x="{x:.1}" y="{y}" text-anchor="middle" font-size="11">{name}</text>"##,
                x = left + width * (i as f64 + 0.5),
                y = bottom + 21.0,
                name = escaped(name),
            );
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Bars {
        Bars {
            title: "a < b".to_owned(),
            y_label: "seconds".to_owned(),
            series: vec!["alone".to_owned(), "server".to_owned()],
            groups: vec![("7".to_owned(), vec![0.02, 0.5]), ("11".to_owned(), vec![0.0, 0.3])],
        }
    }

    #[test]
    fn each_value_is_a_bar_and_nothing_is_none() {
        let svg = example().svg();
        assert_eq!(svg.matches("<rect").count(), 1 + 3 + 2, "background, bars, legend");
        assert!(svg.contains("<title>server: 0.5</title>") && svg.contains("a &lt; b") && svg.ends_with("</svg>\n"));
        assert_eq!(example().decades(), (-2, 0));
    }

    #[test]
    fn nothing_to_draw_is_a_picture_too() {
        for groups in [vec![], vec![("1".to_owned(), vec![0.0, 0.0])], vec![("1".to_owned(), vec![1.0, 1.0])]] {
            let svg = Bars { groups, ..example() }.svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.ends_with("</svg>\n"));
        }
    }
}
