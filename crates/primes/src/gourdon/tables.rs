//! The tables of all kernels: primes, pi(n), factors, phi. Made before the job; read-only from
//! then on.
//!
//! The words of a table come in independent pieces, which all ranks can compute in shared memory:
//! this file defines the pieces and their content; callers decide where each is computed and kept.
//! One set of tables, made for the largest of several sets of parameters, serves all of them.
//!
//! Memory in bytes: an eighth of a byte for each number up to sqrt(x / x*), 4 for each prime there,
//! 0.42 y for factors, 26 MB at most for phi: 26 MB at 1e18 beside phi's, 190 MB at 1e20. Each
//! formula of a rank adds reciprocals, 17 MB at most ([`Layout::formula_bytes`]).

use std::convert::Infallible;
use std::ops::{ControlFlow, Deref, Range};

use serde::{Deserialize, Serialize};

use super::counts::{self, PrimeCounts};
use super::factors::{self, COPRIME};
use super::listed::{self, ListedPrimes, WINDOW};
use super::params::{Params, sqrt};
use super::phi::{self, Phi};
use crate::YieldNow;

/// Primes up to here have reciprocals: at 1e20 those of nearly all easy leaves, in 16 MB.
const DIVIDE_MOST: u64 = 1 << 25;

/// How large the tables are. A function of the parameters alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The largest number whose pi is looked up.
    numbers: u64,
    y: u64,
    /// phi is looked up to about here.
    far: u64,
    /// Numbers of a window of the list of primes.
    window: u64,
}

/// Makes some of a table's pieces, given their numbers, their words, which are zero, and a yield
/// whose `Break` is returned at once.
pub type FillPieces<'f> = &'f dyn Fn(Range<usize>, &mut [u64], &mut YieldNow<'_>) -> ControlFlow<()>;

impl Layout {
    /// For tables that serve all these parameters; `None` of none.
    pub fn of<'f>(sets: impl IntoIterator<Item = &'f Params>) -> Option<Layout> {
        let one = |params: &Params| Layout {
            numbers: params.looked_up(),
            y: params.y,
            far: sqrt(u128::from(params.far)),
            window: WINDOW,
        };
        sets.into_iter().map(one).reduce(|a, b| Layout {
            numbers: a.numbers.max(b.numbers),
            y: a.y.max(b.y),
            far: a.far.max(b.far),
            window: a.window,
        })
    }

    /// The same with windows of `turns` turns of the wheel: the tests' way to see many.
    #[cfg(test)]
    pub(super) fn with_window(self, turns: u64) -> Layout {
        Layout { window: turns * factors::WHEEL, ..self }
    }

    /// About how many bytes the tables take.
    pub fn bytes(&self) -> u64 {
        // Rosser and Schoenfeld (1962): pi(n) < 1.256 n / ln n.
        let primes = (1.256 * self.numbers as f64 / (self.numbers as f64).ln()) as u64;
        let sizes = [counts::size(self.numbers), listed::size(primes), factors::size(self.y), phi::size(self.far)];
        sizes.iter().map(|&(pieces, length)| 8 * pieces as u64 * length as u64).sum()
    }

    /// About how many bytes a formula takes besides the tables, at most.
    pub fn formula_bytes(&self) -> u64 {
        let most = self.numbers.min(DIVIDE_MOST) as f64;
        (8.0 * 1.256 * most / most.ln()) as u64
    }

    /// Has all words made, table after table, for the next ones read what came before. `make` is
    /// given a number of pieces, the words of each, and how they are made; `None` from it, when it
    /// was told to stop, is returned at once.
    ///
    /// # Errors
    /// What `make` returns.
    pub fn words<W: Deref<Target = [u64]>, E>(
        self,
        mut make: impl FnMut(usize, usize, FillPieces<'_>) -> Result<Option<W>, E>,
    ) -> Result<Option<Words<W>>, E> {
        let Layout { numbers, y, far, window } = self;
        let mut table = |(pieces, length): (usize, usize), fill: FillPieces<'_>| make(pieces, length, fill);
        let (pieces, length) = counts::size(numbers);
        let before = |shares: Range<usize>, words: &mut [u64], yield_now: &mut YieldNow<'_>| {
            // Nothing comes after the last one.
            counts::fill_totals(shares.start..shares.end.min(pieces - 1), words, yield_now)
        };
        let Some(totals) = table((pieces, 1), &before)? else { return Ok(None) };
        let fill = |pieces: Range<usize>, words: &mut [u64], yield_now: &mut YieldNow<'_>| {
            counts::fill(&totals, pieces, words, yield_now)
        };
        let Some(counts) = table((pieces, length), &fill)? else { return Ok(None) };
        let seen = PrimeCounts::new(&counts);
        let list = |pieces: Range<usize>, words: &mut [u64], yield_now: &mut YieldNow<'_>| {
            listed::fill(&seen, window, pieces, words, yield_now)
        };
        let Some(primes) = table(listed::size(seen.all()), &list)? else { return Ok(None) };
        let listed = ListedPrimes::new(&primes, &seen, window);
        let factors = |pieces: Range<usize>, words: &mut [u64], yield_now: &mut YieldNow<'_>| {
            factors::fill(&listed, pieces, words, yield_now)
        };
        let Some(factors) = table(factors::size(y), &factors)? else { return Ok(None) };
        let phi = |pieces: Range<usize>, words: &mut [u64], yield_now: &mut YieldNow<'_>| {
            phi::fill(&listed, pieces, words, yield_now)
        };
        let Some(phi) = table(phi::size(far), &phi)? else { return Ok(None) };
        Ok(Some(Words { window, totals, counts, primes, factors, phi }))
    }

    /// Makes all of it in memory of this process alone. A `Break` from `yield_now` is returned at
    /// once.
    pub fn own(self, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Words<Vec<u64>>> {
        let made: Result<_, Infallible> = self.words(|pieces, length, fill| {
            let mut words = vec![0; pieces * length];
            Ok(fill(0..pieces, &mut words, yield_now).is_continue().then_some(words))
        });
        match made {
            Ok(Some(words)) => ControlFlow::Continue(words),
            Ok(None) => ControlFlow::Break(()),
        }
    }
}

/// The words of all tables, wherever they are kept.
pub struct Words<W> {
    window: u64,
    /// Used only while the tables are made; kept since ranks free shared memory in order.
    totals: W,
    pub(super) counts: W,
    pub(super) primes: W,
    pub(super) factors: W,
    phi: W,
}

impl<W> Words<W> {
    /// The parts, for those who have to give them back: in the order in which they were made.
    pub fn into_parts(self) -> [W; 5] {
        [self.totals, self.counts, self.primes, self.factors, self.phi]
    }
}

/// Tables as one params sees them.
pub(super) struct Tables<'t> {
    pub(super) params: Params,
    pub(super) primes: ListedPrimes<'t>,
    pub(super) counts: PrimeCounts<'t>,
    pub(super) factors: &'t [[u16; COPRIME]],
    pub(super) phi: Phi<'t>,
    /// 1 / p_b at place b, for the primes that divide most often.
    pub(super) over: Vec<f64>,
    /// pi(y).
    pub(super) pi_y: usize,
    /// Turns of the wheel in a window: numbers m are given to kernels as those above its begin.
    pub(super) turns: usize,
}

impl<'t> Tables<'t> {
    /// From words that were made for this params, among others.
    pub(super) fn new<W: Deref<Target = [u64]>>(params: Params, words: &'t Words<W>) -> Tables<'t> {
        let counts = PrimeCounts::new(&words.counts);
        let primes = ListedPrimes::new(&words.primes, &counts, words.window);
        let (factors, phi) = (factors::turns(&words.factors), Phi::new(&words.phi));
        let pi_y = counts.pi(params.y) as usize;
        // Of larger x no x / p is short enough for a product.
        let is_of_use = params.x / u128::from(params.root3) < 1 << 50;
        let most = if is_of_use { counts.pi(counts.largest.min(DIVIDE_MOST)) as usize } else { 0 };
        let over = (0..=most).map(|b| 1.0 / primes.at(b) as f64).collect();
        Tables { params, primes, counts, factors, phi, over, pi_y, turns: (words.window / factors::WHEEL) as usize }
    }

    /// p_b.
    #[inline(always)]
    pub(super) fn p(&self, b: usize) -> u64 {
        self.primes.at(b)
    }

    /// pi(n), as a place among the primes.
    #[inline(always)]
    pub(super) fn pi(&self, n: u64) -> usize {
        self.counts.pi(n) as usize
    }
}
