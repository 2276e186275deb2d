//! Block by block: what the jobs of all methods do alike.
//!
//! Stands apart from `problem`, which has what they say about the whole.

use std::ops::ControlFlow;

use crate::job::{Span, Tally, YieldNow};

/// Samples that are worth a message: some hundred microseconds of cheap integrands.
pub(super) const GRAIN: u64 = 1 << 15;

/// The tally of a span, from that of each `block` of it; `Break` when `yield_now` says so.
pub(super) fn total<T: Tally + Default>(
    span: Span,
    yield_now: YieldNow<'_>,
    mut block: impl FnMut(u64) -> T,
) -> ControlFlow<(), T> {
    let mut tally = T::default();
    for number in span.first..span.end {
        tally.merge(block(number));
        yield_now()?;
    }
    ControlFlow::Continue(tally)
}
