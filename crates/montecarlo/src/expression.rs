//! A user's own integrand, from text: `exp(-x*x) * sin(pi*y)`.
//!
//! ```text
//! condition   = conjunction { ("or" | "||") conjunction }
//! conjunction = negation { ("and" | "&&") negation }
//! negation    = { "not" } comparison
//! comparison  = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]    1 where it holds, else 0
//! sum         = product { ("+" | "-") product }
//! product     = unary { ("*" | "/") unary }
//! unary       = { "-" | "+" | "!" } power                 -x^2 is -(x^2)
//! power       = primary [ ("^" | "**") unary ]            2^3^2 is 2^9
//! primary     = number | name | name "(" condition { "," condition } ")" | "(" condition ")"
//! ```
//! [`parse`](Expression::parse) reads it once into a tree (`parser`), folds constants, and writes a
//! tape of operations on rows of 128 numbers (`tape`), which runs for every group of samples:
//! reading the tape costs a branch for 128 numbers, a fraction of an addition of them.
//!
//! Why not a crate: those that are kept up (exmex, evalexpr) evaluate one number at a time and call
//! the system's `exp`, whose bits differ between machines, and their errors do not say at which
//! column they are.
//!
//! A condition is any value: 0 is false, every other number true. Both sides of `if(condition, a,
//! b)` are evaluated and one is chosen for each sample; NaN in the other one has no effect. A
//! condition that is NaN itself gives NaN, unless `and` or `or` holds by its other side.
//!
//! Linear time. No text overflows the stack: nesting is limited, and texts of some length are read
//! on a thread with its own stack, since the one that the user allows (`ulimit -s`) may be
//! small.

mod functions;
mod parser;
mod tape;

pub use functions::{Function, is_reserved, names};
pub use parser::Symbol;
pub use tape::Expression;

use std::fmt;

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misreading {
    /// Where, counted in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
    /// The text.
    pub text: String,
}

impl fmt::Display for Misreading {
    /// Three lines: what is wrong, the text, and an arrow that points at the column. One line where
    /// there is no text, or too much to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.trim().is_empty() {
            return f.write_str(&self.message);
        }
        // A tab or a line break in the text would put the arrow elsewhere.
        let shown: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let Misreading { column, message, .. } = self;
        write!(f, "{message}, at column {column}\n  {shown}\n  {:>column$}", '^')
    }
}

#[cfg(test)]
mod tests;
