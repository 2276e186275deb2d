//! Two plain numbers as one MPI datatype: what a receive that was asked for early (`MPI_Irecv`) is received into.
//!
//! rsmpi's future holds one value of a datatype, and arrays are none to it. The signature is that of two `MPI_UINT64_T`, which is
//! what senders send.

use mpi::datatype::{Equivalence, UserDatatype};

/// The two numbers.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Pair(pub [u64; 2]);

// SAFETY: a `Pair` lies in memory as two u64 without padding, which is what the datatype says.
unsafe impl Equivalence for Pair {
    type Out = UserDatatype;

    fn equivalent_datatype() -> UserDatatype {
        UserDatatype::contiguous(2, &u64::equivalent_datatype())
    }
}
