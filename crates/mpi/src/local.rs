//! Ranks inside this process: threads, of which there may be one.
//!
//! Stands beside `mpi` and has the same methods. The engine's transport carries the messages, and
//! its collectives are used; no MPI library is touched. Once a rank is lost, methods without a
//! `Result` return worthless values, as those over MPI do.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use montesieve_engine::threads::{self, Threads};
use montesieve_engine::transport::{Lost, Shared, Transport};

use super::launch::Launch;
use super::watched::{Watch, Watched};
use super::{Cluster, Promise, ROOT, Tag, ending};
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
    /// Whether a method met a loss.
    is_lost: Cell<bool>,
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
        Local { launch, transport, is_lost: Cell::new(false), most_shared: Rc::default() }
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

    pub fn is_lost(&self) -> bool {
        self.is_lost.get()
    }

    pub fn rank(&self) -> u64 {
        self.transport.rank()
    }

    pub fn size(&self) -> u64 {
        self.transport.size()
    }

    /// What came of a method of the transport; the default once a rank is lost.
    fn or_lost<T: Default>(&self, value: std::result::Result<T, Lost>) -> T {
        value.unwrap_or_else(|Lost| {
            self.is_lost.set(true);
            T::default()
        })
    }

    pub fn broadcast(&self, bytes: &mut Vec<u8>) {
        let mine = (self.rank() == ROOT).then(|| std::mem::take(bytes));
        *bytes = self.or_lost(self.transport.broadcast(mine));
    }

    pub fn scatter(&self, pairs: Option<&[[u64; 2]]>) -> [u64; 2] {
        self.or_lost(self.transport.scatter(pairs))
    }

    pub fn meet(&self) {
        self.or_lost(self.transport.barrier());
    }

    pub fn gather<const N: usize>(&self, row: [f64; N]) -> Option<Vec<[f64; N]>> {
        let rows = self.gather_bytes(row.iter().flat_map(|number| number.to_le_bytes()).collect())?;
        let number =
            |bytes: &[u8], i: usize| bytes.as_chunks().0.get(i).map_or(0.0, |bytes| f64::from_le_bytes(*bytes));
        Some(rows.iter().map(|bytes| std::array::from_fn(|i| number(bytes, i))).collect())
    }

    pub fn gather_bytes(&self, bytes: Vec<u8>) -> Option<Vec<Vec<u8>>> {
        let all = self.or_lost(self.transport.gather(bytes));
        // The root gets something in any case.
        all.or_else(|| (self.rank() == ROOT).then(Vec::new))
    }

    pub fn sum(&self, mine: u64) -> Option<u64> {
        let sum = self.or_lost(self.transport.sum(mine));
        sum.or_else(|| (self.rank() == ROOT).then_some(0))
    }

    pub fn max(&self, mine: u64) -> u64 {
        self.or_lost(self.transport.max(mine))
    }

    /// One value for all ranks, which the root makes. Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn share<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Result<Arc<T>> {
        let mine = (self.rank() == ROOT).then(|| Arc::new(make()) as Shared);
        let given = self.transport.share(mine).map_err(|Lost| Error::Lost)?;
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

    pub fn all_sent(&self) -> bool {
        self.or_lost(self.transport.all_sent()) || self.is_lost()
    }

    pub fn flush(&self) {
        self.or_lost(self.transport.flush());
    }

    pub fn promise(&self, from: u64, tag: Tag) -> Promise {
        unreachable!("{tag:?} from rank {from}: patterns run in one process without MPI")
    }

    pub fn send(&self, to: u64, tag: Tag, _numbers: [u64; 2]) {
        unreachable!("{tag:?} to rank {to}: patterns run in one process without MPI")
    }

    pub fn send_bytes(&self, to: u64, tag: Tag, _bytes: Vec<u8>) {
        unreachable!("{tag:?} to rank {to}: patterns run in one process without MPI")
    }

    pub fn probe(&self, _from: Option<u64>) -> Option<(u64, Tag)> {
        None
    }

    pub fn receive(&self, from: u64, tag: Tag) -> [u64; 2] {
        unreachable!("{tag:?} from rank {from}: patterns run in one process without MPI")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::on_ranks;

    #[test]
    fn rooted_operations_give_to_the_root_alone() {
        for size in [1, 2, 3, 5, 8] {
            let found = on_ranks(size, |cluster| {
                let rank = cluster.rank();
                let pairs: Option<Vec<[u64; 2]>> = cluster.at_root(|| (0..size).map(|r| [r, r * r]).collect());
                let word: String = cluster.broadcast(cluster.at_root(|| "word".to_owned())).expect("nobody is lost");
                assert_eq!((word.as_str(), cluster.scatter(pairs.as_deref())), ("word", [rank, rank * rank]));
                assert_eq!(cluster.max(rank), size - 1);
                cluster.barrier();
                let rows = cluster.gather([rank as f64, 0.5]);
                let records = cluster.gather_records(&rank).expect("nobody is lost");
                (cluster.sum(rank), rows, records)
            });
            let rows = (0..size).map(|rank| [rank as f64, 0.5]).collect();
            assert_eq!(found[0], (Some(size * (size - 1) / 2), Some(rows), Some((0..size).collect())));
            assert!(found[1..].iter().all(|found| *found == (None, None, None)), "{found:?}");
        }
    }

    #[test]
    fn the_first_ranks_are_a_cluster_of_their_own() {
        let sums = on_ranks(5, |cluster| {
            let part = cluster.first(3);
            let sums: Option<Vec<_>> = part.map(|part| (0..10).map(|round| part.sum(part.rank() + round)).collect());
            cluster.barrier();
            (sums, cluster.sum(1))
        });
        let all = (0..10).map(|round| Some(3 + 3 * round)).collect();
        assert_eq!(sums[0], (Some(all), Some(5)));
        assert_eq!(sums[1..], [(Some(vec![None; 10]), None), (Some(vec![None; 10]), None), (None, None), (None, None)]);
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
