//! Streams of random numbers: 32 disjoint lanes for a (seed, job), cut into numbered blocks.
//!
//! The generator is xoshiro256++ (period 2^256 - 1), and every number has one place in its single
//! long sequence:
//! - job j starts at `seed_from_u64(seed)` followed by j `long_jump()`s (2^192 steps each);
//! - lane l of 32 starts l `jump()`s further on (2^128 steps each);
//! - block b starts b * 2^14 steps further on in every lane.
//!
//! So two blocks of a run can never overlap (before block 2^114), and the numbers depend on the
//! seed and the block alone, never on the rank that draws them. Hashing seed and rank into a new
//! seed would promise neither: in a space of 64-bit seeds, equal streams turn up by birthday, and
//! seeds in arithmetic progression share state words.
//!
//! Why ++ and not the cheaper +: the dart kernel uses the lowest bits, and those of + are a linear
//! recurrence.
//!
//! Run time (Zen 5): [`Streams::new`] 12 us; [`Streams::start`] 1.3 us with AVX-512, 4.7 us with
//! AVX2, 17 to 27 us in plain code (see [`jump`]). Memory: 1 KiB, and a shared table of 8 KiB.
//!
//! Reference: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47
//! (2021).

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use self::jump::Poly;
use montesieve_kernel::isa::{Isa, Supported};

pub mod jump;

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;

/// Lanes that are stepped side by side: four AVX-512 registers for each of the four state words,
/// which is what hides the latency of a step (4 cycles) on Zen 4, Zen 5 and Ice Lake.
pub const LANES: usize = 32;

/// Steps that a block takes in each lane. With 64 darts a step, 2^20 darts: 62 us of work on Zen 5,
/// against which the 1 us of a jump to a far block is small.
pub const BLOCK_STEPS: u64 = 1 << 14;

/// The states of 32 generators, word by word: word `w` of lane `l` is `words[w][l]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Lanes {
    /// The four state words, each of all lanes.
    pub words: [[u64; LANES]; 4],
}

impl Lanes {
    /// No state at all (all bits 0, where the generator would stay for ever): to be filled.
    pub(super) const ZERO: Lanes = Lanes { words: [[0; LANES]; 4] };

    /// The next output of every lane, and a step.
    #[inline(always)]
    pub fn draw(&mut self) -> [u64; LANES] {
        draw(&mut self.words)
    }

    /// The generator of one lane, where it stands, as the crate `rand_xoshiro` has it.
    pub fn lane(&self, lane: usize) -> Xoshiro256PlusPlus {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(&self.words) {
            bytes.copy_from_slice(&word[lane].to_le_bytes());
        }
        Xoshiro256PlusPlus::from_seed(bytes)
    }
}

/// xoshiro256++: the next outputs of `N` states side by side, and a step. Word `w` of state `i` is
/// `words[w][i]`.
///
/// One loop over the states in memory, which LLVM vectorises dependably; all kernels with
/// intrinsics must agree with it.
#[inline(always)]
pub(super) fn draw<const N: usize>(words: &mut [[u64; N]; 4]) -> [u64; N] {
    let [s0, s1, s2, s3] = words;
    let mut outputs = [0; N];
    for i in 0..N {
        outputs[i] = s0[i].wrapping_add(s3[i]).rotate_left(23).wrapping_add(s0[i]);
        let t = s1[i] << 17;
        s2[i] ^= s0[i];
        s3[i] ^= s1[i];
        s1[i] ^= s2[i];
        s0[i] ^= s3[i];
        s2[i] ^= t;
        s3[i] = s3[i].rotate_left(45);
    }
    outputs
}

/// The streams of one (seed, job): where each lane starts, and how to get to any block.
#[derive(Clone, Debug)]
pub struct Streams {
    origin: Lanes,
    isa: Supported,
}

impl Streams {
    /// The streams of `seed` in job number `job` (0 unless several programs share a seed).
    ///
    /// # Panics
    /// If this CPU lacks `isa`.
    pub fn new(seed: u64, job: u32, isa: Isa) -> Streams {
        let isa = isa.require();
        let seeded = Xoshiro256PlusPlus::seed_from_u64(seed).state();
        let mut state: [u64; 4] = std::array::from_fn(|w| {
            let bytes = seeded[8 * w..8 * w + 8].try_into().expect("a state is 32 bytes");
            u64::from_le_bytes(bytes)
        });
        if job > 0 {
            state = jump::advance_one(state, &jump::LONG_JUMP.to_the(job));
        }
        let mut origin = Lanes::ZERO;
        for lane in 0..LANES {
            for (row, word) in origin.words.iter_mut().zip(state) {
                row[lane] = word;
            }
            state = jump::advance_one(state, &jump::JUMP);
        }
        Streams { origin, isa }
    }

    /// All lanes before the first step of `block`.
    pub fn start(&self, block: u64) -> Lanes {
        jump::advance_lanes(self.isa, &self.origin, &Poly::to_block(self.isa, block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::Rng;

    #[test]
    fn lanes_are_the_crate_s_generator_jumped() {
        for (seed, job) in [(0, 0), (42, 0), (u64::MAX, 0), (42, 1), (42, 3)] {
            let lanes = Streams::new(seed, job, Isa::widest()).start(0);
            let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
            for _ in 0..job {
                generator.long_jump();
            }
            for lane in 0..LANES {
                assert_eq!(lanes.lane(lane), generator, "seed {seed}, job {job}, lane {lane}");
                generator.jump();
            }
        }
    }

    #[test]
    fn steps_give_the_crate_s_numbers() {
        let mut lanes = Streams::new(7, 0, Isa::widest()).start(5);
        let mut generators: Vec<_> = (0..LANES).map(|lane| lanes.lane(lane)).collect();
        for _ in 0..100 {
            let numbers: Vec<u64> = generators.iter_mut().map(|generator| generator.next_u64()).collect();
            assert_eq!(lanes.draw().to_vec(), numbers);
        }
    }

    #[test]
    fn a_block_begins_where_the_one_before_it_ended() {
        for isa in Isa::available() {
            let streams = Streams::new(1, 0, isa);
            for first in [0, 1, 255, (1 << 40) - 1, (1 << 50) - 1] {
                let mut lanes = streams.start(first);
                for _ in 0..BLOCK_STEPS {
                    lanes.draw();
                }
                assert_eq!(lanes, streams.start(first + 1), "{isa}, block {first}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10))]

        #[test]
        fn block_starts_equal_plain_stepping(seed: u64, block in 0u64..20, lane in 0..LANES) {
            let streams = Streams::new(seed, 0, Isa::widest());
            let mut generator = streams.start(0).lane(lane);
            for _ in 0..block * BLOCK_STEPS {
                generator.next_u64();
            }
            prop_assert_eq!(streams.start(block).lane(lane), generator);
        }
    }
}
