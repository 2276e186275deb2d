//! Messages on their way: raw `MPI_Isend` with buffers that we own until MPI is done with them.
//!
//! Stands apart from `mpi` because rsmpi ties a send's buffer to a scope, and an engine that sends
//! at any time and goes on computing has no such scope. All `unsafe` of sending is here.

use std::cell::RefCell;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;

use super::held::Held;

/// A message's payload, which must not move or go while MPI reads it.
#[derive(Debug)]
enum Payload {
    Numbers(Held<[u64; 2]>),
    Bytes(Held<Vec<u8>>),
}

/// A message that MPI may still be reading.
#[derive(Debug)]
struct Sending {
    request: ffi::MPI_Request,
    tag: i32,
    _payload: Payload,
}

/// Messages on their way.
#[derive(Debug, Default)]
pub struct Outbox {
    sending: RefCell<Vec<Sending>>,
}

impl Outbox {
    /// Sends two numbers (`MPI_Isend` of `MPI_UINT64_T`).
    pub fn send(&self, world: &SimpleCommunicator, to: i32, tag: i32, numbers: [u64; 2]) {
        self.start(world, to, tag, Payload::Numbers(Held::new(numbers)));
    }

    /// Sends bytes (`MPI_Isend` of `MPI_BYTE`).
    pub fn send_bytes(&self, world: &SimpleCommunicator, to: i32, tag: i32, bytes: Vec<u8>) {
        self.start(world, to, tag, Payload::Bytes(Held::new(bytes)));
    }

    /// Lets go of what has left; whether nothing is left, with this tag or at all (`MPI_Test` on
    /// each).
    pub fn all_sent(&self, tag: Option<i32>) -> bool {
        let mut sending = self.sending.borrow_mut();
        sending.retain_mut(|Sending { request, .. }| {
            let mut done = 0;
            // SAFETY: the request came from MPI_Isend and has not completed before, or it would be
            // gone from the list.
            unsafe { ffi::MPI_Test(request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
            done == 0
        });
        !sending.iter().any(|sending| tag.is_none_or(|tag| sending.tag == tag))
    }

    fn start(&self, world: &SimpleCommunicator, to: i32, tag: i32, payload: Payload) {
        let (address, count, datatype) = match &payload {
            Payload::Numbers(numbers) => (numbers.as_ptr().cast(), 2, u64::equivalent_datatype().as_raw()),
            Payload::Bytes(bytes) => {
                // SAFETY: the vector is there, and nothing else refers to it now.
                let bytes = unsafe { &*bytes.as_ptr() };
                let count = i32::try_from(bytes.len()).expect("a message is below 2 GiB");
                (bytes.as_ptr().cast_mut().cast(), count, u8::equivalent_datatype().as_raw())
            }
        };
        // SAFETY: a null request is only a place to write to.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        // SAFETY: the payload lives on the heap, is not changed, and stays in the list until
        // MPI_Test says it is done.
        unsafe { ffi::MPI_Isend(address, count, datatype, to, tag, world.as_raw(), &mut request) };
        self.sending.borrow_mut().push(Sending { request, tag, _payload: payload });
        self.all_sent(None);
    }
}
