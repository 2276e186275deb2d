//! Prefix reductions: the least of the numbers up to this rank, with its own or without.
//!
//! Raw calls, which `patterns scan` shows; all `unsafe` of them is here. Stands beside `mpi`, whose
//! reductions give one answer for all ranks: here each gets one of its own, after log2(ranks) steps
//! of messages.
//! Reference: MPI 3.1, 5.11.

use montesieve_engine::transport::Lost;

use super::Cluster;
#[cfg(feature = "mpi")]
use raw::least;

impl Cluster {
    /// The least of the numbers of this rank and of all lower ones (`MPI_Iscan`, `MPI_MIN`). Every
    /// rank must call it.
    ///
    /// # Errors
    /// [`Lost`].
    pub fn least_so_far(&self, mine: i64) -> Result<i64, Lost> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => least(mpi, mine, mpi::ffi::MPI_Iscan),
            Cluster::Local(_) => Ok(mine),
        }
    }

    /// The least of the numbers of all lower ranks; `i64::MAX` at the first (`MPI_Iexscan`,
    /// `MPI_MIN`). Every rank must call it.
    ///
    /// # Errors
    /// [`Lost`].
    pub fn least_below(&self, mine: i64) -> Result<i64, Lost> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => least(mpi, mine, mpi::ffi::MPI_Iexscan),
            Cluster::Local(_) => {
                let _ = mine;
                Ok(i64::MAX)
            }
        }
    }
}

#[cfg(feature = "mpi")]
mod raw {
    use std::ffi::{c_int, c_void};

    use montesieve_engine::transport::Lost;
    use mpi::datatype::Equivalence;
    use mpi::ffi;
    use mpi::raw::AsRaw;

    use crate::mpi::Mpi;
    use crate::patience::Patience;
    use crate::request::complete;

    /// `MPI_Iscan` or `MPI_Iexscan`: from, to, how many of what, operation, ranks, request.
    type Scan = unsafe extern "C" fn(
        *const c_void,
        *mut c_void,
        c_int,
        ffi::MPI_Datatype,
        ffi::MPI_Op,
        ffi::MPI_Comm,
        *mut ffi::MPI_Request,
    ) -> c_int;

    pub fn least(mpi: &Mpi, mine: i64, scan: Scan) -> Result<i64, Lost> {
        mpi.check_whole()?;
        // MPI_Iexscan leaves that of the first rank as it was.
        let mut least = i64::MAX;
        let (kind, world) = (i64::equivalent_datatype().as_raw(), mpi.world().as_raw());
        // SAFETY: a null request is only a place to write to.
        let mut request = unsafe { ffi::RSMPI_REQUEST_NULL };
        // SAFETY: both numbers stay where they are until the request is completed below; the
        // operation is the library's own.
        unsafe {
            let (from, to) = ((&raw const mine).cast::<c_void>(), (&raw mut least).cast::<c_void>());
            scan(from, to, 1, kind, ffi::RSMPI_MIN, world, &mut request);
        }
        complete(request, Patience::new());
        mpi.check_whole().map(|()| least)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::alone;

    #[test]
    fn one_process_has_nobody_below() {
        assert_eq!((alone().least_so_far(7), alone().least_below(7)), (Ok(7), Ok(i64::MAX)));
    }
}
