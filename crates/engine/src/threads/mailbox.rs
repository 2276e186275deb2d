//! The arrivals of one thread: a mailbox for each channel, and a bell that wakes the thread.
//!
//! Stands beside `threads`, which decides what a rank returns. Here is the part with the atomics.
//!
//! A mailbox keeps one queue for each sender, so that looking for one rank's messages skips no
//! others. It also counts its messages, so that polling an empty one takes no lock. Memory: 32
//! bytes for each pair of ranks and channel, 6 MiB at 256 ranks.

use std::array;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::transport::{Channel, Incoming};

/// Everything that arrives for one rank. Aligned so that two ranks never share a cache line, nor
/// its neighbour, which x86 prefetches.
#[repr(align(128))]
pub(super) struct Inbox {
    mailboxes: [Mailbox; Channel::ALL.len()],
    /// Count of all messages that have arrived.
    news: AtomicU64,
    /// Whether the owner is about to sleep, or sleeps.
    sleeps: AtomicBool,
    /// Whether the owner has returned or panicked.
    has_ended: AtomicBool,
    owner: OnceLock<Thread>,
}

/// The messages of one channel.
struct Mailbox {
    waiting: AtomicUsize,
    queues: Mutex<Queues>,
}

/// The messages of one channel, by sender.
struct Queues {
    by_sender: Vec<VecDeque<Vec<u8>>>,
    /// Where the next poll of any sender begins: senders take turns, so that none starves.
    next: usize,
}

impl Inbox {
    /// An empty one, of a rank among `ranks`.
    pub(super) fn new(ranks: u64) -> Inbox {
        let queues = || Queues { by_sender: (0..ranks).map(|_| VecDeque::new()).collect(), next: 0 };
        Inbox {
            mailboxes: array::from_fn(|_| Mailbox { waiting: AtomicUsize::new(0), queues: Mutex::new(queues()) }),
            news: AtomicU64::new(0),
            sleeps: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            owner: OnceLock::new(),
        }
    }

    /// The calling thread becomes its owner.
    pub(super) fn register(&self) {
        self.owner.get_or_init(std::thread::current);
    }

    /// The owner sends nothing to any inbox from now on.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
    }

    /// Whether [`Inbox::end`] was called. Then everything that the owner sent has arrived.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Adds a message, and wakes the owner if it sleeps.
    pub(super) fn put(&self, channel: Channel, message: Incoming) {
        let mailbox = &self.mailboxes[channel as usize];
        let mut queues = mailbox.lock();
        queues.by_sender[message.from as usize].push_back(message.bytes);
        mailbox.waiting.fetch_add(1, Ordering::Release);
        drop(queues);
        self.wake();
    }

    /// Takes the oldest message of `from`, or of any sender in turn.
    pub(super) fn take(&self, channel: Channel, from: Option<u64>) -> Option<Incoming> {
        let mailbox = &self.mailboxes[channel as usize];
        if mailbox.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut queues = mailbox.lock();
        let from = match from {
            Some(from) => from as usize,
            None => queues.next_sender()?,
        };
        let bytes = queues.by_sender.get_mut(from)?.pop_front()?;
        mailbox.waiting.fetch_sub(1, Ordering::Release);
        Some(Incoming { from: from as u64, bytes })
    }

    /// Something has changed for which the owner may be waiting.
    pub(super) fn wake(&self) {
        // Sequentially consistent, as in `wait`: either the owner sees the news before it sleeps,
        // or this thread sees that the owner sleeps.
        self.news.fetch_add(1, Ordering::SeqCst);
        if self.sleeps.load(Ordering::SeqCst) && self.sleeps.swap(false, Ordering::SeqCst) {
            self.owner.get().inspect(|owner| owner.unpark());
        }
    }

    /// Returns the count of news, at once if it differs from `seen`. Otherwise it pauses once: a
    /// yield, or a sleep that ends early on news or at `until`. It does not sleep once `stop` is
    /// set.
    pub(super) fn wait(&self, seen: u64, pause: Option<Duration>, until: Option<Instant>, stop: &AtomicBool) -> u64 {
        let news = self.news.load(Ordering::SeqCst);
        if news != seen {
            return news;
        }
        match pause {
            None => std::thread::yield_now(),
            Some(pause) => {
                let left = until.map(|until| until.saturating_duration_since(Instant::now()));
                self.sleeps.store(true, Ordering::SeqCst);
                if self.news.load(Ordering::SeqCst) == seen && !stop.load(Ordering::SeqCst) {
                    std::thread::park_timeout(left.map_or(pause, |left| left.min(pause)));
                }
                self.sleeps.store(false, Ordering::SeqCst);
            }
        }
        // Counted messages are in a mailbox, where the owner looks next.
        self.news.load(Ordering::SeqCst)
    }
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        // Under the lock, only an allocation can panic.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    /// The next sender with a message, after the one that was served last.
    fn next_sender(&mut self) -> Option<usize> {
        let ranks = self.by_sender.len();
        let found = (self.next..ranks).chain(0..self.next).find(|&from| !self.by_sender[from].is_empty())?;
        self.next = (found + 1) % ranks;
        Some(found)
    }
}
