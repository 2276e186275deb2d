//! An event loop: hello and world by turns: row 26.
//!
//! Each rank has a loop that asks whether a message is there (`MPI_Improbe`), calls the function
//! that belongs to its tag, and otherwise rests. Rank 0 says hello, the last rank says world; each
//! word is the event on which the other is said. The ranks between them have nothing to do and are
//! asked nothing.
//!
//! # In Python
//! ```python
//! import asyncio
//!
//! async def say(word, mine, other):
//!     for _ in range(5):
//!         await mine.get()
//!         print(word)
//!         other.put_nowait(None)
//!
//! async def main():
//!     hello, world = asyncio.Queue(), asyncio.Queue()
//!     hello.put_nowait(None)
//!     await asyncio.gather(say("hello", hello, world), say("world", world, hello))
//!
//! asyncio.run(main())
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! comm, HELLO, WORLD = MPI.COMM_WORLD, 1, 2
//! rank, last, status = comm.Get_rank(), comm.Get_size() - 1, MPI.Status()
//! turns = 5 if rank in (0, last) else 0
//! if rank == 0:
//!     print("hello", flush=True)
//!     comm.send("hello", last, HELLO)
//! while turns > 0:
//!     if message := comm.improbe(status=status):
//!         message.recv()
//!         turns -= 1
//!         if status.Get_tag() == HELLO:
//!             print("world", flush=True)
//!             comm.send("world", 0, WORLD)
//!         elif turns > 0:
//!             print("hello", flush=True)
//!             comm.send("hello", last, HELLO)
//! ```
//!
//! # What goes wrong
//! A callback that computes for long: nothing else happens on that rank, no message moves on, and a
//! partner on another host waits for it. This is why the engine looks at its messages between two
//! pieces of work.
//!
//! # Right answer
//! hello world, five times over, by turns.
//!
//! # MPI calls
//! `MPI_Send`; `MPI_Improbe` on any source and tag, `MPI_Mrecv`.
//!
//! # In the picture
//! Hello goes down, world comes up, and each word wakes the other rank. The ranks between them
//! have nothing to do.
//!
//! # Exercises
//! **1.** Rank 0 says hello before the other rank has entered its loop. Is the word lost?
//!
//! <details><summary>Answer</summary>
//!
//! No: a message waits at its receiver until a probe or a receive takes it. In that it is like
//! an `Event` that is set before the wait, and unlike the notification of a `Condition`.
//!
//! </details>
//!
//! **2.** A word takes 2.5 us. How many round trips are that in a second, and why is it more on
//! 8 ranks of 2 cores?
//!
//! <details><summary>Answer</summary>
//!
//! 200,000: a round trip is two words. With more ranks than cores the partner must first get a
//! core, and the ranks between the two use it to look for messages that never come.
//!
//! </details>

use std::time::Instant;

use mpi::Tag;
use mpi::point_to_point::{Message, Status};
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{ROOT, Shown, each_us, trace};
use crate::cluster::polite;
use crate::error::Result;

/// How often each of the two words is said.
const TURNS: usize = 5;

/// An event: which word was said.
const HELLO: Tag = 1;
const WORLD: Tag = 2;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    let mut heard = Vec::new();
    match world.rank() {
        // It is the first and the last rank: both speak in one process.
        ROOT if world.size() == 1 => heard.extend(["hello"; TURNS].into_iter().zip(["world"; TURNS])),
        ROOT => heard = say_hello(world),
        rank if rank == world.size() - 1 => say_world(world),
        _ => {}
    }
    let cost = each_us("a word", began, 2 * TURNS as u64);
    let words: Vec<&str> = heard.into_iter().flat_map(|(hello, world)| [hello, world]).collect();
    Ok((world.rank() == ROOT).then(|| Shown {
        answer: words.join(" "),
        expected: ["hello world"; TURNS].join(" "),
        costs: vec![cost],
        ..Shown::default()
    }))
}

/// At rank 0: says hello, and again whenever world was said; each hello with what came back.
fn say_hello(world: &SimpleCommunicator) -> Vec<(&'static str, &'static str)> {
    let partner = world.process_at_rank(world.size() - 1);
    let mut heard = Vec::new();
    let say = || {
        trace::send(world.size() - 1, HELLO);
        partner.send_with_tag(b"hello", HELLO);
    };
    say();
    while heard.len() < TURNS {
        let said = match next_event(world) {
            (WORLD, word) if word == *b"world" => "world",
            _ => "?",
        };
        heard.push(("hello", said));
        if heard.len() < TURNS {
            say();
        }
    }
    heard
}

/// At the last rank: says world whenever hello was said.
fn say_world(world: &SimpleCommunicator) {
    for _ in 0..TURNS {
        if let (HELLO, _) = next_event(world) {
            trace::send(ROOT, WORLD);
            world.process_at_rank(ROOT).send_with_tag(b"world", WORLD);
        }
    }
}

/// Rests until something has happened: its tag, and the word.
fn next_event(world: &SimpleCommunicator) -> (Tag, [u8; 5]) {
    let (message, status): (Message, Status) =
        trace::receive(|| polite::until(|| world.any_process().immediate_matched_probe()));
    let mut word = [0; 5];
    message.matched_receive_into(&mut word);
    (status.tag(), word)
}
