//! Producers and a consumer on a queue of bounded length: row 22.
//!
//! In Python: `Queue(maxsize=...)`; `put` waits while it is full, `get` while it is empty.
//!
//! In MPI: rank 0 consumes, every other rank produces. The bound is made of credits: a producer may have as many goods on their way as it
//! has credits, each good uses one up, and the consumer sends one back for each good that it has taken. Two tags keep goods and
//! credits apart. Order from one producer is kept by MPI itself (messages between two ranks with one tag do not overtake).
//!
//! What goes wrong without credits: nothing at first. MPI takes unexpected messages into buffers of its own at the consumer, until
//! its memory is full.
//!
//! Right answer: 1000 goods, none lost, none twice, those of each producer in order, never more on the way than there is room for.

use std::time::Instant;

use super::{Pattern, Shown, each_us, next_message};
use crate::cluster::{Cluster, Tag};
use crate::error::Result;
use crate::report::Cost;

const GOODS: u64 = 1000;
/// Room in the queue, for each producer.
const ROOM: u64 = 4;

pub(super) const PATTERN: Pattern = Pattern {
    name: "producer",
    python: "producer and consumer on Queue(maxsize)",
    mpi: "bounded queue: goods one way, credits the other, two tags",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let producers = cluster.size() - 1;
    let Some(began) = cluster.at_root(Instant::now) else {
        return produce(cluster, producers).map(|()| None);
    };
    let (taken, most) = if producers == 0 { alone() } else { consume(cluster, producers)? };
    let cost = each_us("a good", began, GOODS);
    let mut all: Vec<u64> = taken.iter().flatten().copied().collect();
    all.sort_unstable();
    let whole = all.iter().copied().eq(0..GOODS);
    let in_order = taken.iter().all(|goods| goods.is_sorted());
    Ok(Some(Shown {
        answer: format!(
            "{} goods, each once: {whole}, in order: {in_order}, within bounds: {}",
            all.len(),
            most <= ROOM
        ),
        expected: format!("{GOODS} goods, each once: true, in order: true, within bounds: true"),
        costs: vec![cost, Cost { what: "most on the way", value: most as f64, unit: "from one producer" }],
        ..Shown::default()
    }))
}

/// At every other rank: good after good, every `producers`-th number, as credits allow.
fn produce(cluster: &Cluster, producers: u64) -> Result<()> {
    let (mut credits, mut sent, mut taken) = (ROOM, 0, 0);
    for good in (cluster.rank() - 1..GOODS).step_by(producers as usize) {
        if credits == 0 {
            cluster.receive_numbers(0, Tag::Credit)?;
            (credits, taken) = (1, taken + 1);
        }
        cluster.send_numbers(0, Tag::Item, [good, sent - taken + 1])?;
        (credits, sent) = (credits - 1, sent + 1);
    }
    // What is still on the way comes back as credits; then nothing is.
    for _ in taken..sent {
        cluster.receive_numbers(0, Tag::Credit)?;
    }
    Ok(cluster.flush(None)?)
}

/// At rank 0: the goods of each producer as they came, and the most that one had on the way.
fn consume(cluster: &Cluster, producers: u64) -> Result<(Vec<Vec<u64>>, u64)> {
    let mut taken = vec![Vec::new(); producers as usize];
    let mut most = 0;
    for _ in 0..GOODS {
        let (producer, tag) = next_message(cluster)?;
        let [good, on_the_way] = cluster.receive_numbers(producer, tag)?;
        taken[producer as usize - 1].push(good);
        most = most.max(on_the_way);
        cluster.send_numbers(producer, Tag::Credit, [0, 0])?;
    }
    cluster.flush(None)?;
    Ok((taken, most))
}

/// One process produces and consumes in turns.
fn alone() -> (Vec<Vec<u64>>, u64) {
    let (mut queue, mut taken, mut goods, mut most) = (std::collections::VecDeque::new(), Vec::new(), 0..GOODS, 0);
    while taken.len() < GOODS as usize {
        queue.extend(goods.by_ref().take(ROOM as usize));
        most = most.max(queue.len() as u64);
        taken.extend(queue.drain(..));
    }
    (vec![taken], most)
}
