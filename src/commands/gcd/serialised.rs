//! The cost of messages, for `gcd --serialise`.

use crate::report::Extra;
use crate::report::record::record;

record! {
    /// Time spent on messages and on work, summed over all ranks.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Serialised {
        /// Seconds of encoding, sending, waiting and decoding.
        pub message_seconds: f64,
        /// Seconds in the kernel.
        pub compute_seconds: f64,
        /// The first over both.
        pub share: f64,
    }
}

impl Serialised {
    /// From the two times.
    pub fn new(message_seconds: f64, compute_seconds: f64) -> Serialised {
        let both = message_seconds + compute_seconds;
        let share = if both > 0.0 { message_seconds / both } else { 0.0 };
        Serialised { message_seconds, compute_seconds, share }
    }

    /// One line for people.
    fn line(&self) -> String {
        let Serialised { message_seconds, compute_seconds, share } = self;
        format!("messages took {:.1} % of the time: {message_seconds:.6} s, work {compute_seconds:.6} s", 100.0 * share)
    }
}

record! {
    /// What `gcd` adds to a run.
    pub struct GcdRun {
        /// What messages took and what work took, all ranks together.
        pub serialised: Option<Serialised> => .optional(),
    }
}

impl From<Serialised> for Extra {
    fn from(serialised: Serialised) -> Extra {
        Extra::of(&GcdRun { serialised: Some(serialised) }).with_lines([serialised.line()])
    }
}
