//! When a rank did what: a row of bins, each with the seconds of every activity in it.
//!
//! Stands beside `profile`, whose three sums do not say when. It is off unless
//! [`Options::traced`](crate::Options::traced) gives its first moment. Memory is bounded: when a
//! run outgrows its `BINS` bins, neighbours are combined and all become twice as wide. A switch
//! of activity costs a few nanoseconds more.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::profile::Activity;

/// The largest number of bins of a row. More than half of them are in use once a run is longer than
/// `NARROWEST` times this. A picture is some hundred pixels wide.
const BINS: usize = 256;
/// Width of a bin in a short run.
const NARROWEST: Duration = Duration::from_micros(50);

/// What one rank did when, as sent and reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Seconds of a bin.
    pub bin_seconds: f64,
    /// Per cent of each bin in kernels, idle and in messages; the rest was none of them.
    pub bins: Vec<[u8; 3]>,
}

/// A row that is being recorded.
#[derive(Clone, Debug)]
pub struct Recorder {
    origin: Instant,
    width: Duration,
    bins: Vec<[Duration; 3]>,
}

impl Recorder {
    /// Begins at `origin`; earlier time is not recorded.
    pub fn new(origin: Instant) -> Recorder {
        Recorder { origin, width: NARROWEST, bins: Vec::new() }
    }

    /// Notes that the time between two moments was spent on `activity`.
    pub fn note(&mut self, activity: Activity, from: Instant, to: Instant) {
        let (mut from, to) = (from.saturating_duration_since(self.origin), to.saturating_duration_since(self.origin));
        while self.width * BINS as u32 <= to {
            self.widen();
        }
        while from < to {
            let bin = (from.as_nanos() / self.width.as_nanos()) as usize;
            let end = (self.width * (bin as u32 + 1)).min(to);
            if self.bins.len() <= bin {
                self.bins.resize(bin + 1, [Duration::ZERO; 3]);
            }
            self.bins[bin][activity as usize] += end - from;
            from = end;
        }
    }

    fn widen(&mut self) {
        let sum = |pair: &[[Duration; 3]]| std::array::from_fn(|i| pair.iter().map(|bin| bin[i]).sum());
        self.bins = self.bins.chunks(2).map(sum).collect();
        self.width *= 2;
    }

    /// The row as recorded until now.
    pub fn timeline(&self) -> Timeline {
        let percent = |spent: Duration| (100.0 * spent.as_secs_f64() / self.width.as_secs_f64()).round() as u8;
        let bins = self.bins.iter().map(|bin| bin.map(percent)).collect();
        Timeline { bin_seconds: self.width.as_secs_f64(), bins }
    }
}

impl Timeline {
    /// Appends what the same rank did in the next job of the same command, by the same clock.
    pub fn join(&mut self, mut next: Timeline) {
        for _ in 0..64 {
            match self.bin_seconds.total_cmp(&next.bin_seconds) {
                std::cmp::Ordering::Less => self.widen(),
                std::cmp::Ordering::Greater => next.widen(),
                std::cmp::Ordering::Equal => break,
            }
        }
        let length = self.bins.len().max(next.bins.len());
        self.bins.resize(length, [0; 3]);
        for (bin, more) in self.bins.iter_mut().zip(next.bins) {
            *bin = std::array::from_fn(|i| bin[i].saturating_add(more[i]).min(100));
        }
    }

    fn widen(&mut self) {
        let half = |pair: &[[u8; 3]]| {
            std::array::from_fn(|i| (pair.iter().map(|bin| u32::from(bin[i])).sum::<u32>() / 2) as u8)
        };
        self.bins = self.bins.chunks(2).map(half).collect();
        self.bin_seconds *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn seconds_are_in_the_bin_where_they_were_spent() {
        let begin = Instant::now();
        let at = |bins: f64| begin + NARROWEST.mul_f64(bins);
        let mut recorder = Recorder::new(begin);
        recorder.note(Activity::Compute, at(0.0), at(1.5));
        recorder.note(Activity::Idle, at(1.5), at(3.0));
        let row = recorder.timeline();
        assert_eq!(row.bins, [[100, 0, 0], [50, 50, 0], [0, 100, 0]]);
        // A long time later: the bins are wide, and still few.
        recorder.note(Activity::Comm, at(3.0), at(1000.0));
        let row = recorder.timeline();
        assert_eq!((row.bins.len(), row.bins[0], row.bins[1]), (250, [38, 38, 25], [0, 0, 100]));
        recorder.note(Activity::Comm, begin.checked_sub(NARROWEST).unwrap_or(begin), at(1.0));
        assert!(recorder.timeline().bins[0][2] > 25, "what was before the beginning is left out");
    }

    #[test]
    fn jobs_of_one_command_are_one_row() {
        let mut row = Timeline { bin_seconds: 1.0, bins: vec![[100, 0, 0], [0, 0, 50], [0, 20, 0]] };
        row.join(Timeline { bin_seconds: 2.0, bins: vec![[0; 3], [0, 0, 0], [0, 0, 100]] });
        assert_eq!(row, Timeline { bin_seconds: 2.0, bins: vec![[50, 0, 25], [0, 10, 0], [0, 0, 100]] });
    }

    proptest! {
        /// Nothing is lost: the bins add up to the time that was noted.
        #[test]
        fn all_time_is_in_some_bin(steps in proptest::collection::vec((0u64..3, 1u64..40_000_000), 1..60)) {
            let begin = Instant::now();
            let (mut recorder, mut now) = (Recorder::new(begin), begin);
            for (kind, nanoseconds) in steps {
                let activity = [Activity::Compute, Activity::Idle, Activity::Comm][kind as usize];
                let next = now + Duration::from_nanos(nanoseconds);
                recorder.note(activity, now, next);
                now = next;
            }
            let all: Duration = recorder.bins.iter().flatten().sum();
            prop_assert_eq!(all, now - begin);
            prop_assert!(recorder.bins.len() <= BINS);
        }
    }
}
