//! The outcome of a job, and how its ranks spent their time; also the sum of the accounts of
//! consecutive jobs.
//!
//! Stands beside `run`, which makes an outcome out of a round.

use crate::profile::Profile;
use crate::timeline::Timeline;
use crate::{Ledger, StopCause};

/// The outcome of a job, at the root.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The total of the finished blocks, if there are any. Empty for a job whose results were
    /// delivered.
    pub total: Option<T>,
    /// Finished blocks.
    pub done: u64,
    /// Blocks of the job.
    pub blocks: u64,
    /// Why it ended early, if it did.
    pub cause: Option<StopCause>,
    /// How the ranks spent their time.
    pub account: Account,
}

impl<T> Outcome<T> {
    /// Whether every block is done.
    pub fn is_complete(&self) -> bool {
        self.done == self.blocks
    }

    /// The same outcome; its account includes what the ranks did before the job.
    pub fn after(mut self, before: Option<Account>) -> Outcome<T> {
        if let Some(mut account) = before {
            account.join(self.account);
            self.account = account;
        }
        self
    }

    /// Adds the outcome of the next job of the same command, except for its total, which it
    /// returns.
    pub fn join<U>(&mut self, next: Outcome<U>) -> Option<U> {
        self.done += next.done;
        self.blocks += next.blocks;
        self.cause = self.cause.or(next.cause);
        self.account.join(next.account);
        next.total
    }
}

/// The ledger of a job that [has prefixes](crate::Job::prefix_ends): the source of the totals
/// of its first 1, 2, 4, 8, ... blocks. Empty for others.
pub type Prefixes<T> = Ledger<T>;

/// The outcome of a job and its prefixes.
pub type OutcomeWithPrefixes<T> = (Outcome<T>, Prefixes<T>);

/// How the ranks spent their time, at the root.
#[derive(Clone, Debug)]
pub struct Account {
    /// Wall-clock seconds from the first scatter to the last reduction.
    pub seconds: f64,
    /// Blocks handed out at a time.
    pub chunk: u64,
    /// One profile for each rank.
    pub profiles: Vec<Profile>,
    /// Whether everything that is done is in the checkpoint.
    pub saved: bool,
    /// Chunks are multiples of this when enough blocks remain ([`Job::grain`](crate::Job::grain)).
    pub grain: u64,
    /// Jobs that ran in sequence.
    pub jobs: u64,
    /// One for each rank, where requested.
    pub timelines: Vec<Timeline>,
}

impl Account {
    /// The account of a run without a job.
    pub fn none(ranks: u64) -> Account {
        let profiles = vec![Profile::default(); ranks as usize];
        Account { seconds: 0.0, chunk: 0, profiles, saved: false, grain: 1, jobs: 0, timelines: Vec::new() }
    }

    /// Blocks that the ranks computed.
    pub fn blocks(&self) -> u64 {
        self.profiles.iter().map(|profile| profile.blocks).sum()
    }

    /// Adds the account of the next job of the same command.
    pub fn join(&mut self, next: Account) {
        self.seconds += next.seconds;
        self.chunk = next.chunk;
        self.saved = next.saved;
        self.grain = next.grain;
        self.jobs += next.jobs;
        for (profile, more) in self.profiles.iter_mut().zip(&next.profiles) {
            profile.add(more);
        }
        if self.timelines.is_empty() {
            self.timelines = next.timelines;
        } else {
            self.timelines.iter_mut().zip(next.timelines).for_each(|(row, more)| row.join(more));
        }
    }

    /// The sum of the accounts of two steps of a command; either may have none.
    pub fn joined(before: Option<Account>, next: Option<Account>) -> Option<Account> {
        match (before, next) {
            (Some(mut before), Some(next)) => {
                before.join(next);
                Some(before)
            }
            (before, next) => before.or(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(seconds: f64, chunk: u64, blocks: [u64; 2]) -> Account {
        let profiles = blocks.map(|blocks| Profile { blocks, ..Profile::default() }).to_vec();
        Account { seconds, chunk, profiles, saved: chunk > 4, jobs: 1, ..Account::none(2) }
    }

    fn summary(account: &Account) -> (f64, u64, Vec<u64>, bool, u64) {
        let blocks = account.profiles.iter().map(|profile| profile.blocks).collect();
        (account.seconds, account.chunk, blocks, account.saved, account.jobs)
    }

    #[test]
    fn accounts_add_up_and_the_last_chunk_counts() {
        let both = Account::joined(Some(account(1.0, 3, [1, 2])), Some(account(2.0, 5, [10, 20])));
        assert_eq!(both.as_ref().map(summary), Some((3.0, 5, vec![11, 22], true, 2)));
        for one in [[None, Some(account(2.0, 5, [10, 20]))], [Some(account(2.0, 5, [10, 20])), None]] {
            let [before, next] = one;
            assert_eq!(Account::joined(before, next).as_ref().map(summary), Some((2.0, 5, vec![10, 20], true, 1)));
        }
        assert!(Account::joined(None, None).is_none());
    }

    #[test]
    fn outcomes_of_two_jobs_are_one() {
        let outcome = |done, cause| {
            let account = account(1.0, 1, [1, 1]);
            Outcome { total: Some(done), done, blocks: 10, cause, account }
        };
        let mut first = outcome(10, None);
        assert_eq!(first.join(outcome(4, Some(StopCause::TimeLimit))), Some(4));
        assert_eq!((first.total, first.done, first.blocks), (Some(10), 14, 20));
        assert_eq!((first.cause, first.account.jobs), (Some(StopCause::TimeLimit), 2));
        assert!(!first.is_complete());
        let after = outcome(10, None).after(Some(account(7.0, 9, [0, 0])));
        assert_eq!((after.account.seconds, after.account.chunk, after.is_complete()), (8.0, 1, true));
        assert_eq!(outcome(10, None).after(None).account.seconds, 1.0);
    }
}
