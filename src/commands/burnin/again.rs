//! Repeats a wrong block at once on the same rank, and on another host, while the others wait.

use serde::{Deserialize, Serialize};

use super::diagnosis::cause::{self, AGAIN, Cause};
use super::diagnosis::table::{self, Block};
use super::rank::{Mismatch, RankWorker};
use super::team::Team;
use crate::cluster::Cluster;
use crate::error::Result;

/// The most wrong blocks of one round that are investigated: if a thousand ranks are wrong at once,
/// a few suffice to find the cause.
const MOST: usize = 16;

/// A wrong block, and the results of its repetitions.
#[derive(Clone, Debug)]
pub struct WrongAnswer {
    /// Whose it is.
    pub rank: usize,
    /// What was wrong.
    pub mismatch: Mismatch,
    /// The block itself.
    pub block: Block,
    /// The results when the same rank repeated it.
    pub again: Vec<u64>,
    /// Another rank, and its result.
    pub elsewhere: Option<(usize, u64)>,
    /// The cause.
    pub cause: Cause,
}

/// One rank's answers for repeated blocks: place in the list, answers.
#[derive(Default, Serialize, Deserialize)]
struct Tried(Vec<(usize, Vec<u64>)>);

/// Investigates the wrong blocks of a round. Every rank must call it; the root gets the findings.
///
/// # Errors
/// As [`Cluster::gather_records`].
pub fn look_into(
    cluster: &Cluster,
    team: &Team,
    worker: &RankWorker,
    mine: &[Mismatch],
) -> Result<Option<Vec<WrongAnswer>>> {
    let all = cluster.gather_records(&mine.to_vec())?;
    let list = all.map(|all| {
        let of_rank = |(rank, wrong): (usize, Vec<Mismatch>)| wrong.into_iter().map(move |mismatch| (rank, mismatch));
        all.into_iter().enumerate().flat_map(of_rank).take(MOST).collect::<Vec<_>>()
    });
    let list: Vec<(usize, Mismatch)> = cluster.broadcast(list)?;
    let blocks = table::blocks();
    let mut tried = Tried::default();
    for (place, &(rank, mismatch)) in list.iter().enumerate() {
        let block = &blocks[mismatch.block as usize];
        let times = match cause::witness(rank, &team.host_of_rank, &team.kinds) {
            _ if team.rank == rank => AGAIN,
            Some(witness) if team.rank == witness => 1,
            _ => continue,
        };
        tried.0.push((place, (0..times).map(|_| worker.again(block)).collect()));
    }
    let tried = cluster.gather_records(&tried)?;
    let finding = |tried: &[Tried], place: usize, (rank, mismatch): (usize, Mismatch)| {
        let block = blocks[mismatch.block as usize];
        let answers =
            |rank: usize| tried[rank].0.iter().find(|(of, _)| *of == place).map(|(_, answers)| answers.clone());
        let again = answers(rank).unwrap_or_default();
        let witness = cause::witness(rank, &team.host_of_rank, &team.kinds);
        let elsewhere = witness.and_then(|witness| Some((witness, *answers(witness)?.first()?)));
        let compared = elsewhere.map(|(witness, got)| cause::OtherRank {
            is_other_host: team.host_of_rank[witness] != team.host_of_rank[rank],
            is_wrong: got != block.expected,
        });
        let cause = cause::cause(again.iter().any(|&got| got != block.expected), compared);
        WrongAnswer { rank, mismatch, block, again, elsewhere, cause }
    };
    Ok(tried.map(|tried| list.iter().enumerate().map(|(place, &wrong)| finding(&tried, place, wrong)).collect()))
}
