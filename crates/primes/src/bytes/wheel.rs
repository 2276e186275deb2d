//! The wheel: of 30 numbers only 8 have no factor 2, 3 or 5, so a byte holds 30 numbers.
//!
//! Bit k of byte b stands for the number `30 b + RESIDUES[k]`. This file has no loop: only tables,
//! computed by the compiler.
//!
//! What the tiers need to know of a prime p > 5: its multiples by cofactors `30 t + RESIDUES[k]`
//! lie in the bytes `p t + p RESIDUES[k] / 30` (rounded down), and all of them, for one k, have the
//! same bit. So p has 8 *tracks*, each with one mask and the stride p. All 8 repeat after p bytes:
//! one *turn*. With `p = 30 q + r` the place in the turn is `q RESIDUES[k] + (r RESIDUES[k]) / 30`,
//! and the last term and the bit depend on r alone: the *class* of p, which is the k with
//! `RESIDUES[k] == r`.
//!
//! Reference: P. Pritchard, "Explaining the wheel sieve", Acta Informatica 17 (1982).

/// The residues modulo 30 that a prime above 5 can have. Bit k of a byte stands for `RESIDUES[k]`.
pub(crate) const RESIDUES: [u8; 8] = [1, 7, 11, 13, 17, 19, 23, 29];

/// The primes that the wheel leaves out.
pub(crate) const OUTSIDE: [u64; 3] = [2, 3, 5];

/// The bit of each residue modulo 30, and 0 for residues that have none.
pub(crate) const BIT: [u8; 30] = {
    let mut bit = [0; 30];
    let mut k = 0;
    while k < 8 {
        bit[RESIDUES[k] as usize] = k as u8;
        k += 1;
    }
    bit
};

/// `MASK[class][k]` clears the bit of track k of a prime of that class.
pub(crate) const MASK: [[u8; 8]; 8] = {
    let mut mask = [[0; 8]; 8];
    let mut i = 0;
    while i < 64 {
        let product = RESIDUES[i / 8] as usize * RESIDUES[i % 8] as usize;
        mask[i / 8][i % 8] = !(1 << BIT[product % 30]);
        i += 1;
    }
    mask
};

/// `CARRY[class][k]`: what `r RESIDUES[k]` adds to the place of track k, in bytes.
const CARRY: [[u8; 8]; 8] = {
    let mut carry = [[0; 8]; 8];
    let mut i = 0;
    while i < 64 {
        carry[i / 8][i % 8] = (RESIDUES[i / 8] as usize * RESIDUES[i % 8] as usize / 30) as u8;
        i += 1;
    }
    carry
};

/// Byte of each track within a turn of the prime `p`, which is of class `CLASS`; all are below `p`,
/// in rising order.
#[inline(always)]
pub(crate) fn places<const CLASS: usize>(p: u32) -> [u32; 8] {
    let q = p / 30;
    std::array::from_fn(|k| q * u32::from(RESIDUES[k]) + u32::from(CARRY[CLASS][k]))
}

/// The class of a prime above 5.
pub(crate) fn class(p: u32) -> usize {
    BIT[(p % 30) as usize] as usize
}

/// The number of each of the 64 bits in 8 bytes, relative to the first byte.
pub(crate) const VALUE: [u8; 64] = {
    let mut value = [0; 64];
    let mut i = 0;
    while i < 64 {
        value[i] = (i / 8 * 30) as u8 + RESIDUES[i % 8];
        i += 1;
    }
    value
};

/// The bits of a byte whose residues are at least `residue` (0 to 30).
pub(crate) fn bits_from(residue: u64) -> u8 {
    !bits_below(residue)
}

/// The bits of a byte whose residues are below `residue` (0 to 30).
pub(crate) fn bits_below(residue: u64) -> u8 {
    RESIDUES.iter().enumerate().filter(|&(_, &r)| u64::from(r) < residue).fold(0, |bits, (k, _)| bits | 1 << k)
}

/// The second wheel, for the cofactors of big primes: those with no factor 2, 3, 5 or 7 (48 of 210)
/// are enough.
pub(crate) const COFACTORS: usize = 48;

/// From a cofactor's residue modulo 210: how far it is to the next one to use, and that one's
/// number (0 to 47).
pub(crate) const ENTRY: [(u8, u8); 210] = {
    let mut entry = [(0, 0); 210];
    let (mut distance, mut number) = (1, 0);
    // 211 = 210 + 1 is a cofactor to use, number 0 of the next round; going down from it meets the
    // others.
    let mut residue = 210;
    while residue > 0 {
        residue -= 1;
        if is_rough(residue) {
            distance = 0;
            number = if number == 0 { COFACTORS as u8 - 1 } else { number - 1 };
        }
        entry[residue] = (distance, number);
        distance += 1;
    }
    entry
};

/// From each cofactor to use, by number, to the next one.
pub(crate) const GAP: [u8; COFACTORS] = {
    let mut gap = [0; COFACTORS];
    let mut residue = 0;
    while residue < 210 {
        if is_rough(residue) {
            gap[ENTRY[residue].1 as usize] = 1 + ENTRY[(residue + 1) % 210].0;
        }
        residue += 1;
    }
    gap
};

const fn is_rough(n: usize) -> bool {
    !(n.is_multiple_of(2) || n.is_multiple_of(3) || n.is_multiple_of(5) || n.is_multiple_of(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_places<const CLASS: usize>(p: u32) {
        for (k, place) in places::<CLASS>(p).into_iter().enumerate() {
            let multiple = p * u32::from(RESIDUES[k]);
            assert_eq!(place, multiple / 30);
            assert!(place < p);
            assert_eq!(MASK[CLASS][k], !(1 << BIT[(multiple % 30) as usize]));
            assert_eq!(u32::from(RESIDUES[MASK[CLASS][k].trailing_ones() as usize]), multiple % 30);
        }
    }

    #[test]
    fn places_are_where_the_multiples_are() {
        for p in [7, 11, 13, 17, 19, 23, 29, 31, 997, 65521, 65537, 2097143] {
            match class(p) {
                0 => check_places::<0>(p),
                1 => check_places::<1>(p),
                2 => check_places::<2>(p),
                3 => check_places::<3>(p),
                4 => check_places::<4>(p),
                5 => check_places::<5>(p),
                6 => check_places::<6>(p),
                _ => check_places::<7>(p),
            }
        }
    }

    #[test]
    fn masks_cut_a_byte_at_any_number() {
        for cut in 0..=30 {
            for (k, &r) in RESIDUES.iter().enumerate() {
                assert_eq!(bits_below(cut) >> k & 1 == 1, u64::from(r) < cut);
                assert_eq!(bits_from(cut) >> k & 1 == 1, u64::from(r) >= cut);
            }
        }
    }

    #[test]
    fn cofactors_follow_one_another() {
        let rough: Vec<usize> = (0..420).filter(|&n| is_rough(n % 210)).collect();
        assert_eq!(rough.len(), 2 * COFACTORS);
        for (residue, (distance, number)) in ENTRY.into_iter().enumerate() {
            assert_eq!(rough.iter().copied().find(|&n| n >= residue), Some(residue + distance as usize));
            assert_eq!(rough[number as usize] % 210, (residue + distance as usize) % 210);
        }
        for (pair, gap) in rough.windows(2).zip(GAP) {
            assert_eq!(pair[1] - pair[0], gap as usize);
        }
    }
}
