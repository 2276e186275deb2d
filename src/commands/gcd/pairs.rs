//! The job of pairs: rank 0 reads and broadcasts them, each rank computes some, and the root
//! collects the answers in order.
//!
//! It corresponds to the notes' row on the cost of sending work to processes (there: of pickling
//! it). A pair takes a fraction of a microsecond to compute, and about as long to encode, send and
//! decode. So more ranks can be slower; `--serialise` shows it.

use std::ops::ControlFlow;
use std::time::Instant;

use super::answer::{GcdPair, GcdResult};
use super::args::Gcd;
use super::jobs::Items;
use super::serialised::Serialised;
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::commands::inputs;
use crate::error::Result;
use crate::job::{Job, Span, YieldNow, invariant};
use crate::primes::gcd::gcd;
use crate::report::{Completion, Extra, Work};

/// Pairs in a block: 0.1 ms (AMD Zen 4).
const BLOCK: u64 = 256;

/// Runs the command. Every rank must call it; returns the exit code.
pub(super) fn run(context: &Context<'_>, options: &Gcd) -> Result<u8> {
    let cluster = context.cluster;
    let read = cluster.at_root(|| inputs::pairs(context, &options.file, &options.input_format));
    let read = cluster.agree(read.transpose())?;
    // The time counts from here, on every rank.
    cluster.barrier()?;
    let begun = Instant::now();
    let pairs: Vec<(u128, u128)> = cluster.broadcast(read)?;
    let sent = cluster.gather_records(&begun.elapsed().as_secs_f64())?;
    let job = PairsJob { pairs };
    let outcome = context.compute(&job)?;
    context.finish(outcome.zip(sent).map(|(mut outcome, sent)| {
        let unknown = |&(a, b): &(u128, u128)| GcdPair { a, b, gcd: None };
        let mut pairs: Vec<GcdPair> = job.pairs.iter().map(unknown).collect();
        for (place, gcd) in outcome.total.take().unwrap_or_default().0 {
            pairs[place as usize].gcd = Some(gcd);
        }
        let profiles = &outcome.account.profiles;
        let messages = sent.iter().sum::<f64>() + profiles.iter().map(|p| p.comm).sum::<f64>();
        let serialised = Serialised::new(messages, profiles.iter().map(|p| p.compute).sum());
        let work = Work { amount: pairs.len() as u64, unit: "pairs" };
        let result = GcdResult { pairs, completion: Completion::of(outcome.done, outcome.blocks) };
        let final_report = FinalReport::new("gcd", outcome, Some(result), work);
        let extra = if options.serialise { serialised.into() } else { Extra::default() };
        FinalReport { extra, ..final_report }
    }))
}

/// The job.
struct PairsJob {
    pairs: Vec<(u128, u128)>,
}

/// Places and greatest common divisors.
type Gcds = Items<(u64, u128)>;

impl Job for PairsJob {
    type Tally = Gcds;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        (self.pairs.len() as u64).div_ceil(BLOCK).max(1)
    }

    fn check(&self, span: Span, Items(gcds): &Gcds) -> std::result::Result<(), String> {
        invariant::once("answers", gcds.iter().map(|&(place, _)| place), span.places(BLOCK, self.pairs.len() as u64))
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), _pulse: YieldNow<'_>) -> ControlFlow<(), Gcds> {
        let of = |place: u64| {
            let (a, b) = self.pairs[place as usize];
            (place, gcd(a, b))
        };
        ControlFlow::Continue(Items(span.places(BLOCK, self.pairs.len() as u64).map(of).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Tally;

    #[test]
    fn every_pair_is_answered_once() {
        let job = PairsJob { pairs: (1..2 * u128::from(BLOCK)).map(|a| (a, 12)).collect() };
        let all = Span::new(0, job.blocks());
        let computed = |span| match job.compute(span, &mut (), &mut || ControlFlow::Continue(())) {
            ControlFlow::Continue(gcds) => gcds,
            ControlFlow::Break(()) => unreachable!("nothing broke"),
        };
        let [first, last] = [Span::new(0, 1), Span::new(1, 2)].map(computed);
        let mut both = first.clone();
        both.merge(last.clone());
        assert_eq!(job.check(all, &both), Ok(()));
        let mut twice = both.clone();
        twice.merge(last.clone());
        let mut turned = last.clone();
        turned.merge(first.clone());
        for wrong in [first, last, twice, turned] {
            assert!(job.check(all, &wrong).is_err());
        }
    }
}
