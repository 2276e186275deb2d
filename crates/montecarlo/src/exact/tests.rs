//! Exact sums against integers of 128 bits, at the ends of the number line, and in any order.

use super::*;
use dashu_int::IBig;
use dashu_int::ops::BitTest;
use proptest::prelude::*;

fn sum(numbers: impl IntoIterator<Item = f64>) -> Exact {
    let mut sum = Exact::default();
    numbers.into_iter().for_each(|x| sum.add(x));
    sum
}

fn bits(numbers: impl IntoIterator<Item = f64>) -> u64 {
    sum(numbers).value().to_bits()
}

fn bytes(sum: &impl Serialize) -> Vec<u8> {
    bincode::serde::encode_to_vec(sum, bincode::config::standard()).expect("encodes")
}

#[test]
fn none_and_one() {
    assert_eq!(bits([]), 0);
    assert_eq!(bits([-0.0]), 0);
    let ends = [f64::MIN_POSITIVE, f64::from_bits(1), f64::from_bits((1 << 52) - 1), f64::MAX, 1.0, 0.1, 1e16 + 2.0];
    for x in ends.into_iter().flat_map(|x| [x, -x]) {
        assert_eq!(bits([x]), x.to_bits(), "{x:e}");
    }
}

#[test]
fn every_exponent_comes_back() {
    for exponent in 0..2047u64 {
        for fraction in [0, 1, 0x8_0000_0000_0000, (1 << 52) - 1] {
            let x = f64::from_bits(exponent << 52 | fraction);
            assert_eq!(sum([x]).value(), x);
            assert_eq!(sum([x, -x, -x]).value(), -x);
        }
    }
}

#[test]
fn ties_go_to_even_and_a_bit_far_below_breaks_them() {
    let (one, half) = (1.0, f64::EPSILON / 2.0);
    assert_eq!(sum([one, half]).value(), one);
    assert_eq!(sum([one, half, f64::from_bits(1)]).value(), one + f64::EPSILON);
    assert_eq!(sum([one + f64::EPSILON, half]).value(), one + 2.0 * f64::EPSILON);
    assert_eq!(sum([one + f64::EPSILON, half, -f64::from_bits(1)]).value(), one + f64::EPSILON);
}

#[test]
fn infinity_comes_only_at_the_end() {
    assert_eq!(sum([f64::MAX, f64::MAX, -f64::MAX]).value(), f64::MAX);
    assert_eq!(sum([f64::MAX, f64::MAX]).value(), f64::INFINITY);
    assert_eq!(sum([-f64::MAX, -f64::MAX]).value(), f64::NEG_INFINITY);
    // Half a unit in the last place above the largest: the tie that IEEE 754 sends to infinity; a
    // bit less does not go.
    let half = 2f64.powi(970);
    assert_eq!(sum([f64::MAX, half]).value(), f64::INFINITY);
    assert_eq!(sum([f64::MAX, half, -f64::from_bits(1)]).value(), f64::MAX);
}

#[test]
fn what_is_no_number_stays_in_any_order() {
    let (plus, minus) = (f64::INFINITY, f64::NEG_INFINITY);
    assert_eq!(sum([1.0, plus, -1e308]).value(), plus);
    assert_eq!(sum([minus, 1e308]).value(), minus);
    for list in [[plus, minus, 1.0], [minus, 1.0, plus], [f64::NAN, 1.0, plus]] {
        assert!(sum(list).value().is_nan());
        let mut merged = sum([list[2]]);
        merged.merge(&sum([list[0], list[1]]));
        assert_eq!(merged, sum(list));
        assert!(merged.value().is_nan());
    }
    assert_ne!(sum([plus]), sum([1.0]));
}

#[test]
fn many_additions_pass_their_carries_on() {
    // As if 2^30 - 3 additions had been made.
    let mut many = sum([1.0]);
    many.pending = CARRY_AFTER - 3;
    many.limbs[32] = i64::MAX >> 2;
    let mut other = many.clone();
    (0..10).for_each(|_| other.add(1.0));
    assert!(other.pending < 10);
    let before = many.clone();
    many.merge(&sum([10.0]));
    assert_eq!(many, other);
    many.merge(&before);
    other.merge(&before);
    assert_eq!(many, other);
}

#[test]
fn written_small() {
    assert!(bytes(&Exact::default()).len() <= 6);
    for x in [1.0, -1.0, 0.1, -1e300, f64::from_bits(1)] {
        let length = bytes(&sum([x])).len();
        assert!(length <= 6 + 15, "{x}: {length} bytes");
    }
}

#[test]
fn more_digits_than_there_are_is_no_sum() {
    let text = |first: u8| {
        format!(
            r#"{{"special":{{"nan":false,"plus_infinity":false,"minus_infinity":false}},"negative":false,"first":{first},"digits":[1,2]}}"#
        )
    };
    assert!(serde_json::from_str::<Exact>(&text(66)).is_ok());
    assert!(serde_json::from_str::<Exact>(&text(67)).is_err());
    assert!(serde_json::from_str::<Exact>(&text(255)).is_err());
}

/// The whole range of squares, and both ends of it.
#[test]
fn squares_of_any_number_come_back() {
    for exponent in (1..2047u64).step_by(11).chain([1, 2046]) {
        let x = f64::from_bits(exponent << 52 | 1 << 51);
        let (unit, power) = (1.5, exponent as i32 - 1023);
        let mut sum = ExactSquares::default();
        sum.add_scaled(unit * unit, 2 * power);
        assert_eq!(sum.value_scaled(-2 * power), 2.25, "{x:e}");
        assert_eq!(sum.value(), if (-500..500).contains(&power) { x * x } else { sum.value() });
    }
    let mut ends = ExactSquares::default();
    ends.add_scaled(1.0, -2148);
    ends.add_scaled(-3.0, 2048);
    assert_eq!(ends.value(), f64::NEG_INFINITY);
    assert_eq!(ends.value_scaled(-2048), -3.0);
    ends.add_scaled(3.0, 2048);
    assert_eq!((ends.value(), ends.value_scaled(2148)), (0.0, 1.0));
    // 2^-2148 once more, from a number whose last bits would stand below it but are 0.
    ends.add_scaled(f64::from_bits(1023 << 52), -2148);
    assert_eq!(ends.value_scaled(2148), 2.0);
    // 3/4 of it is cut off, and so is what is far below.
    ends.add_scaled(0.75, -2148);
    ends.add_scaled(f64::from_bits(1), -2148);
    assert_eq!(ends.value_scaled(2148), 2.0);
}

/// Any finite number, all exponents alike.
fn number() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite())
}

proptest! {
    /// The oracle: multiples of one power of two, added as 128-bit integers, rounded by the
    /// compiler's own conversion.
    #[test]
    fn the_sum_of_integers(numbers in proptest::collection::vec(-1i64 << 52..1 << 52, 0..60), exponent in LOWEST..973) {
        // In two steps: 2^exponent alone may be no normal number.
        let scaled = |x: f64| x * power_of_two(exponent / 2) * power_of_two(exponent - exponent / 2);
        let total: i128 = numbers.iter().map(|&n| i128::from(n)).sum();
        let found = sum(numbers.iter().map(|&n| scaled(n as f64))).value();
        prop_assert_eq!(found, scaled(total as f64));
    }

    #[test]
    fn any_order_and_grouping_gives_the_same_bits(
        numbers in proptest::collection::vec(number(), 0..40),
        groups in proptest::collection::vec(0usize..4, 40),
        places in proptest::collection::vec(any::<u32>(), 40),
    ) {
        let expected = sum(numbers.iter().copied());
        let mut shuffled: Vec<_> = numbers.iter().zip(&places).zip(&groups).collect();
        shuffled.sort_by_key(|((_, place), _)| **place);
        let mut parts = vec![Exact::default(); 4];
        for ((&x, _), &group) in shuffled {
            parts[group].add(x);
        }
        let total = parts.into_iter().rev().reduce(|mut total, part| { total.merge(&part); total }).unwrap_or_default();
        prop_assert_eq!(&total, &expected);
        prop_assert_eq!(total.value().to_bits(), expected.value().to_bits());
        prop_assert_eq!(bytes(&total), bytes(&expected));
    }

    /// The oracle: integers of any length, from the mantissas and exponents of the numbers.
    #[test]
    fn the_sum_of_squares_as_rationals_have_it(numbers in proptest::collection::vec(number(), 1..40), cut in 0usize..40) {
        let split = |x: f64| {
            let (mantissa, exponent) = libm::frexp(x);
            (mantissa * 2f64.powi(26), exponent - 26)
        };
        let mut parts = [ExactSquares::default(), ExactSquares::default()];
        let mut total = IBig::ZERO;
        for (i, &x) in numbers.iter().enumerate() {
            // 26 bits of each, so that the square is an f64.
            let (mantissa, exponent) = split(x);
            let mantissa = mantissa.trunc();
            if mantissa == 0.0 || exponent < LOWEST {
                continue;
            }
            parts[usize::from(i >= cut)].add_scaled(mantissa * mantissa, 2 * exponent);
            total += IBig::from((mantissa * mantissa) as i64) << (2 * (exponent - LOWEST)) as usize;
        }
        let [mut sum, more] = parts;
        sum.merge(&more);
        // The leading 64 bits of the oracle, a last one for all below, rounded by the compiler's
        // own conversion.
        let bits = total.bit_len();
        let dropped = bits.saturating_sub(64);
        let leading = u64::try_from(&total >> dropped).expect("64 bits");
        let sticky = u64::from(IBig::from(leading) << dropped != total);
        let scale = dropped as i32 + 2 * LOWEST;
        prop_assert_eq!(sum.value_scaled(-scale), (leading | sticky) as f64);
        prop_assert_eq!(bytes(&sum).len() <= 40 + 5 * SQUARE_LIMBS, true);
        let (back, _): (ExactSquares, usize) =
            bincode::serde::decode_from_slice(&bytes(&sum), bincode::config::standard()).expect("decodes");
        prop_assert_eq!(back, sum);
    }

    #[test]
    fn everything_cancels_but_one(numbers in proptest::collection::vec(number(), 0..40), one in number()) {
        let negatives = numbers.iter().rev().map(|x| -x);
        let all = sum(numbers.iter().copied().chain([one]).chain(negatives));
        prop_assert_eq!(all.value(), one);
        prop_assert_eq!(all, sum([one]));
    }

    #[test]
    fn written_and_read_back(numbers in proptest::collection::vec(number(), 0..20), more in number()) {
        let sum = sum(numbers);
        let (mut back, _): (Exact, usize) =
            bincode::serde::decode_from_slice(&bytes(&sum), bincode::config::standard()).expect("decodes");
        prop_assert_eq!(&back, &sum);
        let mut sum = sum;
        back.add(more);
        sum.add(more);
        prop_assert_eq!(back.value(), sum.value());
    }
}
