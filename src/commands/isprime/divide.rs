//! The job of trial division: slices of divisors, each with the smallest one that divides.
//!
//! Early exit does not stop the job. A rank that knows a factor skips every slice above it, which
//! cannot contain a smaller one. So the ledger still fills completely, and the smallest factor is
//! the same for any number of ranks and any flag. Checkpoints, shards and schedules need not know
//! about it. (A skipped slice counts as done only in a run whose flag has a smaller factor; if the
//! block of that factor is lost in a crash, it is a hole, and found again.)

use std::cell::RefCell;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::answer::Judged;
use super::division::DivisionRun;
use super::notes::Notes;
use crate::cluster::flag::{Flag, Kind, without_password};
use crate::commands::context::Context;
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::run::{Account, Outcome, StopCause};
use crate::job::{Identity, Job, JobError, Span, Tally, Version, YieldNow, invariant};
use crate::primes::trial::{BLOCK, DIVISORS, STEP, Trial};
use crate::primes::wide;

/// Blocks that are worth a message: 0.6 ms with AVX-512 (AMD Zen 4).
const GRAIN: u64 = 8;

/// The result for a number, at the root.
pub(super) struct Divided {
    pub(super) judged: Judged,
    pub(super) done: u64,
    pub(super) blocks: u64,
    pub(super) cause: Option<StopCause>,
    pub(super) account: Account,
    pub(super) run: DivisionRun,
}

/// Tests all possible divisors of `n`, on all ranks. Every rank must call it; the root gets `Some`.
///
/// # Errors
/// As [`Context::compute`]; and when the flag fails.
pub(super) fn divide(context: &Context<'_>, n: u128, kind: &Kind, poll: u64) -> Result<Option<Divided>> {
    let cluster = context.cluster;
    let mut run =
        DivisionRun { flag: kind.to_string(), poll, divisors: 0, divisors_after_hit: 0, looks: 0, flag_seconds: 0.0 };
    // Cheap factors first, at rank 0: most numbers have one.
    if let Some((judged, divisors)) = cluster.broadcast(cluster.at_root(|| cheap(n)))? {
        run.divisors = divisors;
        let account = Account::none(cluster.size());
        return Ok(cluster.at_root(|| Divided { judged: judged.of(n), done: 0, blocks: 0, cause: None, account, run }));
    }
    let flag = cluster.flag(if context.is_merging() { &Kind::None } else { kind })?;
    // Together, so that times can be compared.
    cluster.barrier()?;
    let job = Division {
        trial: Trial::new(n, context.isa),
        n,
        flag: RefCell::new(flag),
        failure: RefCell::default(),
        notes: RefCell::new(Notes::begin()),
        steps: poll.div_ceil(STEP * DIVISORS),
        words: context.words.iter().map(|word| without_password(word)).collect(),
    };
    let outcome = context.compute(&job)?;
    let Division { flag, notes, .. } = job;
    let (spent, notes) = (flag.into_inner().close()?, notes.into_inner());
    let factor = cluster.broadcast(outcome.as_ref().map(|outcome| outcome.total.and_then(|smallest| smallest.0)))?;
    // One rank found it; 0 means none, for example if it was in the checkpoint.
    let found = cluster.max(factor.and_then(|factor| notes.time_of(factor)).map_or(0, |micros| micros + 1))?;
    let in_vain = factor.filter(|_| found > 0).map_or(0, |factor| notes.in_vain(factor, found - 1));
    let rows = cluster.gather_records(&[notes.tried as f64, in_vain as f64, spent.looks as f64, spent.seconds])?;
    Ok(outcome.zip(rows).map(|(outcome, rows)| {
        let [tried, in_vain, looks, seconds] = std::array::from_fn(|i| rows.iter().map(|row| row[i]).sum::<f64>());
        run.divisors = tried as u64 + wide::SMALL.len() as u64;
        (run.divisors_after_hit, run.looks, run.flag_seconds) = (in_vain as u64, looks as u64, seconds);
        let Outcome { done, blocks, cause, account, .. } = outcome;
        let prime = match factor {
            Some(_) => Some(false),
            None => (done == blocks).then_some(true),
        };
        Divided {
            judged: Judged { n: n.to_string(), prime, proven: prime.map(|_| true), factor },
            done,
            blocks,
            cause,
            account,
            run,
        }
    }))
}

/// The blocks of a division.
fn blocks(trial: &Trial) -> u64 {
    trial.turns().div_ceil(BLOCK)
}

/// What is known about a number before dividing it, and the number of its blocks.
pub(super) fn not_begun(n: u128, isa: Isa) -> (Judged, u64) {
    match cheap(n) {
        Some((judged, _)) => (judged.of(n), 0),
        None => (Judged::unknown(n.to_string()), blocks(&Trial::new(n, isa))),
    }
}

/// The result of the first divisors, and their number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Cheap {
    prime: bool,
    factor: Option<u64>,
}

impl Cheap {
    fn of(self, n: u128) -> Judged {
        Judged::proven(n.to_string(), self.prime, self.factor)
    }
}

/// Tests the small primes; `None` if they do not decide.
fn cheap(n: u128) -> Option<(Cheap, u64)> {
    let factor = wide::small_factor(n);
    let is_decided = factor.is_some() || n < wide::SMALL_PROVES;
    let tried = wide::SMALL.iter().take_while(|&&p| factor.is_none_or(|factor| p <= factor) && u128::from(p * p) <= n);
    is_decided.then(|| (Cheap { prime: n >= 2 && factor.is_none(), factor }, tried.count() as u64))
}

/// The job.
pub(super) struct Division<'c> {
    trial: Trial,
    n: u128,
    flag: RefCell<Flag<'c>>,
    /// An error of the flag in the middle of a block.
    failure: RefCell<Option<Error>>,
    notes: RefCell<Notes>,
    /// Steps between two looks at the flag.
    steps: u64,
    words: Vec<String>,
}

/// The smallest divisor of some slices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Smallest(Option<u64>);

impl Tally for Smallest {
    fn merge(&mut self, next: Smallest) {
        self.0 = self.0.into_iter().chain(next.0).min();
    }
}

impl Division<'_> {
    /// Tests the divisors of a block; `Break` when a smaller factor is known, so that this block
    /// and later ones do not matter.
    fn block(&self, block: u64, to_look: &mut u64, smallest: &mut Smallest) -> Result<ControlFlow<()>> {
        let turns = block * BLOCK..((block + 1) * BLOCK).min(self.trial.turns());
        let low = Trial::first_of(turns.start);
        let mut flag = self.flag.borrow_mut();
        let mut slice = self.trial.slice(turns);
        let (mut notes, mut is_over) = (self.notes.borrow_mut(), flag.known() < low);
        while slice.steps() > 0 && !is_over {
            let steps = slice.steps().min(*to_look);
            if let Some(factor) = slice.advance(steps) {
                notes.hit(factor);
                smallest.merge(Smallest(Some(factor)));
                flag.lower(factor)?;
            }
            *to_look -= steps;
            if *to_look == 0 {
                *to_look = self.steps;
                notes.mark(low, slice.tried());
                flag.look()?;
                is_over = flag.known() < low;
            }
        }
        notes.block(low, slice.tried());
        Ok(if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

impl Job for Division<'_> {
    type Tally = Smallest;
    /// Steps until the next look at the flag.
    type Workspace = u64;

    fn blocks(&self) -> u64 {
        blocks(&self.trial)
    }

    fn identity(&self) -> Option<Identity> {
        let kind = format!("isprime {} --method trial in blocks of {BLOCK} turns", self.n);
        let version = Version { cut: 1, stream: 1, block: 0 };
        let (amount, whole, words) = (self.trial.turns().into(), self.blocks(), self.words.clone());
        Some(Identity { kind, version, amount, whole, words, parts: Vec::new() })
    }

    fn check(&self, span: Span, tally: &Smallest) -> std::result::Result<(), String> {
        let Smallest(Some(factor)) = *tally else { return Ok(()) };
        let is_one = factor > 1 && u128::from(factor) < self.n && self.n.is_multiple_of(factor.into());
        invariant::holds("the factor divides the number", is_one)?;
        invariant::holds("the factor is one of these divisors", factor >= Trial::first_of(span.first * BLOCK))
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn make_progress(&self) -> std::result::Result<(), JobError> {
        match self.failure.take() {
            Some(failure) => Err(failure.into()),
            None => Ok(self.flag.borrow_mut().make_progress()?),
        }
    }

    fn workspace(&self) -> u64 {
        self.steps
    }

    fn compute(&self, span: Span, to_look: &mut u64, yield_now: YieldNow<'_>) -> ControlFlow<(), Smallest> {
        let mut smallest = Smallest(None);
        for block in span.first..span.end {
            match self.block(block, to_look, &mut smallest) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(failure) => {
                    *self.failure.borrow_mut() = Some(failure);
                    return ControlFlow::Break(());
                }
            }
            yield_now()?;
        }
        ControlFlow::Continue(smallest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::alone;
    use crate::commands::forged::attack;
    use crate::primes::{naive, narrow};

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let cluster = alone();
        // A prime, and the square of one: its factor is in the last block.
        for n in [99_999_999_999_973, 9_999_991 * 9_999_991] {
            let job = Division {
                trial: Trial::new(n, Isa::widest()),
                n,
                flag: RefCell::new(cluster.flag(&Kind::None).expect("no flag")),
                failure: RefCell::default(),
                notes: RefCell::new(Notes::begin()),
                steps: 1000,
                words: vec![format!("isprime {n} --method trial")],
            };
            attack(&format!("isprime {n} by trial"), &job, |smallest| format!("{smallest:?}"));
        }
    }

    #[test]
    fn numbers_that_were_not_begun_have_blocks_left() {
        let (judged, blocks) = not_begun(99_999_999_999_973, Isa::widest());
        assert!(judged.prime.is_none() && blocks > 0, "a stop before it is no end");
        let (judged, blocks) = not_begun(10, Isa::widest());
        assert_eq!((judged.prime, blocks), (Some(false), 0));
    }

    #[test]
    fn cheap_factors_decide_what_they_can() {
        for n in 0..60_000_u128 {
            match cheap(n) {
                Some((Cheap { prime, factor }, tried)) => {
                    assert_eq!(prime, naive::is_prime(n as u64), "{n}");
                    let smallest = (2..n as u64).find(|d| (n as u64).is_multiple_of(*d)).filter(|_| n > 1);
                    assert_eq!(factor, smallest, "{n}");
                    assert!(tried <= wide::SMALL.len() as u64);
                }
                None => assert!(n >= 211 * 211 && wide::SMALL.iter().all(|&p| n % u128::from(p) != 0), "{n}"),
            }
        }
        assert_eq!(cheap(112_272_535_095_295).map(|(_, tried)| tried), Some(3));
        assert!(cheap(narrow::first(211 * 211, u64::MAX).expect("a prime").into()).is_none());
    }

    #[test]
    fn the_smallest_of_slices_is_the_smallest_of_all() {
        let mut tally = Smallest::default();
        for (next, smallest) in
            [(None, None), (Some(7), Some(7)), (None, Some(7)), (Some(9), Some(7)), (Some(5), Some(5))]
        {
            tally.merge(Smallest(next));
            assert_eq!(tally.0, smallest);
        }
    }
}
