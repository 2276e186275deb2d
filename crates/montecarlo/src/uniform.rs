//! Uniform numbers in (0, 1), in rows of 128: what every integrand but the darts of pi is fed with.
//!
//! A number is the upper 52 bits of a generator's output as the fraction of an `f64` in [1, 2),
//! less 1 - 2^-53: the middle of one of 2^52 equal cells, never 0 and never 1 (so logarithms and
//! quantiles are safe), and the mean is 1/2 exactly. It is the crate `rand`'s `Open01`, bit for
//! bit. No conversion from integer to float, which AVX2 lacks.
//!
//! Stands beside [`darts`](super::darts), which takes 32 bits a dart where this takes 128. Four
//! steps of the 32 lanes of [`Streams`], one after the other, are one [`Row`]; a block has 2^12
//! rows. The states live in registers while many rows are filled, for which AVX2 and AVX-512 use
//! intrinsics; in plain Rust they live in memory.
//!
//! Run time (Zen 4): 4 to 5 numbers/ns with AVX-512 into the cache. Memory: 1 KiB for the lanes.

use super::streams::{BLOCK_STEPS, LANES, Lanes, Streams};
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::{Isa, Supported};

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

/// Steps of all lanes in a row.
const STEPS: u64 = 4;

/// Numbers in a row: 16 AVX-512 registers. With 32, LLVM unrolls short loops over a row before it
/// looks for vectors in them, and then finds few; at 128 it never does (3 times as fast for a
/// Gaussian of 5 numbers).
pub const WIDTH: usize = STEPS as usize * LANES;

/// Rows in a block.
pub const BLOCK_ROWS: u64 = BLOCK_STEPS / STEPS;

/// A number for each of 128 samples. Aligned so that no vector lies across two cache lines.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Row(pub [f64; WIDTH]);

impl Row {
    /// The same number everywhere.
    #[inline(always)]
    pub fn all(x: f64) -> Row {
        Row([x; WIDTH])
    }

    /// `f` of every number.
    #[inline(always)]
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Row {
        let mut row = Row::all(0.0);
        for (to, &x) in row.0.iter_mut().zip(&self.0) {
            *to = f(x);
        }
        row
    }

    /// Every number becomes `f` of it and of the one of `other`. In place: cheaper than
    /// [`Row::zip`] in a loop.
    #[inline(always)]
    pub fn update(&mut self, other: &Row, f: impl Fn(f64, f64) -> f64) {
        for (x, &y) in self.0.iter_mut().zip(&other.0) {
            *x = f(*x, y);
        }
    }

    /// `f` of every two numbers of two rows.
    #[inline(always)]
    pub fn zip(&self, other: &Row, f: impl Fn(f64, f64) -> f64) -> Row {
        let mut row = Row::all(0.0);
        for ((to, &x), &y) in row.0.iter_mut().zip(&self.0).zip(&other.0) {
            *to = f(x, y);
        }
        row
    }
}

/// The bits of 1.0, whose exponent is that of all numbers in [1, 2).
const ONE: u64 = 0x3FF0_0000_0000_0000;

/// 1 - 2^-53: taken from 1 + k 2^-52 it leaves (k + 1/2) 2^-52.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

/// The number in (0, 1) that a generator's output stands for.
#[inline(always)]
pub fn unit(output: u64) -> f64 {
    unit_of_fraction(output >> 12)
}

/// The number in (0, 1) that a fraction of 52 bits stands for.
#[inline(always)]
pub(super) fn unit_of_fraction(fraction: u64) -> f64 {
    f64::from_bits(fraction | ONE) - BELOW_ONE
}

/// The rows of one seed, block by block.
#[derive(Clone, Debug)]
pub struct Uniforms {
    streams: Streams,
    lanes: Lanes,
    isa: Supported,
}

impl Uniforms {
    /// The rows of `seed`, made with `isa`; they stand before the first row of block 0.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(seed: u64, isa: Isa) -> Uniforms {
        Uniforms::of_job(seed, 0, isa)
    }

    /// The same of job number `job`: no two jobs share any numbers.
    pub(super) fn of_job(seed: u64, job: u32, isa: Isa) -> Uniforms {
        let streams = Streams::new(seed, job, isa);
        let lanes = streams.start(0);
        Uniforms { streams, lanes, isa: isa.require() }
    }

    /// Jumps to the first row of `block`: about 1 us.
    pub fn go_to(&mut self, block: u64) {
        self.lanes = self.streams.start(block);
    }

    /// Fills `rows` with the next rows.
    pub fn fill(&mut self, rows: &mut [Row]) {
        fill(self.isa, &mut self.lanes, rows);
    }
}

dispatch! {
    fn fill(isa: Supported, lanes: &mut Lanes, rows: &mut [Row]) {
        portable => portable(lanes, rows),
        avx2 => avx2::fill(lanes, rows),
        avx512 => avx512::fill(lanes, rows),
    }
}

/// The kernel for any CPU.
fn portable(lanes: &mut Lanes, rows: &mut [Row]) {
    for step in rows.iter_mut().flat_map(|row| row.0.as_chunks_mut::<LANES>().0) {
        for (number, output) in step.iter_mut().zip(lanes.draw()) {
            *number = unit(output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::distr::{Distribution, Open01};

    fn supported() -> impl Iterator<Item = Isa> {
        Isa::available()
    }

    #[test]
    fn the_ends_are_never_reached_and_the_middle_is_one_half() {
        let half_cell = 2f64.powi(-53);
        assert_eq!((unit(0), unit(u64::MAX)), (half_cell, 1.0 - half_cell));
        assert_eq!(unit(1 << 63), 0.5 + half_cell);
        assert_eq!(unit(4095), unit(0));
    }

    #[test]
    fn the_numbers_are_those_of_the_crate_rand() {
        for isa in supported() {
            let mut uniforms = Uniforms::new(42, isa);
            uniforms.go_to(7);
            let mut rows = [Row::all(0.0); 9];
            uniforms.fill(&mut rows);
            for lane in 0..LANES {
                let mut generator = Streams::new(42, 0, isa).start(7).lane(lane);
                for step in rows.iter().flat_map(|row| row.0.as_chunks::<LANES>().0) {
                    let expected: f64 = Open01.sample(&mut generator);
                    assert_eq!(step[lane].to_bits(), expected.to_bits(), "{isa}, lane {lane}");
                }
            }
        }
    }

    #[test]
    fn a_block_ends_where_the_next_begins() {
        let mut uniforms = Uniforms::new(1, Isa::widest());
        uniforms.fill(&mut vec![Row::all(0.0); BLOCK_ROWS as usize]);
        assert_eq!(uniforms.lanes, uniforms.streams.start(1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_walk_and_every_cut_gives_the_same_rows(seed: u64, block in 0..1u64 << 50, cuts in [0..40usize, 0..40, 0..40]) {
            let rows = |isa, cuts: &[usize]| {
                let mut uniforms = Uniforms::new(seed, isa);
                uniforms.go_to(block);
                let mut rows = Vec::new();
                for &count in cuts {
                    let mut next = vec![Row::all(0.0); count];
                    uniforms.fill(&mut next);
                    rows.extend(next);
                }
                rows
            };
            let expected = rows(Isa::Portable, &[cuts.iter().sum()]);
            for isa in supported() {
                prop_assert_eq!(&rows(isa, &cuts), &expected, "{}", isa);
            }
        }
    }
}
