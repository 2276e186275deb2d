//! `--method plain`, `antithetic` and `control`: independent values at uniform samples.
//!
//! Stands beside `vegas`, whose samples are spread over boxes or go where the integrand is large,
//! and `nets`, whose points fill the region evenly. NAS EP (`ep`) has its own generator and
//! verification. The three methods here differ in the kernel alone: its values are those of the
//! integrand, the means of pairs, or less a control.

use std::ops::ControlFlow;

use super::args::{IntegrateMethod, NanPolicy};
use super::blocks::{resumption_advice, same_blocks_from, total};
use super::finding::{ComponentFinding, IntegralFinding, readings};
use super::problem::{Integration, Problem};
use super::slow;
use crate::commands::command::Check;
use crate::commands::rounds::{Reading, Sampling};
use crate::error::{Error, Result};
use crate::job::rounds::Shorten;
use crate::job::{Identity, Job, Ledger, PrefixEnds, Span, Version, YieldNow, invariant};
use crate::montecarlo::components::Components;
use crate::montecarlo::histogram::BinTally;
use crate::montecarlo::mean::Mean;
use crate::montecarlo::sampler::Sampler;
use crate::montecarlo::tally::Sums;
use crate::report::IntervalKind;
use crate::report::chart::Chart;

/// Blocks that are worth a message: 8 of 2^12 rows are 1 ms of cheap integrands with AVX-512 on a
/// Zen 4.
const GRAIN: u64 = 8;

impl Sampling for PlainJob {
    fn readings(&self, sums: &Components<Sums>) -> Vec<Reading> {
        let mut means = self.means(sums);
        means.truncate(self.problem.components());
        readings(self.problem.samples_behind(values_of(sums)), means)
    }

    fn has_failed(&self, sums: &Components<Sums>) -> bool {
        let mut sums = sums.iter().take(self.problem.components());
        sums.any(|sums| self.problem.is_spoilt(sums.first_infinite().is_some(), sums.nans()))
    }

    fn samples(&self) -> u64 {
        self.problem.samples
    }

    fn further_charts(&self, way: &Ledger<Components<Sums>>) -> Vec<Chart> {
        self.problem.histogram_charts(way, |sums| sums.bins().cloned())
    }
}

impl Shorten for PlainJob {
    fn shortened(&self, blocks: u64) -> PlainJob {
        let each = self.each().saturating_mul(self.problem.samples_of_value);
        let samples = blocks.saturating_mul(each).min(self.problem.samples);
        PlainJob { problem: self.problem.with_samples(samples) }
    }
}

/// The job: samples of an integrand block by block, the stream of each keyed by seed and block. The
/// sums do not depend on the policy for values that are not numbers.
pub(super) struct PlainJob {
    pub(super) problem: Problem,
}

impl PlainJob {
    /// The estimates of sums, with samples that are not numbers counted by the policy: for each
    /// component that is sampled.
    fn means(&self, sums: &Components<Sums>) -> Vec<Option<Mean>> {
        sums.iter().zip(self.problem.shifts()).map(|(sums, &shift)| self.mean(sums, shift)).collect()
    }

    fn mean(&self, sums: &Sums, shift: f64) -> Option<Mean> {
        let volume = self.problem.kernel.volume();
        let zeros = (self.problem.nan == NanPolicy::Zero).then(|| sums.clone().with_zeros(shift));
        let sums = zeros.as_ref().unwrap_or(sums);
        if self.problem.kernel.is_indicator() { Mean::of_hits(sums, volume) } else { Mean::new(sums, shift, volume) }
    }

    /// Refuses sums of a component that a value spoils.
    ///
    /// # Errors
    /// [`Error::Run`] with the first such value and advice.
    fn judge(&self, sums: &Sums) -> Result<()> {
        if let Some(block) = sums.first_infinite() {
            self.check(block, u64::MAX, f64::is_infinite).map_err(Error::Run)?;
        }
        match (self.problem.nan, sums.first_nan()) {
            (NanPolicy::Fail, Some(block)) => {
                let count = sums.nans();
                let all = if count == 1 { "that sample".to_owned() } else { format!("such samples ({count} of them)") };
                self.check(block, u64::MAX, f64::is_nan).map_err(|why| {
                    let advice = match self.problem.method {
                        IntegrateMethod::Plain if !self.problem.kernel.is_weighted() => {
                            format!("--nan skip leaves {all} out, --nan zero counts them as 0")
                        }
                        _ => self.problem.advice().to_owned(),
                    };
                    Error::Run(format!("{why}; {advice}"))
                })
            }
            (NanPolicy::Skip, _) if sums.samples() > 0 && sums.numbers() == 0 => {
                Err(Error::Run("the integrand is not a number at any sample".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Values of a full block.
    fn each(&self) -> u64 {
        self.problem.uniform_block()
    }

    /// The values of a span: whole blocks, except the last one of the job.
    fn values(&self, span: Span) -> u64 {
        span.items(self.each(), self.problem.values())
    }

    /// Checks that none of the first `samples` values of a block `is_bad`; otherwise a sentence
    /// about the first one.
    fn check(&self, block: u64, samples: u64, is_bad: fn(f64) -> bool) -> Check {
        let samples = samples.min(self.values(Span::new(block, block + 1)));
        match self.problem.sampler().first_bad(block, samples, is_bad) {
            None => Ok(()),
            Some(bad) => Err(self.problem.bad_value(&bad)),
        }
    }
}

impl Job for PlainJob {
    type Tally = Components<Sums>;
    type Workspace = Sampler;

    fn blocks(&self) -> u64 {
        self.problem.values().div_ceil(self.each())
    }

    fn identity(&self) -> Option<Identity> {
        let words = self.problem.words.clone();
        let (method, slow_block) = (self.problem.method, self.problem.slow_block);
        let is_plain = method == IntegrateMethod::Plain && slow_block.is_none();
        let method = (!is_plain).then(|| format!(", --method {}", method.word()));
        let block = slow_block.map(|_| format!(", blocks of {}", self.each()));
        let kind = [Some(self.problem.kind.clone()), method, block].into_iter().flatten().collect();
        // Stream 2: values that are not numbers are counted, and sums have the full range of
        // squares. Stream 3: there are sums of each component.
        let version = Version { cut: 1, stream: 3, block: self.each() };
        let (amount, whole) = (self.problem.values().into(), self.problem.values() / self.each());
        Some(Identity { kind, version, amount, whole, words, parts: Vec::new() })
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        let condition = same_blocks_from(slow::FULL_BLOCKS_FROM * self.problem.samples_of_value);
        resumption_advice(&self.problem, theirs, &condition)
    }

    fn check(&self, span: Span, sums: &Components<Sums>) -> std::result::Result<(), String> {
        invariant::equal("samples", values_of(sums), self.values(span))?;
        let is_sound = |sums: &Sums| sums.samples() == self.values(span) && sums.is_sound(span.first..span.end);
        let are_bins_sound =
            |bins: &BinTally| bins.is_sound_of_samples(self.problem.histograms.bins(), self.values(span));
        let are_sound = sums.are_sound(self.problem.shape(), is_sound, are_bins_sound);
        invariant::holds("sums are such as samples can have", are_sound)
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn grain(&self) -> u64 {
        self.problem.grain(GRAIN)
    }

    fn workspace(&self) -> Sampler {
        self.problem.job_sampler().with_histograms(self.problem.histograms.binning())
    }

    fn compute(&self, span: Span, sampler: &mut Sampler, yield_now: YieldNow<'_>) -> ControlFlow<(), Components<Sums>> {
        total(span, yield_now, |block| sampler.sums(block, self.values(Span::new(block, block + 1))))
    }
}

impl Integration for PlainJob {
    fn problem(&self) -> &Problem {
        &self.problem
    }

    fn finding(&self, sums: Components<Sums>) -> Result<IntegralFinding> {
        sums.iter().take(self.problem.components()).try_for_each(|sums| self.judge(sums))?;
        let samples = self.problem.samples_behind(values_of(&sums));
        let means = self.means(&sums);
        let component = |(sums, &mean): (&Sums, &Option<Mean>)| {
            let nans = sums.nans();
            // Blocks scatter without the zeros.
            let chi_square = sums.chi_square().filter(|_| nans == 0 || self.problem.nan != NanPolicy::Zero);
            ComponentFinding { mean, nans, chi_square }
        };
        let is_indicator = self.problem.kernel.is_indicator();
        let interval = if is_indicator { IntervalKind::Wilson } else { IntervalKind::StudentT };
        Ok(IntegralFinding {
            bins: sums.bins().cloned(),
            components: sums.iter().zip(&means).take(self.problem.components()).map(component).collect(),
            correlations: self.problem.correlations_of_sums(&sums),
            interval,
            degrees_of_freedom: None,
            samples,
            training: (self.problem.pilot > 0).then_some(self.problem.pilot),
            points: None,
        })
    }
}

/// The values of each component.
fn values_of(sums: &Components<Sums>) -> u64 {
    sums.first().map_or(0, Sums::samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::commands::integrate::problem::testing::{problem, problem_of};
    use crate::montecarlo::integrands::find;
    use crate::montecarlo::integrands::parameters::Parameters;

    fn job(name: &str, dimension: usize, samples: u64) -> PlainJob {
        job_of(IntegrateMethod::Plain, name, dimension, samples)
    }

    fn job_of(method: IntegrateMethod, name: &str, dimension: usize, samples: u64) -> PlainJob {
        PlainJob { problem: problem(name, &dimension.to_string(), samples, method) }
    }

    /// All that is said about sums.
    fn said(job: &PlainJob, sums: &Components<Sums>) -> String {
        format!("{:?} {:?}", job.means(sums), sums.iter().map(Sums::chi_square).collect::<Vec<_>>())
    }

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        for (dimension, samples) in [(2, 60_000), (20, 9_000)] {
            let job = job("ball", dimension, samples);
            attack("integrate ball", &job, |sums| said(&job, sums));
        }
        let job = job("genz-gaussian", 3, 50_000);
        attack("integrate genz-gaussian", &job, |sums| said(&job, sums));
        for method in [IntegrateMethod::Antithetic, IntegrateMethod::Control] {
            let job = job_of(method, "ball", 3, 50_000);
            attack(method.word(), &job, |sums| said(&job, sums));
        }
    }

    #[test]
    fn blocks_hold_exactly_the_samples() {
        for dimension in [2, 3, 20] {
            let each = job("ball", dimension, 1).each();
            for samples in [1, each - 1, each, each + 1, 5 * each + 7, u64::MAX] {
                let job = job("ball", dimension, samples);
                assert_eq!(job.values(Span::new(0, job.blocks())), samples);
                let last = Span::new(job.blocks() - 1, job.blocks());
                assert!((1..=each).contains(&job.values(last)));
            }
        }
    }

    /// A target, a trace and a picture see the same estimate as the report.
    #[test]
    fn readings_count_values_that_are_no_numbers_by_the_policy() {
        let parameters =
            Parameters::new([("expression", "if(x<0.5, 0/0, 1)".to_owned()), ("bounds", "0:1".to_owned())]);
        let kernel = (find("expr").expect("in the list").make)(&parameters).expect("an expression");
        let samples = 100_000;
        for (nan, expected) in [(NanPolicy::Zero, 0.5), (NanPolicy::Skip, 1.0)] {
            let problem = problem_of(kernel.duplicate(), samples, 42, IntegrateMethod::Plain);
            let problem = Problem { nan, ..problem };
            let job = PlainJob { problem };
            let sums = job.problem.sampler().sums(0, samples);
            let reading = job.readings(&sums)[0];
            assert!((reading.estimate - expected).abs() < 0.01, "{}", reading.estimate);
            let mean = job.finding(sums).expect("no failure").components[0].mean.expect("values");
            assert_eq!((reading.estimate, reading.std_error), (mean.estimate, mean.std_error));
        }
    }

    #[test]
    fn a_pair_is_two_samples_and_a_pilot_comes_on_top() {
        let pairs = |samples| job_of(IntegrateMethod::Antithetic, "genz-gaussian", 3, samples);
        let each = pairs(1).each();
        for (samples, values) in [(1, 1), (2, 1), (3, 2), (2 * each + 1, each + 1), (u64::MAX, 1 << 63)] {
            let job = pairs(samples);
            assert_eq!(job.values(Span::new(0, job.blocks())), values);
            assert_eq!(job.shortened(1).problem.values(), values.min(each));
        }
        let finding = |job: &PlainJob| {
            let compute =
                job.compute(Span::new(0, job.blocks()), &mut job.workspace(), &mut || ControlFlow::Continue(()));
            job.finding(compute.continue_value().expect("not stopped")).expect("numbers")
        };
        let of_pairs = finding(&pairs(1001));
        assert_eq!((of_pairs.samples, of_pairs.training), (1002, None));
        let controlled = finding(&job_of(IntegrateMethod::Control, "genz-gaussian", 33, 1001));
        assert_eq!((controlled.samples, controlled.training), (1001 + 6144, Some(6144)));
    }
}
