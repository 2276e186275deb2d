//! `isprime`: whether numbers are prime.
//!
//! Two ways: [`judge`] answers at once, by tests that find no factor; [`divide`] tries all divisors, spread over the ranks, and gives the
//! smallest factor. [`compare`] divides under every flag in turn. Both are jobs of the engine.

mod compare;
mod divide;
mod judge;
mod notes;

use super::conclusion::Conclusion;
use super::lines;
use super::setting::Setting;
use crate::cli::{self, IsPrimeMethod, Subject, values};
use crate::cluster::Cluster;
use crate::cluster::flag::Kind;
use crate::error::Result;
use crate::job::run::{Account, Cause};
use crate::report::{Completion, DivisionRun, IsPrimeResult, Judged, Work};

/// Runs the command. Every rank must call it; returns the exit code.
pub fn run(setting: &Setting<'_>, options: &cli::IsPrime) -> Result<u8> {
    let numbers = numbers(setting.cluster, options)?;
    if options.compare {
        return compare::run(setting, &numbers, options);
    }
    match options.method {
        IsPrimeMethod::Auto => judge::run(setting, numbers),
        IsPrimeMethod::Trial => trial(setting, &numbers, options),
    }
}

/// The numbers that are asked about, at every rank.
fn numbers(cluster: &Cluster, options: &cli::IsPrime) -> Result<Vec<u128>> {
    if options.numbers.is_empty() {
        return Ok(cli::FIVE.to_vec());
    }
    let read = cluster.at_root(|| {
        let mut numbers = Vec::new();
        for subject in &options.numbers {
            match subject {
                Subject::Number(n) => numbers.push(*n),
                Subject::Stdin => numbers.extend(lines::read(cluster, "-".as_ref(), values::number)?),
            }
        }
        Ok(numbers)
    });
    cluster.broadcast(cluster.agree(read.transpose())?)
}

/// Divides each number in turn; a stop ends all of them.
fn trial(setting: &Setting<'_>, numbers: &[u128], options: &cli::IsPrime) -> Result<u8> {
    let kind = options.flag.clone().unwrap_or(Kind::Message);
    let mut sum = Sum::new(setting.cluster.size());
    for &n in numbers {
        let is_stopped = setting.cluster.broadcast(setting.cluster.at_root(|| sum.cause.is_some()))?;
        if is_stopped {
            sum.judged.push(Judged { n, prime: None, factor: None });
            continue;
        }
        if let Some(divided) = divide::divide(setting, n, &kind, options.poll())? {
            sum.add(divided);
        }
    }
    setting.conclude(setting.cluster.at_root(|| sum.conclusion()))
}

/// What several numbers came to, at the root.
struct Sum {
    judged: Vec<Judged>,
    done: u64,
    blocks: u64,
    cause: Option<Cause>,
    account: Account,
    run: Option<DivisionRun>,
}

impl Sum {
    fn new(ranks: u64) -> Sum {
        Sum { judged: Vec::new(), done: 0, blocks: 0, cause: None, account: Account::none(ranks), run: None }
    }

    fn add(&mut self, divided: divide::Divided) {
        self.judged.push(divided.judged);
        self.done += divided.done;
        self.blocks += divided.blocks;
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

    fn conclusion(self) -> Conclusion<IsPrimeResult> {
        let completion = Completion::of(self.done, self.blocks);
        let divisors = self.run.as_ref().map_or(0, |run| run.divisors);
        Conclusion {
            command: "isprime",
            result: Some(IsPrimeResult { numbers: self.judged, method: IsPrimeMethod::Trial.to_string(), completion }),
            completion,
            cause: self.cause,
            account: self.account,
            work: Work { amount: divisors, unit: "divisors" },
            verdict: 0,
            planned: None,
            figure_of_merit: None,
            division: self.run,
            compared: Vec::new(),
            serialised: None,
        }
    }
}
