//! Axes of a chart: positions of values, and labels of ticks.
//!
//! kuva's logarithms are decimal, but ranks need powers of two. So this module takes logarithms
//! beforehand, and labels the ticks with the original values.

use std::ops::Range;
use std::sync::Arc;

use kuva::render::layout::TickFormat;

use super::number;

/// The scale of an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// Numbers, at round ticks.
    #[default]
    Linear,
    /// Logarithms, at ticks of powers of this.
    Powers(u32),
    /// This many rows, numbered from 0 at the top; `y` is the row.
    Rows(u32),
}

/// An axis with its ends, in drawn units (logarithms for a logarithmic axis).
pub(super) struct Scale {
    axis: Axis,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The least span that is drawn; values nearer to each other are one.
const LEAST_SPAN: f64 = 1e-300;

/// No axis goes further: the distance of its ends is a number.
const MOST: f64 = 8e307;

/// The most digits of a label. Where ticks differ in a later digit, labels are those of the
/// difference from a number that the axis names.
const MOST_DIGITS: i32 = 6;

/// Numbers of this size are written as decimals, others like 5e25.
const DECIMAL: Range<f64> = 1e-4..1e6;

impl Scale {
    /// An axis for these values, with a margin of `room` at both ends.
    pub(super) fn of(axis: Axis, values: impl Iterator<Item = f64>, room: f64) -> Scale {
        let mut scale = Scale { axis, low: 0.0, high: 1.0 };
        let drawn = values.map(|value| scale.at(value)).filter(|value| value.is_finite());
        let drawn = drawn.map(|value| value.clamp(-MOST, MOST));
        let (low, high) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        (scale.low, scale.high) = match axis {
            Axis::Rows(rows) => (-0.7, f64::from(rows) - 0.3),
            _ if low > high => (0.0, 1.0),
            // Below that, the distance of ticks may be 0.
            _ if high - low < LEAST_SPAN => {
                let room = if low.abs() > 1e3 * LEAST_SPAN { low.abs() * 1e-3 } else { 1e-3 };
                (low - room, high + room)
            }
            _ => (low - room * (high - low), high + room * (high - low)),
        };
        scale
    }

    /// The position of a value.
    pub(super) fn at(&self, value: f64) -> f64 {
        match self.axis {
            Axis::Linear => value,
            Axis::Powers(base) => value.log2() / f64::from(base).log2(),
            Axis::Rows(rows) => f64::from(rows) - 1.0 - value,
        }
    }

    /// The distance of ticks.
    pub(super) fn step(&self) -> f64 {
        match self.axis {
            Axis::Linear => round_step((self.low, self.high), 6.0),
            Axis::Powers(_) => ((self.high - self.low) / 12.0).floor() + 1.0,
            Axis::Rows(rows) => f64::from(rows.div_ceil(32)),
        }
    }

    /// The labels of the ticks.
    pub(super) fn names(&self) -> TickFormat {
        match self.axis {
            Axis::Linear => {
                let (step, base) = (self.step(), self.base().unwrap_or(0.0));
                let size = (self.low - base).abs().max((self.high - base).abs());
                TickFormat::Custom(Arc::new(move |value| decimal(value - base, step, size)))
            }
            Axis::Powers(base) => TickFormat::Custom(Arc::new(move |exponent| power(base, exponent))),
            Axis::Rows(rows) => TickFormat::Custom(Arc::new(move |y| format!("{:.0}", f64::from(rows) - 1.0 - y))),
        }
    }

    /// The number that labels are differences from, if ticks themselves have too many digits: in
    /// the middle, and with two digits less than their distance.
    fn base(&self) -> Option<f64> {
        let last = last_digit(self.step());
        let first = self.low.abs().max(self.high.abs()).log10().floor() as i32;
        let unit = 10_f64.powi(last + 2);
        let is_long = matches!(self.axis, Axis::Linear) && first - last >= MOST_DIGITS;
        is_long.then(|| ((self.low + self.high) / 2.0 / unit).round() * unit).filter(|&base| base != 0.0)
    }

    /// What the axis shows: `label`, with the number that labels are differences from.
    pub(super) fn label(&self, label: &str) -> String {
        self.base().map_or_else(|| label.to_owned(), |base| format!("{label}, less {}", number(base)))
    }
}

/// The decimal place of the only digit of a round step: -2 for 0.05.
fn last_digit(step: f64) -> i32 {
    // Steps are rounded: 1e-3 may be a bit less.
    (step.log10() + 1e-9).floor() as i32
}

/// A multiple of `step` among numbers up to `size`, with the digits that tell it from the next one.
fn decimal(value: f64, step: f64, size: f64) -> String {
    // Ticks are sums of steps, with their rounding.
    let (count, last) = ((value / step).round(), last_digit(step));
    let value = count * step;
    if count == 0.0 {
        return "0".to_owned();
    }
    if DECIMAL.contains(&size) {
        return format!("{value:.*}", (-last).max(0) as usize);
    }
    let digits = (value.abs().log10() + 1e-9).floor() as i32 - last;
    let text = format!("{value:.*e}", digits.max(0) as usize);
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => {
            format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// A power in readable form: 8, 0.25, 10000, 1e5.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_small_numbers_have_labels() {
        for size in [0.0, 5e-324, 1e-308, 1e-299, 1e-30, 1.0] {
            let scale = Scale::of(Axis::Linear, [size, 2.0 * size].into_iter(), 0.03);
            let labels = [scale.low, scale.high].map(|value| scale.names().format(value));
            assert!(scale.step() > 0.0 && labels.iter().all(|label| label.len() < 30), "{size}: {labels:?}");
        }
    }

    /// The labels of an axis from `low` to `high`, at the ticks that kuva makes: sums of steps.
    fn labels(low: f64, high: f64) -> Vec<String> {
        let scale = Scale::of(Axis::Linear, [low, high].into_iter(), 0.0);
        let step = scale.step();
        let first = (scale.low / step).ceil() * step;
        let ticks = std::iter::successors(Some(first), |tick| Some(tick + step)).take_while(|&tick| tick <= scale.high);
        ticks.map(|tick| scale.names().format(tick)).collect()
    }

    #[test]
    fn labels_are_short_and_differ() {
        for (low, high, expected) in [
            (0.0, 1.0, ["0", "0.2"]),
            (-0.5, 0.5, ["-0.4", "-0.2"]),
            (0.0, 1e25, ["0", "2e24"]),
            (4.99e24, 5.01e24, ["4.99e24", "4.995e24"]),
            (4.995e-11, 5.005e-11, ["4.996e-11", "4.998e-11"]),
            (0.0, 6e-201, ["0", "1e-201"]),
            (4e199, 6e199, ["4e199", "4.5e199"]),
            (999_000.0, 1_001_000.0, ["9.99e5", "9.995e5"]),
            (-5e-5, 5e-5, ["-4e-5", "-2e-5"]),
            (200.0, 900.0, ["200", "400"]),
        ] {
            let found = labels(low, high);
            assert_eq!(found[..2], expected, "{low:e} to {high:e}: {found:?}");
        }
        for size in (-300..308).map(|exponent| 10_f64.powi(exponent)) {
            for (low, high) in [(0.1, 0.9), (0.49999, 0.50001), (-1.0, 1.0), (0.123_456_7, 0.123_456_8), (-0.7, -0.699)]
            {
                let mut found = labels(low * size, high * size);
                assert!(found.len() > 2 && found.iter().all(|label| label.len() < 13), "{found:?}");
                let all = found.len();
                found.dedup();
                assert_eq!(found.len(), all, "{found:?}");
            }
        }
    }

    #[test]
    fn an_axis_names_what_its_labels_lack() {
        let scale = |low, high| Scale::of(Axis::Linear, [low, high].into_iter(), 0.0);
        assert_eq!(scale(0.0, 1.0).label("y"), "y");
        assert_eq!(scale(999_999_999.9, 1_000_000_000.1).label("y"), "y, less 1000000000");
        assert_eq!(labels(999_999_999.9, 1_000_000_000.1)[..2], ["-0.10", "-0.05"]);
        assert_eq!(scale(-5e25 - 1e17, -5e25 + 1e17).label("y"), "y, less -5e25");
    }

    #[test]
    fn an_axis_may_have_any_length() {
        for (low, high) in
            [(-f64::MAX, f64::MAX), (f64::MAX, f64::MAX), (0.0, 0.0), (5e-324, 5e-324), (-1e-310, 1e-310)]
        {
            let scale = Scale::of(Axis::Linear, [low, high].into_iter(), 0.06);
            assert!(scale.low < scale.high && scale.step() > 0.0 && (scale.high - scale.low).is_finite());
            assert!(labels(low, high).iter().all(|label| label.len() < 13), "{:?}", labels(low, high));
        }
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(round_step((0.0, 10.0), 5.0), 2.0);
        assert_eq!(round_step((3.1412, 3.1419), 4.0), 0.0002);
        let ranks = Scale::of(Axis::Powers(2), [1.0, 1024.0].into_iter(), 0.0);
        assert_eq!((ranks.low, ranks.high, ranks.step()), (0.0, 10.0, 1.0));
        assert_eq!(Scale::of(Axis::Powers(2), [1.0, 2f64.powi(60)].into_iter(), 0.0).step(), 6.0);
        assert_eq!([(2, 3.0), (2, -2.0), (10, 5.0), (10, 0.0)].map(|(b, e)| power(b, e)), ["8", "0.25", "1e5", "1"]);
    }
}
