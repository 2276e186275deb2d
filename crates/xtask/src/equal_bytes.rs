//! `cargo xtask equal-bytes`: runs random command lines on 0 to 8 ranks and compares the bytes of
//! their results with those of one process.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Instant;

use rustix::process::Signal;

use crate::draw::Draw;
use crate::faults::SCHEDULES;
use crate::run::{Result, Run, is_stopped, launch, program, run, shown};

/// Run random command lines on 0 to 8 ranks and compare the bytes of their results.
///
/// A line is drawn from all commands that compute: every method, tally, algorithm and form of
/// output, small numbers and huge ones. It runs once as one process, and then K times with ranks (0:
/// no launcher), schedule, chunk and instruction set drawn anew. One launch in five is stopped by
/// SIGUSR2 at a random moment, where the line may have a checkpoint, and resumed with the same
/// command line. Standard output (in JSON the `result`), the exit code and the file of --output must
/// be equal.
///
/// Every draw is a function of the seed; when a signal arrives is not. Exit code 0: all equal.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    #[arg(long, value_name = "N", default_value_t = 310)]
    lines: usize,
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Launches of each line
    #[arg(long, value_name = "K", default_value_t = 3)]
    launches: usize,
}

const CHUNKS: [&str; 5] = ["auto", "1", "7", "1000", "1e9"];
/// Seconds for a launch.
const LIMIT: u64 = 120;
/// Launches of one line, as each may be stopped.
const TURNS: usize = 20;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn pi(draw: &mut Draw) -> Vec<String> {
    let method = draw.pick(&["darts", "stratified", "antithetic", "control", "sobol"]);
    let samples = draw.about(1.0, if method == "darts" { 3e8 } else { 2e7 });
    if draw.chance(0.2) && !["stratified", "sobol"].contains(&method) {
        let error = draw.pick(&["1e-3", "1e-4", "1e-3r"]);
        return words(&format!("pi --method {method} --target-error {error}"));
    }
    let is_scalar = method == "darts" && samples < 10_000_000 && draw.chance(0.5);
    let algorithm = if is_scalar { "--algorithm scalar" } else { "" };
    let seed = if draw.chance(0.5) { format!("--seed {}", draw.word()) } else { String::new() };
    words(&format!("pi {samples} --method {method} {algorithm} {seed}"))
}

fn integrate(draw: &mut Draw) -> Vec<String> {
    let genz = ["genz-gaussian", "genz-oscillatory", "genz-corner-peak"];
    let name = draw.pick(&["ball", genz[0], genz[1], genz[2], "option", "expr", "ep"]);
    let what = match name {
        "ep" => return words("integrate ep --class S"),
        "option" => "option".into(),
        "expr" => draw
            .pick(&[
                "expr exp(-x*x) --bounds 0:1",
                "expr sin(x)*y --bounds 0:1,0:2",
                "expr sqrt(x+y) --bounds 0:1,0:2",
                "expr x^3 --bounds 0:1",
            ])
            .into(),
        _ => format!("{name} --dim {}", draw.within(1..=8)),
    };
    if name == genz[1] && draw.chance(0.3) {
        return words(&format!("integrate {what} --target-error 1e-3"));
    }
    words(&format!("integrate {what} {} --seed {}", draw.about(1.0, 3e6), draw.word() >> 32))
}

/// A range of numbers as START --dist LENGTH or START STOP, its end, and how many primes at most.
fn window(draw: &mut Draw) -> (String, u128, u128) {
    let start = match draw.within(0..20) {
        0..8 => {
            let stop = draw.about(1.0, 3e7);
            return (format!("{} {stop}", draw.within(0..=stop)), stop, stop);
        }
        8..14 => draw.about(1e8, 1.8e19),
        14..17 => (1 << 64) - draw.about(1.0, 1e5),
        _ => draw.about(2f64.powi(64), 9e25),
    };
    let length = draw.about(1.0, 2e5);
    (format!("{start} --dist {length}"), start + length, length)
}

fn primes(draw: &mut Draw) -> Vec<String> {
    if draw.chance(0.12) {
        let n = draw.about(1.0, 1e6);
        let far = if n < 1000 { "2^64-1000" } else { "1e9" };
        return words(&format!("primes --nth {n} {}", draw.pick(&["0", "1e12", far])));
    }
    let (range, stop, most) = window(draw);
    let is_above = stop >= 1 << 64;
    let kind = draw.within(0.0..1.0);
    if kind < 0.3 && most < 3_000_000 {
        let tuplets = format!("--print={}", draw.within(2..=6));
        return words(&format!("primes {range} {}", draw.pick(&["--print", &tuplets])));
    }
    if kind < 0.4 && most < 3_000_000 && !is_above {
        let form = draw.pick(&["u64le", "npy", "text"]);
        return words(&format!("primes {range} --output-format {form} --output FILE"));
    }
    let mut line = format!("primes {range}");
    let bare = line.len();
    let gaps = draw.pick(&["--gaps", "--gaps=all"]);
    let count = draw.pick(&["--count=1,2,3,4,5,6", "--count=2"]);
    for tally in ["--sum", "--digest", gaps, count] {
        if draw.chance(0.4) {
            let _ = write!(line, " {tally}");
        }
    }
    if line.len() == bare && !is_above {
        let any = ["", "", "--algorithm sieve"];
        let small = ["", "--algorithm sqrt", "--algorithm trial"];
        let algorithm = draw.pick(if stop < 100_000 { &small } else { &any });
        let _ = write!(line, " {algorithm}");
    }
    words(&line)
}

fn isprime(draw: &mut Draw) -> Vec<String> {
    if draw.chance(0.3) {
        return words(&format!("isprime {} --method trial", draw.about(2.0, 1e13)));
    }
    let mut line = "isprime".to_string();
    for _ in 0..draw.within(1..=30) {
        let number = if draw.chance(0.5) { draw.about(1.0, 1e38) } else { draw.within(0..=200) };
        let _ = write!(line, " {number}");
    }
    words(&line)
}

/// A number of `bits` bits at most, times `factor`, in decimal.
fn product(draw: &mut Draw, bits: usize, factor: u64) -> String {
    const LIMB: u128 = 1_000_000_000;
    let (mut limbs, mut carry) = (Vec::new(), 0);
    // A limb has 29.9 bits.
    for _ in 0..(bits / 30).max(1) {
        carry += u128::from(draw.within(0..1u64 << bits.min(29))) * u128::from(factor);
        limbs.push(carry % LIMB);
        carry /= LIMB;
    }
    limbs.iter().rev().fold(carry.to_string(), |text, limb| format!("{text}{limb:09}"))
}

fn gcd(draw: &mut Draw, file: &Path) -> Result<Vec<String>> {
    let shared = [(); 3].map(|()| draw.word() >> 24 | 1);
    let factors = [1, 1, shared[0], shared[1], shared[2]];
    let is_all = draw.chance(0.5);
    // Pairs end at 2^128.
    let bits: &[usize] = if is_all { &[64, 200, 1000] } else { &[20, 60, 85] };
    let mut lines = String::new();
    for _ in 0..draw.within(1..=200) {
        for _ in 0..if is_all { 1 } else { 2 } {
            let (bits, factor) = (draw.pick(bits), draw.pick(&factors));
            let _ = write!(lines, "{} ", product(draw, bits, factor));
        }
        lines.push('\n');
    }
    fs::write(file, lines)?;
    Ok(words(&format!("gcd {} {}", if is_all { "--all" } else { "" }, file.display())))
}

fn line(draw: &mut Draw, numbers: &Path) -> Result<Vec<String>> {
    let mut line = match draw.within(0..100) {
        0..20 => pi(draw),
        20..40 => integrate(draw),
        40..85 => primes(draw),
        85..93 => isprime(draw),
        _ => gcd(draw, numbers)?,
    };
    if !is_list(&line) {
        line.extend(words(draw.pick(&["", "--format json", "--format csv"])));
    }
    line.push("--quiet".into());
    Ok(line)
}

fn is_list(line: &[String]) -> bool {
    line.iter().any(|word| word.starts_with("--print") || word == "--output-format")
}

fn can_save(line: &[String]) -> bool {
    let command = ["pi", "integrate", "primes"].contains(&&*line[0]);
    command && !is_list(line) && !line.iter().any(|word| word == "--nth")
}

/// How a line is launched.
#[derive(Debug, Default)]
struct Launch {
    ranks: usize,
    options: Vec<String>,
    isa: &'static str,
    /// Seconds.
    stop_after: Option<f64>,
}

impl Launch {
    fn draw(draw: &mut Draw, isas: &[&'static str]) -> Launch {
        let (schedule, chunk) = (draw.pick(&SCHEDULES), draw.pick(&CHUNKS));
        Launch {
            ranks: draw.pick(&[0, 1, 2, 3, 5, 8]),
            options: words(&format!("--schedule {schedule} --chunk {chunk}")),
            isa: draw.pick(isas),
            stop_after: if draw.chance(0.2) { Some(draw.within(0.3..1.2)) } else { None },
        }
    }
}

/// What must be equal: exit code, result, and file.
type Outcome = (i32, Vec<u8>, Vec<u8>);

/// One launch of a line, resumed until it is finished; and its messages.
fn outcome(line: &[String], launched: &Launch, folder: &Path) -> Result<(Outcome, String)> {
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    let file = folder.join("output");
    let name =
        |word: &String| if word == "FILE" { file.display().to_string() } else { word.clone() };
    let words: Vec<String> = line.iter().map(name).chain(launched.options.clone()).collect();
    let mut command = launch(program(), launched.ranks, words);
    if !launched.isa.is_empty() {
        command.env("MONTESIEVE_ISA", launched.isa);
    }
    let stop_after = launched.stop_after.filter(|_| can_save(line));
    if stop_after.is_some() {
        command.arg("--checkpoint").arg(folder.join("job.ckpt"));
    }
    let mut turn = 0;
    let ended = loop {
        let mut run = Run::start(&mut command, LIMIT)?;
        if let (Some(seconds), 0..3) = (stop_after, turn) {
            run.sleep(seconds);
            run.signal(Signal::USR2);
        }
        let ended = run.end()?;
        // mpirun itself may die of a signal that comes while it starts or ends: the line again.
        let is_stopped = ended.code == 75 || ended.code < 0 || ended.code > 128;
        turn += 1;
        if stop_after.is_none() || !is_stopped || turn == TURNS {
            break ended;
        }
    };
    let is_json = line.iter().any(|word| word == "json");
    let result = ended.result().filter(|_| is_json).map(String::into_bytes);
    let result = result.unwrap_or(ended.out);
    Ok(((ended.code, result, fs::read(&file).unwrap_or_default()), ended.err))
}

/// The instruction sets of this machine, as MONTESIEVE_ISA names them.
fn isas() -> Result<Vec<&'static str>> {
    let mut isas = vec![""];
    for isa in ["portable", "avx2", "avx512"] {
        if run(launch(program(), 0, ["pi", "1"]).env("MONTESIEVE_ISA", isa), LIMIT)?.code == 0 {
            isas.push(isa);
        }
    }
    Ok(isas)
}

pub fn campaign(options: &Options) -> Result<bool> {
    let (began, isas, mut draw) = (Instant::now(), isas()?, Draw::new(options.seed, 0));
    let (work, numbers) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (mut differing, mut refused) = (0, 0);
    for number in 0..options.lines {
        let line = line(&mut draw, &numbers.path().join(format!("numbers-{number}")))?;
        let name = shown(&launch("montesieve", 0, &line));
        let alone = outcome(&line, &Launch::default(), work.path());
        let (expected, messages) = alone.map_err(|error| format!("{name}: {error}"))?;
        if ![0, 5].contains(&expected.0) {
            refused += 1;
            println!("line {number} ends with {}: {name}\n  {messages:.300}", expected.0);
        }
        for _ in 0..options.launches {
            let launched = Launch::draw(&mut draw, &isas);
            let differs = match outcome(&line, &launched, work.path()) {
                Ok((found, _)) if found == expected => continue,
                Ok((found, messages)) => format!("code {}; {messages:.300}", found.0),
                Err(error) if is_stopped() => return Err(error),
                Err(error) => error.to_string(),
            };
            differing += 1;
            println!(
                "line {number} differs: {name}\n  {launched:?}\n  code {}, {differs}",
                expected.0
            );
        }
    }
    println!(
        "seed {}: {} lines, {} launches on 0 to 8 ranks in {:.0} s: {differing} differ; {refused} \
         lines end with another code than 0 or 5",
        options.seed,
        options.lines,
        options.lines * options.launches,
        began.elapsed().as_secs_f64()
    );
    Ok(differing + refused == 0)
}
