//! What `gcd --serialise` says of its run: what messages took.

use crate::report::Extra;
use crate::report::field::{FLOAT, Field, Fields, Kind};
use crate::report::value::Value;

/// What went into messages, and what into work: all ranks together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Serialised {
    /// Seconds of encoding, sending, waiting for what is sent, and decoding.
    pub message_seconds: f64,
    /// Seconds in the kernel.
    pub compute_seconds: f64,
    /// The first of both.
    pub share: f64,
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

static TIMES: Fields<Serialised> = Fields(&[
    Field::<Serialised>::new("message_seconds", FLOAT, "Seconds of encoding, sending, waiting and decoding.", |it| {
        it.message_seconds.into()
    }),
    Field::<Serialised>::new("compute_seconds", FLOAT, "Seconds in the kernel.", |it| it.compute_seconds.into()),
    Field::<Serialised>::new("share", FLOAT, "The first over both.", |it| it.share.into()),
]);

/// The fields that `gcd` adds to a run.
pub static SERIALISED: Fields<Serialised> = Fields(&[Field::<Serialised>::new(
    "serialised",
    Kind::Record(&TIMES),
    "What messages took and what work took, all ranks together.",
    |it| -> Value { TIMES.record(it) },
)
.optional()]);

impl From<Serialised> for Extra {
    fn from(serialised: Serialised) -> Extra {
        Extra::of(&SERIALISED, &serialised).with_lines([serialised.line()])
    }
}
