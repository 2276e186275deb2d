//! Which hosts to exclude, if wrong messages name two hosts each.
//!
//! A message that arrives wrong may be the fault of the sender, of the receiver, or of the network.
//! The host in most of the bad pairs explains most of them, so it is excluded first; then the host
//! in most of the remaining pairs (the greedy vertex cover). If several are in equally many pairs,
//! they cannot be distinguished, and all are excluded.

/// Hosts of these pairs that explain all of them, ascending. A pair of a host with itself names
/// that host.
pub fn suspects(pairs: &[(usize, usize)]) -> Vec<usize> {
    let mut left = pairs.to_vec();
    let mut out = Vec::new();
    let mut hosts: Vec<usize> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
    hosts.sort_unstable();
    hosts.dedup();
    while !left.is_empty() {
        let is_in = |host: usize, &(a, b): &(usize, usize)| a == host || b == host;
        let count = |host: usize| left.iter().filter(|pair| is_in(host, pair)).count();
        let most = hosts.iter().map(|&host| count(host)).max().unwrap_or(0);
        let worst: Vec<usize> = hosts.iter().copied().filter(|&host| count(host) == most).collect();
        left.retain(|pair| !worst.iter().any(|&host| is_in(host, pair)));
        out.extend(worst);
    }
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_in_all_pairs_goes_alone() {
        assert!(suspects(&[]).is_empty());
        assert_eq!(suspects(&[(4, 4)]), [4]);
        assert_eq!(suspects(&[(1, 7), (7, 2), (3, 7)]), [7]);
    }

    #[test]
    fn one_pair_names_both() {
        assert_eq!(suspects(&[(2, 1)]), [1, 2]);
        assert_eq!(suspects(&[(2, 1), (1, 2)]), [1, 2]);
    }

    #[test]
    fn two_faults_are_both_found() {
        assert_eq!(suspects(&[(1, 7), (7, 2), (3, 7), (5, 8), (9, 5)]), [5, 7]);
    }

    proptest::proptest! {
        #[test]
        fn every_pair_is_explained(pairs in proptest::collection::vec((0_usize..9, 0_usize..9), 0..30)) {
            let out = suspects(&pairs);
            proptest::prop_assert!(pairs.iter().all(|(a, b)| out.contains(a) || out.contains(b)));
        }
    }
}
