//! Where each schedule saturates: a model of the engine on many more ranks than there are.
//!
//! Measurements in the run: W, the seconds that one rank computes; what a message takes
//! ([`Costs::message`], L, one way), what the root takes to answer one question ([`Costs::answer`],
//! m), and what a finished span takes when the ledgers are merged in the end ([`Costs::span`], e).
//! With B blocks of w = W/B seconds, chunks of c blocks and p ranks:
//! - D = B/c deals; a rank asks for its next span when it starts one, so no rank waits as long as
//!   all p answers fit into a span, p m <= c w. `dynamic`, fluid: dT = dx / min(p/w, s/m), s = c
//!   being the length of a deal with x blocks left. The root computes too, and what it answers it
//!   does not compute: (W + D m) / p where all goes well. Deals come out in whole chunks: ceil(D/p)
//!   c w at least.
//! - `guided`: the same with s = max(x/2p, c), integrated: a burst of long deals, and 2p chunks in
//!   the end.
//! - `block`, `cyclic`: what is the root's is done by the root: its share of W, and all p or D
//!   answers.
//! - While the root computes it looks after messages every [`REACTION`], so a chunk shorter than
//!   that waits for it.
//! - Before and after: a scatter, a barrier and a reduction along a tree, 4 ceil(log2 p) messages;
//!   and D e for the ledgers, whose spans touch their neighbours only near the root of the tree (p
//!   e for `block`).
//!
//! The model ignores hosts of different speed, a full network and shared memory. Blocks of
//! different cost appear in the measured `imbalance` of `block`, and otherwise count as equal.
//! `tests/predict.rs` compares it with a simulation of the engine itself.
//!
//! Cost: O(1) a prediction.

use serde::Deserialize;

use crate::job::Schedule;
use crate::report::record::{record, words};

/// The longest time that a computing root leaves questions unanswered: the engine's pieces and
/// polling intervals are half a millisecond long (`piece_size`, `poll_schedule` in its `protocol`).
pub const REACTION: f64 = 5e-4;

/// The number of groups of ranks if spans differ: a percent of a round each.
const GROUPS: f64 = 64.0;

/// Tree traversals at the start and the end of a job: scatter, barrier in both directions,
/// reduction.
const TREES: f64 = 4.0;

record! {
    /// What was measured of the cluster, in seconds.
    #[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
    pub struct Costs {
        /// One way of a message between the first and the last rank.
        pub message: f64,
        /// The root's time for one question: received, decided, answered.
        pub answer: f64,
        /// One finished span in the last reduction: encoded, decoded, taken into a ledger.
        pub span: f64,
    }
}

record! {
    /// What was measured of the job.
    #[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
    pub struct JobCosts {
        /// Seconds that one rank computes.
        pub compute: f64,
        /// Number of blocks.
        pub blocks: u64,
        /// Chunks are multiples of this many blocks while enough blocks remain.
        pub grain: u64,
        /// Seconds before the first block and after the last that more ranks do not shorten.
        pub fixed: f64,
        /// Largest over mean computing time under `block`; 1 if it was not measured.
        pub imbalance: f64,
    }
}

words! {
    /// What takes the time.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Bottleneck {
        /// The kernels: more ranks help.
        Computing = "computing",
        /// The longest share: unequal costs, or chunks that do not come out even.
        Imbalance = "imbalance",
        /// The root, which answers all ranks.
        Manager = "manager",
        /// What comes before and after: the trees, the ledgers, what is serial.
        Ends = "ends",
    }
}

record! {
    /// One schedule on one number of ranks.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct Prediction {
        /// The schedule's name.
        pub schedule: String,
        /// The chunk that was asked for; null for an automatic one.
        pub asked_chunk: Option<u64>,
        /// Ranks.
        pub ranks: u64,
        /// Blocks in a chunk.
        pub chunk: u64,
        /// Predicted seconds.
        pub seconds: f64,
        /// Speed-up over one rank.
        pub speedup: f64,
        /// Speed-up over ranks.
        pub efficiency: f64,
        /// The largest part of the time outside kernels; `computing` if that is below a tenth.
        pub limit: Bottleneck,
    }
}

record! {
    /// Where a schedule stops being worth it.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct Saturation {
        /// The schedule's name, with the chunk where one was asked for.
        pub series: String,
        /// From here on more than half of the ranks' time is lost; null: not up to the largest
        /// number asked for.
        pub half: Option<u64>,
        /// The fewest ranks on which it is within 2 % of the fastest.
        pub fastest: u64,
        /// Speed-up there.
        pub speedup: f64,
        /// What limits it there.
        pub limit: Bottleneck,
    }
}

/// Parts of the time, in seconds.
struct Parts {
    compute: f64,
    imbalance: f64,
    manager: f64,
    ends: f64,
}

/// The blocks of a chunk on `ranks` ranks, as the engine cuts them.
fn chunk(schedule: Schedule, asked: Option<u64>, work: &JobCosts, ranks: u64) -> u64 {
    match (schedule, asked) {
        (Schedule::Block, _) => work.blocks.div_ceil(ranks).max(1),
        (_, Some(chunk)) => chunk.max(1),
        (schedule, None) => schedule.auto_chunk(work.blocks, ranks, work.grain),
    }
}

fn parts(schedule: Schedule, chunk: u64, work: &JobCosts, costs: &Costs, ranks: u64) -> Parts {
    if ranks == 1 {
        return Parts { compute: work.compute, imbalance: 0.0, manager: 0.0, ends: work.fixed };
    }
    let (p, b, c, m) = (ranks as f64, (work.blocks as f64).max(1.0), chunk as f64, costs.answer);
    let depth = p.log2().ceil();
    let (w, share) = (work.compute / b, work.compute / p);
    let deals = (b / c).ceil();
    // The longest of equal shares in whole chunks.
    let longest = (share.max((deals / p).ceil() * c * w)).min(work.compute);
    // The dealt schedules' spans are in no order, and meet their neighbours last; the others' meet
    // at every step.
    let (done, imbalance, spans) = match schedule {
        Schedule::Block => {
            // Rank 0 has the first share, rounded down.
            let own = (b / p).floor() * w + p * m;
            (own.max(longest * work.imbalance), longest * work.imbalance - share, depth)
        }
        Schedule::Cyclic => {
            let rounds = (deals / p).ceil();
            let own = longest + deals.max(p) * m;
            (own.max(rounds * round(c * w, costs, p)), longest - share, rounds * depth)
        }
        Schedule::Dynamic => (dynamic(deals, c * w, costs, p).max(longest), longest - share, deals),
        Schedule::Guided => {
            let (done, deals) = guided(b, c, w, costs, p);
            (done.max(share), (c * w).min(work.compute - share), deals)
        }
    };
    let lost = (done - share).max(0.0);
    let imbalance = imbalance.clamp(0.0, lost);
    let manager = lost - imbalance;
    Parts { compute: share, imbalance, manager, ends: work.fixed + TREES * depth * costs.message + spans * costs.span }
}

/// The time from the start of a span of `span` seconds to the next one: the span itself, unless the
/// answer takes longer. A rank asks at its first poll, finds the root computing for half as long,
/// and the root has `p` questions to answer.
fn round(span: f64, costs: &Costs, p: f64) -> f64 {
    let looks = 1.5 * span.min(REACTION) + 2.0 * costs.message + costs.answer;
    span.max(p * costs.answer).max(looks)
}

/// Seconds for `deals` spans of `span` seconds, dealt on demand.
fn dynamic(deals: f64, span: f64, costs: &Costs, p: f64) -> f64 {
    let answering = deals.max(p) * costs.answer;
    // The root never waits, and computes in the time left by its answers.
    let others = (p - 1.0) / round(span, costs, p - 1.0);
    let load = (others * costs.answer).min(1.0);
    let flow = deals / (others + (1.0 - load) / span);
    // Its own first two spans wait while it answers.
    let hand = (deals / p).ceil().min(2.0) * span;
    flow.max((hand / (1.0 - load).max(1e-9)).min(hand + answering))
}

/// A group of ranks with the same behaviour.
#[derive(Clone, Copy)]
struct Group {
    /// When its question reaches the root; infinite once there are no more blocks.
    question: f64,
    /// When its current work is done.
    free: f64,
}

/// The same for spans of x/2p blocks with x left, at least `c`; and the number of spans. Followed
/// question by question for [`GROUPS`] groups of ranks: spans differ from the first to the last of
/// a round, and so do the moments at which they end.
fn guided(b: f64, c: f64, w: f64, costs: &Costs, p: f64) -> (f64, f64) {
    let groups = p.min(GROUPS);
    let members = p / groups;
    let (mut left, mut deals, mut answered) = (b, 0.0_f64, 0.0_f64);
    let length = |left: f64| (left / (2.0 * p)).floor().max(c).min(left);
    // Seconds of the longest span of another group.
    let deal = |left: &mut f64, deals: &mut f64| {
        let blocks = length(*left);
        let dealt = (members * blocks).min(*left);
        *left -= dealt;
        *deals += if dealt > 0.0 { (dealt / blocks).ceil() } else { 0.0 };
        blocks * w
    };
    let first = |_: usize| Group { question: costs.message, free: deal(&mut left, &mut deals) };
    let mut asking: Vec<Group> = (0..groups as usize).map(first).collect();
    // The root's own first two spans, which are long, wait while it answers.
    let two = asking[0].free + length(left) * w;
    let mut end = 0.0_f64;
    while let Some(group) =
        asking.iter_mut().filter(|g| g.question.is_finite()).min_by(|x, y| x.question.total_cmp(&y.question))
    {
        answered = answered.max(group.question) + members * costs.answer;
        let span = deal(&mut left, &mut deals);
        if span > 0.0 {
            let begin = group.free.max(answered + costs.message);
            *group = Group { question: begin + span.min(REACTION) + costs.message, free: begin + span };
        } else {
            group.question = f64::INFINITY;
        }
        end = end.max(group.free).max(answered + costs.message);
    }
    (end.max(two + deals.max(p) * costs.answer), deals)
}

/// Predicts one case.
pub fn predict(schedule: Schedule, asked_chunk: Option<u64>, work: &JobCosts, costs: &Costs, ranks: u64) -> Prediction {
    let chunk = chunk(schedule, asked_chunk, work, ranks);
    let Parts { compute, imbalance, manager, ends } = parts(schedule, chunk, work, costs, ranks);
    let seconds = compute + imbalance.max(0.0) + manager + ends;
    let losses = [(imbalance, Bottleneck::Imbalance), (manager, Bottleneck::Manager), (ends, Bottleneck::Ends)];
    let (most, limit) = losses.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, Bottleneck::Computing));
    let alone = work.compute + work.fixed;
    let speedup = alone / seconds;
    Prediction {
        schedule: schedule.name().to_owned(),
        asked_chunk,
        ranks,
        chunk,
        seconds,
        speedup,
        efficiency: speedup / ranks as f64,
        limit: if most < 0.1 * seconds { Bottleneck::Computing } else { limit },
    }
}

/// Numbers of ranks to predict: powers of two up to `most`, and `most`.
pub fn ladder(most: u64) -> Vec<u64> {
    let mut ranks: Vec<u64> =
        std::iter::successors(Some(1), |&n: &u64| n.checked_mul(2)).take_while(|&n| n < most).collect();
    ranks.push(most);
    ranks
}

/// Where these predictions of one schedule saturate.
pub fn saturation(series: &str, predictions: &[Prediction]) -> Option<Saturation> {
    let most = predictions.iter().map(|prediction| prediction.speedup).max_by(f64::total_cmp)?;
    let fastest = predictions.iter().find(|prediction| prediction.speedup >= 0.98 * most)?;
    // The last that is still efficient, and the first after it.
    let worth = predictions.iter().rposition(|prediction| prediction.efficiency >= 0.5);
    let after = predictions.get(worth.map_or(0, |at| at + 1));
    Some(Saturation {
        series: series.to_owned(),
        half: after.map(|prediction| prediction.ranks),
        fastest: fastest.ranks,
        speedup: fastest.speedup,
        limit: fastest.limit,
    })
}
