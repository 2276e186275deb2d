//! `cargo xtask faults`: kills jobs at random moments, resumes them until they are done, and
//! compares the answers with undisturbed ones. docs/faults.md has results.
//!
//! With `--ulfm` the ranks that are left finish the run themselves: `survival`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::IsTerminal;
use std::ops::Range;
use std::path::Path;
use std::time::{Instant, SystemTime};

use rustix::process::Signal;

use crate::draw::Draw;
use crate::run::{self, Result, Run, launch, launch_with, program};
use crate::survival::Survivals;

/// Kill jobs at random moments, resume them until they are done, compare the answers.
///
/// Each job has a checkpoint. Each of its runs has 1 to 8 ranks under mpirun, or is one process
/// without it, with a schedule, a chunk and an instruction set drawn anew. At a random moment:
///
///     rank        SIGKILL of a random rank
///     ranks       SIGKILL of several ranks at once
///     launcher    SIGKILL of mpirun
///     term        SIGTERM to mpirun, which gives its ranks about a second
///     usr2        SIGUSR2 to mpirun, which passes it on: the job saves, exit code 75
///
/// A kill counts when the run was at work and did not finish. The `result` of the run that finishes
/// must have the same bytes as that of an undisturbed process.
///
/// SIGKILL loses what was done after the last save. So the age of the checkpoint at that moment is
/// printed, apart from it that of kills before the first save of their run (start-up, tables).
///
/// With --ulfm each run is started to survive, loses one rank or several (rank 0 in every third),
/// and must finish by itself: exit code 0, equal bytes, a report that names the killed ranks.
///
/// Draws are a function of the seed. Moments are too, but not what the machine has done by then.
/// Exit code 0: all answers are right. 1: one is not, or a job makes no progress.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    /// Let ranks die while the others continue (Open MPI 5)
    #[arg(long)]
    ulfm: bool,
    /// How many kills [default: 200, about 10 minutes on 2 quiet cores; 50 with --ulfm]
    #[arg(long, value_name = "N")]
    kills: Option<usize>,
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// Two to four seconds of one core each on a Zen 5: a few kills until it is done.
pub const JOBS: [&str; 9] = [
    "pi 5e10 --seed 9",
    "pi 1e15 --method sobol",
    "pi 1e10 --method control --seed 5",
    "integrate genz-gaussian 2e9 --seed 3",
    "integrate option 8e8",
    "integrate genz-gaussian 1e9 --method vegas --seed 3",
    "primes 7e10 --count 1,2,4 --algorithm sieve",
    "primes 1e15 1e15+7e9 --gaps --sum",
    "primes 1e18 1e18+4e9 --digest",
];
pub const SCHEDULES: [&str; 4] = ["block", "cyclic", "dynamic", "guided"];
const CHUNKS: [&str; 5] = ["auto", "auto", "1", "7", "1000"];
const KINDS: [&str; 5] = ["rank", "ranks", "launcher", "term", "usr2"];
/// The best one for most runs: the portable one takes several times as long.
const ISAS: [&str; 5] = ["", "", "", "avx2", "portable"];
/// Seconds between two saves.
const INTERVAL: f64 = 0.2;
/// Seconds from the moment when all ranks are there.
const KILL_WITHIN: Range<f64> = 0.2..2.5;
/// Seconds for a run.
const LIMIT: u64 = 120;
/// Runs of one job before it counts as making no progress.
const TURNS: usize = 60;
/// Wrong answers after which a campaign ends.
pub const ENOUGH: usize = 5;

/// How often each thing happened.
pub type Counts<T> = BTreeMap<T, usize>;

pub fn listed<T: Display>(counts: &Counts<T>) -> String {
    let all: Vec<String> = counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
    all.join(", ")
}

/// The command of a job: its first word.
pub fn command_of(job: &'static str) -> &'static str {
    job.split(' ').next().unwrap_or(job)
}

/// Results of jobs in one undisturbed process.
#[derive(Default)]
pub struct Undisturbed(BTreeMap<&'static str, String>);

impl Undisturbed {
    pub fn result(&mut self, job: &'static str) -> Result<String> {
        if let Some(result) = self.0.get(job) {
            return Ok(result.clone());
        }
        let words = job.split(' ').chain(["--format", "json", "--quiet"]);
        let ended = run::run(&mut launch(program(), 0, words), LIMIT)?;
        let result = ended.result().filter(|_| ended.code == 0);
        let result = result.ok_or_else(|| {
            format!("'{job}' undisturbed: exit code {}\n{}", ended.code, ended.err)
        })?;
        Ok(self.0.entry(job).or_insert(result).clone())
    }
}

/// A run of `job` that saves in `file`, in a way drawn by `draw`; and its schedule.
pub fn start(
    job: &str,
    ranks: usize,
    flags: &[&str],
    file: &Path,
    draw: &mut Draw,
) -> Result<(Run, &'static str)> {
    let schedule = draw.pick(&SCHEDULES);
    let (file, interval) = (file.to_string_lossy(), format!("{INTERVAL}s"));
    let saves = ["--checkpoint", &file, "--checkpoint-interval", &interval, "--format", "json"];
    let ways = ["--schedule", schedule, "--chunk", draw.pick(&CHUNKS)];
    let words = job.split(' ').chain(saves).chain(ways);
    let mut command = launch_with(flags, program(), ranks, words);
    match draw.pick(&ISAS) {
        "" => {}
        isa => drop(command.env("MONTESIEVE_ISA", isa)),
    }
    Ok((Run::start(&mut command, LIMIT)?, schedule))
}

/// Prints the progress of the campaign to a terminal.
pub fn show_progress(text: impl Display) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{text}");
    }
}

pub fn campaign(options: &Options) -> Result<bool> {
    let began = Instant::now();
    let folder = tempfile::tempdir()?;
    let (mut draw, folder) = (Draw::new(options.seed, 0), folder.path());
    let wanted = options.kills.unwrap_or(if options.ulfm { 50 } else { 200 });
    let is_right = if options.ulfm {
        let mut survivals = Survivals::default();
        unless_stopped(survivals.all(wanted, &mut draw, folder))?;
        survivals.report(wanted)
    } else {
        let mut kills = Kills::default();
        unless_stopped(kills.all(wanted, &mut draw, folder))?;
        kills.report(folder)
    };
    println!("{:.0} s, seed {}", began.elapsed().as_secs_f64(), options.seed);
    Ok(is_right)
}

/// A campaign that was stopped reports too; other errors end it.
fn unless_stopped(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(_) if run::is_stopped() => {
            println!("stopped before the end:");
            Ok(())
        }
        outcome => outcome,
    }
}

/// What came of the kills.
#[derive(Default)]
struct Kills {
    by_kind: Counts<&'static str>,
    by_ranks: Counts<usize>,
    by_schedule: Counts<&'static str>,
    jobs: Counts<&'static str>,
    runs: usize,
    /// Seconds from the last save to a SIGKILL; from the start, where nothing was saved yet.
    ages: Vec<f64>,
    starts: Vec<f64>,
    saved: usize,
    equal: usize,
    wrong: Vec<String>,
}

impl Kills {
    fn number(&self) -> usize {
        self.by_kind.values().sum()
    }

    fn all(&mut self, wanted: usize, draw: &mut Draw, folder: &Path) -> Result<()> {
        let mut undisturbed = Undisturbed::default();
        for number in 0.. {
            if self.number() >= wanted || self.wrong.len() >= ENOUGH {
                break;
            }
            let job = JOBS[number % JOBS.len()];
            let expected = undisturbed.result(job)?;
            *self.jobs.entry(command_of(job)).or_default() += 1;
            let file = folder.join(format!("{number}.ckpt"));
            let mut turns = (0..TURNS).map(|_| self.turn(job, &file, draw, wanted));
            match turns.find_map(Result::transpose).transpose()? {
                Some(answer) if answer == expected => self.equal += 1,
                Some(answer) => self
                    .wrong
                    .push(format!("{job}: another result:\n{answer}\ninstead of\n{expected}")),
                None => self.wrong.push(format!("{job}: not done after {TURNS} runs")),
            }
            show_progress(format_args!("{} kills, {} jobs", self.number(), number + 1));
        }
        Ok(())
    }

    /// One run of the job, and what happens to it. Its result, when it finishes.
    fn turn(
        &mut self,
        job: &str,
        file: &Path,
        draw: &mut Draw,
        wanted: usize,
    ) -> Result<Option<String>> {
        let (ranks, kind, moment) =
            (draw.within(0..=8), draw.pick(&KINDS), draw.within(KILL_WITHIN));
        let (mut run, schedule) = start(job, ranks, &[], file, draw)?;
        self.runs += 1;
        run.wait_until(|run| run.ranks().len() >= ranks);
        let began = SystemTime::now();
        let is_enough = self.number() >= wanted;
        if !is_enough {
            run.sleep(moment);
        }
        let struck = SystemTime::now();
        let saved = file.metadata().and_then(|metadata| metadata.modified()).ok();
        if !is_enough {
            strike(&mut run, kind, ranks, draw);
        }
        let what = format!("{job} on {ranks} ranks, {schedule}, {kind} after {moment:.2} s");
        let ended = run.end().map_err(|error| format!("{what}: {error}"))?;
        if let (0, Some(result)) = (ended.code, ended.result()) {
            return Ok(Some(result));
        }
        let is_fault = ["panicked", "fault of montesieve", "damaged"]
            .iter()
            .any(|word| ended.err.contains(word));
        if is_fault || [0, 2, 3].contains(&ended.code) {
            self.wrong.push(format!("{what}: exit code {}\n{}", ended.code, ended.err));
        }
        *self.by_kind.entry(kind).or_default() += 1;
        *self.by_ranks.entry(ranks).or_default() += 1;
        *self.by_schedule.entry(schedule).or_default() += 1;
        self.saved += usize::from(ended.code == 75);
        let seconds =
            |from: SystemTime| struck.duration_since(from).unwrap_or_default().as_secs_f64();
        match saved.filter(|saved| *saved > began) {
            _ if ["term", "usr2"].contains(&kind) => {}
            Some(saved) => self.ages.push(seconds(saved)),
            None => self.starts.push(seconds(began)),
        }
        Ok(None)
    }

    fn report(&mut self, folder: &Path) -> bool {
        let jobs: usize = self.jobs.values().sum();
        println!("kills: {} ({})", self.number(), listed(&self.by_kind));
        println!("by ranks (0: no launcher): {}", listed(&self.by_ranks));
        println!("by schedule: {}", listed(&self.by_schedule));
        println!("jobs: {jobs} ({}), runs: {}", listed(&self.jobs), self.runs);
        self.ages.sort_by(f64::total_cmp);
        if let [.., most] = self.ages[..] {
            let (number, median) = (self.ages.len(), self.ages[self.ages.len() / 2]);
            let over = self.ages.iter().filter(|age| **age > INTERVAL).count();
            println!(
                "SIGKILL after the first save of a run: {number}, the last save {median:.2} s old \
                 (median), {most:.2} s at most; interval {INTERVAL} s, {over} over it"
            );
        }
        if let Some(most) = self.starts.iter().copied().max_by(f64::total_cmp) {
            let number = self.starts.len();
            println!(
                "SIGKILL before the first save of a run: {number}, at most {most:.2} s after the \
                 start of all ranks"
            );
        }
        // mpirun told to end has its own code, and so has a program that does not listen yet.
        println!(
            "ended with exit code 75, all saved: {} (the other signals came from mpirun's SIGKILL, \
             or during start-up)",
            self.saved
        );
        let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let stray = names.filter(|name| name.starts_with(".montesieve-") && name.ends_with(".tmp"));
        println!("temporary files left by kills in the middle of a save: {}", stray.count());
        self.wrong.iter().for_each(|text| println!("WRONG {text}"));
        println!("jobs that finished with equal bytes: {} of {jobs}", self.equal);
        jobs > 0 && self.equal == jobs && self.wrong.is_empty()
    }
}

fn strike(run: &mut Run, kind: &str, ranks: usize, draw: &mut Draw) {
    match kind {
        "rank" | "ranks" if ranks > 0 => {
            let number = if kind == "rank" { 1 } else { draw.within(1..=ranks) };
            run.kill_ranks(&draw.sample(ranks, number));
        }
        "term" => run.signal(Signal::TERM),
        "usr2" => run.signal(Signal::USR2),
        _ => run.signal(Signal::KILL),
    }
}
