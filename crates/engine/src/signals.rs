//! Signals as flags: some ask for a stop, one asks for a save. A second Ctrl-C ends the process at
//! once.
//!
//! | signal | asks for |
//! |---|---|
//! | SIGINT, SIGTERM | a stop; a second one of these ends this process |
//! | SIGUSR2 | a stop: schedulers send it some time before the end |
//! | SIGXCPU | a stop: the limit of CPU time is near (`ulimit -t`, Grid Engine's `s_cpu`, LSF) |
//! | SIGHUP | a stop, unless it was ignored from the start (`nohup`) |
//! | SIGUSR1 | a save |
//! | SIGXFSZ | nothing: a write beyond `ulimit -f` fails like one on a full disk |

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ};
use signal_hook::{flag, low_level};

/// The signals received until now. By default none is handled, and none is ever received.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    last: Arc<AtomicUsize>,
    save: Arc<AtomicBool>,
}

impl Signals {
    /// Keeps what a scheduler asks for from the start of the program, while MPI is still starting:
    /// without a handler these signals would end the process. Signals count from the first call on,
    /// also for a command that restarts. SIGXFSZ no longer ends the process.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn early() -> io::Result<Signals> {
        static SEEN: Mutex<Option<Signals>> = Mutex::new(None);
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signals) = &*seen {
            return Ok(signals.clone());
        }
        let signals = Signals { last: Arc::default(), save: Arc::default() };
        flag::register_usize(SIGUSR2, Arc::clone(&signals.last), SIGUSR2 as usize)?;
        flag::register(SIGUSR1, Arc::clone(&signals.save))?;
        // A handler, not SIG_IGN: child processes (`squeue`) do not inherit it.
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(seen.insert(signals).clone())
    }

    /// Handles all of them from now on. A command that ignores them ends on SIGINT and SIGTERM,
    /// like any program.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Signals> {
        static LISTENING: Mutex<bool> = Mutex::new(false);
        let signals = Signals::early()?;
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        if !*listening {
            let seen = Arc::new(AtomicBool::new(false));
            for signal in [SIGINT, SIGTERM] {
                // The order matters: the shutdown tests the flag before the next handler sets it.
                flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&seen))?;
                flag::register(signal, Arc::clone(&seen))?;
                flag::register_usize(signal, Arc::clone(&signals.last), signal as usize)?;
            }
            let hangs_up = !is_ignored(SIGHUP);
            for signal in [SIGXCPU].into_iter().chain(hangs_up.then_some(SIGHUP)) {
                flag::register_usize(signal, Arc::clone(&signals.last), signal as usize)?;
            }
            *listening = true;
        }
        Ok(signals)
    }

    /// Records a signal as if it had arrived: for a program that learns of it in another way, and
    /// for simulated ranks, each of which has its own signals.
    pub fn raise(&self, signal: i32) {
        match signal {
            SIGUSR1 => self.save.store(true, Relaxed),
            signal => self.last.store(signal as usize, Relaxed),
        }
    }

    /// The first signal that asked for a stop, if any.
    pub fn pending(&self) -> Option<i32> {
        match self.last.load(Relaxed) {
            0 => None,
            signal => Some(signal as i32),
        }
    }

    /// Whether a save was requested since the last call.
    pub fn take_save(&self) -> bool {
        self.save.load(Relaxed) && self.save.swap(false, Relaxed)
    }
}

/// Whether this process ignores `signal`, as processes started by `nohup` do.
fn is_ignored(signal: i32) -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, signal))
}

/// The same, from the kernel's status of the process: `SigIgn:\t0000000000001001`, the lowest bit
/// for signal 1.
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The name of a signal.
pub fn name(signal: i32) -> &'static str {
    low_level::signal_name(signal).unwrap_or("a signal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_in_the_mask() {
        let status = "Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t0000000001001001\n";
        assert!(ignores(status, SIGHUP) && ignores(status, 13) && ignores(status, SIGXFSZ));
        assert!(!ignores(status, SIGINT) && !ignores(status, SIGTERM));
        assert!(!ignores("", SIGHUP) && !ignores("SigIgn:\tx\n", SIGHUP));
    }
}
