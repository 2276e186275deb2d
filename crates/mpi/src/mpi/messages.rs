//! Messages over MPI outside the engine: bytes into existing memory.
//!
//! Stands beside `transport`, which the engine needs and which uses part of this. `burnin` uses the
//! rest.

use std::result::Result;

use montesieve_engine::transport::{Lost, Transport};
use mpi::datatype::Equivalence;
use mpi::point_to_point::Status;
use mpi::raw::AsRaw;
use mpi::request::scope;
use mpi::traits::*;

use super::Mpi;
use crate::backoff::ProgressBackoff;
use crate::heartbeat::{self, Waiting};
use crate::{Tag, request};

impl Mpi {
    pub fn send_bytes(&self, to: u64, tag: Tag, bytes: Vec<u8>) -> Result<(), Lost> {
        self.outbox.send_bytes(&self.world, to as i32, tag as i32, bytes);
        self.check_no_loss()
    }

    pub fn receive_into(&self, from: u64, tag: Tag, bytes: &mut [u8]) -> Result<usize, Lost> {
        let sender = self.world.process_at_rank(from as i32);
        let status = scope(|s| {
            self.wait_for(Waiting::Message, from, || sender.immediate_receive_into_with_tag(s, bytes, tag as i32))
        })?;
        Ok(status.count(u8::equivalent_datatype()) as usize)
    }

    pub fn all_to_all(&self, bytes: &[u8]) -> Result<Vec<u8>, Lost> {
        let mut all = vec![0u8; bytes.len()];
        if !bytes.is_empty() {
            scope(|s| self.wait(Waiting::AllToAll, || self.world.immediate_all_to_all_into(s, bytes, &mut all[..])))?;
        }
        Ok(all)
    }

    /// Waits politely for a message from this rank with this tag.
    pub(super) fn await_message(&self, from: u64, tag: Tag) -> Result<Status, Lost> {
        let _wait = heartbeat::waiting_for(Waiting::Message, from);
        let mut backoff = ProgressBackoff::new();
        loop {
            if let Some(found) = self.probe_for(Some(from as i32), Some(tag as i32))? {
                return Ok(found);
            }
            // Sends progress only inside calls of MPI.
            self.all_sent(None)?;
            backoff.pause();
        }
    }

    /// A message that has arrived, if any.
    pub(super) fn probe_for(&self, from: Option<i32>, tag: Option<i32>) -> Result<Option<Status>, Lost> {
        let found = request::probe(self.world.as_raw(), from, tag);
        // Receiving it after a loss would fail.
        self.check_no_loss().map(|()| found)
    }
}
