//! Blocks of integrands whose values may take long: functions of a user's library.
//!
//! A block of cheap values is worth its random stream and its exact sums: it takes some 20 us. With
//! a millisecond a value it takes minutes, in which no other rank helps and nothing can stop. The
//! program cannot know beforehand, and the cut must not depend on a clock. So it depends on the
//! number of values: short jobs, as those of slow functions are, have short blocks.

use crate::montecarlo::uniform::WIDTH;

/// A job has this many blocks, where each sample may take long: hundreds of ranks share them, and
/// none waits long for a block to end.
const BLOCKS: u64 = 1 << 12;

/// The least and the most samples of a block there, powers of two. Below, a group of samples is not
/// full; above, nothing is gained (5 us for each block, which are 6 % of 5 ns a sample).
const SIZE: [u64; 2] = [WIDTH as u64, 1 << 14];

/// Values from which on all jobs have blocks of one size there.
pub(super) const FULL_BLOCKS_FROM: u64 = BLOCKS * SIZE[1];

/// The most values of a block in a job of `values`, each of which may take long: a power of two.
pub(super) fn block(values: u64) -> u64 {
    let [least, most] = SIZE;
    1 << (values / BLOCKS).clamp(least, most).ilog2()
}

#[cfg(test)]
mod tests {
    use super::super::args::IntegrateMethod;
    use super::super::nets::NetJob;
    use super::super::plain::PlainJob;
    use super::super::problem::Problem;
    use super::super::problem::testing::problem;
    use super::*;
    use crate::job::Job;
    use crate::montecarlo::nets::Family;

    #[test]
    fn short_jobs_have_short_blocks_and_long_ones_extend_each_other() {
        for (values, size) in [(0, 128), (1_000_000, 128), (1 << 20, 256), (FULL_BLOCKS_FROM - 1, 8192)] {
            assert_eq!(block(values), size, "{values}");
        }
        for values in [FULL_BLOCKS_FROM, FULL_BLOCKS_FROM + 1, u64::MAX] {
            assert_eq!(block(values), 16_384);
        }
    }

    #[test]
    fn plain_samples_and_nets_of_slow_functions_have_thousands_of_blocks() {
        let samples = 1 << 22;
        let slow =
            |method| Problem { slow_block: Some(block(samples)), ..problem("genz-gaussian", "3", samples, method) };
        assert_eq!(PlainJob { problem: slow(IntegrateMethod::Plain) }.blocks(), 4096);
        assert_eq!(NetJob::new(slow(IntegrateMethod::Sobol), Family::Sobol).blocks(), 4096);
        assert_eq!(PlainJob { problem: problem("genz-gaussian", "3", samples, IntegrateMethod::Plain) }.blocks(), 25);
    }

    #[test]
    fn jobs_with_blocks_of_different_sizes_are_told_apart() {
        let identity = |values: u64| {
            let problem = problem("genz-gaussian", "3", values, IntegrateMethod::Plain);
            let job = PlainJob { problem: Problem { slow_block: Some(block(values)), ..problem } };
            (job.identity().expect("it can be kept"), job)
        };
        let ((short, _), (_, long)) = (identity(10_000), identity(FULL_BLOCKS_FROM));
        let advice = long.resumption_advice(&short).expect("the same integrand and method");
        assert!(advice.contains("which all jobs of at least 67108864 samples have"), "{advice}");
        assert_ne!(short.kind, long.identity().expect("it can be kept").kind);
        assert_eq!(short.kind, identity(20_000).0.kind);
    }
}
