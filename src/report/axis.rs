//! Axes of a chart: positions of values, and labels of ticks.
//!
//! kuva's logarithms are decimal, but ranks need powers of two. So this module takes logarithms
//! beforehand, and labels the ticks with the original values.

use std::sync::Arc;

use kuva::render::layout::TickFormat;

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

/// The most digits behind the point of a label.
const MOST_DIGITS: usize = 17;

impl Scale {
    /// An axis for these values, with a margin of `room` at both ends.
    pub(super) fn of(axis: Axis, values: impl Iterator<Item = f64>, room: f64) -> Scale {
        let mut scale = Scale { axis, low: 0.0, high: 1.0 };
        let drawn = values.map(|value| scale.at(value)).filter(|value| value.is_finite());
        let (low, high) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        (scale.low, scale.high) = match axis {
            Axis::Rows(rows) => (-0.7, f64::from(rows) - 0.3),
            _ if low > high => (0.0, 1.0),
            // Below that, the distance of ticks may be 0.
            _ if high - low < LEAST_SPAN => (low - low.abs().max(1.0) * 1e-3, high + high.abs().max(1.0) * 1e-3),
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
        let digits = (-self.step().log10().floor()).max(0.0) as usize;
        match self.axis {
            // More digits than a number near 1 has: all numbers are small.
            Axis::Linear if digits > MOST_DIGITS => TickFormat::Sci,
            Axis::Linear => TickFormat::Fixed(digits),
            Axis::Powers(base) => TickFormat::Custom(Arc::new(move |exponent| power(base, exponent))),
            Axis::Rows(rows) => TickFormat::Custom(Arc::new(move |y| format!("{:.0}", f64::from(rows) - 1.0 - y))),
        }
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
