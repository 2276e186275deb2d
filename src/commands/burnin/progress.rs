//! The line that a burn-in prints every ten seconds, at the root: what is done, what is wrong, which
//! host is slowest. The verdict at the end is in `answer/lines.rs`.

use std::time::Duration;

use super::hosts::speeds;
use super::list_of;
use super::rounds::State;
use super::team::Team;
use crate::report::text;

/// The state in a line; `duration` is the whole time, if there is an end.
pub fn line(team: &Team, state: &State<'_>, duration: Option<Duration>, threshold: f64) -> String {
    let speeds = speeds(team, state.figures, threshold);
    let wrong_blocks: u64 = state.figures.iter().map(|figures| figures.wrong).sum();
    let (time, wrong) = (time(state.elapsed, duration), wrong(wrong_blocks, state.wrong_messages));
    let (rounds, hosts) = (text::count(state.rounds, "round"), text::count(team.hosts.len() as u64, "host"));
    format!("{time}: {rounds} on {hosts}, {wrong}{}", slowest(team, &speeds))
}

fn time(elapsed: Duration, duration: Option<Duration>) -> String {
    let of = duration.map(|all| format!(" of {}", text::duration(all.as_secs_f64()))).unwrap_or_default();
    text::duration(elapsed.as_secs_f64()) + &of
}

fn wrong(blocks: u64, messages: u64) -> String {
    match (blocks, messages) {
        (0, 0) => "nothing wrong".to_owned(),
        (blocks, 0) => format!("WRONG: {}", text::count(blocks, "block")),
        (0, messages) => format!("WRONG: {}", text::count(messages, "message")),
        (blocks, messages) => format!("WRONG: {}, {}", text::count(blocks, "block"), text::count(messages, "message")),
    }
}

/// The slow hosts, or else the slowest one; nothing if speed cannot be judged yet.
fn slowest(team: &Team, speeds: &[Option<(f64, bool)>]) -> String {
    let judged = || speeds.iter().enumerate().filter_map(|(rank, speed)| Some((team.host_of_rank[rank], (*speed)?)));
    let Some((host, (worst, _))) = judged().min_by(|a, b| a.1.0.total_cmp(&b.1.0)) else { return String::new() };
    let mut slow: Vec<usize> = judged().filter(|(_, (_, is_slow))| *is_slow).map(|(host, _)| host).collect();
    slow.sort_unstable();
    slow.dedup();
    if slow.is_empty() {
        format!("; slowest: {}, {:+.1} %", team.hosts[host], 100.0 * worst)
    } else {
        format!("; SLOW: {}, down to {:+.1} %", list_of(team, &slow), 100.0 * worst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team() -> Team {
        Team {
            hosts: vec!["n1".to_owned(), "n2".to_owned()],
            host_of_rank: vec![0, 0, 1, 1],
            kinds: vec![1; 4],
            isas: Vec::new(),
            places: None,
            rank: 0,
        }
    }

    #[test]
    fn the_slowest_host_or_the_slow_ones() {
        let ok = |speed| Some((speed, false));
        assert_eq!(slowest(&team(), &[None; 4]), "");
        assert_eq!(slowest(&team(), &[ok(0.0), ok(0.01), ok(-0.031), None]), "; slowest: n2, -3.1 %");
        let speeds = [Some((-0.2, true)), ok(0.0), Some((-0.1, true)), Some((-0.15, true))];
        assert_eq!(slowest(&team(), &speeds), "; SLOW: n[1-2], down to -20.0 %");
    }

    #[test]
    fn what_is_wrong_is_counted() {
        let found = [(0, 0), (1, 0), (0, 2), (3, 1)].map(|(blocks, messages)| wrong(blocks, messages));
        assert_eq!(found, ["nothing wrong", "WRONG: 1 block", "WRONG: 2 messages", "WRONG: 3 blocks, 1 message"]);
    }

    #[test]
    fn the_time_is_that_of_all_if_there_is_an_end() {
        let seconds = Duration::from_secs;
        assert_eq!(time(seconds(20), Some(seconds(60))), "20 s of 1 min");
        assert_eq!(time(seconds(90_000), None), "1 d 1 h");
    }
}
