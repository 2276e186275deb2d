//! Many questions under way at once: row 27.
//!
//! Rank 0 keeps k questions under way, and for each answer that comes, from any rank, it sends the
//! next question. The other ranks play the web: each answers 5 ms after it was asked, however many
//! questions it has. Rank 0 and the servers send to each other at any time, so the sends are
//! immediate: two blocking sends that face each other may wait for ever.
//!
//! # In Python
//! ```python
//! import asyncio
//!
//! async def fetch(page):
//!     await asyncio.sleep(0.1)
//!     return page
//!
//! async def main():
//!     pages = await asyncio.gather(*(fetch(page) for page in range(500)))
//!     print(len(pages))
//!
//! asyncio.run(main())
//! ```
//!
//! # With mpi4py
//! ```python
//! import time
//! from mpi4py import MPI
//!
//! comm, K, N = MPI.COMM_WORLD, 10, 100
//! servers = comm.Get_size() - 1
//! if comm.Get_rank() == 0:
//!     sent = [comm.isend(n, 1 + n % servers) for n in range(K)]
//!     for n in range(K, N + K):
//!         comm.recv(source=MPI.ANY_SOURCE)
//!         if n < N:
//!             sent.append(comm.isend(n, 1 + n % servers))
//!     sent += [comm.isend(None, server) for server in range(1, servers + 1)]
//!     MPI.Request.waitall(sent)
//!     print(N, "answers")
//! else:
//!     while (question := comm.recv(source=0)) is not None:
//!         time.sleep(0.005)  # one by one; the Rust below answers all it has at once
//!         comm.send(question, 0)
//! ```
//!
//! # What goes wrong
//! A send and a receive after each other (k = 1): it takes questions x delay, whatever the network
//! can do. The notes fetched 500 pages of 100 ms: 52.9 s one by one, 0.5 to 1 s with threads or
//! asyncio.
//!
//! # Right answer
//! Every question is answered once, for each k; times fall as delay x questions / k.
//!
//! # MPI calls
//! `MPI_Isend`, `MPI_Testall`; `MPI_Irecv` from `MPI_ANY_SOURCE`; `MPI_Improbe`, `MPI_Mrecv`.
//!
//! # In the picture
//! One question at a time: rank 0 waits for each answer before it asks again. The phases with
//! 10 and 50 under way come later and take a tenth of the time and less.
//!
//! # Exercises
//! **1.** 500 requests of 100 ms each: how long does it take with 1, 10 and 500 under way?
//!
//! <details><summary>Answer</summary>
//!
//! 50 s, 5 s and 0.1 s: n x latency / k. The study notes measured 52.9 s one by one in Python,
//! and 0.5 to 1 s with many under way: then the connection and the program are the limit.
//!
//! </details>
//!
//! **2.** 100 requests of 5 ms one by one take 0.55 s here, not 0.50. Where is the rest?
//!
//! <details><summary>Answer</summary>
//!
//! 0.5 ms a request: the server looks for due answers with rests of up to 1 ms, and the
//! messages take microseconds. A wait that spins would be exact, and would take the cores of
//! other ranks.
//!
//! </details>

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use mpi::Tag;
use mpi::request::multiple_scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{ROOT, Shown, listed, trace};
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

const QUESTIONS: u64 = 100;
/// Until an answer is sent: long against a message (microseconds), so that waiting is all there is.
const DELAY: Duration = Duration::from_millis(5);
/// Questions under way at once.
const WINDOWS: [(u64, &str); 3] = [(1, "one by one"), (10, "10 under way"), (50, "50 under way")];

const QUESTION: Tag = 1;
const ANSWER: Tag = 2;
const LAST: Tag = 3;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let (mut counts, mut costs) = (Vec::new(), Vec::new());
    for (window, what) in WINDOWS {
        trace::call("MPI_Barrier", || polite::wait(world.immediate_barrier()));
        let began = Instant::now();
        if world.rank() != ROOT {
            answer(world);
        } else if world.size() == 1 {
            counts.push(wait_alone(window));
        } else {
            counts.push(ask(world, window as usize));
        }
        costs.push(Cost { what, value: began.elapsed().as_secs_f64(), unit: "s" });
    }
    Ok((world.rank() == ROOT).then(|| Shown {
        answer: format!("answers: {}", listed(counts)),
        expected: format!("answers: {0}, {0}, {0}", QUESTIONS),
        costs,
        ..Shown::default()
    }))
}

/// At rank 0: all questions, `window` of them under way; how many were answered, each once.
fn ask(world: &SimpleCommunicator, window: usize) -> usize {
    let servers = world.size() - 1;
    let questions = Vec::from_iter(0..QUESTIONS);
    let mut answers = BTreeSet::new();
    multiple_scope(questions.len(), |s, requests| {
        let mut unasked = questions.iter();
        let mut under_way = 0;
        while answers.len() < questions.len() {
            for question in unasked.by_ref().take(window - under_way) {
                let server = world.process_at_rank(1 + *question as i32 % servers);
                trace::send(server.rank(), QUESTION);
                requests.add(server.immediate_send_with_tag(s, question, QUESTION));
                under_way += 1;
            }
            let (question, _) =
                trace::receive(|| polite::receive(world.any_process().immediate_receive_with_tag::<u64>(ANSWER)));
            assert!(answers.insert(question), "question {question} is answered twice");
            under_way -= 1;
        }
        let mut sent = Vec::new();
        polite::until(|| requests.test_all(&mut sent).then_some(()));
    });
    (1..=servers).for_each(|server| world.process_at_rank(server).send_with_tag(&0_u64, LAST));
    answers.len()
}

/// At every other rank: answers each question a delay after it came.
fn answer(world: &SimpleCommunicator) {
    let asker = world.process_at_rank(ROOT);
    let answers = Vec::from_iter(0..QUESTIONS);
    let mut due: VecDeque<(Instant, &u64)> = VecDeque::new();
    multiple_scope(answers.len(), |s, requests| {
        let mut is_over = false;
        while !is_over {
            // Rests until a question has come or an answer is due.
            polite::until(|| {
                let message = trace::probe(|| asker.immediate_matched_probe());
                let Some((message, status)) = message else {
                    return due.front().is_some_and(|(when, _)| *when <= Instant::now()).then_some(());
                };
                let (question, _) = message.matched_receive::<u64>();
                match status.tag() {
                    LAST => is_over = true,
                    _ => due.push_back((Instant::now() + DELAY, &answers[question as usize])),
                }
                Some(())
            });
            while let Some(&(when, answer)) = due.front()
                && when <= Instant::now()
            {
                due.pop_front();
                trace::send(ROOT, ANSWER);
                requests.add(asker.immediate_send_with_tag(s, answer, ANSWER));
            }
        }
        let mut sent = Vec::new();
        polite::until(|| requests.test_all(&mut sent).then_some(()));
    });
}

/// One process has no server: each question is a moment of its clock, `window` of them under way.
fn wait_alone(window: u64) -> usize {
    let (mut questions, mut due, mut answers) = (0..QUESTIONS, VecDeque::new(), 0);
    loop {
        due.extend(questions.by_ref().take(window as usize - due.len()).map(|_| Instant::now() + DELAY));
        let Some(when) = due.pop_front() else { return answers };
        std::thread::sleep(when.saturating_duration_since(Instant::now()));
        answers += 1;
    }
}
