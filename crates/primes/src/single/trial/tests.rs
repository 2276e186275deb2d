//! Trial division in lanes against one division after the other.

use super::*;
use crate::single::{narrow, wide};
use proptest::prelude::*;

fn isas() -> impl Iterator<Item = Isa> {
    Isa::available()
}

/// The smallest divisor of `n` in `turns`, in steps of `steps`.
fn smallest(trial: &Trial, turns: Range<u64>, steps: u64) -> Option<u64> {
    let mut slice = trial.slice(turns.clone());
    let mut found: Option<u64> = None;
    while slice.steps() > 0 {
        found = found.into_iter().chain(slice.advance(steps)).min();
    }
    assert_eq!(slice.tried(), DIVISORS * (turns.end - turns.start));
    found
}

/// The first prime from `n` on.
fn prime_from(n: u64) -> u64 {
    narrow::first(n, u64::MAX).expect("a prime")
}

#[test]
fn the_wheel_is_what_is_coprime_to_210() {
    let expected: Vec<u64> = (1..TURN).filter(|r| [2, 3, 5, 7].iter().all(|p| r % p != 0)).collect();
    assert_eq!(RESIDUES[..], expected);
    assert_eq!(Trial::first_of(0), 211);
}

#[test]
fn turns_reach_up_to_the_root() {
    for root in [1, 2, 209, 210, 211, 212, 419, 420, 421, 422, 1 << 32, u64::MAX] {
        let trial = Trial::new(u128::from(root) * u128::from(root), Isa::Portable);
        let turns = trial.turns();
        assert!(turns == 0 || Trial::first_of(turns - 1) <= root, "{root}");
        assert!(u128::from(TURN) * u128::from(turns + 1) + 1 > u128::from(root), "{root}");
        // The last of them, whatever it is: nothing overflows.
        let last = turns.saturating_sub(3)..turns;
        assert_eq!(smallest(&trial, last.clone(), 1), trial.search(last));
    }
}

#[test]
fn the_notes_numbers() {
    let cases = [
        (100_109_100_129_100_369, true),
        (100_109_100_129_101_027, true),
        (100_109_100_129_100_151, false),
        (100_109_100_129_162_907, false),
    ];
    for (n, is_composite) in cases {
        let trial = Trial::new(n, Isa::widest());
        let found = smallest(&trial, 0..trial.turns(), 1000);
        assert_eq!(found.is_some(), is_composite, "{n}");
        assert!(found.is_none_or(|p| n % u128::from(p) == 0 && wide::is_prime(p.into())));
    }
}

#[test]
fn each_way_finds_divisors_at_both_ends_of_every_turn() {
    // n = p q with p at many places: scalar, fresh and steady, and q of every size.
    let mut ways = [0; 3];
    for isa in isas() {
        for bits in 8..62 {
            for other in [bits, (bits + 3).min(63), 63] {
                let p = prime_from((1 << bits) + 1);
                let q = prime_from((1_u64 << other) + 5000);
                let trial = Trial::new(u128::from(p) * u128::from(q), isa);
                let turn = p / TURN - 1;
                for from in [turn, turn.saturating_sub(1), turn.saturating_sub(777)] {
                    for to in [turn + 1, turn + 33] {
                        let to = to.min(trial.turns());
                        let way = match trial.slice(from..to).way {
                            Progress::Scalar => 0,
                            Progress::Lanes(_, Reciprocal::Fresh) => 1,
                            Progress::Lanes(_, Reciprocal::Steady) => 2,
                        };
                        ways[way] += 1;
                        for steps in [1, 5, 1000] {
                            assert_eq!(smallest(&trial, from..to, steps), Some(p), "{p} * {q} {from}..{to} {isa}");
                        }
                    }
                }
                assert_eq!(smallest(&trial, turn + 1..(turn + 40).min(trial.turns()).max(turn + 1), 7), None);
            }
        }
    }
    assert!(ways.iter().all(|&count| count > 100), "{ways:?}");
}

#[test]
fn every_residue_and_every_lane() {
    for isa in isas() {
        for start in [1_000, 50_000_000] {
            for r in RESIDUES {
                for lane in [0, 1, 17, 31] {
                    // Prime or not: n is this divisor times a prime, and smaller divisors are not
                    // in the slice.
                    let d = TURN * (start + 1 + 3 * lane + lane % 3) + r;
                    let trial = Trial::new(u128::from(d) * u128::from(prime_from(1 << 45)), isa);
                    let found = smallest(&trial, start..start + 96, 2);
                    assert_eq!(found, (0..96).find_map(|turn| trial.search(start + turn..start + turn + 1)));
                    assert!(found.is_some_and(|found| found <= d));
                }
            }
        }
    }
}

#[test]
fn divisors_above_the_root_do_not_count() {
    let p = prime_from(1 << 20);
    let trial = Trial::new(p.into(), Isa::widest());
    assert_eq!(smallest(&trial, 0..2 * p / TURN, 100), None, "not even the number itself");
}

proptest! {
    #[test]
    fn slices_find_what_division_finds(
        n: u128, shift in 20_u32..100, place in 0_u64..100_000, length in 1_u64..300, steps in 1_u64..20,
        factor in 0_u64..300, isa in prop::sample::select(isas().collect::<Vec<_>>()),
    ) {
        // Often with a divisor in or near the slice.
        let divisor = TURN * (place + 1 + factor) + RESIDUES[(factor % 48) as usize];
        let n = (n >> shift) / u128::from(divisor) * u128::from(divisor) + u128::from(factor % 2);
        let trial = Trial::new(n, isa);
        let turns = place..place + length;
        prop_assert_eq!(smallest(&trial, turns.clone(), steps), trial.search(turns));
    }
}
