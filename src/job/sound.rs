//! What jobs say of tallies that cannot be right: sentences for [`Job::check`](super::Job::check).

use std::fmt::Display;

/// `found` of `what` must be `expected`.
///
/// # Errors
/// A sentence.
pub fn equal<N: PartialEq + Display>(what: &str, found: N, expected: N) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found} where there are {expected}")) }
}

/// `found` of `what` is `most` at the most.
///
/// # Errors
/// A sentence.
pub fn at_most<N: PartialOrd + Display>(what: &str, found: N, most: N) -> Result<(), String> {
    if found <= most { Ok(()) } else { Err(format!("{what}: {found} where there are at most {most}")) }
}

/// Something that must hold, in words.
///
/// # Errors
/// A sentence.
pub fn holds(what: &str, does: bool) -> Result<(), String> {
    if does { Ok(()) } else { Err(format!("it does not hold that {what}")) }
}
