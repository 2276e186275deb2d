//! The report of `burnin` in lines: the verdict, a table of hosts, what is wrong in a sentence
//! each. Beside it, `junit.rs` has the same for a CI system.

use std::io::{self, Write};

use super::{BurninReport, HostLine, HostVerdict, MessageKind, Verdict, WrongBlock, WrongMessage};
use crate::commands::burnin::diagnosis::cause::Cause;
use crate::commands::burnin::diagnosis::speed::median;
use crate::report::{hostlist, text};

/// The most hosts without findings that have a row each; more share one.
const MOST_ROWS: usize = 8;

/// The longest list of hosts in a row, in bytes.
const LONGEST_LIST: usize = 48;

impl BurninReport {
    pub(super) fn write_text(&self, only_bad: bool, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.verdict())?;
        self.write_hosts(only_bad, out)?;
        for block in &self.result.wrong_blocks {
            writeln!(out, "wrong: {}", sentence_of_block(block))?;
        }
        for message in &self.result.wrong_messages {
            writeln!(out, "wrong: {}", sentence_of_message(message))?;
        }
        self.links_line().iter().try_for_each(|line| writeln!(out, "{line}"))?;
        self.run.hints.iter().try_for_each(|hint| writeln!(out, "hint: {hint}"))
    }

    /// Hosts with findings have a row each. Those without share one row for each number of ranks
    /// and CPU model if there are many.
    fn write_hosts(&self, only_bad: bool, out: &mut dyn Write) -> io::Result<()> {
        let (ok, bad): (Vec<&HostLine>, Vec<&HostLine>) =
            self.run.hosts.iter().partition(|host| host.verdict == HostVerdict::Ok);
        let header = ["HOST", "ranks", "blocks", "wrong", "Mnumbers/s", "vs median", "verdict"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        if ok.len() <= MOST_ROWS {
            let shown = |host: &&HostLine| !only_bad || host.verdict != HostVerdict::Ok;
            rows.extend(self.run.hosts.iter().filter(shown).map(row));
        } else {
            rows.extend(bad.into_iter().map(row));
            let mut kinds: Vec<(usize, &str)> = Vec::new();
            for host in ok.iter().filter(|_| !only_bad) {
                let kind = (host.ranks, host.cpu_model.as_str());
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                    let same = |other: &&&HostLine| (other.ranks, other.cpu_model.as_str()) == kind;
                    rows.push(folded_row(&ok.iter().filter(same).copied().collect::<Vec<_>>()));
                }
            }
        }
        if rows.len() == 1 { Ok(()) } else { text::table(&rows, &[0, 6], out) }
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

    fn verdict(&self) -> String {
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

/// One row for hosts without findings: figures of one host, medians or the range.
fn folded_row(hosts: &[&HostLine]) -> Vec<String> {
    let middle = |figure: fn(&HostLine) -> f64| median(hosts.iter().map(|host| figure(host))).unwrap_or_default();
    let judged = || hosts.iter().filter_map(|host| host.against_median);
    let percent = |speed: f64| format!("{:+.1}", 100.0 * speed);
    let ends = [judged().reduce(f64::min), judged().reduce(f64::max)].map(|end| end.map(percent));
    let against = match ends {
        [Some(least), Some(most)] if least == most => format!("{least} %"),
        [Some(least), Some(most)] => format!("{least} to {most} %"),
        _ => "-".to_owned(),
    };
    let list = hostlist::compressed(&hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>());
    let count = text::count(hosts.len() as u64, "host");
    vec![
        if list.len() <= LONGEST_LIST { list } else { count.clone() },
        hosts[0].ranks.to_string(),
        format!("{:.0}", middle(|host| host.blocks as f64)),
        "0".to_owned(),
        format!("{:.1}", middle(|host| host.mnumbers_per_second)),
        against,
        format!("{:<5}  {count}; figures per host", word(HostVerdict::Ok)),
    ]
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
