//! Values that ranks of one process share without a copy.
//!
//! Stands beside `mailbox`, whose messages are bytes.

use std::collections::BTreeMap;

use crate::transport::SharedValue;

/// Values that were lent and that not all ranks have taken yet.
#[derive(Default)]
pub struct Lent {
    /// By number: the value, and how many ranks have yet to take it.
    values: BTreeMap<u64, (SharedValue, u64)>,
    next: u64,
}

impl Lent {
    /// Keeps `value` for `takers` ranks; returns its number, which is never [`u64::MAX`].
    pub fn lend(&mut self, value: SharedValue, takers: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        self.values.insert(number, (value, takers));
        number
    }

    /// The value of that number; it is dropped when the last rank has taken it.
    pub fn take(&mut self, number: u64) -> Option<SharedValue> {
        let (value, takers) = self.values.get_mut(&number)?;
        let value = SharedValue::clone(value);
        *takers = takers.saturating_sub(1);
        if *takers == 0 {
            self.values.remove(&number);
        }
        Some(value)
    }
}
