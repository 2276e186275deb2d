//! Values in groups as SVG: a mark each, over a logarithmic y axis.
//!
//! Stands beside `chart`, which draws lines over numbers: here each group has a name. Marks and not
//! bars, since a logarithmic axis has no zero for a bar to start at. Shapes tell the series apart
//! in black and white too.

use std::fmt::Write;

use super::picture::escaped;

/// Width and height of the whole picture, in pixels of 1/96 inch.
const SIZE: (f64, f64) = (900.0, 440.0);
/// From the left, right, top and bottom edge to the axes.
const MARGIN: (f64, f64, f64, f64) = (84.0, 130.0, 52.0, 56.0);
const INK: &str = "#222222";
const FAINT: &str = "#dddddd";
/// The Okabe-Ito palette, black first, for at most eight series.
const COLOURS: [&str; 8] = ["#000000", "#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#f0e442"];

/// Marks of the series, in the order of the colours: paths about (0, 0).
const MARKS: [&str; 8] = [
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "M-4.5 -4.5h9v9h-9z",
    "M0 -5.5l5 9h-10z",
    "M0 -6l5 6l-5 6l-5 -6z",
    "M0 5.5l5 -9h-10z",
    "M-6 -1.5h4.5v-4.5h3v4.5h4.5v3h-4.5v4.5h-3v-4.5h-4.5z",
    "M-5 -2.5h10v5h-10z",
    "M-2.5 -5h5v10h-5z",
];

/// Values of several series in groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Dots {
    /// The title above them.
    pub title: String,
    /// The label of y.
    pub y_label: String,
    /// Names of the values in each group.
    pub series: Vec<String>,
    /// Names of groups, and a value for each of the series; 0 for none.
    pub groups: Vec<(String, Vec<f64>)>,
}

impl Dots {
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
        self.groups(&mut out, (left, right, top, bottom), y);
        for (i, (name, colour)) in self.series.iter().zip(COLOURS).enumerate() {
            let (x, y) = (right + 14.0, top + 19.0 * i as f64);
            let _ = writeln!(
                out,
                r##"<path d="{mark}" transform="translate({mx} {my})" fill="{colour}"/><text x="{tx}" y="{ty}">{name}</text>"##,
                mark = MARKS[i % MARKS.len()],
                mx = x + 6.0,
                my = y + 6.0,
                tx = x + 20.0,
                ty = y + 11.0,
                name = escaped(name),
            );
        }
        let _ = writeln!(out, r##"<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="{INK}"/>"##);
        out.push_str("</svg>\n");
        out
    }

    fn groups(&self, out: &mut String, (left, right, top, bottom): (f64, f64, f64, f64), y: impl Fn(f64) -> f64) {
        let width = (right - left) / self.groups.len().max(1) as f64;
        let column = width * 0.84 / self.series.len().max(1) as f64;
        for (i, (name, values)) in self.groups.iter().enumerate() {
            let start = left + width * (i as f64 + 0.08);
            if i > 0 {
                let border = left + width * i as f64;
                let _ = writeln!(out, r##"<path d="M{border:.1} {top}V{bottom}" stroke="{FAINT}"/>"##);
            }
            for (j, (&value, colour)) in values.iter().zip(COLOURS).enumerate().filter(|(_, (v, _))| **v > 0.0) {
                let _ = writeln!(
                    out,
                    r##"<path d="{mark}" transform="translate({x:.1} {y:.1})" fill="{colour}"><title>{series}: {value}</title></path>"##,
                    mark = MARKS[j % MARKS.len()],
                    x = start + column * (j as f64 + 0.5),
                    y = y(value),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Dots {
        Dots {
            title: "a < b".to_owned(),
            y_label: "seconds".to_owned(),
            series: vec!["alone".to_owned(), "server".to_owned()],
            groups: vec![("7".to_owned(), vec![0.02, 0.5]), ("11".to_owned(), vec![0.0, 0.3])],
        }
    }

    #[test]
    fn each_value_is_a_mark_and_nothing_is_none() {
        let svg = example().svg();
        assert_eq!(svg.matches("transform=\"translate").count(), 1 + 3 + 2, "label, values, legend");
        assert!(svg.contains("<title>server: 0.5</title>") && svg.contains("a &lt; b") && svg.ends_with("</svg>\n"));
        assert_eq!(example().decades(), (-2, 0));
    }

    #[test]
    fn nothing_to_draw_is_a_picture_too() {
        for groups in [vec![], vec![("1".to_owned(), vec![0.0, 0.0])], vec![("1".to_owned(), vec![1.0, 1.0])]] {
            let svg = Dots { groups, ..example() }.svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.ends_with("</svg>\n"));
        }
    }
}
