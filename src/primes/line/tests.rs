//! The line sieve under every plan, also those that `plan.rs` would not pick: against the sieve by bytes and lists.

use super::*;
use proptest::prelude::*;

fn never() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn isas() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.is_supported())
}

fn value<T>(flow: ControlFlow<(), T>) -> T {
    match flow {
        ControlFlow::Continue(value) => value,
        ControlFlow::Break(()) => unreachable!("nobody broke"),
    }
}

/// Every modulus, with lines long and short, and tiers of all kinds.
const PLANS: [Plan; 6] = [
    Plan { modulus: 30, bits: 1 << 22, ends: &[4096, 65536] },
    Plan { modulus: 30, bits: 64, ends: &[200] },
    Plan { modulus: 210, bits: 640, ends: &[4096, 65536] },
    Plan { modulus: 210, bits: 1 << 22, ends: &[8192] },
    Plan { modulus: 2310, bits: 1 << 22, ends: &[4096, 65536] },
    Plan { modulus: 2310, bits: 128, ends: &[512] },
];

/// The counts of all kinds by the list of primes.
fn listed(low: u64, high: u64) -> [u64; KINDS] {
    let mut primes = Vec::new();
    let end = high.saturating_add(16);
    value(Pieces::new(end, Isa::Portable).append(low, end, &mut never, &mut primes));
    let mut counts = [0; KINDS];
    count_listed(&primes, primes.len(), high, [true; KINDS], &mut counts);
    counts
}

fn check(plan: Plan, isa: Isa, low: u64, high: u64) {
    let expected = listed(low, high);
    let mut sieve = LineSieve::new(high, isa);
    assert_eq!(value(sieve.count_by(plan, low, high, &mut never)), expected[0], "[{low}, {high}) {plan:?} {isa}");
    let counts = value(sieve.tuplets_by(plan, low, high, [true; KINDS], &mut never));
    assert_eq!(counts, expected, "[{low}, {high}) {plan:?} {isa}");
}

#[test]
fn every_plan_at_the_beginning() {
    for plan in PLANS {
        for (low, high) in [(0, 1), (0, 2), (0, 3), (1, 6), (2, 12), (3, 14), (4, 30), (5, 31), (7, 300), (11, 2311)] {
            check(plan, Isa::widest(), low, high);
        }
        for isa in isas() {
            check(plan, isa, 0, 40_000);
        }
    }
}

#[test]
fn every_plan_around_squares() {
    for plan in PLANS {
        for p in [163_u64, 167, 4093, 4099, 65_521, 65_537] {
            check(plan, Isa::widest(), p * p - 5000, p * p + 1);
            check(plan, Isa::widest(), p * p - 1, p * p + 2310);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_plan_anywhere(
        plan in 0..PLANS.len(),
        low in (any::<u64>(), 22..60_u32).prop_map(|(n, shift)| n >> shift),
        length in (any::<u64>(), 44..62_u32).prop_map(|(n, shift)| n >> shift),
    ) {
        for isa in isas() {
            check(PLANS[plan], isa, low, low + length.max(1));
        }
    }
}
