//! The same bytes on any number of ranks under any schedule: the check that every kind of job goes
//! through.

use super::launch::Ranks::{self, Alone, Launched, Threads};
use super::launch::{Launch, each_at_once};

/// Odd counts matter, and more ranks than cores. Threads and processes run the same engine, but a
/// launch takes fifty times as long.
pub const RANKS: [Ranks; 5] = [Threads(1), Threads(2), Launched(3), Threads(5), Threads(8)];
/// All of them.
pub const SCHEDULES: [&str; 4] = ["block", "cyclic", "dynamic", "guided"];

/// The `result` of a command line in its JSON form.
pub fn result(ranks: Ranks, line: &str) -> String {
    Launch::new(ranks, &format!("{line} --format json")).run().expect_code(0).json_result().to_owned()
}

/// Compares `line` without a launcher with itself under the twenty pairs of schedule and ranks, as
/// far as `takes` selects them; returns the result.
pub fn under_schedules(line: &str, takes: impl Fn(usize) -> bool + Sync) -> String {
    let expected = result(Alone, line);
    let cases = SCHEDULES.iter().flat_map(|schedule| RANKS.map(|ranks| (ranks, schedule))).enumerate();
    each_at_once(cases.filter(|(i, _)| takes(*i)).map(|(_, case)| case), |(ranks, schedule)| {
        assert_eq!(result(*ranks, &format!("{line} --schedule {schedule}")), expected, "{line}");
    });
    expected
}
