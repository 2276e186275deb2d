//! `integrate NAME`: what all methods of sampling share.
//!
//! Stands beside `plain`, `vegas`, `nets` and `trained_nets`, the jobs of the methods. Each says
//! what its tally means ([`Integration`]). Running and reporting are here, once.

use std::cell::OnceCell;

use super::answer::IntegrateResult;
use super::args::{Common, IntegrateMethod, NanPolicy, Samples};
use super::entries::{self, Made};
use super::finding::IntegralFinding;
use super::first_values::FirstValues;
use super::histogram::{self, Histograms, PartScale};
use super::methods::AnyJob;
use super::result::result;
use super::{nan, slow};
use crate::cli::{CommandLine, EngineOptions};
use crate::cluster::Cluster;
use crate::commands::command::{Check, Command, Computation, Timed, has_no_size};
use crate::commands::context::Context;
use crate::commands::finish::{FinalReport, figure_of_merit};
use crate::commands::rounds::{self, Reading, Sampling, TargetCheck};
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::run::Outcome;
use crate::job::{Identity, Ledger, Tally};
use crate::montecarlo::components::{Components, Shape};
use crate::montecarlo::histogram::{BinTally, Part};
use crate::montecarlo::mean::Mean;
use crate::montecarlo::reductions::{AntitheticKernel, ControlledKernel};
use crate::montecarlo::sampler::{Kernel, Sampler, block_samples};
use crate::montecarlo::tally::Sums;
use crate::report::chart::Chart;
use crate::report::{Completion, Work, merit};

impl Command for Samples {
    /// Whether the options fit together and the parameters make an integrand.
    fn check(&self) -> Check {
        self.common.check()?;
        let Some(entry) = self.entry() else { return Ok(()) };
        let kernel = entries::check(entry, &self.parameters).map_err(|bad| bad.to_string())?;
        kernel.map_or(Ok(()), |kernel| self.common.check_kernel(&*kernel))
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

/// The integrand and how it is sampled, whatever the method.
pub(super) struct Problem {
    pub(super) kernel: Box<dyn Kernel>,
    /// What the first values say: evaluated when it is needed, after the root has tested the
    /// integrand.
    pub(super) first_values: OnceCell<FirstValues>,
    /// The histograms that were asked for.
    pub(super) histograms: Histograms,
    /// What the components are called; empty if there is one.
    pub(super) names: Vec<String>,
    /// What was set of it, and the hash of the file that it comes from, if there is one.
    pub(super) parameters: Vec<(&'static str, String)>,
    /// The most samples to take.
    pub(super) samples: u64,
    /// Samples behind one value of the kernel, and those of a pilot, which come on top.
    pub(super) samples_of_value: u64,
    pub(super) pilot: u64,
    pub(super) seed: u64,
    pub(super) isa: Isa,
    pub(super) method: IntegrateMethod,
    /// Whether samples may go through a map: their density is then not the same everywhere.
    pub(super) is_trained: bool,
    /// The most values of a block, a power of two, where each may take long.
    pub(super) slow_block: Option<u64>,
    /// How samples count whose value is not a number.
    pub(super) nan: NanPolicy,
    /// Everything that the values depend on.
    pub(super) kind: String,
    pub(super) words: Vec<String>,
}

/// A kernel as the method samples it.
pub(super) struct Wrapped {
    pub(super) kernel: Box<dyn Kernel>,
    /// As of [`Problem`].
    pub(super) samples_of_value: u64,
    pub(super) pilot: u64,
}

impl Wrapped {
    /// `kernel`, behind the reduction of `method` if that is one.
    pub(super) fn new(kernel: Box<dyn Kernel>, method: IntegrateMethod, seed: u64, isa: Isa) -> Wrapped {
        match method {
            IntegrateMethod::Antithetic => {
                let kernel = Box::new(AntitheticKernel::new(kernel));
                Wrapped { kernel, samples_of_value: AntitheticKernel::POINTS, pilot: 0 }
            }
            IntegrateMethod::Control => {
                let pilot = ControlledKernel::pilot_samples(kernel.dimension());
                let kernel = Box::new(ControlledKernel::new(kernel, seed, isa));
                Wrapped { kernel, samples_of_value: 1, pilot }
            }
            _ => Wrapped { kernel, samples_of_value: 1, pilot: 0 },
        }
    }
}

/// A job whose tally is an estimate of an integral.
pub(super) trait Integration: Sampling {
    /// The integrand and how it is sampled.
    fn problem(&self) -> &Problem;

    /// What the tally says, with samples that are not numbers counted by the policy.
    ///
    /// # Errors
    /// [`Error::Run`] if a value spoils it, with the first such value and advice.
    fn finding(&self, tally: Self::Tally) -> Result<IntegralFinding>;
}

impl Computation for Samples {
    fn compute(&self, context: &Context<'_>) -> Result<u8> {
        let problem = Problem::new(context, self, None)?;
        let checked = context.cluster.at_root(|| problem.precheck().map_err(Error::Usage));
        context.cluster.agree(checked.unwrap_or(Ok(())))?;
        match AnyJob::new(problem, self.common.training()) {
            AnyJob::Plain(job) => integrate(context, self, &job),
            AnyJob::Nets(job) => integrate(context, self, &job),
            AnyJob::Vegas(job) => integrate(context, self, &job),
            AnyJob::TrainedNets(job) => integrate(context, self, &job),
        }
    }
}

/// The most characters of the parameters in a title.
const LONGEST_TITLE: usize = 64;

/// Estimates an integral. Every rank must call it; returns the exit code.
fn integrate<J: Integration>(context: &Context<'_>, options: &Samples, job: &J) -> Result<u8> {
    let title = job.problem().title(options.name);
    let level = job.problem().kernel.exact().map(|exact| ("exact".to_owned(), exact));
    let chart = |readings: &[Reading]| rounds::chart(title.clone(), readings, level.clone());
    let finish = |outcome, met| final_report(job, options, outcome, met);
    rounds::run_to_target(context, job, &options.common.precision, "integrate", chart, finish)
}

impl Common {
    /// Checks that the options fit the integrand.
    fn check_kernel(&self, kernel: &dyn Kernel) -> Check {
        nan::check(self.nan, kernel.is_weighted())?;
        histogram::with_ends(&self.histogram, kernel).map(drop)
    }
}

impl Problem {
    /// Makes the integrand. Every rank must call it. Messages about a library name `origin`, the
    /// line of a file that holds the options.
    ///
    /// # Errors
    /// As [`entries::make`].
    pub(super) fn new(context: &Context<'_>, options: &Samples, origin: Option<&str>) -> Result<Problem> {
        let entry = options.entry().ok_or_else(|| Error::Usage(format!("no integrand {}", options.name)))?;
        let made = entries::make(context.cluster, entry, &options.parameters, origin)?;
        Problem::of(made, options, context.isa, context.words.clone())
    }

    /// The same of an integrand that is made, for a command with these words.
    ///
    /// # Errors
    /// [`Error::Usage`] if an option does not fit the integrand.
    pub(super) fn of(made: Made, options: &Samples, isa: Isa, words: Vec<String>) -> Result<Problem> {
        let Made { kernel, fingerprint } = made;
        let is_slow = fingerprint.is_some();
        nan::check(options.common.nan, kernel.is_weighted()).map_err(Error::Usage)?;
        let (samples, seed) = (options.common.samples(), options.common.seed);
        let mut parameters: Vec<_> = options.parameters.iter().map(|(name, word)| (name, word.to_owned())).collect();
        let mut set: String = parameters.iter().map(|(name, word)| format!(", {name} {word}")).collect();
        // The command line of another build of the same file is the same.
        set.extend(fingerprint.iter().map(|hash| format!(", file with BLAKE3 hash {hash}")));
        parameters.extend(fingerprint.map(|hash| ("blake3", hash)));
        let Common { nan, method, .. } = options.common;
        let names = entries::components(&options.parameters, kernel.components());
        let Wrapped { kernel, samples_of_value, pilot } = Wrapped::new(kernel, method, seed, isa);
        let histograms = Histograms::new(&options.common.histogram, &*kernel).map_err(Error::Usage)?;
        set += &histograms.words();
        let kind = format!("integrate {}{set}, --seed {seed}", options.name);
        let slow_block = is_slow.then(|| slow::block(samples.div_ceil(samples_of_value)));
        Ok(Problem {
            kernel,
            first_values: OnceCell::new(),
            histograms,
            names,
            parameters,
            samples,
            samples_of_value,
            pilot,
            seed,
            isa,
            method,
            is_trained: options.common.is_trained(),
            slow_block,
            nan,
            kind,
            words,
        })
    }

    /// The most values of the kernel.
    pub(super) fn values(&self) -> u64 {
        self.samples.div_ceil(self.samples_of_value)
    }

    /// Samples behind these values of the kernel, and those of the pilot.
    pub(super) fn samples_behind(&self, values: u64) -> u64 {
        values.saturating_mul(self.samples_of_value).saturating_add(self.pilot)
    }

    /// The title of a chart: the integrand with its parameters, of a file its name alone, cut where
    /// it gets long, and the seed.
    fn title(&self, name: &str) -> String {
        let words = self.parameters.iter().filter(|(name, _)| *name != "blake3").map(|(name, word)| match *name {
            "expression" => word.clone(),
            "function" => format!("function {}", word.rsplit('/').next().unwrap_or(word)),
            name => format!("{name} {word}"),
        });
        let of = words.collect::<Vec<_>>().join(", ");
        let end = of.char_indices().nth(LONGEST_TITLE).map(|(end, _)| end);
        let of = end.map_or_else(|| of.clone(), |end| format!("{}...", &of[..end]));
        let kind = if name == "expr" { String::new() } else { format!("{name}, ") };
        format!("{kind}{of}, seed {}", self.seed).replace(", , ", ", ")
    }

    /// The same with another number of samples.
    pub(super) fn with_samples(&self, samples: u64) -> Problem {
        let (kernel, kind, words) = (self.kernel.duplicate(), self.kind.clone(), self.words.clone());
        let (first_values, names) = (self.first_values.clone(), self.names.clone());
        let (histograms, parameters) = (self.histograms.clone(), self.parameters.clone());
        Problem { kernel, first_values, histograms, names, parameters, samples, kind, words, ..*self }
    }

    fn first_values(&self) -> &FirstValues {
        self.first_values.get_or_init(|| FirstValues::new(&*self.kernel, self.method, self.seed, self.isa))
    }

    /// What is taken from the values of each component that is sampled.
    pub(super) fn shifts(&self) -> &[f64] {
        &self.first_values().shifts
    }

    /// The kernel that is sampled: that of the integrand, with the products of components if the
    /// method needs them.
    pub(super) fn sampled(&self) -> Box<dyn Kernel> {
        let kernel = self.kernel.duplicate();
        match &self.first_values().factors {
            Some(factors) => Box::new(factors.paired(kernel)),
            None => kernel,
        }
    }

    /// What the blocks of the job have: tallies of all that is sampled, and bins.
    pub(super) fn shape(&self) -> Shape {
        Shape { components: self.shifts().len(), bins: self.histograms.bins() }
    }

    /// What turns sums of bins into parts; the whole integral is this, if it is known.
    pub(super) fn part_scale(&self, whole: Option<Mean>) -> PartScale {
        let whole = whole.map(|Mean { estimate, std_error, .. }| Part { estimate, std_error });
        PartScale { whole, volume: self.kernel.volume() }
    }

    /// Pictures of the histograms, from the bins of all blocks.
    pub(super) fn histogram_charts<T: Tally>(
        &self,
        way: &Ledger<T>,
        bins: impl Fn(&T) -> Option<BinTally>,
    ) -> Vec<Chart> {
        let total = way.spans().filter_map(|(_, tally)| bins(tally)).reduce(|mut total, next| {
            total.merge(next);
            total
        });
        self.histograms.charts(total.as_ref(), self.part_scale(None))
    }

    /// Components of the integrand.
    pub(super) fn components(&self) -> usize {
        self.kernel.components()
    }

    /// Values of a block of uniform samples.
    pub(super) fn uniform_block(&self) -> u64 {
        let whole = block_samples(self.kernel.dimension());
        self.slow_block.map_or(whole, |most| whole.min(most))
    }

    /// Blocks or samples that are worth a message, where `quick` of cheap values are.
    pub(super) fn grain(&self, quick: u64) -> u64 {
        if self.slow_block.is_some() { 1 } else { quick }
    }

    /// Uniform samples of the integrand alone, block by block.
    pub(super) fn sampler(&self) -> Sampler {
        Sampler::new(self.kernel.duplicate(), self.seed, self.isa).with_blocks_of(self.uniform_block())
    }

    /// The same of all that is sampled.
    pub(super) fn job_sampler(&self) -> Sampler {
        let sampler = Sampler::new(self.sampled(), self.seed, self.isa);
        sampler.with_blocks_of(self.uniform_block()).with_shifts(self.shifts())
    }

    /// The correlations of the errors of components, row by row, by `correlation` for each two of
    /// them; empty for one component.
    pub(super) fn correlations(&self, correlation: impl Fn(usize, usize) -> Option<f64>) -> Vec<Vec<Option<f64>>> {
        let count = if self.components() > 1 { self.components() } else { 0 };
        let entry = |one: usize, other: usize| if one == other { Some(1.0) } else { correlation(one, other) };
        (0..count).map(|one| (0..count).map(|other| entry(one, other)).collect()).collect()
    }

    /// The same from the sums of all that is sampled.
    pub(super) fn correlations_of_sums(&self, sums: &Components<Sums>) -> Vec<Vec<Option<f64>>> {
        let FirstValues { factors, shifts } = self.first_values();
        factors.as_ref().map_or_else(Vec::new, |factors| factors.correlations(sums, shifts))
    }

    /// The identity of a job by these `terms` whose blocks are all whole.
    pub(super) fn identity(&self, terms: &str, blocks: u64) -> Identity {
        let kind = format!("{}, {terms}", self.kind);
        Identity { words: self.words.clone(), ..Identity::new(kind, blocks) }
    }
}

fn final_report<J: Integration>(
    job: &J,
    options: &Samples,
    mut outcome: Outcome<J::Tally>,
    met: Option<TargetCheck>,
) -> Result<FinalReport<IntegrateResult>> {
    let completion = Completion::of(outcome.done, outcome.blocks);
    let target = rounds::target(&options.common.precision, met);
    let result = outcome.total.take().map(|tally| result(job, options.name, tally, target, completion)).transpose()?;
    let work = Work { amount: result.as_ref().map_or(0, |result| result.samples), unit: "samples" };
    let std_error = result.as_ref().and_then(|result| result.std_error);
    let extra = merit(figure_of_merit(&outcome.account, outcome.done, std_error));
    Ok(FinalReport { extra, ..FinalReport::new("integrate", outcome, result, work) })
}

#[cfg(test)]
pub(super) mod testing;
