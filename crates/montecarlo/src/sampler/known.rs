//! Values that are known already, added up by the code that adds up those of every integrand.
//!
//! Stands beside [`lanes`](super::lanes), which has the sums. A [`Kernel`] that changes the values
//! of another one evaluates them first; its [`add`](Kernel::add) hands them over here.

use montesieve_kernel::isa::Supported;

use super::{BlockRule, Kernel, LaneSums};
use crate::integrand::Integrand;
use crate::uniform::{Row, WIDTH};

/// An integrand whose only coordinate is its value.
#[derive(Clone)]
struct Known;

impl Integrand for Known {
    fn dimension(&self) -> usize {
        1
    }

    fn exact(&self) -> Option<f64> {
        None
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        u[0]
    }
}

/// Adds the first `samples` of these values to `sums`, 128 in a row: those of the first component,
/// then those of the second, and so on, each by its rule.
///
/// # Panics
/// If there are too few rows.
pub(super) fn add_known(values: &[Row], samples: usize, rules: &[BlockRule], sums: &mut [LaneSums], isa: Supported) {
    let each = values.chunks_exact(samples.div_ceil(WIDTH));
    for ((values, rule), sums) in each.zip(rules).zip(sums) {
        Kernel::add(&mut Known, values, samples, &[*rule], std::slice::from_mut(sums), isa);
    }
}
