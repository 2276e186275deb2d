//! The job of counting primes and nothing else: the one that never looks at a single prime, and so the fastest.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::cut::Cut;
use crate::job::{Job, Pulse, Span, Tally};
use crate::primes::source::{Algorithm, Source};
use crate::primes::summary::{Summary, Wanted};

/// The job of counting.
pub(super) struct Count {
    pub(super) cut: Cut,
    pub(super) algorithm: Algorithm,
}

/// Numbers of a span, and how many of them are prime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counted {
    pub(super) numbers: u64,
    pub(super) primes: u64,
}

impl Tally for Counted {
    fn merge(&mut self, next: Counted) {
        self.numbers += next.numbers;
        self.primes += next.primes;
    }
}

/// A count is a summary that says nothing else.
impl From<Counted> for Summary {
    fn from(Counted { numbers, primes }: Counted) -> Summary {
        let mut summary = Summary::of(0, numbers, Wanted::default());
        summary.primes = primes;
        summary
    }
}

impl Job for Count {
    type Tally = Counted;
    type Workspace = Source;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn workspace(&self) -> Source {
        self.algorithm.source(self.cut.high)
    }

    fn compute(&self, span: Span, source: &mut Source, pulse: Pulse<'_>) -> ControlFlow<(), Counted> {
        let (low, high) = self.cut.numbers(span);
        let primes = source.count(low, high, pulse)?;
        ControlFlow::Continue(Counted { numbers: high - low, primes })
    }
}
