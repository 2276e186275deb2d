//! `integrate ep`: NAS EP, whose sums are published, so that a run verifies itself.

use std::ops::ControlFlow;

use super::answer::ep::EpResult;
use super::args;
use crate::cli::{CommandLine, EngineOptions};
use crate::cluster::Cluster;
use crate::commands::command::{Check, Command, Computation, Timed, has_no_size};
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::run::Outcome;
use crate::job::{Identity, Job, Span, Version, YieldNow, invariant};
use crate::montecarlo::ep::{BLOCK, Class, Ep, Sums, verify};
use crate::report::{Completion, Work};

/// Blocks that are worth a message: 16 of 2^16 pairs are 2 ms with AVX-512 on a Zen 4.
const GRAIN: u64 = 16;

impl Command for args::Ep {
    fn engine(&self) -> Option<&EngineOptions> {
        Some(&self.engine)
    }

    fn can_restart(&self) -> bool {
        true
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        self.compute(&Context::new(cluster, words, &self.engine)?)
    }

    fn provable(&self) -> Option<Box<dyn Computation>> {
        Some(Box::new(self.clone()))
    }

    fn timed(&self) -> Check<Box<dyn Timed>> {
        Ok(Box::new(self.clone()))
    }
}

impl Timed for args::Ep {
    fn engine(&self) -> &EngineOptions {
        &self.engine
    }

    fn grown(&self, _: u64) -> Check<Option<Box<dyn Timed>>> {
        Err(has_no_size())
    }
}

impl Computation for args::Ep {
    /// The exit code is 3 for wrong sums.
    fn compute(&self, context: &Context<'_>) -> Result<u8> {
        let job = Pairs { class: self.class, isa: context.isa, words: context.words.clone() };
        let outcome = context.compute(&job)?;
        context.finish(outcome.map(|outcome| final_report(&job, outcome)))
    }
}

/// The job: the pairs of a class, in the benchmark's own batches of 2^16.
struct Pairs {
    class: Class,
    isa: Isa,
    words: Vec<String>,
}

impl Job for Pairs {
    type Tally = Sums;
    type Workspace = Ep;

    fn blocks(&self) -> u64 {
        self.class.blocks()
    }

    fn identity(&self) -> Option<Identity> {
        // The classes share one sequence: a larger one resumes from a smaller one.
        let (amount, whole) = (self.class.pairs().into(), self.blocks());
        let (kind, version) = ("integrate ep".to_owned(), Version { cut: 1, stream: 1, block: BLOCK });
        Some(Identity { kind, version, amount, whole, words: self.words.clone(), parts: Vec::new() })
    }

    fn check(&self, span: Span, sums: &Sums) -> std::result::Result<(), String> {
        let pairs = span.len().saturating_mul(BLOCK);
        let accepted = sums.counts.iter().try_fold(0_u64, |all, &count| all.checked_add(count));
        invariant::at_most("accepted pairs", accepted.unwrap_or(u64::MAX), pairs)?;
        let [sx, sy] = [sums.sx.value(), sums.sy.value()].map(f64::abs);
        // No deviate of 46 bits is above 10.
        invariant::holds("sums are such as pairs can have", sx <= 10.0 * pairs as f64 && sy <= 10.0 * pairs as f64)
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn workspace(&self) -> Ep {
        Ep::new(self.isa)
    }

    fn compute(&self, span: Span, ep: &mut Ep, _pulse: YieldNow<'_>) -> ControlFlow<(), Sums> {
        ControlFlow::Continue(ep.blocks(span.first, span.len()))
    }
}

fn final_report(job: &Pairs, mut outcome: Outcome<Sums>) -> FinalReport<EpResult> {
    let completion = Completion::of(outcome.done, outcome.blocks);
    let is_right = |sums| verify(job.class, sums);
    let verified = completion.is_complete().then(|| outcome.total.as_ref().is_some_and(is_right));
    let pairs = outcome.done * BLOCK;
    let result = outcome.total.take().map(|sums| EpResult {
        integrand: "ep",
        class: job.class.to_string(),
        pairs,
        sx: sums.sx.value(),
        sy: sums.sy.value(),
        counts: sums.counts,
        verified,
        completion,
    });
    let work = Work { amount: pairs, unit: "pairs" };
    let verdict = if verified == Some(false) { Error::WRONG } else { 0 };
    FinalReport { verdict, ..FinalReport::new("integrate", outcome, result, work) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let job = Pairs { class: Class::S, isa: Isa::widest(), words: Vec::new() };
        let answer = |sums: &Sums| format!("{} {} {:?}", sums.sx.value(), sums.sy.value(), sums.counts);
        attack("integrate ep", &job, answer);
    }

    #[test]
    fn a_larger_class_has_the_blocks_of_a_smaller_one() {
        let job = |class| Pairs { class, isa: Isa::Portable, words: Vec::new() };
        let (small, large) = (job(Class::S), job(Class::C));
        assert_eq!(small.blocks() * BLOCK, 1 << 24);
        let [theirs, ours] = [&small, &large].map(|job| job.identity().expect("it is kept"));
        assert_eq!(theirs.kind, ours.kind);
        assert!(theirs.whole < ours.whole);
    }
}
