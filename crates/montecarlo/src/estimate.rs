//! From hits and samples to pi: the estimate, its standard error and its 95 % interval.
//!
//! A dart hits with probability p = pi/4, so 4 hits/samples estimates pi. How far off it may be is
//! a question about a proportion, and the answer here is Wilson's (score) interval: with z the
//! normal quantile, n samples, h hits,
//!
//! `centre = (h + z^2/2) / (n + z^2)`, `half = z * sqrt(h (n-h) / n + z^2/4) / (n + z^2)`, interval
//! `centre +- half`,
//!
//! all scaled by 4. The textbook interval `p +- z sqrt(p (1-p)/n)` stands beside it in every
//! course, and claims certainty (+-0) when all darts hit or none does; Wilson's never does, never
//! leaves [0, 4], and covers pi about as often as it says from n = 1 on.
//!
//! The standard error is `half / z`: the interval and the error tell one story, and none hit or all
//! hit still gives a positive error. It differs from `4 sqrt(p (1-p)/n)` by less than one part in
//! n. The interval's centre is pulled a little towards 2, so it is symmetric about the estimate
//! only for large n.
//!
//! Only additions, products, quotients and square roots, all correctly rounded by IEEE 754, and no
//! fused ones: the same bits on every machine. Counts above 2^53 are rounded once when they become
//! `f64`.
//!
//! Reference: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
//! JASA 22 (1927); L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial
//! proportion", Statistical Science 16 (2001).

use std::f64::consts::PI;

use super::student::t95;

/// The normal quantile of 97.5 %: two-sided 95 %.
const Z95: f64 = 1.959_963_984_540_054;

/// How a 95 % interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Wilson's score interval for a proportion.
    Wilson,
    /// The estimate +- a number of standard errors, by Student's t.
    Student {
        /// Degrees of freedom of the standard error.
        degrees: u64,
    },
}

/// What samples say about pi.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate of pi; of darts `4 * hits / samples`.
    pub pi: f64,
    /// Its standard error, above 0 always; of darts the half-width of Wilson's interval over its z.
    pub std_error: f64,
    /// The 95 % interval for pi: lower and upper end, within [0, 4].
    pub ci95: [f64; 2],
    /// How the interval was made.
    pub interval: Interval,
}

impl Estimate {
    /// The estimate from `hits` among `samples` darts; `None` without samples.
    ///
    /// # Panics
    /// If there are more hits than samples.
    ///
    /// ```
    /// use montesieve_montecarlo::estimate::Estimate;
    /// let estimate = Estimate::new(785, 1000).unwrap();
    /// assert_eq!(estimate.pi, 3.14);
    /// assert!((estimate.std_error - 0.052).abs() < 0.001);
    /// ```
    pub fn new(hits: u64, samples: u64) -> Option<Estimate> {
        assert!(hits <= samples, "{hits} hits among {samples} samples");
        if samples == 0 {
            return None;
        }
        let (h, n, misses) = (hits as f64, samples as f64, (samples - hits) as f64);
        let weight = n + Z95 * Z95;
        let std_error = (h * (misses / n) + Z95 * Z95 / 4.0).sqrt() / weight;
        let centre = (h + Z95 * Z95 / 2.0) / weight;
        // At the ends the formula gives 0 or 1 but for rounding; say it exactly.
        let low = if hits == 0 { 0.0 } else { (centre - Z95 * std_error).max(0.0) };
        let high = if misses == 0.0 { 1.0 } else { (centre + Z95 * std_error).min(1.0) };
        let ci95 = [4.0 * low, 4.0 * high];
        Some(Estimate { pi: 4.0 * (h / n), std_error: 4.0 * std_error, ci95, interval: Interval::Wilson })
    }

    /// An estimate with a standard error that was itself estimated with the given degrees of
    /// freedom.
    ///
    /// # Panics
    /// Without a degree of freedom.
    pub fn student(pi: f64, std_error: f64, degrees: u64) -> Estimate {
        let half = t95(degrees) * std_error;
        // The samples may err beyond what pi can be; the interval need not follow.
        let ci95 = [(pi - half).clamp(0.0, 4.0), (pi + half).clamp(0.0, 4.0)];
        Estimate { pi, std_error, ci95, interval: Interval::Student { degrees } }
    }

    /// How many times the variance of plain darts at as many samples, pi (4 - pi) / n, is that of
    /// this estimate.
    pub fn variance_reduction(&self, samples: u64) -> f64 {
        PI * (4.0 - PI) / samples as f64 / (self.std_error * self.std_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::FRAC_PI_4;

    fn close(a: f64, b: f64, relative: f64) -> bool {
        (a - b).abs() <= relative * b.abs()
    }

    #[test]
    fn no_samples_no_estimate() {
        assert_eq!(Estimate::new(0, 0), None);
    }

    #[test]
    #[should_panic(expected = "2 hits among 1 samples")]
    fn more_hits_than_samples_is_a_mistake() {
        Estimate::new(2, 1);
    }

    /// Brown, Cai and DasGupta's formula by hand: n = 10, no hit: upper end z^2 / (n + z^2)
    /// = 0.277533.
    #[test]
    fn none_or_all_hit_is_never_certain() {
        let none = Estimate::new(0, 10).unwrap();
        assert_eq!((none.pi, none.ci95[0]), (0.0, 0.0));
        assert!(close(none.ci95[1], 4.0 * 0.277_533, 1e-5));
        let all = Estimate::new(10, 10).unwrap();
        assert_eq!((all.pi, all.ci95[1]), (4.0, 4.0));
        assert!(close(all.ci95[0], 4.0 * (1.0 - 0.277_533), 1e-5));
        for estimate in [none, all, Estimate::new(0, 1).unwrap(), Estimate::new(1, 1).unwrap()] {
            assert!(estimate.std_error > 0.0 && estimate.ci95[0] < estimate.ci95[1]);
        }
    }

    /// R: prop.test(15, 50, correct = FALSE) gives [0.1910, 0.4375].
    #[test]
    fn wilson_s_interval_as_published() {
        let [low, high] = Estimate::new(15, 50).unwrap().ci95;
        assert!((low / 4.0 - 0.191_03).abs() < 1e-4 && (high / 4.0 - 0.437_51).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn many_samples_give_the_textbook_error() {
        for log in [20, 40, 62] {
            let n = 1u64 << log;
            let estimate = Estimate::new((n as f64 * FRAC_PI_4) as u64, n).unwrap();
            let textbook = 4.0 * (FRAC_PI_4 * (1.0 - FRAC_PI_4) / n as f64).sqrt();
            assert!(close(estimate.std_error, textbook, 1e-5), "2^{log}");
            assert!((estimate.pi - PI).abs() < 4.1 / n as f64 + 1e-15);
            assert!(estimate.ci95[0] < PI && PI < estimate.ci95[1]);
        }
    }

    #[test]
    fn darts_reduce_nothing_and_a_tenth_of_the_error_is_a_hundredth_of_the_variance() {
        let n = 1_000_000_000;
        let darts = Estimate::new(785_398_163, n).unwrap();
        assert!((darts.variance_reduction(n) - 1.0).abs() < 1e-6);
        let better = Estimate::student(darts.pi, darts.std_error / 10.0, 15);
        assert!((better.variance_reduction(n) - 100.0).abs() < 1e-4);
    }

    #[test]
    fn student_s_interval_stays_where_pi_can_be() {
        let estimate = Estimate::student(3.0, 0.1, 15);
        assert!((estimate.ci95[0] - 2.786_855).abs() < 1e-6 && (estimate.ci95[1] - 3.213_145).abs() < 1e-6);
        assert_eq!(Estimate::student(2.0, 1.0, 1).ci95, [0.0, 4.0]);
    }

    /// The bits are part of the promise: a change here changes results that users have saved.
    #[test]
    fn the_same_bits_everywhere() {
        let estimate = Estimate::new(785_398_163, 1_000_000_000).unwrap();
        assert_eq!(estimate.pi.to_bits(), 3.141_592_652_f64.to_bits());
        assert_eq!(estimate.std_error.to_bits(), 5.193_039_776_033_310_6e-5_f64.to_bits());
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_estimate_and_mirrors(samples in 1..u64::MAX, share in 0.0..=1.0) {
            let hits = ((samples as f64 * share) as u64).min(samples);
            let one = Estimate::new(hits, samples).unwrap();
            let other = Estimate::new(samples - hits, samples).unwrap();
            prop_assert!(0.0 <= one.ci95[0] && one.ci95[0] <= one.pi && one.pi <= one.ci95[1] && one.ci95[1] <= 4.0);
            prop_assert!(one.std_error > 0.0);
            prop_assert!((one.pi + other.pi - 4.0).abs() < 1e-14);
            prop_assert!(close(one.std_error, other.std_error, 1e-14));
        }
    }
}
