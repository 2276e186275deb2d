//! Clusters for unit tests: ranks of one process, without a launcher.

use std::rc::Rc;

use montesieve_engine::threads;
use montesieve_engine::transport::Transport;

use super::{Cluster, Launch, Local};

/// One rank.
pub fn alone() -> Cluster {
    Cluster::Local(Local::alone(Launch::default()))
}

/// A rank of this transport.
pub fn on(transport: Rc<dyn Transport>) -> Cluster {
    Cluster::Local(Local::new(Launch::default(), transport))
}

/// Runs `body` on `ranks` threads and returns the result of each.
pub fn on_ranks<R: Send>(ranks: u64, body: impl Fn(&Cluster) -> R + Sync) -> Vec<R> {
    threads::run(ranks, |threads| body(&on(Rc::new(threads.clone()))))
}
