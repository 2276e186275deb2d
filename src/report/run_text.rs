//! The text form of the run: two lines, and a table of the ranks on request. Goes to standard
//! error.

use std::io::{self, Write};

use super::rounded::{integer, significant, size};
use super::run::Run;
use super::text::{count, measured, table};

/// Writes time, ranks, rate, and the settings that affect speed; with `per_rank` also a table of
/// the ranks.
///
/// # Errors
/// Errors of `out`.
pub fn write_run_text(run: &Run, per_rank: bool, out: &mut dyn Write) -> io::Result<()> {
    let ranks = count(run.ranks as u64, "rank");
    let hosts = count(run.hosts.len() as u64, "host");
    let rate = rate(run.work.amount, run.work.unit, run.seconds).filter(|_| run.extra.has_rate());
    let rate = rate.map(|rate| format!(": {rate}")).unwrap_or_default();
    writeln!(out, "{} on {ranks}, {hosts}{rate}", measured(run.seconds))?;
    let mpi = if run.mpi == "none" { "no MPI" } else { &run.mpi };
    let Run { schedule, chunk, imbalance, isa, .. } = run;
    match chunk {
        // Nothing was handed out.
        0 => writeln!(out, "{isa}, {mpi}")?,
        chunk => {
            let chunk = integer(chunk);
            writeln!(out, "schedule {schedule}, chunk {chunk}, imbalance {imbalance:.2}, {isa}, {mpi}")?;
        }
    }
    if !run.lost.is_empty() {
        let lost: Vec<String> = run.lost.iter().map(|lost| format!("rank {} on {}", lost.rank, lost.host)).collect();
        writeln!(out, "lost during the run: {}", lost.join(", "))?;
    }
    run.extra.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if per_rank { write_ranks(run, out) } else { Ok(()) }
}

/// `812 million samples/s`; nothing without time or work.
fn rate(amount: u64, unit: &str, seconds: f64) -> Option<String> {
    let rate = amount as f64 / seconds;
    if !rate.is_finite() || amount == 0 {
        return None;
    }
    // The limits are where rounding to three digits would give 1,000.
    let (scaled, name) = match rate {
        r if r < 999.5 => (r, ""),
        r if r < 999.5e3 => (r / 1e3, " thousand"),
        r if r < 999.5e6 => (r / 1e6, " million"),
        r if r < 999.5e9 => (r / 1e9, " billion"),
        r => (r / 1e12, " trillion"),
    };
    Some(format!("{}{name} {unit}/s", significant(scaled, 3)))
}

fn write_ranks(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = vec![["rank", "host", "blocks", "compute s", "idle s", "comm s"].map(str::to_owned).to_vec()];
    let seconds = |list: &[f64], rank: usize| list.get(rank).map_or_else(String::new, |s| format!("{s:.3}"));
    for rank in 0..run.ranks {
        let host = run.host_of_rank.get(rank).and_then(|&host| run.hosts.get(host));
        rows.push(vec![
            rank.to_string(),
            host.cloned().unwrap_or_default(),
            run.blocks.get(rank).map_or_else(String::new, u64::to_string),
            seconds(&run.compute_seconds, rank),
            seconds(&run.idle_seconds, rank),
            seconds(&run.comm_seconds, rank),
        ]);
    }
    table(&rows, &[1], out)?;
    let messages = run.messages.map(|messages| {
        let often =
            run.messages_per_second.map_or_else(String::new, |rate| format!(" ({} a second)", significant(rate, 3)));
        format!("{}{often}", count(messages, "message"))
    });
    // (Shared memory counts for each rank.)
    let memory = run.peak_memory_bytes.iter().max().filter(|&&bytes| bytes > 0);
    let memory = memory.map(|&bytes| format!("{} of memory at most for a rank", size(bytes)));
    let said: Vec<String> = messages.into_iter().chain(memory).collect();
    if said.is_empty() { Ok(()) } else { writeln!(out, "{}", said.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::Work;
    use super::super::run::tests::example;
    use super::super::run::{Extra, LostRank};
    use super::*;

    #[test]
    fn a_command_may_say_more() {
        let run = Run { extra: Extra::default().with_lines(["figure of merit 1.25e9".to_owned()]), ..example() };
        assert_eq!(written(&run, false).lines().nth(2), Some("figure of merit 1.25e9"));
    }

    #[test]
    fn who_was_lost_is_said() {
        let lost = [(0, "nid001"), (3, "nid002")].map(|(rank, host)| LostRank { rank, host: host.to_owned() });
        let run = Run { lost: lost.to_vec(), ..example() };
        let line = "lost during the run: rank 0 on nid001, rank 3 on nid002";
        assert_eq!(written(&run, false).lines().nth(2), Some(line));
    }

    fn written(run: &Run, per_rank: bool) -> String {
        let mut bytes = Vec::new();
        write_run_text(run, per_rank, &mut bytes).expect("a Vec takes every write");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn two_lines_and_a_table() {
        insta::assert_snapshot!(written(&example(), true), @"
        1.30 s on 3 ranks, 2 hosts: 769 million samples/s
        schedule dynamic, chunk 4, imbalance 1.25, avx512, Open MPI 4.1.4
        rank  host    blocks  compute s  idle s  comm s
           0  nid001     400      1.250   0.000   0.050
           1  nid001     330      1.000   0.200   0.000
           2  nid002     224      0.750   0.500   0.000
        26 messages (20.0 a second), 11.8 MiB of memory at most for a rank
        ");
    }

    #[test]
    fn one_process_that_took_no_time() {
        let alone = Run {
            ranks: 1,
            hosts: vec!["laptop".to_owned()],
            host_of_rank: vec![0],
            mpi: "none".to_owned(),
            work: Work { amount: 0, unit: "numbers" },
            seconds: 0.0,
            ..example()
        };
        insta::assert_snapshot!(written(&alone, false), @"
        0 ms on 1 rank, 1 host
        schedule dynamic, chunk 4, imbalance 1.25, avx512, no MPI
        ");
    }

    #[test]
    fn a_run_with_short_lists_does_not_panic() {
        let run = Run { ranks: 2, hosts: vec![], host_of_rank: vec![], compute_seconds: vec![], ..example() };
        assert_eq!(written(&run, true).lines().count(), 6);
        let run = Run { messages: None, peak_memory_bytes: vec![], ..run };
        assert_eq!(written(&run, true).lines().count(), 5, "nothing is said where nothing is known");
    }

    #[test]
    fn rates_have_names() {
        let rate = |amount, seconds| rate(amount, "samples", seconds);
        assert_eq!(rate(5, 0.0), None);
        assert_eq!(rate(0, 0.0), None);
        assert_eq!(rate(0, 1.0), None);
        assert_eq!(rate(1, 1.0).as_deref(), Some("1.00 samples/s"));
        assert_eq!(rate(999, 1.0).as_deref(), Some("999 samples/s"));
        assert_eq!(rate(999_990, 1.0).as_deref(), Some("1.00 million samples/s"));
        assert_eq!(rate(18_200_000_000, 1.0).as_deref(), Some("18.2 billion samples/s"));
        assert_eq!(rate(u64::MAX, 1.0).as_deref(), Some("18,400,000 trillion samples/s"));
    }
}
