//! Message tags: the few that the whole program knows.

use montesieve_engine::transport::Channel;

/// The tag of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Tag {
    /// The engine's messages of a round (a record).
    Round = 1,
    /// Default forms of collectives (bytes).
    Collective = 2,
    /// Messages of a job outside the engine (bytes).
    Job = 3,
    /// Signs of life (a record).
    Liveness = 4,
    /// Bytes whose length both sides know (see `messages`).
    Bytes = 5,
}

impl Tag {
    /// The tag of a channel's messages.
    pub(super) fn of(channel: Channel) -> Tag {
        match channel {
            Channel::Round => Tag::Round,
            Channel::Collective => Tag::Collective,
            Channel::Job => Tag::Job,
            Channel::Liveness => Tag::Liveness,
        }
    }
}
