//! The operations and functions of expressions: names, numbers of arguments, and what each does to
//! rows.
//!
//! Those of [`elementary`] are vectors; the others go to the crate `libm` one number at a time (10
//! to 50 ns), which is as reproducible: plain Rust, the same bits on every machine.

use crate::elementary;
use crate::uniform::Row;

/// What can be done to one, two or three rows.
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
    /// 1 where a == b, else 0
    Equal,
    /// 1 where a != b, else 0
    Unequal,
    /// 1 where neither is 0, else 0
    And,
    /// 1 where one is not 0, else 0
    Or,
    /// 1 where a is 0, else 0
    Not,
    /// b where a is not 0, else c
    If,
    /// a * b, but 0 where a is 0, whatever b is
    Weigh,
    /// -1, 0 or 1
    Sign,
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
    /// One pair of numbers at a time.
    SlowPair(fn(f64, f64) -> f64),
}

/// Functions by name, with their numbers of arguments.
const NAMED: [(&str, usize, Function); 43] = [
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
    ("asinh", 1, Function::Slow(libm::asinh)),
    ("acosh", 1, Function::Slow(libm::acosh)),
    ("atanh", 1, Function::Slow(libm::atanh)),
    ("exp2", 1, Function::Slow(libm::exp2)),
    ("expm1", 1, Function::Slow(libm::expm1)),
    ("log1p", 1, Function::Slow(libm::log1p)),
    ("erf", 1, Function::Slow(libm::erf)),
    ("erfc", 1, Function::Slow(libm::erfc)),
    ("gamma", 1, Function::Slow(libm::tgamma)),
    ("lgamma", 1, Function::Slow(libm::lgamma)),
    ("j0", 1, Function::Slow(libm::j0)),
    ("j1", 1, Function::Slow(libm::j1)),
    ("y0", 1, Function::Slow(libm::y0)),
    ("y1", 1, Function::Slow(libm::y1)),
    ("sign", 1, Function::Sign),
    ("round", 1, Function::Slow(libm::round)),
    ("trunc", 1, Function::Slow(libm::trunc)),
    ("floor", 1, Function::Floor),
    ("ceil", 1, Function::Ceil),
    ("min", 2, Function::Min),
    ("max", 2, Function::Max),
    ("pow", 2, Function::Power),
    ("mod", 2, Function::SlowPair(modulo)),
    ("atan2", 2, Function::SlowPair(libm::atan2)),
    ("hypot", 2, Function::SlowPair(libm::hypot)),
    ("if", 3, Function::If),
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

/// Whether a name has a meaning in every expression, so that nothing else can have it.
pub fn is_reserved(name: &str) -> bool {
    named(name).is_some() || constant(name).is_some() || ["and", "or", "not", "inf", "infinity", "nan"].contains(&name)
}

/// The names of all functions, for help.
pub fn names() -> String {
    NAMED.map(|(name, _, _)| name).join(" ")
}

impl Function {
    /// What it makes of its arguments; `b` and `c` are passed over where there are fewer.
    #[inline(always)]
    pub(super) fn of(self, a: &Row, b: &Row, c: &Row) -> Row {
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
            Function::Equal => a.zip(b, |a, b| compared(a, b, a == b)),
            Function::Unequal => a.zip(b, |a, b| compared(a, b, a != b)),
            Function::And => a.zip(b, and),
            Function::Or => a.zip(b, or),
            Function::Not => a.map(|a| compared(a, a, a == 0.0)),
            Function::If => choose(a, b, c),
            Function::Weigh => a.zip(b, |a, b| if a == 0.0 { 0.0 } else { a * b }),
            Function::Sign => a.map(|a| {
                if a > 0.0 {
                    1.0
                } else if a < 0.0 {
                    -1.0
                } else {
                    a
                }
            }),
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
            Function::SlowPair(function) => a.zip(b, function),
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

/// 0 where one side is 0, whatever the other is: `x > 0 and ln(x) < 1` is 0 at -1, where the
/// logarithm is NaN.
#[inline(always)]
fn and(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { compared(a, b, true) }
}

/// 1 where one side is a number but 0, whatever the other is.
#[inline(always)]
fn or(a: f64, b: f64) -> f64 {
    let holds = |x: f64| x != 0.0 && !x.is_nan();
    if holds(a) || holds(b) { 1.0 } else { compared(a, b, false) }
}

/// `b` where `a` is not 0, else `c`; NaN where `a` is. The value that is not chosen has no effect.
#[inline(always)]
fn choose(a: &Row, b: &Row, c: &Row) -> Row {
    let mut row = *b;
    for ((to, &a), &c) in row.0.iter_mut().zip(&a.0).zip(&c.0) {
        let chosen = if a == 0.0 { c } else { *to };
        *to = if a.is_nan() { a } else { chosen };
    }
    row
}

/// The remainder with the sign of the divisor, so that `mod(x, 1)` lies in [0, 1) for every x.
fn modulo(a: f64, b: f64) -> f64 {
    let rest = libm::fmod(a, b);
    if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest }
}
