//! The result of `info`: how this job was launched, and what it has found.
//!
//! The only result that differs between launches, on purpose.

use std::io::{self, Write};

use crate::report::Answer;
use crate::report::field::WIDE;
use crate::report::record::record;
use serde::{Deserialize, Serialize};

record! {
    /// What there is to know about a launch.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct InfoResult {
        /// The version of this program.
        pub version: String,
        /// What started the ranks: `mpirun`, `srun`; null for one process on its own.
        pub launcher: Option<String>,
        /// The batch system, where there is one.
        pub scheduler: Option<Scheduler>,
        /// The MPI library and its version; null without one.
        pub mpi: Option<String>,
        /// The version of the MPI standard that it has: `3.1`.
        pub mpi_standard: Option<String>,
        /// Whether a job survives a rank that dies: MPI reports it (ULFM).
        pub ulfm: bool,
        /// Number of ranks.
        pub ranks: usize,
        /// Ranks with which a command computes when it is started in the same way: without a
        /// launcher, threads of one process.
        pub compute_ranks: u64,
        /// Every host once, in the order of their first ranks.
        pub hosts: Vec<Host> => .column("host"),
        /// Where every rank may run, in rank order.
        pub binding: Vec<RankPlace> => .without_column(),
        /// Problems found, a sentence each.
        pub hints: Vec<String>,
    }
}

record! {
    /// A batch system and the job in it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Scheduler {
        /// Its name: `Slurm`, `PBS`, `LSF`.
        pub name: String,
        /// The job's id there.
        pub job_id: Option<String>,
    }
}

record! {
    /// One host.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Host {
        /// Its name.
        pub name: String,
        /// Ranks on it.
        pub ranks: usize,
        /// Logical CPUs that it has.
        pub cpus: usize,
        /// The CPU's model name.
        pub cpu_model: String,
        /// The instruction set that the kernels use there.
        pub isa: String,
        /// The caches, and how much data the sieves work on at once.
        pub tuning: HostTuning,
        /// Memory that it has, in bytes; null if the system does not tell, like the next four.
        pub memory_bytes: Option<u64> as WIDE,
        /// NUMA domains.
        pub numa_domains: Option<u64>,
        /// The governor of the CPU's clock: `performance`, `powersave`.
        pub governor: Option<String>,
        /// Free bytes of `/dev/shm`, through which its ranks exchange messages.
        pub shared_memory_bytes: Option<u64> as WIDE,
        /// Memory still available to the job, in bytes; null if the system does not tell.
        pub memory_available_bytes: Option<u64> as WIDE,
        /// The limit that determines it.
        pub memory_bound: Option<String>,
        /// CPUs' worth of time that a control group grants; null without a quota.
        pub quota_cpus: Option<f64>,
        /// The largest stack of a process; null without a limit.
        pub stack_bytes: Option<u64> as WIDE,
    }
}

record! {
    /// The caches of a core, and the sizes that the sieves work with there: they change the speed,
    /// never an answer.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct HostTuning {
        /// Vendor, family and model of the CPU; null if unknown.
        pub cpu_family: Option<String>,
        /// Data cache of the first level that a core has for itself, in bytes; null if unknown.
        pub l1_bytes: Option<u64> as WIDE,
        /// Of the second level: shared caches are divided among their cores.
        pub l2_bytes: Option<u64> as WIDE,
        /// Of the third level; 0 without one.
        pub l3_bytes: Option<u64> as WIDE,
        /// Where the sizes come from: `measured` (the table of CPUs), `caches`, or `average` (this
        /// machine does not tell its caches).
        pub origin: String,
        /// Bytes of a line of the sieve below 2.5e13, at most.
        pub line_bytes: u32,
        /// Bytes of a line in which the smallest primes cross before larger ones do.
        pub stretch_bytes: u32,
        /// Above 2.5e13, primes up to here cross line by line.
        pub line_end: u32,
        /// Larger primes up to here make records piece by piece.
        pub middle_end: u32,
        /// Bytes of a segment of the hard leaves of pi(x).
        pub leaf_bytes: u32,
    }
}

record! {
    /// Where one rank may run.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RankPlace {
        /// The rank.
        pub rank: usize,
        /// Index into the hosts.
        pub host: usize,
        /// The logical CPUs that it may use, ascending; empty where the system does not say.
        pub cpus: Vec<usize>,
    }
}

impl Answer for InfoResult {
    fn value(&self) -> String {
        self.ranks.to_string()
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_lines(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    fn host(name: &str, ranks: usize) -> Host {
        let (name, cpu_model, isa) = (name.to_owned(), "Model, 2 GHz".to_owned(), "avx2".to_owned());
        let tuning = HostTuning {
            cpu_family: Some("GenuineIntel 6 143".to_owned()),
            l1_bytes: Some(48 << 10),
            l2_bytes: Some(2 << 20),
            l3_bytes: Some(260 << 20),
            origin: "caches".to_owned(),
            line_bytes: 640 << 10,
            stretch_bytes: 24 << 10,
            line_end: 2_500_000,
            middle_end: 50_000_000,
            leaf_bytes: 384 << 10,
        };
        Host { name, ranks, cpus: 8, cpu_model, isa, tuning, stack_bytes: Some(8 << 20), ..Host::default() }
    }

    fn cluster() -> InfoResult {
        let place = |rank, host, cpus: &[usize]| RankPlace { rank, host, cpus: cpus.to_vec() };
        let bounded = Host {
            memory_bytes: Some(258 << 20),
            numa_domains: Some(2),
            governor: Some("performance".to_owned()),
            shared_memory_bytes: Some(64 << 20),
            memory_available_bytes: Some(250 << 20),
            memory_bound: Some("the memory limit of control group /job (300 MiB)".to_owned()),
            quota_cpus: Some(1.5),
            stack_bytes: None,
            tuning: HostTuning {
                l1_bytes: None,
                l2_bytes: None,
                l3_bytes: None,
                origin: "average".to_owned(),
                ..host("", 2).tuning
            },
            ..host("nid001", 2)
        };
        InfoResult {
            version: "0.1.0".to_owned(),
            ulfm: true,
            compute_ranks: 3,
            launcher: Some("srun".to_owned()),
            scheduler: Some(Scheduler { name: "Slurm".to_owned(), job_id: Some("4711".to_owned()) }),
            mpi: Some("Open MPI 5.0.11".to_owned()),
            mpi_standard: Some("3.1".to_owned()),
            ranks: 3,
            hosts: vec![bounded, host("nid002", 1)],
            binding: vec![place(0, 0, &[0, 1, 2, 3, 6]), place(1, 0, &[0, 1, 2, 3, 6]), place(2, 1, &[])],
            hints: vec!["2 ranks share 5 CPUs.".to_owned()],
        }
    }

    #[test]
    fn the_text_of_a_cluster_and_of_a_laptop() {
        insta::assert_snapshot!(written(cluster(), Format::Text), @"
        montesieve  0.1.0
        launcher    srun
        scheduler   Slurm, job 4711
        MPI         Open MPI 5.0.11 (standard 3.1)
        ULFM        jobs survive ranks that die
        ranks       3 ranks on 2 hosts

        host    ranks  CPUs  kernels  model
        nid001      2     8  avx2     Model, 2 GHz
        nid002      1     8  avx2     Model, 2 GHz

        host     memory  memory left  shared memory     stack  CPU quota  NUMA domains  governor     memory is bound by
        nid001  258 MiB      250 MiB         64 MiB  no limit       1.50             2  performance  the memory limit of control group /job (300 MiB)
        nid002  unknown      unknown        unknown     8 MiB       none       unknown  unknown

        sizes of the sieves (docs/primes.md, Sizes by machine):
        host         L1       L2       L3  line  stretch  leaves   line end  middle end  from
        nid001  unknown  unknown  unknown  640K      24K    384K  2,500,000  50,000,000  average
        nid002      48K       2M     260M  640K      24K    384K  2,500,000  50,000,000  caches

        ranks  host    bound to CPUs
        0-1    nid001  0-3,6
        2      nid002  unknown

        hint: 2 ranks share 5 CPUs.
        ");
        let laptop = InfoResult {
            version: "0.1.0".to_owned(),
            ranks: 1,
            compute_ranks: 8,
            hosts: vec![host("laptop", 1)],
            ..InfoResult::default()
        };
        insta::assert_snapshot!(written(laptop, Format::Text), @"
        montesieve  0.1.0
        launcher    none (one process)
        MPI         none
        ranks       1 rank on 1 host
        computing   8 ranks, threads of one process

        host    ranks  CPUs  kernels  model
        laptop      1     8  avx2     Model, 2 GHz

        host     memory  memory left  shared memory  stack  CPU quota  NUMA domains  governor  memory is bound by
        laptop  unknown      unknown        unknown  8 MiB       none       unknown  unknown

        sizes of the sieves (docs/primes.md, Sizes by machine):
        host     L1  L2    L3  line  stretch  leaves   line end  middle end  from
        laptop  48K  2M  260M  640K      24K    384K  2,500,000  50,000,000  caches
        ");
    }

    #[test]
    fn json_and_csv() {
        let json = json(cluster());
        assert_eq!(json["scheduler"]["job_id"], "4711");
        assert_eq!(json["hosts"][1]["name"], "nid002");
        assert_eq!(json["binding"][0]["cpus"][4], 6);
        insta::assert_snapshot!(written(cluster(), Format::Csv), @r#"
        version,launcher,scheduler_name,scheduler_job_id,mpi,mpi_standard,ulfm,ranks,compute_ranks,host_name,host_ranks,host_cpus,host_cpu_model,host_isa,host_tuning_cpu_family,host_tuning_l1_bytes,host_tuning_l2_bytes,host_tuning_l3_bytes,host_tuning_origin,host_tuning_line_bytes,host_tuning_stretch_bytes,host_tuning_line_end,host_tuning_middle_end,host_tuning_leaf_bytes,host_memory_bytes,host_numa_domains,host_governor,host_shared_memory_bytes,host_memory_available_bytes,host_memory_bound,host_quota_cpus,host_stack_bytes,hints
        0.1.0,srun,Slurm,4711,Open MPI 5.0.11,3.1,true,3,3,nid001,2,8,"Model, 2 GHz",avx2,GenuineIntel 6 143,,,,average,655360,24576,2500000,50000000,393216,270532608,2,performance,67108864,262144000,the memory limit of control group /job (300 MiB),1.5,,2 ranks share 5 CPUs.
        0.1.0,srun,Slurm,4711,Open MPI 5.0.11,3.1,true,3,3,nid002,1,8,"Model, 2 GHz",avx2,GenuineIntel 6 143,49152,2097152,272629760,caches,655360,24576,2500000,50000000,393216,,,,,,,,8388608,2 ranks share 5 CPUs.
        "#);
    }
}
