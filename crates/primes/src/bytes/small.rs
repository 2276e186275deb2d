//! Crossing by small primes, 167 to 2^16: whole turns, in stretches that fit the L1 cache.
//!
//! Stands beside `medium.rs` because these primes hit a piece so often that the loop over one
//! prime's hits is what counts; there it is the loop over the primes. A turn is 8 hits at constant
//! masks (`wheel.rs`), so a loop that does only whole turns has no state and no branch but its end.
//! A turn that a stretch's border cuts is done whole: its hits beyond the border are correct and
//! merely early. The buffer has [`MARGIN`] bytes before and after the piece for the turns that the
//! piece's own borders cut; those are done on both sides.
//!
//! Run time: 0.25 to 0.3 ns a hit (AMD Zen 5), 0.267 n (ln ln 65536 - ln ln 163) = 0.21 n hits.
//! Memory: 52 KB of primes and places.
//! Reference: primesieve's `EratSmall.cpp`, which jumps into the middle of an unrolled turn
//! instead.

use super::sieving_primes::{Tier, TierClass};
use super::wheel::{MASK, places};
use montesieve_kernel::dispatch;

/// Small primes end here. A larger prime has under 8 turns in a piece, and doing cut turns twice
/// would cost too much.
pub(crate) const END: u32 = 1 << 16;

/// Bytes before and after the piece: the longest turn.
pub(crate) const MARGIN: usize = END as usize;

/// Bytes crossed by all primes of the tier before the next stretch: the L1 data cache of the AMD
/// Zen 5 it was tuned on. 32 KiB is as fast at 1e9 and up to 18 % slower from 1e10 on, where it
/// means more visits with few turns; 64 KiB is as fast.
pub(crate) const STRETCH: usize = 48 << 10;

dispatch! {
    /// Crosses the multiples of the tier's primes in use off the piece of `length` bytes that
    /// starts at `buffer[MARGIN]`.
    pub(super) fn cross(isa: Supported, tier: &mut Tier, buffer: &mut [u8], length: usize)
        = cross_kernel(tier, buffer, length);
}

#[inline(always)]
fn cross_kernel(tier: &mut Tier, buffer: &mut [u8], length: usize) {
    let border = MARGIN + length;
    for class in &mut tier.classes {
        // From "bytes ahead of the piece" to the place in the buffer of the turn before that.
        let (primes, places) = class.in_use();
        primes.iter().zip(places).for_each(|(p, place)| *place = *place + MARGIN as u32 - p);
    }
    let mut end = MARGIN;
    while end < border {
        end = border.min(end + STRETCH);
        let [c0, c1, c2, c3, c4, c5, c6, c7] = &mut tier.classes;
        cross_class::<0>(c0, buffer, end);
        cross_class::<1>(c1, buffer, end);
        cross_class::<2>(c2, buffer, end);
        cross_class::<3>(c3, buffer, end);
        cross_class::<4>(c4, buffer, end);
        cross_class::<5>(c5, buffer, end);
        cross_class::<6>(c6, buffer, end);
        cross_class::<7>(c7, buffer, end);
    }
    for class in &mut tier.classes {
        class.in_use().1.iter_mut().for_each(|place| *place -= border as u32);
    }
}

/// Does every turn that starts before `end`.
#[inline(always)]
fn cross_class<const CLASS: usize>(class: &mut TierClass, buffer: &mut [u8], end: usize) {
    let (primes, turns) = class.in_use();
    for (&p, turn) in primes.iter().zip(turns) {
        let [a, b, c, d, e, f, g, h] = places::<CLASS>(p).map(|place| place as usize);
        let p = p as usize;
        // Always so; said once here, the compiler need not check each hit.
        assert!(a < p && b < p && c < p && d < p && e < p && f < p && g < p && h < p);
        let mut at = *turn as usize;
        while at < end {
            let bytes = &mut buffer[at..at + p];
            bytes[a] &= MASK[CLASS][0];
            bytes[b] &= MASK[CLASS][1];
            bytes[c] &= MASK[CLASS][2];
            bytes[d] &= MASK[CLASS][3];
            bytes[e] &= MASK[CLASS][4];
            bytes[f] &= MASK[CLASS][5];
            bytes[g] &= MASK[CLASS][6];
            bytes[h] &= MASK[CLASS][7];
            at += p;
        }
        *turn = at as u32;
    }
}
