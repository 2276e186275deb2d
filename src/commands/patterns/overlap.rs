//! Many questions under way at once: row 27.
//!
//! In Python: 500 web pages that answer after 100 ms: 52.9 s one by one, 0.5 to 1 s with threads or asyncio. The processor has nothing
//! to do in either; only the number of questions under way differs.
//!
//! In MPI: rank 0 keeps k questions under way (`MPI_Isend`), and for each answer that comes, from whomever (`MPI_Iprobe`), sends the next
//! question. The other ranks are the web: each answers after a delay, as many at once as it is asked.
//!
//! What goes wrong: a send and a receive after each other (k = 1): the time is questions x delay, whatever the network can do.
//!
//! Right answer: every question is answered once, for each k; times go down as delay x questions / k.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::{Pattern, Shown, listed, next_message};
use crate::cluster::patience::Patience;
use crate::cluster::{Cluster, Tag};
use crate::error::Result;
use crate::report::Cost;

const QUESTIONS: u64 = 100;
/// Until an answer is sent: long against a message (microseconds), so that waiting is all there is.
const DELAY: Duration = Duration::from_millis(5);
/// Questions under way at once.
const WINDOWS: [(u64, &str); 3] = [(1, "one by one"), (10, "10 under way"), (50, "50 under way")];

pub(super) const PATTERN: Pattern = Pattern {
    name: "overlap",
    python: "500 web requests: one by one, threads, asyncio",
    mpi: "k requests under way: MPI_Isend, MPI_Iprobe, whichever is answered first",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let mut counts = Vec::new();
    let mut costs = Vec::new();
    for (window, what) in WINDOWS {
        cluster.barrier()?;
        let began = Instant::now();
        match cluster.at_root(|| if cluster.size() == 1 { Ok(wait_alone(window)) } else { ask(cluster, window) }) {
            Some(answers) => counts.push(answers?),
            None => answer(cluster)?,
        }
        costs.push(Cost { what, value: began.elapsed().as_secs_f64(), unit: "s" });
    }
    Ok(cluster.at_root(|| Shown {
        answer: format!("answers: {}", listed(counts)),
        expected: format!("answers: {0}, {0}, {0}", QUESTIONS),
        costs,
        ..Shown::default()
    }))
}

/// At rank 0: all questions, `window` of them under way; how many were answered, each once.
fn ask(cluster: &Cluster, window: u64) -> Result<usize> {
    let servers = cluster.size() - 1;
    let mut questions = 0..QUESTIONS;
    let mut next = || {
        let question = questions.next();
        question.map_or(Ok(()), |n| cluster.send_numbers(1 + n % servers, Tag::Item, [n, 0]))
    };
    (0..window).try_for_each(|_| next())?;
    let mut answers = BTreeSet::new();
    for _ in 0..QUESTIONS {
        let (server, tag) = next_message(cluster)?;
        answers.insert(cluster.receive_numbers(server, tag)?[0]);
        next()?;
    }
    (1..=servers).try_for_each(|server| cluster.send_numbers(server, Tag::Last, [0, 0]))?;
    cluster.flush(None)?;
    Ok(answers.len())
}

/// At every other rank: answers each question a delay after it came.
fn answer(cluster: &Cluster) -> Result<()> {
    let (mut due, mut patience) = (VecDeque::new(), Patience::new());
    loop {
        if let Some((from, tag)) = cluster.probe()? {
            let [question, _] = cluster.receive_numbers(from, tag)?;
            if tag == Tag::Last {
                return Ok(cluster.flush(None)?);
            }
            due.push_back((Instant::now() + DELAY, question));
            patience.reset();
        }
        while let Some(&(when, question)) = due.front()
            && when <= Instant::now()
        {
            due.pop_front();
            cluster.send_numbers(0, Tag::Reply, [question, 0])?;
            patience.reset();
        }
        patience.pause();
    }
}

/// One process has nobody to ask: each question is a moment of its clock, `window` of them under way.
fn wait_alone(window: u64) -> usize {
    let (mut questions, mut due, mut answers) = (0..QUESTIONS, VecDeque::new(), 0);
    loop {
        due.extend(questions.by_ref().take(window as usize - due.len()).map(|_| Instant::now() + DELAY));
        let Some(when) = due.pop_front() else { return answers };
        std::thread::sleep(when.saturating_duration_since(Instant::now()));
        answers += 1;
    }
}
