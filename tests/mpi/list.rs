//! `primes --output-format`: the list in a file, written by all ranks in parallel or through the
//! root; the same bytes.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use super::launch::Ranks::{Alone, Launched, Threads};
use super::launch::{Launch, each_at_once};

/// A folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("montesieve-list-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The output of one rank, with which all others are compared.
fn printed(range: &str) -> Vec<u64> {
    let text = Launch::new(Alone, &format!("primes {range} --print")).run().expect_code(0).text().to_owned();
    text.lines().map(|line| line.parse().expect("a prime")).collect()
}

/// The file that `form` should be.
fn expected(primes: &[u64], form: &str) -> Vec<u8> {
    let words = || primes.iter().flat_map(|p| p.to_le_bytes());
    match form {
        "text" => primes.iter().flat_map(|p| format!("{p}\n").into_bytes()).collect(),
        "u64le" => words().collect(),
        _ => {
            let shape = format!("{{'descr': '<u8', 'fortran_order': False, 'shape': ({},), }}", primes.len());
            let mut file = [&b"\x93NUMPY\x01\x00\x76\x00"[..], format!("{shape:<117}\n").as_bytes()].concat();
            file.extend(words());
            file
        }
    }
}

#[test]
fn every_form_by_any_number_of_ranks_under_any_schedule() {
    for range in ["0 3e7", "99999 1e7", "1e12 1000010000000", "24 28", "2 2"] {
        let primes = printed(range);
        for form in ["text", "u64le", "npy"] {
            let expected = expected(&primes, form);
            let cases = [
                (Alone, "dynamic"),
                (Threads(1), "block"),
                (Threads(2), "guided"),
                (Launched(3), "cyclic"),
                (Threads(5), "block"),
                (Launched(8), "dynamic"),
            ];
            each_at_once(cases, |(ranks, schedule)| {
                let folder = tempfile::tempdir().expect("a folder");
                let file = folder.path().join("list");
                let line =
                    format!("primes {range} --output {} --output-format {form} --schedule {schedule}", file.display());
                let ended = Launch::new(*ranks, &line).run().expect_code(0);
                assert!(ended.stdout.is_empty());
                assert!(fs::read(&file).expect("the list") == expected, "another list");
                assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "a temporary file is left");
            });
            let streamed =
                Launch::new(Threads(3), &format!("primes {range} --output-format {form}")).run().expect_code(0);
            assert!(streamed.stdout == expected, "another list through the root");
        }
    }
}

#[test]
fn each_form_by_three_ranks() {
    // A short form of the test above, for MPIs that run only a core subset of the tests.
    let folder = folder("each");
    let file = folder.join("list");
    let primes = printed("99999 3e6");
    for form in ["text", "u64le", "npy"] {
        let line = format!("primes 99999 3e6 --output {} --output-format {form}", file.display());
        Launch::new(Launched(3), &line).run().expect_code(0);
        assert!(fs::read(&file).expect("the list") == expected(&primes, form), "another list");
    }
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn an_old_file_survives_what_cannot_be_finished() {
    let folder = folder("old");
    let file = folder.join("list");
    fs::write(&file, "old").expect("written");
    for ranks in [Alone, Threads(3)] {
        // Would take hours, and is stopped.
        let line = format!("primes 1e16 -d 1e13 --output {} --output-format u64le --quiet", file.display());
        let mut running = Launch::new(ranks, &line).start();
        running.wait_until("a temporary file", || fs::read_dir(&folder).expect("readable").count() > 1);
        running.signal(Signal::TERM);
        running.finish();
        assert_eq!(fs::read(&file).expect("there"), b"old");
    }
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn a_full_disk_ends_the_job() {
    for ranks in [Alone, Threads(3)] {
        let line = "primes 1e15 --output-format u64le --output /dev/full";
        Launch::new(ranks, line).run().expect_code(1).expect_told_once("/dev/full");
    }
}
