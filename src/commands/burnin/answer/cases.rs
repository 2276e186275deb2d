//! The report of `burnin` as JUnit cases: blocks, messages and speed of each host, so that a
//! dashboard shows which host it was.

use super::junit::{Case, Outcome};
use super::lines::{sentence_of_block, sentence_of_message};
use super::{BurninReport, HostLine};

impl BurninReport {
    pub(super) fn cases(&self) -> Vec<Case> {
        let of_host = |host: &HostLine| {
            let case = |name, outcome| Case { class: host.name.clone(), name, seconds: self.run.seconds, outcome };
            [case("blocks", self.blocks(host)), case("messages", self.messages(host)), case("speed", self.speed(host))]
        };
        self.run.hosts.iter().flat_map(of_host).collect()
    }

    fn blocks(&self, host: &HostLine) -> Outcome {
        let wrong = self.result.wrong_blocks.iter().filter(|wrong| wrong.host == host.name);
        let lines: Vec<String> = wrong.map(sentence_of_block).collect();
        match (host.wrong, lines.is_empty()) {
            (0, _) => Outcome::Passed,
            (wrong, true) => Outcome::Failed("wrong", format!("{wrong} wrong blocks")),
            _ => Outcome::Failed("wrong", lines.join("\n")),
        }
    }

    fn messages(&self, host: &HostLine) -> Outcome {
        if self.run.ranks < 2 {
            return Outcome::Skipped("one rank sends no messages".to_owned());
        }
        let all = self.result.wrong_messages.iter();
        let wrong = all.filter(|wrong| wrong.from_host == host.name || wrong.to_host == host.name);
        let lines: Vec<String> = wrong.map(sentence_of_message).collect();
        if lines.is_empty() { Outcome::Passed } else { Outcome::Failed("wrong", lines.join("\n")) }
    }

    fn speed(&self, host: &HostLine) -> Outcome {
        match host.against_median {
            _ if !host.slow_ranks.is_empty() => Outcome::Failed("slow", host.note.clone()),
            Some(_) => Outcome::Passed,
            None if host.is_oversubscribed => Outcome::Skipped("ranks outnumber CPUs".to_owned()),
            None => Outcome::Skipped("too few blocks, or no other rank with this CPU, to compare".to_owned()),
        }
    }
}
