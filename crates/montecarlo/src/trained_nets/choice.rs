//! Which candidate of a trial is the best.
//!
//! Stands apart so that the rule can be read and tested alone. The smallest standard error wins,
//! but an error can be too small: points that have missed a peak agree with each other. Another
//! candidate that has found it has a larger error, and an estimate that is off by more than both
//! errors explain. So a candidate is passed over if one with a larger error is [`FAR`] off. And one
//! of which few values carry the sum ([`Doubt`](crate::mean::Doubt)) is passed over if there are
//! others: three points that hit a peak know little of their error.
//!
//! A lattice must be twice as good. Its replicates differ by one shift for each coordinate, so in
//! few dimensions their means may be far from normal: on a European option (one dimension, values
//! without a bound) 86 of 100 of its intervals cover, and 93 of Sobol's. And its points are no
//! longer even beyond 2^20.

use super::CANDIDATES;
use crate::mean::Mean;
use crate::nets::Family;

/// Common standard errors between two estimates of one integral: by chance more than this in one of
/// 900 pairs (Student's t, 15 degrees of freedom).
const FAR: f64 = 4.0;

/// What the error of a lattice counts, beside that of a Sobol net.
const OF_LATTICE: f64 = 2.0;

/// The number of the best of [`CANDIDATES`]; `None` if all have found nothing.
pub(super) fn best(means: &[Option<Mean>]) -> Option<usize> {
    let known = |is_sure: bool| {
        let known = means.iter().enumerate().filter_map(move |(number, mean)| {
            let mean = mean.filter(|mean| !is_sure || mean.doubt().is_none())?;
            Some((number, mean.estimate, mean.std_error?))
        });
        known.collect::<Vec<(usize, f64, f64)>>()
    };
    let sure = known(true);
    let mut known = if sure.is_empty() { known(false) } else { sure };
    let counted = |&(number, _, error): &(usize, f64, f64)| match CANDIDATES[number].family {
        Family::Sobol => error,
        Family::Lattice => OF_LATTICE * error,
    };
    // Stable: the first of equal ones stays the first.
    known.sort_by(|a, b| counted(a).total_cmp(&counted(b)));
    let agrees = |&&(_, estimate, error): &&(usize, f64, f64)| {
        let is_near = |&(_, other, larger): &(usize, f64, f64)| {
            larger <= error || (estimate - other).abs() <= FAR * libm::hypot(error, larger)
        };
        known.iter().all(is_near)
    };
    known.iter().find(agrees).map(|&(number, ..)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(estimate: f64, error: f64, share: f64) -> Option<Mean> {
        let parts = (estimate, (error > 0.0).then_some(error), 0.0);
        Some(Mean::from_parts(parts, 0, 1.0, Some(share), 10_000, 15))
    }

    fn means(of: &[(f64, f64)]) -> Vec<Option<Mean>> {
        of.iter().map(|&(estimate, error)| mean(estimate, error, 0.01)).collect()
    }

    #[test]
    fn the_smallest_error_wins_if_it_agrees() {
        assert_eq!(best(&means(&[(1.0, 0.1), (1.001, 0.01), (0.9, 0.2)])), Some(1));
        assert_eq!(best(&means(&[(1.0, 0.1), (1.001, 0.06), (0.9, 0.2)])), Some(0), "a lattice");
        assert_eq!(best(&means(&[(1.0, 0.1), (1.0, 0.1)])), Some(0));
        // The second has missed half of it.
        assert_eq!(best(&means(&[(1.0, 0.01), (0.5, 0.001), (1.01, 0.02)])), Some(0));
        assert_eq!(best(&means(&[(1.0, 0.3), (0.5, 0.001)])), Some(1), "by chance");
    }

    #[test]
    fn what_is_in_doubt_is_passed_over_if_there_are_others() {
        assert_eq!(best(&[mean(1e-6, 1e-6, 0.5), mean(1e-5, 2e-6, 0.05), mean(2e-6, 3e-6, 0.4)]), Some(1));
        assert_eq!(best(&[mean(1.0, 0.2, 0.5), mean(1.1, 0.05, 0.4)]), Some(1));
    }

    #[test]
    fn what_found_nothing_is_passed_over() {
        assert_eq!(best(&means(&[(0.0, 0.0), (3e-5, 1e-6)])), Some(1));
        assert_eq!(best(&means(&[(0.0, 0.0), (0.0, 0.0)])), None);
        assert_eq!(best(&[None, None]), None);
        assert_eq!(best(&[]), None);
    }
}
