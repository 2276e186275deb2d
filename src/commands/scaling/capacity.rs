//! The number of ranks for which the hosts have CPUs: beyond that, times measure sharing of CPUs,
//! not scaling.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::place::Place;

/// The hosts' CPUs for these ranks.
pub(super) struct Capacity {
    /// The host of each rank.
    host_of_rank: Vec<String>,
    /// CPUs that the ranks of a host may use together.
    cpus: BTreeMap<String, u64>,
}

impl Capacity {
    /// From the places of the ranks. Unknown numbers count as enough.
    pub(super) fn of(places: &[Place]) -> Capacity {
        let mut allowed: BTreeMap<String, (BTreeSet<usize>, u64)> = BTreeMap::new();
        for place in places {
            let entry = allowed.entry(place.host.clone()).or_insert((BTreeSet::new(), u64::MAX));
            entry.0.extend(&place.allowed);
            entry.1 = entry.1.min(place.quota_percent.map_or(u64::MAX, |percent| (percent / 100).max(1)));
        }
        let cpus = allowed.into_iter().map(|(host, (cpus, quota))| {
            let seen = if cpus.is_empty() { u64::MAX } else { cpus.len() as u64 };
            (host, seen.min(quota))
        });
        Capacity { host_of_rank: places.iter().map(|place| place.host.clone()).collect(), cpus: cpus.collect() }
    }

    /// CPUs of all hosts together.
    pub(super) fn cpus(&self) -> u64 {
        self.cpus.values().fold(0, |sum: u64, &n| sum.saturating_add(n))
    }

    /// Whether some host has more of the first `ranks` ranks than CPUs for them.
    pub(super) fn is_exceeded_by(&self, ranks: u64) -> bool {
        let mut at_work: BTreeMap<&str, u64> = BTreeMap::new();
        self.host_of_rank.iter().take(ranks as usize).for_each(|host| *at_work.entry(host).or_default() += 1);
        at_work.iter().any(|(&host, &ranks)| ranks > self.cpus[host])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(host: &str, allowed: &[usize], quota_percent: Option<u64>) -> Place {
        let (host, cpu_model, allowed) = (host.to_owned(), String::new(), allowed.to_vec());
        Place { host, cpus: 8, cpu_model, allowed, quota_percent, ..Place::default() }
    }

    #[test]
    fn ranks_of_a_host_share_what_they_may_use_together() {
        let bound = Capacity::of(&[place("a", &[0], None), place("a", &[1], None), place("b", &[0], None)]);
        assert_eq!(bound.cpus(), 3);
        assert!(!bound.is_exceeded_by(3));
        let crowded = Capacity::of(&[place("a", &[0, 1], None), place("a", &[0, 1], None), place("a", &[0, 1], None)]);
        assert_eq!([1, 2, 3].map(|ranks| crowded.is_exceeded_by(ranks)), [false, false, true]);
        let granted = Capacity::of(&[place("a", &[0, 1, 2], Some(150)), place("a", &[0, 1, 2], Some(150))]);
        assert_eq!([1, 2].map(|ranks| granted.is_exceeded_by(ranks)), [false, true]);
        assert!(!Capacity::of(&[place("a", &[], None), place("a", &[], None)]).is_exceeded_by(2));
    }
}
