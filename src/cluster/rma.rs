//! One-sided communication: numbers of one rank that the others read and write without its help.
//!
//! A [`Counters`] is a window of 64-bit numbers at every rank. Ranks reach into it within an epoch: a shared one, open to all
//! ranks at once (`MPI_Win_lock_all`), where only the atomic calls (all but [`Epoch::get`] and [`Epoch::put`]) are safe from
//! each other; or an exclusive one, which is a lock (`MPI_Win_lock` with `MPI_LOCK_EXCLUSIVE`). Every call is complete when it
//! returns (`MPI_Win_flush`).
//!
//! Stands beside `shared`, which is memory that is filled once and then only read. Nothing in the engine uses this: across
//! hosts, `MPI_Fetch_and_op` on a rank that computes stalls until that rank calls MPI (seen with Open MPI and MPICH), and Open
//! MPI 4.1 has no one-sided calls over TCP unless it is told `--mca osc pt2pt`. It is here for `patterns` and for the flags of `isprime`,
//! which show just that.
//!
//! Cost on one host (AMD Zen 4, Open MPI 4.1): 0.2 us for a call in a shared epoch. Without MPI it is ordinary memory.
//! Reference: MPI 3.1, chapter 11.

#[cfg(feature = "mpi")]
mod raw;

use std::cell::RefCell;

use super::Cluster;
use crate::error::Result;

/// Numbers at every rank, within reach of every other.
#[must_use = "all ranks release it together"]
pub enum Counters {
    /// A window of the MPI library.
    #[cfg(feature = "mpi")]
    Window(raw::Window),
    /// One process has nobody to share with.
    Own(RefCell<Vec<u64>>),
}

/// A time in which this rank may reach into the numbers of others. Ends when it goes out of scope.
pub struct Epoch<'w> {
    counters: &'w Counters,
    /// The one rank that is within reach; `None` for all.
    only: Option<u64>,
}

impl Cluster {
    /// Makes `length` numbers, all zero, at every rank (`MPI_Win_allocate`). Every rank must call it.
    ///
    /// # Errors
    /// [`Error::Run`](crate::error::Error::Run) when the MPI library cannot.
    pub fn counters(&self, length: usize) -> Result<Counters> {
        // `MPI_Win_allocate` waits by spinning: all come together.
        self.barrier();
        let counters = match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => raw::Window::allocate(mpi.world(), length).map(Counters::Window)?,
            Cluster::Alone(_) => Counters::Own(RefCell::new(vec![0; length])),
        };
        // No rank may reach for numbers that are not cleared yet.
        self.barrier();
        Ok(counters)
    }
}

impl Counters {
    /// An epoch that all ranks may be in at once (`MPI_Win_lock_all`). One at a time on each rank.
    ///
    /// # Errors
    /// [`Error::Run`](crate::error::Error::Run) when the MPI library cannot; so for all calls below.
    pub fn shared(&self) -> Result<Epoch<'_>> {
        match self {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.lock_all()?,
            Counters::Own(_) => {}
        }
        Ok(Epoch { counters: self, only: None })
    }

    /// An epoch in which this rank alone is at `owner`'s numbers: waits for its turn (`MPI_Win_lock`).
    ///
    /// # Errors
    /// As [`Counters::shared`].
    pub fn exclusive(&self, owner: u64) -> Result<Epoch<'_>> {
        match self {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.lock(owner)?,
            Counters::Own(_) => {}
        }
        Ok(Epoch { counters: self, only: Some(owner) })
    }

    /// Gives the memory back (`MPI_Win_free`). Every rank must call it.
    ///
    /// # Errors
    /// As [`Counters::shared`].
    pub fn release(self) -> Result<()> {
        match self {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.free(),
            Counters::Own(_) => Ok(()),
        }
    }
}

impl Epoch<'_> {
    /// Reads `owner`'s number at `place`, while others may add to it (`MPI_Fetch_and_op` with nothing to add).
    ///
    /// # Errors
    /// As [`Counters::shared`].
    ///
    /// # Panics
    /// When the epoch is another rank's, or there is no such number; so for all calls.
    pub fn load(&self, owner: u64, place: usize) -> Result<u64> {
        self.fetch_add(owner, place, 0)
    }

    /// Reads it (`MPI_Get`). In a shared epoch MPI promises nothing about what is read while another rank writes.
    ///
    /// # Errors
    /// As [`Counters::shared`].
    pub fn get(&self, owner: u64, place: usize) -> Result<u64> {
        match self.reach(owner) {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.get(owner, place),
            Counters::Own(words) => Ok(words.borrow()[place]),
        }
    }

    /// Writes it (`MPI_Put`). In a shared epoch MPI promises nothing about what is there when another rank writes too.
    ///
    /// # Errors
    /// As [`Counters::shared`].
    pub fn put(&self, owner: u64, place: usize, number: u64) -> Result<()> {
        match self.reach(owner) {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.put(owner, place, number),
            Counters::Own(words) => {
                words.borrow_mut()[place] = number;
                Ok(())
            }
        }
    }

    /// Adds to it, modulo 2^64, and says what it was: no other rank comes in between (`MPI_Fetch_and_op`, `MPI_SUM`).
    ///
    /// # Errors
    /// As [`Counters::shared`].
    pub fn fetch_add(&self, owner: u64, place: usize, number: u64) -> Result<u64> {
        match self.reach(owner) {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.fetch_add(owner, place, number),
            Counters::Own(words) => {
                let word = &mut words.borrow_mut()[place];
                let before = *word;
                *word = before.wrapping_add(number);
                Ok(before)
            }
        }
    }

    /// Makes it `number` if that is more, and says what it was (`MPI_Fetch_and_op`, `MPI_MAX`).
    ///
    /// # Errors
    /// As [`Counters::shared`].
    pub fn fetch_max(&self, owner: u64, place: usize, number: u64) -> Result<u64> {
        match self.reach(owner) {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.fetch_max(owner, place, number),
            Counters::Own(words) => {
                let word = &mut words.borrow_mut()[place];
                let before = *word;
                *word = before.max(number);
                Ok(before)
            }
        }
    }

    fn reach(&self, owner: u64) -> &Counters {
        assert!(self.only.is_none_or(|only| only == owner), "this epoch reaches one rank");
        self.counters
    }
}

impl Drop for Epoch<'_> {
    fn drop(&mut self) {
        match self.counters {
            #[cfg(feature = "mpi")]
            Counters::Window(window) => window.unlock(self.only),
            Counters::Own(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::alone::Alone;
    use super::super::launch::Launch;
    use super::*;

    #[test]
    fn one_process_counts_alone() -> Result<()> {
        let counters = Cluster::Alone(Alone::new(Launch::default())).counters(2)?;
        {
            let epoch = counters.shared()?;
            assert_eq!((epoch.load(0, 0)?, epoch.get(0, 1)?), (0, 0));
            assert_eq!((epoch.fetch_add(0, 1, 5)?, epoch.fetch_add(0, 1, u64::MAX)?), (0, 5));
            assert_eq!((epoch.fetch_max(0, 1, 3)?, epoch.fetch_max(0, 1, 9)?), (4, 4));
        }
        let epoch = counters.exclusive(0)?;
        epoch.put(0, 0, 3)?;
        assert_eq!((epoch.get(0, 0)?, epoch.load(0, 1)?), (3, 9));
        drop(epoch);
        counters.release()
    }

    #[test]
    #[should_panic(expected = "this epoch reaches one rank")]
    fn an_exclusive_epoch_is_one_ranks() {
        let counters = Counters::Own(RefCell::new(vec![0]));
        let _ = counters.exclusive(0).and_then(|epoch| epoch.get(1, 0));
    }
}
