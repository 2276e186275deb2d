//! The job of judging numbers by tests. Numbers are independent, so a long list is distributed over
//! the ranks.

use std::ops::ControlFlow;

use dashu_int::UBig;
use serde::{Deserialize, Serialize};

use super::answer::{IsPrimeResult, Judged};
use super::args::IsPrimeMethod;
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::error::Result;
use crate::job::{Job, Span, Tally, YieldNow, invariant};
use crate::primes::any;
use crate::report::{Completion, Work};

/// Numbers in a block: 0.03 ms for primes below 2^64, a few milliseconds for a prime near 2^128
/// with its proof, seconds for thousands of digits.
const BLOCK: u64 = 4;

/// Runs the command on these numbers. Every rank must call it; returns the exit code.
pub(super) fn run(context: &Context<'_>, numbers: Vec<UBig>) -> Result<u8> {
    let job = Judgement { numbers };
    let outcome = context.compute(&job)?;
    context.finish(outcome.map(|mut outcome| {
        let unknown = |n: &UBig| Judged::unknown(n.to_string());
        let mut judged: Vec<Judged> = job.numbers.iter().map(unknown).collect();
        let verdicts = outcome.total.take().unwrap_or_default().0;
        for Primality { place, prime, proven, factor } in &verdicts {
            let number = &mut judged[*place as usize];
            (number.prime, number.proven, number.factor) = (Some(*prime), Some(*proven), *factor);
        }
        let completion = Completion::of(outcome.done, outcome.blocks);
        let result = IsPrimeResult { numbers: judged, method: IsPrimeMethod::Auto, completion };
        let work = Work { amount: verdicts.len() as u64, unit: "numbers" };
        FinalReport::new("isprime", outcome, Some(result), work)
    }))
}

/// The job.
struct Judgement {
    numbers: Vec<UBig>,
}

/// The verdict on the number at this place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Primality {
    place: u64,
    prime: bool,
    proven: bool,
    factor: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Verdicts(Vec<Primality>);

impl Tally for Verdicts {
    fn merge(&mut self, next: Verdicts) {
        self.0.extend(next.0);
    }
}

impl Job for Judgement {
    type Tally = Verdicts;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        (self.numbers.len() as u64).div_ceil(BLOCK).max(1)
    }

    fn check(&self, span: Span, Verdicts(verdicts): &Verdicts) -> std::result::Result<(), String> {
        invariant::once(
            "verdicts",
            verdicts.iter().map(|verdict| verdict.place),
            span.places(BLOCK, self.numbers.len() as u64),
        )
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Verdicts> {
        let mut verdicts = Vec::new();
        for place in span.places(BLOCK, self.numbers.len() as u64) {
            let n = &self.numbers[place as usize];
            let verdict = any::judge(n, yield_now)?;
            let (prime, proven) = (verdict != any::Verdict::Composite, verdict != any::Verdict::Probable);
            let factor = if prime { None } else { any::small_factor(n) };
            verdicts.push(Primality { place, prime, proven, factor });
            yield_now()?;
        }
        ControlFlow::Continue(Verdicts(verdicts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_judged_once() {
        let job = Judgement { numbers: (0..2 * BLOCK + 1).map(UBig::from).collect() };
        let all = Span::new(0, job.blocks());
        let ControlFlow::Continue(good) = job.compute(all, &mut (), &mut || ControlFlow::Continue(())) else {
            unreachable!("nothing broke")
        };
        assert_eq!(job.check(all, &good), Ok(()));
        for place in 0..good.0.len() {
            let mut one_less = good.clone();
            let removed = one_less.0.remove(place);
            assert!(job.check(all, &one_less).is_err(), "{place} is missing");
            let mut twice = good.clone();
            twice.0.insert(place, removed);
            assert!(job.check(all, &twice).is_err(), "{place} is duplicated");
        }
    }
}
