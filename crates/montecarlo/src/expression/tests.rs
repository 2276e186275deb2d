//! Expressions: values against Rust's own, complaints with their columns, and no text that panics.

use super::*;
use crate::uniform::Row;
use proptest::prelude::*;

const KNOWN: &str = "x and y are known";

fn symbol(name: &str) -> Option<Symbol> {
    match name {
        "half" => Some(Symbol::Number(0.5)),
        _ => ["x", "y"].into_iter().position(|known| known == name).map(Symbol::Variable),
    }
}

fn read(text: &str) -> Result<Expression, Misreading> {
    Expression::parse(text, 2, &symbol, KNOWN)
}

fn value(text: &str, x: f64, y: f64) -> f64 {
    let mut expression = read(text).unwrap_or_else(|misreading| panic!("{misreading}"));
    expression.variables().copy_from_slice(&[Row::all(x), Row::all(y)]);
    let row = expression.values();
    assert!(row.0.iter().all(|value| value.to_bits() == row.0[0].to_bits()));
    row.0[0]
}

#[test]
fn arithmetic_binds_as_in_print() {
    let (x, y): (f64, f64) = (0.7, 2.5);
    for (text, expected) in [
        ("x", x),
        ("1+2*3", 7.0),
        ("(1+2)*3", 9.0),
        ("8/2/2", 2.0),
        ("8-2-2", 4.0),
        ("2^3^2", 512.0),
        ("2**3", 8.0),
        ("-x^2", -(x * x)),
        ("(-x)^2", x * x),
        ("2^-1", 0.5),
        ("--x", x),
        ("+x - -y", x + y),
        ("x*-y", -x * y),
        ("x - y*x", x - y * x),
        (" x\t+ y ", x + y),
        ("1e3 + 2.5E-1 + .5 + 1.", 1001.75),
        ("2*pi + e", std::f64::consts::TAU + std::f64::consts::E),
        ("x^0.5", x.sqrt()),
        ("y^x", libm::pow(y, x)),
        ("pow(x, 3)", x * x * x),
        ("x^0", 1.0),
        ("(x+y)*(x-y)/(x*(y-x))", (x + y) * (x - y) / (x * (y - x))),
        ("max(min(x, y), -1)", x),
        ("abs(x-y) + floor(y) + ceil(y)", y - x + 5.0),
    ] {
        assert_eq!(value(text, x, y), expected, "{text}");
    }
}

#[test]
fn conditions_are_1_or_0() {
    for (text, expected) in [
        ("x<y", 1.0),
        ("x>y", 0.0),
        ("x<=x", 1.0),
        ("y>=x", 1.0),
        ("x<x", 0.0),
        ("(x*x+y*y<1)*2", 0.0),
        ("1+(x<y)", 2.0),
        ("x == 0.7", 1.0),
        ("x != 0.7", 0.0),
        ("x < y and y < 3", 1.0),
        ("x < y && y > 3", 0.0),
        ("x > y or y < 3", 1.0),
        ("x > y || y > 3", 0.0),
        ("1 or 1 and 0", 1.0),
        ("not x < y", 0.0),
        ("not not 5", 1.0),
        ("!x < y", 1.0),
        ("!0*3", 3.0),
        ("x > 0 and y", 1.0),
        ("0 and ln(-x)", 0.0),
        ("ln(-x) and 0", 0.0),
        ("1 or ln(-x)", 1.0),
        ("ln(-x) or 1", 1.0),
        ("if(x < y, 3, 4)", 3.0),
        ("if(x > y, 3, 4)", 4.0),
        ("if(x > 0, 2, ln(-x))", 2.0),
        ("if(x < 0, ln(-x), 2*y)", 5.0),
        ("if(x<y, if(x>y, 1, x+y), 2*(x+1)) - half", 2.7),
    ] {
        assert_eq!(value(text, 0.7, 2.5), expected, "{text}");
    }
    for text in [
        "sqrt(-x) < y",
        "sqrt(-x) == y",
        "sqrt(-x) != y",
        "not sqrt(-x)",
        "sqrt(-x) and 1",
        "0 or sqrt(-x)",
        "if(sqrt(-x), 1, 2)",
        "if(x, sqrt(-x), 2)",
        "sign(sqrt(-x))",
    ] {
        assert!(value(text, 0.7, 2.5).is_nan(), "{text}: not a number is not lost");
    }
    assert!(value("min(sqrt(-x), y)", 0.7, 2.5).is_nan() && value("max(y, sqrt(-x))", 0.7, 2.5).is_nan());
}

#[test]
fn functions_are_close_to_rust_s() {
    type Case = (&'static str, fn(f64) -> f64);
    let cases: [Case; 25] = [
        ("abs", f64::abs),
        ("sqrt", f64::sqrt),
        ("cbrt", f64::cbrt),
        ("exp", f64::exp),
        ("ln", f64::ln),
        ("log", f64::ln),
        ("log2", f64::log2),
        ("log10", f64::log10),
        ("sin", f64::sin),
        ("cos", f64::cos),
        ("tan", f64::tan),
        ("asin", f64::asin),
        ("acos", f64::acos),
        ("atan", f64::atan),
        ("sinh", f64::sinh),
        ("cosh", f64::cosh),
        ("tanh", f64::tanh),
        ("asinh", f64::asinh),
        ("atanh", f64::atanh),
        ("exp2", f64::exp2),
        ("expm1", f64::exp_m1),
        ("log1p", f64::ln_1p),
        ("round", f64::round),
        ("floor", f64::floor),
        ("ceil", f64::ceil),
    ];
    for (name, function) in cases {
        for x in [1e-9, 0.1, 0.5, 0.999] {
            let (found, expected) = (value(&format!("{name}(x)"), x, 0.0), function(x));
            assert!((found - expected).abs() <= 1e-15 * expected.abs(), "{name}({x}): {found}, {expected}");
            assert!(names().split(' ').any(|known| known == name));
        }
    }
    assert!((value("erf(x) + erfc(x) + gamma(5)", 0.3, 0.0) - 25.0).abs() < 1e-14);
}

#[test]
fn functions_have_their_published_values() {
    // Abramowitz and Stegun, tables 9.1, 6.1 and 7.1.
    for (text, expected) in [
        ("j0(1)", 0.765_197_686_557_966_6),
        ("j1(1)", 0.440_050_585_744_933_5),
        ("y0(1)", 0.088_256_964_215_676_96),
        ("y1(1)", -0.781_212_821_300_288_7),
        ("lgamma(10)", 12.801_827_480_081_469),
        ("erf(0.5)", 0.520_499_877_813_046_5),
        ("acosh(2)", 1.316_957_896_924_816_6),
        ("atan2(-1, -1)", -0.75 * std::f64::consts::PI),
        ("hypot(3, 4)", 5.0),
        ("trunc(-1.5)", -1.0),
        ("mod(7, 3)", 1.0),
        ("mod(-0.25, 1)", 0.75),
        ("mod(7, -3)", -2.0),
        ("sign(-2) + 10*sign(3) + sign(0)", 9.0),
    ] {
        assert!(
            (value(text, 0.0, 0.0) - expected).abs() <= 2e-15 * expected.abs(),
            "{text}: {}",
            value(text, 0.0, 0.0)
        );
    }
}

#[test]
fn a_weight_is_one_more_variable_and_zero_stays_zero() {
    for (text, weight, expected) in [
        ("x", 3.0, 1.5),
        ("x+2*y", 3.0, 4.5),
        ("4", 0.5, 2.0),
        ("if(x < y, 7, x)", 2.0, 1.0),
        ("x-half", f64::INFINITY, 0.0),
        ("x", f64::INFINITY, f64::INFINITY),
    ] {
        let mut weighted = read(text).expect("right").weighted();
        for _ in 0..2 {
            weighted.variables().copy_from_slice(&[0.5, 0.5, weight].map(Row::all));
            assert_eq!(weighted.values(), Row::all(expected), "{text}");
        }
    }
}

#[test]
fn complaints_point_at_the_column() {
    let complaints: Vec<String> = [
        "",
        "x+",
        "x+*y",
        "x y",
        "2x",
        "(x",
        "x)",
        "exp x",
        "exp()",
        "exp(x,y)",
        "max(x)",
        "x + foo",
        "x + foo(x)",
        "1.2.3",
        "x $ y",
        "ä+x",
        "x = y",
        "x < y < 1",
        "2e",
        "x,y",
        "exp(x",
        "if(x, y)",
        "x < y and",
        "x & y",
        "and x",
        "x not y",
        "x y < 1",
    ]
    .into_iter()
    .map(|text| format!("{}", read(text).expect_err(text)))
    .collect();
    insta::assert_snapshot!(complaints.join("\n"));
}

#[test]
fn constants_are_worked_out_beforehand() {
    let constant = |text| Expression::parse(text, 0, &|_| None, "").expect("right").constant();
    assert_eq!(constant("pi/2"), std::f64::consts::FRAC_PI_2);
    assert_eq!(constant("-1.5"), -1.5);
    assert_eq!(constant("2*3 + sqrt(16)"), 10.0);
}

#[test]
fn depth_and_length_are_limited() {
    assert_eq!(value(&format!("{}x{}", "(".repeat(150), ")".repeat(150)), 0.5, 0.0), 0.5);
    for text in [
        "(".repeat(4000),
        "-".repeat(4000),
        "!".repeat(4000),
        "if(1,".repeat(800),
        "2^".repeat(2000),
        "exp(".repeat(1000),
    ] {
        assert!(read(&text).expect_err("deep").message.contains("nested too deep"));
    }
    assert_eq!(value(&format!("x{}", "+x".repeat(2000)), 1.0, 0.0), 2001.0);
    assert_eq!(value(&format!("{}x", "not ".repeat(1000)), 1.0, 0.0), 1.0);
    assert_eq!(value(&format!("x{}", " or x".repeat(800)), 1.0, 0.0), 1.0);
    // There is no text to point at.
    assert_eq!(read(&"+x".repeat(3000)).expect_err("long").to_string(), "the expression is longer than 4096 bytes");
    assert!(!read(" ").expect_err("empty").to_string().contains(['^', '\n']));
}

/// A small stack, as `ulimit -s` may leave: what is read must not depend on it.
#[test]
fn texts_are_read_on_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(64 << 10).spawn(|| {
        let long = read(&format!("x{}", "+x".repeat(2040))).is_ok();
        long && read(&format!("{}x{}", "(".repeat(190), ")".repeat(190))).is_ok()
    });
    assert!(small.expect("a thread").join().expect("no overflow"));
}

proptest! {
    #[test]
    fn no_text_panics(text in "[-+*/^<>=!&|(),.xye0-9 a-z]{0,40}|.{0,20}|(if\\(|x|,|\\)| and | or | not |!|1|<|==){0,30}") {
        if let Err(misreading) = read(&text) {
            prop_assert!(misreading.column <= text.chars().count() + 1);
            let _ = misreading.to_string();
        }
    }

    /// Random trees, written with all brackets, against the same arithmetic done here.
    #[test]
    fn sums_and_products_as_rust_has_them(steps in proptest::collection::vec((0..4u8, -9i8..9), 1..30), x in -2.0..2.0f64) {
        let (mut text, mut expected) = ("x".to_owned(), x);
        for (sign, number) in steps {
            let number = f64::from(number) + 0.5;
            (text, expected) = match sign {
                0 => (format!("({text}+{number})"), expected + number),
                1 => (format!("({number}-{text})"), number - expected),
                2 => (format!("{text}*{number}"), expected * number),
                _ => (format!("({text})/{number}"), expected / number),
            };
        }
        prop_assert_eq!(value(&text, x, 0.0).to_bits(), expected.to_bits(), "{}", text);
    }
}
