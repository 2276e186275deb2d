//! Jobs that know the value of each block, so that a lost, duplicated or misplaced one shows; and a
//! sink whose reader is slow, pauses or leaves.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use montesieve_engine::sink::{ReaderSteps, Sink, SinkError};
use montesieve_engine::{Identity, Job, PrefixEnds, Span, Tally, Version, YieldNow, simulated};
use serde::{Deserialize, Serialize};

/// A tally of numbers, one for each block.
pub trait OfSpan: Tally + PartialEq + Debug + Sync {
    fn of(numbers: impl Iterator<Item = u64>) -> Self;
}

/// A composition of maps x -> a x + b: associative, exact and not commutative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AffineMap {
    a: u64,
    b: u64,
}

impl Tally for AffineMap {
    fn merge(&mut self, next: AffineMap) {
        *self = AffineMap { a: self.a.wrapping_mul(next.a), b: self.b.wrapping_mul(next.a).wrapping_add(next.b) };
    }
}

impl OfSpan for AffineMap {
    fn of(numbers: impl Iterator<Item = u64>) -> AffineMap {
        let one = |number: u64| AffineMap { a: 2 * number + 3, b: number.wrapping_mul(0x9E37_79B9_7F4A_7C15) };
        numbers.map(one).fold(AffineMap { a: 1, b: 0 }, |mut total, next| {
            total.merge(next);
            total
        })
    }
}

/// The blocks themselves: a tally, and so its messages, grow with the span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blocks(pub Vec<u64>);

impl Tally for Blocks {
    fn merge(&mut self, next: Blocks) {
        self.0.extend(next.0);
    }
}

impl OfSpan for Blocks {
    fn of(numbers: impl Iterator<Item = u64>) -> Blocks {
        Blocks(numbers.collect())
    }
}

/// A job of blocks.
#[derive(Clone, Debug)]
pub struct BlockJob<T> {
    pub blocks: u64,
    pub grain: u64,
    pub piece: Duration,
    /// Time within the kernel for a block, by rank, in addition to that of the rank's plan.
    pub within: Vec<Duration>,
    /// The number of steps of that, with a yield after each.
    pub yields: u32,
    /// The first block that a longer job does not have.
    pub whole: u64,
    pub keeps_prefixes: bool,
    /// Computed pieces, by which rank and when, without the time of the rank's plan.
    pub log: Arc<Mutex<Vec<(u64, Span, Duration)>>>,
    /// In a delivery: what was read, and how many blocks ahead of it ranks may work.
    pub ahead: Option<(Arc<Mutex<Vec<u64>>>, u64)>,
    pub kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: OfSpan> BlockJob<T> {
    /// The value of a span. A block that a longer job does not have gets another value.
    pub fn of(&self, span: Span) -> T {
        T::of((span.first..span.end).map(|block| if block < self.whole { block } else { block + self.blocks }))
    }
}

impl<T: OfSpan> Job for BlockJob<T> {
    type Tally = T;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.blocks
    }

    fn identity(&self) -> Option<Identity> {
        let version = Version { cut: 1, stream: 1, block: 1 };
        let (amount, words) = (self.blocks.into(), vec!["numbers".into()]);
        Some(Identity { kind: "numbers".into(), version, amount, whole: self.whole, words, parts: Vec::new() })
    }

    fn check(&self, span: Span, tally: &T) -> Result<(), String> {
        if *tally == self.of(span) { Ok(()) } else { Err(format!("{tally:?} is not what {span} comes to")) }
    }

    fn prefix_ends(&self) -> PrefixEnds {
        if self.keeps_prefixes { PrefixEnds::Powers } else { PrefixEnds::None }
    }

    fn grain(&self) -> u64 {
        self.grain
    }

    fn piece(&self) -> Duration {
        self.piece
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), T> {
        if let Some((read, window)) = &self.ahead {
            let read = read.lock().expect("no panic").len() as u64;
            assert!(span.end <= read + window, "{span} in work where {read} are read, {window} ahead at most");
        }
        let rank = simulated::here().map_or(0, |(rank, _)| rank);
        let within = self.within[rank as usize % self.within.len()];
        if !within.is_zero() {
            for _ in 0..span.len() * u64::from(self.yields) {
                simulated::pass(within / self.yields);
                yield_now()?;
            }
        }
        self.log.lock().expect("no panic").extend(simulated::here().map(|(rank, time)| (rank, span, time)));
        ControlFlow::Continue(self.of(span))
    }
}

/// The reader's reaction to a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TestReader {
    /// Reads on, at this speed.
    Reads(Duration),
    /// Pauses at a block for this long.
    PausesAt(u64, Duration),
    /// Closes the stream at a block.
    GoesAt(u64),
    /// The sink fails at a block.
    FailsAt(u64),
}

/// A sink that records what was read.
pub struct RecordingSink {
    pub read: Arc<Mutex<Vec<u64>>>,
    pub reader: TestReader,
}

impl Sink<Blocks> for RecordingSink {
    fn take(&mut self, tally: Blocks, steps: &ReaderSteps) -> Result<(), SinkError> {
        for block in tally.0 {
            match self.reader {
                TestReader::Reads(time) => simulated::pass(time),
                TestReader::PausesAt(at, time) if at == block => simulated::pass(time),
                TestReader::GoesAt(at) if at == block => return Err(SinkError::ReaderGone),
                TestReader::FailsAt(at) if at == block => return Err(SinkError::Failed("the disk is full".into())),
                _ => {}
            }
            self.read.lock().expect("no panic").push(block);
            steps.step();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}
