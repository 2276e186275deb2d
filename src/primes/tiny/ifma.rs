//! Prime tests of 32 numbers at once, with AVX-512's multiplication of 52-bit numbers (IFMA).
//!
//! Stands beside `scalar.rs`. First the strong test to base 2 (`ifma/strong.rs`) of all numbers, then the Lucas test (`ifma/lucas.rs`) of
//! those that passed, packed together anew; both on the arithmetic of `ifma/field.rs`. Why the two are enough: `lucas.rs`.
//!
//! Run time: see each. Memory: 2 KB of stack.
//! Reference: S. Gueron and V. Krasnov, "Accelerating big integer arithmetic using Intel IFMA extensions" (2016).

mod field;
mod lucas;
mod strong;

use std::array::from_fn;

/// Vectors in flight, to hide the latency of a multiplication.
const VECTORS: usize = 4;

/// Numbers tested at once.
const LANES: usize = 8 * VECTORS;

/// Whether this CPU has all that is needed here.
pub(super) fn is_supported() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f") && has!("avx512dq") && has!("avx512cd") && has!("avx512ifma") && has!("avx512vpopcntdq")
}

/// Puts the primes among odd numbers, all above 2^32, to the front and gives them.
pub(super) fn retain_primes(numbers: &mut [u64]) -> &mut [u64] {
    assert!(is_supported());
    // SAFETY: this CPU has the instructions.
    let left = retain(numbers, |lanes| unsafe { strong::test(lanes) });
    // SAFETY: as above.
    retain(left, |lanes| unsafe { lucas::test(lanes) })
}

/// Puts the numbers that pass a test, which gives one bit a number, to the front and gives them.
fn retain(numbers: &mut [u64], mut test: impl FnMut(&[u64; LANES]) -> u32) -> &mut [u64] {
    let mut kept = 0;
    for at in (0..numbers.len()).step_by(LANES) {
        let last = numbers.len() - 1;
        // The lanes behind the end test the last number again.
        let lanes: [u64; LANES] = from_fn(|i| numbers[(at + i).min(last)]);
        let mut passed = test(&lanes);
        if last - at < LANES - 1 {
            passed &= (1 << (last - at + 1)) - 1;
        }
        while passed != 0 {
            numbers[kept] = lanes[passed.trailing_zeros() as usize];
            kept += 1;
            passed &= passed - 1;
        }
    }
    &mut numbers[..kept]
}

#[cfg(test)]
mod tests;
