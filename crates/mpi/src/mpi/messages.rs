//! Messages over MPI besides the engine's: bytes into memory that exists already.
//!
//! Stands beside `transport`, which is all that the engine needs, and uses some of this. `burnin`
//! uses the rest.

use std::result::Result;

use montesieve_engine::transport::{Lost, Transport};
use mpi::datatype::Equivalence;
use mpi::point_to_point::Status;
use mpi::raw::AsRaw;
use mpi::request::scope;
use mpi::traits::*;

use super::Mpi;
use crate::heartbeat::{self, Waiting};
use crate::patience::Patience;
use crate::{Tag, request};

impl Mpi {
    pub fn send_bytes(&self, to: u64, tag: Tag, bytes: Vec<u8>) -> Result<(), Lost> {
        self.outbox.send_bytes(&self.world, to as i32, tag as i32, bytes);
        self.check_whole()
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

    /// Waits politely until such a message is there.
    pub(super) fn await_message(&self, from: u64, tag: Tag) -> Result<Status, Lost> {
        let _wait = heartbeat::waiting_for(Waiting::Message, from);
        let mut patience = Patience::new();
        loop {
            if let Some(found) = self.probe_for(Some(from as i32), Some(tag as i32))? {
                return Ok(found);
            }
            // What this rank has sent moves on only when MPI is called.
            self.all_sent(None)?;
            patience.pause();
        }
    }

    /// A message that is there.
    pub(super) fn probe_for(&self, from: Option<i32>, tag: Option<i32>) -> Result<Option<Status>, Lost> {
        let found = request::probe(self.world.as_raw(), from, tag);
        // To receive it after a loss would fail.
        self.check_whole().map(|()| found)
    }
}
