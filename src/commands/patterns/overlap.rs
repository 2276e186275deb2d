//! Many questions under way at once: row 27.
//!
//! In Python: 500 web pages that answer after 100 ms: 52.9 s one by one, 0.5 to 1 s with threads or asyncio. The processor has nothing
//! to do in either; only the number of questions under way differs.
//!
//! In MPI: rank 0 keeps k questions under way (`MPI_Isend`, `MPI_Irecv`), and for each answer that comes sends the next question. The other
//! ranks are the web: each answers after a delay, as many at once as it is asked.
//!
//! What goes wrong: a send and a receive after each other (k = 1): the time is questions x delay, whatever the network can do.
//!
//! Right answer: every question is answered once, for each k; times go down as delay x questions / k.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Pattern, Shown};
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
    mpi: "k requests under way: MPI_Isend, MPI_Irecv, whichever completes first",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let mut counts = Vec::new();
    let mut costs = Vec::new();
    for (window, what) in WINDOWS {
        cluster.barrier();
        let began = Instant::now();
        match cluster.at_root(|| if cluster.size() == 1 { wait_alone(window) } else { ask(cluster, window) }) {
            Some(answers) => counts.push(answers),
            None => answer(cluster),
        }
        costs.push(Cost { what, value: began.elapsed().as_secs_f64(), unit: "s" });
    }
    Ok(cluster.at_root(|| Shown {
        answer: format!("answers: {}", super::listed(counts)),
        expected: format!("answers: {0}, {0}, {0}", QUESTIONS),
        costs,
        ..Shown::default()
    }))
}

/// At rank 0: all questions, `window` of them under way; how many were answered, each once.
fn ask(cluster: &Cluster, window: u64) -> usize {
    let mut questions = 0..QUESTIONS;
    let servers = cluster.size() - 1;
    let start = |question| {
        cluster.send(1 + question % servers, Tag::Item, [question, 0]);
        cluster.promise(1 + question % servers, Tag::Reply)
    };
    let mut open: VecDeque<_> = questions.by_ref().take(window as usize).map(start).collect();
    let mut answers = std::collections::BTreeSet::new();
    let mut patience = Patience::new();
    let mut idle = 0;
    while let Some(promise) = open.pop_front() {
        match promise.take() {
            Ok([question, _]) => {
                answers.insert(question);
                open.extend(questions.next().map(start));
                patience.reset();
                idle = 0;
            }
            Err(promise) => {
                open.push_back(promise);
                idle += 1;
                // None of them is there.
                if idle >= open.len() {
                    patience.pause();
                    idle = 0;
                }
            }
        }
    }
    (1..=servers).for_each(|server| cluster.send(server, Tag::Last, [0, 0]));
    cluster.flush();
    answers.len()
}

/// At every other rank: answers each question a delay after it came.
fn answer(cluster: &Cluster) {
    let mut due: VecDeque<(Instant, u64)> = VecDeque::new();
    let mut patience = Patience::new();
    loop {
        match cluster.probe() {
            Some((from, Tag::Item)) => {
                due.push_back((Instant::now() + DELAY, cluster.receive(from, Tag::Item)[0]));
                patience.reset();
            }
            Some((from, tag)) => {
                cluster.receive(from, tag);
                return cluster.flush();
            }
            None => patience.pause(),
        }
        while let Some(&(when, question)) = due.front()
            && when <= Instant::now()
        {
            due.pop_front();
            cluster.send(0, Tag::Reply, [question, 0]);
        }
        cluster.all_sent();
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
