//! `--shard auto`: the place of this job in its job array, from Slurm, PBS, LSF and Grid Engine.
//!
//! Pure: the environment is passed as a function, and only the root's is used.

use std::num::NonZeroU64;

use crate::job::run::JobPart;

/// Names of the variables for the index, the first, the last and the step of an array.
struct Names {
    scheduler: &'static str,
    index: &'static str,
    first: Option<&'static str>,
    last: &'static str,
    step: Option<&'static str>,
}

/// Slurm and Grid Engine set all four. OpenPBS sets index and count from 0 or 1 (`PBS_ARRAY_FIRST`
/// and `PBS_ARRAY_LAST` if the submit script passes them on), LSF sets index, end and step from 1.
const SCHEDULERS: [Names; 4] = [
    Names {
        scheduler: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: Some("SLURM_ARRAY_TASK_MIN"),
        last: "SLURM_ARRAY_TASK_MAX",
        step: Some("SLURM_ARRAY_TASK_STEP"),
    },
    Names {
        scheduler: "Grid Engine",
        index: "SGE_TASK_ID",
        first: Some("SGE_TASK_FIRST"),
        last: "SGE_TASK_LAST",
        step: Some("SGE_TASK_STEPSIZE"),
    },
    Names {
        scheduler: "PBS",
        index: "PBS_ARRAY_INDEX",
        first: Some("PBS_ARRAY_FIRST"),
        last: "PBS_ARRAY_LAST",
        step: None,
    },
    Names {
        scheduler: "LSF",
        index: "LSB_JOBINDEX",
        first: None,
        last: "LSB_JOBINDEX_END",
        step: Some("LSB_JOBINDEX_STEP"),
    },
];

/// The share of this task of its job array.
///
/// With `parts` the task's ID is the number of its part, from 1, even if the task is resubmitted
/// alone. Without `parts`, the array must contain every part, so its IDs must start at 0 or 1 and
/// there must be several: a scheduler that gets only some tasks again knows no others.
///
/// # Errors
/// A sentence, if no scheduler reports an array, the number of parts is unknown, or the ID is not
/// that of a part.
pub(in crate::commands) fn share(
    parts: Option<NonZeroU64>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<JobPart, String> {
    // Outside arrays Grid Engine sets "undefined", LSF 0 or nothing.
    let number = |name: &str| variable(name).and_then(|text| text.parse::<u64>().ok());
    let is_there = |names: &&Names| number(names.index).is_some_and(|index| index > 0 || names.scheduler != "LSF");
    let names =
        SCHEDULERS.iter().find(is_there).ok_or("--shard auto: no scheduler says that this is a task of a job array")?;
    let Names { scheduler, index, first, last, step } = names;
    let missing = |name: &str| format!("--shard auto: {scheduler} does not say {name}; write --shard auto/N or I/N");
    let place = number(index).ok_or_else(|| missing(index))?;
    if let Some(parts) = parts {
        return JobPart::numbered(place, parts.get()).ok_or_else(|| {
            format!(
                "--shard auto/{parts}: {scheduler} says task {place}, and parts are tasks 1 to {parts} (submit it as array 1-{parts})"
            )
        });
    }
    let end = number(last).ok_or_else(|| missing(last))?;
    let start = match first {
        Some(name) => number(name).ok_or_else(|| missing(name))?,
        None => 1,
    };
    let step = step.and_then(number).unwrap_or(1).max(1);
    let share = JobPart::of_task(place, start, end, step)
        .ok_or_else(|| format!("--shard auto: {scheduler} says task {place} of {start} to {end} in steps of {step}"))?;
    if start > 1 || start == end {
        return Err(format!(
            "--shard auto: {scheduler} says task {place} of {start} to {end}, which may be some tasks of a larger array; \
             write --shard auto/N for task {place} of N, or --shard I/N"
        ));
    }
    Ok(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(variables: &[(&str, &str)]) -> Result<JobPart, String> {
        asked_for(None, variables)
    }

    fn asked_for(parts: Option<u64>, variables: &[(&str, &str)]) -> Result<JobPart, String> {
        let parts = parts.map(|parts| NonZeroU64::new(parts).expect("some parts"));
        share(parts, |name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn each_scheduler_in_its_words() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_MAX", "9"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
        ];
        assert_eq!(asked(&slurm), Ok(JobPart { index: 3, of: 5 }));
        let sge = [("SGE_TASK_ID", "1"), ("SGE_TASK_FIRST", "1"), ("SGE_TASK_LAST", "4"), ("SGE_TASK_STEPSIZE", "1")];
        assert_eq!(asked(&sge), Ok(JobPart { index: 0, of: 4 }));
        let pbs = [("PBS_ARRAY_INDEX", "3"), ("PBS_ARRAY_FIRST", "0"), ("PBS_ARRAY_LAST", "3")];
        assert_eq!(asked(&pbs), Ok(JobPart { index: 3, of: 4 }));
        assert_eq!(asked(&[("LSB_JOBINDEX", "2"), ("LSB_JOBINDEX_END", "10")]), Ok(JobPart { index: 1, of: 10 }));
    }

    #[test]
    fn some_tasks_of_an_array_are_no_array() {
        let slurm = |id: &'static str, min: &'static str, max: &'static str| {
            [("SLURM_ARRAY_TASK_ID", id), ("SLURM_ARRAY_TASK_MIN", min), ("SLURM_ARRAY_TASK_MAX", max)]
        };
        for (id, min, max) in [("3", "3", "3"), ("3", "2", "4"), ("1", "1", "1"), ("0", "0", "0")] {
            let refused = asked(&slurm(id, min, max)).expect_err("it may be a part of one");
            assert!(refused.contains("write --shard auto/N for task"), "{refused}");
        }
        for (min, max) in [("3", "3"), ("2", "4"), ("1", "4")] {
            assert_eq!(asked_for(Some(4), &slurm("3", min, max)), Ok(JobPart { index: 2, of: 4 }));
        }
        assert_eq!(asked_for(Some(1), &[("LSB_JOBINDEX", "1")]), Ok(JobPart { index: 0, of: 1 }));
        for id in ["0", "5"] {
            let refused = asked_for(Some(4), &slurm(id, "0", "5")).expect_err("no part of it");
            assert!(refused.ends_with("parts are tasks 1 to 4 (submit it as array 1-4)"), "{refused}");
        }
    }

    #[test]
    fn what_does_not_say_enough() {
        assert!(asked(&[]).is_err());
        assert!(asked(&[("SGE_TASK_ID", "undefined")]).is_err());
        assert!(asked(&[("LSB_JOBINDEX", "0"), ("LSB_JOBINDEX_END", "0")]).is_err());
        assert!(asked(&[("PBS_ARRAY_INDEX", "3")]).expect_err("no last").contains("PBS_ARRAY_LAST"));
        let beyond = [("SLURM_ARRAY_TASK_ID", "9"), ("SLURM_ARRAY_TASK_MIN", "0"), ("SLURM_ARRAY_TASK_MAX", "3")];
        assert!(asked(&beyond).is_err());
    }
}
