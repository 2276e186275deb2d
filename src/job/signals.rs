//! Signals as flags: a first one asks the engine to stop in good order, a second one ends the process at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The signals seen so far.
#[derive(Clone, Debug)]
pub struct Signals {
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens for SIGINT and SIGTERM from now on.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Signals> {
        let seen = Arc::new(AtomicBool::new(false));
        let last = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM] {
            // Order matters: the shutdown looks at the flag before the next handler raises it.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&seen))?;
            flag::register(signal, Arc::clone(&seen))?;
            flag::register_usize(signal, Arc::clone(&last), signal as usize)?;
        }
        Ok(Signals { last })
    }

    /// The signal that asks us to stop, if one came.
    pub fn pending(&self) -> Option<i32> {
        match self.last.load(Relaxed) {
            0 => None,
            signal => Some(signal as i32),
        }
    }
}

/// A signal's name.
pub fn name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "SIGINT",
        SIGTERM => "SIGTERM",
        _ => "a signal",
    }
}
