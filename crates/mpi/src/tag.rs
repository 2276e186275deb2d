//! What a message is about: its tag, one of a few that the whole program knows.

use montesieve_engine::transport::Channel;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Tag {
    /// The engine's messages of a round (a record).
    Round = 1,
    /// Default forms of collectives (bytes).
    Collective = 2,
    /// What the ranks of a job tell each other besides (bytes).
    Job = 3,
    /// Whether ranks are there (a record).
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
