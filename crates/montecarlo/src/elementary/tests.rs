//! Each function against `libm`, all over its range and at every edge; and the same bits in every
//! lane.

use super::*;
use proptest::prelude::*;

/// How many units in the last place of `expected` lie between the two.
fn ulps(found: f64, expected: f64) -> f64 {
    let size = expected.abs().max(f64::MIN_POSITIVE);
    let unit = f64::from_bits(size.to_bits() + 1) - size;
    (found - expected).abs() / unit
}

/// The value of one number, with other numbers in the other lanes.
fn one(function: fn(&Row) -> Row, x: f64) -> f64 {
    let mut row = Row::all(1.0);
    row.0[5] = x;
    row.0[6] = 1e300;
    function(&row).0[5]
}

fn same(found: f64, expected: f64) -> bool {
    found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan()
}

/// The largest error in units in the last place over evenly spread points.
fn worst(function: fn(&Row) -> Row, oracle: fn(f64) -> f64, points: impl Iterator<Item = f64>) -> (f64, f64) {
    points.map(|x| (ulps(one(function, x), oracle(x)), x)).fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a })
}

fn spread(low: f64, high: f64, n: u32) -> impl Iterator<Item = f64> {
    (0..=n).map(move |i| low + (high - low) * f64::from(i) / f64::from(n))
}

#[test]
fn exp_is_right_to_a_unit() {
    for (low, high) in [(-708.0, 708.0), (-1.0, 1.0), (-1e-3, 1e-3), (-0.36, -0.33), (0.33, 0.36)] {
        let (error, x) = worst(exp, libm::exp, spread(low, high, 40_000));
        assert!(error <= 1.0, "{error} at {x}");
    }
    assert_eq!((one(exp, 0.0), one(exp, -0.0)), (1.0, 1.0));
    for x in [709.0, 710.0, -709.0, -745.0, -746.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX, 1e-320] {
        assert!(same(one(exp, x), libm::exp(x)), "{x}");
    }
}

#[test]
fn ln_is_right_to_a_unit() {
    for (low, high) in [(f64::MIN_POSITIVE, 1e-290), (0.5, 2.0), (0.999, 1.001), (1.0, 1e5), (1e300, f64::MAX)] {
        let (error, x) = worst(ln, libm::log, spread(low, high, 40_000));
        assert!(error <= 1.0, "{error} at {x}");
    }
    assert_eq!(one(ln, 1.0).to_bits(), 0);
    for x in [0.0, -0.0, -1.0, 1e-310, f64::from_bits(1), f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        assert!(same(one(ln, x), libm::log(x)), "{x}");
    }
}

#[test]
fn sine_and_cosine_are_right_to_two_units() {
    for (low, high) in [(-7.0, 7.0), (-1e-3, 1e-3), (FAR - 100.0, FAR), (1000.0, 1010.0), (1.57, 1.572), (3.1, 3.2)] {
        for (function, oracle) in [(sin as fn(&Row) -> Row, libm::sin as fn(f64) -> f64), (cos, libm::cos)] {
            let (error, x) = worst(function, oracle, spread(low, high, 40_000));
            assert!(error <= 2.0, "{error} at {x}");
        }
    }
    assert_eq!((one(sin, 0.0), one(cos, 0.0)), (0.0, 1.0));
    for x in [FAR, 600_000.0, 1e22, -1e300, f64::INFINITY, f64::NAN] {
        assert!(x == FAR || same(one(sin, x), libm::sin(x)) && same(one(cos, x), libm::cos(x)), "{x}");
    }
}

/// Where the usual way of sine and cosine ends.
const FAR: f64 = 524_288.0;

#[test]
fn the_quantile_inverts_the_distribution() {
    let below = |z: f64| libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2) / 2.0;
    let edges = [1.3e-11, 1.4e-11, 0.074_999, 0.075, 0.075_001, 0.5, 0.925, 0.925_001, 1e-300, 2f64.powi(-53)];
    for p in spread(1e-6, 1.0 - 1e-6, 20_000).chain(edges) {
        let z = one(normal_quantile, p);
        // An error of 1e-15 of z changes p by density * z * 1e-15; p itself and erfc have errors of
        // their own.
        let density = (-z * z / 2.0).exp() / 2.506_628_274_631;
        let allowed = density * z.abs() * 1e-15 + 1e-15 * p.min(1.0 - p) * (1.0 + z * z) + 2e-16 * p;
        assert!((below(z) - p).abs() <= allowed, "{p}: {z}, {} off", below(z) - p);
    }
    // As published with the algorithm, and R's qnorm(1e-100).
    for (p, z) in [(0.25, -0.674_489_750_196_081_7), (0.001, -3.090_232_306_167_813_5), (1e-20, -9.262_340_089_798_409)]
    {
        assert!((one(normal_quantile, p) / z - 1.0).abs() < 1e-15, "{p}");
    }
    for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
        assert!(one(normal_quantile, p).is_nan(), "{p}");
    }
}

#[test]
fn whole_powers() {
    let x = Row::all(1.5);
    for (exponent, expected) in [(0, 1.0), (1, 1.5), (2, 2.25), (5, 7.593_75), (-1, 1.0 / 1.5), (-3, 1.0 / 3.375)] {
        assert_eq!(power(&x, exponent), Row::all(expected), "{exponent}");
    }
    assert_eq!(power(&Row::all(0.0), 0), Row::all(1.0));
}

proptest! {
    #[test]
    fn a_lane_never_depends_on_its_neighbours(bits in proptest::collection::vec(any::<u64>(), 128)) {
        let row = Row(std::array::from_fn(|lane| f64::from_bits(bits[lane])));
        for function in [exp, ln, sin, cos, normal_quantile] {
            let values = function(&row);
            for lane in (0..128).step_by(7) {
                let alone = function(&Row::all(row.0[lane])).0[lane];
                prop_assert!(same(values.0[lane], alone), "{}", row.0[lane]);
            }
        }
    }
}
