//! One-sided communication: numbers of one rank that the others read and write without its help.
//!
//! Two kinds, each a window of 64-bit numbers at every rank, all zero at first:
//! - [`Counters`], within reach of all ranks at once, from beginning to end (`MPI_Win_lock_all`).
//!   Only the atomic calls (all but [`Counters::get`] and [`Counters::put`]) are safe from each
//!   other.
//! - [`Guarded`], within reach of the rank whose turn it is ([`Guarded::lock`], `MPI_Win_lock` with
//!   `MPI_LOCK_EXCLUSIVE`).
//!
//! Every call is complete when it returns (`MPI_Win_flush`).
//!
//! *Without its help* is what MPI says; a library without hardware for it does the owner's part
//! whenever the owner calls MPI. MPICH 4.0.2 does so even on one host: while rank 0 slept in a
//! polite barrier (up to 1 ms between two tests), each addition of the other waited for the next
//! test, and 250,000 of them did not end. So ranks with numbers that others may still want wait in
//! [`Counters::meet`], which never sleeps.
//!
//! Stands beside `shared`, which is memory that is filled once and then only read. Nothing in the
//! engine uses this: across hosts, `MPI_Fetch_and_op` on a rank that computes stalls until that
//! rank calls MPI (seen with Open MPI and MPICH), and Open MPI 4.1 has no one-sided calls over TCP
//! unless it is told `--mca osc pt2pt`. It is here for `patterns` and for `isprime --flag rma`,
//! which show just that.
//!
//! Cost on one host (AMD Zen 4, Open MPI 4.1): 0.05 us for an addition alone, 0.7 us with a rival,
//! 8 us for 8 ranks on 2 cores. Between threads it is atomic memory of the process.
//! Reference: MPI 3.1, chapter 11.

#[cfg(feature = "mpi")]
mod raw;

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64};

use super::Cluster;
use crate::error::Result;

/// Numbers at every rank, within reach of all others at any time.
#[must_use = "all ranks release it together"]
pub struct Counters {
    words: Words,
}

/// Numbers at every rank, within reach of one rank at a time.
#[must_use = "all ranks release it together"]
pub struct Guarded {
    words: Words,
}

/// The time in which this rank alone is at a rank's numbers. Ends when it goes out of scope.
pub struct Turn<'w> {
    words: &'w Words,
    owner: u64,
}

/// Where the numbers are.
enum Words {
    /// A window of the MPI library.
    #[cfg(feature = "mpi")]
    Window(raw::Window),
    /// Memory that the threads of one process share.
    Local(Arc<Vec<Numbers>>),
}

/// One rank's numbers, and whether a rank has its turn at them.
struct Numbers {
    words: Vec<AtomicU64>,
    is_taken: AtomicBool,
}

impl Numbers {
    fn new(length: usize) -> Numbers {
        Numbers { words: (0..length).map(|_| AtomicU64::new(0)).collect(), is_taken: AtomicBool::new(false) }
    }

    /// Waits for a turn.
    fn lock(&self) {
        while self.is_taken.swap(true, Acquire) {
            std::thread::yield_now();
        }
    }

    fn unlock(&self) {
        self.is_taken.store(false, Release);
    }
}

impl Cluster {
    /// Makes `length` numbers, all zero, at every rank (`MPI_Win_allocate`, `MPI_Win_lock_all`).
    /// Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Told`](crate::error::Error::Told) on every rank when the MPI library cannot.
    pub fn counters(&self, length: usize) -> Result<Counters> {
        let words = self.words(length)?;
        #[cfg(feature = "mpi")]
        if let Words::Window(window) = &words {
            self.agree(window.lock_all())?;
        }
        Ok(Counters { words })
    }

    /// The same, but for one rank at a time (`MPI_Win_allocate`). Every rank must call it.
    ///
    /// # Errors
    /// As [`Cluster::counters`].
    pub fn guarded(&self, length: usize) -> Result<Guarded> {
        self.words(length).map(|words| Guarded { words })
    }

    fn words(&self, length: usize) -> Result<Words> {
        // `MPI_Win_allocate` waits by spinning: all come together.
        self.barrier()?;
        let words = match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => raw::Window::allocate(mpi.world(), length).map(Words::Window),
            Cluster::Local(local) => {
                let numbers = || (0..local.size()).map(|_| Numbers::new(length)).collect();
                local.share(numbers).map(Words::Local)
            }
        };
        // No rank may reach for numbers that are not cleared yet.
        self.agree(words)
    }
}

impl Counters {
    /// Reads `owner`'s number at `place`, while others may add to it (`MPI_Fetch_and_op` with
    /// nothing to add).
    ///
    /// # Errors
    /// [`Error::Run`](crate::error::Error::Run) when the MPI library cannot; so for all calls
    /// below.
    ///
    /// # Panics
    /// When there is no such number; so for all calls.
    pub fn load(&self, owner: u64, place: usize) -> Result<u64> {
        self.fetch_add(owner, place, 0)
    }

    /// Reads it (`MPI_Get`). MPI promises nothing about what is read while another rank writes.
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn get(&self, owner: u64, place: usize) -> Result<u64> {
        self.words.get(owner, place)
    }

    /// Writes it (`MPI_Put`). MPI promises nothing about what is there when another rank writes
    /// too.
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn put(&self, owner: u64, place: usize, number: u64) -> Result<()> {
        self.words.put(owner, place, number)
    }

    /// Adds to it, modulo 2^64, and says what it was: no other rank comes in between
    /// (`MPI_Fetch_and_op`, `MPI_SUM`).
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn fetch_add(&self, owner: u64, place: usize, number: u64) -> Result<u64> {
        match &self.words {
            #[cfg(feature = "mpi")]
            Words::Window(window) => window.fetch_add(owner, place, number),
            Words::Local(ranks) => Ok(ranks[owner as usize].words[place].fetch_add(number, SeqCst)),
        }
    }

    /// Makes it `number` if that is more, and says what it was (`MPI_Fetch_and_op`, `MPI_MAX`).
    /// Both must be below 2^63: MPICH 4.0.2 takes larger numbers for negative ones.
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn fetch_max(&self, owner: u64, place: usize, number: u64) -> Result<u64> {
        match &self.words {
            #[cfg(feature = "mpi")]
            Words::Window(window) => window.fetch_max(owner, place, number),
            Words::Local(ranks) => Ok(ranks[owner as usize].words[place].fetch_max(number, SeqCst)),
        }
    }

    /// Waits until every rank is here, and serves those that are not (`MPI_Ibarrier`). Every rank
    /// must call it.
    pub fn meet(&self) {
        self.words.meet();
    }

    /// Gives the memory back (`MPI_Win_free`). Every rank must call it.
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn release(self) -> Result<()> {
        // Others may still want something, and what follows waits by spinning.
        self.words.meet();
        #[cfg(feature = "mpi")]
        if let Words::Window(window) = self.words {
            window.unlock(None);
            return window.free();
        }
        Ok(())
    }
}

impl Guarded {
    /// Waits for this rank's turn at `owner`'s numbers, by spinning (`MPI_Win_lock`).
    ///
    /// # Errors
    /// [`Error::Run`](crate::error::Error::Run) when the MPI library cannot.
    pub fn lock(&self, owner: u64) -> Result<Turn<'_>> {
        self.words.lock(owner)?;
        Ok(Turn { words: &self.words, owner })
    }

    /// As [`Counters::meet`].
    pub fn meet(&self) {
        self.words.meet();
    }

    /// As [`Counters::release`].
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn release(self) -> Result<()> {
        self.words.meet();
        #[cfg(feature = "mpi")]
        if let Words::Window(window) = self.words {
            return window.free();
        }
        Ok(())
    }
}

impl Turn<'_> {
    /// Reads the number at `place` (`MPI_Get`).
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn get(&self, place: usize) -> Result<u64> {
        self.words.get(self.owner, place)
    }

    /// Writes it (`MPI_Put`).
    ///
    /// # Errors
    /// As [`Counters::load`].
    pub fn put(&self, place: usize, number: u64) -> Result<()> {
        self.words.put(self.owner, place, number)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.words.unlock(self.owner);
    }
}

impl Words {
    fn get(&self, owner: u64, place: usize) -> Result<u64> {
        match self {
            #[cfg(feature = "mpi")]
            Words::Window(window) => window.get(owner, place),
            Words::Local(ranks) => Ok(ranks[owner as usize].words[place].load(SeqCst)),
        }
    }

    fn put(&self, owner: u64, place: usize, number: u64) -> Result<()> {
        match self {
            #[cfg(feature = "mpi")]
            Words::Window(window) => window.put(owner, place, number),
            Words::Local(ranks) => {
                ranks[owner as usize].words[place].store(number, SeqCst);
                Ok(())
            }
        }
    }

    fn meet(&self) {
        match self {
            #[cfg(feature = "mpi")]
            Words::Window(window) => window.meet(),
            // Nobody needs help.
            Words::Local(_) => {}
        }
    }

    fn lock(&self, owner: u64) -> Result<()> {
        match self {
            #[cfg(feature = "mpi")]
            Words::Window(window) => window.lock(owner),
            Words::Local(ranks) => {
                ranks[owner as usize].lock();
                Ok(())
            }
        }
    }

    fn unlock(&self, owner: u64) {
        match self {
            #[cfg(feature = "mpi")]
            Words::Window(window) => window.unlock(Some(owner)),
            Words::Local(ranks) => ranks[owner as usize].unlock(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{alone, on_ranks};
    use super::*;

    #[test]
    fn one_process_counts_alone() -> Result<()> {
        let counters = alone().counters(2)?;
        assert_eq!((counters.load(0, 0)?, counters.get(0, 1)?), (0, 0));
        assert_eq!((counters.fetch_add(0, 1, 5)?, counters.fetch_add(0, 1, u64::MAX)?), (0, 5));
        assert_eq!((counters.fetch_max(0, 1, 3)?, counters.fetch_max(0, 1, 9)?), (4, 4));
        counters.put(0, 0, 3)?;
        counters.meet();
        assert_eq!((counters.get(0, 0)?, counters.load(0, 1)?), (3, 9));
        counters.release()
    }

    #[test]
    fn threads_lose_no_addition() {
        let ends = on_ranks(4, |cluster| {
            let (counters, guarded) = (cluster.counters(1)?, cluster.guarded(1)?);
            for _ in 0..1000 {
                counters.fetch_add(2, 0, 1)?;
                let turn = guarded.lock(1)?;
                turn.put(0, turn.get(0)? + 1)?;
            }
            cluster.barrier()?;
            Ok::<_, crate::error::Error>((counters.load(2, 0)?, guarded.lock(1)?.get(0)?, counters.load(0, 0)?))
        });
        assert!(ends.iter().all(|end| matches!(end, Ok((4000, 4000, 0)))), "{ends:?}");
    }

    #[test]
    fn turns_come_after_each_other() -> Result<()> {
        let guarded = alone().guarded(1)?;
        for before in 0..3 {
            let turn = guarded.lock(0)?;
            assert_eq!(turn.get(0)?, before);
            turn.put(0, before + 1)?;
        }
        guarded.meet();
        guarded.release()
    }
}
