//! `pi`: darts at a square; the share that hits the circle in it is pi/4.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::conclusion::Conclusion;
use super::setting::Setting;
use crate::cli::{self, PiAlgorithm};
use crate::error::Result;
use crate::isa::Isa;
use crate::job::run::Outcome;
use crate::job::{Identity, Job, Pulse, Span, Tally};
use crate::montecarlo::darts::{BLOCK, Darts, scalar};
use crate::montecarlo::estimate::Estimate;
use crate::report::{Completion, PiResult, Work};

/// Blocks of darts that are worth a message: 16 of 2^20 darts are 1 ms with AVX-512 on a Zen 5.
const GRAIN: u64 = 16;

/// Runs the command. Every rank must call it; returns the exit code.
pub fn run(setting: &Setting<'_>, options: &cli::Pi) -> Result<u8> {
    let cli::Pi { samples, seed, algorithm, .. } = *options;
    let job = Throw { samples, seed, algorithm, isa: setting.isa, words: setting.words.clone() };
    let outcome = setting.compute(&job)?;
    setting.conclude(outcome.map(|outcome| conclusion(&job, outcome)))
}

/// The job: `samples` darts in blocks of 2^20, the stream of each keyed by seed and block.
struct Throw {
    samples: u64,
    seed: u64,
    algorithm: PiAlgorithm,
    isa: Isa,
    words: Vec<String>,
}

/// Darts of a span, and how many of them hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Hits {
    samples: u64,
    hits: u64,
}

impl Tally for Hits {
    fn merge(&mut self, next: Hits) {
        self.samples += next.samples;
        self.hits += next.hits;
    }
}

impl Throw {
    /// The darts of a span: whole blocks, but for the last one of the job.
    fn samples(&self, span: Span) -> u64 {
        let end = (u128::from(span.end) * u128::from(BLOCK)).min(u128::from(self.samples)) as u64;
        end - span.first * BLOCK
    }
}

impl Job for Throw {
    type Tally = Hits;
    type Workspace = Option<Darts>;

    fn blocks(&self) -> u64 {
        self.samples.div_ceil(BLOCK)
    }

    fn identity(&self) -> Option<Identity> {
        let kind = format!("pi by darts, --seed {}", self.seed);
        Some(Identity { kind, amount: self.samples, whole: self.samples / BLOCK, words: self.words.clone() })
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn workspace(&self) -> Option<Darts> {
        (self.algorithm == PiAlgorithm::Simd).then(|| Darts::new(self.seed, self.isa))
    }

    fn compute(&self, span: Span, darts: &mut Option<Darts>, _pulse: Pulse<'_>) -> ControlFlow<(), Hits> {
        let samples = self.samples(span);
        let hits = match darts {
            Some(darts) => darts.hits(span.first, samples),
            None => scalar::hits(self.seed, span.first, samples),
        };
        ControlFlow::Continue(Hits { samples, hits })
    }
}

fn conclusion(job: &Throw, outcome: Outcome<Hits>) -> Conclusion<PiResult> {
    let completion = Completion::of(outcome.done, outcome.blocks);
    let Hits { samples, hits } = outcome.total.unwrap_or_default();
    let result = Estimate::new(hits, samples).map(|estimate| PiResult {
        estimate: estimate.pi,
        std_error: estimate.std_error,
        ci95: estimate.ci95,
        samples,
        hits,
        seed: job.seed,
        method: "darts",
        completion,
    });
    let work = Work { amount: samples, unit: "samples" };
    Conclusion { command: "pi", result, completion, cause: outcome.cause, account: outcome.account, work }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(samples: u64) -> Throw {
        Throw { samples, seed: 42, algorithm: PiAlgorithm::Simd, isa: Isa::widest(), words: Vec::new() }
    }

    #[test]
    fn blocks_hold_exactly_the_samples() {
        for samples in [1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7, u64::MAX] {
            let job = job(samples);
            assert_eq!(job.samples(Span::new(0, job.blocks())), samples);
            let last = Span::new(job.blocks() - 1, job.blocks());
            assert!((1..=BLOCK).contains(&job.samples(last)));
        }
    }
}
