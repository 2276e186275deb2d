//! What a message is about: its tag, one of a few that the whole program knows.

#[cfg(feature = "mpi")]
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
    /// Work, goods, a question: whatever goes out in `patterns` (numbers).
    Item = 8,
    /// What comes back (numbers).
    Reply = 9,
    /// Room for one more item (unused numbers).
    Credit = 10,
    /// The last message of its kind: the sentinel that ends a worker (numbers).
    Last = 11,
    /// Bytes that both sides know beforehand (see [`bytes`](super::bytes)).
    Pattern = 12,
}

impl Tag {
    /// The tag of a channel's messages.
    #[cfg(feature = "mpi")]
    pub(super) fn of(channel: Channel) -> Tag {
        match channel {
            Channel::Round => Tag::Round,
            Channel::Collective => Tag::Collective,
            Channel::Job => Tag::Job,
            Channel::Liveness => Tag::Liveness,
        }
    }

    #[cfg(feature = "mpi")]
    pub(super) const ALL: [Tag; 9] = [
        Tag::Round,
        Tag::Collective,
        Tag::Job,
        Tag::Liveness,
        Tag::Item,
        Tag::Reply,
        Tag::Credit,
        Tag::Last,
        Tag::Pattern,
    ];
}
