//! Jumps of xoshiro256: any number of steps at once, by polynomials over GF(2).
//!
//! One step of xoshiro256 is linear over GF(2), a 256 x 256 matrix T. T is a root of its
//! characteristic polynomial P, so T^n is the polynomial `x^n mod P` in T: at most 256 ordinary
//! steps, some of which are summed by xor. The crate `rand_xoshiro` knows two such polynomials (n =
//! 2^128 and 2^192); a block of samples needs any n.
//!
//! Formula: with B = 2^14 steps a block and b written in hexadecimal digits d_w, `x^(b*B) = product
//! over w of x^(d_w * 16^w * B)  (mod P)`, each factor from a table of 16 x 16 polynomials.
//!
//! Run time: a product of polynomials 35 ns with PCLMULQDQ, 1.6 us without (Zen 5, 3.7 GHz); at
//! most 15 products a block, 12 for blocks below 2^52. Memory: the table, 8 KiB, built once per
//! process (256 products).
//!
//! Reference: H. Haramoto, M. Matsumoto, T. Nishimura, F. Panneton, P. L'Ecuyer, "Efficient jump
//! ahead for F2-linear random number generators", INFORMS J. Computing 20 (2008); D. Blackman, S.
//! Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021).

use std::sync::LazyLock;

use super::{Lanes, draw};
use montesieve_kernel::dispatch;
use montesieve_kernel::isa::Supported;

#[cfg(target_arch = "x86_64")]
mod x86;

/// A polynomial over GF(2) of degree below 256: the coefficient of x^i is bit `i % 64` of word `i /
/// 64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poly(pub [u64; 4]);

/// The characteristic polynomial P of xoshiro256's step, without its leading term x^256. It is
/// primitive, so no smaller polynomial would do. A test finds it again from a run of the generator
/// (Berlekamp-Massey).
pub const CHARACTERISTIC: Poly =
    Poly([0x9d11_6f2b_b0f0_f001, 0x0280_002b_cefd_1a5e, 0x04b4_edcf_2625_9f85, 0x0003_c03c_3f3e_cb19]);

/// The jump over 2^128 steps, `x^(2^128) mod P`, as published with the generator.
pub const JUMP: Poly =
    Poly([0x180e_c6d3_3cfd_0aba, 0xd5a6_1266_f0c9_392c, 0xa958_2618_e03f_c9aa, 0x39ab_dc45_29b1_661c]);

/// The jump over 2^192 steps, `x^(2^192) mod P`, as published with the generator.
pub const LONG_JUMP: Poly =
    Poly([0x76e1_5d3e_fefd_cbbf, 0xc500_4e44_1c52_2fb3, 0x7771_0069_854e_e241, 0x3910_9bb0_2acb_e635]);

/// Hexadecimal digits of a block number.
const DIGITS: usize = 16;

/// log2 of the steps in a block; see [`BLOCK_STEPS`](super::BLOCK_STEPS).
const BLOCK_STEPS_LOG2: u32 = super::BLOCK_STEPS.ilog2();

/// `TABLE[w][d] = x^(d * 16^w * BLOCK_STEPS) mod P`.
static TABLE: LazyLock<[[Poly; 16]; DIGITS]> = LazyLock::new(|| {
    let mut table = [[Poly::ONE; 16]; DIGITS];
    let mut base = Poly::x_to_power_of_two(BLOCK_STEPS_LOG2);
    for row in &mut table {
        for d in 1..16 {
            row[d] = row[d - 1].times(base);
        }
        base = row[15].times(base);
    }
    table
});

impl Poly {
    /// The polynomial 1: no step at all.
    pub const ONE: Poly = Poly([1, 0, 0, 0]);

    /// The polynomial x: one step.
    pub const X: Poly = Poly([2, 0, 0, 0]);

    /// The product modulo P, one bit at a time (Horner's rule): any CPU, and the oracle of the fast
    /// one.
    pub fn times(self, other: Poly) -> Poly {
        let mut product = [0; 4];
        for i in (0..256).rev() {
            product = times_x(product);
            let mask = 0u64.wrapping_sub(other.0[i / 64] >> (i % 64) & 1);
            for (word, own) in product.iter_mut().zip(self.0) {
                *word ^= own & mask;
            }
        }
        Poly(product)
    }

    /// `x^(2^k) mod P`: the jump over 2^k steps.
    pub fn x_to_power_of_two(k: u32) -> Poly {
        (0..k).fold(Poly::X, |power, _| power.times(power))
    }

    /// The polynomial to the power of `exponent`, modulo P.
    pub fn to_the(self, exponent: u32) -> Poly {
        let mut power = Poly::ONE;
        for i in (0..32 - exponent.leading_zeros()).rev() {
            power = power.times(power);
            if exponent >> i & 1 == 1 {
                power = power.times(self);
            }
        }
        power
    }

    /// The jump from the start of block 0 to the start of `block`, by carry-less products where
    /// `isa` has them.
    pub fn to_block(isa: Supported, block: u64) -> Poly {
        block_poly(isa, block)
    }
}

dispatch! {
    fn block_poly(isa: Supported, block: u64) -> Poly {
        portable => block_product(block, Poly::times),
        avx2 => x86::to_block(block),
        avx512 => x86::to_block(block),
    }
}

dispatch! {
    /// All lanes moved on by the jump `by`.
    pub fn advance_lanes(isa: Supported, lanes: &Lanes, by: &Poly) -> Lanes {
        portable => Lanes { words: advance(lanes.words, &masks(by)) },
        avx2 => x86::advance_lanes_avx2(lanes, by),
        avx512 => x86::advance_lanes_avx512(lanes, by),
    }
}

/// The product of the table's factors for `block`. `times` multiplies modulo P.
#[inline(always)]
fn block_product(block: u64, times: impl Fn(Poly, Poly) -> Poly) -> Poly {
    let mut product = TABLE[0][(block & 15) as usize];
    let mut digits = block >> 4;
    for row in &TABLE[1..] {
        if digits == 0 {
            break;
        }
        product = times(product, row[(digits & 15) as usize]);
        digits >>= 4;
    }
    product
}

/// The polynomial times x, modulo P.
const fn times_x(r: [u64; 4]) -> [u64; 4] {
    let mask = 0u64.wrapping_sub(r[3] >> 63);
    let p = CHARACTERISTIC.0;
    [
        (r[0] << 1) ^ (p[0] & mask),
        (r[1] << 1 | r[0] >> 63) ^ (p[1] & mask),
        (r[2] << 1 | r[1] >> 63) ^ (p[2] & mask),
        (r[3] << 1 | r[2] >> 63) ^ (p[3] & mask),
    ]
}

/// The coefficients of a polynomial as masks: all bits of word i are coefficient i.
///
/// Spelled out because, given the bits, LLVM makes a branch of each: mispredicted half of the time,
/// which doubles the time of [`advance`].
#[inline(always)]
fn masks(poly: &Poly) -> [u64; 256] {
    std::array::from_fn(|i| 0u64.wrapping_sub(poly.0[i / 64] >> (i % 64) & 1))
}

/// `N` states moved on by the jump with these `masks`: the sum of those of the next 256 states
/// whose coefficient is 1.
#[inline(always)]
fn advance<const N: usize>(mut s: [[u64; N]; 4], masks: &[u64; 256]) -> [[u64; N]; 4] {
    let mut sum = [[0u64; N]; 4];
    for mask in masks {
        for w in 0..4 {
            for i in 0..N {
                sum[w][i] ^= s[w][i] & mask;
            }
        }
        draw(&mut s);
    }
    sum
}

/// One state moved on by the jump `by`.
pub(super) fn advance_one(state: [u64; 4], by: &Poly) -> [u64; 4] {
    advance(state.map(|word| [word]), &masks(by)).map(|[word]| word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::LANES;
    use proptest::prelude::*;

    /// Berlekamp-Massey: the shortest linear recurrence of a bit sequence. Returns its length and
    /// its connection polynomial c (c\[0\] = 1, and the sum of c\[j\] * bit\[i - j\] is 0 for all
    /// i).
    fn shortest_recurrence(bits: &[bool]) -> (usize, Vec<bool>) {
        let n = bits.len();
        let (mut current, mut previous) = (vec![false; n + 1], vec![false; n + 1]);
        (current[0], previous[0]) = (true, true);
        let (mut length, mut since) = (0, 1);
        for i in 0..n {
            let wrong = (0..=length).fold(false, |sum, j| sum ^ (current[j] & bits[i - j]));
            if wrong {
                let kept = current.clone();
                for j in 0..=n - since {
                    current[j + since] ^= previous[j];
                }
                if 2 * length <= i {
                    (length, previous, since) = (i + 1 - length, kept, 0);
                }
            }
            since += 1;
        }
        (length, current)
    }

    #[test]
    fn the_characteristic_polynomial_is_what_the_generator_obeys() {
        let mut s = [[1], [2], [3], [4]];
        let bits: Vec<bool> = (0..600)
            .map(|_| {
                draw(&mut s);
                s[0][0] >> 7 & 1 == 1
            })
            .collect();
        let (length, connection) = shortest_recurrence(&bits);
        assert_eq!(length, 256);
        let mut p = [0u64; 4];
        for j in 1..=256 {
            p[(256 - j) / 64] |= u64::from(connection[j]) << ((256 - j) % 64);
        }
        assert_eq!(Poly(p), CHARACTERISTIC);
    }

    #[test]
    fn the_published_jumps_are_powers_of_x() {
        assert_eq!(Poly::x_to_power_of_two(128), JUMP);
        assert_eq!(Poly::x_to_power_of_two(192), LONG_JUMP);
        assert_eq!(Poly::x_to_power_of_two(256), Poly::X, "the period divides 2^256 - 1");
    }

    #[test]
    fn powers_and_blocks_add_up() {
        assert_eq!(Poly::X.to_the(0), Poly::ONE);
        assert_eq!(Poly::X.to_the(1), Poly::X);
        assert_eq!(Poly::X.to_the(1 << 14), Poly::to_block(Supported::PORTABLE, 1));
        assert_eq!(Poly::to_block(Supported::PORTABLE, 0), Poly::ONE);
        for k in 0..64 {
            for isa in [Supported::PORTABLE, Supported::widest()] {
                assert_eq!(Poly::to_block(isa, 1 << k), Poly::x_to_power_of_two(BLOCK_STEPS_LOG2 + k), "block 2^{k}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_jump_equals_plain_stepping(state: [u64; 4], n in 0u32..3000) {
            let mut stepped = state.map(|word| [word]);
            for _ in 0..n {
                draw(&mut stepped);
            }
            prop_assert_eq!(advance_one(state, &Poly::X.to_the(n)), stepped.map(|[word]| word));
        }

        #[test]
        fn sums_of_blocks_are_products_of_jumps(a in 0..1u64 << 62, b in 0..1u64 << 62) {
            let [of_a, of_b, of_sum] = [a, b, a + b].map(|block| Poly::to_block(Supported::PORTABLE, block));
            prop_assert_eq!(of_a.times(of_b), of_sum);
        }

        #[test]
        fn every_instruction_set_jumps_alike(block: u64, words: [[u64; LANES]; 4]) {
            let poly = Poly::to_block(Supported::PORTABLE, block);
            let lanes = Lanes { words };
            let lane_7 = advance_one(words.map(|row| row[7]), &poly);
            for isa in Supported::all() {
                prop_assert_eq!(Poly::to_block(isa, block), poly);
                let moved = advance_lanes(isa, &lanes, &poly);
                prop_assert_eq!(moved.words.map(|row| row[7]), lane_7, "{}", isa);
                prop_assert_eq!(moved, advance_lanes(Supported::PORTABLE, &lanes, &poly), "{}", isa);
            }
        }
    }
}
