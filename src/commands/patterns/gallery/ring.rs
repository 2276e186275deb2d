//! A state machine whose states are visited by message: row 30.
//!
//! A token goes round a ring of ranks. It carries the states so far; the rank that has it makes one
//! transition and sends it to the next rank. A rank without the token waits for a message. When the
//! end state is reached the token goes round once more to say so, and every rank leaves.
//!
//! # In Python
//! ```python
//! import asyncio
//!
//! async def state(name, steps):
//!     print(name)
//!     await asyncio.sleep(0)
//!     if steps > 0:
//!         await state(steps % 3 + 1, steps - 1)
//!     elif name != "end":
//!         await state("end", 0)
//!
//! asyncio.run(state("start", 20))
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! comm = MPI.COMM_WORLD
//! rank, size = comm.Get_rank(), comm.Get_size()
//! left, right = (rank - 1) % size, (rank + 1) % size
//! way, ender = (["start"], None) if rank == 0 else comm.recv(source=left)
//! while ender is None:
//!     way.append("end" if len(way) > 20 else (len(way) - 1) % 3 + 1)
//!     ender = rank if way[-1] == "end" else None
//!     comm.send((way, ender), right)
//!     if ender is None:
//!         way, ender = comm.recv(source=left)
//! if ender not in (rank, right):
//!     comm.send((way, ender), right)
//! if rank == 0:
//!     print(way)
//! ```
//!
//! # What goes wrong
//! The rank that reaches the end state leaves, and the others wait for a token that never comes.
//!
//! # Right answer
//! start, 1, 2, 3, 1, ..., end: the same way on any number of ranks, 20 steps and then the end
//! state.
//!
//! # MPI calls
//! `MPI_Send`, `MPI_Irecv`.
//!
//! # In the picture
//! One rank works at a time, and all others wait. The last messages only say that it is over.
//!
//! # Exercises
//! **1.** How many messages does the token take on p ranks?
//!
//! <details><summary>Answer</summary>
//!
//! p + 19, from 2 ranks on: one for each of the 21 transitions, and p - 2 more to tell the ranks
//! that the first 21 did not. Count the sends of `mpirun -n 4 montesieve patterns ring --trace`:
//! 23.
//!
//! </details>
//!
//! **2.** What is the speed-up of this state machine on p ranks?
//!
//! <details><summary>Answer</summary>
//!
//! Below 1: only the rank with the token works, and each step costs a message. A ring is for
//! data that lives on its rank, or for a right that one rank may have at a time.
//!
//! </details>

use std::time::Instant;

use mpi::Rank;
use mpi::request::scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{ROOT, Shown, each_us, trace};
use crate::cluster::polite;
use crate::error::Result;

const STEPS: usize = 20;
/// States by number.
const NAMES: [&str; 5] = ["start", "1", "2", "3", "end"];
const END: u64 = 4;

/// What goes round: how many transitions were made, and the states so far. The last of `STEPS + 1`
/// transitions leads to the end state.
type Token = [u64; 1 + 1 + STEPS + 1];

/// The way out of a state: by the state itself and by what is read on the tape, `(7 step + 3) mod
/// 5`.
fn transition(state: u64, step: usize) -> u64 {
    let read = (7 * step + 3) % 5;
    match state {
        _ if step == STEPS => END,
        0 => 1,
        state if read < 3 => state % 3 + 1,
        state => state,
    }
}

/// One transition; whether it led to the end state.
fn advance(token: &mut Token) -> bool {
    let step = token[0] as usize;
    token[2 + step] = transition(token[1 + step], step);
    token[0] += 1;
    has_ended(token)
}

fn has_ended(token: &Token) -> bool {
    token[0] as usize == STEPS + 1
}

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    let token = if world.size() == 1 { alone() } else { go_round(world) };
    let cost = each_us("a step", began, STEPS as u64 + 1);
    Ok((world.rank() == ROOT).then(|| Shown {
        answer: described(&token),
        expected: described(&alone()),
        costs: vec![cost],
        ..Shown::default()
    }))
}

/// On 2 ranks or more: the token at its end, at every rank.
fn go_round(world: &SimpleCommunicator) -> Token {
    let (rank, size) = (world.rank(), world.size());
    let left = world.process_at_rank((rank + size - 1) % size);
    let right = world.process_at_rank((rank + 1) % size);
    // The rank that makes the last transition; the farewell ends at its left.
    let last = STEPS as Rank % size;
    let mut token = [0; _];
    let mut is_here = rank == ROOT;
    let pass_on = |token: &Token| {
        trace::send(right.rank(), 0);
        right.send(&token[..]);
    };
    loop {
        if !is_here {
            trace::receive(|| ((), scope(|s| polite::wait(left.immediate_receive_into(s, &mut token[..])))));
        }
        is_here = false;
        if has_ended(&token) {
            if (rank + 1) % size != last {
                pass_on(&token);
            }
            return token;
        }
        let is_last = advance(&mut token);
        pass_on(&token);
        if is_last {
            return token;
        }
    }
}

/// The same way without messages.
fn alone() -> Token {
    let mut token = [0; _];
    while !advance(&mut token) {}
    token
}

fn described(token: &Token) -> String {
    let [.., before, last] = *token;
    format!("{STEPS} steps, {} after {}", NAMES[last as usize], NAMES[before as usize])
}
