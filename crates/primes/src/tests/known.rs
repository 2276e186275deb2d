//! Known values: pi(10^k) (OEIS A006880), counts far out, the study notes' ranges; each checked
//! with Debian's primesieve 11.0.

use super::*;

/// pi(10^k) for k = 0...
const PI: [u64; 11] = [0, 4, 25, 168, 1229, 9592, 78_498, 664_579, 5_761_455, 50_847_534, 455_052_511];

/// First number, how many, primes in them.
const FAR: [(u64, u64, u64); 5] = [
    (1_000_000_000_000, 10_000_000_000, 361_840_208),
    (1_000_000_000_000_000, 1_000_000_000, 28_946_421),
    (1_000_000_000_000_000_000, 1_000_000_000, 24_127_085),
    (18_000_000_000_000_000_000, 100_000_000, 2_254_863),
    (18_000_000_000_000_000_000, 1_000_000_000, 22_548_486),
];

fn check_pi(powers: std::ops::RangeInclusive<u32>) {
    for isa in isas() {
        let mut sieve = sieve_below(10_u64.pow(*powers.end()) + 1, isa);
        for k in powers.clone() {
            assert_eq!(count(&mut sieve, 0, 10_u64.pow(k) + 1), PI[k as usize], "pi(10^{k}) on {isa}");
        }
    }
}

fn check_far(far: &[(u64, u64, u64)]) {
    for &(low, length, expected) in far {
        let mut sieve = sieve_below(low + length + 1, Isa::widest());
        assert_eq!(count(&mut sieve, low, low + length + 1), expected, "{length} from {low}");
    }
}

#[test]
fn pi_of_powers_of_ten() {
    check_pi(0..=6);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "1e9 numbers: a minute without optimisation")]
fn pi_of_larger_powers_of_ten() {
    check_pi(7..=9);
}

#[test]
#[ignore = "1e10 numbers for each instruction set: some seconds with optimisation"]
fn pi_of_ten_to_the_tenth() {
    check_pi(10..=10);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "1e9 numbers: a minute without optimisation")]
fn a_billion_at_ten_to_the_fifteenth() {
    check_far(&FAR[1..2]);
}

#[test]
#[ignore = "1e10 numbers, and starts near 2^64: 10 s with optimisation"]
fn far_out() {
    check_far(&FAR);
}

#[test]
fn ranges_of_the_study_notes() {
    let mut sieve = sieve_below(200_000_000_000, Isa::widest());
    for (low, length, expected) in [
        (1, 1_000_000, 78_498),
        (100_000_000, 100_000, 5_411),
        (100_000_000, 1_000_000, 54_208),
        (1_000_000_000, 100_000, 4_832),
        (100_000_000_000, 100_000, 4_019),
    ] {
        assert_eq!(count(&mut sieve, low, low + length + 1), expected, "{length} from {low}");
    }
    // By trial division a part of each, to be quick: the sum of the parts is what the sieve says.
    let mut trial = naive::Trial::new(naive::Divisors::UpToRoot);
    for low in [1, 100_000_000, 1_000_000_000] {
        let expected = ControlFlow::Continue(count(&mut sieve, low, low + 1000));
        assert_eq!(trial.count(low, low + 1000, &mut never), expected);
    }
}
