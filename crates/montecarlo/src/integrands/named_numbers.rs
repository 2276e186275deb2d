//! The numbers of `--set a=2,b=pi/3`: names of the user's own for the expression and its bounds.
//!
//! Each value is an expression without variables, which may use the names before it. A name that
//! means something else already is refused, and so is one that is never used: both are mistakes of
//! typing that would otherwise change the result without a word.

use std::sync::atomic::{AtomicBool, Ordering};

use super::domain::split;
use crate::expression::{Expression, Misreading, Symbol, is_reserved};

/// Names with their values, in order.
#[derive(Debug, Default)]
pub(super) struct NamedNumbers(Vec<NamedNumber>);

#[derive(Debug)]
struct NamedNumber {
    name: String,
    value: f64,
    is_used: AtomicBool,
}

impl NamedNumbers {
    /// Reads `NAME=VALUE,...`; nothing where the text is empty. `is_variable` says which names are
    /// taken.
    ///
    /// # Errors
    /// A sentence for the user.
    pub(super) fn parse(text: &str, is_variable: impl Fn(&str) -> bool) -> Result<NamedNumbers, String> {
        let mut known = NamedNumbers::default();
        if text.is_empty() {
            return Ok(known);
        }
        for pair in split(text) {
            let Some((name, value)) = pair.split_once('=') else {
                return Err("write it like a=2 or a=2,b=pi/3".to_owned());
            };
            let name = name.trim();
            known.check_name(name, &is_variable)?;
            let value = known.constant(value).map_err(|why| format!("in '{pair}', {why}"))?;
            if !value.is_finite() {
                return Err(format!("in '{pair}', the value is no finite number"));
            }
            known.0.push(NamedNumber { name: name.to_owned(), value, is_used: AtomicBool::new(false) });
        }
        Ok(known)
    }

    fn check_name(&self, name: &str, is_variable: impl Fn(&str) -> bool) -> Result<(), String> {
        let starts_well = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !starts_well || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            Err(format!("'{name}' is no name; a name has letters, digits and _, and no digit first"))
        } else if is_variable(name) {
            Err(format!("'{name}' is the name of a variable"))
        } else if is_reserved(name) {
            Err(format!("'{name}' has a meaning in expressions already"))
        } else if self.0.iter().any(|known| known.name == name) {
            Err(format!("'{name}' is set twice"))
        } else {
            Ok(())
        }
    }

    /// What a name is, if it is one of these; it then counts as used.
    pub(super) fn symbol(&self, name: &str) -> Option<Symbol> {
        let known = self.0.iter().find(|known| known.name == name)?;
        known.is_used.store(true, Ordering::Relaxed);
        Some(Symbol::Number(known.value))
    }

    /// The value of an expression without variables.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn constant(&self, text: &str) -> Result<f64, String> {
        let known = format!("a number is expected, like 2, -1.5 or pi/2{}", self.listed(", or "));
        let read = Expression::parse(text, 0, &|name| self.symbol(name), &known);
        read.map(Expression::constant).map_err(|Misreading { message, .. }| message)
    }

    /// The first name that nothing has used.
    pub(super) fn unused(&self) -> Option<&str> {
        self.0.iter().find(|known| !known.is_used.load(Ordering::Relaxed)).map(|known| known.name.as_str())
    }

    /// The names behind `prefix`; nothing where there are none.
    pub(super) fn listed(&self, prefix: &str) -> String {
        let names: Vec<&str> = self.0.iter().map(|known| known.name.as_str()).collect();
        if names.is_empty() { String::new() } else { format!("{prefix}{}", names.join(" ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NamedNumbers, String> {
        NamedNumbers::parse(text, |name| name == "x")
    }

    #[test]
    fn values_use_the_names_before_them() {
        let numbers = read("a=2, b=max(a, 3)/2,c_1=-b").expect("right");
        assert_eq!(numbers.symbol("b"), Some(Symbol::Number(1.5)));
        assert_eq!((numbers.constant("a*c_1"), numbers.symbol("d")), (Ok(-3.0), None));
        assert_eq!(numbers.listed(": "), ": a b c_1");
        assert_eq!((read("").expect("none").listed(": "), read("").expect("none").unused()), (String::new(), None));
    }

    #[test]
    fn a_name_without_a_use_is_found() {
        let numbers = read("a=2,b=3,c=4*a").expect("right");
        assert_eq!(numbers.unused(), Some("b"));
        assert!(numbers.symbol("b").is_some());
        assert_eq!(numbers.unused(), Some("c"));
        assert!(numbers.symbol("c").is_some());
        assert_eq!(numbers.unused(), None);
    }

    #[test]
    fn refusals() {
        let texts =
            ["a", "2=3", "a b=3", "=3", "x=1", "pi=3", "sin=1", "and=1", "a=1,a=2", "a=b", "a=x", "a=1/0", "a="];
        let refusals: Vec<String> = texts.iter().map(|text| read(text).expect_err(text)).collect();
        insta::assert_snapshot!(refusals.join("\n"));
    }
}
