//! An event loop: hello and world by turns: row 26.
//!
//! In Python: asyncio; two callbacks that schedule each other on a loop, or two coroutines with futures.
//!
//! In MPI: a loop that asks whether anything has come (`MPI_Iprobe`), calls what belongs to it, and otherwise rests. Rank 0 says hello,
//! the last rank says world; each word is the event on which the other is said. All the others have nothing to do and ask no one.
//!
//! What goes wrong: a callback that computes for long. Nothing else happens on that rank meanwhile, no message moves on, and a partner
//! on another host waits for it; this is why the engine looks at its messages between two pieces of work.
//!
//! Right answer: hello world, five times over, by turns.

use std::time::Instant;

use super::{Pattern, Shown, each_us};
use crate::cluster::patience::Patience;
use crate::cluster::{Cluster, Tag};
use crate::error::Result;

/// Words to be said in all.
const WORDS: u64 = 10;
/// What rank 0 says, and what the last rank says.
const HELLO: &str = "hello";
const WORLD: &str = "world";

pub(super) const PATTERN: Pattern = Pattern {
    name: "events",
    python: "event loop, callbacks, futures: hello, world",
    mpi: "a progress loop over MPI_Iprobe and requests",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let partner = cluster.size() - 1;
    let began = Instant::now();
    let said: Vec<(u64, String)> = match cluster.rank() {
        _ if partner == 0 => (0..WORDS).map(|turn| (turn, if turn % 2 == 0 { HELLO } else { WORLD }.into())).collect(),
        0 => {
            cluster.send_numbers(partner, Tag::Item, [0, 0])?;
            talk(cluster, HELLO, vec![(0, HELLO.into())])?
        }
        rank if rank == partner => talk(cluster, WORLD, Vec::new())?,
        _ => Vec::new(),
    };
    let cost = each_us("a word", began, WORDS);
    let all = cluster.gather_records(&said)?;
    Ok(all.map(|all| {
        let mut words = all.concat();
        words.sort_unstable();
        Shown {
            answer: words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" "),
            expected: ["hello world"; WORDS as usize / 2].join(" "),
            costs: vec![cost],
            ..Shown::default()
        }
    }))
}

/// The loop: to each word that comes, this rank's is said; the turns that it has had.
fn talk(cluster: &Cluster, word: &str, mut said: Vec<(u64, String)>) -> Result<Vec<(u64, String)>> {
    let mut patience = Patience::new();
    loop {
        let Some((from, Tag::Item)) = cluster.probe()? else {
            patience.pause();
            continue;
        };
        patience.reset();
        let next = cluster.receive_numbers(from, Tag::Item)?[0] + 1;
        if next < WORDS {
            cluster.send_numbers(from, Tag::Item, [next, 0])?;
            said.push((next, word.into()));
        }
        if next + 1 >= WORDS {
            cluster.flush(None)?;
            return Ok(said);
        }
    }
}
