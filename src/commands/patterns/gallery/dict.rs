//! A dictionary that many ranks fill: row 25.
//!
//! Rank 0 owns the keys and values and serves three kinds of message: "set this key", "what is this
//! key?", and "this was my last". A dictionary of Python's `Manager` works the same way behind the
//! scenes: a separate process holds it, and every access is a request and a reply.
//!
//! # In Python
//! ```python
//! from multiprocessing import Manager, Process
//!
//! def job(shared, key):
//!     shared[key] = 2 * key
//!     assert shared[key] == 2 * key
//!
//! if __name__ == "__main__":
//!     with Manager() as manager:
//!         shared = manager.dict()
//!         jobs = [Process(target=job, args=(shared, key)) for key in range(10)]
//!         for process in jobs:
//!             process.start()
//!         for process in jobs:
//!             process.join()
//!         print(sorted(shared.items()))
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! comm, status, SET, GET, LAST = MPI.COMM_WORLD, MPI.Status(), 1, 2, 3
//! clients = comm.Get_size() - 1
//! if comm.Get_rank() == 0:
//!     owned, left = {}, clients
//!     while left > 0:
//!         message = comm.recv(source=MPI.ANY_SOURCE, tag=MPI.ANY_TAG, status=status)
//!         if status.Get_tag() == SET:
//!             owned[message[0]] = message[1]
//!         elif status.Get_tag() == GET:
//!             comm.send(owned.get(message), status.Get_source())
//!         else:
//!             left -= 1
//!     print(sorted(owned.items()))
//! else:
//!     for key in range(comm.Get_rank() - 1, 10, clients):
//!         comm.send((key, 2 * key), 0, SET)
//!         comm.send(key, 0, GET)
//!         assert comm.recv(source=0) == 2 * key
//!     comm.send(None, 0, LAST)
//! ```
//!
//! # What goes wrong
//! `d[key] += 1` is a question, an answer and a message, and another job may come in between: the
//! lost updates of `counter` again, only slower. And all jobs queue for one server.
//!
//! # Right answer
//! {0: 0, 1: 2, 2: 4, ..., 9: 18}, and every job reads back what it wrote.
//!
//! # MPI calls
//! `MPI_Improbe` on any source and tag, `MPI_Mrecv`; `MPI_Send`, `MPI_Irecv`.
//!
//! # In the picture
//! A write is an arrow to rank 0; a read is one there and one back. Clients wait in `MPI_Recv`
//! for their turn at rank 0.
//!
//! # Exercises
//! **1.** How many messages do ten jobs take on 3 ranks?
//!
//! <details><summary>Answer</summary>
//!
//! 32: a write, a question and an answer for each job, and one last message from each of the
//! two clients. `mpirun -n 3 montesieve patterns dict --trace` shows them.
//!
//! </details>
//!
//! **2.** Rank 0 is the bottleneck of many clients. How can the dictionary have several owners?
//!
//! <details><summary>Answer</summary>
//!
//! Let key k belong to rank k mod p (or a hash of it), so that requests spread. Each owner must
//! then serve between its own pieces of work, or its clients wait.
//!
//! </details>

use std::collections::BTreeMap;
use std::time::Instant;

use mpi::Tag;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::queue::reduce;
use super::{ROOT, Shown, each_us, trace};
use crate::cluster::polite;
use crate::error::Result;

const JOBS: u64 = 10;

/// What a message to the server is: a key and its value, a key, or nothing more.
const SET: Tag = 1;
const GET: Tag = 2;
const LAST: Tag = 3;
/// A message from the server: the value of a key, or [`MISSING`].
const VALUE: Tag = 4;
const MISSING: u64 = u64::MAX;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    let (mut owned, mut wrong) = (BTreeMap::new(), 0);
    if world.rank() != ROOT {
        wrong = fill(world);
    } else if world.size() == 1 {
        owned.extend((0..JOBS).map(|key| (key, 2 * key)));
    } else {
        owned = serve(world);
    }
    let cost = each_us("a job: one write, one read", began, JOBS);
    Ok(reduce(world, wrong).map(|wrong| Shown {
        answer: format!("{owned:?}, read back wrong: {wrong}"),
        expected: format!("{:?}, read back wrong: 0", BTreeMap::from_iter((0..JOBS).map(|key| (key, 2 * key)))),
        costs: vec![cost],
        ..Shown::default()
    }))
}

/// At rank 0: answers until every client has sent its last.
fn serve(world: &SimpleCommunicator) -> BTreeMap<u64, u64> {
    let mut owned = BTreeMap::new();
    let mut clients = world.size() - 1;
    while clients > 0 {
        let (message, status) = trace::receive(|| polite::until(|| world.any_process().immediate_matched_probe()));
        let mut pair = [0; 2];
        message.matched_receive_into(&mut pair[..]);
        let [key, value] = pair;
        match status.tag() {
            SET => drop(owned.insert(key, value)),
            GET => {
                let found = owned.get(&key).copied().unwrap_or(MISSING);
                trace::send(status.source_rank(), VALUE);
                world.process_at_rank(status.source_rank()).send_with_tag(&found, VALUE);
            }
            _ => clients -= 1,
        }
    }
    owned
}

/// At every other rank: writes its keys and reads them back; how many came back wrong.
fn fill(world: &SimpleCommunicator) -> u64 {
    let server = world.process_at_rank(ROOT);
    let (first, clients) = (world.rank() as u64 - 1, world.size() as usize - 1);
    let mut wrong = 0;
    for key in (first..JOBS).step_by(clients) {
        trace::send(ROOT, SET);
        server.send_with_tag(&[key, 2 * key][..], SET);
        trace::send(ROOT, GET);
        server.send_with_tag(&[key][..], GET);
        let (value, _) = trace::receive(|| polite::receive(server.immediate_receive_with_tag::<u64>(VALUE)));
        wrong += u64::from(value != 2 * key);
    }
    trace::send(ROOT, LAST);
    server.send_with_tag(&[0_u64][..], LAST);
    wrong
}
