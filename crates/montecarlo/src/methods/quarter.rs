//! A quarter of the circle, and the cells of a grid that its arc crosses.
//!
//! Stands beside [`darts::dart`](crate::darts::dart), which has the whole circle: a grid on the
//! unit square has half as many cells on a quarter's arc as on a circle within it, and only those
//! cells have any variance.
//!
//! A coordinate is an integer k below 2^63 and stands for **(k + 1/2) / 2^63**: the midpoint, since
//! corners k / 2^63 would overestimate pi by 4 / 2^63. A point is inside when (2x+1)^2 + (2y+1)^2 <
//! 2^128, tested exactly; equality cannot be (a sum of two odd squares is 2 mod 8). On this grid
//! the share of points inside is pi/4 to 1e-18 and better.
//!
//! Along a row of cells the circle is crossed once: first cells that are all inside, then those
//! that straddle the arc, then those that are all outside. From row to row both borders only go
//! left, so a [`Staircase`] that remembers where they were takes O(1) a row on average, like
//! Bresenham's circle. An m x m grid has at most 2 m cells on the arc.
//!
//! Reference: J. E. Bresenham, "A linear algorithm for incremental digital display of circular
//! arcs", CACM 20 (1977).

use std::ops::Range;

/// Bits of a coordinate.
pub const BITS: u32 = 63;

/// The square's side, in units of a coordinate.
pub const SIDE: u64 = 1 << BITS;

/// What the circle leaves for x at one height y: 2^128 - (2y+1)^2.
#[derive(Clone, Copy, Debug)]
struct Room(u128);

impl Room {
    #[inline(always)]
    fn at(y: u64) -> Room {
        // An odd square is at least 1, so the difference from 2^128 fits where 2^128 itself does
        // not.
        Room(odd_square(y).wrapping_neg())
    }

    #[inline(always)]
    fn holds(self, x: u64) -> bool {
        odd_square(x) < self.0
    }
}

/// (2k+1)^2, for k below 2^63.
#[inline(always)]
fn odd_square(k: u64) -> u128 {
    let odd = u128::from(2 * k + 1);
    odd * odd
}

/// Whether a point is inside the circle. Exact.
#[inline(always)]
pub fn is_inside([x, y]: [u64; 2]) -> bool {
    Room::at(y).holds(x)
}

/// A point as numbers of [0, 1) and whether it hits, for pictures.
pub fn pictured(point: [u64; 2]) -> (f64, f64, bool) {
    let [x, y] = point.map(|k| (k as f64 + 0.5) / SIDE as f64);
    (x, y, is_inside(point))
}

/// Where a row of cells meets the circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellRow {
    /// Cells from the left that are all inside.
    pub inside: u64,
    /// The cells after them that may have points on both sides. All others are outside.
    pub edge: Range<u64>,
}

/// Goes from row to row, upwards or anywhere.
#[derive(Clone, Debug, Default)]
pub struct Staircase {
    inside: u64,
    reach: u64,
}

impl Staircase {
    /// Where the row of points with heights `lowest..=highest` meets the circle. It has `cells`
    /// cells; cell j has the points with x in `left(j)..left(j + 1)`, at least one.
    ///
    /// O(log d), where d is how many cells the borders have moved since the last row.
    #[inline(always)]
    pub fn row(&mut self, [lowest, highest]: [u64; 2], cells: u64, left: impl Fn(u64) -> u64) -> CellRow {
        let (below, above) = (Room::at(lowest), Room::at(highest));
        self.inside = border(self.inside, cells, |j| above.holds(left(j + 1) - 1));
        self.reach = border(self.reach, cells, |j| below.holds(left(j)));
        CellRow { inside: self.inside, edge: self.inside..self.reach }
    }
}

/// How many cells from the left `holds` is true for, when it is false for all after them; looked
/// for from `guess` on.
#[inline(always)]
fn border(guess: u64, cells: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (guess.min(cells), cells);
    // Strides double, so that a far border (the first row of a span) costs no more than a binary
    // search.
    let mut stride = 1;
    while low > 0 && !holds(low - 1) {
        high = low - 1;
        low = low.saturating_sub(stride);
        stride *= 2;
    }
    stride = 1;
    while low < high {
        let probe = low + stride.min(high - low) - 1;
        if !holds(probe) {
            high = probe;
            break;
        }
        low = probe + 1;
        stride *= 2;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn inside_is_exact_at_the_corners_of_the_square() {
        assert!(is_inside([0, 0]) && !is_inside([SIDE - 1, SIDE - 1]));
        // (2^64 - 1)^2 + 1 < 2^128: the last point of the lowest row is inside as long as the row
        // is low enough.
        assert!(is_inside([SIDE - 1, 0]) && is_inside([0, SIDE - 1]));
        // 2^128 - (2^64 - 1)^2 = 2^65 - 1, and 6074000999^2 is just below it.
        let last = 3_037_000_499;
        assert!(is_inside([SIDE - 1, last]) && !is_inside([SIDE - 1, last + 1]));
    }

    #[test]
    fn the_share_inside_is_pi_over_4() {
        // Sum over columns of a grid of 2^12: points thinned out to every 2^51-th, at their
        // middles.
        let (step, count) = (SIDE >> 12, 1u64 << 12);
        let coordinate = |i: u64| i * step + step / 2;
        let hits = (0..count).map(|i| border(0, count, |j| is_inside([coordinate(i), coordinate(j)]))).sum::<u64>();
        let share = hits as f64 / (count * count) as f64;
        assert!((share - std::f64::consts::FRAC_PI_4).abs() < 3e-6, "{share}");
    }

    #[test]
    fn one_cell_straddles_and_a_row_at_the_top_too() {
        let row = Staircase::default().row([0, SIDE - 1], 1, |j| j * SIDE);
        assert_eq!(row, CellRow { inside: 0, edge: 0..1 });
        let row = Staircase::default().row([SIDE - 1, SIDE - 1], 4, |j| j * (SIDE / 4));
        assert_eq!((row.inside, row.edge), (0, 0..1));
        let row = Staircase::default().row([0, 0], 4, |j| j * (SIDE / 4));
        assert_eq!((row.inside, row.edge), (4, 4..4));
    }

    proptest! {
        #[test]
        fn the_border_is_found_from_any_guess(cells in 0u64..1000, share in 0.0..=1.0, guess in 0u64..1100) {
            let answer = (cells as f64 * share) as u64;
            prop_assert_eq!(border(guess, cells, |j| { assert!(j < cells); j < answer }), answer);
        }

        /// Every cell's verdict against its own corners.
        #[test]
        fn verdicts_are_those_of_the_corners(cells in 1u64..40, rows in proptest::collection::vec(0u64..40, 1..8)) {
            let left = |j: u64| (u128::from(j) * u128::from(SIDE) / u128::from(cells)) as u64;
            let mut stairs = Staircase::default();
            for row in rows {
                let heights = [row * (SIDE / 40), (row + 1) * (SIDE / 40) - 1];
                let CellRow { inside, edge } = stairs.row(heights, cells, left);
                for j in 0..cells {
                    let (near, far) = ([left(j), heights[0]], [left(j + 1) - 1, heights[1]]);
                    prop_assert_eq!(j < inside, is_inside(far));
                    prop_assert_eq!(j < edge.end, is_inside(near));
                }
            }
        }
    }
}
