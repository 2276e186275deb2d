//! The job list: every costly term cut into blocks, a function of the parameters alone.
//!
//! | blocks | what |
//! |---|---|
//! | first | Sigma |
//! | then | Phi0 over m in [0, y] |
//! | then | the closed parts of A and C over p in [0, x*] |
//! | then | D over n in [0, x / y], in rising order |
//! | then | A + C over n in [0, sqrt x] |
//! | last | B over n in [sqrt x, x / y]: short ones, so that ranks end together |
//!
//! Leaves are dense where n is small, so blocks are cut by estimated work: most take the same time
//! within a factor of two, at 1e18 as at 1e22. Adjacent blocks of one term are computed together,
//! which saves the start of a span.

use std::ops::Range;

use super::crossing::WORD;
use super::factors::WHEEL;
use super::params::{Params, cbrt, sqrt};
use super::second;

/// Blocks that are not cut: Sigma.
const PLAIN: u64 = 1;
/// Seconds that Phi0 takes for each number up to y, and C for each of the composites that are
/// thought to be there (AMD Zen 5).
const LEAF: f64 = 2.2e-9;
const COMPOSITES: f64 = 4.0e-9;
/// Seconds of a block at least, worth a message; and 5 times the start of a span of D at 1e18 (3
/// ms), which grows about as x^0.35 (AMD Zen 5). Shorter than it must be for a few ranks: they take
/// several blocks at once, and thousands of ranks have something to do until the end.
const SHORTEST: f64 = 0.01;
const AT_1E18: f64 = 0.015;
/// More blocks are of no use to anybody, and a span's start would show.
const MOST: f64 = 40_000.0;
/// A and C: blocks begin at multiples of this.
const STEP: u64 = 1280;

/// Borders of the blocks of each term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) ordinary: Vec<u64>,
    pub(super) closed: Vec<u64>,
    pub(super) hard: Vec<u64>,
    pub(super) easy: Vec<u64>,
    pub(super) second: Vec<u64>,
}

impl Cut {
    pub(super) fn new(params: &Params) -> Cut {
        let block = SHORTEST.max(AT_1E18 * (params.x as f64 / 1e18).powf(0.35));
        let blocks = (super::seconds(params.x) / block).clamp(3.0, MOST);
        Cut {
            ordinary: ordinary(params, block),
            closed: closed(params, block),
            hard: hard(params, blocks / 2.0),
            easy: easy(params, blocks / 3.0),
            second: second(params, blocks / 4.0),
        }
    }

    /// The borders of each term, in the order of their blocks.
    fn borders(&self) -> [&Vec<u64>; 5] {
        [&self.ordinary, &self.closed, &self.hard, &self.easy, &self.second]
    }

    /// Blocks of all terms.
    pub(super) fn blocks(&self) -> u64 {
        PLAIN + self.borders().map(|borders| borders.len() as u64 - 1).iter().sum::<u64>()
    }

    /// The blocks of each term.
    pub(super) fn named(&self) -> [(&'static str, Range<u64>); 6] {
        let mut first = PLAIN;
        let terms = self.borders().map(|borders| {
            let blocks = first..first + borders.len() as u64 - 1;
            first = blocks.end;
            blocks
        });
        let [ordinary, closed, hard, easy, second] = terms;
        [("Sigma", 0..PLAIN), ("Phi0", ordinary), ("closed", closed), ("D", hard), ("A + C", easy), ("B", second)]
    }

    /// The part of `blocks` that is Sigma's, and of each term as numbers [low, high).
    pub(super) fn parts(&self, blocks: Range<u64>) -> Parts {
        let plain = blocks.start.min(PLAIN)..blocks.end.min(PLAIN);
        let mut behind = PLAIN;
        let [ordinary, closed, hard, easy, second] = self.borders().map(|borders| {
            let length = borders.len() as u64 - 1;
            let place = |block: u64| block.saturating_sub(behind).min(length) as usize;
            let (from, to) = (place(blocks.start), place(blocks.end));
            behind += length;
            (from < to).then(|| (borders[from], borders[to]))
        });
        Parts { sigma: !plain.is_empty(), ordinary, closed, hard, easy, second }
    }
}

/// What a run of blocks is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) sigma: bool,
    pub(super) ordinary: Option<(u64, u64)>,
    pub(super) closed: Option<(u64, u64)>,
    pub(super) hard: Option<(u64, u64)>,
    pub(super) easy: Option<(u64, u64)>,
    pub(super) second: Option<(u64, u64)>,
}

/// Equal lengths, in whole turns of the wheel; blocks of that number of seconds.
fn ordinary(params: &Params, block: f64) -> Vec<u64> {
    let end = (params.y / WHEEL + 1) * WHEEL;
    let blocks = (LEAF * params.y as f64 / block).ceil().max(1.0) as u64;
    let border = |j: u64| (u128::from(end) * u128::from(j) / u128::from(blocks)) as u64 / WHEEL * WHEEL;
    rising((0..blocks).map(border), end)
}

/// Composites q r up to y of the primes p from the cube root of x / y, called r, to s = sqrt(y): p
/// < q < r' and q r' > x / p^3, about (s - p)^2 (1 - (r / p)^3) of them. Above s there is next to
/// nothing to do.
fn closed(params: &Params, block: f64) -> Vec<u64> {
    let (end, root, least) = (params.star + 1, sqrt(u128::from(params.y)), cbrt(u128::from(params.far)));
    let (r, s) = (least as f64, root as f64);
    let inner = if root > least + 1 {
        let work = Work::new((r, s), |p| (s - p).powi(2) * (1.0 - (r / p).powi(3)) * p / s.ln().powi(3));
        // Look-ups wait for memory when the table of pi is larger than caches: three times as long
        // at 1e22.
        let slower = (params.y as f64 / 3e8).sqrt().max(1.0);
        work.borders((COMPOSITES * slower * work.whole() / block).ceil().max(1.0))
    } else {
        Vec::new()
    };
    rising(std::iter::once(0).chain(inner.into_iter().map(|border| border as u64)), end)
}

/// There are no leaves below about n0 = (x / y)^(2/3); there they are densest, and soon as many in
/// each octave. The sieve costs as much as there are numbers. In shares of r = n / (x / y), as
/// measured at 1e20 (AMD Zen 5).
fn hard(params: &Params, blocks: f64) -> Vec<u64> {
    let (end, far) = (params.far + 1, params.far as f64);
    let first = far.powf(2.0 / 3.0);
    let work = Work::new((first, end as f64), |n| 0.75 + 4.2 * n / far + 2.0 * (first / n).powf(0.65));
    let border = |border: f64| border as u64 / WORD * WORD;
    rising(std::iter::once(0).chain(work.borders(blocks.ceil()).into_iter().map(border)), end)
}

/// A p has about x / (p n^2 ln n) leaves near n, those p do that are above x / n^2 (and r, the cube
/// root of x / y) and below sqrt(x / n): none when n is below the cube root of x. Sieving costs as
/// much as half a leaf for each number.
fn easy(params: &Params, blocks: f64) -> Vec<u64> {
    let (end, x, begin) = (params.root2 + 1, params.x as f64, params.root3 as f64);
    let r = (params.far as f64).cbrt();
    let work = Work::new((begin, end as f64), |n| {
        let (from, to) = ((x / (n * n)).max(r), (x / n).sqrt());
        let primes = if from < to { (to.ln() / from.ln()).ln() } else { 0.0 };
        n * (0.5 + x / (n * n) * primes / (x / (n * to)).ln().max(1.0))
    });
    let border = |border: f64| border as u64 / STEP * STEP;
    rising(std::iter::once(0).chain(work.borders(blocks.ceil()).into_iter().map(border)), end)
}

/// A tenth of a nanosecond for each number, and ten for each q, of which there are x / (n^2 ln q)
/// near n (AMD Zen 5).
fn second(params: &Params, blocks: f64) -> Vec<u64> {
    let (low, end, x) = (second::begin(params.root2), params.far + 1, params.x as f64);
    let work = Work::new((low as f64, end as f64), |n| n * (0.1 + 10.0 * x / (n * n) / (x / n).ln()));
    let border = |border: f64| (border as u64 - low) / WORD * WORD + low;
    rising(std::iter::once(low).chain(work.borders(blocks.ceil()).into_iter().map(border)), end)
}

/// How much work there is between two numbers, as a function of them.
struct Work {
    /// Logarithms of places, and the work up to there.
    up_to: Vec<(f64, f64)>,
}

impl Work {
    /// Integrates `near`: the work near n in a range of length n.
    fn new((low, high): (f64, f64), near: impl Fn(f64) -> f64) -> Work {
        const STEPS: u32 = 4000;
        let step = (high / low).ln() / f64::from(STEPS);
        let (mut all, mut up_to) = (0.0, vec![(low.ln(), 0.0)]);
        for i in 0..STEPS {
            all += step * near((low.ln() + step * (f64::from(i) + 0.5)).exp());
            up_to.push((low.ln() + step * f64::from(i + 1), all));
        }
        Work { up_to }
    }

    fn whole(&self) -> f64 {
        self.up_to.last().map_or(0.0, |&(_, all)| all)
    }

    /// The ends of that number of pieces with equal work, except the last.
    fn borders(&self, pieces: f64) -> Vec<f64> {
        let each = self.whole() / pieces;
        (1..pieces as u64)
            .map(|j| {
                let i = self.up_to.partition_point(|&(_, work)| work < each * j as f64).clamp(1, self.up_to.len() - 1);
                let ((from, before), (to, after)) = (self.up_to[i - 1], self.up_to[i]);
                let share = if after > before { (each * j as f64 - before) / (after - before) } else { 1.0 };
                (from + share.clamp(0.0, 1.0) * (to - from)).exp()
            })
            .collect()
    }
}

/// Each border once, and the end.
fn rising(borders: impl Iterator<Item = u64>, end: u64) -> Vec<u64> {
    let mut list: Vec<u64> = borders.take_while(|&border| border < end).collect();
    list.push(end);
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::super::params::Split;
    use super::*;

    #[test]
    fn blocks_tile_every_term() {
        for x in [1_000_000, 123_456_789, 1_000_000_000_000, 1 << 60, 10_u128.pow(21)] {
            let params = Params::new(x, Split::First);
            let cut = Cut::new(&params);
            let ends = [0, 0, 0, 0, cut.second[0]].map(Some);
            let turns = (params.y / WHEEL + 1) * WHEEL;
            let wanted = [turns, params.star + 1, params.far + 1, params.root2 + 1, params.far + 1];
            for ((borders, first), end) in cut.borders().into_iter().zip(ends).zip(wanted) {
                assert!(borders.is_sorted_by(|a, b| a < b), "{x}: {borders:?}");
                assert_eq!((borders.first().copied(), borders.last().copied()), (first, Some(end)));
            }
            let list = |parts: Parts| [parts.ordinary, parts.closed, parts.hard, parts.easy, parts.second];
            let all = cut.parts(0..cut.blocks());
            assert!(
                all.sigma
                    && list(all).into_iter().zip(wanted).all(|(term, end)| term.is_some_and(|term| term.1 == end))
            );
            let mut ends = [0, 0, 0, 0, cut.second[0]];
            for block in PLAIN..cut.blocks() {
                let parts = cut.parts(block..block + 1);
                let (sigma, terms) = (parts.sigma, list(parts));
                let given: Vec<usize> = (0..5).filter(|&i| terms[i].is_some()).collect();
                assert_eq!((given.len(), sigma), (1, false));
                let (low, high) = terms[given[0]].expect("some");
                assert_eq!(low, ends[given[0]]);
                ends[given[0]] = high;
            }
            assert_eq!(ends, wanted);
        }
    }
}
