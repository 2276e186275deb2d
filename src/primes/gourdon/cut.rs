//! The job list: every costly term cut into blocks, a function of the frame alone.
//!
//! | blocks | what |
//! |---|---|
//! | first three | Sigma, Phi0, and the closed parts of A and C |
//! | then | D over n in [0, x / y], in rising order |
//! | then | A + C over n in [0, sqrt x] |
//! | last | B over n in [sqrt x, x / y]: short ones, so that ranks end together |
//!
//! Leaves are dense where n is small: D's cost up to n grows about as n^(1/3), A + C's are past where a share of the octaves is.
//! Adjacent blocks of one term are computed in one go, which spares a span's start.

use std::ops::Range;

use super::frame::Frame;
use super::hard::NUMBERS;
use super::second;

/// Blocks without a sieve.
pub(super) const PLAIN: u64 = 3;
/// Seconds of a block at least, worth a message; and 20 times the start of a span at 1e18 (3 ms), which grows about as x^0.35
/// (AMD Zen 5).
const SHORTEST: f64 = 0.01;
const AT_1E18: f64 = 0.06;
/// More blocks are of no use to anybody, and a span's start would show.
const MOST: f64 = 40_000.0;
/// A and C: blocks begin at multiples of this.
const STEP: u64 = 1280;

/// Borders of the blocks of each term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) hard: Vec<u64>,
    pub(super) easy: Vec<u64>,
    pub(super) second: Vec<u64>,
}

impl Cut {
    pub(super) fn new(frame: &Frame) -> Cut {
        let block = SHORTEST.max(AT_1E18 * (frame.x as f64 / 1e18).powf(0.35));
        let blocks = (super::seconds(frame.x) / block).clamp(3.0, MOST);
        Cut { hard: hard(frame, blocks / 2.0), easy: easy(frame, blocks / 3.0), second: second(frame, blocks / 4.0) }
    }

    /// Blocks of all terms.
    pub(super) fn blocks(&self) -> u64 {
        PLAIN + [&self.hard, &self.easy, &self.second].map(|borders| borders.len() as u64 - 1).iter().sum::<u64>()
    }

    /// The blocks of each term.
    pub(super) fn named(&self) -> [(&'static str, Range<u64>); 4] {
        let hard = PLAIN + self.hard.len() as u64 - 1;
        let easy = hard + self.easy.len() as u64 - 1;
        [("Sigma, Phi0, closed", 0..PLAIN), ("D", PLAIN..hard), ("A + C", hard..easy), ("B", easy..self.blocks())]
    }

    /// The part of `blocks` that is of the plain blocks, and of each term as numbers [low, high).
    pub(super) fn parts(&self, blocks: Range<u64>) -> Parts {
        let plain = blocks.start.min(PLAIN)..blocks.end.min(PLAIN);
        let mut behind = PLAIN;
        let [hard, easy, second] = [&self.hard, &self.easy, &self.second].map(|borders| {
            let length = borders.len() as u64 - 1;
            let place = |block: u64| block.saturating_sub(behind).min(length) as usize;
            let (from, to) = (place(blocks.start), place(blocks.end));
            behind += length;
            (from < to).then(|| (borders[from], borders[to]))
        });
        Parts { plain, hard, easy, second }
    }
}

/// What a run of blocks is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) plain: Range<u64>,
    pub(super) hard: Option<(u64, u64)>,
    pub(super) easy: Option<(u64, u64)>,
    pub(super) second: Option<(u64, u64)>,
}

/// Whole segments, as many as the third root of the cost says.
fn hard(frame: &Frame, blocks: f64) -> Vec<u64> {
    let (end, blocks) = (frame.far + 1, blocks.ceil() as u64);
    let segments = end.div_ceil(NUMBERS);
    let border = |j: u64| (segments as f64 * (j as f64 / blocks as f64).powi(3)) as u64 * NUMBERS;
    rising((0..blocks).map(border), end)
}

/// Equal shares of the octaves from the first leaf on.
fn easy(frame: &Frame, blocks: f64) -> Vec<u64> {
    let end = frame.root2 + 1;
    let first = (frame.x / u128::from(frame.y) / u128::from(frame.root3)).max(1) as f64;
    let ratio = (end as f64 / first).max(2.0);
    let border = |j: u64| (first * ratio.powf(j as f64 / blocks)) as u64 / STEP * STEP;
    rising(std::iter::once(0).chain((1..blocks.ceil() as u64).map(border)), end)
}

/// Equal lengths.
fn second(frame: &Frame, blocks: f64) -> Vec<u64> {
    let (low, end, blocks) = (second::begin(frame.root2), frame.far + 1, blocks.ceil() as u64);
    let border = |j: u64| low + (u128::from(end - low) * u128::from(j) / u128::from(blocks)) as u64 / 240 * 240;
    rising((0..blocks).map(border), end)
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
    use super::super::frame::Opinion;
    use super::*;

    #[test]
    fn blocks_tile_every_term() {
        for x in [1_000_000, 123_456_789, 1_000_000_000_000, 1 << 60, 10_u128.pow(21)] {
            let frame = Frame::new(x, Opinion::First);
            let cut = Cut::new(&frame);
            for (borders, first, end) in [
                (&cut.hard, 0, frame.far + 1),
                (&cut.easy, 0, frame.root2 + 1),
                (&cut.second, second::begin(frame.root2), frame.far + 1),
            ] {
                assert!(borders.is_sorted_by(|a, b| a < b), "{x}: {borders:?}");
                assert_eq!((borders[0], borders.last().copied()), (first, Some(end)));
            }
            let all = cut.parts(0..cut.blocks());
            assert_eq!(
                all,
                Parts {
                    plain: 0..PLAIN,
                    hard: Some((0, frame.far + 1)),
                    easy: Some((0, frame.root2 + 1)),
                    second: Some((cut.second[0], frame.far + 1))
                }
            );
            let mut ends = [0, 0, cut.second[0]];
            for block in PLAIN..cut.blocks() {
                let parts = cut.parts(block..block + 1);
                let given: Vec<usize> =
                    (0..3).filter(|&i| [parts.hard, parts.easy, parts.second][i].is_some()).collect();
                assert_eq!((given.len(), parts.plain.is_empty()), (1, true));
                let (low, high) = [parts.hard, parts.easy, parts.second][given[0]].expect("some");
                assert_eq!(low, ends[given[0]]);
                ends[given[0]] = high;
            }
        }
    }
}
