//! `pi --method`: every method on any number of ranks, with any kernel, and the report of a stopped
//! job.

use std::time::Duration;

use montesieve::isa::Isa;
use rustix::process::Signal;

use super::launch::Ranks::{Alone, Threads};
use super::launch::{Launch, each};
use super::same::{result, under_schedules};

/// Enough blocks for eight ranks, the last one partial; a few samples.
const JOBS: [&str; 6] = [
    "pi --method stratified 1e11 --seed 42",
    "pi --method antithetic 5e7 --seed 42",
    "pi --method control 5e7 --seed 42",
    "pi --method sobol 1e10 --seed 42",
    "pi --method stratified 7",
    "pi --method sobol 1000",
];

#[test]
fn the_same_bytes_on_any_number_of_ranks_under_any_schedule() {
    for (job, line) in JOBS.into_iter().enumerate() {
        // The first job runs all cases, the others take turns, so that every case meets four
        // schedules and five rank counts.
        under_schedules(line, |i| job == 0 || i % 3 == job % 3);
    }
}

#[test]
fn text_csv_and_small_chunks_change_nothing() {
    for line in JOBS {
        for form in ["text", "csv"] {
            let output = |ranks, more: &str| {
                let launch = Launch::new(ranks, &format!("{line} --format {form}{more}"));
                launch.run().expect_code(0).text().to_owned()
            };
            let expected = output(Alone, "");
            each([" --chunk 1", " --chunk 7 --schedule cyclic"], |more| assert_eq!(output(Threads(3), more), expected));
        }
    }
}

#[test]
fn instruction_sets_and_textbook_walks_change_nothing() {
    for (line, few) in JOBS.into_iter().zip(["1e7", "3e6", "3e6", "1e6", "7", "1000"]) {
        let expected = result(Alone, line);
        each(Isa::ALL.into_iter().filter(|isa| isa.is_supported()), |isa| {
            let launch = Launch::new(Threads(2), &format!("{line} --format json"));
            assert_eq!(launch.env("MONTESIEVE_ISA", &isa.to_string()).run().expect_code(0).json_result(), expected);
        });
        let method = line.split(' ').nth(2).expect("a method");
        let line = format!("pi --method {method} {few}");
        assert_eq!(result(Threads(3), &format!("{line} --algorithm scalar")), result(Alone, &line));
    }
}

#[test]
fn each_method_says_how_good_it_is() {
    let cases = [
        ("darts 1e8", "wilson", None),
        ("stratified 1e8", "student-t", Some(4000.0..5200.0)),
        ("antithetic 1e8", "student-t", Some(12.0..12.6)),
        ("control 1e8", "student-t", Some(418.0..426.0)),
        ("sobol 1e8", "student-t", Some(1000.0..10_000.0)),
    ];
    each(cases, |(method, interval, reduction)| {
        let line = format!("pi --method {method} --seed 3 --format json");
        let json = Launch::new(Threads(2), &line).run().expect_code(0).json();
        let (result, number) = (&json["result"], |key: &str| json["result"][key].as_f64());
        let off = (number("estimate").expect("a number") - std::f64::consts::PI).abs();
        assert!(off < 4.0 * number("std_error").expect("a number"), "{result}");
        assert_eq!(result["interval"], *interval);
        assert_eq!(result["degrees_of_freedom"].is_string(), *interval == "student-t");
        assert_eq!(result["method"], method.split(' ').next().expect("a name"));
        assert_eq!(result["hits"].is_null(), !method.starts_with("darts"));
        match (number("variance_reduction"), reduction) {
            (Some(factor), Some(range)) => assert!(range.contains(&factor), "{factor}"),
            (factor, range) => assert!(factor.is_none() && range.is_none(), "{result}"),
        }
    });
}

#[test]
fn a_stopped_job_claims_no_more_than_it_knows() {
    each(["antithetic 1e17", "control 1e17", "stratified 2^63", "sobol 2^63"], |line| {
        let mut running = Launch::new(Alone, &format!("pi --method {line} --format json --quiet")).start();
        running.wait_until_at_work();
        std::thread::sleep(Duration::from_millis(400));
        running.signal(Signal::INT);
        let ended = running.finish().expect_failure();
        assert_eq!(ended.code(), 76, "{ended}");
        let json = ended.json();
        let result = &json["result"];
        assert_eq!(result["complete"], false);
        // Any subset of the pairs is an estimate; part of the cells, or part of a net, is not.
        let is_pairs = line.starts_with("antithetic") || line.starts_with("control");
        for key in ["estimate", "std_error", "ci95", "interval", "variance_reduction"] {
            assert_eq!(result[key].is_null(), !is_pairs, "{key}: {result}");
        }
    });
}
