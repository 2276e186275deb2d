//! Which sieve counts or lists a range, by a measured model of what each costs.
//!
//! | numbers | range | strategy |
//! |---|---|---|
//! | any | tiny, or above 1e22 | a little sieve, then tests (`windows.rs`): no start-up |
//! | below 2.5e13 | short, or to be listed | bytes of 30 numbers (`bytes.rs`): little start-up |
//! | | longer | lines (`lines.rs`) |
//! | above | short, below 1e16 or without AVX-512 | bytes of 30 numbers |
//! | | longer | lines, and records of large primes (`lines/huge.rs`); lists are sorted (`lines/order.rs`) |
//!
//! Every strategy gives the same answer; only the time differs. So the choice may depend on
//! anything, even on the tables built so far. Counts, tuplets, lists, sums, gaps and digests all
//! ask [`choose`], so a tiny window costs no sieving primes, whatever is asked of it.
//!
//! Times are CPU seconds of whole runs with each strategy forced, less the start of the process:
//! medians of three on one core of an Intel Sapphire Rapids (AVX-512, 2 MiB L2) on 2026-11-28,
//! while others compiled there (load 6 to 10). From 1e12 to 1e20 and from 1e8 to 3e9 numbers the
//! model is within 0.7 and 1.3 of them; below that the start-up decides, which is within a factor
//! of two. The passes over the sieving primes ([`PASS`]) and the border of tiny windows were
//! measured on one core of an AMD EPYC with AVX-512 on 2026-11-30, from 1e12 to 1.8e19 and from 200
//! to 1e8 numbers, each instruction set and strategy forced. Where the best strategy takes more
//! than 10 ms, the chosen one takes at most 1.3 times as long.

use super::costs::between;
use super::window;
use crate::bytes::{PIECE, WINDOW};
use crate::lines::sieving::Layout;
use crate::lines::{HUGE_END, LINES_ALONE, WINDOW_NUMBERS};
use crate::task::{Asked, TUPLETS, Task, primes};
use crate::windows::{LOWEST, WindowSieve};
use montesieve_kernel::isa::Isa;

/// An algorithm that counts or lists a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    Bytes,
    Lines,
    Huge,
    Windows,
}

impl Strategy {
    pub(crate) const ALL: [Strategy; 4] = [Strategy::Bytes, Strategy::Lines, Strategy::Huge, Strategy::Windows];
}

/// Nanoseconds that lines alone take for a number near 1e9, 1e10, ... 1e13.
const LINE: [f64; 5] = [0.057, 0.064, 0.075, 0.10, 0.14];
/// The first of them.
const LINE_FROM: f64 = 9.0;

/// Nanoseconds that lines and records take for a number near 1e13, 1e14, ... 1e22, the passes over
/// the sieving primes taken off.
const RECORDS: [f64; 10] = [0.15, 0.19, 0.24, 0.29, 0.35, 0.42, 0.55, 0.62, 0.68, 0.74];
/// The first of them.
const RECORDS_FROM: f64 = 13.0;

/// Nanoseconds a sieving prime takes in each window, by the widest instruction set: portable,
/// AVX2, AVX-512.
struct Pass {
    bytes: [f64; 3],
    huge: [f64; 3],
}

/// Near 1e18 and 1.8e19 both ways agree within 10 %. With AVX-512 the EPYC takes 2.8 and 0.6.
const PASS: Pass = Pass { bytes: [4.6, 3.4, 2.0], huge: [6.7, 5.0, 1.5] };

/// The strategy for `[low, high)`, which is all below or all above [`LINES_ALONE`], and likewise
/// for 2^64.
pub(crate) fn choose(low: u128, high: u128, task: Task) -> Strategy {
    let cost = |strategy: &Strategy| nanoseconds(*strategy, low, high, task);
    Strategy::ALL.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(Strategy::Windows)
}

impl Layout {
    /// The table that counting `[low, high)` needs, in spans of `window` numbers; `None` where it
    /// needs none. It depends on the range alone, not on this machine.
    pub fn for_counting(low: u128, high: u128) -> Option<Layout> {
        let low = low.max(LINES_ALONE.into());
        if high <= low {
            return None;
        }
        let end = high.min(low + u128::from(window(high)));
        is_huge_everywhere(low, end).then(|| Layout::new(high))
    }
}

/// Whether `[low, high)`, all above [`LINES_ALONE`], is counted by lines and records on every
/// machine once the table is there, and even without it where tests are fastest.
pub(crate) fn is_huge_everywhere(low: u128, high: u128) -> bool {
    let is_huge = |isa, is_built| {
        let task = Task { is_built, ..Task::new(Asked::Count, isa) };
        choose(low, high, task) == Strategy::Huge
    };
    is_huge(Isa::Avx512, false) && Isa::ALL.into_iter().all(|isa| is_huge(isa, true))
}

/// Estimated nanoseconds `[low, high)` takes by this strategy; infinite where it is
/// impossible.
pub(crate) fn nanoseconds(strategy: Strategy, low: u128, high: u128, task: Task) -> f64 {
    let numbers = high.saturating_sub(low) as f64;
    let (is_small, is_listed) = (high <= LINES_ALONE.into(), task.asked == Asked::List);
    let is_possible = match strategy {
        Strategy::Bytes => high <= 1 << 64,
        Strategy::Lines => is_small && !is_listed,
        Strategy::Huge => low >= LINES_ALONE.into() && high <= HUGE_END,
        Strategy::Windows => low > LOWEST,
    };
    if !is_possible {
        return f64::INFINITY;
    }
    let root = (high as f64).sqrt();
    match strategy {
        Strategy::Bytes => bytes(root, numbers, task),
        Strategy::Lines => lines(high as f64, numbers),
        Strategy::Huge => huge(root, numbers, task),
        Strategy::Windows => WindowSieve::nanoseconds(low, numbers, task),
    }
}

/// By bytes: primes to 2^21 cross each piece; of the larger ones a bitmap is made once, and all are
/// visited in each window.
fn bytes(root: f64, numbers: f64, task: Task) -> f64 {
    const MEDIUM: f64 = 2_097_152.0;
    let medium = root.min(MEDIUM);
    // The medium primes by a textbook sieve, and the first place of each.
    let begin = 1e6 + 60.0 * primes(medium);
    let pieces = (numbers / (30.0 * PIECE as f64)).ceil();
    let mut all = begin + 1.5 * pieces * primes(medium) + numbers * (0.06 + 0.038 * (medium.ln() - 10.4).max(0.0));
    if root > MEDIUM {
        let windows = (numbers / (30.0 * (WINDOW * PIECE) as f64)).ceil();
        let share = (root.ln() / MEDIUM.ln()).ln();
        all += PASS.bytes[task.isa as usize] * windows * (primes(root) - primes(MEDIUM))
            + numbers * share * (0.4 + 4.0 * share);
    }
    if !task.has_bytes {
        all += 1.2 * medium + 0.12 * (root - medium);
    }
    let of_prime = match task.asked {
        Asked::Count => 0.0,
        Asked::List => 1.5,
        Asked::Tuplets => TUPLETS,
    };
    all + of_prime * numbers / (2.0 * root.ln())
}

/// By lines alone: each sieving prime is made, and has half a hit too many in each line.
fn lines(high: f64, numbers: f64) -> f64 {
    2e6 + 130.0 * primes(high.sqrt()) + numbers * between(&LINE, LINE_FROM, high)
}

/// By lines and records: the table is read for each window, and primes above 2^32 are made for each
/// window too.
fn huge(root: f64, numbers: f64, task: Task) -> f64 {
    const TABLE: f64 = 4_294_967_296.0;
    let windows = (numbers / WINDOW_NUMBERS as f64).ceil();
    let table = primes(root.min(TABLE));
    let begin = 30e6 + if task.is_built { 0.0 } else { 0.08 * root.min(TABLE) };
    let further = if root > TABLE { 0.11 * (root - TABLE) + 1.5 * (primes(root) - primes(TABLE)) } else { 0.0 };
    // A list must be sorted.
    let order = if task.asked == Asked::List { 0.05 + 1.5 / (2.0 * root.ln()) } else { 0.0 };
    begin
        + windows * (PASS.huge[task.isa as usize] * table + further)
        + numbers * (order + between(&RECORDS, RECORDS_FROM, root * root))
}
