//! `cargo xtask equal-bytes`: runs random command lines on 0 to 8 ranks and compares the bytes of
//! their results with those of one process.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rustix::process::Signal;

use crate::draw::Draw;
use crate::faults::SCHEDULES;
use crate::run::{Result, Run, is_stopped, launch, program, run, shown};

/// Run random command lines on 0 to 8 ranks and compare the bytes of their results.
///
/// A line is drawn from all commands that compute: every method, tally, algorithm and form of
/// output, small numbers and huge ones. It runs once as one process, and then K times with ranks
/// (0: no launcher), schedule, chunk and instruction set drawn anew. One launch in five is stopped
/// by SIGUSR2 at a random moment, where the line may have a checkpoint, and resumed with the same
/// command line. Standard output (in JSON the `result`), the exit code and the file of --output
/// must be equal.
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

/// Lines, each with its weight. `a|b`: one of them. `[a]`: a word that is there in two of five
/// lines. `~3e6`: a number up to there, `~1e8..1e9` between, its size drawn evenly. `{1..8}`:
/// evenly. `#`: any word of 64 bits. `@`: a range of numbers. KEYS, PAIRS, LIBRARY, FILE: a
/// file.
const LINES: [&str; 28] = [
    "4 pi ~3e8 --method darts [--seed=#]",
    "3 pi ~1e7 --method darts --algorithm scalar [--seed=#]",
    "9 pi ~2e7 --method stratified|antithetic|control|sobol [--seed=#]",
    "4 pi --method darts|antithetic|control --target-error 1e-3|1e-4|1e-3r",
    "2 integrate ep --class S",
    "3 integrate option|ridge ~3e6 --seed #",
    "5 integrate ball|genz-gaussian --dim {2..8} ~3e6 --seed #",
    "5 integrate genz-oscillatory|genz-corner-peak --dim {1..8} [--method=vegas|--method=lattice|--method=auto] ~3e6 --seed #",
    "3 integrate genz-gaussian --dim {1..8} --method antithetic|stratified|control ~3e6 --seed #",
    "1 integrate genz-oscillatory --dim {1..8} --target-error 1e-3",
    "2 integrate expr exp(-x*x)|x^3 --bounds 0:1 ~3e6 --seed #",
    "1 integrate expr exp(-x*x)|if(x<1,1,0.5)/(1+x^4) --bounds 0+:inf|-1:inf|-inf:inf ~3e6 --seed #",
    "1 integrate lib LIBRARY:f --bounds 0:1|-inf:inf [--method=vegas|--method=sobol] ~3e6 --seed #",
    "2 integrate expr sin(x)*y|sqrt(x+y) --bounds 0:1,0:2 ~3e6 --seed #",
    "3 primes --nth ~1e6 0|1e9|1e12",
    "2 primes --nth ~999 2^64-1000",
    "10 primes @few --print|--print={2..6}",
    "4 primes @low --output-format u64le|npy|text --output FILE",
    "20 primes @any [--sum] [--digest] [--gaps|--gaps=all] [--count=1,2,3,4,5,6|--count=2]",
    "4 primes @low [--algorithm=sieve]",
    "2 primes @any",
    "2 primes 0|~5e4 --dist ~5e4 --algorithm sqrt|trial",
    "2 isprime ~2..1e13 --method trial",
    "3 isprime ~1e38 [~1e38] [~1e38] [~1e20] [~1e20] [{0..200}] [{0..200}] [{0..200}]",
    "3 isprime {0..200} [~1e5] [~1e10] [~1e15] [~1e20] [~1e25] [~1e30] [~1e35]",
    "1 isprime {0..2} ~1e19 ~2e19 {0..9} ~1e38 ~1e38 ~1e38 ~1e38 ~1e38 ~1e38 ~1e38 ~1e38",
    "4 gcd --all KEYS",
    "3 gcd PAIRS",
];
/// Below 2^64; across and above it; of more primes than a list should have.
const LOW: [&str; 2] = ["0|~1e6 --dist ~2e6", "~1e8..1.8e19 --dist ~2e5"];
const HIGH: [&str; 2] = ["2^64-~1e5 --dist ~2e5", "~2e19..9e25 --dist ~2e5"];
const MANY: &str = "0|~1e7 --dist ~2e7";

/// A word of a line, drawn.
fn word(draw: &mut Draw, text: &str) -> String {
    let text = draw.pick(&text.split('|').collect::<Vec<_>>());
    if let Some((before, ends)) = text.split_once('{') {
        let (low, high) = ends.trim_end_matches('}').split_once("..").expect("two ends");
        let ends: [u64; 2] = [low, high].map(|end| end.parse().expect("a number"));
        return format!("{before}{}", draw.within(ends[0]..=ends[1]));
    }
    if let Some((before, number)) = text.split_once('~') {
        let (low, high) = number.split_once("..").unwrap_or(("1", number));
        let [low, high] = [low, high].map(|end| end.parse().expect("a number"));
        return format!("{before}{}", draw.about(low, high));
    }
    match text {
        "@few" => words(draw, &[&LOW[..], &HIGH[..]].concat()),
        "@low" => words(draw, &LOW),
        "@any" => words(draw, &[&LOW[..], &HIGH[..], &[MANY]].concat()),
        _ if text.contains('#') => text.replace('#', &draw.word().to_string()),
        _ => text.into(),
    }
}

/// The words of one of `lines`.
fn words(draw: &mut Draw, lines: &[&str]) -> String {
    let mut line = Vec::new();
    for text in draw.pick(lines).split_whitespace() {
        match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(text) if draw.chance(0.4) => line.push(word(draw, text)),
            Some(_) => {}
            None => line.push(word(draw, text)),
        }
    }
    line.join(" ")
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

/// Numbers for gcd: one in each line, or pairs, some with factors that they share.
fn numbers(draw: &mut Draw, in_line: usize) -> String {
    let shared = [(); 3].map(|()| draw.word() >> 24 | 1);
    let factors = [1, 1, shared[0], shared[1], shared[2]];
    // Pairs end at 2^128.
    let bits: &[usize] = if in_line == 1 { &[64, 200, 1000] } else { &[20, 60, 85] };
    let number = |draw: &mut Draw| {
        let (bits, factor) = (draw.pick(bits), draw.pick(&factors));
        product(draw, bits, factor)
    };
    let all = (0..draw.within(1..=200)).map(|_| (0..in_line).map(|_| number(draw) + " ").collect());
    all.collect::<Vec<String>>().join("\n")
}

/// The compiled function of `integrate lib`, compiled once: its hash is in the result.
fn library(folder: &Path) -> Result<String> {
    const FUNCTION: &str =
        "double f(int dim, const double *x, void *data) { return 1 / (1 + x[0] * x[0]); }\n";
    let file = folder.join("f.so");
    if !file.exists() {
        fs::write(folder.join("f.c"), FUNCTION)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-ffp-contract=off", "-shared", "-fPIC", "-o", "f.so", "f.c"]);
        if !compiler.current_dir(folder).status()?.success() {
            return Err("cc cannot compile a function".into());
        }
    }
    Ok(file.to_string_lossy().into_owned())
}

/// A line for the shell; files of numbers are in `folder`.
fn line(draw: &mut Draw, folder: &Path) -> Result<Vec<String>> {
    let weighted = LINES.iter().filter_map(|line| line.split_once(' '));
    let weighted = weighted.flat_map(|(weight, line)| vec![line; weight.parse().unwrap_or(0)]);
    let mut line = words(draw, &weighted.collect::<Vec<_>>());
    for (name, in_line) in [("KEYS", 1), ("PAIRS", 2)] {
        let file = folder.join(name);
        if line.contains(name) {
            fs::write(&file, numbers(draw, in_line))?;
            line = line.replace(name, &file.to_string_lossy());
        }
    }
    if line.contains("LIBRARY") {
        line = line.replace("LIBRARY", &library(folder)?);
    }
    let mut line: Vec<String> = line.split(' ').map(String::from).collect();
    if !is_list(&line) {
        let form = draw.pick(&["", "--format=json", "--format=csv"]);
        line.extend(Some(form.into()).filter(|form: &String| !form.is_empty()));
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
            options: ["--schedule", schedule, "--chunk", chunk].map(String::from).to_vec(),
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
    let is_json = line.iter().any(|word| word == "--format=json");
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
        let line = line(&mut draw, numbers.path())?;
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
    Ok(differing + refused == 0 && options.lines * options.launches > 0)
}
