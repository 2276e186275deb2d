//! How a rank spent its time: computing, idle, or on messages.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::timeline::{Recorder, Timeline};

/// A rank's account of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Seconds in the kernel.
    pub compute: f64,
    /// Seconds without work: waiting for an answer, or for the others at the end.
    pub idle: f64,
    /// Seconds in messages: sending, receiving, merging and, at the root, answering.
    pub comm: f64,
    /// Blocks computed.
    pub blocks: u64,
    /// Messages sent.
    pub messages: u64,
}

impl Profile {
    /// Adds what the same rank did in the next job.
    pub fn add(&mut self, next: &Profile) {
        self.compute += next.compute;
        self.idle += next.idle;
        self.comm += next.comm;
        self.blocks += next.blocks;
        self.messages += next.messages;
    }
}

/// What a rank spends its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// In the kernel.
    Compute,
    /// Waiting.
    Idle,
    /// In messages.
    Comm,
}

/// A stopwatch that is always charging one activity.
#[derive(Debug)]
pub struct Stopwatch {
    activity: Activity,
    since: Instant,
    spent: [Duration; 3],
    /// Notes when each activity happened, on request.
    recorder: Option<Recorder>,
}

impl Stopwatch {
    /// Starts, charging communication; with a timeline that begins at `traced`, if given.
    pub fn start(now: Instant, traced: Option<Instant>) -> Stopwatch {
        let recorder = traced.map(Recorder::new);
        Stopwatch { activity: Activity::Comm, since: now, spent: [Duration::ZERO; 3], recorder }
    }

    /// Charges `activity` from now on; returns the activity charged before, and the time of the
    /// change.
    pub fn switch(&mut self, activity: Activity, now: Instant) -> (Activity, Instant) {
        self.spent[self.activity as usize] += now.saturating_duration_since(self.since);
        if let Some(recorder) = &mut self.recorder {
            recorder.note(self.activity, self.since, now);
        }
        self.since = now;
        (std::mem::replace(&mut self.activity, activity), now)
    }

    /// Seconds charged to `activity` up to the last switch.
    pub fn seconds(&self, activity: Activity) -> f64 {
        self.spent[activity as usize].as_secs_f64()
    }

    /// The timeline up to the last switch, if requested.
    pub fn timeline(&self) -> Option<Timeline> {
        self.recorder.as_ref().map(Recorder::timeline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_two_jobs_add_up() {
        let mut profile = Profile { compute: 1.0, idle: 2.0, comm: 4.0, blocks: 8, messages: 16 };
        profile.add(&Profile { compute: 0.25, idle: 0.5, comm: 0.75, blocks: 3, messages: 5 });
        assert_eq!(profile, Profile { compute: 1.25, idle: 2.5, comm: 4.75, blocks: 11, messages: 21 });
    }

    #[test]
    fn every_moment_is_charged_to_one_activity() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut watch = Stopwatch::start(begin, None);
        assert_eq!(watch.switch(Activity::Compute, at(1)), (Activity::Comm, at(1)));
        assert_eq!(watch.switch(Activity::Idle, at(3)).0, Activity::Compute);
        assert_eq!(watch.switch(Activity::Idle, at(7)).0, Activity::Idle);
        let spent = [Activity::Comm, Activity::Compute, Activity::Idle].map(|activity| watch.seconds(activity));
        assert_eq!(spent, [1.0, 2.0, 4.0]);
    }
}
