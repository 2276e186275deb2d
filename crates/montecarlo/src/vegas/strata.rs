//! Strata of VEGAS: equal boxes of the cube of y, and how many samples each has.
//!
//! S_d intervals of dimension d cut the cube into C = S_1 S_2 ... boxes. A block that counts is one
//! pass over all of them. With n_h samples in box h,
//!
//! `estimate = sum over h of mean_h / C`, `variance = sum over h of s_h^2 / (n_h C^2)`,
//!
//! both without bias whatever the n_h are, as they are fixed beforehand. The variance is least when
//! n_h is proportional to sigma_h, the spread of f J in box h (Neyman's allocation). Training gives
//! sigma_h, roughly: so each box has two samples, or its share of a quarter of all if that is more.
//! The rest goes by sigma_h to the power 3/4 (Lepage's beta).
//!
//! **Without training** every box has the same number. The variance within boxes is never above
//! that of plain samples, and for a smooth integrand it is smaller by a factor of about C^(2/D). A
//! box has at least four samples and not one: so the error is measured within boxes, by samples of
//! the same distribution. A Latin hypercube and a systematic sample have one sample in a stratum;
//! they have no error estimate but that of replicates. A block has a sixteenth of such a job's
//! samples, at most 2^18: the boxes are finer in a larger job.
//!
//! References for that: P. Glasserman, "Monte Carlo methods in financial engineering" (2004), 4.3;
//! W. G. Cochran, "Sampling techniques" (1977), 5A.
//!
//! Memory: 4 bytes a box, of which there are at most 2^16.

use std::ops::Range;

use super::VegasCut;
use super::training::BoxSums;
use crate::uniform::Row;

/// The most boxes.
const MOST_BOXES: u64 = 1 << 16;

/// Samples of a box in the mean: with fewer than 4, too few are left to be shared out by need.
const SAMPLES_EACH: u64 = 4;

/// The strata of a job: a function of its cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strata {
    /// Intervals of each dimension; 1 where the dimension is not cut.
    intervals: Vec<usize>,
}

impl Strata {
    /// As many equal intervals of every dimension as a block has samples for; where that is only
    /// one, two of each of the first dimensions.
    pub fn new(cut: &VegasCut) -> Strata {
        let most = (cut.block() / SAMPLES_EACH).clamp(1, MOST_BOXES);
        let dimension = cut.dimension();
        let mut each = 1u64;
        while (each + 1).checked_pow(dimension as u32).is_some_and(|boxes| boxes <= most) {
            each += 1;
        }
        let halved = if each == 1 { most.ilog2() as usize } else { 0 };
        let intervals = (0..dimension).map(|d| if d < halved { 2 } else { each as usize }).collect();
        Strata { intervals }
    }

    /// Intervals of each dimension.
    pub fn intervals(&self) -> &[usize] {
        &self.intervals
    }

    /// How many boxes there are. The first dimension's interval changes fastest in their order.
    pub fn boxes(&self) -> usize {
        self.intervals.iter().product()
    }

    /// Samples of each box in a block of at most `samples`: two at least, by what training has
    /// found of each box.
    pub(super) fn allocation(&self, samples: u64, found: &[BoxSums]) -> Vec<u32> {
        let boxes = self.boxes();
        let least = (samples / (4 * boxes as u64)).max(2);
        let spare = samples.saturating_sub(least * boxes as u64) as f64;
        let spreads: Vec<f64> = found.iter().map(BoxSums::spread).collect();
        // Where a box has fewer than two samples, nothing is known: the mean of the others.
        let known = || spreads.iter().filter(|spread| !spread.is_nan());
        let mean = known().sum::<f64>() / known().count().max(1) as f64;
        let needs: Vec<f64> = spreads
            .iter()
            .map(|&spread| if spread.is_nan() { mean } else { spread })
            .map(|spread| (spread * spread.sqrt()).sqrt())
            .collect();
        let total: f64 = needs.iter().sum();
        let more = |need: f64| if total > 0.0 { (spare * (need / total)) as u64 } else { spare as u64 / boxes as u64 };
        if needs.len() == boxes {
            needs.into_iter().map(|need| (least + more(need)) as u32).collect()
        } else {
            vec![(least + spare as u64 / boxes as u64) as u32; boxes]
        }
    }
}

/// A walk over the samples of all boxes, in the order of the boxes.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    at: usize,
    /// Samples of that box that are still to come.
    left: u32,
}

impl Walk {
    pub(super) fn new(counts: &[u32]) -> Walk {
        Walk { at: 0, left: counts.first().copied().unwrap_or(0) }
    }

    /// Calls `each` for the next `lanes` samples with a box, its part of them, and whether it ends
    /// there.
    pub(super) fn each(&mut self, counts: &[u32], lanes: usize, mut each: impl FnMut(usize, Range<usize>, bool)) {
        let mut lane = 0;
        while lane < lanes {
            let end = lanes.min(lane + self.left as usize);
            self.left -= (end - lane) as u32;
            each(self.at, lane..end, self.left == 0);
            if self.left == 0 {
                self.at += 1;
                self.left = counts.get(self.at).copied().unwrap_or(0);
            }
            lane = end;
        }
    }

    /// Moves the next `lanes` samples, uniform in the cube, into their boxes.
    pub(super) fn stratify(&mut self, strata: &Strata, counts: &[u32], lanes: usize, y: &mut [Row]) {
        self.each(counts, lanes, |at, range, _| {
            let mut rest = at;
            for (y, &intervals) in y.iter_mut().zip(strata.intervals()).filter(|(_, intervals)| **intervals > 1) {
                let (first, width) = ((rest % intervals) as f64, 1.0 / intervals as f64);
                rest /= intervals;
                y.0[range.clone()].iter_mut().for_each(|y| *y = (first + *y) * width);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strata(dimension: usize, training: u64) -> (Strata, VegasCut) {
        let cut = VegasCut::new(dimension, training);
        (Strata::new(&cut), cut)
    }

    #[test]
    fn boxes_are_as_many_as_a_block_has_samples_for() {
        for dimension in [1, 2, 3, 5, 8, 16, 20, 1000] {
            for training in [128, 10_000, 1 << 20, 1 << 26] {
                let (strata, cut) = strata(dimension, training);
                let boxes = strata.boxes() as u64;
                assert!(boxes <= MOST_BOXES && boxes * SAMPLES_EACH <= cut.block(), "{dimension} {training}");
                assert!(boxes >= cut.block() / SAMPLES_EACH / (1 << dimension.min(16)), "{dimension} {training}");
            }
        }
        let intervals = |dimension| strata(dimension, 1 << 26).0.intervals;
        assert_eq!(intervals(4), [16; 4]);
        assert_eq!((intervals(20)[15], intervals(20)[16]), (2, 1));
        assert_eq!(intervals(1), [65536]);
    }

    #[test]
    fn samples_go_where_the_spread_is() {
        let (strata, cut) = strata(4, 1 << 20);
        let boxes = strata.boxes();
        assert_eq!(boxes, 11usize.pow(4));
        // Values 0 and 2^20 in one box, equal ones in the others.
        let even = BoxSums { count: 10, first: 10 << 20, second: 10 << 28 };
        let wide = BoxSums { count: 10, first: 5 << 20, second: 5 << 28 };
        let mut found = vec![even; boxes];
        found[7] = wide;
        let counts = strata.allocation(cut.block(), &found);
        assert!(counts.iter().map(|&n| u64::from(n)).sum::<u64>() <= cut.block());
        assert!(counts[7] > 30_000 && counts[8] == 2, "{} {}", counts[7], counts[8]);
        // Nothing is known of a box: it gets the mean.
        found[9] = BoxSums { count: 1, first: 1, second: 1 };
        assert!(strata.allocation(cut.block(), &found)[9] > 2);
        // Nothing is known at all, or nothing differs.
        for found in [vec![], vec![even; boxes], vec![BoxSums::default(); boxes]] {
            let counts = strata.allocation(cut.block(), &found);
            assert!(counts.len() == boxes && counts.iter().all(|&n| n == counts[0] && n >= 4));
        }
    }
}
