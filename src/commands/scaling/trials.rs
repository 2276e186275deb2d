//! The trials of `scaling`: which cases there are, and the timed runs of each.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Instant;

use super::analysis::{Case, Trial};
use super::args::Scaling;
use super::capacity::Capacity;
use super::inner::Inner;
use crate::cli;
use crate::commands::context::{Captured, Context};
use crate::error::{Error, Result};
use crate::job::Schedule;
use crate::job::run::Options;

/// A case in the engine's terms.
#[derive(Clone, Debug)]
pub(super) struct PlannedCase {
    pub(super) case: Case,
    schedule: Schedule,
}

/// All trials, at the root.
pub(super) struct Done {
    pub(super) trials: Vec<Trial>,
    /// The answer of the first trial.
    pub(super) answer: Option<serde_json::Value>,
    /// Whether all runs of the same work gave the same answer, which the command considers right.
    pub(super) equal: bool,
    /// The unit of work.
    pub(super) unit: String,
}

/// How the trials ended.
pub(super) struct TrialsEnd {
    /// The finished trials, at the root.
    pub(super) done: Option<Done>,
    /// On every rank: the exit code of the run that did not finish, if any.
    pub(super) stopped: Option<u8>,
}

/// The cases: every schedule with every chunk on every number of ranks.
///
/// # Errors
/// [`Error::Usage`] for more ranks than there are.
pub(super) fn plan(size: u64, options: &Scaling, engine: &cli::EngineOptions) -> Result<Vec<PlannedCase>> {
    let mut ranks: Vec<u64> = options.ranks.iter().map(|ranks| ranks.get()).collect();
    if ranks.is_empty() {
        ranks = std::iter::successors(Some(1), |&n: &u64| n.checked_mul(2)).take_while(|&n| n < size).collect();
        ranks.push(size);
    }
    ranks.sort_unstable();
    ranks.dedup();
    if let Some(&most) = ranks.last().filter(|&&most| most > size) {
        return Err(Error::Usage(format!("--ranks {most}: this job has {size} ranks; start it with mpirun -n {most}")));
    }
    let schedules = if options.schedule.is_empty() { vec![engine.schedule] } else { options.schedule.clone() };
    let chunks = if options.chunk.is_empty() { vec![engine.chunk] } else { options.chunk.clone() };
    let mut planned: Vec<PlannedCase> = Vec::new();
    for &schedule in &schedules {
        for &chunk in &chunks {
            let asked_chunk = match chunk {
                // One share per rank, whatever the chunk.
                _ if schedule == Schedule::Block => None,
                chunk => chunk.set().map(NonZeroU64::get),
            };
            for &ranks in &ranks {
                let case = Case { schedule: schedule.name().to_owned(), asked_chunk, ranks };
                if planned.iter().all(|before| before.case != case) {
                    planned.push(PlannedCase { case, schedule });
                }
            }
        }
    }
    Ok(planned)
}

/// Runs every case as often as requested, in turn. Every rank must call it.
///
/// # Errors
/// [`Error::Reported`] when a run fails.
pub(super) fn run_trials(
    context: &Context<'_>,
    inner: &Inner,
    cases: &[PlannedCase],
    options: &Scaling,
    capacity: Option<&Capacity>,
) -> Result<TrialsEnd> {
    let cluster = context.cluster;
    let mut done = cluster.at_root(|| Done { trials: Vec::new(), answer: None, equal: true, unit: String::new() });
    let mut answers: BTreeMap<u64, String> = BTreeMap::new();
    for _ in 0..options.repeat.get() {
        for planned in cases {
            let ranks = planned.case.ranks;
            let grown = if options.weak { Some(cluster.agree(inner.grown(ranks))?) } else { None };
            let is_traced = options.shown().plot.is_some();
            let (code, found) = trial(context, grown.as_ref().unwrap_or(inner), planned, is_traced)?;
            let stopped = done.as_mut().zip(found).and_then(|(done, (captured, seconds))| {
                if !captured.is_complete {
                    return Some(code);
                }
                let before = answers.entry(captured.work.amount).or_insert_with(|| captured.answer.clone());
                done.equal &= *before == captured.answer && code != Error::WRONG;
                if done.trials.is_empty() {
                    done.answer = serde_json::from_str(&captured.answer).ok();
                    done.unit = captured.work.unit.to_owned();
                }
                done.trials.push(Trial {
                    case: planned.case.clone(),
                    chunk: captured.account.chunk,
                    seconds,
                    amount: captured.work.amount,
                    oversubscribed: capacity.is_some_and(|capacity| capacity.is_exceeded_by(ranks)),
                    profiles: captured.account.profiles,
                    grain: captured.account.grain,
                    jobs: captured.account.jobs,
                    timelines: captured.account.timelines,
                });
                None
            });
            if let Some(code) = cluster.broadcast(cluster.at_root(|| stopped))? {
                return Ok(TrialsEnd { done, stopped: Some(code) });
            }
        }
    }
    Ok(TrialsEnd { done, stopped: None })
}

/// One run on the first ranks, while the others wait. Every rank must call it; the root gets the
/// captured answer and the seconds.
fn trial(
    context: &Context<'_>,
    inner: &Inner,
    planned: &PlannedCase,
    is_traced: bool,
) -> Result<(u8, Option<(Captured, f64)>)> {
    let cluster = context.cluster;
    let all = context.session.options().clone();
    let mut options = Options { schedule: planned.schedule, chunk: planned.case.asked_chunk, ..all };
    let ran = match cluster.first(planned.case.ranks)? {
        None => Ok((0, None)),
        Some(part) => {
            part.barrier()?;
            let begun = Instant::now();
            options.traced = is_traced.then_some(begun);
            let capturing = context.capturing(&part, options);
            inner.run(&capturing).map(|code| {
                let seconds = begun.elapsed().as_secs_f64();
                (code, capturing.captured().and_then(|place| place.take()).map(|captured| (captured, seconds)))
            })
        }
    };
    let ran = cluster.agree(ran);
    cluster.barrier()?;
    ran
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CommandLine;
    use crate::commands::{Commands, parse};

    fn planned(size: u64, line: &str) -> Result<Vec<String>> {
        let arguments = format!("montesieve scaling {line} -- pi 1e6").split_whitespace().map(Into::into).collect();
        let words = CommandLine { arguments, variables: Vec::new() };
        let Commands::Scaling(options) = parse(&words).expect("understood").command else { panic!("not scaling") };
        let inner = Inner::read(&options, &CommandLine::default())?;
        let name = |planned: &PlannedCase| format!("{} on {}", planned.case.series(), planned.case.ranks);
        plan(size, &options, inner.engine()).map(|cases| cases.iter().map(name).collect())
    }

    #[test]
    fn every_case_once() {
        assert_eq!(planned(1, "").expect("fits"), ["dynamic on 1"]);
        assert_eq!(planned(5, "").expect("fits"), [1, 2, 4, 5].map(|ranks| format!("dynamic on {ranks}")));
        assert_eq!(planned(4, "--ranks 4,2,2").expect("fits"), ["dynamic on 2", "dynamic on 4"]);
        let swept = planned(2, "--ranks 2 --schedule block,cyclic --chunk 1,1k,auto").expect("fits");
        assert_eq!(swept, ["block on 2", "cyclic, chunk 1 on 2", "cyclic, chunk 1000 on 2", "cyclic on 2"]);
        assert!(matches!(planned(2, "--ranks 4"), Err(Error::Usage(_))));
    }
}
