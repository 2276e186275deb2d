//! Verdicts of numbers whose nature is known.

use super::*;
use crate::naive;
use crate::tests::go;

fn verdict(n: &UBig) -> Verdict {
    go(judge(n, &mut || Continue(())))
}

fn big(text: &str) -> UBig {
    text.parse().expect("digits")
}

fn mersenne(p: usize) -> UBig {
    (UBig::ONE << p) - UBig::ONE
}

#[test]
fn small_numbers() {
    for n in 0..20_000_u64 {
        let expected = if naive::is_prime(n) { Verdict::Proven } else { Verdict::Composite };
        assert_eq!(verdict(&UBig::from(n)), expected, "{n}");
    }
}

#[test]
fn borders_of_the_proofs() {
    let probable_or_proven = [Verdict::Probable, Verdict::Proven];
    // The primes next to 2^64, and to the bound of the 13 bases, which is a strong pseudoprime to
    // all of them.
    for (n, expected) in [
        ("18446744073709551557", Verdict::Proven),
        ("18446744073709551629", Verdict::Proven),
        ("3317044064679887385961813", Verdict::Proven),
        ("3317044064679887385961981", Verdict::Composite),
        ("340282366920938463463374607431768211455", Verdict::Composite),
    ] {
        assert_eq!(verdict(&big(n)), expected, "{n}");
    }
    for n in ["340282366920938463463374607431768211297", "340282366920938463463374607431768211507"] {
        assert!(probable_or_proven.contains(&verdict(&big(n))), "{n}");
    }
}

#[test]
fn famous_primes_are_proved() {
    for p in [89, 107, 127, 521, 607, 1279] {
        assert_eq!(verdict(&mersenne(p)), Verdict::Proven, "2^{p}-1");
    }
    // A Proth prime, a factorial prime, a primorial prime.
    assert_eq!(verdict(&((UBig::ONE << 189) * UBig::from(3_u32) + UBig::ONE)), Verdict::Proven);
    let factorial = (1..=41_u32).map(UBig::from).product::<UBig>();
    assert_eq!(verdict(&(factorial + UBig::ONE)), Verdict::Proven);
    let primorial = naive::eratosthenes(380).into_iter().map(UBig::from).product::<UBig>();
    assert_eq!(verdict(&(primorial + UBig::ONE)), Verdict::Proven);
}

#[test]
fn composites_are_composite() {
    for p in [67, 131, 257, 523, 1283] {
        assert_eq!(verdict(&mersenne(p)), Verdict::Composite, "2^{p}-1");
    }
    let p = mersenne(521);
    for n in [&p * &p, &p * mersenne(607), &p * UBig::from(3_u32), p.clone() + UBig::ONE] {
        assert_eq!(verdict(&n), Verdict::Composite);
    }
    // F. Arnault: a Carmichael number of 397 digits, a strong pseudoprime to all prime bases
    // below 307.
    let p1 = big(
        "29674495668685510550154174642905332730771991799853043350995075531276838753171770199594238596428121188033664754218345562493168782883",
    );
    let n = &p1
        * (UBig::from(313_u32) * (&p1 - UBig::ONE) + UBig::ONE)
        * (UBig::from(353_u32) * (&p1 - UBig::ONE) + UBig::ONE);
    assert_eq!(n.to_string().len(), 397);
    assert_eq!(verdict(&n), Verdict::Composite);
}

#[test]
fn carmichael_numbers_of_three_factors() {
    // (6k + 1) (12k + 1) (18k + 1), where all three are prime.
    let mut found = 0;
    for k in 35_000_000_000_000_u64..35_000_000_100_000 {
        let factors = [6, 12, 18].map(|m| u128::from(m * k + 1));
        if factors.iter().all(|&n| wide::is_prime(n)) {
            found += 1;
            let n = factors.iter().map(|&n| UBig::from(n)).product::<UBig>();
            assert_eq!(verdict(&n), Verdict::Composite, "{n}");
        }
    }
    assert!(found > 3, "{found}");
}

#[test]
fn a_break_is_obeyed() {
    assert_eq!(judge(&mersenne(1279), &mut || ControlFlow::Break(())), ControlFlow::Break(()));
}
