//! Survived losses: agreements of the living ranks, and the world without the dead ones.
//!
//! This provides what ULFM promises, and no more. An agreement has the same result at every living
//! rank. It may or may not count a rank that dies in it, and it reports whether a rank is missing.
//! The n-th agreement of one rank is the n-th of every other, wherever each of them is in the
//! program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state::State;
use super::task::PendingCall;
use super::world::World;

/// The result of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    /// The bits that any rank has set.
    pub(super) bits: u32,
    /// Whether every rank of this world lives.
    pub(super) is_whole: bool,
}

/// The worlds, and the agreements of their ranks.
pub(super) struct Meetings {
    /// The ranks of each world, by their number at the start; the last one is the current world.
    epochs: Vec<Arc<Vec<usize>>>,
    pub(super) is_dead: Vec<bool>,
    votes: BTreeMap<usize, u32>,
    decided: Vec<Agreed>,
    /// The number of agreements that each rank has joined.
    met: Vec<usize>,
    shrinking: BTreeSet<usize>,
}

impl Meetings {
    pub(super) fn new(ranks: usize) -> Meetings {
        Meetings {
            epochs: vec![Arc::new((0..ranks).collect())],
            is_dead: vec![false; ranks],
            votes: BTreeMap::new(),
            decided: Vec::new(),
            met: vec![0; ranks],
            shrinking: BTreeSet::new(),
        }
    }

    pub(super) fn epoch(&self) -> usize {
        self.epochs.len() - 1
    }

    pub(super) fn members(&self) -> Arc<Vec<usize>> {
        Arc::clone(&self.epochs[self.epoch()])
    }

    /// The living ranks of the current world.
    pub(super) fn living(&self) -> Vec<usize> {
        self.members().iter().copied().filter(|&rank| !self.is_dead[rank]).collect()
    }
}

impl World {
    /// All living ranks agree (`MPIX_Comm_agree`).
    pub(super) fn agree(&self, me: usize, bits: u32) -> Agreed {
        let mut state = self.call(me, PendingCall::Agreement);
        state.make_progress(me);
        let number = state.meetings.met[me];
        state.meetings.met[me] += 1;
        state.meetings.votes.insert(me, bits);
        state.left_meetings();
        while state.meetings.decided.len() <= number {
            state = self.listen(state, me, None);
        }
        state.meetings.decided[number]
    }

    /// The world without the dead ranks (`MPIX_Comm_shrink`): its number and its ranks.
    pub(super) fn shrink(&self, me: usize) -> (usize, Arc<Vec<usize>>) {
        let mut state = self.call(me, PendingCall::Shrink);
        let epoch = state.meetings.epoch();
        state.meetings.shrinking.insert(me);
        state.left_meetings();
        while state.meetings.epoch() == epoch {
            state = self.listen(state, me, None);
        }
        (state.meetings.epoch(), state.meetings.members())
    }
}

impl State {
    /// A rank has joined a meeting, or will never join one again: the meeting may be over now.
    pub(super) fn left_meetings(&mut self) {
        let living = self.meetings.living();
        if !self.meetings.votes.is_empty() && living.iter().all(|rank| self.meetings.votes.contains_key(rank)) {
            let votes = std::mem::take(&mut self.meetings.votes);
            let bits = votes.values().fold(0, |bits, vote| bits | vote);
            let is_whole = living.len() == self.meetings.members().len();
            self.meetings.decided.push(Agreed { bits, is_whole });
            votes.into_keys().for_each(|rank| self.wake(rank));
        }
        let is_complete = living.iter().all(|rank| self.meetings.shrinking.contains(rank));
        if !self.meetings.shrinking.is_empty() && is_complete {
            let came = std::mem::take(&mut self.meetings.shrinking);
            self.meetings.epochs.push(Arc::new(living));
            self.network.clear();
            came.into_iter().for_each(|rank| self.wake(rank));
        }
    }
}
