//! One rank's part of a round: its blocks, timed and compared with the known answers.
//!
//! Faults injected by tests ([`fault::Hidden`]) take effect only here; without one they cost a
//! comparison per block.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::diagnosis::table::{self, Block};
use super::diagnosis::work;
use crate::cluster::{heartbeat, host_counters};
use crate::commands::burnin::diagnosis::speed::BlockTime;
use crate::fault::Hidden;
use crate::isa::Isa;

/// The most block times to keep: those of about two hours, at half a second a round.
const MOST_TIMES: usize = 1 << 15;

/// The blocks from which an injected fault selects: those of the first round, so that the shortest
/// run has it.
const FAULTY: u64 = 2;

/// An answer that is wrong.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Mismatch {
    /// The block's number.
    pub block: u32,
    /// The round.
    pub round: u64,
    /// The logical CPU it came from.
    pub cpu: usize,
    /// What came out.
    pub got: u64,
}

/// A rank's work, and its results.
pub struct RankWorker {
    rounds: Vec<[Block; 2]>,
    hidden: Option<Hidden>,
    /// Blocks that were done.
    pub blocks: u64,
    /// Their times, in order: all, or the last ones of a long burn-in.
    pub times: Vec<BlockTime>,
    /// Wrong blocks.
    pub wrong: u64,
    /// The clock after each block, where the system tells.
    pub mhz: Vec<f64>,
}

impl RankWorker {
    /// A worker at the start.
    pub fn new(isas: &[Isa], hidden: Option<Hidden>) -> RankWorker {
        RankWorker { rounds: table::rounds(isas), hidden, blocks: 0, times: Vec::new(), wrong: 0, mhz: Vec::new() }
    }

    /// Computes the two blocks of a round, or only the first if the round is over by then; returns
    /// the wrong ones.
    pub fn round(&mut self, round: u64, is_over: &dyn Fn() -> bool) -> Vec<Mismatch> {
        let blocks = self.rounds[(round % self.rounds.len() as u64) as usize];
        let mut wrong = Vec::new();
        for (place, block) in blocks.into_iter().enumerate() {
            if place > 0 && is_over() {
                break;
            }
            let (wall, on_cpu) = (Instant::now(), host_counters::thread_time());
            let got = self.compute(&block, self.blocks);
            self.linger(host_counters::thread_time().saturating_sub(on_cpu));
            let cpu = host_counters::thread_time().saturating_sub(on_cpu).as_secs_f64();
            heartbeat::yield_now();
            self.blocks += 1;
            keep_last(&mut self.times);
            keep_last(&mut self.mhz);
            self.times.push(BlockTime { block: block.number, wall: wall.elapsed().as_secs_f64(), cpu });
            self.mhz.extend(host_counters::current_mhz().map(f64::from));
            if got != block.expected {
                wrong.push(Mismatch { block: block.number, round, cpu: host_counters::cpu(), got });
            }
        }
        self.wrong += wrong.len() as u64;
        wrong
    }

    /// Computes the same block again, outside the rounds.
    pub fn again(&self, block: &Block) -> u64 {
        self.compute(block, u64::MAX)
    }

    /// The answer of this rank's `turn`-th block, with an injected fault.
    fn compute(&self, block: &Block, turn: u64) -> u64 {
        let got = work::compute(block, &mut heartbeat::yield_now);
        let flipped = |seed: u64| got ^ 1 << (seed / FAULTY % 24);
        match self.hidden {
            Some(Hidden::Flip(seed)) if turn == seed % FAULTY => flipped(seed),
            Some(Hidden::Stuck(seed)) if self.chosen(seed) == block.number => flipped(seed),
            _ => got,
        }
    }

    fn chosen(&self, seed: u64) -> u32 {
        self.rounds.as_flattened()[(seed % FAULTY) as usize].number
    }

    /// A rank with the fault `slow` keeps computing for a while.
    fn linger(&self, took: Duration) {
        let Some(Hidden::Slow(percent)) = self.hidden else { return };
        let until = host_counters::thread_time() + took * percent as u32 / 100;
        while host_counters::thread_time() < until {
            heartbeat::yield_now();
        }
    }
}

/// Drops the older half of a list that is full.
fn keep_last<T>(list: &mut Vec<T>) {
    if list.len() == MOST_TIMES {
        list.drain(..MOST_TIMES / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_times_of_a_long_burn_in_are_kept() {
        let mut list = Vec::new();
        for n in 0..3 * MOST_TIMES {
            keep_last(&mut list);
            list.push(n);
        }
        assert!((MOST_TIMES / 2..=MOST_TIMES).contains(&list.len()));
        assert!(list.is_sorted() && list.last() == Some(&(3 * MOST_TIMES - 1)));
    }
}
