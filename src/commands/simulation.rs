//! Whole commands on simulated ranks: one seed determines the command line, the ranks, the network,
//! the disk, and the faults.
//!
//! Stands beside the engine's `tests/simulate`, which runs random jobs. Here everything from the
//! command line to the report runs as in the program, including kernels. A life repeats the same
//! command line, on other ranks each time, until it is done. The test checks that the result has
//! the bytes of an undisturbed rank, that all ranks end with the same exit code, which its cause
//! allows, and that nothing waits for ever.
//!
//! The environment selects the seeds ([`Seeds`]).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use montesieve_engine::simulated::{
    self, DiskFaults, FaultKind, FaultTime, InjectedFault, Random, RankEnd, RunEnd, RunPlan, Seeds, Simulated,
    SimulatedDisk, Weather,
};
use montesieve_engine::transport::{Lost, Transport};

use super::run_on_ranks;
use crate::cli::CommandLine;
use crate::cluster::testing::on;
use crate::error::Error;

/// Seeds that run by default.
const SEEDS: u64 = 60;
/// Runs with faults. Later runs are undisturbed, and the command must finish.
const STORMY: u64 = 4;
/// The run in which it must finish.
const MOST_RUNS: u64 = STORMY + 3;

/// A command line.
struct Line {
    words: &'static str,
    /// Whether it can save its work.
    is_saved: bool,
    /// Whether it runs in parts, which are merged.
    is_merged: bool,
}

const fn saved(words: &'static str) -> Line {
    Line { words, is_saved: true, is_merged: false }
}

const fn unsaved(words: &'static str) -> Line {
    Line { words, is_saved: false, is_merged: false }
}

const fn merged(words: &'static str) -> Line {
    Line { words, is_saved: true, is_merged: true }
}

/// The number of parts of such a line.
const PARTS: u64 = 3;
/// The longest stall of a disk. Meanwhile ranks that wait for a stop read the clock some 10,000
/// times a second.
const LONGEST_STALL: Duration = Duration::from_secs(20);

/// Some blocks of each kind of job.
const LINES: [Line; 33] = [
    saved("pi 3e7 --seed 5"),
    saved("pi --method control 1e7"),
    saved("pi --method stratified 1e9"),
    saved("pi --method sobol 1e8"),
    saved("pi --target-error 3e-4 --seed 3"),
    saved("integrate ball --dim 3 3e6"),
    saved("integrate expr exp(-x*x) --bounds 0:1 3e6"),
    saved("integrate lib LIBRARY:f --bounds 0:1,-1:1 3e6"),
    saved("integrate genz-gaussian --dim 40 --method sobol 5e5"),
    saved("integrate genz-gaussian --method antithetic 3e6"),
    saved("integrate ball --method control 1e6"),
    saved("integrate ball --method stratified 1e5"),
    saved("integrate genz-gaussian --method vegas --training 2^12 1e4"),
    saved("integrate genz-gaussian --method auto --training 2^13 3e4"),
    saved("integrate expr x;x*y --bounds 0:1,0:1 --method vegas --training 2^12 1e4"),
    saved("integrate genz-gaussian --histogram x1:5 --method sobol 5e5"),
    saved("integrate file INTEGRALS"),
    saved("integrate file INTEGRALS --method vegas --training 2^10"),
    saved("primes 2e7 --algorithm sieve --count 1,2,3 --sum --gaps --digest"),
    saved("primes 1e10 --algorithm combinatorial"),
    saved("primes 1e12 1e12+2e7"),
    saved("integrate ep --class S"),
    saved("pi 3e7 --seed 5 --shard 2/3"),
    merged("pi 3e7 --seed 5"),
    merged("integrate file INTEGRALS --method stratified"),
    merged("primes 2e7 --algorithm sieve --count 1,2 --digest"),
    merged("isprime 99999999999973 --method trial"),
    saved("isprime 99999999999973 --method trial"),
    unsaved("gcd PAIRS"),
    unsaved("gcd --all LIST"),
    unsaved("primes --nth 2000000"),
    unsaved("primes 1e6 --print"),
    unsaved("isprime 10^40+121 2^89-1 91 561"),
];

/// The scenario of a seed.
struct Life {
    seed: u64,
    line: &'static Line,
    most_ranks: u64,
    schedule: &'static str,
    interval: &'static str,
    time_limit: Option<&'static str>,
    survives: bool,
    /// How long a rank may be silent.
    silence: Option<Duration>,
    block_time: Duration,
    weather: Weather,
    disk: DiskFaults,
    kinds: Vec<FaultKind>,
}

impl Life {
    fn of(seed: u64) -> Life {
        let mut random = Random::new(seed ^ 0xC0_77A2D);
        let random = &mut random;
        let line = &LINES[random.below(LINES.len() as u64) as usize];
        let stop = Duration::from_secs(random.one(&[3, 3, 600]));
        let kinds = [
            FaultKind::Death,
            FaultKind::Stop(stop),
            FaultKind::Signal(15),
            FaultKind::Signal(10),
            FaultKind::Signal(12),
        ];
        let disk = if random.chance(1, 2) { DiskFaults::random(random) } else { DiskFaults::default() };
        Life {
            seed,
            line,
            most_ranks: match random.below(200) {
                0 => random.between(200, 1000),
                1..10 => random.between(20, 100),
                _ => random.between(1, 9),
            },
            schedule: random.one(&["block", "cyclic", "dynamic", "guided"]),
            interval: random.one(&["1ms", "100ms", "30s"]),
            time_limit: if random.chance(1, 3) { Some(random.one(&["5ms", "100ms", "2s"])) } else { None },
            survives: line.is_saved && !line.words.starts_with("isprime") && random.chance(1, 3),
            silence: random.chance(1, 2).then(|| Duration::from_secs(random.one(&[30, 300]))),
            block_time: Duration::from_micros(random.one(&[10, 1000, 50_000])),
            weather: Weather::random(random),
            disk: DiskFaults { longest: disk.longest.min(LONGEST_STALL), ..disk },
            kinds: kinds.into_iter().filter(|_| random.chance(1, 3)).collect(),
        }
    }

    /// The command line of each run of a part, or of the whole. Only the time limit changes; the
    /// last runs have none.
    fn command_line(&self, folder: &Path, part: Option<u64>, is_stormy: bool) -> String {
        let Line { words, is_saved, .. } = self.line;
        let files = [("PAIRS", "pairs"), ("LIST", "list"), ("LIBRARY", "f.so"), ("INTEGRALS", "integrals")];
        let words = files.iter().fold(words.to_string(), |words, (word, file)| words.replace(word, &input(file)));
        let mut line =
            format!("montesieve {words} --quiet --schedule {} --output {}", self.schedule, at(folder, "result"));
        if !words.contains("--print") {
            line += " --format json";
        }
        if let Some(part) = part {
            line += &format!(" --shard {part}/{PARTS}");
        }
        if *is_saved {
            line += &format!(" --checkpoint {} --checkpoint-interval {}", checkpoint(folder, part), self.interval);
        }
        if let Some(limit) = self.time_limit.filter(|_| is_stormy) {
            line += &format!(" --time-limit {limit}");
        }
        line
    }

    /// The plan of a run with faults.
    fn plan(&self, disk: &SimulatedDisk, number: u64) -> RunPlan {
        let mut random = Random::new(self.seed.wrapping_mul(1000) + number);
        let ranks = if number == 0 { self.most_ranks } else { random.between(1, self.most_ranks) };
        let mut faults = Vec::new();
        for &what in &self.kinds {
            for _ in 0..random.below(3) {
                let at = if random.chance(1, 2) {
                    FaultTime::Time(random.scale_up_to(self.block_time * 60))
                } else {
                    FaultTime::Turn(random.between(1, 40) * random.between(1, 20))
                };
                let rank = if random.chance(1, 3) { 0 } else { random.below(ranks) };
                faults.push(InjectedFault { rank, at, what });
            }
        }
        RunPlan {
            block_times: vec![self.block_time, self.block_time * 2],
            weather: self.weather,
            faults,
            disk: disk.clone(),
            survives: self.survives,
            silence: self.silence,
            most_time: Duration::from_secs(7200),
            most_events: 2_000_000,
            ..RunPlan::new(ranks, random.any())
        }
    }
}

/// The files `pairs` and `list`, numbers that sometimes have a common factor, `f.so`, a compiled
/// function, and `integrals`, some short ones and two longer ones.
fn input(name: &str) -> String {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let number = |n: u64| (1009 + 2 * (n % 97)) * (10_007 + 2 * (n % 89));
        for (name, between) in [("pairs", ' '), ("list", '\n')] {
            let pairs = (0..300).map(|n| format!("{}{between}{}\n", number(2 * n), number(2 * n + 1)));
            std::fs::write(folder.path().join(name), pairs.collect::<String>()).expect("written");
        }
        let integrals = (2..=9).map(|n| format!("expr 'exp(-a * x*y)' --set a={n} --bounds 0:1,0:2 {n}e3\n"));
        let integrals = integrals.collect::<String>() + "ball 1e6 --method plain\nball --method sobol 1e5\n";
        std::fs::write(folder.path().join("integrals"), integrals).expect("written");
        let function = "double f(int dim, const double *x, void *data) { return x[0] * x[0] + x[1]; }\n";
        std::fs::write(folder.path().join("f.c"), function).expect("written");
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-ffp-contract=off", "-shared", "-fPIC", "-o", "f.so", "f.c"]).current_dir(folder.path());
        assert!(compiler.status().expect("cc").success());
        folder
    });
    at(FOLDER.path(), name)
}

fn at(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

fn checkpoint(folder: &Path, part: Option<u64>) -> String {
    at(folder, &part.map_or("job.ckpt".to_owned(), |part| format!("part{part}.ckpt")))
}

fn words(line: &str) -> CommandLine {
    CommandLine { arguments: line.split_whitespace().map(Into::into).collect(), variables: Vec::new() }
}

/// One run of a command line on simulated ranks; returns each rank's exit code.
pub(in crate::commands) fn run(plan: &RunPlan, line: &str) -> RunEnd<u8> {
    let words = words(line);
    let cli = crate::commands::parse(&words).unwrap_or_else(|refusal| panic!("{line}: {}", refusal.text(false)));
    simulated::run(plan, |rank| {
        let command = || match run_on_ranks(&on(Rc::clone(rank) as Rc<_>), &words, &cli) {
            Ok(code) | Err(Error::Reported { code }) => leave(rank).map(|()| code),
            Err(Error::Lost) => Err(Lost.into()),
            // An error of one rank alone ends the job.
            Err(_) => rank.abort(),
        };
        let code = rank.survive(|_| command());
        // If no rank survives a loss, a lost rank has been killed; all others wait until their last
        // message has left.
        code.unwrap_or_else(|_| rank.abort())
    })
}

/// The last steps of a program: all its messages have left when it ends.
fn leave(rank: &Simulated) -> montesieve_engine::Result<()> {
    rank.flush(None)?;
    rank.confirm_all_alive()?;
    // If losses are survived, all ranks vote once more, and wait for nothing before that.
    if rank.replay_log().is_none() {
        rank.end_watch()?;
    }
    Ok(())
}

/// The `result` of the report in the file `result` of a folder.
pub(in crate::commands) fn result(folder: &Path) -> String {
    let report = std::fs::read_to_string(folder.join("result")).expect("a report");
    match serde_json::from_str::<serde_json::Value>(&report) {
        Ok(json) => json["result"].to_string(),
        Err(_) => report,
    }
}

/// The result of a line on one undisturbed rank.
fn undisturbed(line: &'static Line) -> String {
    static KNOWN: Mutex<Vec<(&str, String)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().expect("no panic");
    if let Some((_, result)) = known.iter().find(|(words, _)| *words == line.words) {
        return result.clone();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let calm = Life { line, time_limit: None, survives: false, silence: None, schedule: "dynamic", ..Life::of(0) };
    let plan = RunPlan::new(1, 0);
    let end = run(&plan, &calm.command_line(folder.path(), None, false));
    assert_eq!(end.ranks, [RankEnd::Returned(0)], "{}", line.words);
    let result = result(folder.path());
    known.push((line.words, result.clone()));
    result
}

/// Lives the life of a seed; what it met.
fn live(seed: u64) -> Vec<&'static str> {
    let life = Life::of(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let disk = SimulatedDisk::new(seed, life.disk);
    let mut met = Vec::new();
    if life.line.is_merged {
        (1..=PARTS).for_each(|part| until_done(&life, folder.path(), &disk, Some(part), &mut met));
        disk.mend();
        let parts: Vec<String> = (1..=PARTS).map(|part| checkpoint(folder.path(), Some(part))).collect();
        let result_at = at(folder.path(), "result");
        let line = format!("montesieve merge {} --quiet --format json --output {result_at}", parts.join(" "));
        let plan = RunPlan { faults: Vec::new(), silence: None, ..life.plan(&disk, 0) };
        let end = run(&plan, &line);
        assert!(end.failure.is_none() && end.ranks.iter().all(|end| *end == RankEnd::Returned(0)), "{line}: {end:?}");
        met.push("merged");
    } else {
        until_done(&life, folder.path(), &disk, None, &mut met);
    }
    assert_eq!(result(folder.path()), undisturbed(life.line), "{}", life.line.words);
    met
}

/// Runs the whole or a part until it is done.
fn until_done(life: &Life, folder: &Path, disk: &SimulatedDisk, part: Option<u64>, met: &mut Vec<&'static str>) {
    for number in 0..MOST_RUNS {
        let is_stormy = number < STORMY;
        if number == STORMY {
            disk.mend();
        }
        let plan = life.plan(disk, number + MOST_RUNS * part.unwrap_or(0));
        let plan = if is_stormy { plan } else { RunPlan { faults: Vec::new(), silence: None, ..plan } };
        let line = life.command_line(folder, part, is_stormy);
        let end = run(&plan, &line);
        assert_eq!(end.failure, None, "run {number} of '{line}' on {} ranks", plan.ranks);
        met.extend(end.struck.iter().map(|struck| struck.what));
        let mut codes: Vec<u8> = end.ranks.iter().filter_map(|end| end.clone().returned()).collect();
        codes.dedup();
        assert!(codes.len() < 2, "run {number} of '{line}': exit codes {codes:?}");
        let died = end.ranks.contains(&RankEnd::Killed);
        match codes.first() {
            Some(0) => {
                met.push("done");
                return;
            }
            Some(75) => met.push("saved"),
            Some(76) => met.push("not saved"),
            // A limit that came first, and nothing saved.
            Some(5) if is_stormy && line.contains("--target-error") => met.push("limit before target"),
            // A signal before there was anything to report.
            Some(140 | 143) => met.push("ended by a signal"),
            // A checkpoint that cannot be written at the start, or a part of it that cannot be
            // read.
            Some(1) if is_stormy && life.disk != DiskFaults::default() => met.push("refused for its disk"),
            Some(code) => panic!("run {number} of '{line}': exit code {code}"),
            None => {
                assert!(
                    is_stormy && (died || life.survives),
                    "run {number} of '{line}' came to nothing: {:?}",
                    end.ranks
                );
                met.push("killed");
            }
        }
    }
    panic!("'{}' is not done in {MOST_RUNS} runs: {met:?}", life.command_line(folder, part, false));
}

#[test]
fn every_seed_ends_well() {
    let seeds = Seeds::asked(SEEDS);
    let lives = seeds.run("cargo test --no-default-features --lib -- simulation::every_seed", live);
    let mut met = BTreeMap::<&str, u64>::new();
    lives.into_iter().flatten().for_each(|what| *met.entry(what).or_default() += 1);
    println!("{} lives of commands: {met:?}", seeds.count);
    if seeds.count >= SEEDS {
        for what in ["death", "stop", "SIGTERM", "SIGUSR1", "SIGUSR2", "saved", "not saved", "killed", "done", "merged"]
        {
            assert!(met.contains_key(what), "no life met '{what}': {met:?}");
        }
    }
}
