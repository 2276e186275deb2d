//! Prime tests of 32 numbers at once, with AVX-512's multiplication of 52-bit numbers (IFMA).
//!
//! Stands beside `narrow.rs`. First the strong test to base 2 (`ifma/strong.rs`) of all numbers,
//! then the Lucas test (`ifma/lucas.rs`) of those that passed, packed together anew; both on the
//! arithmetic of `ifma/field.rs`. Why the two are enough: `lucas_parameter.rs`.
//!
//! Run time: see each. Memory: 2 KB of stack.
//! Reference: S. Gueron and V. Krasnov, "Accelerating big integer arithmetic using Intel IFMA
//! extensions" (2016).

mod field;
mod lucas;
mod strong;

use std::array::from_fn;

use super::lucas_parameter::parameter;
use super::wide;
use field::LimbLanes;

/// Vectors in flight, to hide the latency of a multiplication.
const VECTORS: usize = 4;

/// Numbers tested at once.
const LANES: usize = 8 * VECTORS;

/// No P is larger in the Lucas test here; one number in 2^50 has a larger one.
const LARGEST_PARAMETER: u64 = 250;

/// Moves the offsets of primes to the front and returns them. Each number (`base` plus an offset)
/// is odd, above 2^32 and at most 2^87.
#[target_feature(enable = "avx512f,avx512dq,avx512cd,avx512ifma,avx512vpopcntdq")]
pub(super) fn retain_primes(base: u128, offsets: &mut [u64]) -> &mut [u64] {
    let left = retain(base, offsets, |_, lanes| strong::test(lanes));
    retain(base, left, |numbers, lanes| {
        let parameters = numbers.map(|n| parameter(n).unwrap_or(0));
        let tested = parameters.map(|p| if p <= LARGEST_PARAMETER { p } else { 0 });
        let mut passed = lucas::test(lanes, &tested);
        // Hardly ever.
        for i in (0..LANES).filter(|&i| parameters[i] > LARGEST_PARAMETER && wide::is_prime(numbers[i])) {
            passed |= 1 << i;
        }
        passed
    })
}

/// Moves the offsets of numbers that pass a test to the front and returns them. The test returns
/// one bit a number.
fn retain(base: u128, offsets: &mut [u64], mut test: impl FnMut(&[u128; LANES], &LimbLanes) -> u32) -> &mut [u64] {
    let mut kept = 0;
    for at in (0..offsets.len()).step_by(LANES) {
        let last = offsets.len() - 1;
        // The lanes behind the end test the last number again.
        let lanes: [u64; LANES] = from_fn(|i| offsets[(at + i).min(last)]);
        let numbers = lanes.map(|offset| base + u128::from(offset));
        let mut passed =
            test(&numbers, &[numbers.map(|n| n as u64 & ((1 << 52) - 1)), numbers.map(|n| (n >> 52) as u64)]);
        if last - at < LANES - 1 {
            passed &= (1 << (last - at + 1)) - 1;
        }
        while passed != 0 {
            offsets[kept] = lanes[passed.trailing_zeros() as usize];
            kept += 1;
            passed &= passed - 1;
        }
    }
    &mut offsets[..kept]
}

#[cfg(test)]
mod tests;
