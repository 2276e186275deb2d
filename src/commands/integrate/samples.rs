//! `integrate NAME`: an integrand over random samples.
//!
//! Stands beside `ep`, which has its own generator and verification.

use std::ops::ControlFlow;

use super::answer::IntegrateResult;
use super::args::{Common, NanPolicy, Samples};
use super::entries::{self, Made};
use crate::cli::{CommandLine, EngineOptions};
use crate::cluster::Cluster;
use crate::commands::command::{Check, Command, Computation, Timed, has_no_size};
use crate::commands::context::Context;
use crate::commands::finish::{FinalReport, figure_of_merit};
use crate::commands::rounds::{self, Reading, Sampling, TargetCheck};
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::rounds::Shorten;
use crate::job::run::Outcome;
use crate::job::{Identity, Job, Span, Tally, Version, YieldNow, invariant};
use crate::montecarlo::mean::{Doubt, Mean};
use crate::montecarlo::sampler::{Kernel, Sampler, block_samples};
use crate::montecarlo::tally::Sums;
use crate::report::{Completion, IntervalKind, Warning, Work, merit};

/// Blocks that are worth a message: 8 of 2^12 rows are 1 ms of cheap integrands with AVX-512 on a
/// Zen 4.
const GRAIN: u64 = 8;

/// Samples that the root tests before the work: enough to find an integrand that is not a number on
/// part of its region.
const TRIAL: u64 = 4096;

impl Command for Samples {
    /// Whether the parameters make an integrand.
    fn check(&self) -> Check {
        let check = |entry| entries::check(entry, &self.parameters).map_err(|bad| bad.to_string());
        self.entry().map_or(Ok(()), check)
    }

    fn engine(&self) -> Option<&EngineOptions> {
        Some(&self.common.engine)
    }

    fn can_restart(&self) -> bool {
        !self.common.precision.plan
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        self.compute(&Context::new(cluster, words, &self.common.engine)?)
    }

    fn provable(&self) -> Option<Box<dyn Computation>> {
        let precision = &self.common.precision;
        (!precision.plan)
            .then(|| Box::new(self.with(Common { precision: precision.without_files(), ..self.common.clone() })) as _)
    }

    fn timed(&self) -> Check<Box<dyn Timed>> {
        self.common.precision.check_timed()?;
        Ok(Box::new(self.clone()))
    }
}

impl Timed for Samples {
    fn engine(&self) -> &EngineOptions {
        &self.common.engine
    }

    fn grown(&self, times: u64) -> Check<Option<Box<dyn Timed>>> {
        self.common.precision.target_error.as_ref().map_or(Ok(()), |_| Err(has_no_size()))?;
        let samples = self.common.samples().checked_mul(times);
        Ok(samples.map(|samples| Box::new(self.with(Common { samples: Some(samples), ..self.common.clone() })) as _))
    }
}

impl Computation for Samples {
    fn compute(&self, context: &Context<'_>) -> Result<u8> {
        integrate(context, self)
    }
}

/// Estimates an integral. Every rank must call it; returns the exit code.
fn integrate(context: &Context<'_>, options: &Samples) -> Result<u8> {
    let job = Integral::new(context, options)?;
    let tried = context.cluster.at_root(|| job.try_out().map_err(Error::Usage));
    context.cluster.agree(tried.unwrap_or(Ok(())))?;
    let title = format!("{}, seed {}", options.name, job.seed);
    let level = job.kernel.exact().map(|exact| ("exact".to_owned(), exact));
    let chart = |readings: &[Reading]| rounds::chart(title.clone(), readings, level.clone());
    let finish = |outcome, met| final_report(&job, options, outcome, met);
    rounds::run_to_target(context, &job, &options.common.precision, "integrate", chart, finish)
}

impl Sampling for Integral {
    fn reading(&self, sums: &Sums) -> Option<Reading> {
        let Mean { estimate, std_error, ci95, .. } = self.mean(sums)?;
        Some(Reading { samples: sums.samples(), estimate, std_error, ci95 })
    }

    fn has_failed(&self, sums: &Sums) -> bool {
        sums.first_infinite().is_some() || (self.nan == NanPolicy::Fail && sums.nans() > 0)
    }

    fn samples(&self) -> u64 {
        self.samples
    }
}

impl Shorten for Integral {
    fn shortened(&self, blocks: u64) -> Integral {
        Integral {
            kernel: self.kernel.duplicate(),
            parameters: self.parameters.clone(),
            samples: blocks.saturating_mul(self.each()).min(self.samples),
            kind: self.kind.clone(),
            words: self.words.clone(),
            ..*self
        }
    }
}

/// The job: samples of an integrand in blocks of 2^12 rows, the stream of each keyed by seed and
/// block.
struct Integral {
    kernel: Box<dyn Kernel>,
    /// What was set of it, and the hash of the file that it comes from, if there is one.
    parameters: Vec<(&'static str, String)>,
    samples: u64,
    seed: u64,
    isa: Isa,
    /// How samples count whose value is not a number. The sums do not depend on it.
    nan: NanPolicy,
    /// Everything that the values depend on.
    kind: String,
    words: Vec<String>,
}

impl Integral {
    fn new(context: &Context<'_>, options: &Samples) -> Result<Integral> {
        let entry = options.entry().ok_or_else(|| Error::Usage(format!("no integrand {}", options.name)))?;
        let Made { kernel, fingerprint } = entries::make(context.cluster, entry, &options.parameters)?;
        let (samples, seed) = (options.common.samples(), options.common.seed);
        let mut parameters: Vec<_> = options.parameters.iter().map(|(name, word)| (name, word.to_owned())).collect();
        let mut set: String = parameters.iter().map(|(name, word)| format!(", {name} {word}")).collect();
        // The command line of another build of the same file is the same.
        set.extend(fingerprint.iter().map(|hash| format!(", file with BLAKE3 hash {hash}")));
        parameters.extend(fingerprint.map(|hash| ("blake3", hash)));
        // The number is the version of the sums' form, so that checkpoints of another one are
        // refused.
        let kind = format!("integrate {}{}, --seed {seed}", options.name, set);
        let nan = options.common.nan;
        Ok(Integral { kernel, parameters, samples, seed, isa: context.isa, nan, kind, words: context.words.clone() })
    }

    /// The estimate of sums.
    fn mean(&self, sums: &Sums) -> Option<Mean> {
        let volume = self.kernel.volume();
        if self.kernel.is_indicator() {
            Mean::of_hits(sums, volume)
        } else {
            Mean::new(sums, self.sampler().shift(), volume)
        }
    }

    /// The sums, with samples that are not numbers counted by the policy.
    ///
    /// # Errors
    /// [`Error::Run`] if a value spoils the sums, with the first such value and advice.
    fn judged(&self, sums: Sums) -> Result<Sums> {
        if let Some(block) = sums.first_infinite() {
            self.check(block, u64::MAX, f64::is_infinite).map_err(Error::Run)?;
        }
        match (self.nan, sums.first_nan()) {
            (NanPolicy::Fail, Some(block)) => {
                let count = sums.nans();
                let all = if count == 1 { "that sample".to_owned() } else { format!("such samples ({count} of them)") };
                self.check(block, u64::MAX, f64::is_nan).map_err(|why| {
                    Error::Run(format!("{why}; --nan skip leaves {all} out, --nan zero counts them as 0"))
                })?;
                Ok(sums)
            }
            (NanPolicy::Zero, _) => Ok(sums.with_zeros(self.sampler().shift())),
            _ if sums.samples() > 0 && sums.numbers() == 0 => {
                Err(Error::Run("the integrand is not a number at any sample".to_owned()))
            }
            _ => Ok(sums),
        }
    }

    fn sampler(&self) -> Sampler {
        Sampler::new(self.kernel.duplicate(), self.seed, self.isa)
    }

    /// Samples of a full block.
    fn each(&self) -> u64 {
        block_samples(self.kernel.dimension())
    }

    /// The samples of a span: whole blocks, except the last one of the job.
    fn samples(&self, span: Span) -> u64 {
        span.items(self.each(), self.samples)
    }

    /// Checks that none of the first `samples` values of a block `is_bad`; otherwise a sentence
    /// about the first one.
    fn check(&self, block: u64, samples: u64, is_bad: fn(f64) -> bool) -> Check {
        let samples = samples.min(self.samples(Span::new(block, block + 1)));
        match self.sampler().first_bad(block, samples, is_bad) {
            None => Ok(()),
            Some((point, value)) => {
                let value = if value.is_nan() { "not a number".to_owned() } else { format!("{value}") };
                let point: Vec<String> = point.iter().map(f64::to_string).collect();
                Err(format!("the integrand is {value} at ({})", point.join(", ")))
            }
        }
    }

    /// Tests the first samples, so that early failures are reported before the work.
    fn try_out(&self) -> Check {
        self.check(0, TRIAL, f64::is_infinite)?;
        if self.nan != NanPolicy::Fail {
            return Ok(());
        }
        self.check(0, TRIAL, f64::is_nan)
            .map_err(|why| format!("{why}; --nan skip leaves such samples out, --nan zero counts them as 0"))
    }
}

impl Job for Integral {
    type Tally = Sums;
    type Workspace = Sampler;

    fn blocks(&self) -> u64 {
        self.samples.div_ceil(self.each())
    }

    fn identity(&self) -> Option<Identity> {
        let (kind, words) = (self.kind.clone(), self.words.clone());
        // Stream 2: values that are not numbers are counted, and sums have the full range of
        // squares.
        let version = Version { cut: 1, stream: 2, block: self.each() };
        let (amount, whole) = (self.samples.into(), self.samples / self.each());
        Some(Identity { kind, version, amount, whole, words, parts: Vec::new() })
    }

    fn check(&self, span: Span, sums: &Sums) -> std::result::Result<(), String> {
        invariant::equal("samples", sums.samples(), self.samples(span))?;
        invariant::holds("sums are such as samples can have", sums.is_sound(span.first..span.end))
    }

    fn keeps_prefixes(&self) -> bool {
        true
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn workspace(&self) -> Sampler {
        self.sampler()
    }

    fn compute(&self, span: Span, sampler: &mut Sampler, yield_now: YieldNow<'_>) -> ControlFlow<(), Sums> {
        let mut sums = Sums::default();
        for block in span.first..span.end {
            sums.merge(sampler.sums(block, self.samples(Span::new(block, block + 1))));
            yield_now()?;
        }
        ControlFlow::Continue(sums)
    }
}

fn final_report(
    job: &Integral,
    options: &Samples,
    mut outcome: Outcome<Sums>,
    met: Option<TargetCheck>,
) -> Result<FinalReport<IntegrateResult>> {
    let completion = Completion::of(outcome.done, outcome.blocks);
    let taken = outcome.total.take().unwrap_or_default();
    let (samples, nans, chi_square) = (taken.samples(), taken.nans(), taken.chi_square());
    let mean = job.mean(&job.judged(taken)?);
    if mean.is_some_and(|mean| !mean.is_finite()) {
        let why = "the integral or its error is beyond the largest number there is (1.8e308)";
        return Err(Error::Run(why.to_owned()));
    }
    let is_indicator = job.kernel.is_indicator();
    let exact = job.kernel.exact();
    let doubt = mean.and_then(|mean| mean.doubt());
    let result = mean.map(|mean| IntegrateResult {
        integrand: options.name,
        parameters: job.parameters.clone(),
        estimate: mean.estimate,
        std_error: mean.std_error,
        ci95: mean.ci95,
        interval: if is_indicator { IntervalKind::Wilson } else { IntervalKind::StudentT },
        samples,
        nan_samples: (job.nan != NanPolicy::Fail).then_some(nans),
        seed: job.seed,
        exact,
        z: exact.and_then(|exact| mean.z(exact)),
        chi_square: chi_square.filter(|_| nans == 0 || job.nan != NanPolicy::Zero),
        largest_share: mean.largest_share,
        warning: doubt.map(warning),
        target: rounds::target(&options.common.precision, met),
        completion,
    });
    let work = Work { amount: samples, unit: "samples" };
    let std_error = mean.and_then(|mean| mean.std_error);
    let extra = merit(figure_of_merit(&outcome.account, outcome.done, std_error));
    Ok(FinalReport { extra, ..FinalReport::new("integrate", outcome, result, work) })
}

fn warning(doubt: Doubt) -> Warning {
    match doubt {
        Doubt::HeavyTail => Warning::HeavyTail,
        Doubt::FewSamples => Warning::FewSamples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::montecarlo::integrands::find;
    use crate::montecarlo::integrands::parameters::Parameters;

    fn job(dimension: usize, samples: u64) -> Integral {
        let parameters = Parameters::new([("dim", dimension.to_string())]);
        let make = find("ball").expect("in the list").make;
        let kernel = make(&parameters).expect("a ball");
        Integral {
            kernel,
            parameters: Vec::new(),
            samples,
            seed: 42,
            isa: Isa::widest(),
            nan: NanPolicy::Fail,
            kind: String::new(),
            words: Vec::new(),
        }
    }

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        for (dimension, samples) in [(2, 60_000), (20, 9_000)] {
            let job = job(dimension, samples);
            attack("integrate ball", &job, |sums| format!("{:?} {:?}", job.mean(sums), sums.chi_square()));
        }
        let make = find("genz-gaussian").expect("in the list").make;
        let kernel = make(&Parameters::new([("dim", "3".to_owned())])).expect("a peak");
        let job = Integral { kernel, ..job(3, 50_000) };
        attack("integrate genz-gaussian", &job, |sums| format!("{:?} {:?}", job.mean(sums), sums.chi_square()));
    }

    #[test]
    fn blocks_hold_exactly_the_samples() {
        for dimension in [2, 3, 20] {
            let each = job(dimension, 1).each();
            for samples in [1, each - 1, each, each + 1, 5 * each + 7, u64::MAX] {
                let job = job(dimension, samples);
                assert_eq!(job.samples(Span::new(0, job.blocks())), samples);
                let last = Span::new(job.blocks() - 1, job.blocks());
                assert!((1..=each).contains(&job.samples(last)));
            }
        }
    }
}
