//! What a tally says about an integral: the same for all methods.
//!
//! Stands between the jobs, which read their tallies, and `result`, which reports.

use super::args::Points;
use crate::commands::rounds::Reading;
use crate::montecarlo::chi_square::ChiSquare;
use crate::montecarlo::histogram::BinTally;
use crate::montecarlo::mean::Mean;
use crate::report::IntervalKind;

/// What a tally says.
pub(super) struct IntegralFinding {
    /// The bins of histograms, as far as there are some.
    pub(super) bins: Option<BinTally>,
    /// What it says about each component: one at least.
    pub(super) components: Vec<ComponentFinding>,
    /// The correlations of the errors of components, row by row, if there are several; `None` where
    /// one is not known.
    pub(super) correlations: Vec<Vec<Option<f64>>>,
    pub(super) interval: IntervalKind,
    /// Of Student's t, where they are few.
    pub(super) degrees_of_freedom: Option<u64>,
    /// Samples taken, and those of training and trial among them.
    pub(super) samples: u64,
    pub(super) training: Option<u64>,
    /// What `--method auto` has chosen.
    pub(super) points: Option<Points>,
}

/// What a tally says about a component.
pub(super) struct ComponentFinding {
    /// The integral; `None` if these samples allow no estimate.
    pub(super) mean: Option<Mean>,
    /// Samples whose value is not a number.
    pub(super) nans: u64,
    pub(super) chi_square: Option<ChiSquare>,
}

/// The estimates from `samples` samples on the way.
pub(super) fn readings(samples: u64, means: Vec<Option<Mean>>) -> Vec<Reading> {
    let reading = |mean: Option<Mean>| {
        let Mean { estimate, std_error, ci95, least_error, .. } = mean?;
        Some(Reading { samples, estimate, std_error, ci95, least_error })
    };
    means.into_iter().map(reading).collect::<Option<_>>().unwrap_or_default()
}
