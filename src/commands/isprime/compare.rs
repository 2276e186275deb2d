//! `isprime --compare`: the same division under every flag in turn, in one job, compared with a
//! single rank.
//!
//! The answers are checked to be equal; the times depend on the machine and belong to the run.
//! Short divisions are repeated and the best time counts, since any disturbance makes a run longer.

use std::time::Instant;

use super::answer::{IsPrimeResult, Judged};
use super::args::{IsPrime, IsPrimeMethod};
use super::divide::{self, Divided};
use super::division::{Compared, DivisionRun, IsPrimeRun};
use crate::cluster::flag::Kind;
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::commands::output::SideFiles;
use crate::error::{Error, Result};
use crate::job::run::{Account, StopCause};
use crate::primes::trial::{BLOCK, STEP, Trial};
use crate::primes::wide;
use crate::report::dots::Dots;
use crate::report::{Completion, Work};

/// Repetitions under one flag: this many, or fewer once they have taken this many seconds.
const REPEATS: (usize, f64) = (5, 1.0);

/// Runs the command. Every rank must call it; returns the exit code, which is 3 when two flags give
/// two answers.
pub(super) fn run(context: &Context<'_>, numbers: &[u128], options: &IsPrime) -> Result<u8> {
    let cluster = context.cluster;
    let sides = SideFiles::open(cluster, [options.plot.as_deref()])?;
    let kinds: Vec<Kind> = Kind::ALL.into_iter().chain(options.flag.clone()).collect();
    let mut table = ComparisonTable::new(cluster.size());
    for &n in numbers {
        let alone = cluster.broadcast(cluster.at_root(|| alone(context, n)))?;
        table.begin(n, &alone);
        for kind in &kinds {
            let (mut repeats, begun) = (0, Instant::now());
            loop {
                let divided = divide::divide(context, n, kind, options.poll())?;
                repeats += 1;
                let goes_on = cluster.at_root(|| repeats < REPEATS.0 && begun.elapsed().as_secs_f64() < REPEATS.1);
                let is_cheap = divided.as_ref().is_some_and(|divided| divided.blocks == 0);
                if let Some(divided) = divided {
                    table.add(&alone, divided, repeats);
                }
                let goes_on = goes_on.map(|goes_on| goes_on && !is_cheap && table.cause.is_none());
                if !cluster.broadcast(goes_on)? {
                    break;
                }
            }
        }
        if cluster.broadcast(cluster.at_root(|| table.cause.is_some()))? {
            break;
        }
    }
    let dots = cluster.at_root(|| table.dots());
    let finished = context.finish(cluster.at_root(|| table.final_report()));
    let code = finished.map(|code| cluster.at_root(|| code));
    sides.write(cluster, code, dots.as_ref(), [&|dots| Ok(dots.svg().into_bytes())])
}

/// The seconds of a single rank, and its divisors up to the first that divides.
fn alone(context: &Context<'_>, n: u128) -> (f64, u64) {
    let begun = Instant::now();
    let mut divisors = 0;
    if wide::small_factor(n).is_none() && n >= wide::SMALL_PROVES {
        let trial = Trial::new(n, context.isa);
        let mut first = 0;
        while first < trial.turns() {
            let mut slice = trial.slice(first..(first + BLOCK).min(trial.turns()));
            first += BLOCK;
            let factor = slice.advance(BLOCK / STEP);
            divisors += slice.tried();
            if factor.is_some() || context.session.options().signals.pending().is_some() {
                break;
            }
        }
    }
    (begun.elapsed().as_secs_f64(), divisors + wide::SMALL.len() as u64)
}

/// The measurements, at the root.
struct ComparisonTable {
    judged: Vec<Judged>,
    rows: Vec<Compared>,
    is_wrong: bool,
    done: u64,
    blocks: u64,
    cause: Option<StopCause>,
    account: Account,
}

impl ComparisonTable {
    fn new(ranks: u64) -> ComparisonTable {
        let account = Account::none(ranks);
        ComparisonTable {
            judged: Vec::new(),
            rows: Vec::new(),
            is_wrong: false,
            done: 0,
            blocks: 0,
            cause: None,
            account,
        }
    }

    /// Adds the row of a single rank.
    fn begin(&mut self, n: u128, &(seconds, divisors): &(f64, u64)) {
        let division = DivisionRun {
            flag: "alone".to_owned(),
            poll: 0,
            divisors,
            divisors_after_hit: 0,
            looks: 0,
            flag_seconds: 0.0,
        };
        self.rows.push(Compared { n, seconds, speed_up: 1.0, division });
    }

    /// Adds a division; of several under one flag, keeps the fastest.
    fn add(&mut self, alone: &(f64, u64), divided: Divided, repeats: usize) {
        let Divided { judged, done, blocks, cause, account, run } = divided;
        let n = self.rows.last().map_or(0, |row| row.n);
        self.cause = self.cause.or(cause);
        let seconds = account.seconds;
        let row = Compared { n, seconds, speed_up: alone.0 / seconds.max(1e-9), division: run };
        match self.rows.last_mut().filter(|_| repeats > 1 || blocks == 0) {
            // The root alone answered before any flag was set up.
            _ if blocks == 0 => {}
            Some(best) if best.seconds <= seconds => {}
            Some(best) => *best = row,
            None => self.rows.push(row),
        }
        self.account.join(account);
        match self.judged.last() {
            Some(before) if before.n == judged.n => self.is_wrong |= cause.is_none() && *before != judged,
            _ => {
                self.judged.push(judged);
                (self.done, self.blocks) = (self.done + done, self.blocks + blocks);
            }
        }
    }

    /// The chart. Numbers answered at once have no marks: a microsecond beside milliseconds would
    /// stretch the axis too far.
    fn dots(&self) -> Dots {
        let mut series: Vec<String> = Vec::new();
        for Compared { division: DivisionRun { flag, .. }, .. } in &self.rows {
            if !series.contains(flag) {
                series.push(flag.clone());
            }
        }
        let is_divided = |n: &str| self.rows.iter().filter(|row| row.n.to_string() == n).count() > 1;
        let groups = self.judged.iter().filter(|judged| is_divided(&judged.n)).map(|judged| {
            let is_of = |row: &&Compared| row.n.to_string() == judged.n;
            let of = |flag: &String| self.rows.iter().filter(is_of).find(|row| row.division.flag == *flag);
            (judged.n.clone(), series.iter().map(|flag| of(flag).map_or(0.0, |row| row.seconds)).collect())
        });
        let at_once = self.judged.iter().filter(|judged| !is_divided(&judged.n)).map(|judged| judged.n.clone());
        let at_once = at_once.collect::<Vec<_>>().join(", ");
        let ranks = match self.account.profiles.len() {
            1 => "1 rank".to_owned(),
            ranks => format!("{ranks} ranks"),
        };
        let remark = if at_once.is_empty() { at_once } else { format!("; at once: {at_once}") };
        Dots {
            title: format!("Trial division on {ranks}{remark}"),
            y_label: "seconds".to_owned(),
            groups: groups.collect(),
            // A server's address is too long for the legend.
            series: series.into_iter().map(|flag| flag.split(':').next().unwrap_or_default().to_owned()).collect(),
        }
    }

    fn final_report(self) -> FinalReport<IsPrimeResult> {
        let completion = Completion::of(self.done, self.blocks);
        let method = IsPrimeMethod::Trial;
        FinalReport {
            command: "isprime",
            result: Some(IsPrimeResult { numbers: self.judged, method, completion }),
            completion,
            cause: self.cause,
            account: self.account,
            work: Work { amount: self.rows.iter().map(|row| row.division.divisors).sum(), unit: "divisors" },
            verdict: if self.is_wrong { Error::WRONG } else { 0 },
            extra: IsPrimeRun { compared: self.rows, ..IsPrimeRun::default() }.into(),
        }
    }
}
