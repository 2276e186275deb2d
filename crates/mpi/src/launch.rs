//! How this process was started: launcher, scheduler, and the promised number of ranks.
//!
//! The wrong launcher (`mpirun` of another MPI, `srun` without PMI) starts N processes that each
//! believe they are alone: N answers and exit code 0. So the promised size, which every launcher
//! leaves in the environment, is compared with the world's. Only sizes are trusted: under `mpirun`
//! inside Slurm the `SLURM_*` ranks are those of the daemon.

use std::env;
use std::time::Duration;

use crate::error::{Error, Result};

/// How long the other processes of a refused launch wait for the first to print the reason.
/// (Without this wait, a launcher under load ended the first before its message in 7 of 25
/// launches.)
pub const SILENCE: Duration = Duration::from_secs(3);

/// How to recognise a launcher in a process's environment: its name, and its variables for size and
/// rank.
struct Marks {
    name: &'static str,
    size: &'static str,
    rank: &'static str,
}

/// In this order: an inner launcher (`mpirun`) comes before the outer one that may have started its
/// daemon.
const LAUNCHERS: [Marks; 7] = [
    Marks { name: "Open MPI mpirun", size: "OMPI_COMM_WORLD_SIZE", rank: "OMPI_COMM_WORLD_RANK" },
    Marks { name: "MVAPICH2 mpirun_rsh", size: "MV2_COMM_WORLD_SIZE", rank: "MV2_COMM_WORLD_RANK" },
    Marks { name: "PALS mpiexec", size: "PALS_SIZE", rank: "PALS_RANKID" },
    Marks { name: "jsrun", size: "JSM_NAMESPACE_SIZE", rank: "JSM_NAMESPACE_RANK" },
    Marks { name: "flux run", size: "FLUX_JOB_SIZE", rank: "FLUX_TASK_RANK" },
    // Hydra sets PMI_SIZE, and so does srun --mpi=pmi2; so this entry precedes srun.
    Marks { name: "MPICH mpiexec", size: "PMI_SIZE", rank: "PMI_RANK" },
    Marks { name: "srun", size: "SLURM_STEP_NUM_TASKS", rank: "SLURM_PROCID" },
];

/// Schedulers, and the variable that holds the job's id.
const SCHEDULERS: [(&str, &str); 5] = [
    ("Slurm", "SLURM_JOB_ID"),
    ("PBS", "PBS_JOBID"),
    ("LSF", "LSB_JOBID"),
    ("Grid Engine", "JOB_ID"),
    ("Flux", "FLUX_JOB_ID"),
];

/// Prefixes of variables that only launchers and MPI libraries set. Any of them makes the program
/// call `MPI_Init`, also under launchers that the table above does not know. Without any of them a
/// process is alone and needs no MPI.
const HINTS: [&str; 14] = [
    "OMPI_",
    "PMIX_",
    "PMI_",
    "PMI2_",
    "PALS_",
    "MPICH_",
    "HYDI_",
    "HYDRA_",
    "MPI_LOCAL",
    "I_MPI_",
    "MV2_",
    "FLUX_JOB",
    "JSM_",
    "ALPS_",
];

/// Prefixes among them that users or modules set for later launches. `MPI_Init` in a process that
/// is alone would be useless then, and that of Open MPI 5 leaves a file in `/dev/shm` and a folder
/// in `/tmp`.
const SETTINGS: [&str; 3] = ["OMPI_MCA_", "OMPI_ALLOW_RUN_AS_ROOT", "PMIX_MCA_"];

/// How this process was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The launcher's name, if known.
    pub launcher: Option<&'static str>,
    /// The number of processes that the launcher promised.
    pub promised: Option<u64>,
    /// Whether this is the launcher's first process (also when the world believes otherwise).
    pub is_first: bool,
    /// The scheduler and the id of its job.
    pub scheduler: Option<(&'static str, String)>,
    /// Whether the environment hints at a launcher or an MPI library.
    hinted: bool,
    /// Whether `srun --mpi=none` started this process: an MPI library then cannot find the other
    /// processes.
    stranded: bool,
}

impl Launch {
    /// Reads the environment.
    pub fn detect() -> Launch {
        Launch::from_variables(
            &|name| env::var(name).ok(),
            env::vars_os().filter_map(|(name, _)| name.into_string().ok()),
        )
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<String>, names: impl Iterator<Item = String>) -> Launch {
        let found = LAUNCHERS.iter().find_map(|marks| Some((marks, variable(marks.size)?.parse::<u64>().ok()?)));
        let scheduler = SCHEDULERS.iter().find_map(|&(name, id)| Some((name, variable(id)?)));
        let (launcher, promised, is_first) = match found {
            Some((marks, size)) => (Some(marks.name), Some(size), variable(marks.rank).is_none_or(|rank| rank == "0")),
            None => (None, None, true),
        };
        let names: Vec<String> = names.collect();
        let begins = |name: &String, with: &[&str]| with.iter().any(|beginning| name.starts_with(beginning));
        let hinted = names.iter().any(|name| begins(name, &HINTS) && !begins(name, &SETTINGS));
        let stranded = launcher == Some("srun") && !names.iter().any(|name| name.starts_with("PMI"));
        Launch { launcher, promised, is_first, scheduler, hinted, stranded }
    }

    /// Whether a launcher (or similar) started this process, and MPI can find the others. If it
    /// cannot, `MPI_Init` of Open MPI would end the process with a page of text (exit code 1)
    /// before [`Launch::check`] can give advice.
    pub fn is_launched(&self) -> bool {
        (self.launcher.is_some() || self.hinted) && !self.stranded
    }

    /// Whether nothing hints at a launcher: the process is the whole program.
    pub fn is_alone(&self) -> bool {
        self.launcher.is_none() && !self.hinted
    }

    /// Whether `library`, as [`Cluster::library`](super::Cluster::library) names it, can talk to
    /// the launcher. An MPICH built without PMIx (`speaks_pmix`) cannot talk to Open MPI's
    /// `mpirun`. MPICH 4 then gives each process a world of one rank, which [`Launch::check`]
    /// detects; MPICH 5 ends the process inside `MPI_Init`.
    #[cfg_attr(not(feature = "mpi"), allow(dead_code))]
    pub fn is_understood_by(&self, library: &str, speaks_pmix: bool) -> bool {
        self.launcher != Some("Open MPI mpirun") || !library.starts_with("MPICH") || speaks_pmix
    }

    /// Whether a launcher forwards the output, so that a terminal on stdout is not the user's.
    pub fn is_forwarded(&self) -> bool {
        self.launcher.is_some()
    }

    /// Compares the promised number of ranks with the world's.
    ///
    /// # Errors
    /// When more than one process was promised and this world has one: [`Error::Launch`] on the
    /// launcher's first process, [`Error::Reported`] on the others.
    pub fn check(&self, size: u64, library: Option<&str>) -> Result<()> {
        let (Some(launcher), Some(promised)) = (self.launcher, self.promised) else { return Ok(()) };
        if size > 1 || promised <= 1 {
            return Ok(());
        }
        let mut text = format!("{launcher} started {promised} processes, but each of them is alone");
        match library {
            Some(library) => {
                text += &format!(" (this program is built for {library}).\n");
                text += if launcher == "srun" {
                    "Start it with 'srun --mpi=pmix' ('srun --mpi=list' shows what Slurm has), or with mpirun"
                } else {
                    "Start it with the mpirun of that library, or build it again with MPICC set to this launcher's mpicc"
                };
            }
            None => text += ": this program was built without MPI.\nBuild it with the feature 'mpi', or start it once",
        }
        Err(if self.is_first { Error::Launch(text) } else { Error::Reported { code: Error::LAUNCH } })
    }

    /// Asks the kernel to end this process when its launcher's daemon dies. Otherwise ranks of a
    /// killed `mpirun` (Open MPI 5) keep computing for seconds, in vain.
    pub fn die_with_launcher(&self) {
        if self.launcher.is_some() {
            use rustix::process::{Signal, set_parent_process_death_signal};
            // If this fails, the job still ends, later.
            let _ = set_parent_process_death_signal(Some(Signal::KILL));
        }
    }
}

/// Whether Open MPI's hierarchical collectives (`coll/han`) are switched off. `coll` selects the
/// collectives, as in `^han` or `basic,libnbc`.
#[cfg_attr(not(feature = "mpi"), allow(dead_code))]
pub fn is_han_off(coll: Option<&str>) -> bool {
    let Some(coll) = coll else { return false };
    let (is_without, names) = coll.strip_prefix('^').map_or((false, coll), |names| (true, names));
    names.split(',').any(|name| name.trim() == "han") == is_without
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn han_is_off_when_it_is_left_out() {
        for (coll, is_off) in
            [("^han", true), ("^hcoll,han", true), ("^hcoll", false), ("han,basic", false), ("basic,libnbc", true)]
        {
            assert_eq!(is_han_off(Some(coll)), is_off, "{coll}");
        }
        assert!(!is_han_off(None));
    }

    fn launch(variables: &[(&str, &str)]) -> Launch {
        let variables: Vec<(String, String)> = variables.iter().map(|&(k, v)| (k.into(), v.into())).collect();
        let get = |name: &str| variables.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
        Launch::from_variables(&get, variables.iter().map(|(k, _)| k.clone()))
    }

    #[test]
    fn a_laptop_without_a_launcher_is_alone_and_right() {
        let launch = launch(&[("HOME", "/home/someone")]);
        assert!(!launch.is_launched());
        assert!(launch.check(1, None).is_ok());
    }

    #[test]
    fn singletons_are_refused_once() {
        let first = launch(&[("PMI_SIZE", "4"), ("PMI_RANK", "0")]);
        let second = launch(&[("PMI_SIZE", "4"), ("PMI_RANK", "1")]);
        assert!(matches!(first.check(1, Some("Open MPI")), Err(Error::Launch(text)) if text.contains("4 processes")));
        assert!(matches!(second.check(1, Some("Open MPI")), Err(Error::Reported { code: 78 })));
        assert!(first.check(4, Some("Open MPI")).is_ok());
    }

    #[test]
    fn srun_without_pmi_never_reaches_mpi() {
        let step = [("SLURM_STEP_NUM_TASKS", "3"), ("SLURM_PROCID", "0")];
        let bare = launch(&step);
        assert!(!bare.is_launched());
        assert!(
            matches!(bare.check(1, Some("Open MPI")), Err(Error::Launch(text)) if text.contains("srun --mpi=pmix"))
        );
        assert!(launch(&[step[0], step[1], ("PMIX_RANK", "0")]).is_launched());
        assert!(launch(&[step[0], step[1], ("PMI_FD", "7")]).is_launched());
    }

    #[test]
    fn mpich_and_the_launcher_of_open_mpi_meet_over_pmix_alone() {
        let ompi = launch(&[("OMPI_COMM_WORLD_SIZE", "2"), ("PMIX_RANK", "0")]);
        assert!(!ompi.is_understood_by("MPICH 5.0.2", false));
        assert!(ompi.is_understood_by("MPICH 5.0.2", true));
        assert!(ompi.is_understood_by("Open MPI 5.0.11", false));
        assert!(launch(&[("PMI_SIZE", "2"), ("PMI_RANK", "0")]).is_understood_by("MPICH 5.0.2", false));
    }

    #[test]
    fn one_promised_process_may_be_alone() {
        assert!(launch(&[("OMPI_COMM_WORLD_SIZE", "1")]).check(1, None).is_ok());
    }

    #[test]
    fn mpirun_inside_slurm_is_mpirun() {
        let launch = launch(&[
            ("SLURM_JOB_ID", "17"),
            ("SLURM_STEP_NUM_TASKS", "2"),
            ("SLURM_PROCID", "1"),
            ("OMPI_COMM_WORLD_SIZE", "8"),
            ("OMPI_COMM_WORLD_RANK", "0"),
        ]);
        assert_eq!((launch.launcher, launch.promised), (Some("Open MPI mpirun"), Some(8)));
        assert_eq!(launch.scheduler, Some(("Slurm", "17".into())));
        assert!(launch.is_first);
    }

    #[test]
    fn a_batch_script_without_a_step_is_alone() {
        let launch = launch(&[("SLURM_JOB_ID", "17"), ("SLURM_PROCID", "0"), ("SLURM_NTASKS", "8")]);
        assert!(!launch.is_launched());
        assert!(launch.check(1, None).is_ok());
    }

    #[test]
    fn settings_for_other_launches_are_no_launcher() {
        let mut variables =
            vec![("OMPI_MCA_mpi_yield_when_idle", "1"), ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("PMIX_MCA_gds", "hash")];
        assert!(!launch(&variables).is_launched());
        variables.push(("PMIX_RANK", "0"));
        assert!(launch(&variables).is_launched());
    }

    #[test]
    fn an_unknown_launcher_still_gets_mpi() {
        assert!(launch(&[("PMIX_RANK", "3")]).is_launched());
    }
}
