//! Rounds that adapt: the blocks of a stage depend on the tallies of the stages before it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use montesieve_engine::rounds::{Adaptive, Shorten, growing};
use montesieve_engine::{Identity, Job, PrefixEnds, Session, Span, Tally, YieldNow};
use serde::{Deserialize, Serialize};

use super::{RANKS, folder};

/// The values of blocks, each of which is mixed from its number and from the sum of the stages
/// before it. One block in another stage, or in another order of stages, changes all that follow.
#[derive(Clone)]
struct Chain {
    blocks: u64,
    /// The adaptation; blocks of the first stage have 0.
    key: u64,
    computed: Arc<AtomicU64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sum(u64);

impl Tally for Sum {
    fn merge(&mut self, next: Sum) {
        self.0 = self.0.wrapping_add(next.0);
    }
}

const STAGES: [u64; 4] = [1, 2, 8, 32];

fn mixed(key: u64, block: u64) -> u64 {
    (key ^ block.wrapping_mul(0x9E37_79B9_7F4A_7C15)).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

impl Chain {
    fn new(blocks: u64) -> Chain {
        Chain { blocks, key: 0, computed: Arc::default() }
    }

    /// The same, block by block.
    fn expected(&self) -> u64 {
        let (mut key, mut sum) = (0, 0u64);
        for block in 0..self.blocks {
            if STAGES.contains(&block) {
                key = mixed(sum, block);
            }
            sum = sum.wrapping_add(mixed(key, block));
        }
        sum
    }

    fn run(&self, session: &Session<'_>, enough: u64) -> montesieve_engine::Result<Option<(u64, u64)>> {
        let ended = session.run_adaptive(self, growing(40), |part, _| {
            assert!(part.blocks > 32, "no decision before the last stage has ended");
            part.blocks >= enough
        })?;
        Ok(ended.map(|(outcome, _)| (outcome.blocks, outcome.total.expect("blocks").0)))
    }
}

impl Job for Chain {
    type Tally = Sum;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        Some(Identity::new("chain", self.blocks))
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::PowersAfter(STAGES[STAGES.len() - 1])
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), _: YieldNow<'_>) -> ControlFlow<(), Sum> {
        self.computed.fetch_add(span.len(), Ordering::Relaxed);
        let values = (span.first..span.end).map(|block| mixed(self.key, block));
        ControlFlow::Continue(Sum(values.fold(0, u64::wrapping_add)))
    }
}

impl Shorten for Chain {
    fn shortened(&self, blocks: u64) -> Chain {
        Chain { blocks: blocks.min(self.blocks), ..self.clone() }
    }
}

impl Adaptive for Chain {
    type Adaptation = u64;

    fn stages(&self) -> Vec<u64> {
        STAGES.to_vec()
    }

    fn adapt(&self, before: &[(Span, &Sum)]) -> u64 {
        let sum = before.iter().fold(0u64, |sum, (_, tally)| sum.wrapping_add(tally.0));
        before.last().map_or(0, |(span, _)| mixed(sum, span.end))
    }

    fn adapted(self, key: u64) -> Chain {
        Chain { key, ..self }
    }
}

#[test]
fn a_stage_depends_on_the_tallies_of_those_before_it_on_any_number_of_ranks() {
    for ranks in RANKS {
        for blocks in [1, 2, 3, 8, 9, 31, 32, 33, 40, 100] {
            let job = Chain::new(blocks);
            let ended = Session::on_threads(ranks, |session| job.run(&session, u64::MAX)).expect("it runs");
            assert_eq!(ended, (blocks, job.expected()), "{blocks} blocks on {ranks} ranks");
            assert_eq!(job.computed.load(Ordering::Relaxed), blocks);
        }
        let ended = Session::on_threads(ranks, |session| Chain::new(100).run(&session, 45)).expect("it runs");
        assert_eq!(ended, (48, Chain::new(48).expected()), "40, 48 on {ranks} ranks");
    }
}

#[test]
fn it_resumes_within_every_stage_and_computes_nothing_again() {
    for ranks in RANKS {
        for stopped in [1, 2, 5, 8, 20, 32, 35, 100] {
            let folder = folder();
            let path = folder.path().join("chain.ckpt");
            let run = |job: &Chain| {
                Session::on_threads(ranks, |session| job.run(&session.checkpoint(&path), u64::MAX)).expect("it runs")
            };
            let part = Chain::new(stopped);
            assert_eq!((run(&part), run(&part)), ((stopped, part.expected()), (stopped, part.expected())));
            assert_eq!(part.computed.load(Ordering::Relaxed), stopped, "the second run computes nothing");
            let job = Chain::new(100);
            assert_eq!(run(&job), (100, job.expected()), "stopped at {stopped} on {ranks} ranks");
            assert_eq!(job.computed.load(Ordering::Relaxed), 100 - stopped);
        }
    }
}
