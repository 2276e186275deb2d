//! A task: a rank, or a thread beside one; its stage, and what it waits for.
//!
//! Stands beside `state`, which decides whose turn it is.

use std::fmt;
use std::sync::{Arc, Condvar};

use super::state::Time;
use crate::transport::Channel;

/// The last call of a task: what it waits for, if it waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum PendingCall {
    /// It has called nothing yet.
    Nothing,
    /// A message of a channel, from one rank or any.
    Message(Channel, Option<u64>),
    /// To send a message.
    Sending(Channel, u64),
    /// That all its messages leave.
    AllSent,
    /// Time, for work.
    Time,
    /// An agreement of all living ranks.
    Agreement,
    /// That all living ranks meet after a loss.
    Shrink,
    /// A thread beside a rank: work.
    Work,
    /// A step of a disk.
    Disk(&'static str),
}

impl fmt::Display for PendingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PendingCall::Nothing => f.write_str("has not called anything yet"),
            PendingCall::Message(channel, Some(from)) => write!(f, "a message of {channel:?} from rank {from}"),
            PendingCall::Message(channel, None) => write!(f, "a message of {channel:?} from any rank"),
            PendingCall::Sending(channel, to) => write!(f, "to send a message of {channel:?} to rank {to}"),
            PendingCall::AllSent => f.write_str("that its messages leave"),
            PendingCall::Time => f.write_str("time"),
            PendingCall::Agreement => f.write_str("that all living ranks agree"),
            PendingCall::Shrink => f.write_str("that all living ranks meet"),
            PendingCall::Work => f.write_str("work"),
            PendingCall::Disk(step) => write!(f, "a disk to {step}"),
        }
    }
}

/// A rank, or a thread beside one.
pub(super) struct Task {
    pub(super) bell: Arc<Condvar>,
    /// The rank whose process it belongs to.
    pub(super) owner: usize,
    pub(super) has_ended: bool,
    /// Its process has ended: its thread unwinds at its next turn.
    pub(super) is_doomed: bool,
    /// The number of its wait.
    pub(super) wait: u64,
    /// Whether news end the wait.
    pub(super) is_listening: bool,
    /// Count of events for which it may wait, and of those that it knows.
    pub(super) news: u64,
    pub(super) seen: u64,
    pub(super) stopped_until: Time,
    /// Its last call: what a wait waits for.
    pub(super) pending: PendingCall,
    pub(super) stage: &'static str,
}

impl Task {
    pub(super) fn new(owner: usize) -> Task {
        Task {
            bell: Arc::default(),
            owner,
            has_ended: false,
            is_doomed: false,
            wait: 0,
            is_listening: false,
            news: 0,
            seen: 0,
            stopped_until: 0,
            pending: PendingCall::Nothing,
            stage: "before",
        }
    }
}
