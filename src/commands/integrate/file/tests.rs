//! Whole files of integrals: the bytes of `integrate` alone, on any number of ranks, stopped and
//! resumed anywhere.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use montesieve_engine::simulated::{
    DiskFaults, FaultKind, FaultTime, InjectedFault, RankEnd, RunEnd, RunPlan, SimulatedDisk,
};
use serde_json::Value;

use super::lines::tests::options;
use super::*;
use crate::commands::forged::attack;
use crate::commands::integrate::args::{Common, IntegrateMethod, Samples};
use crate::commands::integrate::problem::testing::problem;
use crate::commands::simulation::{result, run};
use crate::isa::Isa;
use crate::job::rounds::Adaptive;
use crate::job::{Job, Span};
use crate::montecarlo::integrands::parameters::Parameters;

/// Lines of every method, short and of some blocks, that train and that do not.
const LINES: &str = "\
# Line 1 is this one.
expr 'exp(-a * x)' --set a=2 --bounds 0:1 3e5
ball --dim 7 2e5 --seed 5

genz-gaussian --dim 3 1e5 --method antithetic
genz-corner-peak --dim 12 1e5 --method control
expr 'sqrt(x-0.3)*y' --bounds 0:1,1:2 --method stratified --nan zero 1e5
ball --method vegas --training 2^11 2e4
genz-continuous --dim 4 --method auto 2e5
genz-gaussian --dim 3 --method lattice --training 5000 3e4
genz-gaussian --dim 40 --method sobol 5e4
genz-gaussian --dim 5 --method lattice --seed 18446744073709551615 1e4
expr 'if(x<0.5, 0/0, 1)' --bounds 0:1 --nan skip 1e5
ball --method auto 1e4
expr 'exp(-1e4*(x-y)^2)' --bounds 0:1,-1:pi --method vegas 3e5
expr 2 --bounds 0:1 7
option --style asian 129
";

/// What a test does with a command line in a folder of its own.
struct Folder {
    folder: tempfile::TempDir,
    /// Where checkpoints are.
    disk: SimulatedDisk,
}

impl Folder {
    fn new(lines: &str) -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Folder { folder, disk: SimulatedDisk::new(0, DiskFaults::default()) };
        std::fs::write(folder.at("sweep"), lines).expect("written");
        folder
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn at(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    /// Runs `montesieve integrate WORDS`; `SWEEP` stands for the file of lines, `CKPT` for a
    /// checkpoint.
    fn run(&self, plan: &RunPlan, words: &str) -> RunEnd<u8> {
        let words = words.replace("SWEEP", &self.at("sweep")).replace("CKPT", &self.at("ckpt"));
        let plan = RunPlan { disk: self.disk.clone(), ..plan.clone() };
        run(&plan, &format!("montesieve {words} --quiet --format json --output {}", self.at("result")))
    }

    /// Its exit code on so many ranks, the same on all.
    fn code(&self, ranks: u64, words: &str) -> u8 {
        let end = self.run(&RunPlan::new(ranks, ranks), words);
        assert_eq!(end.failure, None, "{words}");
        let mut codes: Vec<u8> = end.ranks.iter().map(|end| end.clone().returned().expect(words)).collect();
        codes.dedup();
        assert_eq!(codes.len(), 1, "{words}: {codes:?}");
        codes[0]
    }

    /// The result of a command that succeeds.
    fn result(&self, ranks: u64, words: &str) -> String {
        assert_eq!(self.code(ranks, words), 0, "{words}");
        result(self.path())
    }

    fn json(&self, ranks: u64, words: &str) -> Value {
        serde_json::from_str(&self.result(ranks, words)).expect("JSON")
    }
}

/// The result of a line by itself: a line of these tests has no space inside quotes.
fn alone(line: &str) -> Value {
    let words = shlex::split(line).expect("words").iter().map(|word| word.replace(' ', "")).collect::<Vec<_>>();
    Folder::new("").json(1, &format!("integrate {}", words.join(" ")))
}

/// A line's row without what alone has not.
fn bare(row: &Value) -> Value {
    let mut row = row.clone();
    row.as_object_mut().expect("a row").remove("line");
    // Spaces inside quotes.
    if let Some(expression) = row["parameters"].get_mut("expression") {
        *expression = expression.as_str().expect("words").replace(' ', "").into();
    }
    row
}

fn rows(result: &Value) -> &Vec<Value> {
    result["integrals"].as_array().expect("a list")
}

#[test]
fn every_line_reports_what_integrate_reports_alone() {
    let found = Folder::new(LINES).json(3, "integrate file SWEEP");
    let is_integral = |(_, line): &(u64, &str)| !line.is_empty() && !line.starts_with('#');
    let lines: Vec<(u64, &str)> = (1..).zip(LINES.lines()).filter(is_integral).collect();
    assert_eq!(rows(&found).len(), lines.len());
    for (row, (number, line)) in rows(&found).iter().zip(lines) {
        assert_eq!(row["line"], number);
        assert_eq!(bare(row).to_string(), alone(line).to_string(), "{line}");
    }
    assert_eq!(found["complete"], true);
}

#[test]
fn the_same_bytes_on_any_number_of_ranks_under_any_schedule() {
    let folder = Folder::new(LINES);
    let expected = folder.result(1, "integrate file SWEEP");
    for (ranks, schedule) in [(2, "block"), (3, "cyclic"), (5, "dynamic --chunk 1"), (8, "guided")] {
        assert_eq!(folder.result(ranks, &format!("integrate file SWEEP --schedule {schedule}")), expected, "{ranks}");
    }
}

#[test]
fn defaults_behind_the_file_are_those_of_lines_that_say_nothing() {
    let folder = Folder::new("ball\nball --dim 4 --method lattice 1e4\nball --method plain --seed 3\n");
    let found = folder.json(2, "integrate file SWEEP 2e4 --method vegas --training 1024 --seed 8");
    let expected = [
        "ball 2e4 --method vegas --training 1024 --seed 8",
        "ball --dim 4 --method lattice --training 1024 1e4 --seed 8",
        "ball --method plain --seed 3 2e4",
    ];
    for (row, line) in rows(&found).iter().zip(expected) {
        assert_eq!(bare(row).to_string(), alone(line).to_string(), "{line}");
    }
}

/// Not a number among the first samples, infinite much later, an integral beyond all numbers.
const FAILING: &str = "\
ball 1e5
expr ln(x-0.5) --bounds 0:1 1e5
expr 1/(x>1e-5) --bounds 0:1 2e6
expr exp(700)*(1+x/1e6) --bounds 0:1e6 1e5
expr ln(x-0.5) --bounds 0:1 --method vegas 1e5
ball --method vegas 2e4
";

#[test]
fn a_line_that_fails_loses_nothing_of_the_others() {
    let folder = Folder::new(FAILING);
    let mut expected = None;
    for ranks in [1, 3] {
        assert_eq!(folder.code(ranks, "integrate file SWEEP"), 1);
        let found = result(folder.path());
        assert_eq!(expected.get_or_insert(found.clone()), &found);
    }
    let found: Value = serde_json::from_str(&expected.expect("a result")).expect("JSON");
    let errors: Vec<&str> = rows(&found).iter().map(|row| row["error"].as_str().unwrap_or("")).collect();
    assert_eq!((errors[0], errors[5]), ("", ""));
    assert!(errors[1].starts_with("the integrand is not a number at (0.") && errors[1].ends_with("counts them as 0"));
    assert!(errors[2].starts_with("the integrand is inf at (0.0000"), "{}", errors[2]);
    assert!(errors[3].starts_with("the integral or its error is beyond the largest number"), "{}", errors[3]);
    assert!(errors[4].ends_with("; --nan zero counts such samples as 0"), "{}", errors[4]);
    assert!(rows(&found)[1]["estimate"].is_null() && rows(&found)[1]["samples"] == "100000");
    assert!(rows(&found).iter().all(|row| row["complete"] == row.get("error").is_none()));
    for (row, line) in [(0, "ball 1e5"), (5, "ball --method vegas 2e4")] {
        assert_eq!(bare(&rows(&found)[row]).to_string(), alone(line).to_string());
    }
}

#[test]
fn a_job_that_is_stopped_anywhere_resumes() {
    let folder = Folder::new(LINES);
    let expected = folder.result(1, "integrate file SWEEP");
    let mut stops = 0;
    let mut folder = folder;
    for (ranks, limit) in [(1, "40ms"), (3, "20ms"), (5, "10ms")] {
        let plan = RunPlan { block_times: vec![Duration::from_micros(100)], ..RunPlan::new(ranks, ranks) };
        let words = "integrate file SWEEP --checkpoint CKPT --checkpoint-interval 1ms";
        let mut code = 75;
        while code == 75 {
            let end = folder.run(&plan, &format!("{words} --time-limit {limit}"));
            code = end.ranks[0].clone().returned().expect("an exit code");
            stops += u64::from(code == 75);
        }
        assert_eq!((code, result(folder.path())), (0, expected.clone()), "{ranks} ranks");
        folder.disk = SimulatedDisk::new(0, DiskFaults::default());
    }
    assert!(stops > 20, "{stops} stops: too few to meet the training");
}

#[test]
fn a_job_whose_ranks_die_resumes_or_goes_on_without_them() {
    let mut folder = Folder::new(LINES);
    let expected = folder.result(1, "integrate file SWEEP");
    let words = "integrate file SWEEP --checkpoint CKPT --checkpoint-interval 1ms";
    let mut killed = 0;
    for turn in [20, 60, 150, 400, 900] {
        for survives in [false, true] {
            let fault = InjectedFault { rank: turn % 3, at: FaultTime::Turn(turn), what: FaultKind::Death };
            let plan = RunPlan { faults: vec![fault], survives, ..RunPlan::new(3, turn) };
            let end = folder.run(&plan, words);
            killed += u64::from(end.ranks.contains(&RankEnd::Killed));
            let is_done = end.ranks.contains(&RankEnd::Returned(0));
            assert!(is_done || !survives, "turn {turn}: {:?}", end.ranks);
            if !is_done {
                assert_eq!(folder.code(2, words), 0);
            }
            assert_eq!(result(folder.path()), expected, "turn {turn}");
            folder.disk = SimulatedDisk::new(0, DiskFaults::default());
        }
    }
    assert!(killed >= 6, "{killed} deaths: the job was over before");
}

#[test]
fn parts_are_merged() {
    let folder =
        Folder::new("ball 3e6\nexpr x --bounds 0:1 1e4\ngenz-gaussian --method sobol 1e5\nexpr 1/x --bounds 0:1 7\n");
    let expected = folder.result(2, "integrate file SWEEP");
    let parts: Vec<String> = (1..=3).map(|part| folder.at(&format!("part{part}"))).collect();
    for (part, path) in (1..).zip(&parts) {
        assert_eq!(folder.code(2, &format!("integrate file SWEEP --shard {part}/3 --checkpoint {path}")), 0);
    }
    assert_eq!(folder.result(1, &format!("merge {}", parts.join(" "))), expected);
    assert_eq!(folder.code(1, &format!("merge {} {}", parts[0], parts[1])), 1, "a part is missing");
    std::fs::write(folder.at("sweep"), "ball 3e6\n").expect("written");
    assert_eq!(folder.code(1, &format!("merge {}", parts.join(" "))), 2, "other lines");
}

#[test]
fn a_checkpoint_is_of_what_the_lines_compute() {
    let folder = Folder::new("ball 1e5\nexpr x --bounds 0:1 1e4\n");
    let words = "integrate file SWEEP --checkpoint CKPT";
    let expected = folder.result(1, words);
    std::fs::write(folder.at("sweep"), "ball --dim 3 1e5 --method plain\nexpr 'x' --bounds '0:1' 1e4 # same\n")
        .expect("written");
    assert_eq!(folder.result(2, words), expected);
    for other in [
        "ball 1e5\nexpr x --bounds 0:1 2e4",
        "expr x --bounds 0:1 1e4\nball 1e5",
        "ball 1e5\nexpr y --bounds 0:1,0:1 1e4",
    ] {
        std::fs::write(folder.at("sweep"), other).expect("written");
        assert_eq!(folder.code(1, words), 2, "{other}");
    }
}

#[test]
fn bad_lines_end_a_command_before_any_work() {
    let folder = Folder::new("ball 1e5\nball --plan\n");
    for ranks in [1, 3] {
        assert_eq!(folder.code(ranks, "integrate file SWEEP"), 2);
    }
    std::fs::write(folder.at("sweep"), "").expect("written");
    assert_eq!(folder.code(2, "integrate file SWEEP"), 2);
    assert_eq!(folder.code(2, "integrate file missing-file"), 2);
}

/// A job of lines of every kind of tally. All blocks have the adaptation of the last stage: what
/// makes a tally possible does not depend on it.
fn mixed() -> ManyIntegralsJob {
    let options = options("").defaults.alone(&options("").engine);
    let line = |line, (method, samples, training)| {
        let common = Common { samples: Some(samples), method, training, ..options.clone() };
        let problem = problem("genz-gaussian", "2", samples, method);
        let loaded = Some(Problem { is_trained: common.is_trained(), ..problem });
        let options = Samples { name: "genz-gaussian", parameters: Parameters::default(), common };
        LineProblem { line, options, isa: Isa::widest(), loaded }
    };
    let lines = [
        (IntegrateMethod::Plain, 600_000, None),
        (IntegrateMethod::Sobol, 1 << 13, None),
        (IntegrateMethod::Vegas, 3000, Some(512)),
        (IntegrateMethod::Stratified, 4000, None),
        (IntegrateMethod::Lattice, 8000, Some(256)),
    ];
    let lines = (1..).zip(lines).map(|(number, terms)| line(number, terms)).collect();
    let mut job = ManyIntegralsJob::new(lines, &[]).expect("few blocks");
    let mut stages: Vec<(Span, ManyTally)> = Vec::new();
    for end in job.stages() {
        let before: Vec<_> = stages.iter().map(|(span, tally)| (*span, tally)).collect();
        let adaptation = job.adapt(&before);
        job = job.adapted(adaptation);
        let span = Span::new(stages.last().map_or(0, |(span, _)| span.end), end);
        let tally = job.compute(span, &mut job.workspace(), &mut || ControlFlow::Continue(()));
        stages.push((span, tally.continue_value().expect("nothing stops it")));
    }
    let before: Vec<_> = stages.iter().map(|(span, tally)| (*span, tally)).collect();
    let adaptation = job.adapt(&before);
    job.adapted(adaptation)
}

#[test]
fn forged_checkpoints_are_refused_or_sound() {
    let job = mixed();
    assert!(job.is_trained() && job.blocks() > 40);
    attack("integrate file", &job, |tally| {
        let row = |(index, line)| integral(line, job.blocks_of(index), tally.line(index)).expect("checked sums");
        format!("{:?}", job.lines().map(row).collect::<Vec<_>>())
    });
}

#[test]
fn few_samplers_are_kept() {
    let job = mixed();
    let mut samplers = job.workspace();
    let mut go_on = || ControlFlow::Continue(());
    let all = Span::new(0, job.blocks());
    let once = job.compute(all, &mut samplers, &mut go_on).continue_value().expect("nothing stops it");
    let again = job.compute(all, &mut samplers, &mut go_on).continue_value().expect("nothing stops it");
    assert_eq!(samplers.len(), 4);
    assert_eq!(job.check(all, &once), Ok(()));
    let bytes = |tally: &ManyTally| crate::job::record::encode(tally).expect("encodes");
    assert_eq!(bytes(&once), bytes(&again));
}
