//! Side by side with Debian's `primecount`, which shares no line with this crate.
//!
//! Fails when `primecount` is missing; it never passes by skipping.

use std::process::Command;

use super::*;

/// What `primecount` says.
fn primecount(x: u64) -> String {
    let output = Command::new("primecount")
        .args([x.to_string(), "--threads=1".into()])
        .output()
        .expect("the oracle of this test must be installed: apt-get install primecount-bin");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("digits only").trim().to_owned()
}

#[test]
#[ignore = "needs Debian's primecount, a minute with optimisation"]
fn two_hundred_numbers_to_1e13() {
    // SplitMix64: the same numbers every time (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
    let mut state = 9_u64;
    for i in 0..200_u32 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        // Of all sizes: as many between 1e12 and 1e13 as between 1e6 and 1e7.
        let most = 10_u64.pow(7 + i % 7);
        let x = most / 10 + (z ^ z >> 31) % (most - most / 10) + 1;
        assert_eq!(pi(u128::from(x)).to_string(), primecount(x), "{x}");
    }
}
