//! Arithmetic of huge numbers: products, inverses and remainders, which yield to messages
//! meanwhile.
//!
//! Stands between `dashu-int`, which handles the short ones, and `ntt`: a division here is two
//! products with an inverse, and the inverse comes from Newton's iteration. Words are of 64 bits,
//! and B = 2^64.
//!
//! Formula: X' = X + X (B^m - P X) / B^m has twice the digits of 1/P that X has.
//! Reference: R. Brent and P. Zimmermann, "Modern Computer Arithmetic" (2010), sections 2.4.1 and
//! 4.2.2.

use std::ops::ControlFlow::{self, Continue};

use dashu_int::UBig;

use super::ntt::{Convolver, length};
use crate::YieldNow;
use montesieve_kernel::isa::Isa;

/// Words of a product from which on transforms are faster than `dashu-int` (AVX-512, Intel Sapphire
/// Rapids; likewise AVX2).
const LONG: usize = 768;

/// Words of an inverse that `dashu-int` divides for: as long as transforms are no gain.
const SHORT_INVERSE: usize = 256;

/// Words bits.
const WORD: usize = 64;

/// Multiplies and divides.
pub struct Huge {
    /// None where the instruction set has none: `dashu-int` does everything then.
    convolver: Option<Convolver>,
}

/// Words of a number.
pub(crate) fn words(n: &UBig) -> usize {
    n.as_words().len()
}

/// What is left of n without its last words.
fn without(n: &UBig, count: usize) -> UBig {
    UBig::from_words(n.as_words().get(count..).unwrap_or_default())
}

impl Huge {
    /// For numbers whose products have up to `longest` words.
    pub fn new(isa: Isa, longest: usize) -> Huge {
        Huge { convolver: Convolver::new(isa, longest).filter(|_| longest >= LONG) }
    }

    /// The transforms, for products of up to this number of words, where they pay.
    pub(crate) fn convolver(&self, words: usize) -> Option<&Convolver> {
        self.convolver.as_ref().filter(|_| words >= LONG)
    }

    /// a b.
    pub(crate) fn product(&self, a: &UBig, b: &UBig, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), UBig> {
        let total = words(a) + words(b);
        match self.convolver(total) {
            None => Continue(a * b),
            Some(convolver) => {
                let found = convolver.sums(&[a.as_words(), b.as_words()], &[&[(0, 1)]], length(total), yield_now)?;
                Continue(UBig::from_words(&found[0]))
            }
        }
    }

    /// Next to B^(n + k) / p, where p has n words: wrong by less than 4.
    pub(crate) fn inverse(&self, p: &UBig, k: usize, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), UBig> {
        // More words of p change nothing.
        let n = words(p);
        let t = n.min(k + 2);
        let top = without(p, n - t);
        let one = |words: usize| UBig::ONE << (WORD * words);
        if k <= SHORT_INVERSE || self.convolver.is_none() {
            return Continue(one(t + k) / top);
        }
        let h = k / 2 + 2;
        let x = self.inverse(p, h, yield_now)?;
        // B^(t + h) - p x, of which the first words count.
        let product = self.product(&top, &x, yield_now)?;
        let full = one(t + h);
        let dropped = (t + h).saturating_sub(k + 2);
        let is_below = product <= full;
        let defect = without(&if is_below { full - product } else { product - full }, dropped);
        let change = without(&self.product(&x, &defect, yield_now)?, t + 2 * h - k - dropped);
        let x = x << (WORD * (k - h));
        Continue(if is_below { x + change } else { x - change })
    }

    /// a modulo p.
    pub(crate) fn remainder(&self, a: &UBig, p: &UBig, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), UBig> {
        let n = words(p);
        // A short quotient is cheap.
        if self.convolver(2 * n).is_none() || words(a) <= n + LONG / 16 {
            return Continue(a % p);
        }
        let inverse = self.inverse(p, n + 1, yield_now)?;
        let mut rest = UBig::ZERO;
        for chunk in a.as_words().rchunks(n) {
            // Below p B^n. With its first n + 1 words alone the quotient is too small by 3 at the
            // most, or too large.
            let dividend = (rest << (WORD * chunk.len())) + UBig::from_words(chunk);
            if dividend < *p {
                rest = dividend;
                continue;
            }
            let quotient = without(&self.product(&without(&dividend, n - 1), &inverse, yield_now)?, n + 2);
            let mut product = self.product(&quotient, p, yield_now)?;
            while product > dividend {
                product -= p;
            }
            rest = dividend - product;
            while rest >= *p {
                rest -= p;
            }
        }
        Continue(rest)
    }

    /// B^(n + 1) r / p, rounded down or up, for r < p: n + 1 words of the fraction, n being the
    /// words of p.
    pub(crate) fn fraction(&self, r: &UBig, p: &UBig, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), UBig> {
        let n = words(p);
        let inverse = self.inverse(p, n + 2, yield_now)?;
        Continue(without(&self.product(r, &inverse, yield_now)?, n + 1))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tests::go;

    /// Numbers of the given number of words, from a generator of Marsaglia's; every third is B^k -
    /// 1, every fourth B^(k - 1) + 1.
    pub(crate) fn random(mut seed: u64, words: usize) -> UBig {
        let mut word = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let first = word();
        let drawn: Vec<u64> = (0..words).map(|_| word()).collect();
        match first % 12 {
            0 | 3 | 6 => (UBig::ONE << (WORD * words)) - UBig::ONE,
            4 | 8 => (UBig::ONE << (WORD * (words - 1))) + UBig::ONE,
            _ => UBig::from_words(&drawn),
        }
    }

    fn on() -> ControlFlow<()> {
        Continue(())
    }

    #[test]
    fn inverses_products_and_remainders() {
        for isa in Isa::available() {
            let huge = Huge::new(isa, 8000);
            for (seed, n, m) in [
                (1, 1, 1),
                (2, 1, 900),
                (3, 900, 1),
                (4, 400, 400),
                (5, 640, 1300),
                (6, 1000, 1001),
                (7, 500, 1700),
                (8, 700, 720),
                (9, 800, 801),
            ] {
                for seed in (0..3).map(|i| 1000 * i + seed) {
                    let (p, a) = (random(seed, n), random(seed + 500, m));
                    assert_eq!(go(huge.product(&a, &p, &mut on)), &a * &p);
                    assert_eq!(go(huge.remainder(&a, &p, &mut on)), &a % &p, "{seed} {n} {m} {isa}");
                    let n = words(&p);
                    for k in [1, n, n + 2] {
                        let x = go(huge.inverse(&p, k, &mut on));
                        let exact = (UBig::ONE << (WORD * (n + k))) / &p;
                        let error = if x > exact { x - exact } else { exact - x };
                        assert!(error < UBig::from(4_u32), "{seed} {n} {k} {isa}: {error}");
                    }
                    let r = &a % &p;
                    let f = go(huge.fraction(&r, &p, &mut on));
                    let exact = (&r << (WORD * (n + 1))) / &p;
                    let error = if f > exact { f - exact } else { exact - f };
                    assert!(error <= UBig::ONE, "{seed} {n} {isa}: {error}");
                }
            }
        }
    }
}
