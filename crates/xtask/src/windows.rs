//! `cargo xtask windows-campaign`: random windows of numbers between 2^63 and 1e26 against PARI/GP,
//! each tally of `montesieve primes` in every way there is to ask for it.
//!
//! Tallies are added up from PARI's primes by their textbook definitions, beside nothing of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek, Write};
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::draw::Draw;
use crate::run::{Result, have, launch, program, run};

/// Hold random windows of numbers between 2^63 and 1e26 against PARI/GP.
///
/// A window has up to 20,000 numbers; every tenth lies across 2^64 or near it. PARI's primes of it
/// (its own Baillie-PSW test) give what is expected: the number of primes and of k-tuplets to 6,
/// sum, largest gap and first gap of each length, digest (crates/primes/src/list/digest.rs), first
/// and last prime, the list, a list of k-tuplets, the n-th primes above and below START. Below 2^64
/// nothing may be called probable, above all must.
///
/// Draws are a function of the seed and the window's number: --from I --windows 1 repeats window I.
/// Exit code 0: all agree. 1: one does not. 2: gp (Debian: pari-gp) is not here.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    #[arg(long, value_name = "N", default_value_t = 5000)]
    windows: u64,
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The number of the first window
    #[arg(long, value_name = "I", default_value_t = 0)]
    from: u64,
    /// Windows at a time
    #[arg(long, value_name = "J", default_value_t = 2)]
    jobs: usize,
}

/// Windows of one gp process.
const BATCH: usize = 50;
/// Seconds for any one process.
const LIMIT: u64 = 300;
/// The offsets of the k-tuplets, for k = 2 to 6.
const PATTERNS: [&[&[u128]]; 5] = [
    &[&[0, 2]],
    &[&[0, 2, 6], &[0, 4, 6]],
    &[&[0, 2, 6, 8]],
    &[&[0, 2, 6, 8, 12], &[0, 4, 6, 10, 12]],
    &[&[0, 4, 6, 10, 12, 16]],
];

/// A window, and the `n` and `k` that it is asked for.
struct Window {
    number: u64,
    start: u128,
    stop: u128,
    n: usize,
    k: usize,
}

impl Window {
    fn draw(seed: u64, number: u64) -> Window {
        let mut draw = Draw::new(seed, number);
        let length = draw.size(1.0, 20_001.0);
        let start = match number % 10 {
            0 => (1 << 64) + 100 - draw.within(0..=length + 200),
            _ => draw.size(2f64.powi(63), 1e26 - 1e11),
        };
        let (n, k) = (draw.within(1..=40), draw.within(2..=6));
        Window { number, start, stop: start + length, n, k }
    }
}

/// PARI's primes of a window, the n-th prime above its start and the n-th below it.
struct Pari {
    primes: Vec<u128>,
    up: u128,
    down: u128,
}

fn ask_pari(windows: &[Window]) -> Result<Vec<Pari>> {
    let mut script = tempfile::tempfile()?;
    writeln!(script, "default(parisizemax,2^30);")?;
    writeln!(script, "up(a,n)=for(i=1,n,a=nextprime(a+1));a;")?;
    writeln!(script, "down(a,n)=for(i=1,n,a=precprime(a-1));a;")?;
    for Window { start, stop, n, .. } in windows {
        writeln!(script, "print([up({start},{n}),down({start},{n}),primes([{start},{stop}])])")?;
    }
    script.rewind()?;
    let out = run(Command::new("gp").args(["-q", "-f"]).stdin(script), LIMIT)?.success()?;
    let out = String::from_utf8(out)?;
    let answers = out.lines().map(|line| {
        let numbers = line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
        let numbers: Vec<u128> = numbers.collect();
        Some(Pari { up: *numbers.first()?, down: *numbers.get(1)?, primes: numbers[2..].to_vec() })
    });
    let answers: Option<Vec<Pari>> = answers.collect();
    let whole = answers.filter(|answers| answers.len() == windows.len());
    Ok(whole.ok_or_else(|| format!("gp's answer is not understood: {out}"))?)
}

fn digest(primes: &[u128]) -> String {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |z: u64| {
        let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        u128::from(z ^ z >> 31)
    };
    let scrambled = |p: u128| {
        let (high, low) = ((p >> 64) as u64, p as u64);
        let first = mix((low ^ mix(high) as u64).wrapping_add(STEP));
        let step = STEP.wrapping_mul(2);
        first << 64 | mix((low ^ mix(high.wrapping_mul(STEP)) as u64).wrapping_add(step))
    };
    let sum = primes.iter().fold(0u128, |sum, &p| sum.wrapping_add(scrambled(p)));
    format!("sum128:{sum:032x}")
}

fn tuplets(primes: &[u128], k: usize) -> Vec<Vec<u128>> {
    let members: BTreeSet<u128> = primes.iter().copied().collect();
    let at = |p: u128| {
        let patterns = PATTERNS[k - 2].iter();
        patterns.map(move |offsets| offsets.iter().map(|d| p + d).collect::<Vec<_>>())
    };
    let all = primes.iter().flat_map(|&p| at(p));
    all.filter(|tuplet| tuplet.iter().all(|p| members.contains(p))).collect()
}

/// Lengths of gaps, each with the prime before its first one.
fn gaps(primes: &[u128]) -> BTreeMap<u128, u128> {
    let mut first = BTreeMap::new();
    for pair in primes.windows(2) {
        first.entry(pair[1] - pair[0]).or_insert(pair[0]);
    }
    first
}

/// Without the quotes of numbers, which older versions have only around large ones.
fn plain(value: &Value) -> String {
    value.to_string().replace('"', "")
}

/// What montesieve says to `words`, as JSON.
fn result(words: &[&str]) -> Result<Value> {
    let words = ["primes", "--quiet", "--format", "json"].iter().chain(words);
    let out = run(&mut launch(program(), 0, words), LIMIT)?.success()?;
    Ok(serde_json::from_slice::<Value>(&out)?["result"].take())
}

/// The numbers of each line of a list.
fn list(words: &[&str]) -> Result<Vec<Vec<u128>>> {
    let words = ["primes", "--quiet"].iter().chain(words);
    let out = String::from_utf8(run(&mut launch(program(), 0, words), LIMIT)?.success()?)?;
    let numbers = |line: &str| line.split(['(', ',', ' ', ')']).flat_map(str::parse).collect();
    Ok(out.lines().map(numbers).collect())
}

/// Compares one window: the number of comparisons, and what differs.
fn compare(window: &Window, pari: &Pari) -> Result<(usize, Vec<String>)> {
    let Window { start, n, k, .. } = window;
    let (start, stop, primes) = (start.to_string(), window.stop.to_string(), &pari.primes);
    let (mut compared, mut wrong) = (0, Vec::new());
    let mut expect = |name: &str, found: &Value, expected: Value| {
        compared += 1;
        if plain(found) != plain(&expected) {
            wrong.push(format!("{name} is {}, PARI has {}", plain(found), plain(&expected)));
        }
    };

    let mut counts = BTreeMap::from([("1".to_string(), primes.len())]);
    counts.extend((2..=6).map(|k| (k.to_string(), tuplets(primes, k).len())));
    let text = |p: Option<&u128>| json!(p.map(u128::to_string));
    let ends = json!([text(primes.first()), text(primes.last())]);
    let gap = |length: u128, start: u128| json!([length.to_string(), start.to_string()]);
    let gaps = gaps(primes);
    let all_gaps: Vec<Value> = gaps.iter().map(|(&length, &start)| gap(length, start)).collect();
    let all = result(&[&start, &stop, "--count", "123456", "--sum", "--gaps=all", "--digest"])?;
    let found_gap = |gap: &Value| match gap {
        Value::Null => Value::Null,
        gap => json!([gap["length"], gap["start"]]),
    };
    let found_gaps = all["gaps"].as_array().into_iter().flatten().map(found_gap);
    expect("counts", &all["counts"], json!(counts));
    expect("sum", &all["sum"], json!(primes.iter().sum::<u128>().to_string()));
    expect("digest", &all["digest"], json!(digest(primes)));
    expect("first and last", &json!([all["first"], all["last"]]), ends.clone());
    expect("max_gap", &found_gap(&all["max_gap"]), all_gaps.last().cloned().unwrap_or_default());
    expect("gaps", &json!(found_gaps.collect::<Vec<_>>()), json!(all_gaps));
    let is_small = primes.last().is_none_or(|&last| last < 1 << 64);
    expect("proven", all.get("proven").unwrap_or(&json!(true)), json!(is_small));
    // Counts alone are computed in another way than what looks at each prime.
    let counted = result(&[&start, &stop, "--count", "123456"])?;
    expect("counts alone", &counted["counts"], json!(counts));
    let alone = result(&[&start, &stop])?;
    expect("one count", &alone["counts"]["1"], json!(primes.len()));
    expect("ends alone", &json!([alone["first"], alone["last"]]), ends);

    for (n, expected) in [(*n as i64, pari.up), (-(*n as i64), pari.down)] {
        let found = result(&["--nth", &n.to_string(), &start])?;
        expect(&format!("prime {n}"), &found["nth"], json!(expected.to_string()));
        // What lies between START and the prime was tested too.
        let is_small = expected.max(if n < 0 { window.start } else { 0 }) <= 1 << 64;
        let proven = found.get("proven").unwrap_or(&json!(true));
        expect(&format!("prime {n}, proven"), proven, json!(is_small));
    }
    compared += 2;
    let listed = list(&[&start, &stop, "--print"])?;
    if !listed.iter().flatten().eq(primes) {
        wrong.push(format!("the list is {listed:?}, PARI has {primes:?}"));
    }
    let (listed, expected) =
        (list(&[&start, &stop, &format!("--print={k}")])?, tuplets(primes, *k));
    if listed != expected {
        wrong.push(format!("the list of {k}-tuplets is {listed:?}, PARI has {expected:?}"));
    }
    Ok((compared, wrong))
}

pub fn campaign(options: &Options) -> Result<bool> {
    if !have("gp") {
        eprintln!("windows-campaign: gp is not here (Debian: pari-gp)");
        process::exit(2);
    }
    let began = Instant::now();
    let numbers: Vec<u64> = (options.from..).take(options.windows as usize).collect();
    let (next, compared, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let batches: Vec<&[u64]> = numbers.chunks(BATCH).collect();
    let work = || -> Result<()> {
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            let draw = |&number| Window::draw(options.seed, number);
            let windows: Vec<Window> = batch.iter().map(draw).collect();
            for (window, pari) in windows.iter().zip(ask_pari(&windows)?) {
                let Window { number, start, stop, n, k } = window;
                let name = format!("window {number}, {start} to {stop}, n {n}, k {k}");
                let (more, differences) =
                    compare(window, &pari).unwrap_or_else(|error| (1, vec![error.to_string()]));
                compared.fetch_add(more, Ordering::Relaxed);
                wrong.fetch_add(differences.len(), Ordering::Relaxed);
                differences.iter().for_each(|difference| println!("{name}: {difference}"));
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    let (compared, wrong) = (compared.into_inner(), wrong.into_inner());
    println!(
        "windows: {}, comparisons: {compared}, mismatches: {wrong}, seconds: {:.0}",
        numbers.len(),
        began.elapsed().as_secs_f64()
    );
    Ok(wrong == 0 && !numbers.is_empty())
}
