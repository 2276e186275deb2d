//! Measures the cost of a message, of an answer of the root and of a span in the last reduction,
//! for `--predict`.
//!
//! All ranks of the job take part, as in a job. The first and the last exchange a message; all
//! others ask the root, which decides with the engine's own state machine; and ledgers with
//! disjoint spans go to the root. The minimum of [`ROUNDS`] rounds counts, since other load only
//! adds; some milliseconds in total.

use std::time::Instant;

use super::analysis::predict::Costs;
use crate::cluster::Cluster;
use crate::cluster::backoff::ProgressBackoff;
use crate::error::{Error, Result};
use crate::job::protocol::{Input, Machine, Message, Output, Root, RootState, Settings};
use crate::job::transport::Channel;
use crate::job::{Boundaries, Dealer, Ledger, Schedule, Span, record};

/// Rounds of each measurement.
const ROUNDS: usize = 21;
/// Messages in each direction per round.
const TRIPS: u32 = 50;
/// Questions of each rank in a round: enough to keep the root busy, few enough for every MPI to
/// hold.
const QUESTIONS: u64 = 64;
/// Spans of each rank's ledger.
const SPANS: u64 = 1000;

/// Measures the costs. Every rank must call it, at least two; the root gets `Some`.
///
/// # Errors
/// [`Error::Run`] when a message cannot be decoded.
pub(super) fn measure(cluster: &Cluster) -> Result<Option<Costs>> {
    let mut rounds: Option<Vec<[f64; 3]>> = cluster.at_root(Vec::new);
    for _ in 0..ROUNDS {
        let (message, answer, span) = (message(cluster)?, answer(cluster)?, span(cluster)?);
        if let (Some(rounds), Some(message), Some(answer), Some(span)) = (&mut rounds, message, answer, span) {
            rounds.push([message, answer, span]);
        }
    }
    cluster.barrier()?;
    Ok(rounds.map(|rounds| {
        let [message, answer, span] =
            [0, 1, 2].map(|i| rounds.iter().map(|round| round[i]).fold(f64::INFINITY, f64::min));
        Costs { message, answer, span }
    }))
}

/// Waits for the next message as eagerly as an idle rank.
fn next(cluster: &Cluster) -> Result<(u64, Message<()>)> {
    let mut backoff = ProgressBackoff::yielding();
    loop {
        if let Some(message) = cluster.poll(Channel::Round, None)? {
            return Ok((message.from, record::decode(&message.bytes)?));
        }
        backoff.pause();
    }
}

fn send(cluster: &Cluster, to: u64, message: &Message<()>) -> Result<()> {
    Ok(cluster.send(to, Channel::Round, record::encode(message)?)?)
}

/// Seconds of one message, between the first and the last rank.
fn message(cluster: &Cluster) -> Result<Option<f64>> {
    let (me, last) = (cluster.rank(), cluster.size() - 1);
    cluster.barrier()?;
    let begun = Instant::now();
    for _ in 0..TRIPS {
        if me == 0 {
            send(cluster, last, &Message::Ask)?;
            next(cluster)?;
        } else if me == last {
            next(cluster)?;
            send(cluster, 0, &Message::Ask)?;
        }
    }
    cluster.flush(None)?;
    Ok(cluster.at_root(|| begun.elapsed().as_secs_f64() / f64::from(2 * TRIPS)))
}

/// The root's seconds per question, while all others ask.
fn answer(cluster: &Cluster) -> Result<Option<f64>> {
    let ranks = cluster.size();
    let machine = cluster.at_root(|| {
        let dealer = Dealer::new(Schedule::Dynamic, &[Span::new(0, u64::MAX / 2)], ranks, 1, None);
        let now = Instant::now();
        let root = RootState::new(Root::new(Ledger::<()>::new(), dealer, None), None, None, false, now);
        let settings = Settings::new(0, ranks, Boundaries::default());
        Machine::new(settings, Span::EMPTY, None, Some(root), now)
    });
    cluster.barrier()?;
    let Some(mut machine) = machine else {
        (0..QUESTIONS).try_for_each(|_| send(cluster, 0, &Message::Ask))?;
        (0..QUESTIONS).try_for_each(|_| next(cluster).map(drop))?;
        cluster.flush(None)?;
        return Ok(None);
    };
    let mut begun = None::<Instant>;
    let all = (ranks - 1) * QUESTIONS;
    for _ in 0..all {
        let (from, message) = next(cluster)?;
        let now = Instant::now();
        begun.get_or_insert(now);
        machine.handle(Input::Message(from, message), now).map_err(|overlap| Error::Run(overlap.to_string()))?;
        while let Some(output) = machine.output() {
            if let Output::Send(rank, message) = output {
                send(cluster, rank, &message)?;
            }
        }
    }
    // The first message had arrived before the clock started.
    let seconds = begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
    cluster.flush(None)?;
    Ok(Some(seconds / all as f64))
}

/// Seconds per span in the reduction, in which the root merges the spans of all others.
fn span(cluster: &Cluster) -> Result<Option<f64>> {
    let (me, ranks) = (cluster.rank(), cluster.size());
    let broken = |overlap: crate::job::Overlap| Error::Run(overlap.to_string());
    let mut mine = Ledger::<()>::new();
    // Two blocks apart, so that they never merge.
    for i in 0..SPANS {
        let block = 2 * (i * ranks + me);
        mine.record(Span::new(block, block + 1), ()).map_err(broken)?;
    }
    cluster.barrier()?;
    let begun = Instant::now();
    if me > 0 {
        send(cluster, 0, &Message::Reduce { sent: 0, ledger: mine })?;
        cluster.flush(None)?;
        return Ok(None);
    }
    for _ in 1..ranks {
        if let (_, Message::Reduce { ledger, .. }) = next(cluster)? {
            mine.absorb(ledger).map_err(broken)?;
        }
    }
    Ok(Some(begun.elapsed().as_secs_f64() / ((ranks - 1) * SPANS) as f64))
}
