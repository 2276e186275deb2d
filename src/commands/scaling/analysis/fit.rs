//! The laws of Amdahl and Gustafson, fitted to measured times by least squares, with 95 %
//! intervals.
//!
//! - Amdahl, the same job on more ranks: T(p) = s T1 + (1 - s) T1 / p, which is a line in 1/p, T =
//!   a + b/p. The serial share is s = a/(a+b), and its error comes from that of a and b by the
//!   delta method. The line is fitted with weights 1/T^2, since clocks and loads spoil times by a
//!   share of them, not by an amount.
//! - Gustafson, a job that grows with the ranks: S(p) = p - s (p - 1), which is a line through the
//!   origin, p - S = s (p - 1); weights 1/p^2 for the same reason.
//!
//! Intervals are Student's, so they need more measurements than parameters. Ranks that shared a CPU
//! are left out by the caller. Cost: O(measurements). References: G. Amdahl, AFIPS 30 (1967); J.
//! Gustafson, "Reevaluating Amdahl's law", CACM 31 (1988).

use serde::Deserialize;

use super::{Trial, base, cases, medians};
use crate::montecarlo::student::t95;
use crate::report::field::Kind;
use crate::report::record::record;

record! {
    /// A fitted law.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct Fit {
        /// The curve that it was fitted to: schedule, and chunk where one was asked for.
        pub series: String,
        /// Whose law: `amdahl` or `gustafson`.
        pub law: String,
        /// Share of one rank's time that more ranks do not shorten. Below 0 when more ranks are
        /// faster than they could be.
        pub serial_share: f64,
        /// Where it lies with 95 % confidence.
        pub ci95: [f64; 2] as Kind::Interval,
        /// The speed-up that no number of ranks exceeds; null where there is no such limit.
        pub limit: Option<f64>,
    }
}

impl Fit {
    /// The speed-up on `ranks` ranks.
    pub fn speedup(&self, ranks: f64) -> f64 {
        let s = self.serial_share;
        if self.law == "amdahl" { 1.0 / (s + (1.0 - s) / ranks) } else { ranks - s * (ranks - 1.0) }
    }
}

/// Amdahl's law from (ranks, seconds). `None` with fewer than three measurements, or with one
/// number of ranks only.
pub fn amdahl(times: &[(f64, f64)]) -> Option<Fit> {
    let degrees = times.len().checked_sub(2).filter(|&n| n > 0)?;
    // Normal equations of T = a + b x, x = 1/p, with weights.
    let [mut w, mut wx, mut wxx, mut wt, mut wxt] = [0.0; 5];
    for &(ranks, seconds) in times {
        let (weight, x) = (1.0 / (seconds * seconds), 1.0 / ranks);
        w += weight;
        wx += weight * x;
        wxx += weight * x * x;
        wt += weight * seconds;
        wxt += weight * x * seconds;
    }
    let determinant = w * wxx - wx * wx;
    if determinant <= 1e-12 * w * wxx {
        return None;
    }
    let a = (wxx * wt - wx * wxt) / determinant;
    let b = (w * wxt - wx * wt) / determinant;
    let residual = |&(p, t): &(f64, f64)| ((t - a - b / p) / t).powi(2);
    let variance = times.iter().map(residual).sum::<f64>() / degrees as f64;
    let (vaa, vbb, vab) = (variance * wxx / determinant, variance * w / determinant, -variance * wx / determinant);
    let one = a + b;
    // s = a/(a+b): ds/da = b/(a+b)^2, ds/db = -a/(a+b)^2.
    let error = ((b * b * vaa + a * a * vbb - 2.0 * a * b * vab).max(0.0)).sqrt() / (one * one);
    let s = a / one;
    Some(Fit {
        series: String::new(),
        law: "amdahl".to_owned(),
        serial_share: s,
        ci95: around(s, error, degrees),
        limit: (s > 0.0 && s < 1.0).then(|| 1.0 / s),
    })
}

/// Gustafson's law from (ranks, scaled speed-up). `None` with fewer than two measurements on more
/// than one rank.
pub fn gustafson(speedups: &[(f64, f64)]) -> Option<Fit> {
    let more: Vec<(f64, f64)> = speedups.iter().copied().filter(|&(p, _)| p > 1.0).collect();
    let degrees = more.len().checked_sub(1).filter(|&n| n > 0)?;
    let weighted = |&(p, s): &(f64, f64)| ((p - 1.0) / p, (p - s) / p);
    let square: f64 = more.iter().map(weighted).map(|(x, _)| x * x).sum();
    let s = more.iter().map(weighted).map(|(x, y)| x * y).sum::<f64>() / square;
    let variance = more.iter().map(weighted).map(|(x, y)| (y - s * x).powi(2)).sum::<f64>() / degrees as f64;
    let ci95 = around(s, (variance / square).sqrt(), degrees);
    Some(Fit { series: String::new(), law: "gustafson".to_owned(), serial_share: s, ci95, limit: None })
}

/// The law for every curve that allows one: Gustafson's if the work grew. Ranks that shared CPUs
/// are excluded.
pub fn of_series(trials: &[Trial], is_weak: bool) -> Vec<Fit> {
    let medians = medians(trials);
    let Some(base) = base(&medians) else { return Vec::new() };
    let rate = |trial: &Trial| trial.amount as f64 / trial.seconds;
    let mut names: Vec<String> = cases(trials).iter().map(super::Case::series).collect();
    names.dedup();
    let fitted = names.into_iter().filter_map(|series| {
        let of_series = |trial: &&Trial| !trial.oversubscribed && trial.case.series() == series;
        let points: Vec<(f64, f64)> = trials
            .iter()
            .filter(of_series)
            .map(|trial| {
                let ranks = trial.case.ranks as f64;
                let speedup = base.case.ranks as f64 * rate(trial) / rate(base);
                (ranks, if is_weak { speedup } else { trial.seconds })
            })
            .collect();
        let fit = if is_weak { gustafson(&points) } else { amdahl(&points) };
        fit.map(|fit| Fit { series, ..fit })
    });
    fitted.collect()
}

fn around(value: f64, error: f64, degrees: usize) -> [f64; 2] {
    let half = t95(degrees as u64) * error;
    [value - half, value + half]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn too_little_is_no_fit() {
        assert_eq!(amdahl(&[]), None);
        assert_eq!(amdahl(&[(1.0, 1.0), (2.0, 0.5)]), None);
        assert_eq!(amdahl(&[(2.0, 1.0), (2.0, 1.1), (2.0, 0.9)]), None);
        assert_eq!(gustafson(&[(1.0, 1.0), (1.0, 1.0), (2.0, 2.0)]), None);
    }

    #[test]
    fn an_exact_law_has_a_narrow_interval() {
        let times: Vec<(f64, f64)> = [1.0, 2.0, 4.0, 8.0].map(|p| (p, 7.0 * (0.1 + 0.9 / p))).to_vec();
        let fit = amdahl(&times).expect("four times");
        assert!((fit.serial_share - 0.1).abs() < 1e-9 && fit.ci95[1] - fit.ci95[0] < 1e-6);
        assert!((fit.limit.expect("a serial part") - 10.0).abs() < 1e-6);
        assert!((fit.speedup(4.0) - 1.0 / 0.325).abs() < 1e-6);
    }

    proptest! {
        /// Times with a relative error of up to `noise` give back the serial share, and the
        /// interval contains it.
        #[test]
        fn amdahl_is_found_again(s in 0.0..0.9_f64, one in 0.01..1e4_f64, noise in 0.0..0.02_f64) {
            let times: Vec<(f64, f64)> = [1.0, 2.0, 4.0, 8.0, 16.0]
                .into_iter()
                .flat_map(|p| [1.0 - noise, 1.0 + noise].map(|off| (p, off * one * (s + (1.0 - s) / p))))
                .collect();
            let fit = amdahl(&times).expect("ten times");
            prop_assert!((fit.serial_share - s).abs() < 1e-6 + noise * noise * 2.0, "{fit:?}");
            prop_assert!(fit.ci95[0] - 1e-6 <= s && s <= fit.ci95[1] + 1e-6 + noise * noise, "{fit:?}");
        }

        #[test]
        fn gustafson_is_found_again(s in -0.2..0.9_f64, noise in 0.0..0.05_f64) {
            let speedups: Vec<(f64, f64)> = [1.0, 2.0, 4.0, 8.0]
                .into_iter()
                .flat_map(|p| [-noise, noise].map(|off| (p, p - s * (p - 1.0) + off * p)))
                .collect();
            let fit = gustafson(&speedups).expect("eight");
            prop_assert!((fit.serial_share - s).abs() < 1e-9);
            prop_assert!(fit.ci95[0] - 1e-9 <= s && s <= fit.ci95[1] + 1e-9);
        }
    }
}
