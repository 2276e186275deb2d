//! Memory that exists once per node: tables that every rank reads and that are too large for each
//! to have a copy.
//!
//! The ranks of a node fill it together, each its own part; from then on it is read-only. Without
//! MPI, or if shared memory is short, it is ordinary memory with the same interface and the same
//! words, filled by this rank alone. The raw calls are in `node_window`.
//!
//! Containers often limit `/dev/shm` to 64 MB (Docker: `--shm-size`) or omit it. The first write to
//! a page without memory would end the job with SIGBUS, so memory is checked and populated before
//! anything is written.
//!
//! Cost: clearing the pages, divided among the ranks (50 ms for 123 MB on one rank, AMD Zen 4), and
//! a few collectives. Reference: MPI 3.1, 11.2.3 (`MPI_Win_allocate_shared`); T. Hoefler et al.,
//! "MPI + MPI: a new hybrid approach to parallel programming with MPI plus shared memory",
//! Computing 95 (2013).

use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

use super::Cluster;
#[cfg(feature = "mpi")]
use super::node_window::ReadOnlyWindow;
use super::shared_words::SharedWords;
use crate::error::{Error, Result};

/// Numbers that the ranks of a node have filled together: the same at every rank, and
/// read-only.
///
/// Shared memory lives until [`Shared::release`], or until the end of the cluster. Dropping this
/// does not free it, since that needs all ranks of the node.
#[must_use = "it is full of words"]
pub struct Shared<'c> {
    memory: Memory<'c>,
}

enum Memory<'c> {
    /// Memory of the process, shared by its threads.
    Threads(Arc<SharedWords>),
    /// Only windows need the lifetime, but the type has the same interface with and without MPI.
    Own(Vec<u64>, PhantomData<&'c Cluster>),
    #[cfg(feature = "mpi")]
    Window(ReadOnlyWindow<'c>),
}

impl Cluster {
    /// Allocates `pieces` pieces of `length` words once per node (`MPI_Comm_split_type`,
    /// `MPI_Win_allocate_shared`, `MPI_Ibarrier`). `fill` gets a range of pieces, possibly empty,
    /// and their words, which are zero, and writes them. What it writes must depend on the numbers
    /// of the pieces alone. Every rank must call it, with the same arguments; each gets all words
    /// of its node.
    ///
    /// # Errors
    /// The error of `fill`, on this rank alone; [`Error::Run`] when a
    /// call of MPI fails.
    pub fn shared<F>(&self, pieces: usize, length: usize, fill: F) -> Result<Shared<'_>>
    where
        F: FnOnce(Range<usize>, &mut [u64]) -> Result<()>,
    {
        #[cfg(feature = "mpi")]
        if let Cluster::Mpi(mpi) = self
            && let Some(mut open) = mpi.open_window(pieces * length)?
        {
            let mine = share(pieces, open.rank(), open.size());
            fill(mine.clone(), open.part(mine.start * length..mine.end * length))?;
            return Ok(Shared { memory: Memory::Window(open.publish()) });
        }
        if let Cluster::Local(local) = self
            && local.size() > 1
        {
            let words = local.share(|| SharedWords::zero(pieces * length))?;
            let mine = share(pieces, local.rank() as usize, local.size() as usize);
            let filled = words.fill(mine.start * length..mine.end * length, |part| fill(mine, part));
            // No rank reads before all have filled their parts; an error on one ends the job.
            let has_failed = self.max(filled.is_err().into())? > 0;
            filled?;
            if has_failed {
                self.barrier()?;
                return Err(Error::Lost);
            }
            local.count_shared(8 * words.len() as u64);
            return Ok(Shared { memory: Memory::Threads(words) });
        }
        let mut words = vec![0; pieces * length];
        fill(0..pieces, &mut words)?;
        Ok(Shared { memory: Memory::Own(words, PhantomData) })
    }

    /// The peak of shared memory on this rank's node, in bytes; ordinary memory does not count.
    pub fn shared_bytes(&self) -> u64 {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => mpi.most_shared_bytes(),
            Cluster::Local(local) => local.most_shared_bytes(),
        }
    }
}

impl Cluster {
    /// An estimate of the bytes that one call of [`Cluster::shared`] can share among the ranks of
    /// this node. What does not fit becomes ordinary memory of each rank. Ranks of one process have
    /// no such limit.
    pub fn shareable_bytes(&self) -> u64 {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => super::node_window::free_shared_memory(),
            Cluster::Local(_) => u64::MAX,
        }
    }
}

impl Shared<'_> {
    /// Frees the memory (`MPI_Win_free`). Every rank must call it; no rank of the node reads it
    /// afterwards.
    pub fn release(self) {
        #[cfg(feature = "mpi")]
        if let Memory::Window(view) = self.memory {
            view.free();
        }
    }
}

impl Deref for Shared<'_> {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match &self.memory {
            Memory::Own(words, _) => words,
            Memory::Threads(words) => words.get(),
            #[cfg(feature = "mpi")]
            Memory::Window(view) => view.words(),
        }
    }
}

/// The pieces that rank `rank` of `size` fills: contiguous shares, as equal as possible.
fn share(pieces: usize, rank: usize, size: usize) -> Range<usize> {
    pieces * rank / size..pieces * (rank + 1) / size
}

#[cfg(test)]
mod tests {
    use super::super::testing::{alone, on_ranks};
    use super::*;

    #[test]
    fn one_process_fills_all_pieces_itself() {
        let cluster = alone();
        let shared = cluster.shared(5, 3, |pieces, words| {
            assert_eq!((pieces, words.len()), (0..5, 15));
            assert!(words.iter().all(|&word| word == 0));
            words.iter_mut().enumerate().for_each(|(i, word)| *word = i as u64);
            Ok(())
        });
        let shared = shared.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(*shared, Vec::from_iter(0..15)[..]);
        shared.release();
        assert_eq!(cluster.shared_bytes(), 0, "ordinary memory is not shared");
    }

    #[test]
    fn threads_fill_memory_together_and_all_read_it() {
        for size in [2, 3, 5, 8] {
            let found = on_ranks(size, |cluster| {
                let fill = |pieces: Range<usize>, words: &mut [u64]| {
                    assert_eq!(words.len(), 3 * pieces.len());
                    words.iter_mut().zip(3 * pieces.start..).for_each(|(word, i)| *word = i as u64);
                    Ok(())
                };
                let shared = cluster.shared(7, 3, fill).expect("memory");
                let (place, words) = (shared.as_ptr() as usize, shared.to_vec());
                cluster.barrier().expect("no rank is lost");
                shared.release();
                (place, words, cluster.shared_bytes())
            });
            let place = found[0].0;
            assert!(found.iter().all(|found| *found == (place, Vec::from_iter(0..21), 168)), "{found:?}");
        }
    }

    #[test]
    fn nothing_is_memory_too() {
        for (pieces, length) in [(0, 0), (0, 7), (7, 0)] {
            assert!(alone().shared(pieces, length, |_, _| Ok(())).is_ok_and(|shared| shared.is_empty()));
        }
    }

    #[test]
    fn an_error_while_filling_comes_back() {
        let cluster = alone();
        let shared = cluster.shared(1, 1, |_, _| Err(Error::Run("no words".into())));
        assert!(matches!(shared, Err(Error::Run(text)) if text == "no words"));
    }

    #[test]
    fn shares_are_all_pieces_once() {
        for pieces in [0, 1, 2, 7, 20, 1000] {
            for size in 1..10 {
                let shares: Vec<usize> = (0..size).flat_map(|rank| share(pieces, rank, size)).collect();
                assert_eq!(shares, Vec::from_iter(0..pieces));
                let lengths = (0..size).map(|rank| share(pieces, rank, size).len());
                assert!(lengths.clone().max() <= lengths.min().map(|least| least + 1));
            }
        }
    }
}
