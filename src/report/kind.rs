//! The kinds of fields: what JSON, CSV and the JSON Schema have for each.
//!
//! Stands beside `field`: each field of a result is of one kind.

use serde_json::json;

use super::field::{Described, schema};
use super::rounded::{grouped, significant};
use super::value::Value;

/// The kind of a field: the same for every result of a command.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// An integer below 2^53, which every JSON parser keeps exactly.
    Integer,
    /// An integer that may be larger: a string of decimal digits in JSON.
    Wide,
    /// A floating-point number, with enough digits to restore its bits.
    Float,
    /// Such a number to six decimals: clocks are not accurate below a microsecond.
    Rounded,
    /// A text.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Two floating-point numbers, low and high. Two columns.
    Interval,
    /// A record of fields. One column for each, prefixed with the field's name.
    Record(&'static (dyn Described + Sync)),
    /// A list of records. In CSV one row each.
    Rows(&'static (dyn Described + Sync)),
    /// A list of simple values. One column.
    List(&'static Kind),
    /// Null, or of this kind; in a list.
    OrNull(&'static Kind),
    /// The result of a command, in its own form. No column.
    Result,
    /// An object of texts under names that differ from result to result. One column.
    Map,
}

/// Short names of kinds, for records.
pub const WIDE: Kind = Kind::Wide;
/// See [`Kind::Rounded`].
pub const ROUNDED: Kind = Kind::Rounded;

/// Digits of a float in the text form that has no error to end at.
const SHOWN_DIGITS: i32 = 6;

impl Kind {
    /// Converts a value to this kind.
    pub(super) fn fit(self, value: Value) -> Value {
        match (self, value) {
            (Kind::Wide, Value::Integer(integer)) => Value::Text(integer.to_string()),
            (Kind::Rounded, Value::Float(value)) => Value::Float((value * 1e6).round() / 1e6),
            (Kind::List(kind), Value::List(list)) => list.into_iter().map(|value| kind.fit(value)).collect(),
            (_, value) => value,
        }
    }

    pub(super) fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Bool, Value::Bool(_)) => true,
            (Kind::Integer, Value::Integer(integer)) => *integer < 1 << 53,
            (Kind::Float | Kind::Rounded, Value::Float(_)) => true,
            (Kind::Wide, Value::Text(digits)) => {
                let digits = digits.strip_prefix('-').unwrap_or(digits);
                !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
            }
            (Kind::Text, Value::Text(_)) => true,
            (Kind::Words(words), Value::Text(word)) => words.contains(&&**word),
            (Kind::Interval, Value::List(ends)) => ends.len() == 2,
            (Kind::Record(_), Value::Record(_)) => true,
            (Kind::Rows(_), Value::List(rows)) => rows.iter().all(|row| matches!(row, Value::Record(_))),
            (Kind::List(kind), Value::List(list)) => list.iter().all(|value| kind.holds(value)),
            (Kind::OrNull(kind), value) => *value == Value::Null || kind.holds(value),
            (Kind::Result, Value::Json(_)) => true,
            (Kind::Map, Value::Map(_)) => true,
            _ => false,
        }
    }

    /// A value in the text form: digits in groups, floats to a few.
    pub(super) fn text(self, value: &Value) -> String {
        match (self, value) {
            (Kind::Integer | Kind::Wide, value) => grouped(&value.cell()),
            (Kind::Float | Kind::Rounded, Value::Float(x)) => significant(*x, SHOWN_DIGITS),
            (Kind::List(kind), Value::List(values)) => {
                values.iter().map(|value| kind.text(value)).collect::<Vec<_>>().join("  ")
            }
            (_, value) => value.cell(),
        }
    }

    pub(super) fn schema(self) -> serde_json::Value {
        match self {
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Integer => json!({"type": "integer"}),
            Kind::Wide => json!({"type": "string", "pattern": "^-?[0-9]+$"}),
            Kind::Float | Kind::Rounded => json!({"type": "number"}),
            Kind::Text => json!({"type": "string"}),
            Kind::Words(words) => json!({"enum": words}),
            Kind::Interval => json!({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
            Kind::Record(fields) => schema(&fields.describe()),
            Kind::Rows(fields) => json!({"type": "array", "items": schema(&fields.describe())}),
            Kind::List(kind) => json!({"type": "array", "items": kind.schema()}),
            Kind::OrNull(kind) => json!({"anyOf": [kind.schema(), {"type": "null"}]}),
            Kind::Result => json!({"type": "object"}),
            Kind::Map => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        }
    }

    /// Its name, for docs/json.md.
    pub(super) fn word(self) -> String {
        match self {
            Kind::Bool => "boolean".to_owned(),
            Kind::Integer => "integer".to_owned(),
            Kind::Wide => "string (digits)".to_owned(),
            Kind::Float | Kind::Rounded => "number".to_owned(),
            Kind::Text => "string".to_owned(),
            Kind::Words(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Kind::Interval => "[low, high]".to_owned(),
            Kind::Record(_) => "object".to_owned(),
            Kind::Rows(_) => "list of objects".to_owned(),
            Kind::List(Kind::Record(_)) => "list of objects".to_owned(),
            Kind::List(kind) => format!("list: {}", kind.word()),
            Kind::OrNull(kind) => format!("{} or null", kind.word()),
            Kind::Result => "object".to_owned(),
            Kind::Map => "object of strings".to_owned(),
        }
    }
}
