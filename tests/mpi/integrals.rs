//! `integrate` on any number of ranks: the same bytes for every integrand, and the message when a
//! value is not a number.

use montesieve::isa::Isa;

use super::launch::Ranks::{Alone, Launched, Threads};
use super::launch::{Launch, each};
use super::same::{result, under_schedules};

/// Enough blocks for eight ranks, the last one partial. Spaces would split an expression.
const JOBS: [&str; 27] = [
    "ball --dim 7 3e6",
    "genz-gaussian --seed 7 3e6",
    "genz-corner-peak --dim 12 2e6",
    "option 4000001",
    "option --style asian --right put 4e5",
    "expr exp(-x*x)*cos(9*y)+(x<y) --bounds 0:1,-1:pi 3e6",
    "expr exp(-900*x) --bounds 0:1 3e6",
    "expr if(x<y,a,1)*exp(-x*x)/sqrt(y) --bounds -inf:inf,0+:1 --set a=2 3e6",
    "expr sqrt(x-1e-6) --bounds 0:1 --nan zero 4e6",
    "option --style asian --method antithetic 1e6",
    "genz-corner-peak --dim 12 --method control 2e6",
    "ball --dim 3 --method stratified 3e6",
    "expr sqrt(x-0.3)*y --bounds 0:1,1:2 --method stratified --nan zero 1e6",
    "genz-corner-peak --dim 12 --method vegas 1e6",
    "expr exp(-1e4*(x-y)^2) --bounds 0:1,-1:pi --method vegas --training 5e5 1e6",
    "genz-continuous --dim 6 --method auto 1e6",
    "ridge --dim 3 --peaks 50 1e6",
    "genz-gaussian --dim 3 --method lattice --training 1e4 1e5",
    "genz-corner-peak --dim 12 --method sobol 1e6",
    "genz-gaussian --dim 50 --method lattice --seed 5 1e5",
    "expr sqrt(x-0.3)*y --bounds 0:1,1:2 --method sobol --nan skip 4e6",
    "expr sqrt(x-0.3) --bounds 0:1 --method vegas --nan zero 1e5",
    "expr x;x*y;exp(-x) --bounds 0:1,0:1 3e6",
    "expr exp(-50*x*x);x;sqrt(y-0.2) --bounds 0:1,0:1 --method vegas --nan zero 1e6",
    "expr exp(-x);x --bounds 0:inf --method auto 1e6",
    "genz-corner-peak --dim 3 --method auto --histogram x1:7 1e6",
    "expr exp(-x)*y --bounds 0:inf,0:1 --histogram x1:5:0:4 --histogram y:3 3e6",
];

#[test]
fn the_same_bytes_on_any_number_of_ranks_under_any_schedule() {
    for (job, line) in JOBS.into_iter().enumerate() {
        // The second job runs all cases, the others take turns.
        let expected = under_schedules(&format!("integrate {line}"), |i| job == 1 || i % JOBS.len() == job);
        assert_eq!(result(Threads(3), &format!("integrate {line} --chunk 1")), expected, "{line}");
    }
}

#[test]
fn instruction_sets_change_nothing() {
    for line in JOBS {
        let text = |isa: &str| {
            let launch = Launch::new(Threads(2), &format!("integrate {line}")).env("MONTESIEVE_ISA", isa);
            launch.run().expect_code(0).text().to_owned()
        };
        let expected = text("portable");
        each(Isa::ALL.into_iter().filter(|isa| isa.is_supported()), |isa| {
            assert_eq!(text(&isa.to_string()), expected, "{line}");
        });
    }
}

#[test]
fn fewer_samples_than_ranks() {
    for line in ["integrate genz-continuous 1", "integrate ball 2", "integrate option 129"] {
        let expected = result(Alone, line);
        each([Threads(3), Threads(8)], |&ranks| assert_eq!(result(ranks, line), expected));
    }
}

#[test]
fn one_message_and_exit_code_2() {
    let lines = [
        ("ball --dim 1", "invalid value '1' for '--dim'"),
        ("ball 0", "must be at least 1"),
        ("option --style american", "'american'"),
        ("genz-nonsense", "'genz-nonsense'"),
        ("expr x", "  --bounds <A:B,...>\n"),
        ("expr x+q --bounds 0:1", "unknown name 'q'"),
        ("expr exp(x,x) --bounds 0:1", "exp takes 1 argument, not 2, at column 1"),
        ("expr x --bounds 0:x", "cannot depend on a variable"),
        ("expr ln(x-0.5) --bounds 0:1", "the integrand is not a number at (0."),
        ("expr ln(x-0.5) --bounds 0:1 --method vegas", "; --nan zero counts such samples as 0"),
        ("ball --method vegas --shard 1/2 --checkpoint no.ckpt", "has no --shard"),
        ("ball --method vegas --nan skip", "--nan zero"),
        ("ball --method auto --nan skip", "--method auto has no --nan skip"),
        ("ball --method sobol --training 1e5 --nan skip", "--training has no --nan skip"),
        ("ball --method auto --shard 1/2 --checkpoint no.ckpt", "has no --shard"),
        ("ball --method auto --training 8191", "at least 8192"),
        ("ball --method vegas --training 1e5 1e5", "less than SAMPLES"),
        ("ball --method auto --training 1e5 2e5", "less than half of SAMPLES"),
        ("ball --method sobol --plan", "--plan is an option of --method plain"),
        ("ball --training 1e5", "not of --method plain"),
        ("ball --method stratified --training 1e5", "not of --method stratified"),
        ("ball --method stratified --plan", "--plan is an option of --method plain, antithetic and control"),
        ("ball --method stratified --nan skip", "--method stratified has no --nan skip: use --nan zero"),
        ("ball --method antithetic --nan zero", "--method antithetic has no --nan zero, as"),
        ("ball --method control --nan skip", "--method control has no --nan skip, as"),
        ("expr ln(x-0.5) --bounds 0:1 --method antithetic", "; --method plain has --nan skip and --nan zero"),
        ("expr ln(x) --bounds -1:inf --nan skip", "--nan skip needs finite bounds, as"),
        ("expr ln(x-0.5) --bounds 0+:1", "; --nan zero counts such samples as 0"),
        (
            "ball --method vega",
            "[possible values: plain, antithetic, stratified, control, vegas, sobol, lattice, auto]",
        ),
    ];
    let cases = lines.into_iter().flat_map(|line| [Alone, Threads(4)].map(|ranks| (ranks, line)));
    each(cases, |&(ranks, (line, message))| {
        let launch = Launch::new(ranks, &format!("integrate {line}"));
        launch.run().expect_code(2).expect_told_once(message);
    });
}

#[test]
fn a_value_that_is_no_number_is_found_later_too() {
    // One sample in a million, not among those that are tested beforehand.
    each([Alone, Threads(3)], |&ranks| {
        let launch = Launch::new(ranks, "integrate expr sqrt(x-1e-6) --bounds 0:1 2e7");
        launch.run().expect_code(1).expect_told_once("the integrand is not a number at (0.000000");
        // The other point of the pair is the bad one about as often.
        for (method, why) in [("antithetic", "; --method plain has --nan skip"), ("stratified", "; --nan zero counts")]
        {
            let line = format!("integrate expr sqrt(x-1e-6) --bounds 0:1 --method {method} 2e7");
            let message = Launch::new(ranks, &line).run().expect_code(1);
            message.expect_told_once("the integrand is not a number at (0.000000").expect_told_once(why);
        }
    });
}

/// The map leads there: the point is one of the user's region.
#[test]
fn a_value_that_is_no_number_is_found_by_adapted_samples() {
    each([Alone, Threads(3)], |&ranks| {
        let launch = Launch::new(ranks, "integrate expr sqrt(x-2-1e-6) --bounds 2:3 --method vegas 2e7");
        launch.run().expect_code(1).expect_told_once("the integrand is not a number at (2.000000");
        let launch = Launch::new(ranks, "integrate expr 1/(x>1e-6) --bounds 0:1 --method vegas 2e7");
        launch.run().expect_code(1).expect_told_once("the integrand is inf at (0.000000");
    });
}

#[test]
fn a_target_is_reached_with_adapted_samples_too() {
    let line = "integrate expr exp(-1e4*((x-0.4)^2+(y-0.7)^2)) --bounds 0:1,0:1 --method vegas --target-error 1e-4r";
    let expected = result(Alone, line);
    assert!(expected.contains("\"target_reached\": true"), "{expected}");
    each([Threads(3), Threads(8)], |&ranks| assert_eq!(result(ranks, line), expected));
}

#[test]
fn a_target_is_reached_with_complete_nets() {
    for method in ["sobol", "lattice"] {
        let line = format!("integrate genz-gaussian --method {method} --target-error 1e-7");
        let expected = result(Alone, &line);
        assert!(expected.contains("\"target_reached\": true"), "{expected}");
        each([Threads(3), Threads(8)], |&ranks| assert_eq!(result(ranks, &line), expected));
    }
}

/// The error of a constant is that of rounding, so a run ends with the first nets. A target below
/// that, or 0 everywhere, has no end.
#[test]
fn targets_of_constants_end_with_nets() {
    for method in ["sobol", "lattice"] {
        let ended = |text: &str, target: &str, code| {
            let line = format!("integrate expr {text} --bounds 0:3 --method {method} --target-error {target}");
            Launch::new(Threads(2), &format!("{line} --format json")).run().expect_code(code).json()["result"].clone()
        };
        let constant = ended("0.5", "1e-6", 0);
        assert_eq!((&constant["estimate"], &constant["target_reached"]), (&1.5.into(), &true.into()));
        assert_eq!(constant["samples"], "8388608", "16 blocks");
        assert_eq!(ended("0.5", "2e-16", 5)["target_unreachable"], "it is below the rounding of sums");
        let nothing = ended("0*x", "1e-6", 5);
        assert!(nothing["std_error"].is_null());
        assert_eq!(nothing["target_unreachable"], "after 1e8 samples nothing is known about the error");
    }
}

/// A longer job has the same training, if the user says how much.
#[test]
fn a_longer_job_resumes_from_a_shorter_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt").display().to_string();
    let line = |samples: &str| format!("integrate genz-continuous --method vegas --training 2e5 {samples}");
    let with = |ranks, line: &str| Launch::new(ranks, line).word("--checkpoint").word(&file).run();
    with(Threads(2), &line("1e6")).expect_code(0);
    let longer = with(Threads(3), &format!("{} --format json", line("3e6"))).expect_code(0);
    assert_eq!(longer.json_result(), result(Alone, &line("3e6")));
    let other = with(Alone, &line("3e6").replace("2e5", "4e5")).expect_code(2);
    other
        .expect_told_once("there, --training 262144 here); a longer job resumes from a shorter one only with the same");
}

/// A run that failed because of such samples resumes from its checkpoint once the user sets their
/// value.
#[test]
fn a_value_that_is_no_number_is_no_dead_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("job.ckpt").display().to_string();
    let line = "integrate expr sqrt(x-1e-6) --bounds 0:1 2e7";
    let with = |ranks, line: &str| Launch::new(ranks, line).word("--checkpoint").word(&file).run();
    with(Alone, line).expect_code(1).expect_told_once("--nan skip leaves");
    let skipped = with(Threads(2), &format!("{line} --nan skip --format json")).expect_code(0);
    assert_eq!(skipped.json()["result"]["nan_samples"], "24", "{skipped}");
    assert_eq!(skipped.json_result(), result(Threads(3), &format!("{line} --nan skip")));
}

#[test]
fn a_target_that_cannot_be_reached_ends() {
    each(["2", "0*x", "x<2"], |text| {
        let line = format!("integrate expr {text} --bounds 0:1 --target-error 1e-6");
        let ended = Launch::new(Threads(2), &line).run().expect_code(5);
        assert!(ended.text().contains("NOT reached: after 1e8 samples nothing is known"), "{ended}");
    });
    Launch::new(Alone, "integrate expr x --bounds 0:1e300 1e5")
        .run()
        .expect_code(1)
        .expect_told_once("beyond the largest");
}

#[test]
fn the_list_names_them_all() {
    each([Alone, Threads(2)], |&ranks| {
        let json = Launch::new(ranks, "integrate list --format json").run().expect_code(0).json();
        let names = json["result"]["integrands"].as_array().expect("a list").len();
        // And `lib`, which is in another crate, and NAS EP.
        assert_eq!(names, montesieve::montecarlo::integrands::ALL.len() + 2);
    });
}

/// Lines of each kind of job, some seconds of work.
fn sweep() -> String {
    let lines = (1..=12).flat_map(|n| {
        [
            format!("expr 'exp(-{n} * x * y)' --bounds 0:1,0:2 3e6"),
            format!("genz-corner-peak --dim 4 --method vegas --training 2^15 --seed {n} 1e6"),
            format!("genz-gaussian --dim {} --method sobol 1e6", 2 + n),
            format!("genz-continuous --dim 3 --method auto --seed {n} 1e6"),
        ]
    });
    lines.map(|line| line + "\n").collect()
}

/// Stopped in training and behind it, and resumed on another number of ranks.
#[test]
fn a_file_of_integrals_is_stopped_and_resumed() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("sweep"), sweep()).expect("written");
    let line = format!("integrate file {} --format json", at("sweep"));
    let expected = Launch::new(Threads(2), &line).run().expect_code(0);
    let line = format!("{line} --checkpoint {} --checkpoint-interval 100ms", at("job.ckpt"));
    let mut stops = 0;
    for turn in 0..20 {
        let ranks = [Launched(3), Threads(2)][turn % 2];
        // A limit that a busy machine needs comes in the end.
        let ended = Launch::new(ranks, &format!("{line} --time-limit {}ms", 400 << (turn / 2))).run();
        match ended.code() {
            0 => {
                assert!(stops > 0, "it was never stopped: it must be longer");
                assert_eq!(ended.json_result(), expected.json_result(), "turn {turn}");
                return;
            }
            75 => stops += 1,
            _ => drop(ended.expect_code(76).expect_said_once("too short to do one block")),
        }
    }
    panic!("no progress in 20 turns");
}

#[test]
fn integrals_may_come_from_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sweep");
    std::fs::write(&path, "ball 1e5\n\nexpr 1/x --bounds -1:1 1e5 # a pole\nexpr 1/(x>0.5) --bounds 0:1\n")
        .expect("written");
    let (line, file) = ("integrate file - 1e4 --format json", std::fs::File::open(&path).expect("it is there"));
    let piped = Launch::new(Threads(3), line).stdin_from(file).run();
    let piped = piped.expect_code(1).expect_said_once("1 of 3 integrals failed: line 4; the result says why");
    let read = Launch::new(Launched(2), &format!("integrate file {} 1e4 --format json", path.display())).run();
    assert_eq!(read.expect_code(1).json_result(), piped.json_result());
    let file = std::fs::File::open(&path).expect("it is there");
    let refused = Launch::new(Alone, "integrate file - --shard 1/2 --checkpoint no.ckpt").stdin_from(file).run();
    refused.expect_code(2).expect_told_once("--shard needs a FILE");
}
