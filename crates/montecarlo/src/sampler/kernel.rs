//! What a sampler evaluates: an [`Integrand`] compiled for every instruction set, or what a method
//! makes of one.
//!
//! Stands between `integrand`, which is written once in plain Rust, and the samplers, which know
//! neither its type nor how its code was compiled.

use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

use super::known::add_known;
use super::lanes::{Accumulation, BlockRule, LaneSums};
use crate::integrand::Integrand;
use crate::scale::Scale;
use crate::uniform::{Row, WIDTH};

/// An [`Integrand`] compiled for every instruction set, or what a method makes of another kernel:
/// that one has the same integral, and says only how its values are evaluated.
pub trait Kernel {
    /// The kernel that this one is made of; itself for an integrand, which says all of the below.
    fn inner(&self) -> &dyn Kernel;
    /// See [`Integrand::dimension`].
    fn dimension(&self) -> usize {
        self.inner().dimension()
    }
    /// See [`Integrand::volume`].
    fn volume(&self) -> f64 {
        self.inner().volume()
    }
    /// See [`Integrand::exact`].
    fn exact(&self) -> Option<f64> {
        self.inner().exact()
    }
    /// See [`Integrand::is_indicator`]. What a method makes of 0 and 1 are other values.
    fn is_indicator(&self) -> bool {
        false
    }
    /// See [`Integrand::is_weighted`].
    fn is_weighted(&self) -> bool {
        self.inner().is_weighted()
    }
    /// See [`Integrand::place`].
    fn place(&self, u: &[f64]) -> Vec<f64> {
        self.inner().place(&self.image(u))
    }
    /// One coordinate of the place, where the others are in the middle.
    fn coordinate(&self, number: usize, u: f64) -> f64 {
        let mut point = vec![0.5; self.dimension()];
        point[number] = u;
        self.place(&point)[number]
    }
    /// See [`Integrand::range`].
    fn range(&self, coordinate: usize) -> [f64; 2] {
        self.inner().range(coordinate)
    }
    /// The point of the cube at which the integrand itself is evaluated for u: another one behind a
    /// map. [`place`](Kernel::place) is the place of that.
    fn image(&self, u: &[f64]) -> Vec<f64> {
        u.to_vec()
    }
    /// Numbers that are a value: 1 to [`MOST_COMPONENTS`](crate::components::MOST_COMPONENTS). Of
    /// an [`Integrand`], 1.
    fn components(&self) -> usize {
        self.inner().components()
    }
    /// The values of the first component at one group of 128 points.
    fn values(&mut self, u: &[Row]) -> Row {
        self.all_values(u)[0]
    }
    /// Those of all components: a row for each.
    fn all_values(&mut self, u: &[Row]) -> Vec<Row> {
        let mut values = vec![Row::all(0.0); self.components()];
        self.evaluate(u, &mut values, Isa::Portable.require());
        values
    }
    /// The values at groups of 128 points, of which `rows` holds as many rows as a point has
    /// coordinates, with the instructions of `isa`: a row of the first component for each group,
    /// then those of the second, and so on.
    fn evaluate(&mut self, rows: &[Row], values: &mut [Row], isa: Supported);
    /// Adds the values of the first `samples` samples of `rows` to `sums`; each component by its
    /// rule.
    ///
    /// # Panics
    /// If there are too few rows, rules or sums.
    fn add(&mut self, rows: &[Row], samples: usize, rules: &[BlockRule], sums: &mut [LaneSums], isa: Supported) {
        let groups = samples.div_ceil(WIDTH);
        let mut values = vec![Row::all(0.0); groups * self.components()];
        self.evaluate(&rows[..groups * self.dimension()], &mut values, isa);
        add_known(&values, samples, rules, sums, isa);
    }
    /// One for another rank or test.
    fn duplicate(&self) -> Box<dyn Kernel>;
}

impl<I: Integrand + Clone + 'static> Kernel for I {
    fn inner(&self) -> &dyn Kernel {
        self
    }

    fn dimension(&self) -> usize {
        Integrand::dimension(self)
    }

    fn volume(&self) -> f64 {
        Integrand::volume(self)
    }

    fn exact(&self) -> Option<f64> {
        Integrand::exact(self)
    }

    fn is_indicator(&self) -> bool {
        Integrand::is_indicator(self)
    }

    fn is_weighted(&self) -> bool {
        Integrand::is_weighted(self)
    }

    fn place(&self, u: &[f64]) -> Vec<f64> {
        Integrand::place(self, u)
    }

    fn range(&self, coordinate: usize) -> [f64; 2] {
        Integrand::range(self, coordinate)
    }

    fn components(&self) -> usize {
        1
    }

    fn evaluate(&mut self, rows: &[Row], values: &mut [Row], isa: Supported) {
        evaluate(isa, self, rows, values);
    }

    fn add(&mut self, rows: &[Row], samples: usize, rules: &[BlockRule], sums: &mut [LaneSums], isa: Supported) {
        add(isa, self, rows, samples, rules[0], &mut sums[0]);
    }

    fn duplicate(&self) -> Box<dyn Kernel> {
        Box::new(self.clone())
    }
}

dispatch! {
    fn evaluate[I: Integrand][I](isa: Supported, integrand: &mut I, rows: &[Row], values: &mut [Row])
        = evaluate_kernel(integrand, rows, values);
}

#[inline(always)]
fn evaluate_kernel<I: Integrand>(integrand: &mut I, rows: &[Row], values: &mut [Row]) {
    for (group, values) in rows.chunks_exact(integrand.dimension()).zip(values) {
        *values = integrand.values(group);
    }
}

dispatch! {
    fn add[I: Integrand][I](
        isa: Supported, integrand: &mut I, rows: &[Row], samples: usize, rule: BlockRule, sums: &mut LaneSums
    ) = add_kernel(integrand, rows, samples, rule, sums);
}

#[inline(always)]
fn add_kernel<I: Integrand>(
    integrand: &mut I,
    rows: &[Row],
    samples: usize,
    BlockRule { shift, accumulation }: BlockRule,
    sums: &mut LaneSums,
) {
    let mut groups = rows.chunks_exact(integrand.dimension());
    let whole = groups.by_ref().take(samples / WIDTH);
    // A loop for each accumulation: where the values' address goes to a function they are copied
    // first, a fifth of the time of a short expression (Intel Sapphire Rapids).
    match accumulation {
        Accumulation::Fast => {
            for group in whole {
                let values = integrand.values(group);
                sums.first.update(&values, |sum, value| sum + (value - shift));
                sums.second.update(&values, |sum, value| sum + (value - shift) * (value - shift));
            }
        }
        Accumulation::Careful(scale) => {
            for group in whole {
                add_carefully(&integrand.values(group).0, shift, scale, sums);
            }
        }
    }
    let rest = samples % WIDTH;
    if rest > 0 {
        let values = integrand.values(groups.next().expect("rows for every sample"));
        let values = &values.0[..rest];
        match accumulation {
            Accumulation::Fast => values.iter().enumerate().for_each(|(place, &value)| {
                sums.first.0[place] += value - shift;
                sums.second.0[place] += (value - shift) * (value - shift);
            }),
            Accumulation::Careful(scale) => add_carefully(values, shift, scale, sums),
        }
    }
}

/// Adds values, each to its place. Stands apart so that fast loops stay short.
#[cold]
#[inline(never)]
fn add_carefully(values: &[f64], shift: f64, scale: Scale, sums: &mut LaneSums) {
    let LaneSums { first, second, nans, largest } = sums;
    let factor = scale.factor();
    for (place, &value) in values.iter().enumerate() {
        if value.is_nan() {
            nans.0[place] += 1.0;
            continue;
        }
        // Each is scaled for itself: the difference may be too large.
        let part = value * factor - shift * factor;
        first.0[place] += part;
        second.0[place] += part * part;
        largest.0[place] = largest.0[place].max((value - shift).abs());
    }
}
