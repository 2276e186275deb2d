//! MPI as the engine's transport.
//!
//! Stands beside `mpi.rs`, which starts requests and waits, and `messages`, which the engine does
//! not need. Every method looks for losses before and after its calls of MPI, since the result of a
//! call in a world with a loss is worthless. Every wait checks the other ranks, except `pause`: the
//! driver of a round checks them itself.

use std::result::Result;
use std::time::Instant;

use montesieve_engine::backoff::Backoff;
use montesieve_engine::replay_log::ReplayLog;
use montesieve_engine::transport::{Channel, Incoming, Lost, Silent, Transport};
use mpi::collective::SystemOperation;
use mpi::datatype::{Equivalence, PartitionMut};
use mpi::point_to_point::Status;
use mpi::request::scope;
use mpi::topology::Process;
use mpi::traits::*;

use super::Mpi;
use crate::backoff::ProgressBackoff;
use crate::heartbeat::{self, Waiting};
use crate::membership::Membership;
use crate::vote::{Decision, Vote};
use crate::{ROOT, Tag, order};

impl Mpi {
    fn root(&self) -> Process<'_> {
        self.world.process_at_rank(ROOT as i32)
    }

    /// Receives a probed message.
    ///
    /// Only the header of a long message may have arrived. The rest follows when its sender calls
    /// MPI, which a stopped rank does not.
    fn take(&self, found: Status, tag: Tag) -> Result<Incoming, Lost> {
        let mut bytes = vec![0u8; found.count(u8::equivalent_datatype()) as usize];
        let from = found.source_rank() as u64;
        self.receive_into(from, tag, &mut bytes)?;
        Ok(Incoming { from, bytes })
    }

    /// Gathers one number per rank at the root.
    fn gather_lengths(&self, mine: i32) -> Result<Option<Vec<i32>>, Lost> {
        let root = self.root();
        if self.rank() != ROOT {
            scope(|s| self.wait(Waiting::Gather, || root.immediate_gather_into(s, &mine)))?;
            return Ok(None);
        }
        let mut all = vec![0; self.size() as usize];
        scope(|s| self.wait(Waiting::Gather, || root.immediate_gather_into_root(s, &mine, &mut all[..])))?;
        Ok(Some(all))
    }
}

impl Transport for Mpi {
    fn rank(&self) -> u64 {
        self.world.rank() as u64
    }

    fn size(&self) -> u64 {
        self.world.size() as u64
    }

    fn original_rank(&self) -> u64 {
        self.membership().map_or_else(|| self.rank(), Membership::number)
    }

    fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> Result<(), Lost> {
        self.send_bytes(to, Tag::of(channel), bytes)
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Incoming>, Lost> {
        let tag = Tag::of(channel);
        let found = self.probe_for(from.map(|rank| rank as i32), Some(tag as i32))?;
        found.map(|status| self.take(status, tag)).transpose()
    }

    fn all_sent(&self, channel: Option<Channel>) -> Result<bool, Lost> {
        let all_sent = self.outbox.all_sent(channel.map(|channel| Tag::of(channel) as i32));
        self.check_no_loss().map(|()| all_sent)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn pause(&self, backoff: &mut Backoff, _until: Option<Instant>) -> Result<(), Lost> {
        backoff.pause();
        self.check_no_loss()
    }

    fn check_alive(&self) -> Result<(), Silent> {
        heartbeat::check().map_err(|error| Silent(error.to_string()))
    }

    fn confirm_all_alive(&self) -> Result<(), Lost> {
        let Some(membership) = self.membership().filter(|membership| membership.survives_losses()) else {
            return Ok(());
        };
        match membership.vote(Vote::NoLoss) {
            Decision::AllAlive => Ok(()),
            Decision::VoteAgain | Decision::Continue => Err(Lost),
            // The others are leaving, and wait there for this rank.
            Decision::Leave(code) => membership.leave(code),
        }
    }

    fn replay_log(&self) -> Option<&ReplayLog> {
        self.membership().filter(|membership| membership.survives_losses()).map(|membership| &membership.log)
    }

    fn computed(&self, _blocks: u64) -> Result<(), Lost> {
        heartbeat::progress();
        Ok(())
    }

    fn flush(&self, channel: Option<Channel>) -> Result<(), Lost> {
        let _wait = heartbeat::waiting_for(Waiting::Sending, 0);
        let mut backoff = ProgressBackoff::new();
        while !self.all_sent(channel)? {
            backoff.pause();
        }
        Ok(())
    }

    fn receive(&self, channel: Channel, from: u64) -> Result<Vec<u8>, Lost> {
        let tag = Tag::of(channel);
        let found = self.await_message(from, tag)?;
        Ok(self.take(found, tag)?.bytes)
    }

    fn barrier(&self) -> Result<(), Lost> {
        self.wait(Waiting::Barrier, || self.world.immediate_barrier()).map(drop)
    }

    fn broadcast(&self, bytes: Option<Vec<u8>>) -> Result<Vec<u8>, Lost> {
        assert!(bytes.is_some() || self.rank() != ROOT, "the root has nothing to broadcast");
        let (root, mut bytes) = (self.root(), bytes.unwrap_or_default());
        let mut length = bytes.len() as u64;
        scope(|s| self.wait(Waiting::Broadcast, || root.immediate_broadcast_into(s, &mut length)))?;
        bytes.resize(length as usize, 0);
        // A vector without memory has address 1, which is Open MPI's MPI_IN_PLACE.
        if !bytes.is_empty() {
            scope(|s| self.wait(Waiting::Broadcast, || root.immediate_broadcast_into(s, &mut bytes[..])))?;
        }
        Ok(bytes)
    }

    fn scatter(&self, pairs: Option<&[[u64; 2]]>) -> Result<[u64; 2], Lost> {
        let (root, mut mine) = (self.root(), [0u64; 2]);
        scope(|s| match pairs {
            Some(pairs) => {
                assert_eq!(pairs.len() as u64, self.size(), "one pair for each rank");
                let all = pairs.as_flattened();
                self.wait(Waiting::Scatter, || root.immediate_scatter_into_root(s, all, &mut mine[..]))
            }
            None => self.wait(Waiting::Scatter, || root.immediate_scatter_into(s, &mut mine[..])),
        })?;
        Ok(mine)
    }

    fn gather(&self, mut bytes: Vec<u8>) -> Result<Option<Vec<Vec<u8>>>, Lost> {
        // Both buffers need memory: see `broadcast`.
        bytes.reserve(1);
        let root = self.root();
        let length = i32::try_from(bytes.len()).expect("a record is below 2 GiB");
        let Some(counts) = self.gather_lengths(length)? else {
            scope(|s| self.wait(Waiting::Gather, || root.immediate_gather_varcount_into(s, &bytes[..])))?;
            return Ok(None);
        };
        let (starts, total) = displacements(&counts);
        let mut all = Vec::with_capacity(total.max(1));
        all.resize(total, 0u8);
        let mut parts = PartitionMut::new(&mut all[..], &counts[..], &starts[..]);
        scope(|s| self.wait(Waiting::Gather, || root.immediate_gather_varcount_into_root(s, &bytes[..], &mut parts)))?;
        Ok(Some(counts.iter().zip(&starts).map(|(&n, &at)| all[at as usize..(at + n) as usize].to_vec()).collect()))
    }

    fn sum(&self, mine: u64) -> Result<Option<u64>, Lost> {
        let (root, operation) = (self.root(), SystemOperation::sum());
        if self.rank() != ROOT {
            scope(|s| self.wait(Waiting::Reduction, || root.immediate_reduce_into(s, &mine, operation)))?;
            return Ok(None);
        }
        let mut total = 0u64;
        scope(|s| self.wait(Waiting::Reduction, || root.immediate_reduce_into_root(s, &mine, &mut total, operation)))?;
        Ok(Some(total))
    }

    fn max(&self, mine: u64) -> Result<u64, Lost> {
        let (mine, mut largest) = (order::signed(mine), order::signed(0));
        let operation = SystemOperation::max();
        scope(|s| {
            self.wait(Waiting::Reduction, || self.world.immediate_all_reduce_into(s, &mine, &mut largest, operation))
        })?;
        Ok(order::unsigned(largest))
    }
}

/// The start of each part, and the total, as MPI counts.
fn displacements(counts: &[i32]) -> (Vec<i32>, usize) {
    let mut total = 0i32;
    let starts = counts
        .iter()
        .map(|&count| {
            total = total.checked_add(count).expect("gathered records are below 2 GiB");
            total - count
        })
        .collect();
    (starts, total as usize)
}
