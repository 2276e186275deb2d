//! Values that ranks of one process give each other without a copy.
//!
//! Stands beside `mailbox`, whose messages are bytes.

use std::collections::BTreeMap;

use crate::transport::Shared;

/// What has been lent and not yet been taken by all.
#[derive(Default)]
pub struct Lent {
    /// By number: the value, and how many ranks will still take it.
    values: BTreeMap<u64, (Shared, u64)>,
    next: u64,
}

impl Lent {
    /// Keeps `value` for so many takers; returns its number, which is never [`u64::MAX`].
    pub fn lend(&mut self, value: Shared, takers: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        self.values.insert(number, (value, takers));
        number
    }

    /// The value of that number; it is forgotten when the last taker has it.
    pub fn take(&mut self, number: u64) -> Option<Shared> {
        let (value, takers) = self.values.get_mut(&number)?;
        let value = Shared::clone(value);
        *takers = takers.saturating_sub(1);
        if *takers == 0 {
            self.values.remove(&number);
        }
        Some(value)
    }
}
