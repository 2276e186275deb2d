//! Measures with which sizes the sieves of this CPU are fastest, and prints a patch that adds a row
//! for it to the table of measured CPUs.
//!
//!     cargo run --release --no-default-features --example tune [ROUNDS] > tune.patch
//!     git apply tune.patch
//!
//! One size after the other is tried at fractions and multiples of what the caches suggest, for
//! each instruction set of this CPU. Candidates take turns, and medians of CPU time are compared. A
//! size must be 2 % faster than the suggested one, and again so in new runs against it alone. On an
//! idle machine 5 rounds, the default, take about a quarter of an hour. Answers do not depend on any
//! size; each is checked.

use std::ops::ControlFlow;

use montesieve::cli::CommandLine;
use montesieve::isa::Isa;
use montesieve::machine::{Machine, family};
use montesieve::primes::Sieve;
use montesieve::primes::gourdon::{Formula, Layout, Params, Split, Terms, parts, primes_up_to};
use montesieve::primes::tuning::{ROWS, ROWS_FILE, Tuning};
use rustix::time::{ClockId, clock_gettime};

/// The table as it is now.
const TABLE: &str = include_str!("../crates/primes/src/tuning/measured.rs");

/// What a candidate must save.
const WORTH_IT: f64 = 0.02;

/// One size.
struct Size {
    name: &'static str,
    value: fn(&mut Tuning) -> &mut u32,
    /// Candidates, in parts of the suggested value.
    parts: &'static [f64],
    /// Work that depends on it; returns the number of primes.
    work: fn(Tuning) -> u64,
}

const SIZES: [Size; 5] = [
    Size {
        name: "stretch_bytes",
        value: |tuning| &mut tuning.stretch_bytes,
        parts: &[0.5, 0.67, 1.0, 1.33, 1.67],
        work: |tuning| count(tuning, 0, 3_000_000_000),
    },
    Size {
        name: "line_bytes",
        value: |tuning| &mut tuning.line_bytes,
        parts: &[0.25, 0.5, 0.75, 1.0],
        work: |tuning| count(tuning, 10_u128.pow(12), 12_000_000_000),
    },
    Size {
        name: "line_end",
        value: |tuning| &mut tuning.line_end,
        parts: &[0.5, 0.85, 1.0, 1.25, 1.6, 2.0],
        work: |tuning| count(tuning, 10_u128.pow(15), 3_000_000_000),
    },
    Size {
        name: "middle_end",
        value: |tuning| &mut tuning.middle_end,
        parts: &[0.4, 0.7, 1.0, 1.5, 2.2],
        work: |tuning| count(tuning, 10_u128.pow(17), 3_000_000_000),
    },
    Size {
        name: "leaf_bytes",
        value: |tuning| &mut tuning.leaf_bytes,
        parts: &[0.25, 0.5, 0.75, 1.0, 1.5, 2.0],
        work: |tuning| pi(tuning, 10_u128.pow(15)),
    },
];

fn never() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The primes among `numbers` numbers from `low` on, by a new workspace.
fn count(tuning: Tuning, low: u128, numbers: u128) -> u64 {
    let counted = Sieve::new(low + numbers, tuning).count(low, low + numbers, &mut never);
    counted.continue_value().expect("nothing breaks it")
}

/// The primes up to `x`, by the formula.
fn pi(tuning: Tuning, x: u128) -> u64 {
    let params = Params::new(x, Split::First);
    let words = Layout::of([&params]).expect("one set").own(&mut never).continue_value().expect("nothing breaks it");
    let (formula, mut all) = (Formula::new(params, &words, tuning), Terms::default());
    for (_, blocks) in parts(&params) {
        all.merge(formula.compute(blocks, &mut never).continue_value().expect("nothing breaks it"));
    }
    u64::try_from(primes_up_to(&params, &all)).expect("a count")
}

/// CPU seconds of this process so far.
fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// CPU seconds of the size's work.
fn timed(size: &Size, tuning: Tuning, expected: u64) -> f64 {
    let begun = seconds();
    assert_eq!((size.work)(tuning), expected, "a fault of montesieve: {tuning:?}");
    seconds() - begun
}

/// What `tuning` saves against the suggested one in new rounds: the median over pairs of runs. The
/// best of several candidates was partly lucky, so its first times do not count; on a busy machine
/// such savings were 5 to 18 % where there were none.
fn confirmed(size: &Size, tuning: Tuning, suggested: Tuning, rounds: usize, expected: u64) -> f64 {
    let pair = |_| 1.0 - timed(size, tuning, expected) / timed(size, suggested, expected);
    median((0..2 * rounds).map(pair).collect())
}

/// The best value of one size, and what it saves: 0.1 is a tenth of the time.
fn tune(size: &Size, suggested: Tuning, rounds: usize) -> (Tuning, f64) {
    let candidate = |part: &f64| {
        let mut tuning = suggested;
        let value = (size.value)(&mut tuning);
        *value = (f64::from(*value) * part) as u32;
        tuning.bounded()
    };
    let mut candidates: Vec<Tuning> = size.parts.iter().map(candidate).collect();
    candidates.dedup();
    let expected = (size.work)(suggested);
    let mut times = vec![Vec::new(); candidates.len()];
    for _ in 0..rounds {
        for (&tuning, times) in candidates.iter().zip(&mut times) {
            times.push(timed(size, tuning, expected));
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    let own = candidates.iter().position(|&tuning| tuning == suggested).expect("the suggested one is a candidate");
    let best = (0..candidates.len()).min_by(|&a, &b| medians[a].total_cmp(&medians[b])).expect("some");
    let shown: Vec<String> = candidates
        .iter()
        .zip(&medians)
        .map(|(&tuning, median)| format!("{} {:.3}", (size.value)(&mut tuning.clone()), median / medians[own]))
        .collect();
    eprintln!("{:<9}{:<14}{}", suggested.isa.to_string(), size.name, shown.join(", "));
    if 1.0 - medians[best] / medians[own] < WORTH_IT {
        return (suggested, 0.0);
    }
    let saved = confirmed(size, candidates[best], suggested, rounds, expected);
    eprintln!("{:23}{} again: {:.3}", "", (size.value)(&mut candidates[best].clone()), 1.0 - saved);
    if saved < WORTH_IT { (suggested, 0.0) } else { (candidates[best], saved) }
}

/// The row for this machine, as it stands in the table.
fn row(family: &str, tuning: Tuning, source: &str) -> String {
    let Tuning { isa, line_bytes, stretch_bytes, line_end, middle_end, leaf_bytes } = tuning;
    format!(
        "    Row {{\n        family: {family:?},\n        tuning: Tuning {{\n            isa: super::Isa::{isa:?},\n            \
         line_bytes: {line_bytes},\n            stretch_bytes: {stretch_bytes},\n            line_end: {line_end},\n            \
         middle_end: {middle_end},\n            leaf_bytes: {leaf_bytes},\n        }},\n        source: {source:?},\n    }},\n"
    )
}

/// A patch of the table that adds `rows` above its last comment.
fn patch(rows: &str) -> String {
    let lines: Vec<&str> = TABLE.lines().collect();
    let place = lines.iter().position(|line| line.trim() == "// New rows go above this line.").expect("the comment");
    let (from, to) = (place.saturating_sub(3), (place + 3).min(lines.len()));
    let added = rows.lines().count();
    let context = |range: &[&str]| range.iter().map(|line| format!(" {line}\n")).collect::<String>();
    let added_lines: String = rows.lines().map(|line| format!("+{line}\n")).collect();
    format!(
        "--- a/{ROWS_FILE}\n+++ b/{ROWS_FILE}\n@@ -{},{} +{},{} @@\n{}{added_lines}{}",
        from + 1,
        to - from,
        from + 1,
        to - from + added,
        context(&lines[from..place]),
        context(&lines[place..to]),
    )
}

fn main() {
    let rounds = std::env::args().nth(1).map_or(Some(5), |word| word.parse().ok().filter(|&rounds| rounds > 0));
    let Some(rounds) = rounds else {
        eprintln!("tune [ROUNDS], a number from 1 on");
        std::process::exit(2);
    };
    // What is measured is this CPU, whatever is forced.
    let words = CommandLine::default();
    let Machine { caches, .. } = Machine::choose(&words).unwrap_or_else(|error| panic!("{error}"));
    let Some(family) = family() else {
        eprintln!("this system does not tell the CPU's family: there is no row to make");
        std::process::exit(1);
    };
    eprintln!("CPU {family:?}, caches {}", caches.map_or("unknown".to_owned(), |caches| caches.to_string()));
    let has_row = |isa: &Isa| ROWS.iter().any(|row| row.family == family && row.tuning.isa == *isa);
    let (known, isas): (Vec<Isa>, Vec<Isa>) = Isa::available().partition(has_row);
    known.iter().for_each(|isa| eprintln!("{isa}: the table has a row; remove it to measure again"));
    let mut rows = String::new();
    for isa in isas {
        let suggested = caches.map_or(Tuning::from(isa), |caches| Tuning::by_caches(isa, caches));
        let (mut best, mut gains) = (suggested, Vec::new());
        for size in &SIZES {
            let (mut tuned, saved) = tune(size, suggested, rounds);
            if saved > 0.0 {
                *(size.value)(&mut best) = *(size.value)(&mut tuned);
                gains.push(format!("{} saves {:.0} %", size.name, 100.0 * saved));
            }
        }
        if gains.is_empty() {
            eprintln!("{isa}: nothing is {:.0} % faster than what the caches suggest", 100.0 * WORTH_IT);
        } else {
            rows += &row(&family, best, &gains.join(", "));
        }
    }
    if !rows.is_empty() {
        print!("{}", patch(&rows));
    }
}
