//! `integrate lib`: a function in a shared library, on any number of ranks; files that are missing
//! or differ, and functions that crash. `tests/compiled.rs` has the examples in other languages.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::ended::Ended;
use super::launch::Ranks::{self, Alone, Launched, Threads};
use super::launch::{Launch, each, each_at_once};
use super::same::{result, under_schedules};

/// Functions that fail where x is large: of the first 3e6 samples of seed 0 at one (`RARE`), which
/// is not among the first 128.
const SOURCE: &str = include_str!("compiled/functions.c");

fn compile(folder: &Path, source: &str) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("f.c"), source).expect("writable");
    shell(folder, "cc -O1 -ffp-contract=off -fexceptions -shared -fPIC -o f.so f.c -lm");
}

fn shell(folder: &Path, line: &str) {
    let done = Command::new("sh").args(["-c", line]).current_dir(folder).output().expect("sh");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A folder with the library, and the file.
fn library() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    compile(folder.path(), SOURCE);
    let file = folder.path().join("f.so").display().to_string();
    (folder, file)
}

#[test]
fn the_same_bytes_on_any_number_of_ranks_under_any_schedule() {
    let (_folder, file) = library();
    let job = |name: &str| format!("integrate lib {file}:{name} --bounds 0:1,0:2,-1:1 3e6");
    under_schedules(&job("good"), |i| i % 3 == 0);
    let batch = format!("{} --form batch", job("goods"));
    let [scalar, batch] = [job("good"), batch].map(|line| {
        let launch = Launch::new(Threads(3), &format!("{line} --format json"));
        launch.run().expect_code(0).json()["result"]["estimate"].clone()
    });
    assert!(scalar.is_number() && scalar == batch, "{scalar} {batch}");
    // The integral is 4 (1 + 1/3).
    let estimate: f64 = scalar.to_string().parse().expect("a number");
    assert!((estimate - 16.0 / 3.0).abs() < 0.02, "{estimate}");
}

#[test]
fn instruction_sets_change_nothing() {
    let (_folder, file) = library();
    let text = |isa: &str| {
        let launch = Launch::new(Threads(2), &format!("integrate lib {file}:good --bounds 0:pi,1:3 1e6"));
        launch.env("MONTESIEVE_ISA", isa).run().expect_code(0).text().to_owned()
    };
    let expected = text("portable");
    let others = montesieve::isa::Isa::ALL.into_iter().filter(|isa| isa.is_supported());
    each(others, |isa| assert_eq!(text(&isa.to_string()), expected));
}

/// As one does that is compiled with -ffast-math.
#[test]
fn a_library_that_changes_the_rounding_mode_changes_no_sum() {
    let (_folder, file) = library();
    let line = format!("integrate lib {file}:good --bounds 0:1,0:2 1e6");
    let expected = result(Alone, &line);
    each([Alone, Launched(2)], |&ranks| {
        let rounded = Launch::new(ranks, &format!("{line} --format json")).env("ROUND_DOWN", "yes").run();
        assert_eq!(rounded.expect_code(0).json_result(), expected);
    });
}

const METHODS: [&str; 5] = ["plain", "vegas", "sobol", "lattice", "auto"];

/// A result without the names of its integrand.
fn numbers(ranks: Ranks, line: &str) -> serde_json::Value {
    let mut json = Launch::new(ranks, &format!("{line} --format json")).run().expect_code(0).json();
    let fields = json["result"].as_object_mut().expect("a record");
    assert!(fields.remove("integrand").is_some() && fields.remove("parameters").is_some());
    json["result"].take()
}

/// Samples of one block of each of a net's replicates: those of a compiled function are shorter.
fn twin_samples(method: &str) -> &'static str {
    match method {
        "plain" => "128",
        "sobol" | "lattice" => "2048",
        _ => "1e6",
    }
}

/// Both compute the same with correctly rounded operations, so every digit is equal: the points,
/// their weights, and how each method treats values that are not numbers.
#[test]
fn every_method_gives_the_numbers_of_the_same_expression() {
    let (_folder, file) = library();
    let twins = [
        ("tails", "1/((1+x*x)*sqrt(y)) --bounds -inf:inf,0+:1"),
        ("tails", "1/((1+x*x)*sqrt(y)) --bounds -1:pi,1:inf"),
        ("root", "sqrt(x-0.3) --bounds 0:1 --nan zero"),
        ("root", "sqrt(x-0.3) --bounds 0:1 --nan skip"),
    ];
    for method in METHODS {
        for (name, line) in
            twins.iter().filter(|(_, line)| !["vegas", "auto"].contains(&method) || !line.ends_with("skip"))
        {
            let (expression, options) = line.split_once(' ').expect("options");
            let options = format!("{options} --method {method} {}", twin_samples(method));
            let expected = numbers(Alone, &format!("integrate expr {expression} {options}"));
            each([Alone, Threads(3), Launched(2)], |&ranks| {
                assert_eq!(numbers(ranks, &format!("integrate lib {file}:{name} {options}")), expected, "{options}");
            });
        }
    }
}

/// Both forms, and the expressions.
#[test]
fn components_have_the_numbers_of_several_expressions() {
    let (_folder, file) = library();
    let components = |ranks, line: &str| {
        let mut rows = numbers(ranks, line)["components"].take();
        let fields = rows.as_array_mut().expect("rows").iter_mut().map(|row| row.as_object_mut().expect("a record"));
        fields.for_each(|row| drop(row.remove("expression")));
        rows
    };
    for method in METHODS {
        let options = format!("--bounds 0:1,1:3 --method {method} {}", twin_samples(method));
        let expected = components(Alone, &format!("integrate expr x+y;x*y {options}"));
        each([("pair", "vector", Threads(3)), ("pairs", "batch", Launched(2))], |&(name, form, ranks)| {
            let line = format!("integrate lib {file}:{name} --form {form} --components 2 {options}");
            assert_eq!(components(ranks, &line), expected, "{line}");
        });
    }
}

#[test]
fn more_values_than_components_end_the_job() {
    let (_folder, file) = library();
    for (name, form, components, values) in [
        ("three", "vector", "", "1 value"),
        ("three", "vector", "--components 2", "2 values"),
        ("threes", "batch", "", "1 value"),
        ("threes", "batch", "--components 2", "2 values"),
    ] {
        let line = format!("integrate lib {file}:{name} --form {form} {components} --bounds 0:1 1e5");
        each([Alone, Launched(2)], |&ranks| {
            let ended = Launch::new(ranks, &line).run().expect_code(1);
            drop(ended.expect_said_once(&format!("sets more than {values} for a point; --components says how many")));
        });
    }
}

#[test]
fn every_method_shows_the_way_to_the_target() {
    let (folder, file) = library();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let with = |ranks, integrand: &str, method: &str| {
        let line = format!("integrate {integrand} --bounds 0:3 --method {method} --target-error 1e-3r --trace");
        let launch = Launch::new(ranks, &line).word(&path("trace.csv")).word("--plot").word(&path("plot.svg"));
        launch.run().expect_code(0);
        let plot = fs::read_to_string(path("plot.svg")).expect("a plot");
        let words = if integrand.starts_with("lib") { "lib, function f.so:stops" } else { "1+x*x" };
        let title = format!("<title>{words}, bounds 0:3");
        assert!(plot.contains(&title), "{title}: {plot}");
        fs::read_to_string(path("trace.csv")).expect("a trace")
    };
    for method in METHODS {
        let compiled = |ranks| with(ranks, &format!("lib {file}:stops"), method);
        let (shown, twin) = (compiled(Alone), with(Alone, "expr 1+x*x", method));
        assert_eq!(compiled(Threads(3)), shown);
        let first = |trace: &str| -> u64 {
            let row = trace.lines().nth(1).expect("a row");
            row.split(',').next().and_then(|samples| samples.parse().ok()).expect("samples")
        };
        // Blocks of training are short anyway.
        match method {
            "vegas" | "auto" => assert_eq!(shown, twin),
            _ => assert!(first(&shown) < first(&twin), "{shown}{twin}"),
        }
    }
}

/// The function itself sends the signal, so that the time does not matter.
#[test]
fn every_method_resumes_and_refuses_another_build() {
    for method in METHODS {
        let (folder, file) = library();
        let line = format!("integrate lib {file}:stops --bounds 0:1 --method {method} 2e7");
        let expected = result(Alone, &line);
        let kept = format!("{line} --format json --checkpoint {}", folder.path().join("job.ckpt").display());
        Launch::new(Threads(2), &kept).env("STOP", "yes").run().expect_code(75);
        let first = fs::read(&file).expect("a library");
        compile(folder.path(), &SOURCE.replace("return 1 + x", "return 2 + x"));
        each([Alone, Launched(2)], |&ranks| {
            let refused = Launch::new(ranks, &kept).run().expect_code(2);
            refused.expect_told_once("there, file with BLAKE3 hash ");
        });
        fs::write(&file, first).expect("writable");
        assert_eq!(Launch::new(Launched(3), &kept).run().expect_code(0).json_result(), expected, "{method}");
    }
}

fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").expect("a host name").trim().to_owned()
}

/// One message, from the one rank that has the sample, within seconds: [`Launch`] has a limit.
#[test]
fn a_function_that_crashes_ends_the_job_and_is_named() {
    let (_folder, file) = library();
    let cases = [
        ("memory", "crashed at (0.99999", "SIGSEGV"),
        ("division", "crashed at (0.99999", "SIGFPE"),
        ("aborts", "crashed at (0.99999", "SIGABRT"),
        ("recursion", "crashed at (0.99999", "SIGSEGV"),
        ("exits", "ended the program at (0.99999", ""),
        ("exception", "threw an exception at (0.99999", ""),
    ];
    let cases = cases.into_iter().flat_map(|case| [Alone, Threads(3), Launched(3)].map(|ranks| (ranks, case)));
    each_at_once(cases, |&(ranks, (name, what, signal))| {
        let line = format!("integrate lib {file}:{name} --bounds 0:1 3e6");
        let ended = Launch::new(ranks, &line).run().expect_code(1);
        let count = |what| ended.stderr.matches(&format!("the function {name} of {file} {what}")).count();
        // On threads of the release program an exception aborts; the tests' own build unwinds.
        let aborts = matches!((name, ranks), ("exception", Threads(_)))
            && std::env::var_os("MONTESIEVE_TEST_BINARY").is_some()
            && ended.stderr.contains("SIGABRT");
        assert_eq!(count(if aborts { "crashed at (0.99999" } else { what }), 1, "{ended}");
        assert!(ended.stderr.contains(signal) && ended.stdout.is_empty(), "{ended}");
        assert!(matches!(ranks, Alone) || ended.stderr.contains(&format!(" on {}: the function", host())), "{ended}");
    });
}

#[test]
fn every_method_names_a_crash_and_a_value_that_is_no_number() {
    let (_folder, file) = library();
    let cases = [
        ("memory", "the function memory of FILE crashed at (0.99999"),
        ("exits", "the function exits of FILE ended the program at (0.99999"),
        ("nan_rarely", "the integrand is not a number at (0.99999"),
    ];
    let cases = cases.into_iter().flat_map(|case| METHODS.map(|method| (method, case)));
    let cases = cases.flat_map(|case| [Threads(3), Launched(2)].map(|ranks| (ranks, case)));
    each_at_once(cases, |&(ranks, (method, (name, message)))| {
        let line = format!("integrate lib {file}:{name} --bounds 0:1 --method {method} 1e7");
        let ended = Launch::new(ranks, &line).run().expect_code(1);
        let told = ended.stderr.matches(&message.replace("FILE", &file)).count();
        // Two processes may crash at the same moment, each at a point of its own.
        assert!(told == 1 || (told == 2 && matches!(ranks, Launched(_))), "{ended}");
        assert!(ended.stdout.is_empty(), "{ended}");
    });
}

#[test]
fn a_function_that_does_not_return_ends_the_job() {
    let (_folder, file) = library();
    let line = format!("integrate lib {file}:waits --bounds 0:1 3e6 --stall-timeout 2s");
    each([Threads(2), Launched(2)], |&ranks| {
        let ended = Launch::new(ranks, &line).run().expect_code(1);
        assert!(ended.stderr.contains("2s (--stall-timeout)") && ended.stdout.is_empty(), "{ended}");
    });
}

/// Each call of `exit` takes a handler off the process's list. Not with `auto`: the function waits
/// for three threads, and at the end of a trial some have no more points.
#[test]
fn threads_that_exit_at_the_same_moment_end_the_job() {
    let (_folder, file) = library();
    for method in METHODS.into_iter().filter(|&method| method != "auto") {
        let line = format!("integrate lib {file}:exits_together --bounds 0:1 --method {method} 2e7");
        let ended = Launch::new(Threads(3), &line).run().expect_code(1);
        ended.expect_told_once(&format!("the function exits_together of {file} ended the program at (0.9999"));
    }
}

#[test]
fn a_crash_at_the_first_sample_is_found_before_the_work() {
    let (_folder, file) = library();
    each([Alone, Threads(3), Launched(2)], |&ranks| {
        let name = format!("the function at_once of {file} crashed at (");
        let ended = Launch::new(ranks, &format!("integrate lib {file}:at_once --bounds 0:1 1e12")).run();
        assert_eq!(ended.expect_code(1).stderr.matches(&name).count(), 1);
        // A function of the other form.
        let ended = Launch::new(ranks, &format!("integrate lib {file}:at_once --form batch --bounds 0:1 1e12")).run();
        assert!(ended.expect_code(1).stderr.contains("crashed on a batch of points (--form batch)"));
    });
    let launch = Launch::new(Alone, &format!("integrate lib {file}:good --bounds 0:1")).env("CRASH_AT_START", "1");
    launch.run().expect_code(1).expect_told_once(&format!("loading {file} crashed: SIGABRT"));
}

#[test]
fn values_that_are_no_numbers() {
    let (_folder, file) = library();
    let job = |name: &str| format!("integrate lib {file}:{name} --bounds 0:1 3e6");
    let launch = Launch::new(Threads(2), &job("nan_rarely"));
    launch.run().expect_code(1).expect_told_once("the integrand is not a number at (0.99999");
    let skipped = Launch::new(Threads(3), &format!("{} --nan skip --format json", job("nan_rarely"))).run();
    assert_eq!(skipped.expect_code(0).json()["result"]["nan_samples"], "1");
    // A batch that does not set all values.
    let launch = Launch::new(Alone, &format!("{} --form batch", job("half")));
    launch.run().expect_code(2).expect_told_once("the integrand is not a number at (0.");
}

#[test]
fn one_message_and_exit_code_2() {
    let (folder, _) = library();
    let file = |name: &str| folder.path().join(name).display().to_string() + if name == "f.so" { "" } else { ":f" };
    let library = file("f.so");
    let cases = [
        (library.clone(), "NAME, the function, is missing"),
        (format!("{library}:god"), "has no function 'god'; it has good, goods, "),
        (format!("{library}:number"), "is no function, it is data"),
        (format!("{library}:exit"), "has no function 'exit'"),
        (file("f.c"), "is no shared library; compile the function first"),
        (file("nothing.so"), "No such file or directory"),
        (format!("{}:f", folder.path().display()), "it is not a regular file"),
        (file("user.so"), "libmissing.so: cannot open shared object file"),
    ];
    // A library that needs another one, which is not there.
    shell(folder.path(), "cp f.so libmissing.so");
    shell(folder.path(), "echo 'int number; int *f(void) { return &number; }' > user.c");
    shell(folder.path(), "cc -shared -fPIC -o user.so user.c -L. -Wl,--no-as-needed -lmissing && rm libmissing.so");
    let cases = cases.iter().flat_map(|case| [Alone, Threads(4), Launched(2)].map(|ranks| (ranks, case)));
    each_at_once(cases, |&(ranks, (function, message))| {
        let launch = Launch::new(ranks, &format!("integrate lib {function} --bounds 0:1"));
        launch.run().expect_code(2).expect_told_once(message);
    });
}

#[test]
fn a_line_of_a_file_is_named() {
    let (folder, file) = library();
    let cases = [
        (":god --bounds 0:1", 2, "SWEEP, line 2: FILE has no function 'god'"),
        (".old:f --bounds 0:1", 2, "SWEEP, line 2: cannot read FILE.old: No such file"),
        (":good --nan skip --bounds 0:inf", 2, "SWEEP, line 2: --nan skip needs finite bounds"),
        (":memory --bounds 0:1", 1, "the function memory of FILE (SWEEP, line 2) crashed at (0.999999"),
    ];
    for (number, (function, code, message)) in cases.into_iter().enumerate() {
        let sweep = folder.path().join(format!("{number}.txt")).display().to_string();
        fs::write(&sweep, format!("ball 1e4\nlib {file}{function} 1e7\n")).expect("writable");
        let message = message.replace("FILE", &file).replace("SWEEP", &sweep);
        for ranks in [Alone, Threads(3)] {
            let ended = Launch::new(ranks, &format!("integrate file {sweep}")).run().expect_code(code);
            ended.expect_told_once(&message);
        }
    }
}

/// Each rank starts in its own folder.
fn in_folders(folder: &Path) -> Ended {
    let script = format!("cd {}/${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}} && exec \"$0\" \"$@\"", folder.display());
    Launch::new(Launched(3), "integrate lib f.so:good --bounds 0:1 1e6").shell(&script).run()
}

#[test]
fn a_file_that_is_not_the_same_on_all_ranks() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |rank: u32| folder.path().join(rank.to_string());
    (0..3).for_each(|rank| compile(&of(rank), SOURCE));
    in_folders(folder.path()).expect_code(0);
    compile(&of(2), &SOURCE.replace("return 1 + x", "return 2 + x"));
    let host = host();
    let message =
        format!("f.so is not the same file on all ranks: on {host} (rank 2) it differs from that on {host} (rank 0)");
    in_folders(folder.path()).expect_code(2).expect_told_once(&message);
    fs::remove_file(of(1).join("f.so")).expect("a file");
    in_folders(folder.path()).expect_code(2).expect_told_once(&format!("on {host}: cannot read f.so: No such file"));
}

#[test]
fn a_checkpoint_of_another_build_is_refused() {
    let (folder, file) = library();
    let checkpoint = folder.path().join("job.ckpt").display().to_string();
    let run = |ranks| {
        let line = format!("integrate lib {file}:good --bounds 0:1 3e6 --format json --checkpoint {checkpoint}");
        Launch::new(ranks, &line).run()
    };
    let expected = run(Alone).expect_code(0).json_result().to_owned();
    assert_eq!(run(Threads(2)).expect_code(0).json_result(), expected);
    assert_eq!(result(Threads(3), &format!("merge {checkpoint}")), expected);
    compile(folder.path(), &SOURCE.replace("return 1 + x", "return 2 + x"));
    run(Alone).expect_code(2).expect_told_once("(file with BLAKE3 hash ");
    Launch::new(Alone, &format!("merge {checkpoint}")).run().expect_code(2);
}
