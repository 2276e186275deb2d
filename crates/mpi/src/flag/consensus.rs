//! The flag by consensus: an `MPI_Iallreduce` with `MPI_MIN` is always under way, and what comes
//! out of it is the flag.
//!
//! Nobody is told anything; all find out together, as soon as the last of them has looked. So one
//! rank that looks seldom keeps all others from knowing. All `unsafe` of it is here.

use std::ffi::c_void;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;

use super::{NOTHING, Way};
use crate::Cluster;
use crate::channel::copy::Copy;
use crate::error::Result;
use crate::heartbeat::{self, Waiting};
use crate::held::Held;
use crate::mpi::Mpi;
use crate::order;
use crate::patience::Patience;

pub(super) struct Consensus {
    copy: Copy,
    /// What this rank puts in and what comes out: on the heap, where MPI finds them until the
    /// request is complete.
    numbers: Held<[i64; 2]>,
    request: Option<ffi::MPI_Request>,
    rounds: u64,
    value: u64,
}

impl Consensus {
    pub(super) fn open(mpi: &Mpi) -> Result<Consensus> {
        let copy = Copy::of(mpi)?;
        Ok(Consensus {
            copy,
            numbers: Held::new([order::signed(NOTHING); 2]),
            request: None,
            rounds: 0,
            value: NOTHING,
        })
    }

    /// Enters the next round with what this rank knows.
    fn enter(&mut self, known: u64) {
        let (base, kind) = (self.numbers.as_ptr().cast::<i64>(), i64::equivalent_datatype().as_raw());
        // SAFETY: a null request is only a place to write to.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        // SAFETY: both numbers are on the heap and stay untouched until `is_over` has seen the
        // request complete, for which `close` waits; no other round is under way.
        unsafe {
            self.numbers.as_ptr().write([known.min(self.value), NOTHING].map(order::signed));
            let (from, to) = (base.cast::<c_void>(), base.add(1).cast::<c_void>());
            let communicator = self.copy.communicator().as_raw();
            ffi::MPI_Iallreduce(from, to, 1, kind, ffi::RSMPI_MIN, communicator, &mut request);
        }
        self.request = Some(request);
        self.rounds += 1;
    }

    /// Whether no round is under way any more; takes in what came out of the last one.
    fn is_over(&mut self) -> bool {
        let Some(mut request) = self.request else { return true };
        let mut done = 0;
        // SAFETY: the request was begun in `enter` and has not completed before.
        unsafe { ffi::MPI_Test(&mut request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
        if done != 0 {
            self.request = None;
            // SAFETY: the request is complete, so MPI is done with both numbers.
            let [_, least] = unsafe { self.numbers.as_ptr().read() };
            self.value = self.value.min(order::unsigned(least));
        }
        done != 0
    }
}

impl Way for Consensus {
    fn lower(&mut self, value: u64) -> Result<()> {
        self.look(value).map(drop)
    }

    fn look(&mut self, known: u64) -> Result<u64> {
        if self.is_over() {
            self.enter(known);
        }
        Ok(self.value)
    }

    fn make_progress(&mut self, known: u64) -> Result<()> {
        self.look(known).map(drop)
    }

    fn close(mut self: Box<Self>, cluster: &Cluster) -> Result<()> {
        // Some ranks may have entered a round more than others, who join them now.
        let last = cluster.max(self.rounds)?;
        let _wait = heartbeat::waiting_for(Waiting::Reduction, 0);
        let mut patience = Patience::new();
        loop {
            if self.is_over() {
                if self.rounds == last {
                    return Ok(());
                }
                self.enter(NOTHING);
            }
            self.copy.check_whole()?;
            patience.pause();
        }
    }
}
