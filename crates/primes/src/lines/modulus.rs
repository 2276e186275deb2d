//! The modulus of a line sieve and what follows from it alone: its residues, and inverses modulo
//! primes.
//!
//! Numbers coprime to M fall into phi(M) *lines*, one a residue r: bit k of line r stands for
//! base + M k + r. A larger modulus leaves fewer numbers to cross (48 of 210 are coprime to 210,
//! 22.9 %; 480 of 2310, 20.8 %) in more and shorter lines, so it needs a longer range to pay (see
//! `shape.rs`).
//!
//! Formula: 1/M modulo p without a division by p: with z = -1/p modulo M, M divides 1 + p z, and
//! (1 + p z) / M is the inverse, below p. So one table of M inverses serves every prime.
//! Run time: 80 cycles a residue once. Memory: 2 bytes a number below M.

/// Exponent of 1: a^60 = 1 for every a coprime to 2310, as 60 is a multiple of 1, 2, 4, 6 and 10.
const CARMICHAEL: u32 = 60;

/// A product of the first primes: 30, 210 or 2310.
pub(super) struct Modulus {
    pub(super) number: u32,
    /// The numbers below M and coprime to it, in rising order: one line each.
    pub(super) residues: Vec<u32>,
    /// 1/a modulo M at place a, where there is one.
    inverses: Vec<u16>,
}

impl Modulus {
    /// The modulus `number`.
    ///
    /// # Panics
    /// When it is not 30, 210 or 2310.
    pub(super) fn new(number: u32) -> Modulus {
        assert!([30, 210, 2310].contains(&number), "no modulus: {number}");
        let factors: Vec<u32> = [2, 3, 5, 7, 11].into_iter().filter(|&p| number.is_multiple_of(p)).collect();
        let residues: Vec<u32> = (1..number).filter(|&r| factors.iter().all(|&p| !r.is_multiple_of(p))).collect();
        let mut inverses = vec![0; number as usize];
        for &r in &residues {
            inverses[r as usize] = power(r, CARMICHAEL - 1, number) as u16;
        }
        Modulus { number, residues, inverses }
    }

    /// Whether no line holds the prime `p`.
    pub(super) fn is_multiple_of(&self, p: u32) -> bool {
        self.number.is_multiple_of(p)
    }

    /// 1/M modulo the prime `p`, which does not divide M.
    pub(super) fn inverse(&self, p: u32) -> u32 {
        let inverse = u32::from(self.inverses[(p % self.number) as usize]);
        let z = u64::from((self.number - inverse) % self.number);
        ((1 + u64::from(p) * z) / u64::from(self.number)) as u32
    }
}

/// base^exponent modulo `modulus`, which is below 2^16.
fn power(base: u32, exponent: u32, modulus: u32) -> u32 {
    let (mut result, mut square, mut left) = (1, base % modulus, exponent);
    while left > 0 {
        if left % 2 == 1 {
            result = result * square % modulus;
        }
        square = square * square % modulus;
        left /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverses_are_inverses() {
        for (number, lines) in [(30, 8), (210, 48), (2310, 480)] {
            let modulus = Modulus::new(number);
            assert_eq!(modulus.residues.len(), lines);
            assert_eq!((modulus.residues[0], modulus.residues[lines - 1]), (1, number - 1));
            for p in [13_u32, 19, 163, 2309, 2311, 65521, 2_097_143, 4_294_967_291] {
                let inverse = u64::from(modulus.inverse(p));
                assert!(inverse < u64::from(p));
                assert_eq!(inverse * u64::from(number) % u64::from(p), 1, "{number} {p}");
            }
        }
    }
}
