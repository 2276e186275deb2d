//! A state machine whose states are visited by message: row 30.
//!
//! In Python: a coroutine for each state, which awaits the coroutine of the next one until the end state.
//!
//! In MPI: a token goes round a ring. It carries the state and the number of steps; the rank that has it makes one transition and sends
//! it on to the next rank. Who has no token waits for a message, and at the end the token goes round once more to say so, and every
//! rank leaves.
//!
//! What goes wrong: the rank that reaches the end state leaves, and the others wait for a token that never comes.
//!
//! Right answer: start, 1, 2, 3, 1, ..., end: the same way on any number of ranks, 20 steps and then the end state.

use std::time::Instant;

use super::{Pattern, Shown, each_us};
use crate::cluster::{Cluster, Tag};
use crate::error::Result;

const STEPS: u64 = 20;
/// States by number.
const NAMES: [&str; 5] = ["start", "1", "2", "3", "end"];
const END: u64 = 4;

pub(super) const PATTERN: Pattern = Pattern {
    name: "ring",
    python: "a state machine of coroutines",
    mpi: "a token with the state round a ring of ranks",
    run,
};

/// The way out of a state: by the state itself and by what is read on the tape, `(7 step + 3) mod 5`.
fn transition(state: u64, step: u64) -> u64 {
    let read = (7 * step + 3) % 5;
    match state {
        _ if step == STEPS => END,
        0 => 1,
        state if read < 3 => state % 3 + 1,
        state => state,
    }
}

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let (rank, size) = (cluster.rank(), cluster.size());
    let next = (rank + 1) % size;
    let before = (rank + size - 1) % size;
    let began = Instant::now();
    let mut way = Vec::new();
    let mut token = cluster.at_root(|| [0, 0]);
    loop {
        let [state, step] = match token.take() {
            Some(token) => token,
            None => cluster.receive_numbers(before, Tag::Item)?,
        };
        if state == END {
            // Said once to each: who ended the walk, `step - 1` modulo the ranks, hears it again from its left and stops there.
            if size > 1 && (step - 1) % size != rank {
                cluster.send_numbers(next, Tag::Item, [state, step])?;
            }
            break;
        }
        let after = transition(state, step);
        way.push((step, after));
        if size == 1 {
            token = Some([after, step + 1]);
        } else {
            cluster.send_numbers(next, Tag::Item, [after, step + 1])?;
        }
    }
    cluster.flush(None)?;
    let cost = each_us("a step", began, STEPS + 1);
    let all = cluster.gather_records(&way)?;
    Ok(all.map(|all| {
        let mut way = all.concat();
        way.sort_unstable();
        let states: Vec<&str> = way.iter().map(|&(_, state)| NAMES[state as usize]).collect();
        Shown {
            answer: format!(
                "{} steps, {} after {}",
                states.len() - 1,
                states[states.len() - 1],
                states[states.len() - 2]
            ),
            expected: expected(),
            costs: vec![cost],
            ..Shown::default()
        }
    }))
}

/// The same walk without messages.
fn expected() -> String {
    let (mut state, mut last) = (0, 0);
    for step in 0..=STEPS {
        (last, state) = (state, transition(state, step));
    }
    format!("{STEPS} steps, {} after {}", NAMES[state as usize], NAMES[last as usize])
}
