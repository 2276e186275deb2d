//! Messages of known bytes between blocks: around a ring, in many lengths, and from all to all;
//! every byte is checked.
//!
//! The distance of the ring changes each round, so that eventually every rank has sent to every
//! other. A bad message is sent again to see whether the error was transient.

use serde::{Deserialize, Serialize};

use super::answer::MessageKind;
use super::diagnosis::cause::{self, Cause};
use super::diagnosis::pattern::{Flaw, RING_LENGTHS, TestMessage, all_to_all_length};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::fault::Hidden;

/// Times that a bad message is sent again.
const AGAIN: usize = 3;

/// The most bad messages of one round that are investigated.
const MOST: usize = 16;

/// A message that arrived wrong, as its receiver tells.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Bad {
    /// How it travelled.
    pub kind: MessageKind,
    /// Who sent it to whom.
    pub message: TestMessage,
    /// What is wrong with it.
    pub flaw: Flaw,
    /// How many of the repeats were wrong too.
    pub wrong_again: usize,
}

impl Bad {
    /// How often it was sent again.
    pub const SENT_AGAIN: usize = AGAIN;

    /// What it means. The two ends cannot be told apart here.
    pub fn cause(&self) -> Cause {
        cause::cause(self.wrong_again > 0, None)
    }
}

/// Sends, receives and counts.
pub struct Messenger<'c> {
    cluster: &'c Cluster,
    hidden: Option<Hidden>,
    /// Messages that this rank has checked.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl<'c> Messenger<'c> {
    /// A messenger at the start.
    pub fn new(cluster: &'c Cluster, hidden: Option<Hidden>) -> Messenger<'c> {
        Messenger { cluster, hidden, messages: 0, bytes: 0 }
    }

    /// One ring of every length and one all-to-all. Every rank must call it; returns the messages
    /// that arrived wrong here.
    pub fn round(&mut self, round: u64) -> Result<Vec<Bad>> {
        if self.cluster.size() < 2 {
            return Ok(Vec::new());
        }
        let mut bad = self.ring(round)?;
        bad.extend(self.all_to_all(round)?);
        Ok(bad)
    }

    fn ring(&mut self, round: u64) -> Result<Vec<Bad>> {
        let (rank, size) = (self.cluster.rank(), self.cluster.size());
        let distance = 1 + round % (size - 1);
        let (to, from) = ((rank + distance) % size, (rank + size - distance) % size);
        let mut bad = Vec::new();
        for (place, length) in RING_LENGTHS.into_iter().enumerate() {
            let mut bytes = TestMessage { from: rank, to, round, length }.bytes();
            self.corrupt(round, place, &mut bytes);
            self.cluster.send_bytes(to, bytes)?;
            let message = TestMessage { from, to: rank, round, length };
            let mut arrived = vec![0; length];
            self.cluster.receive_into(from, &mut arrived)?;
            bad.extend(self.check(MessageKind::Ring, message, &arrived));
        }
        self.cluster.flush(None)?;
        Ok(bad)
    }

    fn all_to_all(&mut self, round: u64) -> Result<Vec<Bad>> {
        let (rank, size) = (self.cluster.rank(), self.cluster.size());
        let length = all_to_all_length(size as usize, round);
        let parts = (0..size).map(|to| TestMessage { from: rank, to, round, length }.bytes());
        let mut sent: Vec<u8> = parts.flatten().collect();
        let next = ((rank + 1) % size) as usize;
        self.corrupt(round, 0, &mut sent[next * length..(next + 1) * length]);
        let arrived = self.cluster.all_to_all(&sent)?;
        let parts = arrived.chunks(length).zip(0..);
        let all = parts.map(|(part, from)| (TestMessage { from, to: rank, round, length }, part));
        Ok(all.filter_map(|(message, part)| self.check(MessageKind::AllToAll, message, part)).collect())
    }

    fn check(&mut self, kind: MessageKind, message: TestMessage, arrived: &[u8]) -> Option<Bad> {
        self.messages += 1;
        self.bytes += message.length as u64;
        message.flaw(arrived).map(|flaw| Bad { kind, message, flaw, wrong_again: 0 })
    }

    /// Sends bad messages again. Every rank must call it; the root gets the results.
    ///
    /// # Errors
    /// As [`Cluster::gather_records`].
    pub fn again(&mut self, mine: Vec<Bad>) -> Result<Option<Vec<Bad>>> {
        let all = self.cluster.gather_records(&mine)?;
        let first = all.map(|all| all.into_iter().flatten().take(MOST).collect::<Vec<Bad>>());
        let mut list = self.cluster.broadcast(first)?;
        let rank = self.cluster.rank();
        for bad in &mut list {
            let message = bad.message;
            for _ in 0..AGAIN {
                // A part of an all-to-all that a rank sends to itself is a copy in memory; it
                // cannot be sent alone.
                if message.from == rank && message.to != rank {
                    self.cluster.send_bytes(message.to, message.bytes())?;
                }
                if message.to == rank && message.from != rank {
                    let mut arrived = vec![0; message.length];
                    self.cluster.receive_into(message.from, &mut arrived)?;
                    bad.wrong_again += usize::from(message.flaw(&arrived).is_some());
                }
            }
            self.cluster.flush(None)?;
        }
        // Each receiver knows only its own messages.
        let counts: Vec<usize> = list.iter().map(|bad| bad.wrong_again).collect();
        let all = self.cluster.gather_records(&counts)?;
        Ok(all.map(|all| {
            for (place, bad) in list.iter_mut().enumerate() {
                bad.wrong_again = all.iter().map(|counts| counts[place]).sum();
            }
            list
        }))
    }

    /// Flips the bit selected by an injected fault: in the first round, in one length of the ring,
    /// or in the all-to-all instead of the empty message.
    fn corrupt(&self, round: u64, place: usize, bytes: &mut [u8]) {
        let Some(Hidden::Corrupt(seed)) = self.hidden else { return };
        let lengths = RING_LENGTHS.len() as u64;
        if bytes.is_empty() || round > 0 || place as u64 != seed % lengths {
            return;
        }
        let at = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16) as usize % bytes.len();
        bytes[at] ^= 1 << (seed % 8);
    }
}
