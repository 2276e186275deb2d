//! Which ranks are slow: compares the times of their blocks with those of all ranks with the same
//! CPU model.
//!
//! For each block the rank's median time is divided by the median of its model's ranks (the lower
//! one of two: of two ranks the faster is the norm, since no core is too fast); the rank's
//! *deviation* is the median of these ratios over all blocks, less 1. Blocks differ in length, kind
//! and instruction set, and so do CPUs; ratios of one block within one model compare like with
//! like. A rank is slow if its deviation is above the threshold **and** three blocks in four are
//! slow by more than half of it: a slow host is always slow, a disturbed one is not.
//!
//! Which clock: CPU time ([`ComparedClock::Cpu`]) does not include the time of other processes, so
//! it is valid on a shared machine; it still shows a slow core, a low clock rate, heat and memory
//! contention. If a model has three or more hosts, and most ranks have their CPUs to themselves,
//! elapsed time is compared ([`ComparedClock::Wall`]): it also shows a stray process and a quota.
//!
//! CPU time is not quite independent of other processes either, since they leave caches cold: if
//! ranks waited for their CPUs, the threshold is doubled.
//!
//! Not judged: ranks of hosts where ranks outnumber CPUs; a model with only one remaining rank; and
//! ranks with fewer than six different blocks, which is three rounds.

use serde::{Deserialize, Serialize};

use crate::report::record::words;

/// The fewest hosts with a majority that defines what is normal.
const MAJORITY: usize = 3;

/// The share of elapsed time on a CPU from which a rank counts as undisturbed. An idle Linux takes
/// less than 1 %.
pub const UNDISTURBED: f64 = 0.95;

/// The fewest different blocks for a verdict: with fewer, a single disturbed block would weigh a
/// third.
const FEWEST_BLOCKS: usize = 6;

/// The factor on the threshold if ranks waited for their CPUs: two ranks on two CPUs with 20 other
/// processes were up to 4 % apart (AMD Zen 4).
const DISTURBED: f64 = 2.0;

/// How long one run of a block took, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct BlockTime {
    /// The block's number.
    pub block: u32,
    /// Elapsed.
    pub wall: f64,
    /// On a CPU.
    pub cpu: f64,
}

/// Medians of all runs of one block on one rank, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typical {
    /// The block's number.
    pub block: u32,
    /// Elapsed.
    pub wall: f64,
    /// On a CPU.
    pub cpu: f64,
}

/// The data on one rank's speed.
#[derive(Clone, Debug)]
pub struct RankTimes {
    /// Its host.
    pub host: usize,
    /// Its CPU model.
    pub model: usize,
    /// Whether its times can be trusted: the ranks of its host do not outnumber the CPUs.
    pub is_trusted: bool,
    /// Medians of its blocks.
    pub typical: Vec<Typical>,
}

words! {
    /// Which time was compared.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum ComparedClock {
        /// Time on the CPU.
        Cpu = "cpu",
        /// Elapsed time.
        Wall = "wall",
    }
}

/// How one rank compares with its model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeedJudgement {
    /// Which time was compared.
    pub clock: ComparedClock,
    /// Time against the model's median: 0.25 takes a quarter longer.
    pub deviation: f64,
    /// Above the threshold, and consistently so.
    pub is_slow: bool,
}

/// The median, the mean of the middle two for an even number; `None` without values.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        even if even % 2 == 0 => Some((values[middle - 1] + values[middle]) / 2.0),
        _ => Some(values[middle]),
    }
}

/// The medians of each block, by number.
pub fn typical(times: &[BlockTime]) -> Vec<Typical> {
    let mut numbers: Vec<u32> = times.iter().map(|time| time.block).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |block: u32, part: fn(&BlockTime) -> f64| median(times.iter().filter(|t| t.block == block).map(part));
    let row = |block| Some(Typical { block, wall: of(block, |t| t.wall)?, cpu: of(block, |t| t.cpu)? });
    numbers.into_iter().filter_map(row).collect()
}

/// The share of a rank's elapsed time on a CPU: the median over its blocks.
pub fn share(typical: &[Typical]) -> Option<f64> {
    median(typical.iter().filter(|t| t.wall > 0.0).map(|t| (t.cpu / t.wall).min(1.0)))
}

/// Compares every rank with its model; `None` for those that cannot be judged.
pub fn judge(ranks: &[RankTimes], threshold: f64) -> Vec<Option<SpeedJudgement>> {
    let models = ranks.iter().map(|rank| rank.model + 1).max().unwrap_or(0);
    let mut verdicts = vec![None; ranks.len()];
    for model in 0..models {
        let of_model = |rank: &RankTimes| rank.model == model && rank.is_trusted;
        let members: Vec<usize> = (0..ranks.len()).filter(|&rank| of_model(&ranks[rank])).collect();
        if members.len() < 2 {
            continue;
        }
        let group: Vec<&RankTimes> = members.iter().map(|&rank| &ranks[rank]).collect();
        let usual = median(group.iter().filter_map(|rank| share(&rank.typical))).unwrap_or(0.0);
        let clock = clock(&group, usual);
        let norm = typical_of_model(&group, clock);
        for (&rank, member) in members.iter().zip(&group) {
            let least = share(&member.typical).map_or(usual, |own| own.min(usual));
            let is_disturbed = clock == ComparedClock::Cpu && least < UNDISTURBED;
            let threshold = if is_disturbed { DISTURBED * threshold } else { threshold };
            verdicts[rank] = compare(member, &norm, clock, threshold);
        }
    }
    verdicts
}

/// The clock to compare within a model, given the usual share of time on a CPU.
fn clock(group: &[&RankTimes], usual: f64) -> ComparedClock {
    let mut hosts: Vec<usize> = group.iter().map(|rank| rank.host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    if hosts.len() >= MAJORITY && usual >= UNDISTURBED { ComparedClock::Wall } else { ComparedClock::Cpu }
}

fn seconds(typical: &Typical, clock: ComparedClock) -> f64 {
    match clock {
        ComparedClock::Cpu => typical.cpu,
        ComparedClock::Wall => typical.wall,
    }
}

/// For each block number the median of the group's times, the lower one of two.
fn typical_of_model(group: &[&RankTimes], clock: ComparedClock) -> Vec<(u32, f64)> {
    let mut times: Vec<(u32, f64)> =
        group.iter().flat_map(|rank| &rank.typical).map(|t| (t.block, seconds(t, clock))).collect();
    times.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let blocks = times.chunk_by(|a, b| a.0 == b.0);
    blocks.map(|times| times[(times.len() - 1) / 2]).collect()
}

fn compare(rank: &RankTimes, norm: &[(u32, f64)], clock: ComparedClock, threshold: f64) -> Option<SpeedJudgement> {
    let ratio = |t: &Typical| {
        let at = norm.binary_search_by_key(&t.block, |&(block, _)| block).ok()?;
        (norm[at].1 > 0.0).then(|| seconds(t, clock) / norm[at].1)
    };
    let mut ratios: Vec<f64> = rank.typical.iter().filter_map(ratio).collect();
    if ratios.len() < FEWEST_BLOCKS {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    let deviation = median(ratios.iter().copied())? - 1.0;
    let firm = ratios[ratios.len() / 4] - 1.0;
    Some(SpeedJudgement { clock, deviation, is_slow: deviation > threshold && firm > threshold / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rank whose blocks take `factor` times as long as usual, and which has its CPU for `share`
    /// of the time.
    fn rank(host: usize, factor: f64, share: f64) -> RankTimes {
        let typical = (0..24).map(|block| {
            let cpu = (0.2 + f64::from(block) / 100.0) * factor;
            Typical { block, wall: cpu / share, cpu }
        });
        RankTimes { host, model: 0, is_trusted: true, typical: typical.collect() }
    }

    fn slow(ranks: &[RankTimes]) -> Vec<usize> {
        let verdicts = judge(ranks, 0.05);
        (0..ranks.len()).filter(|&rank| verdicts[rank].is_some_and(|verdict| verdict.is_slow)).collect()
    }

    #[test]
    fn medians() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0]), Some(3.0));
        assert_eq!(median([3.0, 1.0]), Some(2.0));
        assert_eq!(median([9.0, 1.0, 2.0]), Some(2.0));
    }

    #[test]
    fn a_rank_that_takes_a_fifth_longer_is_slow() {
        for at in 0..8 {
            let ranks: Vec<RankTimes> = (0..8).map(|r| rank(r / 2, if r == at { 1.2 } else { 1.0 }, 0.99)).collect();
            assert_eq!(slow(&ranks), [at]);
        }
        // Also of two ranks: the faster one is the norm. Also on a disturbed machine, but not by a
        // few percent.
        assert_eq!(slow(&[rank(0, 1.0, 1.0), rank(0, 1.2, 1.0)]), [1]);
        assert_eq!(slow(&[rank(0, 1.2, 0.1), rank(0, 1.0, 0.1)]), [0]);
        assert!(slow(&[rank(0, 1.08, 0.1), rank(0, 1.0, 0.1)]).is_empty());
    }

    #[test]
    fn the_threshold_is_a_border() {
        let of = |factor| slow(&[rank(0, 1.0, 1.0), rank(1, 1.0, 1.0), rank(2, factor, 1.0)]);
        assert!(of(1.049).is_empty());
        assert_eq!(of(1.051), [2]);
        assert!(of(0.5).is_empty(), "fast is not slow");
    }

    #[test]
    fn nothing_to_compare_with_is_no_judgement() {
        assert_eq!(judge(&[rank(0, 3.0, 1.0)], 0.05), [None]);
        let other_model = RankTimes { model: 1, ..rank(1, 3.0, 1.0) };
        assert_eq!(judge(&[rank(0, 1.0, 1.0), other_model], 0.05), [None, None]);
        assert!(judge(&[], 0.05).is_empty());
        let few = |factor| {
            let mut few = rank(0, factor, 1.0);
            few.typical.truncate(FEWEST_BLOCKS - 1);
            few
        };
        assert_eq!(judge(&[few(1.0), few(1.5)], 0.05), [None, None]);
        let nothing_done = RankTimes { typical: Vec::new(), ..rank(0, 1.0, 1.0) };
        assert_eq!(judge(&[nothing_done.clone(), nothing_done], 0.05), [None, None]);
    }

    #[test]
    fn models_are_apart() {
        let old = |rank: RankTimes| RankTimes { model: 1, ..rank };
        let ranks = [rank(0, 1.0, 1.0), rank(1, 1.0, 1.0), old(rank(2, 2.0, 1.0)), old(rank(3, 2.0, 1.0))];
        assert!(slow(&ranks).is_empty());
    }

    #[test]
    fn oversubscribed_ranks_are_never_slow_and_no_measure_for_others() {
        let crowded = |factor| RankTimes { is_trusted: false, ..rank(9, factor, 0.5) };
        let ranks = [rank(0, 1.0, 1.0), rank(1, 1.0, 1.0), crowded(4.0), crowded(4.0), crowded(4.0)];
        assert!(slow(&ranks).is_empty());
        assert_eq!(judge(&ranks, 0.05)[2..], [None; 3]);
        assert!(judge(&ranks, 0.05)[0].is_some_and(|verdict| verdict.deviation.abs() < 1e-9));
    }

    #[test]
    fn a_stray_process_shows_among_quiet_hosts_and_not_on_a_busy_machine() {
        // Host 3 has its CPUs for only 60 % of the time; its CPU time is normal.
        let mut ranks: Vec<RankTimes> = (0..6).map(|host| rank(host, 1.0, 0.99)).collect();
        ranks[3] = rank(3, 1.0, 0.6);
        assert_eq!(slow(&ranks), [3]);
        assert!(judge(&ranks, 0.05)[0].is_some_and(|verdict| verdict.clock == ComparedClock::Wall));
        // All are disturbed differently: elapsed time says nothing about the hosts.
        let shared: Vec<RankTimes> = (0..6).map(|host| rank(host, 1.0, 0.5 + 0.05 * host as f64)).collect();
        assert!(slow(&shared).is_empty());
        // Two hosts: which of them is normal?
        assert!(slow(&[rank(0, 1.0, 0.99), rank(1, 1.0, 0.6)]).is_empty());
    }

    #[test]
    fn a_disturbance_of_some_blocks_is_not_a_slow_host() {
        let mut ranks: Vec<RankTimes> = (0..4).map(|host| rank(host, 1.0, 0.8)).collect();
        for typical in ranks[2].typical.iter_mut().step_by(5) {
            typical.cpu *= 3.0;
        }
        assert!(slow(&ranks).is_empty());
        // Even if slightly more than half of its blocks were disturbed: the rest was normal.
        for typical in ranks[2].typical.iter_mut().take(13) {
            typical.cpu *= 1.5;
        }
        assert!(slow(&ranks).is_empty());
        assert!(judge(&ranks, 0.05)[2].is_some_and(|verdict| verdict.deviation > 0.05));
    }

    #[test]
    fn repeats_of_a_block_have_one_median() {
        let time = |block, cpu| BlockTime { block, wall: 2.0 * cpu, cpu };
        let typical = typical(&[time(5, 1.0), time(2, 9.0), time(5, 3.0), time(5, 2.0)]);
        assert_eq!(typical, [Typical { block: 2, wall: 18.0, cpu: 9.0 }, Typical { block: 5, wall: 4.0, cpu: 2.0 }]);
        assert_eq!(share(&typical), Some(0.5));
        assert_eq!(share(&[]), None);
    }
}
