//! Waits for MPI that leave the core to other ranks: for code written on rsmpi itself.
//!
//! MPI's blocking calls (`MPI_Recv`, `MPI_Wait`, `MPI_Barrier`) spin, which is right where every
//! rank has a core, and ruinous where eight ranks share two. So begin with the immediate form of a
//! call (`immediate_receive`, `immediate_barrier`, ...), and wait for its request here: `MPI_Test`
//! in a loop that yields and then sleeps longer and longer, up to 1 ms
//! ([`patience`](crate::patience)).
//!
//! Each of these waits also answers the questions of other ranks, so that a rank that hangs is
//! named ([`heartbeat`]), and looks for lost ranks. In the world of a cluster
//! that cannot begin again (`Cluster::cannot_begin_again`) a loss ends the process in here; so a
//! wait that returns has succeeded.
//!
//! Reference: MPI 3.1, 3.7.3 and 3.8.1.

use mpi::datatype::Equivalence;
use mpi::point_to_point::{ReceiveFuture, Status};
use mpi::request::{Request, Scope};

use crate::heartbeat::{self, Waiting};
use crate::patience::Patience;
use crate::{request, survivors};

/// Waits until a request is complete (`MPI_Test`).
pub fn wait<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>) -> Status {
    complete(request, Patience::new())
}

/// As [`wait`], but only yields: for a rank whose window other ranks may still use. Its `MPI_Test`
/// is what serves them where the library has no hardware for one-sided calls.
pub fn wait_and_serve<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>) -> Status {
    complete(request, Patience::attentive())
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

/// Repeats a test that MPI returns from at once (`MPI_Iprobe`, `MPI_Improbe`, `MPI_Testany`, ...)
/// until it has something.
pub fn until<T>(mut test: impl FnMut() -> Option<T>) -> T {
    let mut patience = Patience::new();
    loop {
        if let Some(found) = test() {
            return found;
        }
        survivors::look();
        patience.pause();
    }
}

fn complete<'a, D: ?Sized, S: Scope<'a>>(request: Request<'a, D, S>, manner: Patience) -> Status {
    // SAFETY: it is complete when this returns, and what it reads and writes is borrowed until then.
    let (request, _data, _scope) = unsafe { request.into_raw() };
    let _wait = heartbeat::waiting_for(Waiting::Request, 0);
    request::complete_while(request, manner, survivors::look)
}
