//! `--time-limit auto`: how long the scheduler lets this job run.
//!
//! | scheduler | reports | where |
//! |---|---|---|
//! | Slurm | end, as UNIX time | `SLURM_JOB_END_TIME` (new versions); else what `squeue -o %L` has left |
//! | PBS | length | `PBS_WALLTIME` (Torque), else `Resource_List.walltime` of `qstat -f`; less the job's age |
//! | LSF | what is left | `bjobs -o time_left`, as hours:minutes |
//! | Grid Engine | length | `h_rt` of `qstat -j`, less the job's age |
//! | Flux | what is left | `flux job timeleft`, in seconds |
//!
//! Pure: variables, commands, age and time are passed as functions, and only the root's are used;
//! `query` has the real ones. A job's age is that of the oldest ancestor with the job's id in its
//! environment: the batch script.

use std::time::Duration;

use crate::cli::values;

/// Reserved for the last save and the launcher's end, both of which take seconds.
const MARGIN: Duration = Duration::from_secs(60);
/// In short jobs the margin is at most this part of the remaining time.
const MARGIN_PART: u32 = 10;

/// The sources of a query.
pub(super) struct Query<'a> {
    /// The scheduler and the id of its job.
    pub(super) scheduler: Option<(&'a str, &'a str)>,
    /// A variable of the environment.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The output of a command, if it succeeds.
    pub(super) command: &'a dyn Fn(&[&str]) -> Option<String>,
    /// The age of the oldest ancestor that has this variable with this value.
    pub(super) age: &'a dyn Fn(&str, &str) -> Option<Duration>,
    /// Seconds since 1970.
    pub(super) now: u64,
}

/// The answer of a scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Time(Duration),
    Unlimited,
}

/// How long to run; `None` means without limit.
///
/// # Errors
/// A sentence, if there is no scheduler, or it does not tell.
pub(super) fn time_limit(query: &Query<'_>) -> Result<Option<Duration>, String> {
    let instead = "write --time-limit TIME";
    let (name, id) =
        query.scheduler.ok_or_else(|| format!("--time-limit auto: no scheduler is in sight; {instead}"))?;
    let left = match name {
        "Slurm" => slurm(query, id),
        "PBS" => pbs(query, id),
        "LSF" => (query.command)(&["bjobs", "-noheader", "-o", "time_left", id]).as_deref().and_then(hours_and_minutes),
        "Grid Engine" => grid_engine(query, id),
        "Flux" => (query.command)(&["flux", "job", "timeleft"]).as_deref().and_then(seconds),
        _ => None,
    };
    match left {
        Some(Left::Unlimited) => Ok(None),
        Some(Left::Time(left)) => Ok(Some(left - MARGIN.min(left / MARGIN_PART))),
        None => Err(format!("--time-limit auto: {name} does not say when job {id} ends; {instead}")),
    }
}

fn slurm(query: &Query<'_>, id: &str) -> Option<Left> {
    if let Some(end) = (query.variable)("SLURM_JOB_END_TIME").and_then(|end| end.parse::<u64>().ok()) {
        return Some(Left::Time(Duration::from_secs(end.saturating_sub(query.now))));
    }
    let said = (query.command)(&["squeue", "--noheader", "--jobs", id, "--format", "%L"])?;
    // A job array's id gives several lines; all have the same limit, and this job's line is not the
    // shortest for long.
    clock(said.lines().next()?)
}

fn pbs(query: &Query<'_>, id: &str) -> Option<Left> {
    let length = match (query.variable)("PBS_WALLTIME").and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => Left::Time(Duration::from_secs(seconds)),
        None => {
            let said = (query.command)(&["qstat", "-f", id])?;
            let line = said.lines().find_map(|line| line.trim().strip_prefix("Resource_List.walltime"))?;
            clock(line.trim().strip_prefix('=')?)?
        }
    };
    less_age(query, length, "PBS_JOBID", id)
}

fn grid_engine(query: &Query<'_>, id: &str) -> Option<Left> {
    let said = (query.command)(&["qstat", "-j", id])?;
    let limits = said.lines().find(|line| line.starts_with("hard resource_list:"))?;
    let limit = limits.split([':', ',', ' ']).find_map(|limit| limit.strip_prefix("h_rt="))?;
    less_age(query, seconds(limit)?, "JOB_ID", id)
}

fn less_age(query: &Query<'_>, length: Left, variable: &str, id: &str) -> Option<Left> {
    let Left::Time(length) = length else { return Some(length) };
    Some(Left::Time(length.saturating_sub((query.age)(variable, id)?)))
}

/// Parses seconds, possibly with a fraction, or "no limit".
fn seconds(text: &str) -> Option<Left> {
    match text.trim() {
        "inf" | "infinity" | "INFINITY" => Some(Left::Unlimited),
        number => Duration::try_from_secs_f64(number.parse().ok()?).ok().map(Left::Time),
    }
}

/// Parses the form of Slurm and PBS: a time with colons, bare seconds, or "no limit".
fn clock(text: &str) -> Option<Left> {
    match text.trim() {
        "UNLIMITED" => Some(Left::Unlimited),
        text => values::clock(text).map(Left::Time).or_else(|| seconds(text)),
    }
}

/// LSF: `hours:minutes L`, where L means a limit and E an estimate that does not end the job. `-`:
/// no limit.
fn hours_and_minutes(text: &str) -> Option<Left> {
    let (time, kind) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if time == "-" || kind.trim() == "E" {
        return Some(Left::Unlimited);
    }
    let (hours, minutes) = time.split_once(':')?;
    let minutes = hours.parse::<u64>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
    Some(Left::Time(Duration::from_secs(minutes.checked_mul(60)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for these variables, this command's output and an age of ten minutes, at the
    /// time 1000.
    fn asked(scheduler: &str, variables: &[(&str, &str)], command: &str, output: &str) -> Result<Option<u64>, String> {
        let query = Query {
            scheduler: Some((scheduler, "17")),
            variable: &|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()),
            command: &|words| (words.join(" ") == command).then(|| output.to_owned()),
            age: &|variable, id| {
                assert!(id == "17" && ["PBS_JOBID", "JOB_ID"].contains(&variable));
                Some(Duration::from_secs(600))
            },
            now: 1000,
        };
        time_limit(&query).map(|limit| limit.map(|limit| limit.as_secs()))
    }

    #[test]
    fn slurm_says_the_end_or_what_is_left() {
        let squeue = "squeue --noheader --jobs 17 --format %L";
        assert_eq!(asked("Slurm", &[("SLURM_JOB_END_TIME", "4600")], "", ""), Ok(Some(3540)));
        assert_eq!(asked("Slurm", &[("SLURM_JOB_END_TIME", "900")], "", ""), Ok(Some(0)), "it is over");
        assert_eq!(asked("Slurm", &[], squeue, "1-02:03:04\n"), Ok(Some(93_784 - 60)));
        assert_eq!(asked("Slurm", &[], squeue, "5:00\n5:00\n"), Ok(Some(270)), "a tenth of a short time");
        assert_eq!(asked("Slurm", &[], squeue, "UNLIMITED\n"), Ok(None));
        for nothing in ["", "INVALID\n", "NOT_SET", "1-", ":", "99999999999999999999:00"] {
            let refused = asked("Slurm", &[], squeue, nothing).expect_err(nothing);
            assert_eq!(refused, "--time-limit auto: Slurm does not say when job 17 ends; write --time-limit TIME");
        }
    }

    #[test]
    fn pbs_says_the_length() {
        let said =
            "Job Id: 17\n    Job_Name = x\n    Resource_List.select = 1\n    Resource_List.walltime = 01:10:00\n";
        assert_eq!(asked("PBS", &[("PBS_WALLTIME", "4200")], "", ""), Ok(Some(3540)));
        assert_eq!(asked("PBS", &[], "qstat -f 17", said), Ok(Some(3540)));
        assert!(asked("PBS", &[], "qstat -f 17", "Job Id: 17\n").is_err());
        assert!(asked("PBS", &[], "another", "").is_err());
    }

    #[test]
    fn lsf_says_what_is_left() {
        let bjobs = "bjobs -noheader -o time_left 17";
        assert_eq!(asked("LSF", &[], bjobs, "1:30 L\n"), Ok(Some(5340)));
        assert_eq!(asked("LSF", &[], bjobs, "1:30 E\n"), Ok(None));
        assert_eq!(asked("LSF", &[], bjobs, "-\n"), Ok(None));
        assert!(asked("LSF", &[], bjobs, "Job <17> is not found").is_err());
    }

    #[test]
    fn grid_engine_says_the_length_among_other_limits() {
        let said = |list: &str| format!("job_number:  17\nhard resource_list:         {list}\nowner: x\n");
        assert_eq!(asked("Grid Engine", &[], "qstat -j 17", &said("mem=1G,h_rt=4200")), Ok(Some(3540)));
        assert_eq!(asked("Grid Engine", &[], "qstat -j 17", &said("h_rt=INFINITY")), Ok(None));
        assert!(asked("Grid Engine", &[], "qstat -j 17", &said("mem=1G")).is_err());
    }

    #[test]
    fn flux_says_seconds() {
        assert_eq!(asked("Flux", &[], "flux job timeleft", "3600\n"), Ok(Some(3540)));
        assert_eq!(asked("Flux", &[], "flux job timeleft", "infinity\n"), Ok(None));
        assert!(asked("Flux", &[], "flux job timeleft", "-1\n").is_err());
    }

    #[test]
    fn without_a_scheduler_there_is_nothing_to_read() {
        let query = Query { scheduler: None, variable: &|_| None, command: &|_| None, age: &|_, _| None, now: 0 };
        assert!(time_limit(&query).expect_err("no scheduler").contains("no scheduler is in sight"));
    }
}
