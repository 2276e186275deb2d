//! Ranks inside this process: threads, of which there may be one.
//!
//! Stands beside `mpi`, which is a transport: here the engine's own carries the messages, and no
//! MPI library is touched.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use montesieve_engine::threads::{self, Threads};
use montesieve_engine::transport::{SharedValue, Transport};

use super::launch::Launch;
use super::watched::{Watch, Watched};
use super::{Cluster, ROOT, ending};
use crate::error::{Error, Result};

thread_local! {
    /// Rank and size, for whoever has no cluster at hand.
    static WORLD: Cell<(u64, u64)> = const { Cell::new((ROOT, 1)) };
}

/// Rank and size of this thread.
pub fn world() -> (u64, u64) {
    WORLD.get()
}

impl Cluster {
    /// Runs `body` on so many ranks, which are threads of this process, and returns what it returns
    /// at the root. A rank that ends with an error on which the ranks have not agreed ends the
    /// process, as over MPI it ends the job; so does one that is silent for `stall`, unless that is
    /// zero.
    ///
    /// # Errors
    /// [`Error::Run`] when the system has no room for so many threads; [`Error::Told`].
    pub fn spread(&self, ranks: u64, stall: Duration, body: impl Fn(&Cluster) -> Result<u8> + Sync) -> Result<u8> {
        let launch = self.launch();
        let watch = Watch::new(ranks, stall);
        watch.begin();
        let codes = threads::try_run(ranks, |threads| {
            let watched = Watched::new(Rc::new(threads.clone()), &watch);
            let cluster = Cluster::Local(Local::new(launch.clone(), Rc::new(watched)));
            WORLD.set((cluster.rank(), ranks));
            let end = body(&cluster);
            WORLD.set((ROOT, 1));
            match end {
                Ok(code) => Ok(code),
                Err(Error::Told { code }) => Err(code),
                Err(error) => {
                    ending::tell(&error, cluster.rank(), ranks);
                    ending::abort(error.exit_code())
                }
            }
        });
        watch.end();
        let cannot = |error| {
            Error::Run(format!(
                "cannot start {ranks} ranks, which are threads with 8 MB of stack each: {error}; use fewer with --ranks N"
            ))
        };
        let codes = codes.map_err(cannot)?;
        codes.into_iter().next().map_or(Ok(0), |code| code.map_err(|code| Error::Told { code }))
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
    /// A process that is the only rank.
    pub fn alone(launch: Launch) -> Local {
        Local::new(launch, Rc::new(Threads::alone()))
    }

    /// A rank of this transport.
    pub fn new(launch: Launch, transport: Rc<dyn Transport>) -> Local {
        Local { launch, transport, most_shared: Rc::default() }
    }

    /// The first `ranks` ranks; `None` at the others.
    pub fn first(&self, ranks: u64) -> Option<Local> {
        let transport = Rc::new(super::first::First { whole: Rc::clone(&self.transport), size: ranks });
        (self.rank() < ranks).then(|| Local { transport, ..self.clone() })
    }

    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// What carries the messages.
    pub fn transport(&self) -> &Rc<dyn Transport> {
        &self.transport
    }

    pub fn rank(&self) -> u64 {
        self.transport.rank()
    }

    pub fn size(&self) -> u64 {
        self.transport.size()
    }

    /// One value for all ranks, which the root makes. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn share<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Result<Arc<T>> {
        let mine = (self.rank() == ROOT).then(|| Arc::new(make()) as SharedValue);
        let given = self.transport.share(mine)?;
        let given = given.and_then(|given| given.downcast().ok());
        given.ok_or_else(|| Error::Run("the ranks do not share the same thing".into()))
    }

    /// The ranks share so many bytes from now on.
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
                let word: String = cluster.broadcast(cluster.at_root(|| "word".to_owned())).expect("nobody is lost");
                assert_eq!((word.as_str(), cluster.scatter(pairs.as_deref())), ("word", Ok([rank, rank * rank])));
                assert_eq!((cluster.max(rank), cluster.barrier()), (Ok(size - 1), Ok(())));
                let records = cluster.gather_records(&rank).expect("nobody is lost");
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
    fn nobody_gets_a_number_once_a_rank_is_gone() {
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
        // A rank that only sends in a gather or a sum need not wait for those that are gone.
        assert_eq!(ends, [vec![true; 5], vec![false, false, true, true, true], vec![]]);
    }

    #[test]
    fn all_agree_on_the_worst_end() {
        use crate::error::{Error, Result};
        let ends = on_ranks(3, |cluster| {
            let mine: Result<()> = match cluster.rank() {
                1 => Err(Error::Told { code: 2 }),
                2 => Err(Error::Told { code: 5 }),
                _ => Ok(()),
            };
            cluster.agree(mine)
        });
        assert!(ends.iter().all(|end| matches!(end, Err(Error::Told { code: 5 }))), "{ends:?}");
    }
}
