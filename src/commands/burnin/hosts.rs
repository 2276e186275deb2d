//! From every rank's figures to the report: a line per host, with an explanation.

use super::answer::{
    BurninReport, BurninResult, BurninRun, Elsewhere, HostLine, HostVerdict, Link, Verdict, WrongBlock, WrongMessage,
};
use super::diagnosis::blame;
use super::diagnosis::cause::Cause;
use super::diagnosis::speed::{self, ComparedClock, RankTimes, SpeedJudgement, UNDISTURBED, median};
use super::list_of;
use super::messages::Bad;
use super::rounds::{Gathered, RankFigures};
use super::team::Team;
use crate::cluster::Cluster;
use crate::cluster::place::Place;
use crate::commands::finish::{distinct, library};
use crate::commands::info::host_hint;
use crate::report::hostlist;

/// The report, at the root, of a run of this many seconds.
pub fn report(cluster: &Cluster, team: &Team, gathered: Gathered, threshold: f64, seconds: f64) -> BurninReport {
    let places = team.places.as_deref().unwrap_or_default();
    let crowded = crowded(team, places);
    let judged = judge(team, places, &gathered.figures, &crowded, threshold);
    let suspects = suspects(team, &gathered);
    let hosts: Vec<HostLine> = (0..team.hosts.len())
        .map(|host| {
            let line = line(team, places, &gathered.figures, &judged, host);
            let line = HostLine { is_oversubscribed: crowded[host].is_some(), ..line };
            explained(line, &gathered, team, host, &suspects)
        })
        .collect();
    let crowded: Vec<(String, String)> =
        team.hosts.iter().cloned().zip(crowded).filter_map(|(host, hint)| Some((host, hint?))).collect();
    let hints = hostlist::folded(&crowded).into_iter().map(|hint| format!("{hint}; no host like that is called slow"));
    let hints: Vec<String> = hints.chain(disturbed(&hosts)).chain(uncovered(team, &gathered)).collect();
    let links = links(&gathered.figures);
    let run = BurninRun {
        ranks: places.len(),
        launcher: cluster.launch().launcher.unwrap_or("none").to_owned(),
        mpi: library(cluster),
        isas: team.isas.iter().map(ToString::to_string).collect(),
        seconds,
        rounds: gathered.rounds,
        messages: gathered.figures.iter().map(|figures| figures.messages[0]).sum(),
        message_bytes: gathered.figures.iter().map(|figures| figures.messages[1]).sum(),
        threshold,
        host_of_rank: team.host_of_rank.clone(),
        against_median: judged.iter().map(|judged| judged.map(speed)).collect(),
        pairs: pairs_of(team),
        links,
        hosts,
        hints,
    };
    BurninReport { result: result(team, places, &gathered, &run.hosts, &suspects), run }
}

/// The result: what is wrong, what is slow, which hosts to exclude.
fn result(team: &Team, places: &[Place], gathered: &Gathered, hosts: &[HostLine], suspects: &[usize]) -> BurninResult {
    let wrong_blocks: Vec<WrongBlock> = gathered
        .findings
        .iter()
        .map(|finding| WrongBlock {
            rank: finding.rank,
            host: team.host(finding.rank).to_owned(),
            cpu: finding.mismatch.cpu,
            cpu_model: places[finding.rank].cpu_model.clone(),
            block: finding.block.number,
            work: finding.block.to_string(),
            round: finding.mismatch.round,
            expected: finding.block.expected,
            got: finding.mismatch.got,
            again: finding.again.clone(),
            elsewhere: finding.elsewhere.map(|(rank, got)| Elsewhere { rank, host: team.host(rank).to_owned(), got }),
            cause: finding.cause,
        })
        .collect();
    let slow = |host: &HostLine| !host.slow_ranks.is_empty();
    let any_wrong = hosts.iter().any(|host| host.wrong > 0) || !gathered.bad.is_empty();
    let out = |&host: &usize| slow(&hosts[host]) || suspects.contains(&host);
    let excluded: Vec<usize> = (0..hosts.len()).filter(out).collect();
    BurninResult {
        verdict: match (any_wrong, hosts.iter().any(slow)) {
            (true, _) => Verdict::Wrong,
            (false, true) => Verdict::Slow,
            (false, false) => Verdict::Ok,
        },
        wrong_blocks,
        wrong_messages: gathered.bad.iter().map(|bad| wrong_message(team, bad)).collect(),
        slow: hosts.iter().filter(|host| slow(host)).map(|host| host.name.clone()).collect(),
        exclude: list_of(team, &excluded),
        complete: true,
    }
}

fn wrong_message(team: &Team, bad: &Bad) -> WrongMessage {
    WrongMessage {
        kind: bad.kind,
        message: bad.message,
        from_host: team.host(bad.message.from as usize).to_owned(),
        to_host: team.host(bad.message.to as usize).to_owned(),
        flaw: bad.flaw,
        wrong_again: bad.wrong_again,
        sent_again: Bad::SENT_AGAIN,
        cause: bad.cause(),
    }
}

/// Hosts to exclude because of faults: all with wrong blocks not caused by the software, and those
/// that explain the wrong messages.
fn suspects(team: &Team, gathered: &Gathered) -> Vec<usize> {
    let ends = |bad: &Bad| (team.host_of_rank[bad.message.from as usize], team.host_of_rank[bad.message.to as usize]);
    let mut hosts = blame::suspects(&gathered.bad.iter().map(ends).collect::<Vec<_>>());
    let own = gathered.findings.iter().filter(|finding| finding.cause != Cause::Software);
    hosts.extend(own.map(|finding| team.host_of_rank[finding.rank]));
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

/// Why the times of a host cannot be trusted, if so, per host: its ranks outnumber its CPUs, or its
/// quota.
fn crowded(team: &Team, places: &[Place]) -> Vec<Option<String>> {
    let here = |host| team.ranks_of(host).map(|rank| &places[rank]).collect::<Vec<_>>();
    (0..team.hosts.len()).map(|host| host_hint(&here(host))).collect()
}

/// Each rank's speed against the median of its CPU model, and whether it is slow; `None` where it
/// cannot be judged. At the root.
pub fn speeds(team: &Team, figures: &[RankFigures], threshold: f64) -> Vec<Option<(f64, bool)>> {
    let places = team.places.as_deref().unwrap_or_default();
    let judged = judge(team, places, figures, &crowded(team, places), threshold);
    judged.into_iter().map(|judged| judged.map(|judged| (speed(judged), judged.is_slow))).collect()
}

fn judge(
    team: &Team,
    places: &[Place],
    figures: &[RankFigures],
    crowded: &[Option<String>],
    threshold: f64,
) -> Vec<Option<SpeedJudgement>> {
    let (_, models) = distinct(places.iter().map(|place| place.cpu_model.as_str()));
    let speed = |(rank, figures): (usize, &RankFigures)| {
        let host = team.host_of_rank[rank];
        let is_trusted = crowded[host].is_none();
        RankTimes { host, model: models[rank], is_trusted, typical: figures.typical.clone() }
    };
    let ranks: Vec<RankTimes> = figures.iter().enumerate().map(speed).collect();
    speed::judge(&ranks, threshold)
}

/// Time 25 % longer is speed 20 % lower.
fn speed(judged: SpeedJudgement) -> f64 {
    1.0 / (1.0 + judged.deviation) - 1.0
}

/// A host's figures.
fn line(
    team: &Team,
    places: &[Place],
    figures: &[RankFigures],
    judged: &[Option<SpeedJudgement>],
    host: usize,
) -> HostLine {
    let ranks: Vec<usize> = team.ranks_of(host).collect();
    let of =
        |figure: &dyn Fn(&RankFigures) -> Option<f64>| median(ranks.iter().filter_map(|&rank| figure(&figures[rank])));
    let verdicts = || ranks.iter().filter_map(|&rank| judged[rank]);
    // One slow rank of many must not hide behind the others.
    let slow: Vec<SpeedJudgement> = verdicts().filter(|verdict| verdict.is_slow).collect();
    let worst = if slow.is_empty() { verdicts().collect() } else { slow };
    let first = &figures[ranks[0]];
    let most =
        |count: &dyn Fn(&RankFigures) -> Option<u64>| ranks.iter().filter_map(|&rank| count(&figures[rank])).max();
    let own: f64 = ranks.iter().map(|&rank| figures[rank].counters.own).sum();
    let a_second = |seconds: f64| (seconds / first.seconds).max(0.0);
    HostLine {
        name: team.hosts[host].clone(),
        ranks: ranks.len(),
        cpu_model: places[ranks[0]].cpu_model.clone(),
        blocks: ranks.iter().map(|&rank| figures[rank].blocks).sum(),
        wrong: ranks.iter().map(|&rank| figures[rank].wrong).sum(),
        mnumbers_per_second: of(&|figures| Some(figures.speeds[0])).unwrap_or(0.0),
        mdarts_per_second: of(&|figures| Some(figures.speeds[1])).unwrap_or(0.0),
        against_median: median(worst.into_iter().map(speed)),
        clock: verdicts().next().map(|verdict| verdict.clock),
        slow_ranks: ranks.iter().copied().filter(|&rank| judged[rank].is_some_and(|verdict| verdict.is_slow)).collect(),
        cpu_share: of(&|figures| speed::share(&figures.typical)),
        mhz: of(&|figures| figures.mhz),
        top_mhz: first.counters.top_mhz,
        quota_cpus: places[ranks[0]].quota_percent.map(|percent| percent as f64 / 100.0),
        quota_stops: most(&|figures| figures.counters.quota_stops),
        other_load: first.counters.busy.map(|busy| a_second(busy - own)),
        stolen: first.counters.stolen.map(a_second),
        numa_domains: ranks.iter().filter_map(|&rank| figures[rank].counters.domains).max(),
        heat_stops: most(&|figures| figures.counters.heat_stops),
        ..HostLine::default()
    }
}

/// The same with its verdict in a word and a sentence.
fn explained(line: HostLine, gathered: &Gathered, team: &Team, host: usize, suspects: &[usize]) -> HostLine {
    let own = gathered.findings.iter().find(|finding| team.host_of_rank[finding.rank] == host);
    if let Some(finding) = own {
        let (rank, block) = (finding.rank, finding.block);
        let note = format!(
            "rank {rank}: block {} expected {} got {}, {}",
            block.number, block.expected, finding.mismatch.got, finding.cause
        );
        return HostLine { verdict: HostVerdict::Wrong, note, ..line };
    }
    if line.wrong > 0 {
        let note = format!("{} wrong blocks", line.wrong);
        return HostLine { verdict: HostVerdict::Wrong, note, ..line };
    }
    if suspects.contains(&host) {
        let bad = gathered.bad.iter().map(|bad| bad.message);
        let of_host = |rank: u64| team.host_of_rank[rank as usize] == host;
        let mut bad = bad.filter(|message| of_host(message.from) || of_host(message.to));
        let note = bad.next().map(|message| format!("message from rank {} to rank {}", message.from, message.to));
        return HostLine { verdict: HostVerdict::Wrong, note: note.unwrap_or_default(), ..line };
    }
    if line.slow_ranks.is_empty() {
        return line;
    }
    HostLine { verdict: HostVerdict::Slow, note: why_slow(&line), ..line }
}

/// Which ranks, and counters of the system that may explain it.
fn why_slow(line: &HostLine) -> String {
    let slow = &line.slow_ranks;
    let mut parts = vec![match (slow.len(), line.ranks) {
        (1, 1) => format!("rank {}", slow[0]),
        (1, of) => format!("rank {} of {of}", slow[0]),
        (all, of) if all == of => format!("all {of} ranks"),
        (some, of) => format!("{some} of {of} ranks, first rank {}", slow[0]),
    }];
    if let (Some(now), Some(top)) = (line.mhz, line.top_mhz) {
        parts.push(format!("{:.1} GHz of at most {:.1}", now / 1000.0, f64::from(top) / 1000.0));
    }
    let mut count = |times: Option<u64>, what: &str| {
        parts.extend(times.filter(|&times| times > 0).map(|times| format!("{what} {times} times")));
    };
    count(line.heat_stops, "slowed down by heat");
    count(line.quota_stops, "stopped by its quota");
    let mut cpus = |load: Option<f64>, what: &str| {
        parts.extend(load.filter(|&load| load > 0.1).map(|load| format!("{what} {load:.1} CPUs")));
    };
    cpus(line.other_load, "other processes take");
    cpus(line.stolen, "the hypervisor takes");
    if line.numa_domains.is_some_and(|domains| domains > 1) {
        parts.push("ranks are not bound to a NUMA domain".to_owned());
    }
    parts.join(", ")
}

/// A hint if ranks did not have their CPUs to themselves, but are not called slow for it.
fn disturbed(hosts: &[HostLine]) -> Option<String> {
    let is_called_slow = |line: &HostLine| line.clock == Some(ComparedClock::Wall) && !line.slow_ranks.is_empty();
    let shared: Vec<(&str, f64)> = hosts
        .iter()
        .filter(|line| !line.is_oversubscribed && !is_called_slow(line))
        .filter_map(|line| Some((line.name.as_str(), line.cpu_share.filter(|&share| share < UNDISTURBED)?)))
        .collect();
    let least = shared.iter().map(|&(_, share)| share).reduce(f64::min)?;
    let names: Vec<&str> = shared.iter().map(|&(name, _)| name).collect();
    Some(format!(
        "{}: ranks waited for a CPU up to {:.0} % of their time, so elapsed times and links say little there; time on the CPU was compared",
        hostlist::compressed(&names),
        100.0 * (1.0 - least)
    ))
}

/// A hint about instruction sets for which the time was too short.
fn uncovered(team: &Team, gathered: &Gathered) -> Option<String> {
    let missed: Vec<String> = team.isas.iter().skip(gathered.rounds as usize).map(ToString::to_string).collect();
    (!missed.is_empty()).then(|| format!("the time was too short for {}; use a longer --duration", missed.join(", ")))
}

/// Every pair of hosts, and each host that has two ranks with itself.
fn pairs_of(team: &Team) -> usize {
    let hosts = team.hosts.len();
    let within = (0..hosts).filter(|&host| team.ranks_of(host).nth(1).is_some()).count();
    hosts * (hosts - 1) / 2 + within
}

fn links(figures: &[RankFigures]) -> Vec<Link> {
    let all = figures.iter().flat_map(|figures| &figures.links);
    all.map(|&(from, to, latency, bandwidth)| Link {
        from,
        to,
        latency_us: latency * 1e6,
        bandwidth_gbs: bandwidth / 1e9,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(ranks: &[usize]) -> HostLine {
        HostLine { ranks: 4, slow_ranks: ranks.to_vec(), ..HostLine::default() }
    }

    #[test]
    fn a_slow_host_says_what_may_explain_it() {
        assert_eq!(why_slow(&slow(&[4, 5, 6, 7])), "all 4 ranks");
        assert_eq!(why_slow(&slow(&[6])), "rank 6 of 4");
        assert_eq!(why_slow(&slow(&[5, 6])), "2 of 4 ranks, first rank 5");
        assert_eq!(why_slow(&HostLine { ranks: 1, ..slow(&[9]) }), "rank 9");
        let known = HostLine {
            mhz: Some(2100.0),
            top_mhz: Some(2600),
            heat_stops: Some(3),
            quota_stops: Some(0),
            other_load: Some(1.26),
            stolen: Some(0.01),
            numa_domains: Some(2),
            ..slow(&[4, 5, 6, 7])
        };
        let expected = "all 4 ranks, 2.1 GHz of at most 2.6, slowed down by heat 3 times, other processes take 1.3 CPUs, \
                        ranks are not bound to a NUMA domain";
        assert_eq!(why_slow(&known), expected);
    }

    #[test]
    fn waiting_for_a_cpu_is_said_once() {
        let host = |name: &str, cpu_share, is_oversubscribed| HostLine {
            name: name.to_owned(),
            cpu_share,
            is_oversubscribed,
            ..HostLine::default()
        };
        let quiet = [host("n1", None, false), host("n2", Some(0.99), false), host("n3", Some(0.5), true)];
        assert_eq!(disturbed(&quiet), None, "ranks that outnumber CPUs are said elsewhere");
        let hint = disturbed(&[host("n1", Some(0.9), false), host("n2", Some(0.6), false)]).expect("two of them");
        assert!(hint.starts_with("n[1-2]: ranks waited for a CPU up to 40 % of their time"), "{hint}");
        // Called slow for it already.
        assert_eq!(
            disturbed(&[HostLine { clock: Some(ComparedClock::Wall), cpu_share: Some(0.6), ..slow(&[4]) }]),
            None
        );
    }

    #[test]
    fn a_quarter_longer_is_a_fifth_slower() {
        let judged = SpeedJudgement { clock: ComparedClock::Cpu, deviation: 0.25, is_slow: true };
        assert!((speed(judged) + 0.2).abs() < 1e-12);
    }
}
