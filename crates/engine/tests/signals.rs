//! Signals of this process, which runs no other test: handlers are permanent.
//!
//! `tests/mpi` tests that a second Ctrl-C ends a process: that shows only in a process that ends.

use montesieve_engine::signals::{Signals, name};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ};
use signal_hook::low_level::raise;

#[test]
fn each_signal_asks_for_what_it_should() {
    let early = Signals::early().expect("handlers");
    for signal in [SIGUSR1, SIGXFSZ] {
        raise(signal).expect("handled");
    }
    assert!(early.take_save() && !early.take_save() && early.pending().is_none(), "a save, once, and to go on");
    let signals = Signals::listen().expect("handlers");
    Signals::listen().expect("the same handlers");
    // SIGINT or SIGTERM once: a second one of them ends the process.
    for signal in [SIGUSR2, SIGXCPU, SIGTERM] {
        raise(signal).expect("handled");
        assert_eq!((signals.pending(), early.pending()), (Some(signal), Some(signal)));
        assert!(!signals.take_save());
    }
    let names = [SIGINT, SIGTERM, SIGUSR2, SIGHUP, SIGXCPU, 0].map(name);
    assert_eq!(names, ["SIGINT", "SIGTERM", "SIGUSR2", "SIGHUP", "SIGXCPU", "a signal"]);
}
