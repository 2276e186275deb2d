//! Arithmetic modulo an odd number of 128 bits, in Montgomery's form with R = 2^128.
//!
//! Stands beside `narrow.rs`, the same for 64 bits. A number a is held as a R modulo n; a product
//! of two such is divided by R, which takes two more multiplications instead of a division. Both
//! are 256 bits long, made of four products of 64 bits.
//! Reference: P. L. Montgomery, "Modular multiplication without trial division", Math. Comp. 44
//! (1985).

/// An odd number n above 1 and what Montgomery's form needs.
pub(super) struct Montgomery128 {
    n: u128,
    /// 1/n modulo R.
    inverse: u128,
    /// R modulo n: the form of 1.
    one: u128,
}

impl Montgomery128 {
    /// `n` is odd and above 1.
    pub(super) fn new(n: u128) -> Montgomery128 {
        debug_assert!(n % 2 == 1 && n > 1);
        // Each round doubles the bits that are right; n is its own inverse modulo 8.
        let inverse = (0..6).fold(n, |x, _| x.wrapping_mul(2_u128.wrapping_sub(n.wrapping_mul(x))));
        Montgomery128 { n, inverse, one: (u128::MAX % n + 1) % n }
    }

    /// n.
    pub(super) fn modulus(&self) -> u128 {
        self.n
    }

    /// The form of 1.
    pub(super) fn one(&self) -> u128 {
        self.one
    }

    /// a + b.
    pub(super) fn add(&self, a: u128, b: u128) -> u128 {
        self.subtract(a, self.n - b)
    }

    /// a - b, where b may be n itself.
    pub(super) fn subtract(&self, a: u128, b: u128) -> u128 {
        let (difference, is_negative) = a.overflowing_sub(b);
        if is_negative { difference.wrapping_add(self.n) } else { difference }
    }

    /// a b / R.
    pub(super) fn times(&self, a: u128, b: u128) -> u128 {
        let (high, low) = product(a, b);
        // The low halves are equal, so they cancel.
        let (multiple, _) = product(low.wrapping_mul(self.inverse), self.n);
        self.subtract(high, multiple)
    }

    /// The form of a small number.
    pub(super) fn small(&self, a: u64) -> u128 {
        (0..u64::BITS - a.leading_zeros()).rev().fold(0, |form, bit| {
            let twice = self.add(form, form);
            if a >> bit & 1 == 1 { self.add(twice, self.one) } else { twice }
        })
    }
}

/// The high and the low half of a b.
fn product(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let ([a1, a0], [b1, b0]) = ([a >> 64, a & LOW], [b >> 64, b & LOW]);
    let low = a0 * b0;
    // Below 2^128: (2^64 - 1)^2 + 2^64 - 1.
    let middle = a1 * b0 + (low >> 64);
    let other = a0 * b1 + (middle & LOW);
    (a1 * b1 + (middle >> 64) + (other >> 64), other << 64 | low & LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn products_have_all_their_bits(a: u128, b: u128, m in any::<u32>()) {
            let (high, low) = product(a, b);
            prop_assert_eq!(low, a.wrapping_mul(b));
            // Modulo a small number, where nothing overflows.
            let m = u128::from(m) + 1;
            let radix = (u128::MAX % m + 1) % m;
            prop_assert_eq!((high % m * radix + low % m) % m, (a % m) * (b % m) % m);
        }

        #[test]
        fn the_form_is_a_ring(n in 1_u64.., a: u64, b: u64, shift in 0_u32..64) {
            // Below 2^63, where u128 has room for the products.
            let n = u128::from(n >> shift >> 1) * 2 + 3;
            let field = Montgomery128::new(n);
            let value = |form: u128| field.times(form, 1);
            let (x, y) = (field.small(a), field.small(b));
            let (a, b) = (u128::from(a) % n, u128::from(b) % n);
            prop_assert_eq!((value(x), value(y)), (a, b));
            prop_assert_eq!(value(field.times(x, y)), a * b % n);
            prop_assert_eq!(value(field.add(x, y)), (a + b) % n);
            prop_assert_eq!(value(field.subtract(x, y)), (a + n - b) % n);
        }

        #[test]
        fn squares_of_differences_at_full_width(n: u128, a: u128, b: u128) {
            let n = n | 1 | 1 << 127;
            let field = Montgomery128::new(n);
            let (a, b) = (a % n, b % n);
            let square = |x| field.times(x, x);
            let twice = field.times(field.add(a, a), b);
            let expected = field.add(field.subtract(square(a), twice), square(b));
            prop_assert_eq!(square(field.subtract(a, b)), expected);
        }
    }
}
