//! Losses that are survived: agreements of the living ranks, and the world without the dead.
//!
//! What ULFM promises, and no more: an agreement comes to the same at every rank that lives, counts
//! whoever dies in it as it likes, and says whether somebody is missing. The n-th agreement of one
//! rank is the n-th of every other, wherever each of them is in the program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state::State;
use super::task::Asked;
use super::world::World;

/// What an agreement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    /// The bits that any rank has set.
    pub(super) bits: u32,
    /// Whether every rank of this world lives.
    pub(super) is_whole: bool,
}

/// Who is here, and where they meet.
pub(super) struct Meetings {
    /// The ranks of each world, by their number at the beginning; the last one is the world of now.
    epochs: Vec<Arc<Vec<usize>>>,
    pub(super) is_dead: Vec<bool>,
    votes: BTreeMap<usize, u32>,
    decided: Vec<Agreed>,
    /// Agreements that each rank has been to.
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

    /// The ranks of the world of now that live.
    pub(super) fn living(&self) -> Vec<usize> {
        self.members().iter().copied().filter(|&rank| !self.is_dead[rank]).collect()
    }
}

impl World {
    /// All living ranks agree (`MPIX_Comm_agree`).
    pub(super) fn agree(&self, me: usize, bits: u32) -> Agreed {
        let mut state = self.call(me, Asked::Agreement);
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

    /// The world without the dead (`MPIX_Comm_shrink`): its number and its ranks.
    pub(super) fn shrink(&self, me: usize) -> (usize, Arc<Vec<usize>>) {
        let mut state = self.call(me, Asked::Shrink);
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
    /// Somebody has come to a meeting, or will come to none any more: it may be over now.
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
