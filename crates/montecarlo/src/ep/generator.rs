//! The generator of the NAS benchmarks: x <- a x mod 2^46 with a = 5^13, begun at 271828183.
//!
//! Stands beside [`streams`](crate::streams) since the benchmark prescribes its numbers. A state is
//! kept **aligned to the top** of a word, as x 2^18: the word's own overflow is then the modulus,
//! and the leading bits are those of a mantissa, so a state becomes a double in [1, 2) by a shift
//! and the exponent of 1.0 or-ed in.
//!
//! Run time: a jump to any place takes at most 2 * 46 products (the period is 2^44). Memory: none
//! to speak of.
//!
//! Reference: D. H. Bailey et al., "The NAS Parallel Benchmarks", RNR-94-007 (1994), section 2.3.

/// The multiplier a = 5^13.
pub const MULTIPLIER: u64 = 1_220_703_125;

/// The state before the first number.
pub const SEED: u64 = 271_828_183;

/// The exponent of the modulus.
pub const BITS: u32 = 46;

/// How far up a state is kept.
const ALIGN: u32 = u64::BITS - BITS;

/// The bits of 1.0.
pub(super) const ONE: u64 = 0x3FF0_0000_0000_0000;

/// Numbers in a pair.
const PAIR: u64 = 2;

/// Pairs that are drawn at once: a register of AVX-512. The order of pairs does not depend on it,
/// nor does any result.
pub(super) const LANES: usize = 8;

/// From a lane's pair to the next one of the same lane.
pub(super) const STRIDE: u64 = power(PAIR * LANES as u64);

/// a^n modulo 2^64, of which the lowest [`BITS`] bits count.
pub(super) const fn power(mut n: u64) -> u64 {
    let (mut result, mut square) = (1, MULTIPLIER);
    while n > 0 {
        if n & 1 == 1 {
            result = u64::wrapping_mul(result, square);
        }
        square = square.wrapping_mul(square);
        n >>= 1;
    }
    result
}

/// The first numbers of [`LANES`] pairs in a row, as aligned states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct PairStates(pub [u64; LANES]);

impl PairStates {
    /// Standing at pair number `pair`, counted from 0.
    pub fn at(pair: u64) -> PairStates {
        let mut state = (SEED << ALIGN).wrapping_mul(power(PAIR * pair + 1));
        PairStates(std::array::from_fn(|_| {
            let lane = state;
            state = state.wrapping_mul(power(PAIR));
            lane
        }))
    }
}

/// An aligned state as half of a number of (-1, 1): x 2^-46 - 1/2, exactly.
#[inline(always)]
pub(super) fn centred(state: u64) -> f64 {
    f64::from_bits(state >> (u64::BITS - (f64::MANTISSA_DIGITS - 1)) | ONE) - 1.5
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The benchmark's own recipe, with a remainder.
    fn step(x: u64) -> u64 {
        (u128::from(x) * u128::from(MULTIPLIER) % (1 << BITS)) as u64
    }

    #[test]
    fn jumps_equal_stepping() {
        let mut x = SEED;
        let mut pairs = Vec::new();
        for _ in 0..3000 {
            x = step(x);
            pairs.push(x);
            x = step(x);
        }
        for pair in [0, 1, 2, 7, 8, 9, 1023, 2048, 2991] {
            let expected: [u64; LANES] = std::array::from_fn(|lane| pairs[pair + lane] << ALIGN);
            assert_eq!(PairStates::at(pair as u64).0, expected, "pair {pair}");
        }
        assert_eq!(PairStates::at(8).0, PairStates::at(0).0.map(|state| state.wrapping_mul(STRIDE)));
    }

    #[test]
    fn the_period_is_two_to_the_44() {
        let low = |n| power(n) % (1 << BITS);
        assert_eq!((low(1 << 44), low(0)), (1, 1));
        assert_ne!(low(1 << 43), 1);
    }

    #[test]
    fn states_become_centred_numbers_exactly() {
        for x in [1, 3, SEED, (1 << 45) - 1, (1 << 45) + 1, (1 << BITS) - 1] {
            assert_eq!(centred(x << ALIGN), x as f64 / (1u64 << BITS) as f64 - 0.5);
        }
    }
}
