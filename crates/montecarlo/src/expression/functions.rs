//! The operations and functions of expressions: names, numbers of arguments, and what each does to
//! rows.
//!
//! Those of [`elementary`] are vectors; the others go to the crate `libm` one number at a time (10
//! to 50 ns), which is as reproducible: plain Rust, the same bits on every machine.

use crate::elementary;
use crate::uniform::Row;

/// What can be done to one or two rows.
#[derive(Clone, Copy, Debug)]
pub enum Function {
    /// a + b
    Add,
    /// a - b
    Subtract,
    /// a * b
    Multiply,
    /// a / b
    Divide,
    /// -a
    Negate,
    /// a to a whole power that is known
    WholePower(i32),
    /// a to the power b
    Power,
    /// 1 where a < b, else 0
    Less,
    /// 1 where a <= b, else 0
    LessOrEqual,
    /// The smaller one
    Min,
    /// The larger one
    Max,
    /// The absolute value
    Abs,
    /// The square root
    Sqrt,
    /// e^a
    Exp,
    /// The natural logarithm
    Ln,
    /// The sine
    Sin,
    /// The cosine
    Cos,
    /// Rounded down
    Floor,
    /// Rounded up
    Ceil,
    /// One number at a time.
    Slow(fn(f64) -> f64),
}

/// Functions by name, with their numbers of arguments.
const NAMED: [(&str, usize, Function); 25] = [
    ("abs", 1, Function::Abs),
    ("sqrt", 1, Function::Sqrt),
    ("cbrt", 1, Function::Slow(libm::cbrt)),
    ("exp", 1, Function::Exp),
    ("ln", 1, Function::Ln),
    ("log", 1, Function::Ln),
    ("log2", 1, Function::Slow(libm::log2)),
    ("log10", 1, Function::Slow(libm::log10)),
    ("sin", 1, Function::Sin),
    ("cos", 1, Function::Cos),
    ("tan", 1, Function::Slow(libm::tan)),
    ("asin", 1, Function::Slow(libm::asin)),
    ("acos", 1, Function::Slow(libm::acos)),
    ("atan", 1, Function::Slow(libm::atan)),
    ("sinh", 1, Function::Slow(libm::sinh)),
    ("cosh", 1, Function::Slow(libm::cosh)),
    ("tanh", 1, Function::Slow(libm::tanh)),
    ("erf", 1, Function::Slow(libm::erf)),
    ("erfc", 1, Function::Slow(libm::erfc)),
    ("gamma", 1, Function::Slow(libm::tgamma)),
    ("floor", 1, Function::Floor),
    ("ceil", 1, Function::Ceil),
    ("min", 2, Function::Min),
    ("max", 2, Function::Max),
    ("pow", 2, Function::Power),
];

/// Numbers by name.
const CONSTANTS: [(&str, f64); 2] = [("pi", std::f64::consts::PI), ("e", std::f64::consts::E)];

/// The function of this name, and how many arguments it takes.
pub(super) fn named(name: &str) -> Option<(usize, Function)> {
    NAMED.iter().find(|(known, _, _)| *known == name).map(|&(_, arguments, function)| (arguments, function))
}

/// The number of this name.
pub(super) fn constant(name: &str) -> Option<f64> {
    CONSTANTS.iter().find(|(known, _)| *known == name).map(|&(_, value)| value)
}

/// The names of all functions, for help.
pub fn names() -> String {
    NAMED.map(|(name, _, _)| name).join(" ")
}

impl Function {
    /// What it makes of `a` and `b` (which is passed over where there is one argument).
    #[inline(always)]
    pub(super) fn of(self, a: &Row, b: &Row) -> Row {
        match self {
            Function::Add => a.zip(b, |a, b| a + b),
            Function::Subtract => a.zip(b, |a, b| a - b),
            Function::Multiply => a.zip(b, |a, b| a * b),
            Function::Divide => a.zip(b, |a, b| a / b),
            Function::Negate => a.map(|a| -a),
            Function::WholePower(exponent) => elementary::power(a, exponent),
            Function::Power => a.zip(b, libm::pow),
            Function::Less => a.zip(b, |a, b| compared(a, b, a < b)),
            Function::LessOrEqual => a.zip(b, |a, b| compared(a, b, a <= b)),
            // Not f64::min, which passes NaN over and may give either zero.
            Function::Min => a.zip(b, |a, b| if a < b || a.is_nan() { a } else { b }),
            Function::Max => a.zip(b, |a, b| if a > b || a.is_nan() { a } else { b }),
            Function::Abs => a.map(f64::abs),
            Function::Sqrt => a.map(f64::sqrt),
            Function::Exp => elementary::exp(a),
            Function::Ln => elementary::ln(a),
            Function::Sin => elementary::sin(a),
            Function::Cos => elementary::cos(a),
            Function::Floor => a.map(f64::floor),
            Function::Ceil => a.map(f64::ceil),
            Function::Slow(function) => a.map(function),
        }
    }
}

/// 1 or 0; NaN where a side is NaN, so that it is not lost.
#[inline(always)]
fn compared(a: f64, b: f64, holds: bool) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if holds {
        1.0
    } else {
        0.0
    }
}
