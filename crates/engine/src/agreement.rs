//! Steps that only the root takes, but whose success all ranks must know: reading a file, judging a
//! result.

use crate::error::{Error, Result};
use crate::transport::{ROOT, Transport};

/// Runs `step` at the root and reports its success to the other ranks. Every rank must call it; the
/// root gets `Some`.
///
/// # Errors
/// [`Error::AtRoot`] at every rank when `step` fails; only the root has its error. [`Error::Lost`].
pub(crate) fn agree<T>(transport: &dyn Transport, step: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
    let taken = (transport.rank() == ROOT).then(step);
    let success = taken.as_ref().map(|taken| vec![u8::from(taken.is_ok())]);
    if transport.broadcast(success)? == [1] {
        return taken.transpose();
    }
    Err(Error::AtRoot(taken.and_then(Result::err).map(Box::new)))
}

/// Gives every rank a number that the root finds. Every rank must call it; only the root's `find`
/// runs.
///
/// # Errors
/// [`Error::Lost`].
pub(crate) fn broadcast_number(transport: &dyn Transport, find: impl FnOnce() -> u64) -> Result<u64> {
    let found = (transport.rank() == ROOT).then(|| find().to_le_bytes().to_vec());
    let bytes = transport.broadcast(found)?;
    let bytes = bytes.try_into().map_err(|_| Error::Fault("a number of the root does not have 8 bytes".to_owned()))?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads;

    #[test]
    fn every_rank_learns_the_success_of_the_root() {
        for ranks in [1, 2, 3, 5, 8] {
            let good = threads::run(ranks, |rank| agree(rank, || Ok(rank.rank())).expect("it went well"));
            assert_eq!(good.iter().flatten().collect::<Vec<_>>(), [&0]);
            assert!(
                threads::run(ranks, |rank| broadcast_number(rank, || 7 + rank.rank()).expect("all live"))
                    .iter()
                    .all(|&n| n == 7)
            );
            let bad = threads::run(ranks, |rank| agree(rank, || Err::<(), _>(Error::Fault("no file".into()))));
            let said: Vec<String> = bad.iter().map(|bad| bad.as_ref().expect_err("it failed").to_string()).collect();
            assert_eq!(said[0], "no file");
            assert!(said[1..].iter().all(|said| said == "the root reports what went wrong"));
        }
    }
}
