//! Destinations of the result: files, and files and devices that cannot be written.

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
    // The jobs would run for days: only a check before the work ends them in time.
    let directory = std::env::temp_dir().display().to_string();
    let places = ["/nonexistent/folder/result", "/proc/result", directory.as_str()];
    let jobs = ["pi 1e18", "primes 1e18 --algorithm sieve", "primes 1e15 --print"];
    let cases = places.into_iter().flat_map(|place| jobs.map(|job| (place, job)));
    each(cases, |(place, job)| {
        for ranks in [Alone, Launched(4)] {
            let ended = Launch::new(ranks, &format!("{job} --output {place}")).run();
            ended.expect_code(1).expect_told_once(&format!("{place}:"));
        }
    });
}

#[test]
fn a_full_disk_is_an_error_and_does_not_cost_the_result() {
    each(["pi 1e6", "primes 1e6"], |line| {
        let expected = Launch::new(Alone, line).run().expect_code(0);
        for ranks in [Alone, Launched(4)] {
            let ended = Launch::new(ranks, &format!("{line} --output /dev/full")).run();
            let ended = ended.expect_code(1).expect_said_once("/dev/full");
            assert_eq!(ended.text(), expected.text(), "the result is still said: {ended}");
        }
    });
}

#[test]
fn side_files_are_written_even_if_the_result_cannot_be() {
    let cases =
        ["pi 1e6 --trace=T --plot=P", "integrate ball 1e6 --trace=T --plot=P", "isprime --compare 10403 --plot=P"];
    each(cases, |line| {
        for ranks in [Alone, Launched(2)] {
            let folder = tempfile::tempdir().expect("a folder");
            let [trace, plot] = ["trace.csv", "plot.svg"].map(|name| folder.path().join(name));
            let line = line.replace("=T", &format!("={}", trace.display()));
            let line = line.replace("=P", &format!("={}", plot.display()));
            let ended = Launch::new(ranks, &format!("{line} --output /dev/full")).run().expect_code(1);
            assert!(plot.exists() && trace.exists() == line.contains("--trace"), "{ended}");
        }
    });
}

#[test]
fn a_list_that_does_not_fit_on_the_disk_ends_the_job() {
    // Would run for days.
    for ranks in [Alone, Launched(4)] {
        let ended = Launch::new(ranks, "primes 1e15 --print --output /dev/full").run();
        ended.expect_code(1).expect_told_once("/dev/full");
    }
}

#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    each(["pi 1e6", "primes 1e6", "primes 1e15 --print", "info", "completions bash"], |line| {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let ended = Launch::new(Alone, line).stdout_to(full).run();
        ended.expect_code(1).expect_told_once("standard output");
    });
}
