//! The flag by `MPI_Iallreduce`: a reduction with `MPI_MIN` is always active, and its result is the
//! flag.
//!
//! All ranks learn the result together, once the last of them has looked. So one rank that looks
//! seldom keeps all others from knowing. All its `unsafe` is here.

use std::ffi::c_void;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;

use super::{Backend, NOTHING};
use crate::Cluster;
use crate::backoff::ProgressBackoff;
use crate::channel::duplicate::DuplicatedComm;
use crate::error::Result;
use crate::heartbeat::{self, Waiting};
use crate::mpi::Mpi;
use crate::order;
use crate::raw_box::RawBox;

pub(super) struct Allreduce {
    duplicate: DuplicatedComm,
    /// This rank's contribution and the result, on the heap, so that they stay valid until the
    /// request is complete.
    numbers: RawBox<[i64; 2]>,
    request: Option<ffi::MPI_Request>,
    rounds: u64,
    value: u64,
}

impl Allreduce {
    pub(super) fn open(mpi: &Mpi) -> Result<Allreduce> {
        let duplicate = DuplicatedComm::of(mpi)?;
        Ok(Allreduce {
            duplicate,
            numbers: RawBox::new([order::signed(NOTHING); 2]),
            request: None,
            rounds: 0,
            value: NOTHING,
        })
    }

    /// Starts the next round with this rank's value.
    fn enter(&mut self, known: u64) {
        let (base, kind) = (self.numbers.as_ptr().cast::<i64>(), i64::equivalent_datatype().as_raw());
        // SAFETY: a null request is only a place to write to.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        // SAFETY: both numbers are on the heap and stay untouched until `is_over` has seen the
        // request complete, for which `close` waits; no other round is active.
        unsafe {
            self.numbers.as_ptr().write([known.min(self.value), NOTHING].map(order::signed));
            let (from, to) = (base.cast::<c_void>(), base.add(1).cast::<c_void>());
            let communicator = self.duplicate.communicator().as_raw();
            ffi::MPI_Iallreduce(from, to, 1, kind, ffi::RSMPI_MIN, communicator, &mut request);
        }
        self.request = Some(request);
        self.rounds += 1;
    }

    /// Whether no round is active; stores the result of one that has completed.
    fn is_over(&mut self) -> bool {
        let Some(mut request) = self.request else { return true };
        let mut done = 0;
        // SAFETY: the request was started in `enter` and has not completed before.
        unsafe { ffi::MPI_Test(&mut request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
        if done != 0 {
            self.request = None;
            // SAFETY: the request is complete, so MPI has finished with both numbers.
            let [_, least] = unsafe { self.numbers.as_ptr().read() };
            self.value = self.value.min(order::unsigned(least));
        }
        done != 0
    }
}

impl Backend for Allreduce {
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
        // Some ranks may have started one round more than others, which join them now.
        let last = cluster.max(self.rounds)?;
        let _wait = heartbeat::waiting_for(Waiting::Reduction, 0);
        let mut backoff = ProgressBackoff::new();
        loop {
            if self.is_over() {
                if self.rounds == last {
                    return Ok(());
                }
                self.enter(NOTHING);
            }
            self.duplicate.check_no_loss()?;
            backoff.pause();
        }
    }
}
