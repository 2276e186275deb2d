//! Room for launches on this machine: how many ranks of different launches may run at once.
//!
//! Most of a short launch is mpirun waiting for its daemons, so a few small ones side by side end in half the time. A test
//! that watches, stops or signals what it has started takes the whole room.

use std::sync::{Condvar, Mutex, MutexGuard};

/// All seats. Eight ranks are the largest launch of these tests, and about what two cores can bear before start-ups
/// come near the limits that tests set.
pub const WHOLE: usize = 8;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

/// A part of the room, given back when dropped.
pub struct Room(usize);

impl Room {
    /// Waits for `seats` of the room, all of it when they are more than there are.
    pub fn take(seats: usize) -> Room {
        let seats = seats.min(WHOLE);
        let mut taken =
            FREED.wait_while(taken(), |taken| *taken + seats > WHOLE).unwrap_or_else(|poisoned| poisoned.into_inner());
        *taken += seats;
        Room(seats)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        *taken() -= self.0;
        FREED.notify_all();
    }
}

/// A test that failed while it held the lock has not broken the number.
fn taken() -> MutexGuard<'static, usize> {
    TAKEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
