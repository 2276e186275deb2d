//! What `info` has found, as tables. Beside it, `answer.rs` says what there is to tell.

use std::io::{self, Write};

use super::answer::{Host, InfoResult, Scheduler};
use crate::report::rounded::{integer, size};
use crate::report::text;
use montesieve_kernel::caches::Size;

/// Ascending numbers as ranges: `0-3,8`.
fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let names: Vec<String> = runs
        .map(|run| match run {
            [first, .., last] => format!("{first}-{last}"),
            [only] => only.to_string(),
            [] => String::new(),
        })
        .collect();
    names.join(",")
}

impl InfoResult {
    fn launch_lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![
            ("montesieve", self.version.clone()),
            ("launcher", self.launcher.clone().unwrap_or_else(|| "none (one process)".to_owned())),
        ];
        if let Some(Scheduler { name, job_id }) = &self.scheduler {
            let job = job_id.as_ref().map(|id| format!(", job {id}")).unwrap_or_default();
            lines.push(("scheduler", format!("{name}{job}")));
        }
        let standard = self.mpi_standard.as_ref().map(|v| format!(" (standard {v})")).unwrap_or_default();
        lines.push(("MPI", self.mpi.as_ref().map_or("none".to_owned(), |mpi| format!("{mpi}{standard}"))));
        if self.ulfm {
            lines.push(("ULFM", "jobs survive ranks that die".to_owned()));
        }
        let (ranks, hosts) = (text::count(self.ranks as u64, "rank"), text::count(self.hosts.len() as u64, "host"));
        lines.push(("ranks", format!("{ranks} on {hosts}")));
        if self.compute_ranks != self.ranks as u64 {
            lines.push(("computing", format!("{}, threads of one process", text::count(self.compute_ranks, "rank"))));
        }
        lines
    }

    fn write_hosts(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = vec![["host", "ranks", "CPUs", "kernels", "model"].map(str::to_owned).to_vec()];
        for host in &self.hosts {
            let (ranks, cpus) = (host.ranks.to_string(), host.cpus.to_string());
            rows.push(vec![host.name.clone(), ranks, cpus, host.isa.clone(), host.cpu_model.clone()]);
        }
        text::table(&rows, &[0, 3, 4], out)
    }

    /// What the sieves work with on each host.
    fn write_tuning(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "sizes of the sieves (docs/primes.md, Sizes by machine):")?;
        let head = ["host", "L1", "L2", "L3", "line", "stretch", "leaves", "line end", "middle end", "from"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        let known = |bytes: Option<u64>| match bytes {
            None => "unknown".to_owned(),
            Some(0) => "none".to_owned(),
            Some(bytes) => Size(bytes).to_string(),
        };
        for Host { name, tuning, .. } in &self.hosts {
            let caches = [tuning.l1_bytes, tuning.l2_bytes, tuning.l3_bytes].map(known);
            let sizes = [tuning.line_bytes, tuning.stretch_bytes, tuning.leaf_bytes]
                .map(|bytes| Size(bytes.into()).to_string());
            let ends = [tuning.line_end, tuning.middle_end].map(integer);
            let cells =
                [name.clone()].into_iter().chain(caches).chain(sizes).chain(ends).chain([tuning.origin.clone()]);
            rows.push(cells.collect());
        }
        text::table(&rows, &[0, 9], out)
    }

    /// What the job may take on each host.
    fn write_limits(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = vec![
            [
                "host",
                "memory",
                "memory left",
                "shared memory",
                "stack",
                "CPU quota",
                "NUMA domains",
                "governor",
                "memory is bound by",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        for host in &self.hosts {
            let memory = host.memory_available_bytes.map_or("unknown".to_owned(), size);
            let quota = host.quota_cpus.map_or("none".to_owned(), |cpus| format!("{cpus:.2}"));
            let stack = host.stack_bytes.map_or("no limit".to_owned(), size);
            let all = host.memory_bytes.map_or("unknown".to_owned(), size);
            let shared = host.shared_memory_bytes.map_or("unknown".to_owned(), size);
            let governor = host.governor.clone().unwrap_or_else(|| "unknown".to_owned());
            let domains = host.numa_domains.map_or("unknown".to_owned(), |domains| domains.to_string());
            let bound = host.memory_bound.clone().unwrap_or_default();
            rows.push(vec![host.name.clone(), all, memory, shared, stack, quota, domains, governor, bound]);
        }
        text::table(&rows, &[0, 7, 8], out)
    }

    /// Ranks that share a binding share a line: `ranks 0-63` is easier to read than 64 lines.
    fn write_binding(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = vec![["ranks", "host", "bound to CPUs"].map(str::to_owned).to_vec()];
        for group in self.binding.chunk_by(|a, b| a.host == b.host && a.cpus == b.cpus) {
            let ranks: Vec<usize> = group.iter().map(|place| place.rank).collect();
            let host = self.hosts.get(group[0].host).map(|host| host.name.clone()).unwrap_or_default();
            let cpus = if group[0].cpus.is_empty() { "unknown".to_owned() } else { ranges(&group[0].cpus) };
            rows.push(vec![ranges(&ranks), host, cpus]);
        }
        text::table(&rows, &[0, 1, 2], out)
    }

    pub(super) fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        text::aligned(&self.launch_lines(), out)?;
        writeln!(out)?;
        self.write_hosts(out)?;
        writeln!(out)?;
        self.write_limits(out)?;
        writeln!(out)?;
        self.write_tuning(out)?;
        if !self.binding.is_empty() {
            writeln!(out)?;
            self.write_binding(out)?;
        }
        if !self.hints.is_empty() {
            writeln!(out)?;
        }
        self.hints.iter().try_for_each(|hint| writeln!(out, "hint: {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_as_ranges() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[5]), "5");
        assert_eq!(ranges(&[0, 1]), "0-1");
        assert_eq!(ranges(&[0, 1, 2, 3, 8, 10, 11]), "0-3,8,10-11");
    }
}
