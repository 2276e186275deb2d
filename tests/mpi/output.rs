//! Where the result goes: files, and files and devices that cannot be written.

use std::fs::{self, OpenOptions};

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

#[test]
fn output_holds_what_stdout_would() {
    let file = std::env::temp_dir().join(format!("montesieve-output-{}", std::process::id()));
    let line = "primes 1e6";
    let expected = Launch::new(Alone, line).run().expect_code(0);
    each([Alone, Launched(3)], |&ranks| {
        let ended = Launch::new(ranks, &format!("{line} --output {}", file.display())).run().expect_code(0);
        assert!(ended.stdout.is_empty(), "{ended}");
        assert_eq!(fs::read(&file).expect("the result"), expected.stdout);
        let _ = fs::remove_file(&file);
    });
}

#[test]
fn a_bad_place_is_found_before_the_work() {
    // The jobs would run for days: only a check before the work can end them in time.
    let directory = std::env::temp_dir().display().to_string();
    let places = ["/nonexistent/folder/result", "/proc/result", directory.as_str()];
    let jobs = ["pi 1e18", "primes 1e18", "primes 1e15 --print"];
    let cases = places.into_iter().flat_map(|place| jobs.map(|job| (place, job)));
    each(cases, |(place, job)| {
        for ranks in [Alone, Launched(4)] {
            let ended = Launch::new(ranks, &format!("{job} --output {place}")).limit(20).run();
            ended.expect_code(1).expect_told_once(&format!("{place}:")).expect_under(5.0);
        }
    });
}

#[test]
fn a_full_disk_is_an_error() {
    each(["pi 1e6", "primes 1e6", "primes 1e6 --print", "info"], |line| {
        for ranks in [Alone, Launched(4)] {
            let ended = Launch::new(ranks, &format!("{line} --output /dev/full --allow-singleton")).run();
            ended.expect_code(1).expect_told_once("/dev/full").expect_under(5.0);
        }
        let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let ended = Launch::new(Alone, line).stdout_to(full).run();
        ended.expect_code(1).expect_told_once("standard output").expect_under(5.0);
    });
}
