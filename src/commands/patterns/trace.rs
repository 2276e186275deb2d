//! What the ranks of a pattern did when: as text, in the JSON, and as a picture.
//!
//! Stands beside `recorder`, which records one rank. Here the records of all ranks become one
//! list in the order of time, whose messages are drawn as arrows from the sender to the receiver.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::report::field::ROUNDED;
use crate::report::lanes::{Arrow, Lanes, Span};
use crate::report::record::record;
use crate::report::text;

/// What one rank did, as it sends it to the root. Times are nanoseconds of the host's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankTrace {
    /// When the rank began the pattern.
    pub began: u64,
    /// When it was done.
    pub ended: u64,
    /// What it did, in the order in which that ended.
    pub events: Vec<Event>,
}

/// A named part of a rank's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The MPI call, or a name.
    pub what: String,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// The other end of a message.
    pub peer: Peer,
}

/// The other end of a message, and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// It is no message.
    None,
    /// It was sent to this rank.
    To(u64, u64),
    /// It came from this rank.
    From(u64, u64),
}

record! {
    /// What a rank did, and when.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TraceEvent {
        /// The rank.
        pub rank: u64,
        /// When it began: microseconds since the first rank began the pattern.
        pub start_us: f64 as ROUNDED,
        /// When it ended; a send is a moment.
        pub end_us: f64 as ROUNDED,
        /// The MPI call, or a name for a part of the work.
        pub what: String,
        /// The rank to which it sent a message.
        pub to: Option<u64> => .optional(),
        /// The rank of which it received a message.
        pub from: Option<u64> => .optional(),
        /// The tag of the message.
        pub tag: Option<u64> => .optional(),
    }
}

/// The name of the time that a rank spent in a pattern outside the named parts.
const WORK: &str = "own work";

/// The events of all ranks in the order of time; the first of each rank is its whole time.
pub fn events(ranks: &[RankTrace]) -> Vec<TraceEvent> {
    let origin = ranks.iter().map(|rank| rank.began).min().unwrap_or_default();
    let since = |time: u64| time.saturating_sub(origin) as f64 / 1e3;
    let mut all = Vec::new();
    for (rank, trace) in (0..).zip(ranks) {
        let whole = Event { what: WORK.into(), start: trace.began, end: trace.ended, peer: Peer::None };
        all.extend([&whole].into_iter().chain(&trace.events).map(|event| {
            let (to, from, tag) = match event.peer {
                Peer::None => (None, None, None),
                Peer::To(rank, tag) => (Some(rank), None, Some(tag)),
                Peer::From(rank, tag) => (None, Some(rank), Some(tag)),
            };
            let (start_us, end_us) = (since(event.start), since(event.end));
            TraceEvent { rank, start_us, end_us, what: event.what.clone(), to, from, tag }
        }));
    }
    all.sort_by(|a, b| a.start_us.total_cmp(&b.start_us));
    all
}

/// The events for people, a line each.
///
/// # Errors
/// What `out` says.
pub fn write_text(events: &[TraceEvent], out: &mut dyn Write) -> io::Result<()> {
    let mut rows = vec![["at us", "for us", "rank", "what"].map(str::to_owned).to_vec()];
    for event in events.iter().filter(|event| event.what != WORK) {
        let TraceEvent { rank, start_us, end_us, what, to, from, tag } = event;
        let peer = [("to", to), ("from", from), ("tag", tag)];
        let peer = peer.iter().filter_map(|(word, number)| number.map(|number| format!(" {word} {number}")));
        let taken = if to.is_some() { String::new() } else { format!("{:.1}", end_us - start_us) };
        rows.push(vec![format!("{start_us:.1}"), taken, rank.to_string(), what.clone() + &peer.collect::<String>()]);
    }
    text::table(&rows, &[3], out)
}

/// The picture: a row for each rank.
pub fn picture(pattern: &str, events: &[TraceEvent]) -> Lanes {
    // A receive has one colour in all pictures.
    let is_received = events.iter().any(|event| event.from.is_some());
    let mut kinds: Vec<String> =
        [WORK].into_iter().chain(is_received.then_some("MPI_Recv")).map(str::to_owned).collect();
    let (mut spans, mut arrows) = (Vec::new(), Vec::new());
    // MPI keeps the order of messages with one sender, receiver and tag.
    let mut sent: BTreeMap<(u64, u64, u64), VecDeque<f64>> = BTreeMap::new();
    let mut received = Vec::new();
    for event in events {
        match (event.to, event.from, event.tag) {
            (Some(to), _, Some(tag)) => {
                sent.entry((event.rank, to, tag)).or_default().push_back(event.start_us);
                continue;
            }
            (_, Some(from), Some(tag)) => received.push((event.end_us, (from, event.rank, tag))),
            _ => {}
        }
        let kind = kinds.iter().position(|kind| *kind == event.what).unwrap_or_else(|| {
            kinds.push(event.what.clone());
            kinds.len() - 1
        });
        spans.push(Span { row: event.rank as usize, start: event.start_us, end: event.end_us, kind });
    }
    received.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (end, message) in received {
        if let Some(start) = sent.get_mut(&message).and_then(VecDeque::pop_front) {
            arrows.push(Arrow { from: (message.0 as usize, start), to: (message.1 as usize, end) });
        }
    }
    let ranks = events.iter().map(|event| event.rank + 1).max().unwrap_or_default();
    let rows = (0..ranks).map(|rank| format!("rank {rank}")).collect();
    Lanes { title: format!("patterns {pattern}: what each rank did when"), rows, kinds, spans, arrows }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(what: &str, start: u64, end: u64, peer: Peer) -> Event {
        Event { what: what.into(), start, end, peer }
    }

    fn two_ranks() -> Vec<TraceEvent> {
        let first = RankTrace {
            began: 1_000_000,
            ended: 1_030_000,
            events: vec![
                event("MPI_Send", 1_002_000, 1_002_100, Peer::To(1, 7)),
                event("MPI_Barrier", 1_010_000, 1_020_000, Peer::None),
            ],
        };
        let second = RankTrace {
            began: 1_001_000,
            ended: 1_025_000,
            events: vec![
                event("MPI_Recv", 1_001_500, 1_004_500, Peer::From(0, 7)),
                event("MPI_Barrier", 1_005_000, 1_019_000, Peer::None),
            ],
        };
        events(&[first, second])
    }

    #[test]
    fn events_are_listed_in_the_order_of_time() {
        let mut bytes = Vec::new();
        write_text(&two_ranks(), &mut bytes).expect("a Vec takes every write");
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r"
        at us  for us  rank  what
          1.5     3.0     1  MPI_Recv from 0 tag 7
          2.0             0  MPI_Send to 1 tag 7
          5.0    14.0     1  MPI_Barrier
         10.0    10.0     0  MPI_Barrier
        ");
    }

    #[test]
    fn a_message_is_an_arrow() {
        let lanes = picture("ring", &two_ranks());
        assert_eq!(lanes.rows, ["rank 0", "rank 1"]);
        assert_eq!(lanes.kinds, [WORK, "MPI_Recv", "MPI_Barrier"]);
        assert_eq!(lanes.arrows, [Arrow { from: (0, 2.0), to: (1, 4.5) }]);
        assert_eq!(lanes.spans.len(), 5, "two whole ranks, two barriers, a receive");
    }

    #[test]
    fn a_receive_without_its_send_is_no_arrow() {
        let lost = RankTrace { events: vec![event("MPI_Recv", 0, 1, Peer::From(1, 0))], ..RankTrace::default() };
        assert_eq!(picture("ring", &events(&[lost])).arrows, []);
        assert_eq!(picture("ring", &events(&[])).rows, [""; 0]);
    }
}
