//! Prime tests of 32 numbers at once, with AVX-512's multiplication of 52-bit numbers (IFMA).
//!
//! Stands beside `narrow.rs`. First the strong test to base 2 (`ifma/strong.rs`) of all numbers, then the Lucas test (`ifma/lucas.rs`) of
//! those that passed, packed together anew; both on the arithmetic of `ifma/field.rs`. Why the two are enough: `lucas.rs`.
//!
//! Run time: see each. Memory: 2 KB of stack.
//! Reference: S. Gueron and V. Krasnov, "Accelerating big integer arithmetic using Intel IFMA extensions" (2016).

mod field;
mod lucas;
mod strong;

use std::array::from_fn;

use super::lucas::parameter;
use super::wide;
use field::Lanes;

/// Vectors in flight, to hide the latency of a multiplication.
const VECTORS: usize = 4;

/// Numbers tested at once.
const LANES: usize = 8 * VECTORS;

/// No P is larger in the Lucas test here; one number in 2^50 has a larger one.
const LARGEST_PARAMETER: u64 = 250;

/// Whether this CPU has all that is needed here.
pub(super) fn is_supported() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f") && has!("avx512dq") && has!("avx512cd") && has!("avx512ifma") && has!("avx512vpopcntdq")
}

/// Puts the offsets of primes to the front and gives them: each is a number, less `base`, that is odd, above 2^32 and at most 2^87.
pub(super) fn retain_primes(base: u128, offsets: &mut [u64]) -> &mut [u64] {
    assert!(is_supported());
    // SAFETY: this CPU has the instructions.
    let left = retain(base, offsets, |_, lanes| unsafe { strong::test(lanes) });
    retain(base, left, |numbers, lanes| {
        let parameters = numbers.map(|n| parameter(n).unwrap_or(0));
        let tested = parameters.map(|p| if p <= LARGEST_PARAMETER { p } else { 0 });
        // SAFETY: as above.
        let mut passed = unsafe { lucas::test(lanes, &tested) };
        // Hardly ever.
        for i in (0..LANES).filter(|&i| parameters[i] > LARGEST_PARAMETER && wide::is_prime(numbers[i])) {
            passed |= 1 << i;
        }
        passed
    })
}

/// Puts the offsets of numbers that pass a test, which gives one bit a number, to the front and gives them.
fn retain(base: u128, offsets: &mut [u64], mut test: impl FnMut(&[u128; LANES], &Lanes) -> u32) -> &mut [u64] {
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
