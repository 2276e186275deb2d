//! Explains the lost time in one or two sentences, from measured shares alone.
//!
//! The ranks' total time, p T, is exactly the sum of computing, waiting, messages, and the rest
//! before the first block and after the last. The same holds for the base (usually one rank),
//! scaled to the same work. The difference of the two is the cost of more ranks. It splits into
//! four parts: more computing for the same work, waiting, messages, the rest. The diagnosis names
//! the largest part and its known cause. If ranks shared CPUs, times say nothing about scaling, and
//! the diagnosis says so.
//!
//! Stands beside `fit`, whose serial share is one number for all causes together.

use super::{Trial, base};

/// A loss below this share of the ranks' time is noise on a quiet machine, and not explained.
const SMALL: f64 = 0.05;

/// Ranks that computed this much more than the mean are an imbalance.
const UNEVEN: f64 = 1.05;

/// With fewer deals than this per rank, the last one is long compared with all its work.
const FEW_DEALS: f64 = 20.0;

/// The diagnosis of the median trials of all cases, one or two sentences each; `cpus` is the number
/// that all ranks together may use.
pub fn diagnose(medians: &[&Trial], cpus: u64) -> Vec<String> {
    let Some(base) = base(medians) else { return Vec::new() };
    let mut said = Vec::new();
    let mut series: Vec<String> = medians.iter().map(|trial| trial.case.series()).collect();
    series.dedup();
    for name in series {
        let of_series = || medians.iter().filter(|trial| trial.case.series() == name);
        let fair = of_series().filter(|trial| !trial.oversubscribed && trial.case.ranks > base.case.ranks);
        if let Some(trial) = fair.max_by_key(|trial| trial.case.ranks) {
            said.push(format!("{name}, {} ranks: {}", trial.case.ranks, cause(trial, base)));
        }
    }
    if let Some(most) = medians.iter().filter(|trial| trial.oversubscribed).map(|trial| trial.case.ranks).max() {
        said.push(format!(
            "More ranks than CPUs: {most} ranks share {cpus}, so times marked * say nothing about scaling, and no fit uses them."
        ));
    }
    said
}

/// The longest time of a message, in seconds: a round trip between two hosts and the root's next
/// poll, with a margin. MPI libraries may yield the CPU within a call (Open MPI's
/// `mpi_yield_when_idle`), and that waiting is not the cost of messages.
const MESSAGE: f64 = 1e-3;

/// Rank-seconds as in [`Trial::rank_seconds`], with waits within MPI calls counted as waiting.
fn spent(trial: &Trial) -> [f64; 4] {
    let [compute, idle, comm, rest] = trial.rank_seconds();
    let sent: u64 = trial.profiles.iter().map(|profile| profile.messages).sum();
    let talked = comm.min(MESSAGE * sent as f64);
    [compute, idle + comm - talked, talked, rest]
}

/// The cost of more ranks, as shares of their time: computing, waiting, messages, the rest. Their
/// sum is 1 - efficiency.
fn losses(trial: &Trial, base: &Trial) -> [f64; 4] {
    let all = trial.case.ranks as f64 * trial.seconds;
    let work = trial.amount as f64 / base.amount as f64;
    let (now, before) = (spent(trial), spent(base));
    std::array::from_fn(|i| (now[i] - work * before[i]) / all)
}

fn cause(trial: &Trial, base: &Trial) -> String {
    let losses = losses(trial, base);
    let lost: f64 = losses.iter().sum();
    let share = |value: f64| format!("{:.0} %", 100.0 * value);
    if !lost.is_finite() {
        return "there is no work to compare.".to_owned();
    }
    if lost < SMALL {
        return format!("{} efficiency relative to {}.", share(1.0 - lost), few(base.case.ranks));
    }
    let largest = (0..4).max_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap_or(0);
    let why = match largest {
        0 => computing(trial, base),
        1 => waiting(trial),
        2 => messages(trial),
        _ => format!("{:.3} s before the first block and after the last, which no schedule shortens", rest(trial)),
    };
    format!(
        "{} of the ranks' time is lost, {} of that to {why}.",
        share(lost),
        share(losses[largest] / losses.iter().filter(|&&part| part > 0.0).sum::<f64>())
    )
}

fn few(ranks: u64) -> String {
    if ranks == 1 { "one rank".to_owned() } else { format!("{ranks} ranks") }
}

fn rest(trial: &Trial) -> f64 {
    trial.rank_seconds()[3] / trial.case.ranks as f64
}

fn computing(trial: &Trial, base: &Trial) -> String {
    let work = trial.amount as f64 / base.amount as f64;
    let more = trial.rank_seconds()[0] / (work * base.rank_seconds()[0]) - 1.0;
    format!(
        "the kernels: the same work took {:.0} % more computing time, so ranks slow each other down (shared memory, caches or \
         hardware threads, a lower clock, other load) or repeat work for every span",
        100.0 * more
    )
}

fn waiting(trial: &Trial) -> String {
    let compute: Vec<f64> = trial.profiles.iter().map(|profile| profile.compute).collect();
    let imbalance = crate::report::imbalance(&compute);
    let deals = trial.profiles.iter().map(|p| p.blocks).sum::<u64>() as f64 / (trial.chunk * trial.case.ranks) as f64;
    let name = trial.case.schedule.as_str();
    let uneven = format!("imbalance, not serial code: the busiest rank computed {imbalance:.2} times the mean");
    if imbalance < UNEVEN {
        return "waiting that is not imbalance: for answers from rank 0, for the others at the end, or for a CPU"
            .to_owned();
    }
    let is_dealt = matches!(name, "dynamic" | "guided");
    match name {
        "block" if rises(&compute) => {
            format!(
                "{uneven}, and the cost of a block grows along the range, as the times under the block schedule show"
            )
        }
        "block" if rises(&compute.iter().rev().copied().collect::<Vec<_>>()) => {
            format!(
                "{uneven}, and the cost of a block falls along the range, as the times under the block schedule show"
            )
        }
        _ if !is_dealt => format!("{uneven}, under a schedule that deals the same to all"),
        _ if deals < FEW_DEALS => {
            format!("{uneven}; with {deals:.1} chunks per rank, ranks wait for the last ones: use a smaller --chunk")
        }
        _ => uneven,
    }
}

/// Whether each is larger than the one before, by more than a hundredth of the mean on average.
fn rises(values: &[f64]) -> bool {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return false };
    values.windows(2).all(|pair| pair[0] < pair[1]) && last - first > 0.01 * mean * values.len() as f64
}

fn messages(trial: &Trial) -> String {
    let sent: u64 = trial.profiles.iter().map(|profile| profile.messages).sum();
    let rate = sent as f64 / trial.seconds;
    format!("messages: {sent} of them, {rate:.0} a second; a larger --chunk sends fewer")
}

#[cfg(test)]
mod tests {
    use super::super::testing::trial;
    use super::*;
    use proptest::prelude::*;

    fn said(trials: &[Trial]) -> String {
        diagnose(&trials.iter().collect::<Vec<_>>(), 2).join("\n")
    }

    fn one() -> Trial {
        trial("dynamic", 10.0, &[(10.0, 0.0, 0.0)])
    }

    #[test]
    fn each_cause_is_named() {
        let good = trial("dynamic", 5.1, &[(5.0, 0.1, 0.0); 2]);
        assert!(said(&[one(), good]).contains("98 % efficiency relative to one rank"));
        let growing = trial("block", 6.0, &[(4.0, 2.0, 0.0), (6.0, 0.0, 0.0)]);
        let text = said(&[one(), growing]);
        assert!(text.contains("imbalance, not serial code") && text.contains("grows along the range"), "{text}");
        let falling = trial("block", 6.0, &[(6.0, 0.0, 0.0), (4.0, 2.0, 0.0)]);
        assert!(said(&[one(), falling]).contains("falls along the range"));
        let slower = trial("dynamic", 8.0, &[(8.0, 0.0, 0.0); 2]);
        assert!(said(&[one(), slower]).contains("60 % more computing time"));
        let mut talking = trial("dynamic", 8.0, &[(5.0, 0.0, 3.0); 2]);
        assert!(said(&[one(), talking.clone()]).contains("waiting"), "20 messages do not take six seconds");
        talking.profiles.iter_mut().for_each(|profile| profile.messages = 4000);
        assert!(said(&[one(), talking]).contains("messages: 8000 of them"));
        let beginning = trial("dynamic", 8.0, &[(5.0, 0.0, 0.0); 2]);
        assert!(said(&[one(), beginning]).contains("3.000 s before the first block"));
        let waiting = trial("dynamic", 8.0, &[(5.0, 3.0, 0.0); 2]);
        assert!(said(&[one(), waiting]).contains("waiting that is not imbalance"));
    }

    #[test]
    fn few_chunks_are_blamed_only_where_they_are_few() {
        let uneven = |chunk| Trial { chunk, ..trial("dynamic", 6.0, &[(4.0, 2.0, 0.0), (6.0, 0.0, 0.0)]) };
        assert!(said(&[one(), uneven(50)]).contains("with 2.0 chunks per rank"));
        assert!(!said(&[one(), uneven(1)]).contains("per rank"));
    }

    #[test]
    fn ranks_that_share_cpus_are_not_diagnosed() {
        let crowded = Trial { oversubscribed: true, ..trial("dynamic", 9.0, &[(9.0, 0.0, 0.0); 8]) };
        let text = said(&[one(), crowded]);
        assert!(text.starts_with("More ranks than CPUs: 8 ranks share 2"), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert_eq!(said(&[]), "");
    }

    proptest! {
        /// The four losses add up to 1 - efficiency.
        #[test]
        fn losses_add_up(profiles in proptest::collection::vec((0.1..9.0_f64, 0.0..3.0_f64, 0.0..3.0_f64), 2..9)) {
            let seconds = profiles.iter().map(|(c, i, m)| c + i + m).fold(0.0, f64::max);
            let (many, one) = (trial("dynamic", seconds, &profiles), one());
            let points = super::super::study(&[one.clone(), many.clone()]);
            let lost: f64 = losses(&many, &one).iter().sum();
            prop_assert!((lost - (1.0 - points[1].efficiency.expect("one rank to compare with"))).abs() < 1e-9);
        }
    }
}
