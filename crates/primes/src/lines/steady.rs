//! Crossing by the larger primes in a line: the same number of hits for long runs of primes.
//!
//! Stands beside `small.rs` because a larger prime has few hits in a line, so 7 extra hits would
//! cost too much. A loop that ends with the line would end at a different count every time, and a
//! branch misprediction costs as much as ten hits. Here primes come in rising order, so floor(L /
//! p) hits are sure for a long run of them, and one more is always made: outside the line it goes
//! to a margin behind it. Hits are unrolled by 4 and the remainder is a constant of the loop, so
//! nothing is left to guess.
//!
//! Run time: 1.4 cycles a hit while the line is in L1, 2 in L2 (AMD Zen 5). Memory: none.

use montesieve_kernel::dispatch;

/// Bits behind a line that absorb dummy hits. 4 KiB, since in a single byte each hit would wait for
/// the last one. Not as much as the prime reaches, which would evict the line from L2.
pub(crate) const MARGIN: usize = 1 << 15;

dispatch! {
    /// Crosses the multiples of `primes`, rising, off the line of `bits` bits at the start of
    /// `line`; each first hit is at the bit in `firsts`. [`MARGIN`] bits behind the line are
    /// written over.
    ///
    /// # Panics
    /// When a first hit is not below its prime, the primes do not rise, or the margin is missing.
    pub(super) fn cross(isa: Supported, primes: &[u32], firsts: &[u32], line: &mut [u8], bits: u32)
        = cross_kernel(primes, firsts, line, bits);
}

#[inline(always)]
fn cross_kernel(primes: &[u32], firsts: &[u32], line: &mut [u8], bits: u32) {
    assert_eq!(firsts.len(), primes.len());
    assert!(8 * line.len() >= bits as usize + MARGIN);
    let mut done = 0;
    while done < primes.len() {
        let sure = bits / primes[done];
        // The largest number with as many sure hits.
        let last = bits.checked_div(sure).unwrap_or(u32::MAX);
        let run = done..done + primes[done..].partition_point(|&p| p <= last);
        done = run.end;
        let (primes, firsts) = (&primes[run.clone()], &firsts[run]);
        let (bits, fours) = (bits as usize, sure / 4);
        match sure % 4 {
            0 => cross_run::<0>(primes, firsts, last, line, bits, fours),
            1 => cross_run::<1>(primes, firsts, last, line, bits, fours),
            2 => cross_run::<2>(primes, firsts, last, line, bits, fours),
            _ => cross_run::<3>(primes, firsts, last, line, bits, fours),
        }
    }
}

/// `4 * fours + REST` sure hits for each prime, none of which is above `last`, and one more.
#[inline(always)]
fn cross_run<const REST: usize>(primes: &[u32], firsts: &[u32], last: u32, line: &mut [u8], bits: usize, fours: u32) {
    for (&p, &first) in primes.iter().zip(firsts) {
        assert!(first < p && p <= last);
        let (p, mut at) = (p as usize, first as usize);
        for _ in 0..fours {
            hit(line, at);
            hit(line, at + p);
            hit(line, at + 2 * p);
            hit(line, at + 3 * p);
            at += 4 * p;
        }
        for i in 0..REST {
            hit(line, at + i * p);
        }
        at += REST * p;
        hit(line, if at < bits { at } else { bits + at % MARGIN });
    }
}

#[inline(always)]
fn hit(line: &mut [u8], bit: usize) {
    /// A table is faster than a shift, whose count must be in one register.
    static MASKS: [u8; 8] = [0xfe, 0xfd, 0xfb, 0xf7, 0xef, 0xdf, 0xbf, 0x7f];
    debug_assert!(bit < 8 * line.len());
    // SAFETY: sure hits are below first + (sure - 1) p < sure * p <= bits, as no p is above `last`;
    // the one more is kept below bits + MARGIN; and `cross` made sure that the line is as long as
    // that.
    unsafe { *line.get_unchecked_mut(bit >> 3) &= MASKS[bit & 7] };
}
