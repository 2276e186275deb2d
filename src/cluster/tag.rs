//! What a message is about: its tag, one of a few that the whole program knows.

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Tag {
    /// To the root: what shall I compute after this? (two plain numbers, unused)
    Ask = 1,
    /// From the root: this span (first block, end block).
    Give = 2,
    /// From the root: nothing more (unused numbers).
    NoMore = 3,
    /// From the root: drop what you have in hand.
    Stop = 4,
    /// To the root: I was told to stop (signal number, unused).
    Signal = 5,
    /// To the root: what I have done (a record).
    Report = 6,
    /// Within [`Cluster::reduce`](super::Cluster::reduce) (a record).
    Reduce = 7,
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
    #[cfg(feature = "mpi")]
    pub(super) const ALL: [Tag; 12] = [
        Tag::Ask,
        Tag::Give,
        Tag::NoMore,
        Tag::Stop,
        Tag::Signal,
        Tag::Report,
        Tag::Reduce,
        Tag::Item,
        Tag::Reply,
        Tag::Credit,
        Tag::Last,
        Tag::Pattern,
    ];
}
