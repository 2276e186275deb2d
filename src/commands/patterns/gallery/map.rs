//! A function over a list, in parallel: row 21.
//!
//! Rank 0 sends each rank the bounds of its part, every rank maps its own part, and rank 0 collects
//! the results in order. Each rank gets one message and sends two; the slowest part decides how
//! long it takes.
//!
//! # In Python
//! ```python
//! from multiprocessing import Pool
//!
//! def square(n):
//!     return n * n
//!
//! if __name__ == "__main__":
//!     with Pool(4) as pool:
//!         print(pool.map(square, range(100), chunksize=25))
//! ```
//!
//! # With mpi4py
//! ```python
//! from mpi4py import MPI
//!
//! comm, N = MPI.COMM_WORLD, 100
//! size = comm.Get_size()
//! parts = None
//! if comm.Get_rank() == 0:
//!     parts = [(N * rank // size, N * (rank + 1) // size) for rank in range(size)]
//! low, high = comm.scatter(parts, root=0)
//! squares = comm.gather([n * n for n in range(low, high)], root=0)
//! if squares is not None:
//!     print([square for part in squares for square in part])
//! ```
//!
//! # What goes wrong
//! Parts of `n / ranks` numbers leave the remainder out: 8 ranks square 96 of 100 numbers. Here
//! part `rank` begins at `n * rank / ranks`, so the parts are the whole list for every number of
//! ranks.
//!
//! # Right answer
//! The squares 0, 1, 4, ..., 9801, in order.
//!
//! # MPI calls
//! `MPI_Scatter`; `MPI_Gather` of the lengths, then `MPI_Gatherv`; in the immediate forms.
//!
//! # In the picture
//! Rank 0 waits in `MPI_Gather` until the last rank has squared its part: the slowest decides.
//! The squares themselves are too short to be seen.
//!
//! # Exercises
//! **1.** 100 numbers on 8 ranks: how many does each rank get?
//!
//! <details><summary>Answer</summary>
//!
//! The parts begin at 0, 12, 25, 37, 50, 62, 75 and 87 (100 rank / 8, rounded down), so 12 and
//! 13 by turns: no number is left out, and no part is more than one larger than another.
//!
//! </details>
//!
//! **2.** A square takes 1 ns, and the messages of this map 300 us on 8 ranks. From how many
//! numbers on do messages cost less than 1 % of the time?
//!
//! <details><summary>Answer</summary>
//!
//! Each rank must work 100 times 300 us, 30 ms: 3e7 squares on each of 8 ranks, 2.4e8 numbers.
//! And then the list of results takes 1.9 GB, so let the ranks keep or reduce it.
//!
//! </details>

use std::time::Instant;

use mpi::Count;
use mpi::datatype::PartitionMut;
use mpi::request::scope;
use mpi::topology::SimpleCommunicator;
use mpi::traits::*;

use super::{ROOT, Shown, each_us, shortened, trace};
use crate::cluster::polite;
use crate::error::Result;

const N: u64 = 100;

pub fn run(world: &SimpleCommunicator) -> Result<Option<Shown>> {
    let began = Instant::now();
    let root = world.process_at_rank(ROOT);
    let mut mine = [0, 0];
    if world.rank() == ROOT {
        let size = world.size() as u64;
        let bounds: Vec<u64> = (0..size).flat_map(|rank| [N * rank / size, N * (rank + 1) / size]).collect();
        trace::call("MPI_Scatter", || {
            scope(|s| polite::wait(root.immediate_scatter_into_root(s, &bounds[..], &mut mine[..])))
        });
    } else {
        trace::call("MPI_Scatter", || scope(|s| polite::wait(root.immediate_scatter_into(s, &mut mine[..]))));
    }
    let squares: Vec<u64> = (mine[0]..mine[1]).map(|n| n * n).collect();
    let all = gather(world, &squares);
    let cost = each_us("for 100 squares", began, 1);
    Ok(all.map(|all| Shown {
        answer: shortened(&all),
        expected: shortened(&Vec::from_iter((0..N).map(|n| n * n))),
        costs: vec![cost],
        ..Shown::default()
    }))
}

/// The lists of all ranks, one behind the other, at rank 0. Lists of bytes must not be empty: one
/// without memory lies at address 1, which is Open MPI's `MPI_IN_PLACE`.
pub(super) fn gather<T: Equivalence + Clone + Default>(world: &SimpleCommunicator, mine: &[T]) -> Option<Vec<T>> {
    let (root, length) = (world.process_at_rank(ROOT), mine.len() as Count);
    if world.rank() != ROOT {
        trace::call("MPI_Gather", || scope(|s| polite::wait(root.immediate_gather_into(s, &length))));
        trace::call("MPI_Gatherv", || scope(|s| polite::wait(root.immediate_gather_varcount_into(s, mine))));
        return None;
    }
    let mut lengths = vec![0; world.size() as usize];
    trace::call("MPI_Gather", || {
        scope(|s| polite::wait(root.immediate_gather_into_root(s, &length, &mut lengths[..])))
    });
    let ends = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    let starts: Vec<Count> = ends.zip(&lengths).map(|(end, length)| end - length).collect();
    let mut all = vec![T::default(); lengths.iter().sum::<Count>() as usize];
    let mut parts = PartitionMut::new(&mut all[..], &lengths[..], &starts[..]);
    trace::call("MPI_Gatherv", || {
        scope(|s| polite::wait(root.immediate_gather_varcount_into_root(s, mine, &mut parts)))
    });
    Some(all)
}
