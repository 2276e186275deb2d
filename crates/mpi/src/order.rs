//! Maps unsigned numbers to signed ones in the same order, for `MPI_MIN` and `MPI_MAX`.
//!
//! MPICH 4.0.2 compares `MPI_UINT64_T` as if it were signed (on x86-64): there 2^63 and above are
//! less than 0. The test `ranks` of this crate shows it.

/// The signed number at the same place in the order.
pub fn signed(number: u64) -> i64 {
    (number ^ 1 << 63) as i64
}

/// The inverse of [`signed`].
pub fn unsigned(number: i64) -> u64 {
    number as u64 ^ 1 << 63
}
