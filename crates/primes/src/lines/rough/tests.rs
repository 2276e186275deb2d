//! What the records of all makers cross, against the definition: multiples of the primes alone, and
//! every one whose cofactor no smaller prime has crossed.

use super::*;
use crate::naive;
use crate::single::narrow;
use montesieve_kernel::isa::Isa;

/// Bits of a line: 5.5e7 numbers in all lines, of which the smallest primes have eleven odd
/// multiples.
const BITS: u64 = 1 << 18;

/// The largest prime that any maker filters cofactors by.
const LARGEST_FILTER: u64 = 53;

fn residues() -> Vec<u32> {
    (1..MODULUS as u32).filter(|r| [2, 3, 5, 7].iter().all(|q| !r.is_multiple_of(*q))).collect()
}

/// Primes as a table has them, class by class: a small one follows a large one.
fn primes(from: u64, count: usize) -> Vec<u32> {
    let of = |from: u64| (from..).filter(|&n| narrow::is_prime(n)).take(count).map(|p| p as u32);
    of(10 * from - 20_000).chain(of(from)).chain(of(2 * from)).collect()
}

/// The lines of a window, with zeros where they are crossed.
fn crossed(isa: Supported, base: u128, primes: &[u32]) -> Vec<Vec<u8>> {
    let mut rough = Rough::new(&residues(), PIECE_BITS, 15, isa);
    let (least, most) = (primes.iter().min().expect("primes"), primes.iter().max().expect("primes"));
    let records = rough.records((*least).into(), f64::from(*most) + 1.0, BITS * MODULUS);
    rough.begin(base, BITS, records);
    rough.cross(0, primes);
    rough.finish();
    let line = |line| {
        let mut bytes = vec![0xff; BITS as usize / 8];
        rough.apply(line, 0, &mut bytes);
        bytes
    };
    (0..LINES).map(line).collect()
}

#[test]
fn multiples_alone_are_crossed_and_none_that_nobody_else_crosses() {
    let residues = residues();
    let filters: Vec<u64> = naive::eratosthenes(LARGEST_FILTER + 1);
    // Up to the end of all numbers that records take: a cofactor there is too large for most
    // filters, and for some of the primes for all.
    let bases = [1_u128 << 46, 1 << 60, 1 << 63, 3_000_000_000_000_000_000_000, 9_776_724_287_519_917_612_710];
    for base in bases.into_iter().chain([9_999_000_000_000_000_000_000]) {
        let base = base / u128::from(2 * MODULUS) * u128::from(2 * MODULUS);
        for isa in Supported::all() {
            // Plain code divides by no smaller ones here: see `largest_quotient`.
            let primes = primes(if isa.isa() == Isa::Portable { 5_000_000 } else { 2_500_000 }, 700);
            let lines = crossed(isa, base, &primes);
            // Two of the primes may share a multiple.
            let mut others = lines.clone();
            for &p in &primes {
                let p = u128::from(p);
                let multiples = (base.div_ceil(p)..).take_while(|m| m * p < base + u128::from(BITS * MODULUS));
                for m in multiples.filter(|m| !m.is_multiple_of(2)) {
                    let place = (m * p - base) as u64;
                    let (bit, residue) = ((place / MODULUS) as usize, (place % MODULUS) as u32);
                    let Ok(line) = residues.binary_search(&residue) else { continue };
                    let is_rough = filters.iter().all(|&q| !m.is_multiple_of(q.into()));
                    let is_crossed = lines[line][bit / 8] >> (bit % 8) & 1 == 0;
                    assert!(is_crossed || !is_rough, "{m} * {p} from {base} on, {isa}");
                    others[line][bit / 8] |= 1 << (bit % 8);
                }
            }
            assert!(others.iter().flatten().all(|&byte| byte == 0xff), "no multiple is crossed, from {base} on, {isa}");
        }
    }
}
