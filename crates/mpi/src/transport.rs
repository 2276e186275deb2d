//! The cluster as the engine sees it: a [`Transport`].
//!
//! Stands beside `lib.rs`, whose methods the commands use.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use montesieve_engine::background::Background;
#[cfg(feature = "mpi")]
use montesieve_engine::background::Worker;
use montesieve_engine::backoff::Backoff;
use montesieve_engine::disk::Disk;
#[cfg(feature = "mpi")]
use montesieve_engine::disk::FileSystem;
use montesieve_engine::replay_log::ReplayLog;
use montesieve_engine::signals::Signals;
use montesieve_engine::transport::{Channel, Lost, Message, Silent, Transport};

#[cfg(feature = "mpi")]
use super::heartbeat;
use super::{Cluster, each};

/// The tag of a channel's messages.
#[cfg(feature = "mpi")]
fn tag(channel: Channel) -> super::Tag {
    match channel {
        Channel::Round => super::Tag::Round,
        Channel::Collective => super::Tag::Collective,
        Channel::Job => super::Tag::Job,
    }
}

impl Cluster {
    fn whole<T>(&self, value: T) -> Result<T, Lost> {
        self.check_losses().map(|()| value).map_err(|_| Lost)
    }
}

impl Transport for Cluster {
    fn rank(&self) -> u64 {
        Cluster::rank(self)
    }

    fn size(&self) -> u64 {
        Cluster::size(self)
    }

    fn first_rank(&self) -> u64 {
        Cluster::first_rank(self)
    }

    fn send(&self, to: u64, channel: Channel, bytes: Vec<u8>) -> Result<(), Lost> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => {
                mpi.send_bytes(to, tag(channel), bytes);
                self.whole(())
            }
            Cluster::Local(local) => local.transport().send(to, channel, bytes),
        }
    }

    fn poll(&self, channel: Channel, from: Option<u64>) -> Result<Option<Message>, Lost> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(mpi) => {
                let message = mpi.poll(from, tag(channel)).map(|(from, bytes)| Message { from, bytes });
                self.whole(message)
            }
            Cluster::Local(local) => local.transport().poll(channel, from),
        }
    }

    fn all_sent(&self) -> Result<bool, Lost> {
        let all_sent = Cluster::all_sent(self);
        self.whole(all_sent)
    }

    fn now(&self) -> Instant {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => Instant::now(),
            Cluster::Local(local) => local.transport().now(),
        }
    }

    fn give_way(&self, backoff: &mut Backoff, until: Option<Instant>) -> Result<(), Lost> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => {
                backoff.pause();
                self.whole(())
            }
            Cluster::Local(local) => local.transport().give_way(backoff, until),
        }
    }

    fn check_alive(&self) -> Result<(), Silent> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => heartbeat::check().map_err(|error| Silent(error.to_string())),
            Cluster::Local(local) => local.transport().check_alive(),
        }
    }

    fn confirm_all_alive(&self) -> Result<(), Lost> {
        self.settle().map_err(|_| Lost)
    }

    fn background(&self, name: &str) -> io::Result<Arc<dyn Background>> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => Ok(Arc::new(Worker::begin(name)?)),
            Cluster::Local(local) => local.transport().background(name),
        }
    }

    fn disk(&self) -> Arc<dyn Disk> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => Arc::new(FileSystem),
            Cluster::Local(local) => local.transport().disk(),
        }
    }

    fn own_signals(&self) -> Option<Signals> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => None,
            Cluster::Local(local) => local.transport().own_signals(),
        }
    }

    fn replay_log(&self) -> Option<&ReplayLog> {
        self.log()
    }

    fn computed(&self, blocks: u64) -> Result<(), Lost> {
        match self {
            #[cfg(feature = "mpi")]
            Cluster::Mpi(_) => {
                heartbeat::progress();
                Ok(())
            }
            Cluster::Local(local) => local.transport().computed(blocks),
        }
    }

    fn flush(&self) -> Result<(), Lost> {
        Cluster::flush(self);
        self.whole(())
    }

    fn barrier(&self) -> Result<(), Lost> {
        Cluster::barrier(self);
        self.whole(())
    }

    fn broadcast(&self, bytes: Option<Vec<u8>>) -> Result<Vec<u8>, Lost> {
        let mut bytes = bytes.unwrap_or_default();
        each!(self, inner => inner.broadcast(&mut bytes));
        self.whole(bytes)
    }

    fn scatter(&self, pairs: Option<&[[u64; 2]]>) -> Result<[u64; 2], Lost> {
        let pair = Cluster::scatter(self, pairs);
        self.whole(pair)
    }

    fn gather(&self, bytes: Vec<u8>) -> Result<Option<Vec<Vec<u8>>>, Lost> {
        let all = each!(self, inner => inner.gather_bytes(bytes));
        self.whole(all)
    }

    fn sum(&self, mine: u64) -> Result<Option<u64>, Lost> {
        let sum = Cluster::sum(self, mine);
        self.whole(sum)
    }

    fn max(&self, mine: u64) -> Result<u64, Lost> {
        let largest = Cluster::max(self, mine);
        self.whole(largest)
    }
}
