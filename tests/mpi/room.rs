//! Room for launches on this machine: how many ranks of different launches may run at once.
//!
//! Most of a short launch is mpirun waiting for its daemons, so many small ones side by side end in a fraction of the time. A
//! launch takes a seat for each of its ranks, whether its test only waits for the end or watches, stops and signals it. One
//! that measures takes the whole room ([`super::launch::Launch::start_alone`]).

use std::sync::{Condvar, Mutex, MutexGuard};

/// All seats: eight ranks are the largest launch of these tests, and two of those are about what two cores can bear before
/// start-ups come near the limits that tests set.
pub const WHOLE: usize = 16;

/// Who comes first is served first: else a large launch would wait until no small ones are left. (Those that want the whole room
/// do: it would be empty for as long as the longest of the others takes.)
struct Seats {
    taken: usize,
    came: u64,
    served: u64,
}

static SEATS: Mutex<Seats> = Mutex::new(Seats { taken: 0, came: 0, served: 0 });
static CHANGED: Condvar = Condvar::new();

/// A part of the room, given back when dropped.
pub struct Room(usize);

impl Room {
    /// Waits for `seats` of the room, all of it when they are more than there are. A test that has a part already must not ask
    /// for another one, for which others that came before might wait.
    pub fn take(seats: usize) -> Room {
        let seats = seats.min(WHOLE);
        let mut all = lock();
        let number = all.came;
        all.came += 1;
        let is_early = |all: &mut Seats| all.served != number || all.taken + seats > WHOLE;
        let mut all = CHANGED.wait_while(all, is_early).unwrap_or_else(|poisoned| poisoned.into_inner());
        all.taken += seats;
        all.served += 1;
        CHANGED.notify_all();
        Room(seats)
    }

    /// Waits until nobody is in the room or waits for a part of it.
    pub fn take_whole() -> Room {
        let is_busy = |all: &mut Seats| all.taken > 0 || all.came > all.served;
        let mut all = CHANGED.wait_while(lock(), is_busy).unwrap_or_else(|poisoned| poisoned.into_inner());
        all.taken = WHOLE;
        Room(WHOLE)
    }

    /// No seat, for a small launch beside another one of the same test: at once.
    pub fn beside() -> Room {
        Room(0)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        lock().taken -= self.0;
        CHANGED.notify_all();
    }
}

/// A test that failed while it held the lock has not broken the numbers.
fn lock() -> MutexGuard<'static, Seats> {
    SEATS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
