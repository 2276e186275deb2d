//! Hits of a net in O(sqrt(n)): one point lies in every cell, so only the cells on the arc are
//! asked where.
//!
//! Stands beside [`Points`], which goes from a point's number to its place, as everybody does, n
//! times. Here it goes the other way. The 2^k points are a net, so in the grid of 2^kx columns and
//! 2^ky rows, kx + ky = k, **each cell has exactly one point**: in a cell all inside the circle it
//! hits, wherever it is. There are at most 2 sqrt(2n) cells on the arc.
//!
//! To find the point of a cell, note that its number i gives the cell's k bits (a, b) by an
//! invertible matrix, and the whole point by a longer one, F: (a, b) = L i ^ s, point = F i ^
//! shift. So point = F L^-1 ((a, b) ^ s) ^ shift: xor again, of one vector for each bit of the
//! cell. Gauss's elimination finds them; tables by bytes add eight of them in one look.
//!
//! Any row can be begun with: a block start costs two binary searches for the arc.
//!
//! Run time (Zen 4, a busy one): 7 us for a new scramble and its inverse, then 8 ns a cell; 16 nets
//! of 2^24 points take 1.1 ms. Memory: up to 32 KiB.

use std::ops::Range;

use super::super::quarter::{BITS, Staircase, is_inside};
use super::{Points, xor};

/// Rows of a block: 8192 or 16384 cells on the arc, some 0.1 ms of work on a Zen 4.
pub const BLOCK_ROWS: u64 = 1 << 12;

/// Bits that one table looks up.
const LOOK: usize = 8;

/// The first 2^k points of a scrambled sequence, by the cell that they lie in.
#[derive(Clone, Debug)]
pub struct Net {
    /// Bits of a cell's column and row.
    bits: [u32; 2],
    /// The point in cell (0, 0).
    origin: [u64; 2],
    /// What a column's number changes, and a row's.
    columns: Linear,
    rows: Linear,
}

/// A linear map from numbers to points: for each byte of the number, what each of its values adds.
#[derive(Clone, Debug)]
struct Linear(Vec<[[u64; 2]; 1 << LOOK]>);

impl Linear {
    /// From what each bit adds, the lowest first.
    fn new(bits: &[[u64; 2]]) -> Linear {
        let table = |bits: &[[u64; 2]]| {
            let mut table = [[0; 2]; 1 << LOOK];
            for (bit, &vector) in bits.iter().enumerate() {
                for value in 0..1 << bit {
                    table[1 << bit | value] = xor(table[value], vector);
                }
            }
            table
        };
        Linear(bits.chunks(LOOK).map(table).collect())
    }

    #[inline(always)]
    fn of(&self, number: u64) -> [u64; 2] {
        self.0.iter().enumerate().fold([0; 2], |sum, (i, table)| xor(sum, table[(number >> (LOOK * i)) as u8 as usize]))
    }
}

/// A vector of the cell's bits, row above column, and the vector of the point that goes with it.
#[derive(Clone, Copy, Debug)]
struct Pair {
    cell: u64,
    point: [u64; 2],
}

impl Net {
    /// The first 2^`log_points` points; 0 to 62.
    pub fn new(points: &Points, log_points: u32) -> Net {
        let bits = [log_points.div_ceil(2), log_points / 2];
        // Two shifts, since one by all 64 bits has no result.
        let leading = |coordinate: u64, bits: u32| coordinate >> 1 >> (BITS - 1 - bits);
        let cell = |[x, y]: [u64; 2]| leading(y, bits[1]) << bits[0] | leading(x, bits[0]);
        let pairs = points.columns[..log_points as usize].iter().map(|&point| Pair { cell: cell(point), point });
        let vectors = inverse(pairs.collect());
        let (columns, rows) = vectors.split_at(bits[0] as usize);
        let (columns, rows) = (Linear::new(columns), Linear::new(rows));
        let at_shift = cell(points.shift);
        let moved = xor(columns.of(at_shift & ((1 << bits[0]) - 1)), rows.of(at_shift >> bits[0]));
        Net { bits, origin: xor(points.shift, moved), columns, rows }
    }

    /// Rows of cells.
    pub fn rows(&self) -> u64 {
        1 << self.bits[1]
    }

    /// Points of `rows`, hits among them, and how many of them had to be found.
    ///
    /// ```
    /// use montesieve_montecarlo::methods::sobol::{Points, net::Net};
    /// let points = Points::new(42, 0);
    /// let net = Net::new(&points, 10);
    /// assert_eq!(net.count(0..net.rows()).hits, points.hits(0..1 << 10));
    /// ```
    pub fn count(&self, rows: Range<u64>) -> Count {
        let mut count = Count { points: (rows.end - rows.start) << self.bits[0], ..Count::default() };
        let [width, height] = self.bits.map(|bits| BITS - bits);
        let mut stairs = Staircase::default();
        for row in rows {
            let heights = [row << height, ((row + 1) << height) - 1];
            let met = stairs.row(heights, 1 << self.bits[0], |column| column << width);
            let base = xor(self.origin, self.rows.of(row));
            count.hits += met.inside;
            count.found += met.edge.end - met.edge.start;
            for column in met.edge {
                count.hits += u64::from(is_inside(xor(base, self.columns.of(column))));
            }
        }
        count
    }

    #[cfg(test)]
    pub(super) fn point(&self, column: u64, row: u64) -> [u64; 2] {
        xor(xor(self.origin, self.rows.of(row)), self.columns.of(column))
    }
}

/// What a run of rows adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Points.
    pub points: u64,
    /// Points inside the circle.
    pub hits: u64,
    /// Points that were looked for: those of the cells on the arc.
    pub found: u64,
}

/// The point vector of each bit of a cell: Gauss's elimination with the pairs as columns. O(k^2)
/// operations.
///
/// # Panics
/// If the cells' vectors depend on each other: then the points were no net.
fn inverse(mut pairs: Vec<Pair>) -> Vec<[u64; 2]> {
    for bit in 0..pairs.len() {
        let pivot =
            (bit..pairs.len()).find(|&i| pairs[i].cell >> bit & 1 == 1).expect("every cell of a net has a point");
        pairs.swap(bit, pivot);
        let Pair { cell, point } = pairs[bit];
        for (i, pair) in pairs.iter_mut().enumerate() {
            if i != bit && pair.cell >> bit & 1 == 1 {
                *pair = Pair { cell: pair.cell ^ cell, point: xor(pair.point, point) };
            }
        }
    }
    pairs.into_iter().map(|pair| pair.point).collect()
}
