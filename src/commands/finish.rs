//! The end of every computing command: the root writes the report once, and all ranks leave
//! together.

use std::cell::RefCell;

use signal_hook::consts::SIGINT;

use super::context::{Captured, Context};
use super::output::formatted;
use crate::cluster::Cluster;
use crate::cluster::place::Place;
use crate::error::{Error, Result};
use crate::job::run::{Account, Outcome, StopCause};
use crate::job::signals;
use crate::report::{Answer, Completion, Extra, LostRank, Report, Run, Work, imbalance, write_run_text};
use crate::{cli, stderr};

/// The root's final report.
pub struct FinalReport<R> {
    /// The command's name.
    pub command: &'static str,
    /// The answer; `None` if nothing is known, or if it is already written (`--print`).
    pub result: Option<R>,
    /// The completion of the job.
    pub completion: Completion,
    /// Why it ended early, if it did.
    pub cause: Option<StopCause>,
    /// The ranks' use of time.
    pub account: Account,
    /// How much this run did.
    pub work: Work,
    /// The exit code of the answer itself, unless something worse happens (0; 3 if it is wrong, 5
    /// if it is not precise enough).
    pub verdict: u8,
    /// The command's additions to the run.
    pub extra: Extra,
}

/// 1 / (error^2 * seconds in kernels of all ranks) for an answer with that standard error. `None`
/// if other runs did a part of `done`, since their seconds are unknown here.
pub(super) fn figure_of_merit(account: &Account, done: u64, std_error: Option<f64>) -> Option<f64> {
    let seconds: f64 = account.profiles.iter().map(|profile| profile.compute).sum();
    let merit = |error: f64| 1.0 / (error * error * seconds);
    std_error.filter(|_| account.blocks() == done).map(merit).filter(|merit| merit.is_finite())
}

impl<R> FinalReport<R> {
    /// From the outcome of a job, whose total may have been taken out. `work` is that of all
    /// finished blocks, whether this run computed them or a checkpoint had them.
    pub fn new<T>(command: &'static str, outcome: Outcome<T>, result: Option<R>, work: Work) -> FinalReport<R> {
        let completion = Completion::of(outcome.done, outcome.blocks);
        let work = Work { amount: share(work.amount, outcome.account.blocks(), outcome.done), ..work };
        let Outcome { cause, account, .. } = outcome;
        FinalReport { command, result, completion, cause, account, work, verdict: 0, extra: Extra::default() }
    }
}

impl Context<'_> {
    /// Reports, agrees, and returns the exit code. Every rank must call it; the root passes `Some`.
    ///
    /// # Errors
    /// [`Error::Reported`] when the report cannot be written.
    pub fn finish<R: Answer>(&self, final_report: Option<FinalReport<R>>) -> Result<u8> {
        if let Some(place) = self.captured() {
            return self.capture(place, final_report);
        }
        if !self.is_proved() {
            // A problem so small that it is solved without blocks; every rank knows.
            let said = "merge: this job needs no blocks, so its checkpoints hold no result; run its command instead";
            return self.cluster.agree(Err(Error::Run(said.to_owned())));
        }
        let places = Place::gather(self.cluster)?;
        // From here on nothing is computed again: the result is complete at the root.
        self.cluster.confirm_all_alive()?;
        let ended = final_report.zip(places).map(|(final_report, places)| self.report(final_report, &places));
        let code = self.cluster.agree(ended.transpose())?;
        self.cluster.broadcast(code)
    }

    /// Captures the answer instead of reporting it. Every rank must call it.
    fn capture<R: Answer>(
        &self,
        place: &RefCell<Option<Captured>>,
        final_report: Option<FinalReport<R>>,
    ) -> Result<u8> {
        let captured = final_report.map(|final_report| {
            let FinalReport { result, completion, cause, account, work, verdict, .. } = final_report;
            let answer = result.as_ref().map(R::record);
            let answer = serde_json::to_string(&answer)
                .map_err(|error| Error::Run(format!("cannot write the answer down: {error}")))?;
            let is_complete = completion.is_complete();
            place.replace(Some(Captured { answer, is_complete, account, work }));
            Ok(exit_code(cause.filter(|_| !is_complete), verdict, None, true))
        });
        let code = self.cluster.agree(captured.transpose())?;
        self.cluster.broadcast(code)
    }

    /// Writes the report; returns the exit code.
    fn report<R: Answer>(&self, final_report: FinalReport<R>, places: &[Place]) -> Result<u8> {
        let FinalReport { command, result, completion, cause, account, work, verdict, extra } = final_report;
        let run = Run { extra, ..self.run_section(&account, work, places) };
        let is_reported = result.is_some();
        let mut written = Ok(());
        if let Some(result) = result {
            let warnings = if self.engine.quiet { Vec::new() } else { result.warnings() };
            // An error ends the command only after the message about what was saved.
            let here = run.extra.here().to_vec();
            written = self.write(&Report { command, result, run: Some(run.clone()), here });
            if let Err(Error::ClosedPipe) = written {
                return written.map(|()| 0);
            }
            warnings.iter().for_each(|warning| stderr::message(&format!("warning: {warning}")));
        }
        if !self.engine.quiet && written.is_ok() {
            let mut text = Vec::new();
            write_run_text(&run, self.engine.per_rank, &mut text).map_err(Error::io("cannot format the run"))?;
            stderr::text(&text);
        }
        let kept = self.engine.keep.file().filter(|_| account.saved);
        // This run finished no block: the same command line again would not make progress either.
        let is_in_vain = cause == Some(StopCause::TimeLimit) && account.blocks() == 0;
        if let Completion::Partial { done, blocks } = completion {
            let saved = kept.filter(|_| done > 0).map(|path| format!(" and saved in {}", path.display()));
            let saved = saved.unwrap_or_default();
            let hint = match kept {
                _ if is_in_vain => "; none by this run: the time limit is too short to do one block",
                None if is_reported && self.engine.keep.file().is_none() => {
                    "; with --checkpoint FILE they would be saved"
                }
                _ => "",
            };
            let stopped = |by: &str| {
                stderr::message(&format!("stopped by {by}: {done} of {blocks} blocks are done{saved}{hint}"))
            };
            match cause {
                Some(StopCause::ReaderGone) => {}
                // The file is the only output of a part.
                Some(StopCause::PartDone) if kept.is_none() && self.engine.keep.file().is_some() => {
                    return Err(Error::Run(format!(
                        "this part of the job is done, but not saved: {done} of {blocks} blocks are lost"
                    )));
                }
                Some(StopCause::PartDone) => stderr::message(&format!(
                    "this part of the job is done: {done} of {blocks} blocks; merge puts the parts together"
                )),
                Some(StopCause::Signal(signal)) => stopped(signals::name(signal)),
                Some(StopCause::TimeLimit) => stopped("--time-limit"),
                None => return Err(Error::Run(format!("only {done} of {blocks} blocks were done"))),
            }
        }
        let stopped_by = cause.filter(|_| !completion.is_complete());
        // The scheduler's remaining time may be longer the next time; a limit on the command line
        // stays the same.
        let is_hopeless = is_in_vain && self.engine.keep.time_limit != Some(cli::OrAuto::Auto);
        let saved = kept.filter(|_| !is_hopeless).map(|_| self.engine.keep.requeue_exit_code.get());
        written.map(|()| exit_code(stopped_by, verdict, saved, is_reported))
    }

    /// Writes the result to its output, or to standard output if that fails, so that nothing is
    /// lost.
    fn write<R: Answer>(&self, report: &Report<R>) -> Result<()> {
        let format = self.engine.destination.format;
        let bytes = formatted(|out| report.write(format, out))?;
        let output = self.take_output()?;
        let elsewhere = !output.is_stdout();
        let written = output.write_all(&bytes);
        if written.is_err() && elsewhere {
            let _ = self.cluster.print(&bytes);
        }
        written
    }

    fn run_section(&self, account: &Account, work: Work, places: &[Place]) -> Run {
        let (hosts, host_of_rank) = distinct(places.iter().map(|place| place.host.as_str()));
        let compute_seconds: Vec<f64> = account.profiles.iter().map(|p| p.compute).collect();
        Run {
            ranks: places.len(),
            hosts,
            host_of_rank,
            lost: self
                .cluster
                .lost()
                .into_iter()
                .map(|member| LostRank { rank: member.rank, host: member.host })
                .collect(),
            launcher: self.cluster.launch().launcher.unwrap_or("none").to_owned(),
            mpi: library(self.cluster),
            isa: self.isa.to_string(),
            schedule: self.session.options().schedule.name().to_owned(),
            chunk: account.chunk,
            work,
            seconds: account.seconds,
            imbalance: imbalance(&compute_seconds),
            compute_seconds,
            idle_seconds: account.profiles.iter().map(|p| p.idle).collect(),
            comm_seconds: account.profiles.iter().map(|p| p.comm).collect(),
            blocks: account.profiles.iter().map(|p| p.blocks).collect(),
            messages: Some(sent(account)),
            messages_per_second: Some(sent(account) as f64 / account.seconds).filter(|rate| rate.is_finite()),
            peak_memory_bytes: places.iter().map(|place| place.peak_memory).collect(),
            shared_bytes: self.cluster.shared_bytes(),
            extra: Extra::default(),
        }
    }
}

/// The part of `amount` in `blocks` of `all` blocks: all of it where blocks were computed twice,
/// after a loss.
fn share(amount: u64, blocks: u64, all: u64) -> u64 {
    let part = u128::from(amount) * u128::from(blocks.min(all)) / u128::from(all.max(1));
    u64::try_from(part).unwrap_or(amount)
}

/// Messages of all ranks.
fn sent(account: &Account) -> u64 {
    account.profiles.iter().map(|profile| profile.messages).sum()
}

/// The exit code of a run, possibly stopped by `cause`. `saved` is the code of a saved job;
/// `is_reported`: whether a partial result was printed.
fn exit_code(cause: Option<StopCause>, verdict: u8, saved: Option<u8>, is_reported: bool) -> u8 {
    match cause {
        None | Some(StopCause::PartDone) => verdict,
        Some(StopCause::ReaderGone) => 0,
        // A user who presses Ctrl-C does not want a requeue.
        Some(StopCause::Signal(SIGINT)) if saved.is_some() => 128 + SIGINT as u8,
        Some(StopCause::Signal(_) | StopCause::TimeLimit) if saved.is_some() => saved.unwrap_or_default(),
        // A limit reached before the target error has its own exit code.
        Some(StopCause::TimeLimit) if verdict != 0 => verdict,
        Some(StopCause::Signal(signal)) if !is_reported => 128 + signal as u8,
        Some(StopCause::Signal(_) | StopCause::TimeLimit) => Error::STOPPED,
    }
}

/// The MPI library that this run uses.
pub(super) fn library(cluster: &Cluster) -> String {
    match cluster {
        #[cfg(feature = "mpi")]
        Cluster::Mpi(_) => cluster.library().unwrap_or_default(),
        Cluster::Local(_) => "none".to_owned(),
    }
}

/// Each name once, in order of first appearance, and the index of each.
pub(super) fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> (Vec<String>, Vec<usize>) {
    let mut seen: Vec<String> = Vec::new();
    let indices = names
        .map(|name| {
            seen.iter().position(|known| known == name).unwrap_or_else(|| {
                seen.push(name.to_owned());
                seen.len() - 1
            })
        })
        .collect();
    (seen, indices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_run_did_its_own_blocks_alone() {
        assert_eq!(share(1_000_000, 25, 100), 250_000);
        assert_eq!(share(u64::MAX, 7, 7), u64::MAX);
        assert_eq!([share(10, 0, 7), share(10, 0, 0)], [0, 0], "nothing was computed");
        // A round that was run again after a loss.
        assert_eq!(share(10, 9, 7), 10);
    }

    #[test]
    fn five_says_that_a_limit_came_first() {
        assert_eq!(exit_code(None, 0, None, true), 0);
        assert_eq!(exit_code(None, 5, None, true), 5);
        assert_eq!(exit_code(Some(StopCause::TimeLimit), 5, None, true), 5);
        assert_eq!(exit_code(Some(StopCause::TimeLimit), 5, Some(75), true), 75);
        assert_eq!(exit_code(Some(StopCause::Signal(SIGINT)), 5, Some(75), true), 130);
    }

    #[test]
    fn merit_is_that_of_this_run_alone() {
        let mut account = Account::none(2);
        for (profile, compute) in account.profiles.iter_mut().zip([1.5, 2.5]) {
            (profile.compute, profile.blocks) = (compute, 5);
        }
        assert_eq!(figure_of_merit(&account, 10, Some(0.5)), Some(1.0));
        assert_eq!(figure_of_merit(&account, 11, Some(0.5)), None, "a block is from a checkpoint");
        assert_eq!(figure_of_merit(&account, 10, None), None);
        assert_eq!(figure_of_merit(&Account::none(1), 0, Some(0.5)), None, "no time passed");
    }

    #[test]
    fn what_a_stopped_run_ends_with() {
        for is_reported in [false, true] {
            assert_eq!(exit_code(Some(StopCause::TimeLimit), 0, None, is_reported), 76);
            assert_eq!(exit_code(Some(StopCause::Signal(15)), 0, Some(99), is_reported), 99);
            assert_eq!(exit_code(Some(StopCause::Signal(SIGINT)), 0, Some(99), is_reported), 130);
            assert_eq!(exit_code(Some(StopCause::ReaderGone), 0, None, is_reported), 0);
            assert_eq!(exit_code(Some(StopCause::PartDone), 0, Some(75), is_reported), 0);
        }
        for signal in [SIGINT, 15, 12] {
            assert_eq!(exit_code(Some(StopCause::Signal(signal)), 0, None, true), 76, "a partial result was printed");
            assert_eq!(exit_code(Some(StopCause::Signal(signal)), 0, None, false), 128 + signal as u8);
        }
    }

    #[test]
    fn hosts_are_named_once_in_rank_order() {
        let (hosts, of_rank) = distinct(["b", "a", "b", "c", "a"].into_iter());
        assert_eq!(hosts, ["b", "a", "c"]);
        assert_eq!(of_rank, [0, 1, 0, 2, 1]);
    }
}
