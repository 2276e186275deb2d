//! The report of `burnin` in lines: a table of hosts, what is wrong in a sentence each, and the
//! verdict last, where logs end.

use std::io::{self, Write};

use super::{BurninReport, HostLine, HostVerdict, MessageKind, Verdict, WrongBlock, WrongMessage};
use crate::commands::burnin::diagnosis::cause::Cause;
use crate::commands::burnin::diagnosis::speed::median;
use crate::report::text;

/// The most hosts in the text table; beyond that only those with findings are shown.
const MOST_HOSTS: usize = 40;

impl BurninReport {
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_hosts(out)?;
        for block in &self.result.wrong_blocks {
            writeln!(out, "wrong: {}", sentence_of_block(block))?;
        }
        for message in &self.result.wrong_messages {
            writeln!(out, "wrong: {}", sentence_of_message(message))?;
        }
        self.links_line().iter().try_for_each(|line| writeln!(out, "{line}"))?;
        self.run.hints.iter().try_for_each(|hint| writeln!(out, "hint: {hint}"))?;
        writeln!(out, "{}", self.last_line())
    }

    fn write_hosts(&self, out: &mut dyn Write) -> io::Result<()> {
        let hosts = &self.run.hosts;
        let all = hosts.len() <= MOST_HOSTS;
        let header = ["HOST", "ranks", "blocks", "wrong", "Mnumbers/s", "vs median", "verdict"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        rows.extend(hosts.iter().filter(|host| all || host.verdict != HostVerdict::Ok).map(row));
        text::table(&rows, &[0, 6], out)?;
        match hosts.len() + 1 - rows.len() {
            0 => Ok(()),
            more => writeln!(out, "and {} more: ok", text::count(more as u64, "host")),
        }
    }

    /// Typical and worst link, if any.
    fn links_line(&self) -> Option<String> {
        let run = &self.run;
        let name = |host: usize| run.hosts[host].name.as_str();
        let latency = median(run.links.iter().map(|link| link.latency_us))?;
        let bandwidth = median(run.links.iter().map(|link| link.bandwidth_gbs))?;
        let mut line = format!("links: {latency:.1} us, {bandwidth:.2} GB/s");
        if run.links.len() > 1 {
            let late = run.links.iter().max_by(|a, b| a.latency_us.total_cmp(&b.latency_us))?;
            let thin = run.links.iter().min_by(|a, b| a.bandwidth_gbs.total_cmp(&b.bandwidth_gbs))?;
            line += &format!(
                " (medians of {} of {} pairs of hosts); worst {:.1} us {}-{}, {:.2} GB/s {}-{}",
                run.links.len(),
                run.pairs,
                late.latency_us,
                name(late.from),
                name(late.to),
                thin.bandwidth_gbs,
                name(thin.from),
                name(thin.to)
            );
        }
        Some(line)
    }

    fn last_line(&self) -> String {
        let (result, run) = (&self.result, &self.run);
        if result.verdict == Verdict::Ok {
            let blocks: u64 = run.hosts.iter().map(|host| host.blocks).sum();
            let (ranks, hosts) = (text::count(run.ranks as u64, "rank"), text::count(run.hosts.len() as u64, "host"));
            let (blocks, messages) = (text::count(blocks, "block"), text::count(run.messages, "message"));
            let judged = run.against_median.iter().any(Option::is_some);
            let speed = if judged { ", no host slow" } else { "; speed was not judged" };
            return format!(
                "OK  {ranks} on {hosts}, {blocks} and {messages} in {:.1} s: nothing wrong{speed}",
                run.seconds
            );
        }
        let wrong = result.wrong_messages.len() as u64 + run.hosts.iter().map(|host| host.wrong).sum::<u64>();
        let found = format!("FAIL  {wrong} wrong, {} slow", result.slow.len());
        match result.exclude.as_str() {
            "" => format!("{found}; no host to leave out: the software is at fault"),
            list => format!("{found}  ->  sbatch --exclude={list}"),
        }
    }
}

fn row(host: &HostLine) -> Vec<String> {
    let against = host.against_median.map_or_else(|| "-".to_owned(), |speed| format!("{:+.1} %", 100.0 * speed));
    vec![
        host.name.clone(),
        host.ranks.to_string(),
        host.blocks.to_string(),
        host.wrong.to_string(),
        format!("{:.1}", host.mnumbers_per_second),
        against,
        format!("{:<5}  {}", word(host.verdict), host.note),
    ]
}

/// In capitals for findings.
fn word(verdict: HostVerdict) -> &'static str {
    match verdict {
        HostVerdict::Ok => "ok",
        HostVerdict::Slow => "SLOW",
        HostVerdict::Wrong => "WRONG",
    }
}

/// Everything about a wrong answer.
pub(super) fn sentence_of_block(wrong: &WrongBlock) -> String {
    let WrongBlock { rank, host, cpu, cpu_model, block, work, round, expected, got, again, elsewhere, cause } = wrong;
    let outcome = |got: u64| if got == *expected { "right".to_owned() } else { got.to_string() };
    let again = again.iter().map(|&got| outcome(got)).collect::<Vec<_>>().join(", ");
    let elsewhere = match elsewhere {
        Some(other) if other.host == *host => {
            format!("rank {} of the same host (there is no other with this CPU): {}", other.rank, outcome(other.got))
        }
        Some(other) => format!("rank {} on {}: {}", other.rank, other.host, outcome(other.got)),
        None => "there is no other rank with this CPU to compare with".to_owned(),
    };
    format!(
        "rank {rank} on {host}, CPU {cpu} ({cpu_model}), round {round}, block {block} ({work}): expected {expected}, got {got}; \
         again there: {again}; {elsewhere} -> {cause}"
    )
}

/// Everything about a wrong message.
pub(super) fn sentence_of_message(wrong: &WrongMessage) -> String {
    let WrongMessage { kind, message, from_host, to_host, flaw, wrong_again, sent_again, cause } = wrong;
    let kind = match kind {
        MessageKind::Ring => "message",
        MessageKind::AllToAll => "all-to-all part",
    };
    let (from, to, round) = (message.from, message.to, message.round);
    let bytes = text::count(message.length as u64, "byte");
    let cause = match cause {
        Cause::Transient => "transient",
        _ => "repeatable",
    };
    format!(
        "{kind} of {bytes} from rank {from} on {from_host} to rank {to} on {to_host}, round {round}: byte {} expected {:#04x}, got {:#04x}, \
         {} wrong in all; sent again {sent_again} times, {wrong_again} wrong -> {cause}",
        flaw.offset,
        flaw.expected,
        flaw.got,
        text::count(flaw.bytes as u64, "byte"),
    )
}
