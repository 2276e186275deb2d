//! Messages under way: delays, the order of a pair, eager and rendezvous sends, mailboxes.
//!
//! Messages of one channel between two ranks arrive in the order in which they were sent; any other
//! order is possible. Each has a random delay; a message that is ready waits for those in front of
//! it.
//!
//! - An *eager* send leaves at a moment that does not depend on the receiver.
//! - A *rendezvous* send leaves when the receiver has received it. It moves only while its sender
//!   calls the transport or waits in it, as large messages do under MPI; during a long computation
//!   it stays.
//! - A rank that returns before all its messages have left may lose some, as the contract says.

use std::collections::{BTreeMap, VecDeque};

use super::state::{Event, State};
use crate::transport::{Channel, Incoming};

/// The path of messages whose order is kept. Ranks by their number at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) channel: Channel,
    /// Messages from before a loss never arrive after the living ranks have met.
    pub(super) epoch: usize,
}

/// A message under way.
struct InFlight {
    number: u64,
    bytes: Vec<u8>,
    is_rendezvous: bool,
    /// Its delay has passed.
    is_ready: bool,
}

/// A message that has arrived and was not received.
struct Arrived {
    from: usize,
    bytes: Vec<u8>,
    is_rendezvous: bool,
}

/// All messages that were sent and not received.
pub(super) struct Network {
    in_flight: BTreeMap<Route, VecDeque<InFlight>>,
    arrived: Vec<[VecDeque<Arrived>; Channel::ALL.len()]>,
    /// Rendezvous messages that wait for their sender's next call.
    held: Vec<Vec<(Route, u64)>>,
    /// Messages that have not left a rank, by channel.
    unsent: Vec<[u64; Channel::ALL.len()]>,
    /// Ranks that know of a loss.
    pub(super) lost: Vec<bool>,
    pub(super) sent: u64,
    /// The largest number of messages that ever waited for one rank.
    pub(super) most_unread: usize,
}

impl Network {
    pub(super) fn new(ranks: usize) -> Network {
        Network {
            in_flight: BTreeMap::new(),
            arrived: (0..ranks).map(|_| Default::default()).collect(),
            held: vec![Vec::new(); ranks],
            unsent: vec![Default::default(); ranks],
            lost: vec![false; ranks],
            sent: 0,
            most_unread: 0,
        }
    }

    /// Whether everything that a rank sent, by a channel or by any, has left.
    pub(super) fn has_sent_all(&self, rank: usize, channel: Option<Channel>) -> bool {
        match channel {
            Some(channel) => self.unsent[rank][channel as usize] == 0,
            None => self.unsent[rank] == <[u64; Channel::ALL.len()]>::default(),
        }
    }

    /// What waits for a rank, and what has not left it, in words.
    pub(super) fn unread(&self, rank: usize) -> String {
        let unread: Vec<String> = Channel::ALL
            .iter()
            .zip(&self.arrived[rank])
            .map(|(channel, all)| format!("{} {channel:?}", all.len()))
            .collect();
        let unsent = self.unsent[rank].iter().sum::<u64>();
        format!("unread {}; {unsent} have not left it", unread.join(", "))
    }

    /// Messages that no rank has received.
    pub(super) fn left(&self) -> usize {
        let arrived = self.arrived.iter().flatten().map(VecDeque::len).sum::<usize>();
        arrived + self.in_flight.values().map(VecDeque::len).sum::<usize>()
    }

    /// Drops everything from before a loss.
    pub(super) fn clear(&mut self) {
        let ranks = self.unsent.len();
        *self = Network { sent: self.sent, most_unread: self.most_unread, ..Network::new(ranks) };
    }
}

impl State {
    /// A message is sent.
    pub(super) fn send(&mut self, route: Route, bytes: Vec<u8>) {
        self.network.sent += 1;
        let number = self.network.sent;
        let weather = self.plan.weather;
        let is_rendezvous = bytes.len() > weather.eager_bytes || self.random.chance(weather.rendezvous, 100);
        self.network.unsent[route.from][route.channel as usize] += 1;
        let delay = self.delay();
        if !is_rendezvous {
            let after = self.random.below(delay + 1);
            self.after(after, Event::Sent(route.from, route.channel, route.epoch as u64));
        }
        let message = InFlight { number, bytes, is_rendezvous, is_ready: false };
        self.network.in_flight.entry(route).or_default().push_back(message);
        self.after(delay, Event::Ready(route, number));
    }

    /// A message's delay has passed.
    pub(super) fn ready(&mut self, route: Route, number: u64) {
        let Some(queue) = self.network.in_flight.get_mut(&route) else { return };
        let Some(message) = queue.iter_mut().find(|message| message.number == number) else { return };
        if message.is_rendezvous && !self.is_waiting(route.from) && !self.tasks[route.from].has_ended {
            self.network.held[route.from].push((route, number));
            return;
        }
        if let Some(queue) = self.network.in_flight.get_mut(&route)
            && let Some(message) = queue.iter_mut().find(|message| message.number == number)
        {
            message.is_ready = true;
        }
        self.deliver(route);
    }

    /// The sender calls the transport: its waiting messages move.
    pub(super) fn make_progress(&mut self, rank: usize) {
        for (route, number) in std::mem::take(&mut self.network.held[rank]) {
            let queue = self.network.in_flight.get_mut(&route);
            if let Some(message) = queue.and_then(|queue| queue.iter_mut().find(|message| message.number == number)) {
                message.is_ready = true;
            }
            self.deliver(route);
        }
    }

    /// Moves ready messages, each after all in front of it, into the receiver's mailbox.
    fn deliver(&mut self, route: Route) {
        if self.tasks[route.to].is_doomed {
            // The receiver has ended.
            self.network.in_flight.remove(&route);
            return;
        }
        let Some(queue) = self.network.in_flight.get_mut(&route) else { return };
        let mut has_news = false;
        while queue.front().is_some_and(|message| message.is_ready) {
            let Some(message) = queue.pop_front() else { break };
            let arrived = Arrived { from: route.from, bytes: message.bytes, is_rendezvous: message.is_rendezvous };
            self.network.arrived[route.to][route.channel as usize].push_back(arrived);
            has_news = true;
        }
        if queue.is_empty() {
            self.network.in_flight.remove(&route);
        }
        if has_news {
            let unread = self.network.arrived[route.to].iter().map(VecDeque::len).sum();
            self.network.most_unread = self.network.most_unread.max(unread);
            self.wake(route.to);
        }
    }

    /// Receives the oldest message of `from`, or of any sender: the first or a random one,
    /// depending on the weather. Senders and receiver by their number at the start.
    pub(super) fn take(&mut self, to: usize, channel: Channel, from: Option<usize>) -> Option<(usize, Vec<u8>)> {
        let count = self.network.arrived[to][channel as usize].len() as u64;
        let from = match from {
            Some(from) => from,
            None if count == 0 => return None,
            None => {
                let place = if self.plan.weather.any_sender { self.random.below(count) } else { 0 };
                self.network.arrived[to][channel as usize][place as usize].from
            }
        };
        let arrived = &mut self.network.arrived[to][channel as usize];
        let place = arrived.iter().position(|message| message.from == from)?;
        let message = arrived.remove(place)?;
        if message.is_rendezvous {
            let (after, epoch) = (self.random.below(50_000), self.meetings.epoch());
            self.after(after, Event::Sent(from, channel, epoch as u64));
        }
        Some((message.from, message.bytes))
    }

    /// One of a rank's messages has left it.
    pub(super) fn has_left(&mut self, rank: usize, channel: Channel, epoch: usize) {
        if epoch == self.meetings.epoch() {
            let unsent = &mut self.network.unsent[rank][channel as usize];
            *unsent = unsent.saturating_sub(1);
            self.wake(rank);
        }
    }

    /// A rank has returned or died: some of its messages that have not left are lost. Messages
    /// after a lost one are lost too.
    pub(super) fn forget_rank(&mut self, rank: usize) {
        if self.network.has_sent_all(rank, None) {
            return;
        }
        let routes: Vec<Route> = self.network.in_flight.keys().copied().filter(|route| route.from == rank).collect();
        for route in routes {
            let is_cut = self.random.chance(1, 2);
            let Some(queue) = self.network.in_flight.get_mut(&route) else { continue };
            if is_cut && let Some(place) = queue.iter().position(|message| !message.is_ready) {
                queue.truncate(place);
            }
        }
        self.make_progress(rank);
    }
}

/// A message in the form of the transport.
pub(super) fn message(from: u64, bytes: Vec<u8>) -> Incoming {
    Incoming { from, bytes }
}
