//! Bad input: one clear message from one rank, exit code 2, at once, on one rank and on four.

use super::launch::Ranks::{Alone, Launched, Threads};
use super::launch::{Launch, each};

/// Command lines, and words that the one message must contain.
const LINES: [(&str, &str); 20] = [
    ("pi -5", "must not be negative"),
    ("pi -5k", "must not be negative"),
    ("pi 1e40", "the limit is 2^64-1 (18446744073709551615)"),
    ("pi abc", "'abc'"),
    ("pi 0", "must be at least 1"),
    ("pi 1.5", "must be a whole number"),
    ("pi --schedule fast", "'fast'"),
    ("pi --nonsense", "unexpected argument '--nonsense' found"),
    ("nonsense", "'nonsense'"),
    ("primes", "required arguments were not provided"),
    ("primes 10 5", "START (10) is above STOP (5)"),
    ("primes 0 2^64 --sum", "at most 2^64-1 numbers can be"),
    ("primes 1e20 --gaps", "years of one core"),
    ("primes 2^64 2^64+9 --output-format npy", "primes above 2^64 are written as text"),
    ("primes 0 1e26+1", "the limit is 100000000000000000000000000"),
    ("primes -3", "must not be negative"),
    ("primes 1e26 -d 1", "the limit is 1e26 (100000000000000000000000000)"),
    ("primes 1 2 -d 3", "not both"),
    ("primes 10 --count 7", "numbers from 1 to 6"),
    ("primes 10 --print --format json", "does not go with"),
];

#[test]
fn one_message_and_exit_code_2() {
    let cases = LINES.into_iter().zip(0..).flat_map(|(line, i)| {
        // Input is refused by the same code with and without a launcher.
        let launched = (i % 4 == 0).then_some(Launched(4));
        [Alone, Threads(4)].into_iter().chain(launched).map(move |ranks| (ranks, line))
    });
    each(cases, |&(ranks, (line, message))| {
        let ended = Launch::new(ranks, line).run().expect_code(2).expect_told_once(message);
        // Messages of clap start with "error:", those of the command with its name.
        assert_eq!(ended.stderr.matches("error:").count() + ended.stderr.matches("montesieve:").count(), 1, "{ended}");
    });
}

#[test]
fn a_bad_preset_is_named_once() {
    each([Alone, Launched(4)], |&ranks| {
        let launch = |name, value| Launch::new(ranks, "pi 1e6").env(name, value).run();
        launch("MONTESIEVE_SEED", "abc").expect_code(2).expect_told_once("MONTESIEVE_SEED=abc");
        launch("MONTESIEVE_QUIET", "maybe").expect_code(2).expect_told_once("MONTESIEVE_QUIET=maybe");
        launch("MONTESIEVE_ISA", "neon").expect_code(2).expect_told_once("MONTESIEVE_ISA=neon");
        launch("MONTESIEVE_CACHE", "48K").expect_code(2).expect_told_once("MONTESIEVE_CACHE=48K");
    });
}

#[test]
fn help_and_version_are_said_once() {
    each([Alone, Launched(4)], |&ranks| {
        let version = Launch::new(ranks, "--version").run().expect_code(0);
        assert_eq!(version.text(), format!("montesieve {}\n", env!("CARGO_PKG_VERSION")));
        for line in ["--help", "pi --help", "help primes"] {
            let help = Launch::new(ranks, line).run().expect_code(0);
            assert_eq!(help.text().matches("Usage: montesieve").count(), 1, "{help}");
            assert!(!help.text().contains('\u{1b}') && help.stderr.is_empty(), "{help}");
        }
    });
}
