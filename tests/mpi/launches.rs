//! Ways to be started: the wrong launcher, presets, `info`; and what is said under a launcher.

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

/// A process that a launcher with ranks of its own has started: it promises four, and we find ourselves alone.
fn singleton(rank: &str, line: &str) -> Launch {
    Launch::new(Alone, line).env("OMPI_COMM_WORLD_SIZE", "4").env("OMPI_COMM_WORLD_RANK", rank)
}

#[test]
fn singletons_are_refused_by_one_of_them() {
    each(["pi 1e6", "primes 1e6", "info"], |line| {
        let first = singleton("0", line).run().expect_code(78).expect_told_once("--allow-singleton").expect_under(5.0);
        assert!(first.stderr.contains('4'), "it says how many: {first}");
        let second = singleton("1", line).run().expect_code(78).expect_under(5.0);
        assert_eq!((second.text(), second.stderr.as_str()), ("", ""));
    });
}

#[test]
fn singletons_run_when_asked_to() {
    let expected = Launch::new(Alone, "pi 1e6").run().expect_code(0);
    let ended = singleton("1", "pi 1e6 --allow-singleton").run().expect_code(0);
    assert_eq!(ended.text(), expected.text());
}

#[test]
fn a_process_without_a_launcher_is_no_error() {
    let ended = Launch::new(Alone, "pi 1e6 --quiet").run().expect_code(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn presets_count_on_every_rank() {
    each([Alone, Launched(3)], |&ranks| {
        let preset = Launch::new(ranks, "pi 1e6").env("MONTESIEVE_SEED", "42").env("MONTESIEVE_QUIET", "1");
        let typed = Launch::new(ranks, "pi 1e6 --seed 42 --quiet");
        assert_eq!(preset.run().expect_code(0).text(), typed.run().expect_code(0).text());
    });
}

#[test]
fn quiet_is_quiet_and_the_rest_goes_to_stderr() {
    each([Alone, Launched(3)], |&ranks| {
        let quiet = Launch::new(ranks, "primes 1e6 --quiet").run().expect_code(0);
        assert_eq!(quiet.stderr, "");
        let table = Launch::new(ranks, "primes 1e6 --per-rank").run().expect_code(0);
        assert_eq!(table.text(), quiet.text(), "stdout is the result alone");
        assert!(table.stderr.contains("compute"), "{table}");
        // Neither colours nor a bar: this may be a batch job's log.
        assert!(!table.stderr.contains(['\u{1b}', '\r']) && !table.text().contains('\r'), "{table}");
    });
}

#[test]
fn exit_zero_hides_the_code_from_the_launcher() {
    let ended = Launch::new(Launched(2), "pi 1e6 --exit-zero --output /dev/full").run().expect_code(0);
    assert_eq!(ended.stderr.matches("/dev/full").count(), 1, "{ended}");
    assert_eq!(ended.stderr.trim().lines().count(), 1, "nothing of mpirun's own: {ended}");
}

#[test]
fn info_knows_ranks_and_hosts() {
    let json = Launch::new(Launched(3), "info --format json").run().expect_code(0).json();
    let info = &json["result"];
    assert_eq!((&info["ranks"], &info["hosts"][0]["ranks"]), (&3.into(), &3.into()));
    assert_eq!(info["binding"].as_array().map(Vec::len), Some(3));
    assert!(info["mpi"].is_string() && info["launcher"].is_string(), "{json:#}");
    let text = Launch::new(Launched(3), "info").run().expect_code(0);
    assert!(text.text().contains("3 ranks on 1 host"), "{text}");
    Launch::new(Alone, "info").run().expect_code(0);
}

#[test]
fn completions_and_pages() {
    let script = Launch::new(Alone, "completions bash").run().expect_code(0);
    assert!(script.text().contains("montesieve"), "{script}");
    let folder = std::env::temp_dir().join(format!("montesieve-man-{}", std::process::id()));
    Launch::new(Launched(2), &format!("man {}", folder.display())).run().expect_code(0);
    assert!(folder.join("montesieve-pi.1").exists());
    let _ = std::fs::remove_dir_all(folder);
}
