//! Ranks inside this process: one or more threads.
//!
//! Stands beside `mpi`, which is a transport itself. Here the engine's `threads` carries the
//! messages, without any MPI library.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use montesieve_engine::threads::{self, Threads};
use montesieve_engine::transport::{SharedValue, Transport};

use super::launch::Launch;
use super::stall_limit::StallLimit;
use super::thread_watch::{ThreadWatch, WatchedTransport};
use super::{Cluster, ROOT, abort};
use crate::error::{Error, Result};

thread_local! {
    /// Rank and size, for code without a cluster.
    static WORLD: Cell<(u64, u64)> = const { Cell::new((ROOT, 1)) };
}

/// Rank and size of this thread.
pub fn world() -> (u64, u64) {
    WORLD.get()
}

impl Cluster {
    /// Runs `body` on `ranks` threads of this process, and returns the root's result. A rank whose
    /// error the ranks have not agreed on ends the process, as it ends the job over MPI. So does a
    /// rank that is silent for `stall`, unless that is zero.
    ///
    /// # Errors
    /// [`Error::Run`] when the system cannot start that many threads; [`Error::Reported`].
    pub fn run_on_threads(
        &self,
        ranks: u64,
        stall: StallLimit,
        body: impl Fn(&Cluster) -> Result<u8> + Sync,
    ) -> Result<u8> {
        let launch = self.launch();
        let watch = ThreadWatch::new(ranks, stall);
        watch.begin();
        let codes = threads::try_run(ranks, |threads| {
            let watched = WatchedTransport::new(Rc::new(threads.clone()), &watch);
            let cluster = Cluster::Local(Local::new(launch.clone(), Rc::new(watched)));
            WORLD.set((cluster.rank(), ranks));
            let end = body(&cluster);
            WORLD.set((ROOT, 1));
            match end {
                Ok(code) => Ok(code),
                Err(Error::Reported { code }) => Err(code),
                Err(error) => {
                    abort::report_error(&error, cluster.rank(), ranks);
                    abort::abort(error.exit_code())
                }
            }
        });
        watch.end();
        let cannot = |error| {
            Error::Run(format!("cannot start {ranks} ranks, which are threads with 8 MB of stack each: {error}"))
        };
        let codes = codes.map_err(cannot)?;
        codes.into_iter().next().map_or(Ok(0), |code| code.map_err(|code| Error::Reported { code }))
    }
}

/// One rank's view of the ranks of this process.
#[derive(Clone)]
pub struct Local {
    launch: Launch,
    transport: Rc<dyn Transport>,
    /// The most bytes that the ranks have shared.
    most_shared: Rc<Cell<u64>>,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {} in this process", self.rank(), self.size())
    }
}

impl Local {
    /// A process that is the only rank of its cluster.
    pub fn alone(launch: Launch) -> Local {
        Local::new(launch, Rc::new(Threads::alone()))
    }

    /// A rank of this transport.
    pub fn new(launch: Launch, transport: Rc<dyn Transport>) -> Local {
        Local { launch, transport, most_shared: Rc::default() }
    }

    /// The first `ranks` ranks; `None` at the others.
    pub fn first(&self, ranks: u64) -> Option<Local> {
        let transport = Rc::new(super::first_ranks::FirstRanks { whole: Rc::clone(&self.transport), size: ranks });
        (self.rank() < ranks).then(|| Local { transport, ..self.clone() })
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// The transport that carries the messages.
    pub fn transport(&self) -> &Rc<dyn Transport> {
        &self.transport
    }

    pub fn rank(&self) -> u64 {
        self.transport.rank()
    }

    pub fn size(&self) -> u64 {
        self.transport.size()
    }

    /// One value that the root makes and all ranks share. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn share<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Result<Arc<T>> {
        let mine = (self.rank() == ROOT).then(|| Arc::new(make()) as SharedValue);
        let given = self.transport.share(mine)?;
        let given = given.and_then(|given| given.downcast().ok());
        given.ok_or_else(|| {
            Error::Run("the ranks shared values of different types (a fault of the program, please report it)".into())
        })
    }

    /// Counts bytes that the ranks now share.
    pub fn count_shared(&self, bytes: u64) {
        self.most_shared.set(self.most_shared.get().max(bytes));
    }

    pub fn most_shared_bytes(&self) -> u64 {
        self.most_shared.get()
    }
}

#[cfg(test)]
mod tests {
    use montesieve_engine::transport::Lost;

    use super::super::testing::on_ranks;

    #[test]
    fn rooted_operations_give_to_the_root_alone() {
        for size in [1, 2, 3, 5, 8] {
            let found = on_ranks(size, |cluster| {
                let rank = cluster.rank();
                let pairs: Option<Vec<[u64; 2]>> = cluster.at_root(|| (0..size).map(|r| [r, r * r]).collect());
                let word: String = cluster.broadcast(cluster.at_root(|| "word".to_owned())).expect("no rank is lost");
                assert_eq!((word.as_str(), cluster.scatter(pairs.as_deref())), ("word", Ok([rank, rank * rank])));
                assert_eq!((cluster.max(rank), cluster.barrier()), (Ok(size - 1), Ok(())));
                let records = cluster.gather_records(&rank).expect("no rank is lost");
                (cluster.sum(rank), records)
            });
            assert_eq!(found[0], (Ok(Some(size * (size - 1) / 2)), Some((0..size).collect())));
            assert!(found[1..].iter().all(|found| *found == (Ok(None), None)), "{found:?}");
        }
    }

    #[test]
    fn the_first_ranks_are_a_cluster_of_their_own() {
        let sums = on_ranks(5, |cluster| {
            let part = cluster.first(3)?;
            let sums = part.map(|part| (0..10).map(|round| part.sum(part.rank() + round)).collect());
            cluster.barrier()?;
            Ok::<_, Lost>((sums.transpose()?, cluster.sum(1)?))
        });
        let all = (0..10).map(|round| Some(3 + 3 * round)).collect();
        assert_eq!(sums[0], Ok((Some(all), Some(5))));
        let [in_it, outside] = [(Some(vec![None; 10]), None), (None, None)].map(Ok);
        assert_eq!(sums[1..], [in_it.clone(), in_it, outside.clone(), outside]);
    }

    #[test]
    fn no_rank_gets_a_number_after_a_loss() {
        let ends = on_ranks(3, |cluster| {
            if cluster.rank() == 2 {
                return vec![];
            }
            let record = cluster.gather_records(&1).map(drop).is_err();
            let sum = cluster.sum(1).map(drop);
            vec![
                record,
                sum.is_err(),
                cluster.max(1).is_err(),
                cluster.barrier().is_err(),
                cluster.agree(Ok(())).is_err(),
            ]
        });
        // A rank that only sends in a gather or a sum does not wait for dead ranks.
        assert_eq!(ends, [vec![true; 5], vec![false, false, true, true, true], vec![]]);
    }

    #[test]
    fn all_agree_on_the_worst_end() {
        use crate::error::{Error, Result};
        let ends = on_ranks(3, |cluster| {
            let mine: Result<()> = match cluster.rank() {
                1 => Err(Error::Reported { code: 2 }),
                2 => Err(Error::Reported { code: 5 }),
                _ => Ok(()),
            };
            cluster.agree(mine)
        });
        assert!(ends.iter().all(|end| matches!(end, Err(Error::Reported { code: 5 }))), "{ends:?}");
    }
}
