//! A dictionary that many ranks fill: row 25.
//!
//! In Python: `Manager().dict()`: a process of its own holds the dictionary, and every access of the ten jobs is a message to it.
//!
//! In MPI: the same, in the open. Rank 0 owns the keys and values and serves two messages, "this key is that" (`Item`) and "what is this
//! key?" (`Credit` asks, `Reply` answers), until every rank has sent its last (`Last`).
//!
//! What goes wrong: `d[key] += 1` is a question and an answer and a message, and another job may come in between: the lost updates
//! of `counter` again, only slower. And all jobs wait in line for one server.
//!
//! Right answer: {0: 0, 1: 2, 2: 4, ..., 9: 18}, and every job reads back what it wrote.

use std::collections::BTreeMap;
use std::time::Instant;

use super::{Pattern, Shown, each_us, next_message};
use crate::cluster::{Cluster, Tag};
use crate::error::Result;

const JOBS: u64 = 10;

pub(super) const PATTERN: Pattern = Pattern {
    name: "dict",
    python: "Manager().dict() filled by ten jobs",
    mpi: "keys and values owned by rank 0, served by messages",
    run,
};

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let clients = cluster.size() - 1;
    let began = Instant::now();
    let mut owned = BTreeMap::new();
    let mut wrong = 0;
    if clients == 0 {
        owned.extend((0..JOBS).map(|key| (key, 2 * key)));
    } else if cluster.at_root(|| serve(cluster, clients, &mut owned)).transpose()?.is_none() {
        wrong = fill(cluster, (cluster.rank() - 1..JOBS).step_by(clients as usize))?;
    }
    let cost = each_us("a job: one write, one read", began, JOBS);
    Ok(cluster.sum(wrong)?.map(|wrong| Shown {
        answer: format!("{owned:?}, read back wrong: {wrong}"),
        expected: format!("{:?}, read back wrong: 0", BTreeMap::from_iter((0..JOBS).map(|key| (key, 2 * key)))),
        costs: vec![cost],
        ..Shown::default()
    }))
}

/// At rank 0: until every client has said that this was its last.
fn serve(cluster: &Cluster, clients: u64, owned: &mut BTreeMap<u64, u64>) -> Result<()> {
    let mut left = clients;
    while left > 0 {
        let (client, tag) = next_message(cluster)?;
        let [key, value] = cluster.receive_numbers(client, tag)?;
        match tag {
            Tag::Item => drop(owned.insert(key, value)),
            Tag::Credit => {
                let found = owned.get(&key).map_or([0, 0], |&value| [1, value]);
                cluster.send_numbers(client, Tag::Reply, found)?;
            }
            _ => left -= 1,
        }
    }
    Ok(cluster.flush(None)?)
}

/// At every other rank: writes its keys and reads them back; how many came back wrong.
fn fill(cluster: &Cluster, keys: impl Iterator<Item = u64>) -> Result<u64> {
    let mut wrong = 0;
    for key in keys {
        cluster.send_numbers(0, Tag::Item, [key, 2 * key])?;
        cluster.send_numbers(0, Tag::Credit, [key, 0])?;
        wrong += u64::from(cluster.receive_numbers(0, Tag::Reply)? != [1, 2 * key]);
    }
    cluster.send_numbers(0, Tag::Last, [0, 0])?;
    cluster.flush(None)?;
    Ok(wrong)
}
