//! `info`: how this job was launched and what it found, with hints about problems.

mod answer;
pub mod args;
mod host_facts;
mod lines;

use self::answer::{Host, HostTuning, InfoResult, RankPlace, Scheduler};
pub use self::args::Info;
use self::host_facts::HostFacts;
use super::command::Command;
use super::finish::distinct;
use super::output::Output;
use super::ranks;
use crate::cli::{self, CommandLine};
use crate::cluster::Cluster;
use crate::cluster::launch::Launch;
use crate::cluster::place::Place;
use crate::error::{Error, Result};
use crate::fault::{self, Stage};
use crate::machine::{self, Machine};
use crate::report::schema::Documentation;
use crate::report::{Report, hostlist, text};
use serde::{Deserialize, Serialize};

/// What a rank's kernels work with, and its host.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kernels {
    isa: String,
    tuning: HostTuning,
    facts: HostFacts,
}

impl Kernels {
    fn of(found: &Machine) -> Kernels {
        let Machine { caches, tuning, origin } = found;
        let tuning = HostTuning {
            cpu_family: machine::family(),
            l1_bytes: caches.map(|caches| caches.l1),
            l2_bytes: caches.map(|caches| caches.l2),
            l3_bytes: caches.map(|caches| caches.l3),
            origin: origin.to_string(),
            line_bytes: tuning.line_bytes,
            stretch_bytes: tuning.stretch_bytes,
            line_end: tuning.line_end,
            middle_end: tuning.middle_end,
            leaf_bytes: tuning.leaf_bytes,
        };
        Kernels { isa: found.tuning.isa.to_string(), tuning, facts: HostFacts::here() }
    }
}

impl Command for Info {
    fn documentation() -> Documentation {
        Documentation::of::<InfoResult>("the launch")
    }

    fn launch(&self) -> Option<&cli::LaunchOptions> {
        Some(&self.launch)
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        run(cluster, words, self)
    }
}

fn run(cluster: &Cluster, words: &CommandLine, options: &Info) -> Result<u8> {
    let machine = cluster.agree(Machine::choose(words).map_err(Error::Usage))?;
    fault::at(Stage::Start, cluster.original_rank())?;
    let places = Place::gather(cluster)?;
    let kernels = cluster.gather_records(&Kernels::of(&machine))?;
    let output = Output::of(&options.destination, cluster)?;
    let written = output.zip(places.zip(kernels)).map(|(output, (places, kernels))| {
        let result = describe(cluster, &places, &kernels);
        let report = Report::without_run("info", result);
        output.report(&report, options.destination.format)
    });
    cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
}

fn describe(cluster: &Cluster, places: &[Place], kernels: &[Kernels]) -> InfoResult {
    let launch = cluster.launch();
    let (names, host_of_rank) = distinct(places.iter().map(|place| place.host.as_str()));
    let hosts = names.into_iter().enumerate().map(|(index, name)| host(name, index, &host_of_rank, places, kernels));
    let binding = places.iter().zip(&host_of_rank).enumerate();
    InfoResult {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        launcher: launch.launcher.map(str::to_owned),
        scheduler: launch.scheduler.clone().map(|(name, id)| Scheduler { name: name.into(), job_id: Some(id) }),
        mpi: cluster.library(),
        mpi_standard: cluster.standard(),
        ulfm: cluster.has_ulfm(),
        ranks: places.len(),
        compute_ranks: ranks::automatic(cluster),
        hosts: hosts.collect(),
        binding: binding.map(|(rank, (place, &host))| RankPlace { rank, host, cpus: place.allowed.clone() }).collect(),
        hints: hints(launch, places, &host_of_rank, kernels),
    }
}

fn host(name: String, index: usize, host_of_rank: &[usize], places: &[Place], kernels: &[Kernels]) -> Host {
    let first = host_of_rank.iter().position(|&host| host == index).unwrap_or_default();
    let here = || places.iter().zip(host_of_rank).filter(|&(_, &host)| host == index).map(|(place, _)| place);
    let memory = here().filter_map(|place| place.memory.as_ref()).min_by_key(|bound| bound.left);
    let facts = &kernels[first].facts;
    let quota = here().filter_map(|place| place.quota_percent).min();
    Host {
        name,
        ranks: host_of_rank.iter().filter(|&&host| host == index).count(),
        cpus: places[first].cpus,
        cpu_model: places[first].cpu_model.clone(),
        isa: kernels[first].isa.clone(),
        tuning: kernels[first].tuning.clone(),
        memory_bytes: facts.memory_bytes,
        numa_domains: facts.numa_domains,
        governor: facts.governor.clone(),
        shared_memory_bytes: facts.shared_memory_bytes,
        memory_available_bytes: memory.map(|bound| bound.left),
        memory_bound: memory.map(|bound| bound.cause.clone()),
        quota_cpus: quota.map(|percent| percent as f64 / 100.0),
        stack_bytes: places[first].stack,
    }
}

/// Hints about problems, each with a remedy.
fn hints(launch: &Launch, places: &[Place], host_of_rank: &[usize], kernels: &[Kernels]) -> Vec<String> {
    let mut hints = Vec::new();
    if let (None, Some((scheduler, _))) = (launch.launcher, &launch.scheduler) {
        hints.push(format!(
            "this is one process inside a {scheduler} job: start it with srun or mpirun to use the job's ranks"
        ));
    }
    let mut crowded = Vec::new();
    let hosts = host_of_rank.iter().max().map_or(0, |last| last + 1);
    for host in 0..hosts {
        let here: Vec<&Place> = places.iter().zip(host_of_rank).filter(|&(_, &h)| h == host).map(|(p, _)| p).collect();
        crowded.extend(host_hint(&here).map(|hint| (here[0].host.clone(), hint)));
    }
    hints.extend(hostlist::folded(&crowded));
    let differs = |what: &dyn Fn(usize) -> String| (1..places.len()).any(|rank| what(rank) != what(0));
    if differs(&|rank| places[rank].cpu_model.clone()) {
        hints.push(
            "the hosts have different CPU models: use --schedule dynamic or guided, block waits for the slowest".into(),
        );
    } else if differs(&|rank| kernels[rank].isa.clone()) {
        hints.push("the hosts run different instruction sets: results are the same, speed is not".into());
    }
    hints
}

/// The problem of one host, if any, without its name: too many ranks for the CPUs that they may use, or for the
/// quota.
pub(super) fn host_hint(places: &[&Place]) -> Option<String> {
    let first = places.first()?;
    let mut cpus: Vec<usize> = places.iter().flat_map(|place| &place.allowed).copied().collect();
    cpus.sort_unstable();
    cpus.dedup();
    let ranks = places.len();
    if !cpus.is_empty() && ranks > cpus.len() {
        let remedy = if cpus.len() < first.cpus {
            "give each rank a CPU, or check the binding (mpirun --bind-to none)"
        } else {
            "start one rank a CPU"
        };
        let cpus = text::count(cpus.len() as u64, "CPU");
        return Some(format!("{ranks} ranks share {cpus}, so measured times are unreliable; {remedy}"));
    }
    let mut quotas: Vec<(&str, u64)> =
        places.iter().filter_map(|place| Some((place.quota_group.as_str(), place.quota_percent?))).collect();
    let ranks = quotas.len();
    quotas.sort_unstable();
    quotas.dedup();
    let quota: u64 = quotas.iter().map(|(_, percent)| percent).sum();
    (quota < 100 * ranks as u64)
        .then(|| format!("the control group grants {:.2} CPUs to {ranks} ranks", quota as f64 / 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(host: &str, allowed: &[usize]) -> Place {
        Place { host: host.into(), cpus: 4, cpu_model: "a CPU".into(), allowed: allowed.to_vec(), ..Place::default() }
    }

    fn avx2() -> Kernels {
        Kernels { isa: "avx2".into(), ..Kernels::default() }
    }

    #[test]
    fn ranks_bound_to_one_cpu_are_pointed_out() {
        let places = [place("n1", &[0]), place("n1", &[0]), place("n2", &[0, 1])];
        let hints = hints(&Launch::default(), &places, &[0, 0, 1], &[avx2(), avx2(), avx2()]);
        assert_eq!(hints.len(), 1);
        assert!(hints[0].starts_with("n1: 2 ranks share 1 CPU, "), "{}", hints[0]);
    }

    #[test]
    fn a_healthy_job_has_no_hints() {
        let places = [place("n1", &[0]), place("n1", &[1])];
        assert!(hints(&Launch::default(), &places, &[0, 0], &[avx2(), avx2()]).is_empty());
    }

    #[test]
    fn a_small_quota_is_pointed_out() {
        let small = Place { quota_percent: Some(150), ..place("n1", &[0, 1, 2]) };
        let hint = host_hint(&[&small, &small]).expect("1.5 CPUs for 2 ranks");
        assert!(hint.contains("1.50 CPUs to 2 ranks"), "{hint}");
        let other = Place { quota_group: "/task_1".into(), ..small.clone() };
        assert_eq!(host_hint(&[&small, &other]), None, "1.5 CPUs for each of 2 ranks");
    }
}
