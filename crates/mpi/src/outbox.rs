//! Pending sends: raw `MPI_Isend` with buffers that this module owns until MPI has finished with
//! them.
//!
//! Stands apart from `mpi` because rsmpi ties a send's buffer to a scope. An engine that sends at
//! any time and keeps computing has no such scope. All `unsafe` of sending is here.

use std::cell::RefCell;

use mpi::datatype::Equivalence;
use mpi::ffi;
use mpi::raw::AsRaw;
use mpi::topology::SimpleCommunicator;

use super::raw_box::RawBox;

/// A message's payload, which must not move or be freed while MPI reads it.
#[derive(Debug)]
enum Payload {
    Numbers(RawBox<[u64; 2]>),
    Bytes(RawBox<Vec<u8>>),
}

/// A message that MPI may still be reading.
#[derive(Debug)]
struct Sending {
    request: ffi::MPI_Request,
    tag: i32,
    _payload: Payload,
}

/// The pending sends of a communicator.
#[derive(Debug, Default)]
pub struct Outbox {
    sending: RefCell<Vec<Sending>>,
}

impl Outbox {
    /// Sends two numbers (`MPI_Isend` of `MPI_UINT64_T`).
    pub fn send(&self, world: &SimpleCommunicator, to: i32, tag: i32, numbers: [u64; 2]) {
        self.start(world, to, tag, Payload::Numbers(RawBox::new(numbers)));
    }

    /// Sends bytes (`MPI_Isend` of `MPI_BYTE`).
    pub fn send_bytes(&self, world: &SimpleCommunicator, to: i32, tag: i32, bytes: Vec<u8>) {
        self.start(world, to, tag, Payload::Bytes(RawBox::new(bytes)));
    }

    /// Frees completed sends (`MPI_Test` on each). Returns whether none is left, with this tag or
    /// at all.
    pub fn all_sent(&self, tag: Option<i32>) -> bool {
        let mut sending = self.sending.borrow_mut();
        sending.retain_mut(|Sending { request, .. }| {
            let mut done = 0;
            // SAFETY: the request came from MPI_Isend and has not completed yet, or it would have
            // left the list.
            unsafe { ffi::MPI_Test(request, &mut done, ffi::RSMPI_STATUS_IGNORE) };
            done == 0
        });
        !sending.iter().any(|sending| tag.is_none_or(|tag| sending.tag == tag))
    }

    fn start(&self, world: &SimpleCommunicator, to: i32, tag: i32, payload: Payload) {
        let (address, count, datatype) = match &payload {
            Payload::Numbers(numbers) => (numbers.as_ptr().cast(), 2, u64::equivalent_datatype().as_raw()),
            Payload::Bytes(bytes) => {
                // SAFETY: the vector exists, and nothing else refers to it now.
                let bytes = unsafe { &*bytes.as_ptr() };
                let count = i32::try_from(bytes.len()).expect("a message is below 2 GiB");
                (bytes.as_ptr().cast_mut().cast(), count, u8::equivalent_datatype().as_raw())
            }
        };
        // SAFETY: a null request is only a place to write to.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        // SAFETY: the payload lives on the heap, is not changed, and stays in the list until
        // MPI_Test reports completion.
        unsafe { ffi::MPI_Isend(address, count, datatype, to, tag, world.as_raw(), &mut request) };
        self.sending.borrow_mut().push(Sending { request, tag, _payload: payload });
        self.all_sent(None);
    }
}
