//! Limits how many ranks of different launches may run at once on this machine.
//!
//! In most of a short launch mpirun waits for its daemons, so many small launches side by side
//! finish in a fraction of the time. A launch takes one seat per rank, even if its test only waits
//! for the end. A launch that measures takes the whole room
//! ([`super::launch::Launch::start_alone`]).

use std::sync::{Condvar, Mutex, MutexGuard};

/// All seats: eight ranks are the largest launch of these tests. With more than two of those on two
/// cores, start-up times approach the limits of the tests.
pub const WHOLE: usize = 16;

/// First come, first served: otherwise a large launch would wait until no small ones are left.
/// (Launches that take the whole room do wait: reserving it would leave it empty while the longest
/// other launch runs.)
struct Seats {
    taken: usize,
    came: u64,
    served: u64,
}

static SEATS: Mutex<Seats> = Mutex::new(Seats { taken: 0, came: 0, served: 0 });
static CHANGED: Condvar = Condvar::new();

/// A part of the room, released when dropped.
pub struct Room(usize);

impl Room {
    /// Waits for `seats` seats, at most the whole room. A test that holds seats must not wait for
    /// more: earlier tests might wait for them too.
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

    /// Waits until no launch holds seats or waits for them.
    pub fn take_whole() -> Room {
        let is_busy = |all: &mut Seats| all.taken > 0 || all.came > all.served;
        let mut all = CHANGED.wait_while(lock(), is_busy).unwrap_or_else(|poisoned| poisoned.into_inner());
        all.taken = WHOLE;
        Room(WHOLE)
    }

    /// Takes no seat and does not wait: for a small launch beside another one of the same test.
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

/// The numbers are valid even if a test failed while it held the lock.
fn lock() -> MutexGuard<'static, Seats> {
    SEATS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
