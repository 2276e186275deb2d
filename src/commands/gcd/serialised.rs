//! What `gcd --serialise` says of its run: what messages took.

use crate::report::Extra;
use crate::report::record::record;

record! {
    /// What went into messages, and what into work: all ranks together.
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
    /// From the two.
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
    pub struct Measured {
        /// What messages took and what work took, all ranks together.
        pub serialised: Option<Serialised> => .optional(),
    }
}

impl From<Serialised> for Extra {
    fn from(serialised: Serialised) -> Extra {
        Extra::of(&Measured { serialised: Some(serialised) }).with_lines([serialised.line()])
    }
}
