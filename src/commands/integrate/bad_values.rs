//! Values of an integrand that are no finite numbers: what a job says about them, and when they end
//! it.
//!
//! Stands apart from `nan`, which knows what options allow, and from `problem`, which has the rest
//! of a job.

use super::args::NanPolicy;
use super::nan;
use super::problem::Problem;
use crate::commands::command::Check;
use crate::error::{Error, Result};
use crate::montecarlo::irregular::BadSample;
use crate::montecarlo::sampler::FoundValue;
use crate::montecarlo::uniform::{Row, WIDTH};

/// Samples that the root tests before the work: enough to find an integrand that is not a number on
/// part of its region.
const PRECHECK: u64 = 4096;

/// The same where each may take long: nothing runs beside it.
const SLOW_PRECHECK: u64 = WIDTH as u64;

impl Problem {
    /// The sentence about a value that is no finite number.
    pub(super) fn bad_value(&self, bad: &FoundValue) -> String {
        self.sentence(Some(bad.component), bad.value, &bad.place)
    }

    /// The same with the component, if it is known, at a point of the region.
    fn sentence(&self, component: Option<usize>, value: f64, place: &[f64]) -> String {
        let component = component.filter(|_| self.components() > 1);
        let what = component.map(|number| format!("component {} of ", number + 1)).unwrap_or_default();
        let value = if value.is_nan() { "not a number".to_owned() } else { format!("{value}") };
        let place: Vec<String> = place.iter().map(f64::to_string).collect();
        format!("{what}the integrand is {value} at ({})", place.join(", "))
    }

    /// The first component with such a value at a point of the cube, which tallies do not have.
    /// `None` where the point of a forged checkpoint has none.
    fn component_at(&self, point: &[f64], is_bad: fn(f64) -> bool) -> Option<usize> {
        let is_inside = point.iter().all(|&u| 0.0 < u && u < 1.0);
        if self.components() == 1 || !is_inside {
            return None;
        }
        let rows: Vec<Row> = point.iter().map(|&u| Row::all(u)).collect();
        self.kernel.duplicate().all_values(&rows).iter().position(|row| is_bad(row.0[0]))
    }

    /// Whether such values spoil a tally, so that more samples are useless.
    pub(super) fn is_spoilt(&self, is_infinite: bool, nans: u64) -> bool {
        is_infinite || (self.nan == NanPolicy::Fail && nans > 0)
    }

    /// Refuses a tally that the first of these samples spoils.
    ///
    /// # Errors
    /// [`Error::Run`] with the value, its place, and advice.
    pub(super) fn judge(&self, infinite: Option<&BadSample>, nan: Option<&BadSample>) -> Result<()> {
        let sentence = |bad: &BadSample, value, is_bad| {
            self.sentence(self.component_at(&bad.point, is_bad), value, &self.kernel.place(&bad.point))
        };
        if let Some(bad) = infinite {
            return Err(Error::Run(sentence(bad, f64::INFINITY, f64::is_infinite)));
        }
        match nan.filter(|_| self.nan == NanPolicy::Fail) {
            Some(bad) => Err(Error::Run(format!("{}; {}", sentence(bad, f64::NAN, f64::is_nan), self.advice()))),
            None => Ok(()),
        }
    }

    /// The options that help where values are not numbers.
    pub(super) fn advice(&self) -> &'static str {
        nan::advice(self.method, self.is_trained, self.kernel.is_weighted())
    }

    /// Tests the first samples, so that early failures are reported before the work.
    ///
    /// # Errors
    /// A sentence about the first value that makes the job fail.
    pub(super) fn precheck(&self) -> Check {
        let samples = if self.slow_block.is_some() { SLOW_PRECHECK } else { PRECHECK };
        let is_bad = |value: f64| value.is_infinite() || (value.is_nan() && self.nan == NanPolicy::Fail);
        match self.sampler().first_bad(0, samples.min(self.values()), is_bad) {
            None => Ok(()),
            Some(bad) if bad.value.is_nan() => Err(format!("{}; {}", self.bad_value(&bad), self.advice())),
            Some(bad) => Err(self.bad_value(&bad)),
        }
    }
}
