//! `isprime`: whether numbers are prime.
//!
//! Two methods: [`judge`] answers at once, by tests that find no factor; [`divide`] tests all
//! divisors, distributed over the ranks, and finds the smallest factor. [`compare`] divides under
//! every flag in turn. Both are jobs of the engine.

mod answer;
pub mod args;
mod compare;
mod divide;
mod division;
mod judge;
mod notes;

use std::path::Path;

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use self::answer::{IsPrimeResult, Judged};
pub use self::args::IsPrime;
use self::args::{FIVE, IsPrimeMethod, Subject};
use self::division::{DivisionRun, IsPrimeRun};
use super::command::{Check, Command, Computation};
use super::context::Context;
use super::finish::FinalReport;
use super::inputs::{self, shown};
use crate::cli::values::NumberError;
use crate::cli::{CommandLine, EngineOptions};
use crate::cluster::Cluster;
use crate::cluster::flag::Kind;
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::run::{Account, StopCause};
use crate::primes::any;
use crate::report::schema::Documentation;
use crate::report::{Completion, Work};

impl Command for IsPrime {
    fn documentation() -> Documentation {
        Documentation::of::<IsPrimeResult>("the numbers").with_job().with_run::<IsPrimeRun>()
    }

    fn check(&self) -> Check {
        IsPrime::check(self)
    }

    fn engine(&self) -> Option<&EngineOptions> {
        Some(&self.engine)
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        self.compute(&Context::new(cluster, words, &self.engine)?)
    }

    /// One number by division. Smaller problems have no blocks, which [`Context::finish`] refuses.
    fn provable(&self) -> Option<Box<dyn Computation>> {
        let is_divided = self.method == IsPrimeMethod::Trial && !self.compare;
        let is_one = matches!(self.numbers[..], [Subject::Number(_)]);
        (is_divided && is_one).then(|| Box::new(self.clone()) as _)
    }
}

impl Computation for IsPrime {
    fn compute(&self, context: &Context<'_>) -> Result<u8> {
        run(context, self)
    }
}

fn run(context: &Context<'_>, options: &IsPrime) -> Result<u8> {
    let numbers = numbers(context, options)?;
    if options.method == IsPrimeMethod::Auto && !options.compare {
        return judge::run(context, numbers);
    }
    let narrow = numbers.iter().map(|n| u128::try_from(n.clone()).map_err(|_| Error::Usage(too_wide(n))));
    let numbers = context.cluster.agree(narrow.collect::<Result<Vec<u128>>>())?;
    if options.compare { compare::run(context, &numbers, options) } else { trial(context, &numbers, options) }
}

fn too_wide(n: &UBig) -> String {
    format!(
        "trial division is for numbers below 2^128, not for {}; without --method trial they may have any size",
        shown(&n.to_string())
    )
}

/// The numbers to judge, at every rank.
fn numbers(context: &Context<'_>, options: &IsPrime) -> Result<Vec<UBig>> {
    let cluster = context.cluster;
    if options.numbers.is_empty() && options.file.is_none() {
        return Ok(FIVE.map(UBig::from).to_vec());
    }
    let read = cluster.at_root(|| {
        let mut numbers = Vec::new();
        for subject in options.file.clone().map(Subject::File).iter().chain(&options.numbers) {
            let path = match subject {
                Subject::Number(n) => {
                    numbers.push(n.clone());
                    continue;
                }
                Subject::Stdin => Path::new("-"),
                Subject::File(path) => path,
            };
            let list = inputs::list(context, path, &options.input_format)?;
            numbers.extend(list.into_iter().map(|entry| entry.number));
        }
        match numbers.iter().find(|n| n.bit_len() > any::MOST_BITS) {
            Some(n) => Err(Error::Usage(format!("{}: {}", shown(&n.to_string()), NumberError::TooLong))),
            None => Ok(numbers.iter().map(inputs::bytes).collect::<Vec<_>>()),
        }
    });
    Ok(cluster.broadcast(cluster.agree(read.transpose())?)?.iter().map(inputs::big).collect())
}

/// Divides each number in turn; a stop ends all of them.
fn trial(context: &Context<'_>, numbers: &[u128], options: &IsPrime) -> Result<u8> {
    let kind = options.flag.clone().unwrap_or(Kind::Message);
    let mut sum = Sum::new(context.cluster.size());
    for &n in numbers {
        let is_stopped = context.cluster.broadcast(context.cluster.at_root(|| sum.cause.is_some()))?;
        if is_stopped {
            sum.leave(n, context.isa);
            continue;
        }
        if let Some(divided) = divide::divide(context, n, &kind, options.poll())? {
            sum.add(divided);
        }
    }
    context.finish(context.cluster.at_root(|| sum.final_report()))
}

/// The combined result of several numbers, at the root.
struct Sum {
    judged: Vec<Judged>,
    done: u64,
    blocks: u64,
    cause: Option<StopCause>,
    account: Account,
    run: Option<DivisionRun>,
}

impl Sum {
    fn new(ranks: u64) -> Sum {
        Sum { judged: Vec::new(), done: 0, blocks: 0, cause: None, account: Account::none(ranks), run: None }
    }

    fn add(&mut self, divided: divide::Divided) {
        self.judged.push(divided.judged);
        self.done = self.done.saturating_add(divided.done);
        self.blocks = self.blocks.saturating_add(divided.blocks);
        self.cause = self.cause.or(divided.cause);
        self.account.join(divided.account);
        match &mut self.run {
            None => self.run = Some(divided.run),
            Some(run) => {
                run.divisors += divided.run.divisors;
                run.divisors_after_hit += divided.run.divisors_after_hit;
                run.looks += divided.run.looks;
                run.flag_seconds += divided.run.flag_seconds;
            }
        }
    }

    /// Adds a number that was not started. Its blocks count, so that a stop between two numbers is
    /// not reported as complete.
    fn leave(&mut self, n: u128, isa: Isa) {
        let (judged, blocks) = divide::not_begun(n, isa);
        self.judged.push(judged);
        self.blocks = self.blocks.saturating_add(blocks);
    }

    fn final_report(self) -> FinalReport<IsPrimeResult> {
        let completion = Completion::of(self.done, self.blocks);
        let divisors = self.run.as_ref().map_or(0, |run| run.divisors);
        FinalReport {
            command: "isprime",
            result: Some(IsPrimeResult { numbers: self.judged, method: IsPrimeMethod::Trial, completion }),
            completion,
            cause: self.cause,
            account: self.account,
            work: Work { amount: divisors, unit: "divisors" },
            verdict: 0,
            extra: IsPrimeRun { division: self.run, ..IsPrimeRun::default() }.into(),
        }
    }
}
