//! Waits for MPI that leave the core to other ranks, for code written directly on rsmpi.
//!
//! MPI's blocking calls (`MPI_Recv`, `MPI_Wait`, `MPI_Barrier`) spin. That is right when every rank
//! has a core, and ruinous when eight ranks share two. So start the immediate form of a call
//! (`immediate_receive`, `immediate_barrier`, ...), and wait for its request here. The wait calls
//! `MPI_Test` in a loop that yields and then sleeps longer and longer, up to 1 ms
//! ([`backoff`](crate::backoff)).
//!
//! Each wait also answers the questions of other ranks, so that the error message names a rank that
//! hangs ([`heartbeat`]). It also looks for lost ranks. If the command cannot restart
//! (`Cluster::cannot_restart`), a loss ends the process here; so a wait that returns has
//! succeeded.
//!
//! Reference: MPI 3.1, 3.7.3 and 3.8.1.

use mpi::datatype::Equivalence;
use mpi::point_to_point::{ReceiveFuture, Status};
use mpi::request::{Request, Scope};

use crate::backoff::ProgressBackoff;
use crate::heartbeat::{self, Waiting};
use crate::{membership, request};

/// Waits until a request is complete (`MPI_Test`).
pub fn wait<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>) -> Status {
    complete(request, ProgressBackoff::new())
}

/// As [`wait`], but only yields: for a rank whose window other ranks may still use. Its `MPI_Test`
/// serves them if the library has no hardware support for one-sided calls.
pub fn wait_and_serve<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>) -> Status {
    complete(request, ProgressBackoff::yielding())
}

/// Waits for the message of a posted receive (`MPI_Test`).
pub fn receive<T: Equivalence>(future: ReceiveFuture<T>) -> (T, Status) {
    let _wait = heartbeat::waiting_for(Waiting::Message, u64::MAX);
    let mut posted = Some(future);
    until(|| match posted.take()?.r#try() {
        Ok(received) => Some(received),
        Err(future) => {
            posted = Some(future);
            None
        }
    })
}

/// Repeats a nonblocking test (`MPI_Iprobe`, `MPI_Improbe`, `MPI_Testany`, ...) until it finds
/// something.
pub fn until<T>(mut test: impl FnMut() -> Option<T>) -> T {
    let mut backoff = ProgressBackoff::new();
    loop {
        if let Some(found) = test() {
            return found;
        }
        membership::look();
        backoff.pause();
    }
}

fn complete<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>, backoff: ProgressBackoff) -> Status {
    // SAFETY: the request is complete when this returns, and its buffers are borrowed until then.
    let (request, _data, _scope) = unsafe { request.into_raw() };
    let _wait = heartbeat::waiting_for(Waiting::Request, 0);
    request::complete_while(request, backoff, membership::look)
}
