//! The value of a field of a result, and its form in JSON and CSV.
//!
//! Stands beside `field`, which describes a field. Integers that may exceed 2^53 are strings of
//! digits, in every result. JavaScript, jq before 1.7 and many others parse every JSON number as
//! f64, and a count of primes that is even slightly wrong is worthless.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::text::number;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not requested: omitted from JSON, an empty cell.
    Absent,
    /// There is none.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer below 2^53.
    Integer(u64),
    /// A floating-point number. Floats are written with the fewest digits that read back as the
    /// same bits, so equal results are equal bytes.
    Float(f64),
    /// Text, or the digits of a wide integer.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Names and words that differ from result to result.
    Map(Vec<(String, String)>),
    /// Fields in order.
    Record(Vec<(&'static str, Value)>),
    /// The result of another command, as JSON.
    Json(serde_json::Value),
}

impl Value {
    /// A CSV cell: values of a list are separated by spaces, those of a record by colons, names and
    /// words by semicolons. A semicolon or backslash in a word has a backslash before it.
    pub(super) fn cell(&self) -> String {
        match self {
            Value::Absent | Value::Null | Value::Json(_) => String::new(),
            Value::Record(fields) => fields.iter().map(|(_, value)| value.cell()).collect::<Vec<_>>().join(":"),
            Value::List(values) => values.iter().map(Value::cell).collect::<Vec<_>>().join(" "),
            Value::Map(words) => {
                let escaped = |word: &str| word.replace('\\', "\\\\").replace(';', "\\;");
                words.iter().map(|(name, word)| format!("{name}={}", escaped(word))).collect::<Vec<_>>().join(";")
            }
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => number(*value),
            Value::Text(value) => value.clone(),
        }
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Value {
        Value::List(values.into_iter().collect())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Absent | Value::Null => serializer.serialize_none(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_u64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Json(value) => value.serialize(serializer),
            Value::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                values.iter().try_for_each(|value| list.serialize_element(value))?;
                list.end()
            }
            Value::Map(words) => serializer.collect_map(words.iter().map(|(name, word)| (name, word))),
            Value::Record(fields) => {
                let mut map = serializer.serialize_map(None)?;
                let mut present = fields.iter().filter(|(_, value)| *value != Value::Absent);
                present.try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_semicolons_stay_apart_in_a_cell() {
        let cell = |words: &[(&str, &str)]| {
            Value::Map(words.iter().map(|&(name, word)| (name.to_owned(), word.to_owned())).collect()).cell()
        };
        assert_eq!(cell(&[("expression", "x; x^2"), ("bounds", "0:1")]), r"expression=x\; x^2;bounds=0:1");
        assert_eq!(cell(&[("function", r"a\:f")]), r"function=a\\:f");
    }
}
