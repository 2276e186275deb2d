//! Strong tests of one number at a time, in Montgomery's form with R = 2^64.
//!
//! Stands beside `ifma.rs` as the form for any CPU. Formula: n - 1 = 2^s d with d odd; n passes base b if b^d = 1 or b^(d
//! 2^i) = -1 modulo n for an i below s. A prime passes every base; no composite below 2^64 passes all of [`BASES`]. Run
//! time: 0.3 us a base near 2^64 (AMD Zen 5).
//! Reference: G. L. Miller (1976), M. O. Rabin (1980); P. L. Montgomery, "Modular multiplication without trial division",
//! Math. Comp. 44 (1985); the bases are J. Sinclair's (2011), checked against all strong pseudoprimes to base 2 below 2^64
//! by J. Feitsma and W. Galway (see miller-rabin.appspot.com).

/// Bases for a strong test that no composite below 2^64 passes for all.
const BASES: [u64; 7] = [2, 325, 9375, 28178, 450_775, 9_780_504, 1_795_265_022];

/// An odd number n above 1 and what Montgomery's form needs.
struct Field {
    n: u64,
    /// -1/n modulo 2^64.
    inverse: u64,
    /// R modulo n: the form of 1.
    one: u64,
    /// R^2 modulo n.
    square: u64,
}

/// Whether the odd number `n` above 2 is prime; a base that is a multiple of it says nothing.
pub(super) fn is_prime(n: u64) -> bool {
    let field = Field::new(n);
    BASES.iter().all(|&base| field.passes(base))
}

impl Field {
    fn new(n: u64) -> Field {
        // Each round doubles the bits that are right; n is right modulo 8.
        let inverse = (0..5).fold(n, |x, _| x.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(x))));
        let one = (u64::MAX % n + 1) % n;
        let square = (u128::from(one) * u128::from(one) % u128::from(n)) as u64;
        Field { n, inverse: inverse.wrapping_neg(), one, square }
    }

    /// a b / R modulo n.
    fn times(&self, a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        let q = (product as u64).wrapping_mul(self.inverse);
        // The low halves cancel: their sum is 0 or 2^64.
        let carry = u128::from(product as u64 != 0);
        let high = (product >> 64) + ((u128::from(q) * u128::from(self.n)) >> 64) + carry;
        let n = u128::from(self.n);
        (if high >= n { high - n } else { high }) as u64
    }

    /// Whether n passes the strong test to `base`.
    fn passes(&self, base: u64) -> bool {
        let base = self.times(base % self.n, self.square);
        if base == 0 {
            return true;
        }
        let twos = (self.n - 1).trailing_zeros();
        let exponent = (self.n - 1) >> twos;
        let mut power = base;
        for bit in (0..63 - exponent.leading_zeros()).rev() {
            power = self.times(power, power);
            if exponent >> bit & 1 == 1 {
                power = self.times(power, base);
            }
        }
        let minus_one = self.n - self.one;
        if power == self.one || power == minus_one {
            return true;
        }
        (1..twos).any(|_| {
            power = self.times(power, power);
            power == minus_one
        })
    }
}
