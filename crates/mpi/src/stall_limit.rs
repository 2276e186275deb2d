//! How long a rank may be silent, and how the user sets that.
//!
//! This crate watches the ranks; the program has the option. So the program passes its name, and
//! messages about silent ranks mention it.

use std::fmt;
use std::time::Duration;

/// A limit on the silence of a rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StallLimit {
    /// How long a rank may be silent; zero means for ever.
    pub limit: Duration,
    /// The option that sets the limit; empty without one.
    pub set_by: &'static str,
}

/// As in `5m (--stall-timeout)`.
impl fmt::Display for StallLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = humantime::format_duration(self.limit);
        match self.set_by {
            "" => write!(f, "{limit}"),
            option => write!(f, "{limit} ({option})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_named_if_there_is_one() {
        let limit = Duration::from_secs(300);
        assert_eq!(StallLimit { limit, set_by: "--limit" }.to_string(), "5m (--limit)");
        assert_eq!(StallLimit { limit, set_by: "" }.to_string(), "5m");
    }
}
