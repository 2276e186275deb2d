//! The description of a field, from which JSON, CSV, text and the JSON Schema follow.
//!
//! Stands between `record`, which makes the fields of a struct, and `value`, the contents of a
//! field.

use serde_json::{Map, json};

pub use super::kind::{Kind, ROUNDED, WIDE};
use super::record::FieldType;
use super::value::Value;

/// A label and a text: one line of the text form.
pub type Line = (&'static str, String);

/// One field of a result `R`.
pub struct Field<R> {
    description: Description,
    get: fn(&R) -> Value,
    lines: Lines<R>,
}

/// The lines of a field in the text form.
enum Lines<R> {
    /// The value after a label, unless it is absent or null.
    Value(&'static str),
    One(&'static str, fn(&R) -> Option<String>),
    Written(fn(&R) -> Vec<Line>),
}

impl<R> Field<R> {
    /// A field that every result has. `about` is for docs and schema: full sentences.
    pub const fn new(name: &'static str, kind: Kind, about: &'static str, get: fn(&R) -> Value) -> Field<R> {
        let (column, absent) = (Column::Named(name), Absent::Never);
        let description = Description { name, kind, about, absent, may_be_null: false, is_flat: false, column };
        Field { description, get, lines: Lines::Written(|_| Vec::new()) }
    }

    /// A field whose kind and lines follow from its type, as made by `record!`.
    pub const fn of<T: FieldType>(
        name: &'static str,
        about: &'static str,
        get: fn(&R) -> Value,
        lines: fn(&R) -> Vec<Line>,
    ) -> Field<R> {
        let Field { description, .. } = Field::new(name, T::KIND, about, get);
        let absent = if T::MAY_BE_ABSENT { Absent::Asked } else { Absent::Never };
        let column = if matches!(T::KIND, Kind::Rows(_)) { Column::Named("") } else { description.column };
        let description = Description { absent, may_be_null: T::MAY_BE_NULL, column, ..description };
        Field { description, get, lines: Lines::Written(lines) }
    }

    /// Sets a kind other than that of the type.
    pub const fn kind(self, kind: Kind) -> Field<R> {
        let column = Column::Named(self.description.name);
        Field { description: Description { kind, column, ..self.description }, ..self }
    }

    /// The field may be null.
    pub const fn nullable(self) -> Field<R> {
        Field { description: Description { may_be_null: true, ..self.description }, ..self }
    }

    /// The field is omitted instead of being null, or an empty list.
    pub const fn optional(self) -> Field<R> {
        let absent = match self.description.kind {
            _ if self.description.may_be_null => Absent::Null,
            Kind::List(_) | Kind::Rows(_) => Absent::Empty,
            _ => panic!("only an Option or a list can be left out"),
        };
        Field { description: Description { absent, may_be_null: false, ..self.description }, ..self }
    }

    /// Its own fields replace it.
    pub const fn flat(self) -> Field<R> {
        Field { description: Description { is_flat: true, ..self.description }, ..self }
    }

    /// Its column in CSV, or the prefix for the fields of a record or row; "" means no prefix.
    pub const fn column(self, column: &'static str) -> Field<R> {
        Field { description: Description { column: Column::Named(column), ..self.description }, ..self }
    }

    /// CSV has no column for it.
    pub const fn without_column(self) -> Field<R> {
        Field { description: Description { column: Column::None, ..self.description }, ..self }
    }

    /// The text form has a line with this label and the value, if there is one.
    pub const fn label(self, label: &'static str) -> Field<R> {
        Field { lines: Lines::Value(label), ..self }
    }

    /// The text form has this line, if `text` returns one.
    pub const fn line(self, label: &'static str, text: fn(&R) -> Option<String>) -> Field<R> {
        Field { lines: Lines::One(label, text), ..self }
    }

    /// The text form has these lines.
    pub const fn lines(self, lines: fn(&R) -> Vec<Line>) -> Field<R> {
        Field { lines: Lines::Written(lines), ..self }
    }

    /// Its lines of the text form.
    pub(super) fn text(&self, result: &R) -> Vec<Line> {
        match self.lines {
            Lines::Written(lines) => lines(result),
            Lines::One(label, text) => text(result).map(|text| (label, text)).into_iter().collect(),
            Lines::Value(label) => match (self.get)(result) {
                Value::Absent | Value::Null => Vec::new(),
                value => vec![(label, self.description.kind.text(&value))],
            },
        }
    }
}

/// The fields of a record, as a value to refer to.
pub struct Fields<R: 'static>(pub &'static [Field<R>]);

impl<R> Fields<R> {
    /// Names and values, with a flat field replaced by its own: one for each of
    /// [`Described::describe`].
    ///
    /// # Panics
    /// In tests and debug builds: when a value is not of the field's kind.
    pub fn record(&self, result: &R) -> Value {
        let mut values = Vec::new();
        for Field { description, get, .. } in self.0 {
            let value = description.fit(get(result));
            debug_assert!(description.holds(&value), "{} is {value:?}", description.name);
            match value {
                Value::Record(fields) if description.is_flat => values.extend(fields),
                _ if description.is_flat => {
                    values.extend(description.flattened().iter().map(|field| (field.name, Value::Absent)));
                }
                value => values.push((description.name, value)),
            }
        }
        Value::Record(values)
    }
}

/// The description of a field without a result: for columns and for the schema.
#[derive(Clone, Copy)]
pub struct Description {
    /// Its name in JSON.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// What it means.
    pub about: &'static str,
    absent: Absent,
    may_be_null: bool,
    /// Its fields replace it.
    is_flat: bool,
    column: Column,
}

/// When a field is omitted.
#[derive(Clone, Copy, PartialEq)]
enum Absent {
    Never,
    /// If it was not requested.
    Asked,
    /// Instead of null.
    Null,
    /// Instead of an empty list.
    Empty,
}

/// The column of a field in CSV.
#[derive(Clone, Copy)]
enum Column {
    None,
    /// With this name, or with this prefix for a record's fields.
    Named(&'static str),
}

/// A table of fields with descriptions, of any record.
pub trait Described {
    /// One for each field.
    fn describe(&self) -> Vec<Description>;

    /// The cells of a record with these fields; `row` selects from its lists of records.
    fn cells(&self, record: &Value, row: usize) -> Vec<String> {
        let Value::Record(values) = record else { return Vec::new() };
        self.describe().iter().zip(values).flat_map(|(field, (_, value))| field.cells(value, row)).collect()
    }

    /// How many rows a record with these fields has: its longest list of records, at least 1.
    fn rows(&self, record: &Value) -> usize {
        let Value::Record(values) = record else { return 1 };
        self.describe().iter().zip(values).filter_map(|(field, (_, value))| field.rows(value)).max().unwrap_or(1).max(1)
    }
}

impl<R> Described for Fields<R> {
    fn describe(&self) -> Vec<Description> {
        self.0.iter().flat_map(|field| field.description.flattened()).collect()
    }
}

impl Description {
    /// Itself, or its fields if it is flat.
    fn flattened(&self) -> Vec<Description> {
        match self.kind {
            Kind::Record(fields) if self.is_flat => {
                let absent = |field: Description| if self.may_be_null { Absent::Null } else { field.absent };
                let has_columns = !matches!(self.column, Column::None);
                let column = |field: Description| if has_columns { field.column } else { Column::None };
                let flat = |field| Description { absent: absent(field), column: column(field), ..field };
                fields.describe().into_iter().map(flat).collect()
            }
            _ => vec![*self],
        }
    }

    /// Whether it may be omitted.
    fn may_be_absent(&self) -> bool {
        self.absent != Absent::Never
    }

    /// Converts a value to this field's kind.
    fn fit(&self, value: Value) -> Value {
        match (self.absent, value) {
            (Absent::Null, Value::Null) => Value::Absent,
            (Absent::Empty, Value::List(list)) if list.is_empty() => Value::Absent,
            (_, value) => self.kind.fit(value),
        }
    }

    /// Whether this field may have a value.
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Absent => self.may_be_absent(),
            Value::Null => self.may_be_null,
            value => self.kind.holds(value),
        }
    }

    /// The names of its columns, prefixed with `before`.
    pub(super) fn columns(&self, before: &str) -> Vec<String> {
        let Column::Named(own) = self.column else { return Vec::new() };
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
    fn rows(&self, value: &Value) -> Option<usize> {
        match (self.kind, value) {
            _ if matches!(self.column, Column::None) => None,
            (Kind::Rows(_), Value::List(rows)) => Some(rows.len()),
            _ => None,
        }
    }

    /// The cells of a value, one for each column; `row` selects from a list of records.
    fn cells(&self, value: &Value, row: usize) -> Vec<String> {
        let empty = || vec![String::new(); self.columns("").len()];
        match (self.kind, value) {
            _ if matches!(self.column, Column::None) => Vec::new(),
            (_, Value::Absent | Value::Null) => empty(),
            (Kind::Interval, Value::List(ends)) => ends.iter().map(Value::cell).collect(),
            (Kind::Record(fields), value) => fields.cells(value, 0),
            (Kind::Rows(fields), Value::List(rows)) => rows.get(row).map_or_else(empty, |value| fields.cells(value, 0)),
            (_, value) => vec![value.cell()],
        }
    }

    /// The name of its type.
    pub(super) fn word(&self) -> String {
        let null = if self.may_be_null { " or null" } else { "" };
        let optional = if self.may_be_absent() { ", optional" } else { "" };
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
        schema["description"] = self.about.trim().into();
        schema
    }
}

/// The JSON Schema of an object with exactly these fields.
pub fn schema(fields: &[Description]) -> serde_json::Value {
    let properties: Map<String, serde_json::Value> =
        fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let required: Vec<&str> = fields.iter().filter(|field| !field.may_be_absent()).map(|field| field.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
