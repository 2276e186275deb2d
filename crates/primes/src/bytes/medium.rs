//! Crossing by medium primes, 2^16 to 2^21: a whole piece in the L2 cache, a fixed number of hits.
//!
//! Stands beside `small.rs` because a medium prime has few hits on each of its 8 tracks, so a loop
//! that ends when a track leaves the piece would end at a different count every time. A branch
//! misprediction costs as much as ten hits. Here primes come in rising order, so long runs of them
//! have the same sure number of hits a track, `length / p`; the extra hit of some tracks is always
//! made, and lands in the margin when it is outside. The places of all tracks follow from one
//! number a prime, so there is no wheel state to keep.
//!
//! Run time: about 1 ns a hit that counts (AMD Zen 5), on average at 1e12; rising with p, as more
//! hits are useless.
//! Memory: 8 bytes a prime, 1.2 MB.
//! Reference: primesieve's `EratMedium.cpp` sorts the primes by wheel state for the same reason.

use super::sieving_primes::{Tier, TierClass};
use super::small::MARGIN;
use super::wheel::{MASK, places};
use montesieve_kernel::dispatch;

dispatch! {
    /// Crosses the multiples of the tier's primes in use off the piece of `length` bytes that
    /// starts at `buffer[MARGIN]`.
    pub(super) fn cross(isa: Supported, tier: &mut Tier, buffer: &mut [u8], length: usize)
        = cross_kernel(tier, buffer, length);
}

#[inline(always)]
fn cross_kernel(tier: &mut Tier, buffer: &mut [u8], length: usize) {
    // One byte of the margin takes the hits that are none.
    let bytes = &mut buffer[MARGIN..=MARGIN + length];
    let [c0, c1, c2, c3, c4, c5, c6, c7] = &mut tier.classes;
    cross_class::<0>(c0, bytes, length);
    cross_class::<1>(c1, bytes, length);
    cross_class::<2>(c2, bytes, length);
    cross_class::<3>(c3, bytes, length);
    cross_class::<4>(c4, bytes, length);
    cross_class::<5>(c5, bytes, length);
    cross_class::<6>(c6, bytes, length);
    cross_class::<7>(c7, bytes, length);
}

#[inline(always)]
fn cross_class<const CLASS: usize>(class: &mut TierClass, bytes: &mut [u8], length: usize) {
    let (primes, turns) = class.in_use();
    let (mut sure, mut largest) = (0, 0);
    for (&p, turn) in primes.iter().zip(turns) {
        if p > largest {
            // `sure` is correct for all primes up to `largest`.
            sure = length as u32 / p;
            largest = (length as u32).checked_div(sure).unwrap_or(u32::MAX);
        }
        let mut at = places::<CLASS>(p).map(|place| {
            // `turn` is the first turn that starts in the piece or behind; the track may come by a
            // turn earlier.
            let at = *turn + place;
            at.min(at.wrapping_sub(p))
        });
        for _ in 0..sure {
            for k in 0..8 {
                bytes[at[k] as usize] &= MASK[CLASS][k];
                at[k] += p;
            }
        }
        for k in 0..8 {
            bytes[(at[k] as usize).min(length)] &= MASK[CLASS][k];
        }
        let rest = length as u32 - sure * p;
        *turn = turn.wrapping_sub(rest).min((*turn + p).wrapping_sub(rest));
    }
}
