//! Results that are asked for now and taken when they are there: row 21.
//!
//! A future is a request. Rank 0 posts a receive for each answer before it is there (`MPI_Irecv`),
//! sends each number to a worker (`MPI_Isend`), and takes whichever request completes first
//! (`MPI_Testany` in a loop that sleeps; `MPI_Waitany` spins).
//!
//! # In Python
//! ```python
//! from multiprocessing import Pool
//!
//! def square(n):
//!     return n * n
//!
//! if __name__ == "__main__":
//!     with Pool(4) as pool:
//!         futures = [pool.apply_async(square, (n,)) for n in range(100)]
//!         print([future.get() for future in futures])
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! comm, N = MPI.COMM_WORLD, 100
//! rank, workers = comm.Get_rank(), comm.Get_size() - 1
//! if rank == 0:
//!     answers = [comm.irecv(source=1 + n % workers, tag=n) for n in range(N)]
//!     questions = [comm.isend(n, 1 + n % workers) for n in range(N)]
//!     squares = [None] * N
//!     for _ in range(N):
//!         n, square = MPI.Request.waitany(answers)
//!         squares[n] = square
//!     MPI.Request.waitall(questions)
//!     print(squares)
//! else:
//!     for n in range(rank - 1, N, workers):
//!         n = comm.recv(source=0)
//!         comm.send(n * n, 0, tag=n)
//! ```
//!
//! # What goes wrong
//! Answers of different workers arrive in any order, so each carries the number it belongs to. From
//! one worker, with one tag, they arrive in the order in which they were sent: MPI promises that
//! much.
//!
//! # Right answer
//! The squares 0, 1, 4, ..., 9801, whichever was first.
//!
//! # MPI calls
//! `MPI_Irecv`, `MPI_Isend`, `MPI_Testany`; `MPI_Send`.
//!
//! # In the picture
//! All questions leave rank 0 at once, a bundle of arrows. The answers come back as workers get
//! a core, not in the order of the questions.
//!
//! # Exercises
//! **1.** Why does an answer carry the number of its question?
//!
//! <details><summary>Answer</summary>
//!
//! MPI keeps the order of messages between two ranks with one tag, and no other order. With
//! several workers an answer can overtake an earlier one; the cost line counts how many did.
//!
//! </details>
//!
//! **2.** All receives are posted before a question is sent. What changes if they are posted
//! later?
//!
//! <details><summary>Answer</summary>
//!
//! The answers stay right. A message that finds no posted receive is kept by the library: it is
//! copied twice if it is small, and waits at its sender if it is large.
//!
//! </details>

use std::time::Instant;

use mpi::Tag;
use mpi::request::multiple_scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{ROOT, Shown, each_us, shortened, trace};
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

const N: u64 = 100;

const QUESTION: Tag = 1;
const ANSWER: Tag = 2;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    if world.rank() != ROOT {
        work(world);
        return Ok(None);
    }
    let began = Instant::now();
    let answers = if world.size() == 1 { (0..N).map(|n| [n, n * n]).collect() } else { ask(world) };
    let cost = each_us("an answer", began, N);
    let mut squares = vec![0; N as usize];
    let (mut overtaken, mut last) = (0, 0);
    for [n, square] in answers {
        squares[n as usize] = square;
        overtaken += u64::from(n < last);
        last = last.max(n);
    }
    Ok(Some(Shown {
        answer: shortened(&squares),
        expected: shortened(&Vec::from_iter((0..N).map(|n| n * n))),
        costs: vec![cost, Cost { what: "came after a later one", value: overtaken as f64, unit: "of 100" }],
        ..Shown::default()
    }))
}

/// At rank 0: asks all questions at once; the answers, each with its question's number, in the
/// order in which they arrived.
fn ask(world: &SimpleCommunicator) -> Vec<[u64; 2]> {
    let workers = world.size() - 1;
    let worker = |n: usize| world.process_at_rank(1 + n as i32 % workers);
    let questions = Vec::from_iter(0..N);
    let mut answers = vec![0; 2 * N as usize];
    let mut arrived = Vec::new();
    multiple_scope(2 * N as usize, |s, requests| {
        for (n, answer) in answers.chunks_mut(2).enumerate() {
            requests.add(worker(n).immediate_receive_into_with_tag(s, answer, ANSWER));
        }
        for (n, question) in questions.chunks(1).enumerate() {
            trace::send(1 + n as i32 % workers, QUESTION);
            requests.add(worker(n).immediate_send_with_tag(s, question, QUESTION));
        }
        while requests.incomplete() > 0 {
            let (_, status, numbers) = trace::call("MPI_Testany", || polite::until(|| requests.test_any()));
            // A send hands its question back.
            if let [n, square] = *numbers {
                trace::receive(|| ((), status));
                arrived.push([n, square]);
            }
        }
    });
    arrived
}

/// At every other rank: as many answers as rank 0 will ask of it.
fn work(world: &SimpleCommunicator) {
    let asker = world.process_at_rank(ROOT);
    let (first, workers) = (world.rank() as u64 - 1, world.size() as usize - 1);
    for _ in (first..N).step_by(workers) {
        let (n, _) = trace::receive(|| polite::receive(asker.immediate_receive_with_tag::<u64>(QUESTION)));
        trace::send(ROOT, ANSWER);
        asker.send_with_tag(&[n, n * n][..], ANSWER);
    }
}
