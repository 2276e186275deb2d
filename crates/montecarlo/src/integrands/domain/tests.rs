//! Domains: points and weights at the extremes of u, and integrals with closed forms.

use super::*;
use crate::integrands::find;
use crate::integrands::parameters::Parameters;
use crate::mean::{Doubt, Mean};
use crate::sampler::{Kernel, Sampler};
use montesieve_kernel::isa::Isa;
use proptest::prelude::*;

fn domain(text: &str) -> Domain {
    Domain::parse(text, |text| text.parse().map_err(|_| format!("'{text}'"))).expect(text)
}

fn expr(expression: &str, bounds: &str, set: &str) -> Box<dyn Kernel> {
    let words = [("expression", expression), ("bounds", bounds), ("set", set)];
    let make = find("expr").expect("in the list").make;
    make(&Parameters::new(words.map(|(name, word)| (name, word.to_owned())))).unwrap_or_else(|bad| panic!("{bad}"))
}

fn mean(expression: &str, bounds: &str, samples: u64) -> Mean {
    let kernel = expr(expression, bounds, "");
    let volume = kernel.volume();
    let mut sampler = Sampler::new(kernel, 1, Isa::widest());
    let sums = &sampler.sums(0, samples)[0];
    assert_eq!((sums.nans(), sums.first_infinite()), (0, None), "{expression} {bounds}");
    Mean::new(sums, sampler.shifts()[0], volume).expect("samples")
}

/// The smallest and the largest u there are, and both sides of 1/2.
const EXTREMES: [f64; 6] = [
    f64::EPSILON / 2.0,
    f64::EPSILON,
    0.5 - f64::EPSILON / 2.0,
    0.5 + f64::EPSILON / 2.0,
    1.0 - f64::EPSILON,
    1.0 - f64::EPSILON / 2.0,
];

const KINDS: [(&str, f64, f64); 11] = [
    ("-1:2", -1.0, 2.0),
    ("0+:1", 0.0, 1.0),
    ("0:1-", 0.0, 1.0),
    ("-1+:1-", -1.0, 1.0),
    ("1e9+:2e9", 1e9, 2e9),
    ("3:inf", 3.0, f64::INFINITY),
    ("-inf:3", f64::NEG_INFINITY, 3.0),
    ("0+:inf", 0.0, f64::INFINITY),
    ("5+:inf", 5.0, f64::INFINITY),
    ("-inf:0-", f64::NEG_INFINITY, 0.0),
    ("-inf:inf", f64::NEG_INFINITY, f64::INFINITY),
];

#[test]
fn extremes_stay_inside_and_have_weights() {
    for (text, low, high) in KINDS {
        let domain = domain(text);
        let mut before = f64::NEG_INFINITY;
        for u in EXTREMES {
            let mut weights = Weights::ones();
            let mut x = [Row::all(f64::NAN)];
            domain.map(&[Row::all(u)], &mut x, &mut weights);
            let x = x[0].0[0];
            assert!(x >= low && x <= high && x.is_finite() && x >= before, "{text}: {x} at {u}");
            let touches = (x == low && text.contains("+:")) || (x == high && text.ends_with('-'));
            assert!(!touches, "{text}: singular at {x}");
            assert!(
                weights.factor.0[0] > 0.0 && weights.factor.0[0].is_finite(),
                "{text}: {} at {u}",
                weights.factor.0[0]
            );
            assert_eq!(domain.place(&[u]), [x]);
            before = x;
        }
        assert_eq!(domain.is_weighted(), text != "-1:2");
    }
}

#[test]
fn integrals_with_closed_forms_are_met() {
    use std::f64::consts::PI;
    for (expression, bounds, exact) in [
        ("exp(-x*x)", "-inf:inf", PI.sqrt()),
        ("exp(-x*x)", "-inf:0", PI.sqrt() / 2.0),
        ("1/(1+x*x)", "-inf:inf", PI),
        ("1/(1+x*x)", "1:inf", PI / 4.0),
        ("exp(-x)", "0:inf", 1.0),
        ("exp(x)", "-inf:1", std::f64::consts::E),
        ("x^4*exp(-x)", "0:inf", 24.0),
        ("1/sqrt(x)", "0+:1", 2.0),
        ("1/sqrt(1-x)", "0:1-", 2.0),
        ("1/sqrt(x-3)", "3+:4", 2.0),
        ("log(x)", "0+:1", -1.0),
        ("x^-0.9", "0+:1", 10.0),
        ("1/sqrt(x*(1-x))", "0+:1-", PI),
        ("exp(-x)/sqrt(x)", "0+:inf", PI.sqrt()),
        ("exp(x)/sqrt(-x)", "-inf:0-", PI.sqrt()),
        ("exp(-x*x-y*y)", "-inf:inf,-inf:inf", PI),
        ("exp(-x)*y/sqrt(z)", "0:inf,0:3,0+:1", 9.0),
        ("if(x > 0, 1/sqrt(x), ln(-1))", "0+:4", 4.0),
    ] {
        let mean = mean(expression, bounds, 1 << 18);
        let (z, error) = (mean.z(exact).expect("an error"), mean.std_error.expect("an error"));
        assert!(z.abs() < 5.0, "{expression} {bounds}: z = {z}, {mean:?}");
        // The deviation of one sample is at most 2.5 times the integral.
        assert!(error * 512.0 < 2.5 * exact.abs(), "{expression} {bounds}: {mean:?}");
        assert_eq!(mean.doubt(), None, "{expression} {bounds}: {mean:?}");
    }
}

/// Products of variables near several singular ends neither vanish nor overflow.
#[test]
fn several_singular_ends_at_once() {
    for (expression, bounds, exact) in [
        ("1/sqrt(x*y)", "0+:1,0+:1", 4.0),
        ("(x*y)^-0.9", "0+:1,0+:1", 100.0),
        ("1/sqrt(x*y*z)", "0+:1,0+:1,0+:1-", 8.0),
        ("exp(-x-y)/sqrt(x*y)", "0+:inf,0+:inf", std::f64::consts::PI),
    ] {
        let mean = mean(expression, bounds, 1 << 21);
        assert!(mean.z(exact).expect("an error").abs() < 5.0, "{expression} {bounds}: {mean:?}");
    }
}

/// Wherever the points lie, the product of the distances from singular ends is a normal number, and
/// no axis stands at its other end.
#[test]
fn singular_axes_share_their_exponents() {
    for dimension in [1, 2, 3, 10, 100] {
        let domain = domain(&vec!["0+:1"; dimension].join(","));
        for first in [0, dimension - 1] {
            for u in [1e-15, 1e-3, 0.1] {
                let points: Vec<f64> = (0..dimension).map(|d| if d == first { 1e-12 } else { u }).collect();
                let place = domain.place(&points);
                let product: f64 = place.iter().product();
                assert!(product.is_normal() && product.recip().is_normal(), "{dimension}, {u}: {product}");
                assert!(place.iter().all(|&x| x < 0.5), "{dimension}, {u}: {place:?}");
            }
        }
    }
}

#[test]
fn integrals_that_diverge_are_in_doubt() {
    for (expression, bounds) in [("1/x", "0+:1"), ("x", "0:inf"), ("1/(1+x)", "0:inf"), ("1", "-inf:inf")] {
        assert_eq!(mean(expression, bounds, 100_000).doubt(), Some(Doubt::HeavyTail), "{expression} {bounds}");
    }
}

#[test]
fn named_numbers_are_as_good_as_digits() {
    let values = |kernel: Box<dyn Kernel>| Sampler::new(kernel, 7, Isa::widest()).sums(0, 1000);
    let named = expr("a*exp(-b*x)", "0:b,c:inf", "a=2,b=a/4,c=-b");
    assert_eq!(values(named), values(expr("2*exp(-0.5*x)", "0:0.5,-0.5:inf", "")));
}

#[test]
fn every_instruction_set_has_the_same_bits() {
    for (text, ..) in KINDS {
        let sums: Vec<_> = Isa::available()
            .map(|isa| {
                Sampler::new(expr("exp(-x*x)*if(x < 0.5 and not x == 1, 1, erf(x))", text, ""), 3, isa).sums(0, 5000)
            })
            .collect();
        assert!(sums.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[-+0-9.:,inf()]{0,30}|.{0,20}") {
        let _ = Domain::parse(&text, |text| text.parse().map_err(|_| "no number".to_owned()));
    }

    /// The weight is the derivative: against a difference quotient.
    #[test]
    fn weights_are_derivatives(kind in 0..KINDS.len(), u in 0.02..0.98f64) {
        let domain = domain(KINDS[kind].0);
        let h = 1e-6;
        prop_assume!((u - 0.5).abs() > 2.0 * h);
        let mut weights = Weights::ones();
        domain.map(&[Row::all(u)], &mut [Row::all(0.0)], &mut weights);
        let quotient = (domain.place(&[u + h])[0] - domain.place(&[u - h])[0]) / (2.0 * h);
        let derivative = weights.factor.0[0] * domain.volume();
        // A difference of two numbers of the size of the ends, each rounded.
        let size = [KINDS[kind].1, KINDS[kind].2].map(f64::abs).into_iter().filter(|end| end.is_finite());
        let allowed = 1e-6 * derivative + size.fold(1.0, f64::max) * 1e-9;
        prop_assert!((quotient - derivative).abs() <= allowed, "{}: {quotient}, {derivative}", KINDS[kind].0);
    }
}
