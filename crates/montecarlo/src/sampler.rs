//! Samples of an integrand, block by block, and what they add up to.
//!
//! Order: a block is 2^12 rows of 128 uniform numbers. A *group* of 128 samples takes D rows, one
//! for each coordinate; its samples are the places in a row. So a block holds floor(2^12 / D)
//! groups, and the rows left over are skipped. n samples are the first n in that
//! order: block by block, group by group, place by place. Where values take long, a block has fewer
//! groups, and skips more rows ([`Sampler::with_blocks_of`]).
//!
//! Inside a block each place adds up its own values in order; at the end of it the 128 sums go into
//! the exact ones of [`tally`](super::tally). So the bits depend on the seed and the block alone.
//!
//! A block is added up in one of two ways: fast, or with care for values that are not numbers and
//! for squares out of range. Fast sums show whether they can be trusted; if not, the block is
//! computed again. Which scale a block's sums have depends on its largest value alone, and where
//! both serve they give the same bits: so a block may start with what the block before needed.
//!
//! [`Integrand`](super::integrand::Integrand)s are written once, and compiled for each instruction
//! set: [`Kernel`] is the interface that all of them have.
//!
//! Run time (Zen 4, AVX-512, one of two hardware threads of a busy core): 5 uniform numbers and a
//! Gaussian of them take 2.8 ns, of which the numbers 1.1. Memory: 16 KiB of rows, or one group.

mod kernel;
mod known;
mod lanes;

pub use kernel::Kernel;
use known::add_known;
pub(crate) use lanes::right_sums;
pub use lanes::{Accumulation, BlockRule, LaneSums};

use super::components::Components;
use super::histogram::{BinTally, Binning};
use super::tally::Sums;
use super::uniform::{BLOCK_ROWS, Row, Uniforms, WIDTH};
use montesieve_kernel::Tally;
use montesieve_kernel::isa::{Isa, Supported};

/// Rows that are filled at a time: 16 KiB, a third of an L1 cache, so that filling and using them
/// stay apart at no cost.
const ROWS: usize = 16;

/// Groups that are filled at a time: neither their points nor their values take more rows.
pub(crate) fn groups_at_a_time(kernel: &dyn Kernel) -> usize {
    (ROWS / kernel.dimension().max(kernel.components())).max(1)
}

/// Samples in a block of points with `dimension` coordinates.
pub fn block_samples(dimension: usize) -> u64 {
    BLOCK_ROWS / dimension as u64 * WIDTH as u64
}

/// A rank's workspace: an integrand, the rows of a seed, and where they stand.
pub struct Sampler {
    kernel: Box<dyn Kernel>,
    uniforms: Uniforms,
    isa: Supported,
    /// Samples of a block.
    block: u64,
    /// The block whose first row is next; none after a part of a block.
    at: Option<u64>,
    /// For each component; empty until they are needed.
    rules: Vec<BlockRule>,
    binning: Option<Binning>,
    rows: Vec<Row>,
}

/// A value among those of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundValue {
    /// The component that has it, from 0.
    pub component: usize,
    /// The value.
    pub value: f64,
    /// The point of the region.
    pub place: Vec<f64>,
}

impl Sampler {
    /// Samples of `kernel` on the rows of `seed`.
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(kernel: Box<dyn Kernel>, seed: u64, isa: Isa) -> Sampler {
        let dimension = kernel.dimension();
        let rows = vec![Row::all(0.0); groups_at_a_time(&*kernel) * dimension];
        Sampler {
            kernel,
            uniforms: Uniforms::new(seed, isa),
            isa: isa.require(),
            block: block_samples(dimension),
            at: Some(0),
            rules: Vec::new(),
            binning: None,
            rows,
        }
    }

    /// The same with histograms of the first component.
    #[must_use]
    pub fn with_histograms(self, binning: Option<Binning>) -> Sampler {
        Sampler { binning, ..self }
    }

    /// The same with the [`shifts`](Sampler::shifts) of another sampler of this kernel and seed,
    /// which need not be found again.
    #[must_use]
    pub fn with_shifts(self, shifts: &[f64]) -> Sampler {
        Sampler { rules: BlockRule::all(shifts), ..self }
    }

    /// The same with blocks of at most `samples` samples, a multiple of 128: other blocks than
    /// those of the whole, each at the beginning of one of those.
    #[must_use]
    pub fn with_blocks_of(self, samples: u64) -> Sampler {
        Sampler { block: self.block.min(samples), ..self }
    }

    /// What is taken from every value of each component before it is added up: see
    /// [`mean`](super::mean). It is the mean of the first 128 values that are numbers.
    pub fn shifts(&mut self) -> Vec<f64> {
        self.find_rules();
        self.rules.iter().map(|rule| rule.shift).collect()
    }

    fn find_rules(&mut self) {
        if self.rules.is_empty() {
            let shifts: Vec<f64> = match self.kernel.is_indicator() {
                true => vec![0.0; self.kernel.components()],
                false => self.first_values().into_iter().map(mean_of_numbers).collect(),
            };
            self.rules = BlockRule::all(&shifts);
        }
    }

    /// The first 128 values of each component.
    pub fn first_values(&mut self) -> Vec<Row> {
        self.at = None;
        self.uniforms.go_to(0);
        let rows = &mut self.rows[..self.kernel.dimension()];
        self.uniforms.fill(rows);
        self.kernel.all_values(rows)
    }

    /// The sums over `samples` samples, of which the first is the first one of block `first`; for
    /// each component. Resumes without a jump where the call before ended with a whole block.
    pub fn sums(&mut self, first: u64, samples: u64) -> Components<Sums> {
        let each = self.block;
        let mut sums = vec![Sums::default(); self.kernel.components()];
        let mut bins: Option<BinTally> = None;
        let whole = (first..first + samples / each).map(|block| (block, each));
        let rest = (!samples.is_multiple_of(each)).then(|| (first + samples / each, samples % each));
        for (block, samples) in whole.chain(rest) {
            self.add_block(block, samples, &mut sums);
            if let Some(binning) = &self.binning {
                bins.get_or_insert_default().merge(binning.samples(samples));
            }
        }
        Components::new(sums).with_bins(bins)
    }

    /// Adds the first `samples` samples of one block.
    fn add_block(&mut self, block: u64, samples: u64, sums: &mut [Sums]) {
        self.find_rules();
        let mut rules = std::mem::take(&mut self.rules);
        let lanes = right_sums(&mut rules, |rules| self.lanes(block, samples, rules));
        self.rules = rules;
        for (sums, (lanes, scale)) in sums.iter_mut().zip(&lanes) {
            sums.add_block(block, samples, lanes, *scale);
        }
    }

    /// The sums of the first `samples` samples of one block, by its rules.
    fn lanes(&mut self, block: u64, samples: u64, rules: &[BlockRule]) -> Vec<LaneSums> {
        if self.at != Some(block) {
            self.uniforms.go_to(block);
        }
        let dimension = self.kernel.dimension();
        let mut lanes = vec![LaneSums::new(); rules.len()];
        self.binning.iter_mut().for_each(Binning::clear);
        let most = (self.rows.len() / dimension * WIDTH) as u64;
        let mut left = samples;
        while left > 0 {
            let now = left.min(most) as usize;
            let rows = &mut self.rows[..now.div_ceil(WIDTH) * dimension];
            self.uniforms.fill(rows);
            let binning = self.binning.as_mut();
            add_and_bin(&mut *self.kernel, rows, now, rules, &mut lanes, binning, self.isa);
            left -= now as u64;
        }
        self.at = None;
        if samples == block_samples(dimension) {
            self.uniforms.fill(&mut self.rows[..BLOCK_ROWS as usize % dimension]);
            self.at = Some(block + 1);
        }
        lanes
    }

    /// The first sample of a block, among its first `samples`, of which a component `is_bad`: the
    /// first such component.
    pub fn first_bad(&mut self, block: u64, samples: u64, is_bad: impl Fn(f64) -> bool) -> Option<FoundValue> {
        let samples = samples.min(self.block);
        self.at = None;
        self.uniforms.go_to(block);
        let rows = &mut self.rows[..self.kernel.dimension()];
        for group in 0..samples.div_ceil(WIDTH as u64) {
            self.uniforms.fill(rows);
            let values = self.kernel.all_values(rows);
            let lanes = (samples - group * WIDTH as u64).min(WIDTH as u64) as usize;
            let bad = |lane: usize| values.iter().position(|row| is_bad(row.0[lane]));
            if let Some((lane, component)) = (0..lanes).find_map(|lane| Some((lane, bad(lane)?))) {
                let point: Vec<f64> = rows.iter().map(|row| row.0[lane]).collect();
                let (value, place) = (values[component].0[lane], self.kernel.place(&point));
                return Some(FoundValue { component, value, place });
            }
        }
        None
    }
}

/// [`Kernel::add`], and the values of the first component go to the bins of histograms.
pub(crate) fn add_and_bin(
    kernel: &mut dyn Kernel,
    rows: &[Row],
    samples: usize,
    rules: &[BlockRule],
    sums: &mut [LaneSums],
    binning: Option<&mut Binning>,
    isa: Supported,
) {
    let Some(binning) = binning else { return kernel.add(rows, samples, rules, sums, isa) };
    let groups = samples.div_ceil(WIDTH);
    let mut values = vec![Row::all(0.0); groups * rules.len()];
    kernel.evaluate(&rows[..groups * kernel.dimension()], &mut values, isa);
    add_known(&values, samples, rules, sums, isa);
    for ((point, values), first) in
        rows.chunks_exact(kernel.dimension()).zip(&values[..groups]).zip((0..samples).step_by(WIDTH))
    {
        binning.add(point, values, 0..WIDTH.min(samples - first));
    }
}

/// The mean of those of 128 values that are numbers; 0 where that is no number.
fn mean_of_numbers(values: Row) -> f64 {
    let numbers = values.0.iter().filter(|value| !value.is_nan()).count() as f64;
    let values = values.map(|value| if value.is_nan() { 0.0 } else { value });
    let mean = in_pairs(values) / numbers;
    // Where the sum is too large, its terms are made smaller first.
    let mean =
        if mean.is_finite() { mean } else { in_pairs(values.map(|x| x / WIDTH as f64)) * (WIDTH as f64 / numbers) };
    if mean.is_finite() { mean } else { 0.0 }
}

/// The sum of all values. Added in pairs, so that the mean of equal values is that value, to the
/// last bit.
fn in_pairs(Row(mut values): Row) -> f64 {
    let mut width = WIDTH;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            values[lane] += values[lane + width];
        }
    }
    values[0]
}

#[cfg(test)]
mod tests;
