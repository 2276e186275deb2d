//! The report of `burnin` as JUnit cases: blocks, messages and speed of each host, so that a
//! dashboard shows which host it was.

use super::junit::{CaseOutcome, TestCase};
use super::lines::{sentence_of_block, sentence_of_message};
use super::{BurninReport, HostLine};

impl BurninReport {
    pub(super) fn cases(&self) -> Vec<TestCase> {
        let of_host = |host: &HostLine| {
            let case = |name, outcome| TestCase { class: host.name.clone(), name, seconds: self.run.seconds, outcome };
            [case("blocks", self.blocks(host)), case("messages", self.messages(host)), case("speed", self.speed(host))]
        };
        self.run.hosts.iter().flat_map(of_host).collect()
    }

    fn blocks(&self, host: &HostLine) -> CaseOutcome {
        let wrong = self.result.wrong_blocks.iter().filter(|wrong| wrong.host == host.name);
        let lines: Vec<String> = wrong.map(sentence_of_block).collect();
        match (host.wrong, lines.is_empty()) {
            (0, _) => CaseOutcome::Passed,
            (wrong, true) => CaseOutcome::Failed("wrong", format!("{wrong} wrong blocks")),
            _ => CaseOutcome::Failed("wrong", lines.join("\n")),
        }
    }

    fn messages(&self, host: &HostLine) -> CaseOutcome {
        if self.run.ranks < 2 {
            return CaseOutcome::Skipped("one rank sends no messages".to_owned());
        }
        let all = self.result.wrong_messages.iter();
        let wrong = all.filter(|wrong| wrong.from_host == host.name || wrong.to_host == host.name);
        let lines: Vec<String> = wrong.map(sentence_of_message).collect();
        if lines.is_empty() { CaseOutcome::Passed } else { CaseOutcome::Failed("wrong", lines.join("\n")) }
    }

    fn speed(&self, host: &HostLine) -> CaseOutcome {
        match host.against_median {
            _ if !host.slow_ranks.is_empty() => CaseOutcome::Failed("slow", host.note.clone()),
            Some(_) => CaseOutcome::Passed,
            None if host.is_oversubscribed => CaseOutcome::Skipped("ranks outnumber CPUs".to_owned()),
            None => CaseOutcome::Skipped("too few blocks, or no other rank with this CPU, to compare".to_owned()),
        }
    }
}
