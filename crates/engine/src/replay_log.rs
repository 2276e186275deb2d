//! A log that a restarted command replays: records, in the order in which the command made them.
//!
//! Every rank makes the same records in the same order, in every attempt: the n-th record of this
//! attempt is the n-th of the previous one.

use std::cell::{Cell, RefCell};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::record;
use crate::transport::Transport;

/// Records in memory.
#[derive(Debug, Default)]
pub struct ReplayLog {
    records: RefCell<Vec<Option<Vec<u8>>>>,
    next: Cell<usize>,
}

/// The position of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(usize);

impl ReplayLog {
    /// The next position, and the record that an earlier attempt left there.
    ///
    /// # Errors
    /// When it is a record of another type: a fault of the program.
    pub fn next<T: DeserializeOwned>(&self) -> Result<(Slot, Option<T>)> {
        let slot = self.next.replace(self.next.get() + 1);
        let found = self.records.borrow().get(slot).and_then(|bytes| bytes.as_deref().map(record::decode));
        Ok((Slot(slot), found.transpose()?))
    }

    /// Stores a record there, in place of the old one.
    ///
    /// # Errors
    /// When it cannot be encoded: a fault of the program.
    pub fn put<T: Serialize>(&self, slot: Slot, value: &T) -> Result<()> {
        let bytes = record::encode(value)?;
        let mut records = self.records.borrow_mut();
        if records.len() <= slot.0 {
            records.resize(slot.0 + 1, None);
        }
        records[slot.0] = Some(bytes);
        Ok(())
    }

    /// Starts again at the first record: the command restarts.
    pub fn rewind(&self) {
        self.next.set(0);
    }
}

/// Gives every rank what the root finds, since any of them may be the next root; the same in every
/// attempt of a command. Every rank must call it. `find` runs at the root only, and in the first
/// attempt only.
///
/// # Errors
/// What `find` returns, on which all ranks must agree; [`Lost`](Error::Lost).
pub fn replayed<T, E>(
    transport: &dyn Transport,
    log: &ReplayLog,
    find: impl FnOnce() -> std::result::Result<Option<T>, E>,
) -> std::result::Result<T, E>
where
    T: Serialize + DeserializeOwned,
    E: From<Error>,
{
    let (slot, found) = log.next()?;
    if let Some(found) = found {
        return Ok(found);
    }
    let bytes = find()?.map(|value| record::encode(&value)).transpose()?;
    let value = record::decode(&transport.broadcast(bytes).map_err(Error::from)?)?;
    // Either all living ranks have it, or none.
    transport.confirm_all_alive().map_err(Error::from)?;
    log.put(slot, &value)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_attempt_finds_the_records_of_the_last() {
        let log = ReplayLog::default();
        for _ in 0..2 {
            assert_eq!(log.next::<u64>().expect("a slot").1, None, "nothing was put there");
            log.rewind();
        }
        let (first, _) = log.next::<u64>().expect("a slot");
        let (second, _) = log.next::<String>().expect("a slot");
        log.put(second, &"two").expect("a record");
        log.put(first, &0_u64).expect("a record");
        log.put(first, &1_u64).expect("a record");
        log.rewind();
        assert_eq!(log.next().expect("a slot"), (first, Some(1_u64)));
        assert_eq!(log.next().expect("a slot"), (second, Some("two".to_owned())));
    }
}
