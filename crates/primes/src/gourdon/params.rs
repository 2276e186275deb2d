//! The parameters of the formula: x, and the borders that follow from it. Everything here is a
//! function of x and alpha alone, so that the job list is the same on any number of ranks.
//!
//! y = alpha * cbrt(x) with cbrt(x) < y < sqrt(x); x* = min(max(x^(1/4), ceil(x / y^2)), y, sqrt(x
//! / y)); k = 8. A larger alpha makes the sieves shorter (they run to x / y) and the easy leaves
//! more.
//! Reference: X. Gourdon, "Computation of pi(x): improvements to the Meissel, Lehmer, Lagarias,
//! Miller, Odlyzko, Deleglise and Rivat method" (2001), with his z = y.

use super::factors;

/// Primes up to 19 are left to closed forms and fixed patterns.
pub(super) const K: usize = 8;

/// From here on the formula holds with room to spare; below, a table answers at once.
pub const SMALLEST: u64 = 1_000_000;

/// Up to here the formula goes: behind it numbers of the kernels have no room.
pub const LARGEST: u128 = 10_u128.pow(26);

/// Quotients n = x / (p m) must stay below 2^50 ([`super::kernels::Dividend`]).
const LARGEST_QUOTIENT: u64 = 1 << QUOTIENT;
pub(super) const QUOTIENT: u32 = 50;

/// x and its borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// The number up to which primes are counted.
    pub x: u128,
    /// The largest m of a leaf x / (p m).
    pub y: u64,
    /// floor(cbrt(x)).
    pub(super) root3: u64,
    /// floor(sqrt(x)).
    pub(super) root2: u64,
    /// Up to here p is in C and D, above in A.
    pub(super) star: u64,
    /// floor(x / y): the sieve of the hard leaves and of B goes so far.
    pub(super) far: u64,
}

/// Which of the splits: each has other leaves, and the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The fastest one.
    First,
    /// Another alpha, 1.3 times as large: all partial sums differ.
    Second,
}

impl Params {
    /// The params of x.
    ///
    /// # Panics
    /// Below [`SMALLEST`], and above [`LARGEST`].
    pub fn new(x: u128, split: Split) -> Params {
        let factor = match split {
            Split::First => FASTEST,
            Split::Second => 1.3 * FASTEST,
        };
        let params = Params::with_alpha(x, alpha(x as f64) * factor);
        assert!((u128::from(SMALLEST)..=LARGEST).contains(&x) && params.fits(), "pi({x}) does not fit");
        params
    }

    pub(super) fn with_alpha(x: u128, alpha: f64) -> Params {
        let (root3, root2) = (cbrt(x), sqrt(x));
        // At least x^(2/5), so that closed parts of A and C look up pi below y.
        let least = ((x as f64).powf(0.4) as u64 + 1).max(root3 + 1);
        let y = ((root3 as f64 * alpha) as u64).min(factors::LARGEST).max(least).min(root2 - 1);
        let square = u128::from(y) * u128::from(y);
        let star = sqrt(u128::from(root2)).max(x.div_ceil(square) as u64).min(y).min(sqrt(x / u128::from(y)));
        Params { x, y, root3, root2, star, far: (x / u128::from(y)) as u64 }
    }

    /// Whether every number of the kernels has room.
    fn fits(&self) -> bool {
        self.y <= factors::LARGEST && self.far < LARGEST_QUOTIENT
    }

    /// The largest number whose pi is looked up.
    pub(super) fn looked_up(&self) -> u64 {
        self.y.max(sqrt(self.x / u128::from(self.star))) + 200
    }
}

/// Factor of alpha over the polynomial: 1.2 is 1 % faster than 1 at 1e16, 1.5 is 3 % faster at 1e17
/// (AMD Zen 4).
const FASTEST: f64 = 1.25;

/// primecount's polynomial in ln x, which was fastest at 1e11 to 1e20 within its own kernels'
/// taste.
fn alpha(x: f64) -> f64 {
    let ln = x.ln();
    let alpha = if x <= 1e11 {
        0.078173 * ln + 1.0
    } else {
        ((0.007888745747017503 * ln - 0.7610431057184933) * ln + 25.74106177417062) * ln - 288.9823576050215
    };
    alpha.clamp(1.0, x.powf(1.0 / 6.0))
}

/// floor(sqrt(n)).
pub(super) fn sqrt(n: u128) -> u64 {
    n.isqrt() as u64
}

/// floor(sqrt(n)) from the processor's root, which is one off at most below 2^100.
pub(super) fn sqrt_fast(n: u128) -> u64 {
    let mut root = (n as f64).sqrt() as u128;
    while root * root > n {
        root -= 1;
    }
    while (root + 1) * (root + 1) <= n {
        root += 1;
    }
    root as u64
}

/// floor(cbrt(n)) for n below 2^120.
pub(super) fn cbrt(n: u128) -> u64 {
    let mut root = (n as f64).powf(1.0 / 3.0) as u128;
    while root * root * root > n {
        root -= 1;
    }
    while (root + 1) * (root + 1) * (root + 1) <= n {
        root += 1;
    }
    root as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_exact_at_their_borders() {
        for root in [1_u128, 2, 3, 10, 1000, 4_294_967_295, 99_999_999_999] {
            for (n, expected) in [(root * root - 1, root - 1), (root * root, root), (root * root + 1, root)] {
                assert_eq!((u128::from(sqrt(n)), u128::from(sqrt_fast(n))), (expected, expected));
            }
            let cube = root * root * root;
            assert_eq!([cube - 1, cube, cube + 1].map(cbrt).map(u128::from), [root - 1, root, root]);
        }
    }

    #[test]
    fn borders_are_in_order() {
        for exponent in 6..=26 {
            for split in [Split::First, Split::Second] {
                let params = Params::new(10_u128.pow(exponent), split);
                assert!(params.root3 < params.y && params.y < params.root2 && params.star <= params.y, "{params:?}");
                assert!(params.far >= params.root2, "{params:?}");
            }
        }
        assert!(!Params::with_alpha(10_u128.pow(28), 80.0).fits());
    }
}
