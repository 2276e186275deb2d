//! The multiples of the primes up to 163 in a line, all at once: 16 ready patterns ANDed.
//!
//! Stands beside the sieve by bytes' own `presieve.rs`, which fills bytes of 30 numbers: here a
//! byte is 8 neighbours of one line, and only the primes that do not divide the modulus are needed.
//! In any line, the multiples of p lie p bits apart; in bytes the pattern of p has period p too, as
//! p is odd, and that of a table is the product P of its primes.
//!
//! Formula: the table has zeros at bits 0, p, 2p...; bit 0 of line r stands for s = base + r, so it
//! must meet the table's bit s / M modulo p. That is byte s / (8 M) modulo P, one formula for all
//! primes of a table.
//! Run time: 16 loads a vector. Memory: 180 KB a modulus, made at start in 0.1 ms.
//! Reference: primesieve's `PreSieve.cpp` (16 tables of the same kind in bytes of 30 numbers).

use super::modulus::Modulus;
use crate::bytes::presieve::and_all;
use crate::modulo::modulo;
use montesieve_kernel::isa::Supported;

/// The largest prime whose multiples are in the tables.
pub(super) const LARGEST: u32 = 163;

/// Bytes filled in one step. Tables are longer than their period by this, so that a step never
/// wraps; no period is shorter, so that the next step is one subtraction.
pub(crate) const STEP: usize = 2048;

/// Tables of a modulus.
const TABLES: usize = 16;

/// The tables of one modulus.
pub(super) struct Presieve {
    tables: Vec<Pattern>,
}

struct Pattern {
    period: u64,
    /// 1 / (8 M) modulo the period.
    inverse: u64,
    /// Byte of the table for the next step.
    at: usize,
    bytes: Vec<u8>,
}

impl Presieve {
    /// Makes the tables.
    pub(super) fn new(modulus: &Modulus) -> Presieve {
        let mut left: Vec<u32> = primes(modulus).collect();
        let mut groups = Vec::new();
        // As many threes as are needed to get by with 16 tables: two of the smallest and one in the
        // middle.
        while left.len() > 2 * (TABLES - groups.len()) {
            let third = left.remove(left.len().min(10) - 1);
            groups.push(vec![left.remove(0), left.remove(0), third]);
        }
        while let Some(large) = left.pop() {
            groups.push(vec![left.remove(0), large]);
        }
        assert_eq!(groups.len(), TABLES);
        Presieve { tables: groups.iter().map(|primes| Pattern::new(primes, modulus)).collect() }
    }

    /// The next [`fill`](Presieve::fill) begins with bit 0 of the line of `residue` behind `base`.
    pub(super) fn begin(&mut self, base: u128, residue: u32) {
        for table in &mut self.tables {
            let start = (modulo(base, table.period) + u64::from(residue)) % table.period;
            table.at = (start * table.inverse % table.period) as usize;
        }
    }

    /// Overwrites `line` with ones where no prime of the tables divides, and moves on. These primes
    /// themselves are crossed too.
    pub(super) fn fill(&mut self, isa: Supported, line: &mut [u8]) {
        for step in line.chunks_mut(STEP) {
            let sources = std::array::from_fn(|i| {
                let table = &self.tables[i];
                table.bytes[table.at..].first_chunk().expect("a table is longer than its period")
            });
            if let Ok(whole) = (&mut *step).try_into() {
                and_all(isa, whole, &sources);
            } else {
                let mut whole = [0; STEP];
                and_all(isa, &mut whole, &sources);
                step.copy_from_slice(&whole[..step.len()]);
            }
            for table in &mut self.tables {
                table.at += STEP;
                table.at -= if table.at >= table.period as usize { table.period as usize } else { 0 };
            }
        }
    }
}

/// The primes of all tables, in rising order.
pub(super) fn primes(modulus: &Modulus) -> impl Iterator<Item = u32> {
    (7..=LARGEST)
        .filter(|&n| !modulus.is_multiple_of(n) && (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d)))
}

impl Pattern {
    fn new(primes: &[u32], modulus: &Modulus) -> Pattern {
        let period: u64 = primes.iter().map(|&p| u64::from(p)).product();
        assert!(period >= STEP as u64, "continuing takes one subtraction");
        let mut bytes = vec![0xff; period as usize + STEP];
        for &p in primes {
            for bit in (0..8 * bytes.len()).step_by(p as usize) {
                bytes[bit / 8] &= !(1 << (bit % 8));
            }
        }
        Pattern { period, inverse: inverse(8 * u64::from(modulus.number) % period, period), at: 0, bytes }
    }
}

/// 1/a modulo n, by Euclid's algorithm; 0 modulo 1.
fn inverse(a: u64, n: u64) -> u64 {
    let (mut t, mut next, mut r, mut rest) = (0, 1, n as i64, a as i64);
    while rest != 0 {
        let quotient = r / rest;
        (t, next) = (next, t - quotient * next);
        (r, rest) = (rest, r - quotient * rest);
    }
    t.rem_euclid(n as i64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use montesieve_kernel::isa::Supported;

    #[test]
    fn fills_any_line_and_length_on_every_instruction_set() {
        for isa in Supported::all() {
            for number in [30, 210, 2310] {
                let modulus = Modulus::new(number);
                let primes: Vec<u32> = primes(&modulus).collect();
                let mut presieve = Presieve::new(&modulus);
                for (base, length) in [(0, 3000), (u128::from(number) * 600_000_000_000_001, 2048), (1 << 70, 77)] {
                    let base = base / u128::from(number) * u128::from(number);
                    for &r in modulus.residues.iter().step_by(7) {
                        let mut line = vec![0; length];
                        presieve.begin(base, r);
                        presieve.fill(isa, &mut line);
                        for k in (0..8 * length).step_by(5) {
                            let n = base + u128::from(number) * k as u128 + u128::from(r);
                            let stays = primes.iter().all(|&p| !n.is_multiple_of(u128::from(p)));
                            assert_eq!(line[k / 8] >> (k % 8) & 1 == 1, stays, "{n} modulo {number} on {isa}");
                        }
                    }
                }
            }
        }
    }
}
