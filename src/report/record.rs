//! Records: structs whose field declarations define JSON, CSV, text, the docs and the JSON Schema.
//!
//! Stands above `field`, which describes one field. `record!` declares a struct. A field's doc
//! comment is its description in docs/json.md, its type gives its kind, and the calls after `=>`
//! are methods of [`Field`] for everything special. So a new field of a result is one entry of its
//! struct:
//!
//! ```text
//! record! {
//!     /// How many samples there were.
//!     pub struct Total {
//!         /// Samples taken.
//!         pub samples: u64 as WIDE => .label("samples"),
//!     }
//! }
//! ```
//!
//! `record!(for Type { .. })` describes a struct that is declared elsewhere.

use super::field::{Field, Fields, Kind, Line};
use super::value::Value;

/// A struct described by its fields.
pub trait Record: Sized + 'static {
    /// The descriptions of its fields, in the order of JSON and CSV.
    const FIELDS: &'static [Field<Self>];

    /// Its fields as values.
    fn record(&self) -> Value {
        Fields(Self::FIELDS).record(self)
    }

    /// Its lines of the text form.
    fn lines(&self) -> Vec<Line> {
        Self::FIELDS.iter().flat_map(|field| field.text(self)).collect()
    }
}

/// A type for fields of a record.
pub trait FieldType: Sized + 'static {
    /// The kind of such a field.
    const KIND: Kind;
    /// The kind of a list of them.
    const LIST: Kind = Kind::List(&Self::KIND);
    /// Whether the field may be null.
    const MAY_BE_NULL: bool = false;
    /// Whether the field may be omitted.
    const MAY_BE_ABSENT: bool = false;

    /// The value.
    fn value(&self) -> Value;

    /// The value of a list of them.
    fn list(items: &[Self]) -> Value {
        items.iter().map(Self::value).collect()
    }

    /// Its default lines in the text form.
    fn lines(&self) -> Vec<Line> {
        Vec::new()
    }
}

/// Declares a record; see the module.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $about:literal])+
                $(#[serde($serde:meta)])?
                $field_vis:vis $field:ident: $type:ty $(as $kind:expr)? $(=> $(.$method:ident($($argument:tt)*))+)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[doc = $about])+ $(#[serde($serde)])? $field_vis $field: $type),*
        }
        $crate::report::record::record!(for $name {
            $($(#[doc = $about])+ $field: $type $(as $kind)? $(=> $(.$method($($argument)*))+)?),*
        });
    };
    (
        for $name:ty {
            $(
                $(#[doc = $about:literal])+
                $field:ident: $type:ty $(as $kind:expr)? $(=> $(.$method:ident($($argument:tt)*))+)?
            ),* $(,)?
        }
    ) => {
        impl $crate::report::record::Record for $name {
            const FIELDS: &'static [$crate::report::field::Field<Self>] = &[$(
                $crate::report::field::Field::<Self>::of::<$type>(
                    stringify!($field),
                    concat!($($about),+),
                    |it| $crate::report::record::FieldType::value(&it.$field),
                    |it| $crate::report::record::FieldType::lines(&it.$field),
                )$(.kind($kind))?$($(.$method($($argument)*))+)?
            ),*];
        }

        impl $crate::report::record::FieldType for $name {
            const KIND: $crate::report::field::Kind = $crate::report::field::Kind::Record(
                &$crate::report::field::Fields::<$name>(<$name as $crate::report::record::Record>::FIELDS),
            );
            const LIST: $crate::report::field::Kind = $crate::report::field::Kind::Rows(
                &$crate::report::field::Fields::<$name>(<$name as $crate::report::record::Record>::FIELDS),
            );

            fn value(&self) -> $crate::report::value::Value {
                $crate::report::record::Record::record(self)
            }

            fn lines(&self) -> Vec<$crate::report::field::Line> {
                $crate::report::record::Record::lines(self)
            }
        }
    };
}
pub(crate) use record;

/// Declares an enum whose variants are words in JSON, CSV and on the command line:
/// `Wilson = "wilson"`. The doc comment of a variant is its help line.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[doc = $about:literal])+ $(#[default $($default:tt)*])? $variant:ident = $word:literal),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis enum $name { $($(#[doc = $about])+ $(#[default $($default)*])? $variant),* }

        // Not every enum is an option.
        #[allow(dead_code)]
        impl $name {
            /// The values of an option: see `cli::choices::one_of`.
            $vis const CHOICES: &'static [(&'static str, $name, &'static str)] =
                &[$(($word, $name::$variant, concat!($($about),+))),*];

            /// The word for it.
            $vis const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl $crate::report::record::FieldType for $name {
            const KIND: $crate::report::field::Kind = $crate::report::field::Kind::Words(&[$($word),*]);

            fn value(&self) -> $crate::report::value::Value {
                $crate::report::value::Value::Text(self.word().to_owned())
            }
        }
    };
}
pub(crate) use words;

/// Types whose value is one call away.
macro_rules! field_types {
    ($($kind:ident: $($type:ty)|+ => |$it:ident| $value:expr;)*) => {
        $($(impl FieldType for $type {
            const KIND: Kind = Kind::$kind;

            fn value(&self) -> Value {
                let $it = self;
                $value
            }
        })+)*
    };
}

field_types! {
    Bool: bool => |it| Value::Bool(*it);
    Integer: u64 => |it| Value::Integer(*it);
    Integer: u8 | u32 => |it| Value::Integer((*it).into());
    Integer: usize => |it| Value::Integer(*it as u64);
    Wide: u128 | i128 => |it| Value::Text(it.to_string());
    Float: f64 => |it| Value::Float(*it);
    Result: serde_json::Value => |it| Value::Json(it.clone());
    Text: String | &'static str => |it| Value::Text(it.to_string());
}

impl<T: FieldType> FieldType for Option<T> {
    const KIND: Kind = T::KIND;
    const LIST: Kind = Kind::List(&Kind::OrNull(&T::KIND));
    const MAY_BE_NULL: bool = true;
    /// `None` is null; if nested, the outer one means that it was not requested.
    const MAY_BE_ABSENT: bool = T::MAY_BE_NULL;

    fn value(&self) -> Value {
        let none = if T::MAY_BE_NULL { Value::Absent } else { Value::Null };
        self.as_ref().map_or(none, T::value)
    }

    fn lines(&self) -> Vec<Line> {
        self.as_ref().map(T::lines).unwrap_or_default()
    }
}

impl<T: FieldType> FieldType for Vec<T> {
    const KIND: Kind = T::LIST;

    fn value(&self) -> Value {
        T::list(self)
    }
}

impl<T: FieldType, const N: usize> FieldType for [T; N] {
    const KIND: Kind = T::LIST;

    fn value(&self) -> Value {
        T::list(self)
    }
}

/// A name and a word; a list of them is an object.
impl FieldType for (&'static str, String) {
    const KIND: Kind = Kind::Text;
    const LIST: Kind = Kind::Map;

    fn value(&self) -> Value {
        Value::Text(format!("{}={}", self.0, self.1))
    }

    fn list(items: &[Self]) -> Value {
        Value::Map(items.iter().map(|(name, word)| ((*name).to_owned(), word.clone())).collect())
    }
}
