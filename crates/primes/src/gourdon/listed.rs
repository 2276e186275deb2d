//! The primes by place: p_b is the b-th one, from 1 on.
//!
//! 4 bytes a prime. Primes beyond 2^32 are kept as their distance from the start of their window. A
//! whole run of them shares that start: kernels get the run and the start. Below 2^32 there is one
//! window, and it begins at 0.

use std::ops::{ControlFlow, Range};

use super::counts::PrimeCounts;
use super::factors::WHEEL;
use crate::YieldNow;

/// Numbers of a window: whole turns of the wheel, and below 2^32.
pub(super) const WINDOW: u64 = (u32::MAX as u64 / WHEEL - 1) * WHEEL;

/// Vectors of primes may read so far beyond the last one.
const PADDING: u64 = 64;
/// Places of a piece: 64 KiB.
const PIECE: usize = 1 << 14;

/// How many pieces the list of that number of primes has, and words of a piece.
pub(super) fn size(primes: u64) -> (usize, usize) {
    ((1 + primes + PADDING).div_ceil(PIECE as u64) as usize, PIECE / 2)
}

/// Makes some of the pieces. A `Break` from `yield_now`, called once a piece, is returned at once.
pub(super) fn fill(
    counts: &PrimeCounts<'_>,
    window: u64,
    pieces: Range<usize>,
    words: &mut [u64],
    yield_now: &mut YieldNow<'_>,
) -> ControlFlow<()> {
    let mut places = pieces.start as u64 * PIECE as u64..;
    let mut primes = counts.primes_from(places.start);
    for piece in bytemuck::cast_slice_mut::<u64, u32>(words).chunks_mut(PIECE) {
        yield_now()?;
        for (prime, place) in piece.iter_mut().zip(&mut places) {
            // Place 0 is unused; behind the last prime stands a number larger than all.
            *prime = if place == 0 { 0 } else { primes.next().map_or(u32::MAX, |p| (p % window) as u32) };
        }
    }
    ControlFlow::Continue(())
}

/// The list.
#[derive(Clone)]
pub(super) struct ListedPrimes<'t> {
    above: &'t [u32],
    window: u64,
    /// The first place of each window behind the first one.
    firsts: Vec<usize>,
}

impl<'t> ListedPrimes<'t> {
    /// From the words of all pieces.
    pub(super) fn new(words: &'t [u64], counts: &PrimeCounts<'_>, window: u64) -> ListedPrimes<'t> {
        let begins = (1..).map(|i| i * window).take_while(|&begin| begin <= counts.largest);
        let firsts = begins.map(|begin| counts.pi(begin - 1) as usize + 1).collect();
        ListedPrimes { above: bytemuck::cast_slice(words), window, firsts }
    }

    /// p_b.
    #[inline(always)]
    pub(super) fn at(&self, b: usize) -> u64 {
        let above = u64::from(self.above[b]);
        match self.firsts.first() {
            Some(&first) if b >= first => above + self.begin_of(b),
            _ => above,
        }
    }

    /// Where the window of place b begins.
    fn begin_of(&self, b: usize) -> u64 {
        self.firsts.partition_point(|&first| first <= b) as u64 * self.window
    }

    /// The primes at these places, as runs that lie in one window each: its begin, and what the
    /// primes are above it.
    #[inline]
    pub(super) fn runs(&self, places: Range<usize>) -> impl DoubleEndedIterator<Item = (u64, &'t [u32])> {
        let above = self.above;
        let one = self.firsts.first().is_none_or(|&first| places.end <= first);
        let last = if one { 0 } else { self.firsts.len() };
        (0..=last).filter_map(move |i| {
            let from = if i == 0 { 0 } else { self.firsts[i - 1] };
            let to = if i == last { places.end } else { self.firsts[i] };
            let (from, to) = (from.max(places.start), to.min(places.end));
            (from < to).then(|| (i as u64 * self.window, &above[from..to]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{small_words, whole};
    use super::*;
    use crate::naive;

    #[test]
    fn windows_hide_nothing() {
        let words = small_words(600_000);
        let counts = PrimeCounts::new(&words.counts);
        let expected = naive::eratosthenes(counts.largest + 1);
        for window in [WINDOW, 7 * WHEEL, 100 * WHEEL] {
            let (pieces, length) = size(counts.all());
            let mut words = vec![0; pieces * length];
            let (first, rest) = words.split_at_mut(length);
            whole(|yield_now| fill(&counts, window, 1..pieces, rest, yield_now));
            whole(|yield_now| fill(&counts, window, 0..1, first, yield_now));
            let primes = ListedPrimes::new(&words, &counts, window);
            assert!((1..=expected.len()).all(|b| primes.at(b) == expected[b - 1]));
            assert_eq!(primes.at(0), 0);
            assert!(primes.at(expected.len() + 1) > counts.largest);
            for places in [1..2, 1..expected.len() + 1, 1000..1000, 1500..9000] {
                let runs: Vec<u64> = primes
                    .runs(places.clone())
                    .flat_map(|(begin, run)| run.iter().map(move |&above| begin + u64::from(above)))
                    .collect();
                assert_eq!(runs, &expected[places.start - 1..places.end - 1]);
            }
        }
    }
}
