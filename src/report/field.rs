//! The one description of a result: a table of its fields, from which JSON, CSV, text and the JSON
//! Schema follow.
//!
//! Stands beside `value`, which has what a field holds. A field says its name, what it means, of
//! what kind it is, and how it is read from the result; with [`Field::label`] or [`Field::lines`]
//! it has lines in the text form, too. So a new field of a result is one entry of its table.
//!
//! ```text
//! const FIELDS: &'static [Field<Total>] = &[
//!     Field::<Self>::new("samples", WIDE, "Samples taken.", |total| wide(total.samples)).label("samples"),
//! ];
//! ```

use serde_json::{Map, json};

use super::value::Value;

/// Of what kind a field is: the same for every result of a command.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// An integer below 2^53, which every reader of JSON keeps exactly.
    Integer,
    /// An integer that may be larger: a string of decimal digits in JSON.
    Wide,
    /// A floating-point number, with as many digits as give the same bits back.
    Float,
    /// A text.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Two floating-point numbers, low and high. Two columns.
    Interval,
    /// A record of fields. As many columns, with the field's name before theirs.
    Record(&'static (dyn Described + Sync)),
    /// A list of records. In CSV a row each.
    Rows(&'static (dyn Described + Sync)),
    /// A list of simple values. One column.
    List(&'static Kind),
    /// An object of texts under names that differ from result to result. One column.
    Map,
}

/// Shorthands of kinds, so that tables read well.
pub const BOOL: Kind = Kind::Bool;
/// See [`Kind::Integer`].
pub const INTEGER: Kind = Kind::Integer;
/// See [`Kind::Wide`].
pub const WIDE: Kind = Kind::Wide;
/// See [`Kind::Float`].
pub const FLOAT: Kind = Kind::Float;
/// See [`Kind::Text`].
pub const TEXT: Kind = Kind::Text;

/// A label and a text: one line of the text form.
pub type Line = (&'static str, String);

/// One field of a result `R`.
pub struct Field<R> {
    description: Description,
    get: fn(&R) -> Value,
    lines: Lines<R>,
}

/// What the text form has of a field.
enum Lines<R> {
    None,
    /// The value behind a label, unless it is absent or null.
    Value(&'static str),
    One(&'static str, fn(&R) -> Option<String>),
    Written(fn(&R) -> Vec<Line>),
}

impl<R> Field<R> {
    /// A field that every result has. `about` is for docs and schema: full sentences.
    pub const fn new(name: &'static str, kind: Kind, about: &'static str, get: fn(&R) -> Value) -> Field<R> {
        let description =
            Description { name, kind, about, may_be_absent: false, may_be_null: false, column: None, in_csv: true };
        Field { description, get, lines: Lines::None }
    }

    /// It is left out where nobody asked for it.
    pub const fn optional(self) -> Field<R> {
        Field { description: Description { may_be_absent: true, ..self.description }, ..self }
    }

    /// It is null where there is none.
    pub const fn nullable(self) -> Field<R> {
        Field { description: Description { may_be_null: true, ..self.description }, ..self }
    }

    /// CSV has this name, or this before the names of a record's or row's fields; "": theirs alone.
    pub const fn column(self, column: &'static str) -> Field<R> {
        Field { description: Description { column: Some(column), ..self.description }, ..self }
    }

    /// The text form has a line with the value behind this label, where there is one.
    pub const fn label(self, label: &'static str) -> Field<R> {
        Field { lines: Lines::Value(label), ..self }
    }

    /// The text form has this line, where there is something to say.
    pub const fn line(self, label: &'static str, text: fn(&R) -> Option<String>) -> Field<R> {
        Field { lines: Lines::One(label, text), ..self }
    }

    /// CSV has no column for it.
    pub const fn without_column(self) -> Field<R> {
        Field { description: Description { in_csv: false, ..self.description }, ..self }
    }

    /// The text form has these lines.
    pub const fn lines(self, lines: fn(&R) -> Vec<Line>) -> Field<R> {
        Field { lines: Lines::Written(lines), ..self }
    }

    /// Its cells of the CSV form; of a list of records the first.
    pub(super) fn cells(&self, result: &R) -> Vec<String> {
        self.description.cells(&(self.get)(result), 0)
    }

    /// Its lines of the text form.
    pub(super) fn text(&self, result: &R) -> Vec<Line> {
        match self.lines {
            Lines::None => Vec::new(),
            Lines::Written(lines) => lines(result),
            Lines::One(label, text) => text(result).map(|text| (label, text)).into_iter().collect(),
            Lines::Value(label) => match (self.get)(result) {
                Value::Absent | Value::Null => Vec::new(),
                value => vec![(label, value.cell())],
            },
        }
    }
}

/// The fields of a record that is part of a result, as a thing to refer to.
pub struct Fields<R: 'static>(pub &'static [Field<R>]);

impl<R> Fields<R> {
    /// The record of these fields.
    pub fn record(&self, result: &R) -> Value {
        record(self.0, result)
    }

    /// The list of the records of some things.
    pub fn rows<'r>(&self, results: impl IntoIterator<Item = &'r R>) -> Value
    where
        R: 'r,
    {
        Value::List(results.into_iter().map(|result| self.record(result)).collect())
    }
}

/// The record of a table of fields.
///
/// # Panics
/// In tests and debug builds: when a value is not of the field's kind.
pub fn record<R>(fields: &[Field<R>], result: &R) -> Value {
    let value = |field: &Field<R>| {
        let value = (field.get)(result);
        debug_assert!(field.description.holds(&value), "{} is {value:?}", field.description.name);
        (field.description.name, value)
    };
    Value::Record(fields.iter().map(value).collect())
}

/// A field without its result: for columns and for the schema.
#[derive(Clone, Copy)]
pub struct Description {
    /// Its name in JSON.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// What it means.
    pub about: &'static str,
    may_be_absent: bool,
    may_be_null: bool,
    /// What CSV has instead of the name.
    column: Option<&'static str>,
    in_csv: bool,
}

/// What has descriptions: a table of fields, whatever it is of.
pub trait Described {
    /// One for each field.
    fn describe(&self) -> Vec<Description>;
}

impl<R> Described for Fields<R> {
    fn describe(&self) -> Vec<Description> {
        self.0.describe()
    }
}

impl<R> Described for [Field<R>] {
    fn describe(&self) -> Vec<Description> {
        self.iter().map(|field| field.description).collect()
    }
}

impl Description {
    /// Whether a value is such as this field may have.
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Absent => self.may_be_absent,
            Value::Null => self.may_be_null,
            value => self.kind.holds(value),
        }
    }

    /// The names of its columns, behind `before`.
    pub(super) fn columns(&self, before: &str) -> Vec<String> {
        if !self.in_csv {
            return Vec::new();
        }
        let own = self.column.unwrap_or(match self.kind {
            Kind::Rows(_) => "",
            _ => self.name,
        });
        let joined =
            |last: &str| [before, own, last].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
        match self.kind {
            Kind::Interval => vec![joined("low"), joined("high")],
            Kind::Record(fields) | Kind::Rows(fields) => {
                fields.describe().iter().flat_map(|field| field.columns(&joined(""))).collect()
            }
            _ => vec![joined("")],
        }
    }

    /// How many rows a list of records has.
    pub(super) fn rows(&self, value: &Value) -> Option<usize> {
        match (self.kind, value) {
            (Kind::Rows(_), Value::List(rows)) => Some(rows.len()),
            _ => None,
        }
    }

    /// The cells of a value, as many as there are columns; of a list of records `row`.
    pub(super) fn cells(&self, value: &Value, row: usize) -> Vec<String> {
        let empty = || vec![String::new(); self.columns("").len()];
        match (self.kind, value) {
            _ if !self.in_csv => Vec::new(),
            (_, Value::Absent | Value::Null) => empty(),
            (Kind::Interval, Value::List(ends)) => ends.iter().map(Value::cell).collect(),
            (Kind::Record(fields), value) => cells(fields, value),
            (Kind::Rows(fields), Value::List(rows)) => rows.get(row).map_or_else(empty, |value| cells(fields, value)),
            (_, value) => vec![value.cell()],
        }
    }

    /// Its type in words.
    pub(super) fn word(&self) -> String {
        let null = if self.may_be_null { " or null" } else { "" };
        let optional = if self.may_be_absent { ", optional" } else { "" };
        format!("{}{null}{optional}", self.kind.word())
    }

    /// Its entry of a JSON Schema (draft 2020-12).
    fn schema(&self) -> serde_json::Value {
        let mut schema = self.kind.schema();
        if self.may_be_null {
            schema = match schema["type"].as_str() {
                Some(kind) if schema.get("enum").is_none() => {
                    let kind = json!([kind, "null"]);
                    schema["type"] = kind;
                    schema
                }
                _ => json!({"anyOf": [schema, {"type": "null"}]}),
            };
        }
        schema["description"] = self.about.into();
        schema
    }
}

fn cells(fields: &dyn Described, value: &Value) -> Vec<String> {
    let Value::Record(values) = value else { return Vec::new() };
    fields.describe().iter().zip(values).flat_map(|(field, (_, value))| field.cells(value, 0)).collect()
}

impl Kind {
    fn holds(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Bool, Value::Bool(_)) | (Kind::Integer, Value::Integer(_)) | (Kind::Float, Value::Float(_)) => true,
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
            (Kind::Map, Value::Map(_)) => true,
            _ => false,
        }
    }

    fn schema(self) -> serde_json::Value {
        match self {
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Integer => json!({"type": "integer"}),
            Kind::Wide => json!({"type": "string", "pattern": "^-?[0-9]+$"}),
            Kind::Float => json!({"type": "number"}),
            Kind::Text => json!({"type": "string"}),
            Kind::Words(words) => json!({"enum": words}),
            Kind::Interval => json!({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
            Kind::Record(fields) => schema(&fields.describe()),
            Kind::Rows(fields) => json!({"type": "array", "items": schema(&fields.describe())}),
            Kind::List(kind) => json!({"type": "array", "items": kind.schema()}),
            Kind::Map => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        }
    }

    /// In a word, for docs/json.md.
    fn word(self) -> String {
        match self {
            Kind::Bool => "boolean".to_owned(),
            Kind::Integer => "integer".to_owned(),
            Kind::Wide => "string (digits)".to_owned(),
            Kind::Float => "number".to_owned(),
            Kind::Text => "string".to_owned(),
            Kind::Words(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Kind::Interval => "[low, high]".to_owned(),
            Kind::Record(_) => "object".to_owned(),
            Kind::Rows(_) => "list of objects".to_owned(),
            Kind::List(Kind::Record(_)) => "list of objects".to_owned(),
            Kind::List(kind) => format!("list: {}", kind.word()),
            Kind::Map => "object of strings".to_owned(),
        }
    }
}

/// The JSON Schema of an object with these fields and no other.
pub fn schema(fields: &[Description]) -> serde_json::Value {
    let properties: Map<String, serde_json::Value> =
        fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let required: Vec<&str> = fields.iter().filter(|field| !field.may_be_absent).map(|field| field.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
