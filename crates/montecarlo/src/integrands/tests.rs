//! Every integrand against its exact value, every exact value against another way to it, and errors
//! against what they claim.

use super::testing::{integrand as kernel, make};
use super::*;
use crate::mean::{Doubt, Mean};
use crate::sampler::Sampler;
use crate::uniform::WIDTH;
use montesieve_kernel::isa::Isa;

fn refusal(name: &str, words: &[(&'static str, &str)]) -> String {
    make(name, words).err().expect("a refusal").0
}

fn mean(kernel: &dyn Kernel, seed: u64, samples: u64) -> Mean {
    let mut sampler = Sampler::new(kernel.duplicate(), seed, Isa::widest());
    let sums = &sampler.sums(0, samples)[0];
    let mean = match kernel.is_indicator() {
        true => Mean::of_hits(sums, kernel.volume()),
        false => Mean::new(sums, sampler.shifts()[0], kernel.volume()),
    };
    mean.expect("samples")
}

fn z(kernel: &dyn Kernel, seed: u64, samples: u64) -> f64 {
    mean(kernel, seed, samples).z(kernel.exact().expect("known")).expect("an error")
}

const GENZ: [&str; 6] = [
    "genz-oscillatory",
    "genz-product-peak",
    "genz-corner-peak",
    "genz-gaussian",
    "genz-continuous",
    "genz-discontinuous",
];

/// What has an exact value, in many dimensions.
fn known() -> Vec<(String, Box<dyn Kernel>)> {
    let dims = |name: &'static str, dims: &'static [&'static str]| {
        dims.iter().map(move |dim| (format!("{name} {dim}"), kernel(name, &[("dim", dim)])))
    };
    let mut all: Vec<_> = dims("ball", &["2", "3", "4", "5", "7", "10", "12"]).collect();
    GENZ.into_iter().for_each(|name| all.extend(dims(name, &["1", "2", "3", "5", "8"])));
    all.extend(dims("ridge", &["2", "4"]));
    all.push(("ridge 2, 3 peaks".to_owned(), kernel("ridge", &[("dim", "2"), ("peaks", "3")])));
    for (right, strike) in [("call", "90"), ("call", "120"), ("put", "100"), ("put", "110")] {
        let words = [("right", right), ("strike", strike), ("rate", "0.03"), ("maturity", "2")];
        all.push((format!("option {right} {strike}"), kernel("option", &words)));
    }
    all
}

#[test]
fn every_exact_value_is_met_within_five_errors() {
    for (name, kernel) in known() {
        let z = z(&*kernel, 1, 1 << 18);
        assert!(z.abs() < 5.0, "{name}: z = {z}");
    }
}

/// One z for each of 200 seeds: their sum of squares is chi-square with 200 degrees of freedom
/// (mean 200, deviation 20), and their mean has deviation 0.071. The bounds are 5 deviations; the
/// seeds are fixed, so it never flakes.
#[test]
fn errors_scatter_as_they_claim() {
    let gaussian = ("dim", "3");
    let cases = [
        ("genz-gaussian", vec![gaussian]),
        ("genz-continuous", vec![gaussian]),
        ("genz-corner-peak", vec![gaussian]),
        ("ball", vec![("dim", "4")]),
        ("option", vec![]),
    ];
    for (name, words) in cases {
        let kernel = kernel(name, &words);
        let z: Vec<f64> = (0..200).map(|seed| z(&*kernel, seed, 10_000)).collect();
        let mean = z.iter().sum::<f64>() / 200.0;
        let squares: f64 = z.iter().map(|z| z * z).sum();
        assert!(mean.abs() < 5.0 / 200f64.sqrt(), "{name}: mean z {mean}");
        assert!((squares - 200.0).abs() < 5.0 * 400f64.sqrt(), "{name}: chi-square {squares}");
        let inside = z.iter().filter(|z| z.abs() < 1.96).count();
        assert!((175..=200).contains(&inside), "{name}: {inside} of 200 intervals cover");
    }
}

/// The midpoint rule with n cells a side, for values of one kernel in 1 or 2 dimensions.
fn midpoints(kernel: &dyn Kernel, n: usize) -> f64 {
    let mut kernel = kernel.duplicate();
    let points = n.pow(kernel.dimension() as u32);
    let side = |i: usize| (i as f64 + 0.5) / n as f64;
    let mut sum = 0.0;
    for first in (0..points).step_by(WIDTH) {
        let row = |divisor: usize| Row(std::array::from_fn(|place| side((first + place) / divisor % n)));
        let rows = [row(1), row(n)];
        let values = kernel.values(&rows[..kernel.dimension()]);
        sum += values.0.iter().take(points - first).sum::<f64>();
    }
    sum * kernel.volume() / points as f64
}

#[test]
fn exact_values_are_those_of_the_midpoint_rule() {
    for name in GENZ {
        for (dim, n, allowed) in [("1", 100_000, 1e-4), ("2", 800, 2e-2)] {
            let kernel = kernel(name, &[("dim", dim)]);
            let (exact, midpoint) = (kernel.exact().expect("known"), midpoints(&*kernel, n));
            // A jump that falls inside a cell costs up to 1/n of the whole.
            let allowed = if name == "genz-discontinuous" { allowed } else { allowed * 1e-2 };
            assert!((midpoint / exact - 1.0).abs() < allowed, "{name} {dim}: {midpoint}, exact {exact}");
        }
    }
}

#[test]
fn the_corner_peak_by_its_corners() {
    // The textbook's formula, good where D is small: the sum over all corners v of (-1)^|v| / (1 +
    // sum of their a).
    for dim in ["1", "2", "5", "7"] {
        let d: i32 = dim.parse().expect("a number");
        let kernel = kernel("genz-corner-peak", &[("dim", dim)]);
        let raw = |i: i32| 0.5 + (f64::from(i) * std::f64::consts::SQRT_2).fract();
        let sum: f64 = (1..=d).map(raw).sum();
        let a: Vec<f64> = (1..=d).map(|i| raw(i) * 1.85 / sum).collect();
        let corners = (0..1u32 << d).map(|v| {
            let inside: f64 = (0..d).filter(|i| v >> i & 1 == 1).map(|i| a[i as usize]).sum();
            (if v.count_ones() % 2 == 0 { 1.0 } else { -1.0 }) / (1.0 + inside)
        });
        let scale: f64 = a.iter().product::<f64>() * (1..=d).map(f64::from).product::<f64>();
        let expected = corners.sum::<f64>() / scale;
        let exact = kernel.exact().expect("known");
        assert!((exact / expected - 1.0).abs() < 1e-9, "{dim}: {exact}, {expected}");
    }
}

#[test]
fn published_values() {
    let exact = |name, words: &[(&'static str, &str)]| kernel(name, words).exact().expect("known");
    let pi = std::f64::consts::PI;
    assert_eq!(exact("ball", &[("dim", "2")]), pi);
    assert!((exact("ball", &[("dim", "3")]) - 4.0 / 3.0 * pi).abs() < 1e-15);
    assert!((exact("ball", &[("dim", "20")]) - 0.025_806_891_390_014_06).abs() < 1e-17);
    // Hull's standard example: S = 42, K = 40, r = 0.1, s = 0.2, T = 0.5: 4.76 and 0.81.
    let words = [("spot", "42"), ("strike", "40"), ("rate", "0.1"), ("maturity", "0.5")];
    assert!((exact("option", &words) - 4.759_422).abs() < 1e-6);
    let put: Vec<_> = words.into_iter().chain([("right", "put")]).collect();
    assert!((exact("option", &put) - 0.808_599).abs() < 1e-6);
    assert_eq!(kernel("option", &[("style", "asian")]).exact(), None);
    // Lepage's tutorial of vegas finds 0.851 to 0.852; the digits are those of Python's math.erf.
    assert!((exact("ridge", &[]) - 0.851_317_758_241_298_1).abs() < 1e-14);
    assert!((exact("ridge", &[("dim", "3"), ("peaks", "2")]) - 0.125).abs() < 1e-15);
}

#[test]
fn an_asian_option_with_one_fixing_is_a_european_one() {
    let asian = kernel("option", &[("style", "asian"), ("fixings", "1")]);
    let european = kernel("option", &[]);
    assert_eq!(mean(&*asian, 5, 5000), mean(&*european, 5, 5000));
    // With 12 fixings and these terms it costs about 6.2 (Monte Carlo, many authors' 5.8 to 6.2 by
    // number of fixings).
    let asian = mean(&*kernel("option", &[("style", "asian")]), 5, 1 << 18);
    assert!((asian.estimate - 6.15).abs() < 0.1, "{asian:?}");
}

#[test]
fn an_expression_is_the_integrand_it_spells() {
    let own = kernel("expr", &[("expression", "x*x+y*y+z*z<1"), ("bounds", "-1:1,-1:1,-1:1")]);
    let ball = kernel("ball", &[("dim", "3")]);
    let [own, ball] = [own, ball].map(|kernel| mean(&*kernel, 3, 100_000));
    assert!((own.estimate / ball.estimate - 1.0).abs() < 1e-12, "{own:?} {ball:?}");
    let square = mean(&*kernel("expr", &[("expression", "x1*x2^2"), ("bounds", "0:2,-1:pi/2")]), 3, 1 << 18);
    let exact = 2.0 * ((std::f64::consts::FRAC_PI_2).powi(3) + 1.0) / 3.0;
    assert!(square.z(exact).expect("an error").abs() < 5.0, "{square:?}");
}

#[test]
fn nothing_is_claimed_without_a_spread() {
    for words in [[("expression", "3"), ("bounds", "0:1")], [("expression", "x>2"), ("bounds", "0:1")]] {
        let mean = mean(&*kernel("expr", &words), 1, 1000);
        assert_eq!((mean.std_error, mean.ci95), (None, None));
    }
    assert_eq!(mean(&*kernel("genz-gaussian", &[]), 1, 1).std_error, None);
    assert!(mean(&*kernel("genz-gaussian", &[]), 1, 2).std_error.is_some());
    // A ball that nothing has hit: Wilson's interval bounds it.
    let none = mean(&*kernel("ball", &[("dim", "20")]), 1, 1000);
    assert!(none.estimate == 0.0 && none.std_error.expect("Wilson") > 0.0 && none.ci95.expect("Wilson")[1] > 0.025);
}

#[test]
fn a_spread_far_below_the_values_is_seen() {
    // 1e9 + x: a difference of squares without a shift would have lost it.
    let words = [("expression", "1e9 + x"), ("bounds", "0:1")];
    let mean = mean(&*kernel("expr", &words), 1, 100_000);
    let error = mean.std_error.expect("a spread");
    assert!((error * 100_000f64.sqrt() / (1.0f64 / 12.0).sqrt() - 1.0).abs() < 0.01, "{mean:?}");
    assert!(mean.z(1e9 + 0.5).expect("an error").abs() < 5.0);
}

fn own(text: &str, bounds: &str) -> Box<dyn Kernel> {
    kernel("expr", &[("expression", text), ("bounds", bounds)])
}

/// Sizes at which squares, sums or volumes leave the range of doubles: integral and standard error
/// as they are in between.
#[test]
fn errors_are_right_for_values_of_any_size() {
    let (n, uniform) = (100_000u64, (1.0f64 / 12.0).sqrt());
    let root = (n as f64).sqrt();
    let e = std::f64::consts::E;
    let exponential = ((e * e - 1.0) / 2.0 - (e - 1.0) * (e - 1.0)).sqrt();
    let tiny = libm::exp(-372.0);
    for (text, bounds, integral, deviation) in [
        ("exp(-372+x)", "0:1", tiny * (e - 1.0), tiny * exponential),
        ("1e154*x", "0:1", 5e153, 1e154 * uniform),
        ("1e308*x", "0:1", 5e307, 1e308 * uniform),
        ("7e306*x", "0:1", 3.5e306, 7e306 * uniform),
        ("1.7e308*(2*(x<0.5)-1)", "0:1", 0.0, 1.7e308),
        ("1e-200*x", "0:1", 5e-201, 1e-200 * uniform),
        ("1e-150*x", "0:1e150", 5e149, 1e150 * uniform),
        ("1e300*y", "0:1e-200,0:1", 5e99, 1e100 * uniform),
    ] {
        let mean = mean(&*own(text, bounds), 1, n);
        let error = mean.std_error.expect("a spread");
        assert!(mean.is_finite() && (mean.estimate - integral).abs() <= 5.0 * error, "{text}: {mean:?}");
        assert!((error * root / deviation - 1.0).abs() < 0.02, "{text}: {mean:?}");
        assert_eq!(mean.doubt(), None, "{text}");
    }
    for (text, bounds) in [("1e250*x", "0:1e-300"), ("1e-320*x", "0:1e-300")] {
        let lost = mean(&*own(text, bounds), 1, n);
        assert_eq!((lost.estimate, lost.std_error, lost.ci95, lost.largest_share), (0.0, None, None, None), "{text}");
    }
    let constant = mean(&*own("sinh(-710.4)", "0:1"), 1, 1000);
    assert_eq!((constant.estimate, constant.std_error), (libm::sinh(-710.4), None));
    assert!(!mean(&*own("x", "0:1e300"), 1, 1000).is_finite(), "5e599");
}

#[test]
fn heavy_tails_and_few_samples_are_in_doubt_and_others_are_not() {
    for text in ["x^-0.9", "1/x", "1/(x-0.3)^2"] {
        for seed in 0..20 {
            assert_eq!(mean(&*own(text, "0:1"), seed, 100_000).doubt(), Some(Doubt::HeavyTail), "{text}, seed {seed}");
        }
    }
    assert_eq!(mean(&*own("x", "0:1"), 1, 5).doubt(), Some(Doubt::FewSamples));
    for (name, kernel) in known() {
        for seed in 0..5 {
            assert_eq!(mean(&*kernel, seed, 50_000).doubt(), None, "{name}, seed {seed}");
        }
    }
}

#[test]
fn what_is_not_a_number_is_left_out_or_0() {
    let kernel = own("sqrt(x-0.5)", "0:1");
    let mut sampler = Sampler::new(kernel, 1, Isa::widest());
    let (sums, shift) = (sampler.sums(0, 100_000)[0].clone(), sampler.shifts()[0]);
    assert!((49_000..51_000).contains(&sums.nans()));
    let exact = 2.0 / 3.0 * 0.5f64.sqrt();
    let skipped = Mean::new(&sums, shift, 1.0).expect("numbers");
    assert!(skipped.z(exact).expect("an error").abs() < 5.0, "{skipped:?}");
    let zeros = Mean::new(&sums.with_zeros(shift), shift, 1.0).expect("numbers");
    let written = mean(&*own("sqrt(max(x-0.5, 0))", "0:1"), 1, 100_000);
    assert!((zeros.estimate / written.estimate - 1.0).abs() < 1e-12, "{zeros:?} {written:?}");
    let errors = [zeros, written].map(|mean| mean.std_error.expect("an error"));
    assert!((errors[0] / errors[1] - 1.0).abs() < 1e-9, "{zeros:?} {written:?}");
}

#[test]
fn refusals_say_what_would_do() {
    let refusals = [
        refusal("ball", &[("dim", "1")]),
        refusal("genz-gaussian", &[("dim", "0")]),
        refusal("ridge", &[("dim", "21")]),
        refusal("ridge", &[("peaks", "1")]),
        refusal("option", &[("spot", "-1")]),
        refusal("option", &[("volatility", "0")]),
        refusal("option", &[("fixings", "1001")]),
        refusal("option", &[("rate", "inf")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0")]),
        refusal("expr", &[("expression", "x"), ("bounds", "1:0")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:inf+")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:inf-")]),
        refusal("expr", &[("expression", "x"), ("bounds", "inf:0")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:1/0")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0-:1")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:1,0:x")]),
        refusal("expr", &[("expression", "x*a"), ("bounds", "0:1"), ("set", "b=2")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:1"), ("set", "b=2")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:1"), ("set", "x4=2")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:1"), ("set", "gamma=2")]),
        refusal("expr", &[("expression", "x"), ("bounds", "-1e308:1e308")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:1e200,0:1e200")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:1e-200,0:1e-200")]),
        refusal("expr", &[("expression", "x"), ("bounds", "-1e999:0")]),
        refusal("expr", &[("expression", "x"), ("bounds", "0:one")]),
        refusal("expr", &[("expression", "x+y"), ("bounds", "0:1")]),
        refusal("expr", &[("expression", "x3"), ("bounds", "0:1,0:1")]),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn names_are_unique_and_every_entry_can_be_made() {
    for (i, entry) in ALL.iter().enumerate() {
        assert!(ALL[..i].iter().all(|other| other.name != entry.name), "{}", entry.name);
        assert!(entry.about.len() < 90, "{}", entry.about);
        if entry.parameters.iter().all(|parameter| parameter.default.is_some()) {
            assert!(kernel(entry.name, &[]).dimension() >= 1);
        }
    }
}
