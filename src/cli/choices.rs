//! Options whose value is one of a few words, or `auto`.
//!
//! Stands beside `values`, which parses numbers and times.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// The parser of an option whose values are words: each with its word and its help line, as in
/// the `CHOICES` of an enum that `words!` declares.
///
/// # Panics
/// Never: clap only accepts words of the list.
pub fn one_of<T: Copy + Send + Sync + 'static>(
    choices: &'static [(&'static str, T, &'static str)],
) -> impl TypedValueParser<Value = T> {
    let words = choices.iter().map(|&(word, _, about)| PossibleValue::new(word).help(about.trim()));
    PossibleValuesParser::new(words).map(|text| {
        let choice = choices.iter().find(|(word, ..)| *word == text);
        choice.map(|&(_, value, _)| value).expect("clap checks the word")
    })
}

/// A value, or `auto`: the program decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrAuto<T> {
    /// `auto`.
    Auto,
    /// This value.
    Set(T),
}

/// The number of ranks without a launcher; auto is one per core.
pub type Ranks = OrAuto<NonZeroU64>;
/// The number of blocks handed out at a time.
pub type Chunk = OrAuto<NonZeroU64>;
/// The time after which a job stops; auto is shortly before the scheduler ends it.
pub type TimeLimit = OrAuto<Duration>;

impl<T> OrAuto<T> {
    /// The value, unless the program decides.
    pub fn set(self) -> Option<T> {
        match self {
            OrAuto::Auto => None,
            OrAuto::Set(value) => Some(value),
        }
    }
}

impl<T: fmt::Display> fmt::Display for OrAuto<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrAuto::Auto => f.write_str("auto"),
            OrAuto::Set(value) => value.fmt(f),
        }
    }
}

/// The parser of a value or `auto`, from that of the value.
pub fn or_auto<T>(
    parse: impl Fn(&str) -> Result<T, String> + Clone,
) -> impl Fn(&str) -> Result<OrAuto<T>, String> + Clone {
    move |text| match text {
        "auto" => Ok(OrAuto::Auto),
        text => parse(text).map(OrAuto::Set).map_err(|error| format!("{error} (or auto)")),
    }
}
