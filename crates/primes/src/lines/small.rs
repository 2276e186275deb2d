//! Crossing by small primes in a line: whole turns of 8 hits, no wheel, no state but a byte.
//!
//! Stands beside `steady.rs` because small primes have many hits: here a hit is one instruction
//! with the mask inside. After 8 hits of p, p whole bytes have passed, and the bits hit in between
//! depend on p mod 8 alone. So four loops, one for each odd p mod 8, have all masks and nearly all
//! places as constants. A turn starts at a hit with bit 0 of a byte, up to 7 hits before the line,
//! and the last turn overruns it: both fall into margins of p bytes. So there is no head, no tail
//! and no switch, at the price of 7 extra hits a line.
//!
//! Run time: 0.5 cycle a hit below 512, else 1.05: a core commits one store a cycle (AMD Zen 5).
//! Memory: 4 bytes a prime.

use super::places::Places;
use montesieve_kernel::dispatch;

dispatch! {
    /// Crosses tier number `tier` off the line in `buffer[..border]` in stretches of `stretch`
    /// bytes, from byte `start` on; no prime of it is larger than the margin behind `border`.
    pub(super) fn cross(isa: Supported, places: &mut Places, tier: usize, buffer: &mut [u8], start: usize, border: usize, stretch: usize)
        = cross_kernel(places, tier, buffer, start, border, stretch);
}

#[inline(always)]
fn cross_kernel(places: &mut Places, tier: usize, buffer: &mut [u8], start: usize, border: usize, stretch: usize) {
    let classes = places.classes[tier].clone();
    let (primes, turns) = (&places.primes, &mut places.turns);
    let mut end = start;
    while end < border {
        end = border.min(end + stretch);
        let [one, three, five, seven] = classes.clone();
        cross_class::<1>(&primes[one.clone()], &mut turns[one], buffer, end);
        cross_class::<3>(&primes[three.clone()], &mut turns[three], buffer, end);
        cross_class::<5>(&primes[five.clone()], &mut turns[five], buffer, end);
        cross_class::<7>(&primes[seven.clone()], &mut turns[seven], buffer, end);
    }
}

/// Does every turn that starts before `end`, for primes that are `CLASS` modulo 8.
#[inline(always)]
fn cross_class<const CLASS: usize>(primes: &[u32], turns: &mut [u32], buffer: &mut [u8], end: usize) {
    for (&p, turn) in primes.iter().zip(turns) {
        let p = p as usize;
        let eighth = p >> 3;
        let mut at = *turn as usize;
        while at < end {
            let bytes = &mut buffer[at..at + p];
            hit::<CLASS, 0>(bytes, eighth);
            hit::<CLASS, 1>(bytes, eighth);
            hit::<CLASS, 2>(bytes, eighth);
            hit::<CLASS, 3>(bytes, eighth);
            hit::<CLASS, 4>(bytes, eighth);
            hit::<CLASS, 5>(bytes, eighth);
            hit::<CLASS, 6>(bytes, eighth);
            hit::<CLASS, 7>(bytes, eighth);
            at += p;
        }
        *turn = at as u32;
    }
}

/// Hit number `HIT` of a turn, for p = 8 * eighth + CLASS; `bytes` is p long.
#[inline(always)]
fn hit<const CLASS: usize, const HIT: usize>(bytes: &mut [u8], eighth: usize) {
    let at = HIT * eighth + HIT * CLASS / 8;
    debug_assert!(at < bytes.len());
    // SAFETY: at = floor(HIT p / 8) < p, which is the length of `bytes`, as HIT < 8.
    unsafe { *bytes.get_unchecked_mut(at) &= !(1 << (HIT * CLASS % 8)) };
}
