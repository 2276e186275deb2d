//! Scaling: from measured trials to speed-up, efficiency, fitted laws, a diagnosis and a
//! prediction. Pure: no MPI, no clock.
//!
//! - [`Trial`]: one timed run of a command on some ranks. [`study`]: combines the trials of each
//!   case to a [`Point`].
//! - [`fit`]: the laws of Amdahl and Gustafson. [`diagnosis`]: where time is lost, in words.
//! - [`predict`]: a model of the engine on many more ranks. [`forecast`]: its prediction from these
//!   trials.
//!
//! With T the time, A the amount of work and b the fewest ranks measured: the speed-up on p ranks
//! is S = b (A_p/T_p) / (A_b/T_b), the efficiency S/p, and Karp and Flatt's serial share e = (1/S -
//! 1/p) / (1 - 1/p). S compares work per second, so it is also valid for a job that grows with the
//! ranks.
//!
//! Reference: A. Karp, H. Flatt, "Measuring parallel processor performance", CACM 33 (1990).

pub mod diagnosis;
pub mod fit;
pub mod forecast;
pub mod predict;

use serde::Deserialize;

use crate::job::profile::Profile;
use crate::job::timeline::Timeline;
use crate::report::field::WIDE;
use crate::report::imbalance;
use crate::report::record::record;
use crate::report::text::read_integer;

record! {
    /// What was varied: one line of the table.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    pub struct Case {
        /// The schedule's name.
        pub schedule: String,
        /// The chunk that was asked for, in blocks; null for an automatic one.
        pub asked_chunk: Option<u64>,
        /// Ranks at work.
        pub ranks: u64,
    }
}

record!(for Profile {
    /// Seconds in the kernel.
    compute: f64,
    /// Seconds without work: waiting for an answer, or for the others at the end.
    idle: f64,
    /// Seconds in messages.
    comm: f64,
    /// Blocks computed.
    blocks: u64,
    /// Messages sent.
    messages: u64,
});

record!(for Timeline {
    /// Seconds of a bin.
    bin_seconds: f64,
    /// Per cent of each bin in kernels, idle and in messages; the rest was none of them.
    bins: Vec<[u8; 3]>,
});

impl Case {
    /// The name of a curve over the ranks.
    pub fn series(&self) -> String {
        match self.asked_chunk {
            None => self.schedule.clone(),
            Some(chunk) => format!("{}, chunk {chunk}", self.schedule),
        }
    }
}

record! {
    /// One timed run.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct Trial {
        /// Schedule, chunk and ranks.
        #[serde(flatten)]
        pub case: Case => .flat(),
        /// The chunk that the engine took, in blocks.
        pub chunk: u64,
        /// Seconds by the root's clock, from the start of the command to its result.
        pub seconds: f64,
        /// Work done, in the command's unit.
        #[serde(deserialize_with = "read_integer")]
        pub amount: u64 as WIDE,
        /// Whether some host had more ranks at work than CPUs for them.
        pub oversubscribed: bool,
        /// How each rank spent its time.
        pub profiles: Vec<Profile>,
        /// Chunks are multiples of this many blocks while enough blocks remain.
        #[serde(default)]
        pub grain: u64,
        /// Jobs that the command ran one after the other; 0 where that is not known.
        #[serde(default)]
        pub jobs: u64,
        /// The activity of the first ranks over time, if it is to be drawn.
        #[serde(default)]
        pub timelines: Vec<Timeline> => .optional(),
    }
}

impl Trial {
    /// Rank-seconds: computing, idle, on messages, and the rest (before the first block and after
    /// the last).
    pub fn rank_seconds(&self) -> [f64; 4] {
        let sum = |of: fn(&Profile) -> f64| self.profiles.iter().map(of).sum::<f64>();
        let (compute, idle, comm) = (sum(|p| p.compute), sum(|p| p.idle), sum(|p| p.comm));
        let all = self.seconds * self.case.ranks as f64;
        [compute, idle, comm, (all - compute - idle - comm).max(0.0)]
    }
}

record! {
    /// What the trials of one case come to. Times are in seconds, shares are of the ranks' time
    /// together.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct Point {
        /// Schedule, chunk and ranks.
        #[serde(flatten)]
        pub case: Case => .flat(),
        /// The chunk that the engine took.
        pub chunk: u64,
        /// Number of trials.
        pub trials: u64,
        /// The median time (of an even number of trials the lower of the two in the middle, which
        /// is a trial).
        pub seconds: f64,
        /// The shortest and the longest time.
        pub spread: [f64; 2],
        /// Work done.
        #[serde(deserialize_with = "read_integer")]
        pub amount: u64 as WIDE,
        /// Work per second over that of one rank; with more ranks than one in every run, the
        /// fewest are taken to be ideal. Null if all runs have the same number of ranks above 1:
        /// there is nothing to compare with.
        pub speedup: Option<f64>,
        /// Speed-up over ranks.
        pub efficiency: Option<f64>,
        /// Karp and Flatt's serial share; null on one rank, and without a speed-up.
        pub karp_flatt: Option<f64>,
        /// Largest over mean computing time of the ranks.
        pub imbalance: f64,
        /// Share of the ranks' time in kernels.
        pub compute_share: f64,
        /// Share spent waiting.
        pub idle_share: f64,
        /// Share spent in messages.
        pub comm_share: f64,
        /// Share before the first block and after the last one.
        pub other_share: f64,
        /// Messages of all ranks.
        pub messages: u64,
        /// Whether ranks shared CPUs.
        pub oversubscribed: bool,
    }
}

/// The trial with the median time of one case.
pub fn median<'t>(trials: &[&'t Trial]) -> Option<&'t Trial> {
    let mut sorted = trials.to_vec();
    sorted.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// The cases of some trials, in order: by schedule, chunk and ranks, each once.
pub fn cases(trials: &[Trial]) -> Vec<Case> {
    let mut cases: Vec<Case> = trials.iter().map(|trial| trial.case.clone()).collect();
    cases.sort();
    cases.dedup();
    cases
}

/// The median trials of all cases, in the order of [`cases`].
pub fn medians(trials: &[Trial]) -> Vec<&Trial> {
    let of = |case: &Case| trials.iter().filter(|trial| trial.case == *case).collect::<Vec<_>>();
    cases(trials).iter().filter_map(|case| median(&of(case))).collect()
}

/// The median trials with a timeline: those of every curve on the most ranks.
pub fn drawn(trials: &[Trial]) -> Vec<&Trial> {
    let medians = medians(trials);
    medians.chunk_by(|a, b| a.case.series() == b.case.series()).filter_map(|curve| curve.last().copied()).collect()
}

/// The most ranks whose timelines are kept and drawn: the first ones.
pub const DRAWN: usize = 64;

/// Drops all timelines that are not drawn.
pub fn keep_drawn(trials: &mut [Trial]) {
    let kept: Vec<(Case, f64)> = drawn(trials).iter().map(|trial| (trial.case.clone(), trial.seconds)).collect();
    for trial in trials {
        let is_drawn = kept.iter().any(|(case, seconds)| *case == trial.case && *seconds == trial.seconds);
        trial.timelines.truncate(if is_drawn { DRAWN } else { 0 });
    }
}

/// The trial that speed-up is measured against: the fastest of the cases with the fewest ranks.
pub fn base<'t>(medians: &[&'t Trial]) -> Option<&'t Trial> {
    let rate = |trial: &Trial| trial.amount as f64 / trial.seconds;
    let fewest = medians.iter().map(|trial| trial.case.ranks).min()?;
    let candidates = medians.iter().filter(|trial| trial.case.ranks == fewest);
    candidates.copied().max_by(|a, b| rate(a).total_cmp(&rate(b)))
}

/// Combines the trials of each case.
pub fn study(trials: &[Trial]) -> Vec<Point> {
    let medians = medians(trials);
    let Some(base) = base(&medians) else { return Vec::new() };
    let is_compared = base.case.ranks == 1 || medians.iter().any(|trial| trial.case.ranks != base.case.ranks);
    medians.into_iter().map(|middle| point(middle, is_compared.then_some(base), trials)).collect()
}

fn point(middle: &Trial, base: Option<&Trial>, trials: &[Trial]) -> Point {
    let times: Vec<f64> = trials.iter().filter(|t| t.case == middle.case).map(|t| t.seconds).collect();
    let ranks = middle.case.ranks as f64;
    let rate = |trial: &Trial| trial.amount as f64 / trial.seconds;
    let speedup = base.map(|base| base.case.ranks as f64 * rate(middle) / rate(base));
    let shares = middle.rank_seconds().map(|seconds| seconds / (ranks * middle.seconds));
    let compute: Vec<f64> = middle.profiles.iter().map(|p| p.compute).collect();
    Point {
        case: middle.case.clone(),
        chunk: middle.chunk,
        trials: times.len() as u64,
        seconds: middle.seconds,
        spread: times.iter().fold([f64::INFINITY, 0.0], |[low, high], &t| [low.min(t), high.max(t)]),
        amount: middle.amount,
        speedup,
        efficiency: speedup.map(|speedup| speedup / ranks),
        karp_flatt: speedup
            .filter(|_| middle.case.ranks > 1)
            .map(|speedup| (1.0 / speedup - 1.0 / ranks) / (1.0 - 1.0 / ranks)),
        imbalance: imbalance(&compute),
        compute_share: shares[0],
        idle_share: shares[1],
        comm_share: shares[2],
        other_share: shares[3],
        messages: middle.profiles.iter().map(|p| p.messages).sum(),
        oversubscribed: middle.oversubscribed,
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Trials for tests, without a clock.

    use super::*;

    /// A trial on `ranks` ranks whose profiles are (compute, idle, comm).
    pub(crate) fn trial(schedule: &str, seconds: f64, profiles: &[(f64, f64, f64)]) -> Trial {
        let profile = |&(compute, idle, comm)| Profile { compute, idle, comm, blocks: 100, messages: 10 };
        Trial {
            case: Case { schedule: schedule.to_owned(), asked_chunk: None, ranks: profiles.len() as u64 },
            chunk: 1,
            seconds,
            amount: 1_000_000,
            oversubscribed: false,
            profiles: profiles.iter().map(profile).collect(),
            grain: 1,
            jobs: 1,
            timelines: vec![Timeline { bin_seconds: seconds / 4.0, bins: vec![[75, 25, 0]; 4] }; profiles.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::trial;
    use super::*;

    #[test]
    fn speed_up_efficiency_and_karp_flatt() {
        let trials = [
            trial("dynamic", 10.0, &[(10.0, 0.0, 0.0)]),
            trial("dynamic", 4.0, &[(2.5, 1.0, 0.5); 4]),
            trial("dynamic", 4.4, &[(2.5, 1.4, 0.5); 4]),
            trial("dynamic", 3.0, &[(2.5, 0.0, 0.5); 4]),
        ];
        let points = study(&trials);
        assert_eq!(points.len(), 2);
        let four = &points[1];
        assert_eq!((four.seconds, four.spread, four.trials), (4.0, [3.0, 4.4], 3));
        assert_eq!((four.speedup, four.efficiency), (Some(2.5), Some(0.625)));
        assert!((four.karp_flatt.expect("four ranks") - 0.2).abs() < 1e-12);
        assert_eq!((four.compute_share, four.idle_share, four.comm_share, four.other_share), (0.625, 0.25, 0.125, 0.0));
        assert_eq!(points[0].karp_flatt, None);
    }

    #[test]
    fn work_that_grows_with_the_ranks_counts_as_more_work() {
        let mut grown = trial("dynamic", 10.0, &[(10.0, 0.0, 0.0); 4]);
        grown.amount *= 4;
        let points = study(&[trial("dynamic", 10.0, &[(10.0, 0.0, 0.0)]), grown]);
        assert_eq!((points[1].speedup, points[1].efficiency), (Some(4.0), Some(1.0)));
    }

    #[test]
    fn one_number_of_ranks_has_no_speed_up() {
        let four = || trial("dynamic", 4.0, &[(2.5, 1.0, 0.5); 4]);
        let points = study(&[four(), Trial { seconds: 5.0, ..trial("block", 5.0, &[(2.5, 1.0, 0.5); 4]) }]);
        assert!(points.iter().all(|p| (p.speedup, p.efficiency, p.karp_flatt) == (None, None, None)), "{points:?}");
        let points = study(&[four(), trial("dynamic", 2.0, &[(1.25, 0.5, 0.25); 8])]);
        assert_eq!([points[0].speedup, points[1].speedup], [Some(4.0), Some(8.0)], "4 ranks are the base");
        assert_eq!(study(&[trial("dynamic", 4.0, &[(4.0, 0.0, 0.0)])])[0].speedup, Some(1.0));
    }

    #[test]
    fn only_what_is_drawn_is_kept() {
        let mut trials = vec![
            trial("block", 9.0, &[(9.0, 0.0, 0.0)]),
            trial("block", 5.0, &[(5.0, 0.0, 0.0); 2]),
            trial("block", 5.2, &[(5.0, 0.0, 0.0); 2]),
            trial("block", 4.9, &[(5.0, 0.0, 0.0); 2]),
            trial("dynamic", 1.0, &[(1.0, 0.0, 0.0); 100]),
        ];
        keep_drawn(&mut trials);
        assert_eq!(trials.iter().map(|trial| trial.timelines.len()).collect::<Vec<_>>(), [0, 2, 0, 0, DRAWN]);
    }

    #[test]
    fn no_trials_are_no_points() {
        assert_eq!(study(&[]), []);
    }
}
