//! The schedule of link measurements: every pair of hosts once, and no host in two measurements at
//! a time.
//!
//! The circle method of round-robin tournaments: of n hosts (n even, or one sits out) the last is
//! fixed, and the others move by one each step; n - 1 steps cover every pair. One more step is for
//! the ranks within each host. Reference: E. Lucas, "Recreations mathematiques" 2 (1883), "Les jeux
//! de demoiselles".

/// Steps for all pairs of hosts, and for each host with itself.
pub fn steps(hosts: usize) -> usize {
    circle(hosts) + 1
}

/// Steps between hosts.
fn circle(hosts: usize) -> usize {
    hosts.next_multiple_of(2).saturating_sub(1)
}

/// The partner of `host` in this step: itself in the last one; none if it sits out.
pub fn partner(step: usize, host: usize, hosts: usize) -> Option<usize> {
    let moving = circle(hosts);
    if step == moving {
        return Some(host);
    }
    // Host `moving` is the fixed one; i and j meet if i + j = 2 step, and i meets the fixed one if
    // i = step.
    let other = if host == moving {
        step
    } else if host == step {
        moving
    } else {
        (2 * step + moving - host) % moving
    };
    (other < hosts).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_pair_meets_once() {
        for hosts in 1..40 {
            let mut met = BTreeSet::new();
            for step in 0..steps(hosts) {
                for host in 0..hosts {
                    let Some(other) = partner(step, host, hosts) else { continue };
                    assert_eq!(
                        partner(step, other, hosts),
                        Some(host),
                        "{hosts} hosts, step {step}: {host} and {other}"
                    );
                    if host <= other {
                        assert!(met.insert((host, other)), "{hosts} hosts, step {step}: {host} and {other} again");
                    }
                }
            }
            assert_eq!(met.len(), hosts * (hosts + 1) / 2, "{hosts} hosts");
        }
    }

    #[test]
    fn one_host_has_only_itself() {
        assert_eq!((0..steps(1)).filter_map(|step| partner(step, 0, 1)).collect::<Vec<_>>(), [0]);
    }
}
