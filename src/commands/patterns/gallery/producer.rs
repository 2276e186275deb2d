//! Producers and a consumer on a queue of bounded length: row 22.
//!
//! Rank 0 consumes, every other rank produces. The bound is made of credits: a producer may have as
//! many goods on their way as it has credits; each good uses one up, and the consumer sends one
//! back for each good that it has taken. Two tags keep goods and credits apart. MPI itself keeps
//! the order of one producer's goods: messages between two ranks with one tag do not overtake each
//! other. The credits are sent by `MPI_Isend`: while the consumer waited in `MPI_Send`, the
//! producer could wait in its own, and both for ever.
//!
//! # In Python
//! ```python
//! from multiprocessing import Process, Queue
//!
//! def produce(queue, goods):
//!     for good in goods:
//!         queue.put(good)
//!
//! if __name__ == "__main__":
//!     queue = Queue(maxsize=4)
//!     for first in range(3):
//!         Process(target=produce, args=(queue, range(first, 1000, 3))).start()
//!     print(sorted(queue.get() for _ in range(1000)) == list(range(1000)))
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! comm, status, GOOD, CREDIT = MPI.COMM_WORLD, MPI.Status(), 1, 2
//! rank, producers, credits = comm.Get_rank(), comm.Get_size() - 1, 4
//! if rank == 0:
//!     goods, sent = [], []
//!     for _ in range(1000):
//!         goods.append(comm.recv(source=MPI.ANY_SOURCE, tag=GOOD, status=status))
//!         sent.append(comm.isend(None, status.Get_source(), CREDIT))
//!     MPI.Request.waitall(sent)
//!     print(sorted(goods) == list(range(1000)))
//! else:
//!     goods = range(rank - 1, 1000, producers)
//!     for number, good in enumerate(goods):
//!         if number >= credits:
//!             comm.recv(source=0, tag=CREDIT)
//!         comm.send(good, 0, GOOD)
//!     for _ in range(min(credits, len(goods))):
//!         comm.recv(source=0, tag=CREDIT)
//! ```
//!
//! # What goes wrong
//! Without credits nothing at first: MPI buffers unexpected messages at the consumer, until its
//! memory is full.
//!
//! # Right answer
//! 1000 goods, none lost, none twice, those of each producer in order, never more on the way than
//! the credits allow.
//!
//! # MPI calls
//! `MPI_Send`; `MPI_Isend`, `MPI_Testall`; `MPI_Irecv` from `MPI_ANY_SOURCE`.
//!
//! # In the picture
//! Goods go up to rank 0 in bursts of four. Then a producer waits in `MPI_Recv` until its
//! credits come down: the bound at work.
//!
//! # Exercises
//! **1.** A producer has c credits, and a round trip takes t. How many goods a second can it
//! send at most?
//!
//! <details><summary>Answer</summary>
//!
//! c / t: in each round trip c goods are on their way (Little's law). Four credits and 10 us
//! make 400,000 a second. More credits help until the consumer is the bottleneck.
//!
//! </details>
//!
//! **2.** The consumer sends its credits with a blocking synchronous send, `MPI_Ssend`, and
//! producers send their goods so too. What can happen?
//!
//! <details><summary>Answer</summary>
//!
//! Both can be in a send to each other, each waiting for a receive that comes after its send: a
//! deadlock. It needs no bad luck once the library no longer buffers the messages.
//!
//! </details>

use std::collections::VecDeque;
use std::time::Instant;

use mpi::Tag;
use mpi::request::{multiple_scope, scope};
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{ROOT, Shown, each_us, trace};
use crate::cluster::polite;
use crate::commands::patterns::answer::Cost;
use crate::error::Result;

const GOODS: u64 = 1000;
/// Goods that one producer may have on their way.
const CREDITS: u64 = 4;

const GOOD: Tag = 1;
const CREDIT: Tag = 2;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    if world.rank() != ROOT {
        produce(world);
        return Ok(None);
    }
    let began = Instant::now();
    let (taken, most) = if world.size() == 1 { alone() } else { consume(world) };
    let cost = each_us("a good", began, GOODS);
    let mut all: Vec<u64> = taken.iter().flatten().copied().collect();
    all.sort_unstable();
    let whole = all.iter().copied().eq(0..GOODS);
    let in_order = taken.iter().all(|goods| goods.is_sorted());
    let is_bounded = most <= CREDITS;
    Ok(Some(Shown {
        answer: format!("{} goods, each once: {whole}, in order: {in_order}, within bounds: {is_bounded}", all.len()),
        expected: format!("{GOODS} goods, each once: true, in order: true, within bounds: true"),
        costs: vec![cost, Cost { what: "most on the way", value: most as f64, unit: "from one producer" }],
        ..Shown::default()
    }))
}

/// At every other rank: good after good, every `producers`-th number, as credits allow.
fn produce(world: &SimpleCommunicator) {
    let consumer = world.process_at_rank(ROOT);
    let take_credit = || {
        trace::receive(|| polite::receive(consumer.immediate_receive_with_tag::<u64>(CREDIT)));
    };
    let (first, producers) = (world.rank() as u64 - 1, world.size() as usize - 1);
    let (mut credits, mut sent, mut taken) = (CREDITS, 0, 0);
    for good in (first..GOODS).step_by(producers) {
        if credits == 0 {
            take_credit();
            (credits, taken) = (1, taken + 1);
        }
        trace::send(ROOT, GOOD);
        consumer.send_with_tag(&[good, sent - taken + 1][..], GOOD);
        (credits, sent) = (credits - 1, sent + 1);
    }
    // The goods still on the way come back as credits; then none is.
    (taken..sent).for_each(|_| take_credit());
}

/// At rank 0: the goods of each producer as they came, and the most that one had on the way.
fn consume(world: &SimpleCommunicator) -> (Vec<Vec<u64>>, u64) {
    let mut taken = vec![Vec::new(); world.size() as usize - 1];
    let (mut most, credit) = (0, 1_u64);
    multiple_scope(GOODS as usize, |s, requests| {
        for _ in 0..GOODS {
            let mut message = [0; 2];
            let anyone = world.any_process();
            let ((), status) = trace::receive(|| {
                ((), scope(|s| polite::wait(anyone.immediate_receive_into_with_tag(s, &mut message[..], GOOD))))
            });
            let ([good, on_the_way], producer) = (message, status.source_rank());
            taken[producer as usize - 1].push(good);
            most = most.max(on_the_way);
            trace::send(producer, CREDIT);
            requests.add(world.process_at_rank(producer).immediate_send_with_tag(s, &credit, CREDIT));
        }
        let mut sent = Vec::new();
        polite::until(|| requests.test_all(&mut sent).then_some(()));
    });
    (taken, most)
}

/// One process produces and consumes in turns.
fn alone() -> (Vec<Vec<u64>>, u64) {
    let (mut queue, mut taken, mut goods, mut most) = (VecDeque::new(), Vec::new(), 0..GOODS, 0);
    while taken.len() < GOODS as usize {
        queue.extend(goods.by_ref().take(CREDITS as usize));
        most = most.max(queue.len() as u64);
        taken.extend(queue.drain(..));
    }
    (vec![taken], most)
}
