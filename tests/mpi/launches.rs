//! Ways to start the program: the wrong launcher, presets, `info`; and messages under a launcher.

use super::ended::Ended;
use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};

/// A process started by a foreign launcher that promises four ranks, while MPI finds only this one.
fn singleton(rank: &str, line: &str) -> Launch {
    Launch::new(Alone, line).env("OMPI_COMM_WORLD_SIZE", "4").env("OMPI_COMM_WORLD_RANK", rank)
}

#[test]
fn singletons_are_refused_by_one_of_them() {
    each(["pi 1e6", "primes 1e6", "info"], |line| {
        let first = singleton("0", line).run().expect_code(78).expect_told_once("--allow-singleton");
        assert!(first.stderr.contains('4'), "it says how many: {first}");
        let second = singleton("1", line).run().expect_code(78);
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

/// Two programs in one launch (MPMD), with different arguments.
fn two_programs(first: &[&str], second: &[&str]) -> Ended {
    let binary =
        std::env::var("MONTESIEVE_TEST_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_montesieve").to_owned());
    let mut launch = Launch::new(Launched(1), "");
    let others = [":", "-n", "2"].into_iter().chain(second.iter().copied());
    let words = first.iter().copied().chain(others).map(|word| if word == "PROGRAM" { &binary } else { word });
    // The first word is the program, which the launch names itself.
    for word in words {
        launch = launch.word(word);
    }
    launch.run()
}

#[test]
fn ranks_of_other_words_are_refused() {
    two_programs(&["pi", "1e6", "-q"], &["PROGRAM", "pi", "1e6", "-q"]).expect_code(0);
    let ended = two_programs(&["pi", "1e6"], &["PROGRAM", "pi", "1e6", "--seed=7"]).expect_code(78);
    let ended = ended.expect_told_once("was started with `pi 1e6 --seed=7`, and rank 0 with `pi 1e6`");
    assert_eq!(ended.text(), "", "{ended}");
    let ended = two_programs(&["pi", "1e6"], &["env", "MONTESIEVE_SEED=7", "PROGRAM", "pi", "1e6"]).expect_code(78);
    ended.expect_told_once("has MONTESIEVE_SEED=7 in its environment, and rank 0 has none");
}

#[test]
fn slips_in_variables_are_refused_and_others_are_named() {
    each([Alone, Launched(2)], |&ranks| {
        let with = |name: &str, value: &str| Launch::new(ranks, "pi 1e6").env(name, value).run();
        with("MONTESIEVE_SEEED", "7").expect_code(2).expect_told_once("did you mean MONTESIEVE_SEED?");
        with("MONTESIEVE_seed", "7").expect_code(2).expect_told_once("did you mean MONTESIEVE_SEED?");
        with("MONTESIEVE_FAULT", "panik@start#0").expect_code(2).expect_told_once("no such kind; it has panic");
        with("MONTESIEVE_FAULT", "panic@start#9").expect_code(2).expect_told_once("no such rank; there are");
        let named = with("MONTESIEVE_ROOT_FOLDER", "/opt").expect_code(0);
        assert_eq!(named.stderr.matches("MONTESIEVE_ROOT_FOLDER is no variable of montesieve").count(), 1, "{named}");
    });
    // An error names the variable that preset the option, wherever in the program it arises.
    let preset = Launch::new(Alone, "primes 1e6 --print").env("MONTESIEVE_CHECKPOINT", "x.ckpt");
    preset.run().expect_code(2).expect_told_once("(from the environment: MONTESIEVE_CHECKPOINT=x.ckpt)");
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
