//! Side by side with Debian's `primesieve`: a program that shares no line with this one.
//!
//! Fails when `primesieve` is missing; it never passes by skipping.

use super::*;
use std::process::Command;

/// What `primesieve` prints for the primes of `[low, high)`.
fn primesieve(low: u64, high: u64, flags: &[&str]) -> String {
    let output = Command::new("primesieve")
        .args([low.to_string(), (high - 1).to_string(), "--quiet".into(), "--threads=1".into()])
        .args(flags)
        .output()
        .expect("the oracle of this test must be installed: apt-get install primesieve");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("digits only")
}

/// SplitMix64: the same ranges every time (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// One workspace goes through `ranges` random ranges whose numbers have `bits` bits.
fn compare(bits: std::ops::RangeInclusive<u32>, most: u32, ranges: u32) {
    let mut sieve = sieve_below(u64::MAX, Isa::widest());
    let mut state = u64::from(*bits.end());
    for _ in 0..ranges {
        let bit = bits.start() + (random(&mut state) % u64::from(bits.end() - bits.start() + 1)) as u32;
        let low = random(&mut state) >> (64 - bit);
        let size = random(&mut state) % u64::from(most);
        let high = low.saturating_add(1 + (random(&mut state) >> (63 - size)));
        let expected = primesieve(low, high, &[]);
        assert_eq!(count(&mut sieve, low, high).to_string(), expected.trim(), "[{low}, {high})");
        if high - low < 1 << 20 {
            let text: String = list(&mut sieve, low, high).into_iter().map(|p| format!("{p}\n")).collect();
            assert!(text.as_bytes() == primesieve(low, high, &["--print"]).as_bytes(), "primes of [{low}, {high})");
        }
    }
}

#[test]
#[ignore = "needs Debian's primesieve, 20 s with optimisation"]
fn small_and_medium_numbers() {
    compare(1..=42, 29, 300);
}

#[test]
#[ignore = "needs Debian's primesieve, 20 s with optimisation"]
fn large_numbers() {
    compare(43..=56, 29, 100);
}

#[test]
#[ignore = "needs Debian's primesieve, 3 minutes with optimisation"]
fn huge_numbers() {
    compare(57..=64, 31, 60);
}

#[test]
#[ignore = "needs Debian's primesieve, a minute with optimisation"]
fn every_instruction_set_and_all_tuplets() {
    let mut state = 1;
    for isa in isas() {
        let mut sieve = sieve_below(u64::MAX, isa);
        for round in 0..60 {
            let bits = 20 + (random(&mut state) % 45) as u32;
            let low = random(&mut state) >> (64 - bits);
            // Near 2^64 a range of tuplets takes seconds.
            let size = random(&mut state) % if bits > 50 { 25 } else { 31 };
            let high = low.saturating_add(100 + (random(&mut state) >> (63 - size)));
            let expected = primesieve(low, high, &[]);
            assert_eq!(count(&mut sieve, low, high).to_string(), expected.trim(), "[{low}, {high}) on {isa}");
            let k = 2 + round % 5;
            let mut kinds = [false; 6];
            kinds[k - 1] = true;
            let counts =
                sieve.count_tuplets(low.into(), (high - crate::range::tuplet_span(k)).into(), kinds, &mut never);
            let counts = counts.continue_value().expect("nothing breaks it");
            let expected = primesieve(low, high, &[&format!("--count={k}")]);
            assert_eq!(counts[k - 1].to_string(), expected.trim(), "{k}-tuplets of [{low}, {high}) on {isa}");
        }
    }
}
