//! The rounds, until the time is up: the same number on every rank, so that all have done the same
//! work.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::again::{self, WrongAnswer};
use super::diagnosis::pattern::TestMessage;
use super::diagnosis::speed::{self, Typical, median};
use super::diagnosis::table;
use super::links::Links;
use super::messages::{Bad, Messenger};
use super::rank::RankWorker;
use super::team::Team;
use crate::cluster::Cluster;
use crate::cluster::host_counters::{CounterReading, HostCounters};
use crate::cluster::place::Place;
use crate::commands::stop::Stop;
use crate::error::Result;
use crate::fault::{self, Stage};
use crate::job::run::StopCause;
use crate::stderr;

/// The most findings of each kind to keep: the first ones suffice, and a day of faults must not
/// fill the memory.
const MOST: usize = 100;

/// The time between two reports of the state.
const INTERVAL: Duration = Duration::from_secs(10);

/// A rank's results after the rounds; findings only at the root.
pub struct Observations {
    figures: RankFigures,
    findings: Vec<WrongAnswer>,
    bad: Vec<Bad>,
    rounds: u64,
}

/// One rank's figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RankFigures {
    /// Medians of its blocks.
    pub typical: Vec<Typical>,
    /// Blocks that it did.
    pub blocks: u64,
    /// Wrong ones among them.
    pub wrong: u64,
    /// Million numbers, and million darts, a second on the CPU.
    pub speeds: [f64; 2],
    /// Clock rate, the median.
    pub mhz: Option<f64>,
    /// What the system told.
    pub counters: HostCounters,
    /// Seconds of all rounds.
    pub seconds: f64,
    /// Links: two hosts, latency, bandwidth.
    pub links: Vec<(usize, usize, f64, f64)>,
    /// Messages that it checked, and their bytes.
    pub messages: [u64; 2],
}

/// Everything, at the root.
pub struct Gathered {
    /// Every rank's figures.
    pub figures: Vec<RankFigures>,
    /// Wrong blocks.
    pub findings: Vec<WrongAnswer>,
    /// Wrong messages.
    pub bad: Vec<Bad>,
    /// Rounds that were done.
    pub rounds: u64,
}

/// The state of a burn-in between two rounds, at the root.
pub struct State<'a> {
    /// Every rank's figures.
    pub figures: &'a [RankFigures],
    /// Wrong messages.
    pub wrong_messages: u64,
    /// Rounds done.
    pub rounds: u64,
    /// Time since the start.
    pub elapsed: Duration,
}

/// What the root decides after a round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Next {
    is_time_left: bool,
    /// Whether the state is to be shown.
    is_due: bool,
}

/// Runs at least one round, until the next one might not end in time (without a `duration`: for
/// ever), or until a stop. Every ten seconds the root passes the state to `shown`. Every rank must
/// call it, with or without `shown` alike; returns the cause of a stop.
///
/// # Errors
/// As [`Cluster::gather_records`].
pub fn go(
    cluster: &Cluster,
    team: &Team,
    duration: Option<Duration>,
    stop: &Stop,
    shown: Option<&dyn Fn(State<'_>)>,
) -> Result<(Observations, Option<StopCause>)> {
    let (begun, before) = (Instant::now(), CounterReading::read());
    let hidden = fault::hidden(cluster.rank());
    let mut worker = RankWorker::new(&team.isas, hidden);
    let mut messenger = Messenger::new(cluster, hidden);
    let mut links = Links::default();
    let (mut findings, mut all_bad, mut warned) = (Vec::new(), Vec::new(), BTreeSet::new());
    let (mut rounds, mut longest, mut wrong_messages) = (0, Duration::ZERO, 0);
    let mut due = INTERVAL;
    let figures = |worker: &RankWorker, messenger: &Messenger<'_>, links: &Links| RankFigures {
        typical: speed::typical(&worker.times),
        blocks: worker.blocks,
        wrong: worker.wrong,
        speeds: [true, false].map(|primes| speed(worker, primes)),
        mhz: median(worker.mhz.iter().copied()),
        counters: before.until_now(&Place::here().allowed),
        seconds: begun.elapsed().as_secs_f64(),
        links: links.best(),
        messages: [messenger.messages, messenger.bytes],
    };
    let cause = loop {
        let start = Instant::now();
        let wrong = worker.round(rounds, &|| stop.is_asked() && rounds > 0);
        fault::at(Stage::Compute, cluster.original_rank())?;
        let bad = messenger.round(rounds)?;
        links.round(cluster, team)?;
        if cluster.max((wrong.len() + bad.len()) as u64)? > 0 {
            let found = again::look_into(cluster, team, &worker, &wrong)?.unwrap_or_default();
            let bad = messenger.again(bad)?.unwrap_or_default();
            warn(team, &mut warned, rounds, &found, &bad);
            wrong_messages += bad.len() as u64;
            findings.extend(found);
            all_bad.extend(bad);
            findings.truncate(MOST);
            all_bad.truncate(MOST);
        }
        rounds += 1;
        longest = longest.max(start.elapsed());
        let next = cluster.at_root(|| Next {
            is_time_left: duration.is_none_or(|duration| begun.elapsed() + longest <= duration),
            is_due: shown.is_some() && begun.elapsed() >= due,
        });
        let cause = stop.agreed(cluster)?;
        let next = cluster.broadcast(next)?;
        if !next.is_time_left || cause.is_some() {
            break cause;
        }
        if next.is_due {
            let figures = cluster.gather_records(&figures(&worker, &messenger, &links))?;
            if let Some((figures, shown)) = figures.zip(shown) {
                let elapsed = begun.elapsed();
                shown(State { figures: &figures, wrong_messages, rounds, elapsed });
                due = elapsed + INTERVAL;
            }
        }
    };
    let figures = figures(&worker, &messenger, &links);
    Ok((Observations { figures, findings, bad: all_bad, rounds }, cause))
}

/// At the root: reports faults at once, once per host. A burn-in may last for days, and may be
/// killed.
fn warn(team: &Team, warned: &mut BTreeSet<usize>, round: u64, found: &[WrongAnswer], bad: &[Bad]) {
    for rank in found.iter().map(|finding| finding.rank) {
        if warned.insert(team.host_of_rank[rank]) {
            stderr::message(&format!("round {}: WRONG answer of rank {rank} on {}", round + 1, team.host(rank)));
        }
    }
    for TestMessage { from, to, .. } in bad.iter().map(|bad| bad.message) {
        let (from, to) = (from as usize, to as usize);
        if warned.insert(team.host_of_rank[from]) | warned.insert(team.host_of_rank[to]) {
            let (one, other) = (team.host(from), team.host(to));
            stderr::message(&format!(
                "round {}: WRONG message from rank {from} on {one} to rank {to} on {other}",
                round + 1
            ));
        }
    }
}

/// Million numbers sieved, or million darts thrown, per CPU second; the CPU share shows the time
/// taken by others.
fn speed(worker: &RankWorker, primes: bool) -> f64 {
    let blocks = table::blocks();
    let of_kind = worker.times.iter().filter(|time| blocks[time.block as usize].is_primes() == primes);
    let (items, seconds) = of_kind.fold((0.0, 0.0), |(items, seconds), time| {
        (items + blocks[time.block as usize].items() as f64, seconds + time.cpu)
    });
    if seconds > 0.0 { items / seconds / 1e6 } else { 0.0 }
}

impl Observations {
    /// Every rank's figures at the root. Every rank must call it.
    ///
    /// # Errors
    /// As [`Cluster::gather_records`].
    pub fn reduce(self, cluster: &Cluster) -> Result<Option<Gathered>> {
        let Observations { figures, findings, bad, rounds } = self;
        Ok(cluster.gather_records(&figures)?.map(|figures| Gathered { figures, findings, bad, rounds }))
    }
}
