//! Three tasks by turns: factorial, Fibonacci, binomial: row 29.
//!
//! In Python: three coroutines that give way after every step (`await asyncio.sleep(...)`, or the yield of a generator), on one loop.
//!
//! In MPI: every rank is a loop with some of the tasks; a task goes on by one step, says how far it has come, and gives way to the next.
//! Rank 0 takes the steps of all as they come (`MPI_Test` on a request for each task) and keeps a journal, which shows how they took
//! turns; that differs from run to run, the results do not.
//!
//! What went wrong in the notes: their Fibonacci printed one number too few or too many, depending on what F(0) is. Here F(10) = 55, with F(0) = 0.
//!
//! Right answer: factorial(10) = 3628800, fibonacci(10) = 55, binomial(20, 10) = 184756.

use std::time::Instant;

use super::{Pattern, Shown, each_us};
use crate::cluster::patience::Patience;
use crate::cluster::{Cluster, Promise, Tag};
use crate::error::Result;

const NAMES: [&str; 3] = ["factorial(10)", "fibonacci(10)", "binomial(20, 10)"];
/// How the journal calls them.
const LETTERS: [char; 3] = ['n', 'F', 'C'];
/// Steps that each takes.
const STEPS: u64 = 10;

pub(super) const PATTERN: Pattern = Pattern {
    name: "tasks",
    python: "coroutines that take turns",
    mpi: "ranks as cooperative tasks, MPI_Test on a request each",
    run,
};

/// A task: two numbers, and how they go on at step 1, 2, ..., 10. The first is the result.
struct Task {
    numbers: [u64; 2],
    step: fn([u64; 2], u64) -> [u64; 2],
}

/// `n! = n (n-1)!`; `F(n) = F(n-1) + F(n-2)`; `C(20, k) = C(20, k-1) (21-k) / k`.
const TASKS: [Task; 3] = [
    Task { numbers: [1, 0], step: |[product, _], n| [product * n, 0] },
    Task { numbers: [0, 1], step: |[this, next], _| [next, this + next] },
    Task { numbers: [1, 0], step: |[choose, _], k| [choose * (21 - k) / k, 0] },
];

fn run(cluster: &Cluster) -> Result<Option<Shown>> {
    let began = Instant::now();
    let owner = |task: usize| task as u64 % cluster.size();
    let (mut mine, mut results) = (TASKS, [0; 3]);
    let mut journal = String::new();
    // At rank 0: a request for the next step of each task of another rank.
    let next = |task: usize| (task, cluster.promise(owner(task), Tag::Reply));
    let elsewhere: Vec<usize> = (0..3).filter(|&task| owner(task) != 0).collect();
    let asked = cluster.at_root(|| elsewhere.iter().map(|&task| next(task)).collect());
    let mut open: Vec<(usize, Promise)> = asked.unwrap_or_default();
    for step in 1..=STEPS {
        for task in (0..3).filter(|&task| owner(task) == cluster.rank()) {
            let Task { numbers, step: go_on } = &mut mine[task];
            *numbers = go_on(*numbers, step);
            let kept = cluster.at_root(|| {
                journal.push(LETTERS[task]);
                results[task] = numbers[0];
            });
            if kept.is_none() {
                cluster.send_numbers(0, Tag::Reply, [task as u64, numbers[0]])?;
            }
        }
        open = taken(open, &mut results, &mut journal, next);
    }
    let mut patience = Patience::new();
    while !open.is_empty() {
        patience.pause();
        open = taken(open, &mut results, &mut journal, next);
    }
    cluster.flush(None)?;
    let cost = each_us("a step", began, 3 * STEPS);
    Ok(cluster.at_root(|| Shown {
        answer: format!("{} = {}, {} = {}, {} = {}", NAMES[0], results[0], NAMES[1], results[1], NAMES[2], results[2]),
        expected: "factorial(10) = 3628800, fibonacci(10) = 55, binomial(20, 10) = 184756".into(),
        costs: vec![cost],
        lines: vec![format!("turns {journal}")],
    }))
}

/// Takes what has come, and asks for what is still to come: ten steps of each.
fn taken(
    open: Vec<(usize, Promise)>,
    results: &mut [u64; 3],
    journal: &mut String,
    next: impl Fn(usize) -> (usize, Promise),
) -> Vec<(usize, Promise)> {
    let ask_again = |(task, promise): (usize, Promise)| match promise.take() {
        Err(promise) => Some((task, promise)),
        Ok([task, number]) => {
            let task = task as usize;
            results[task] = number;
            journal.push(LETTERS[task]);
            let steps = journal.matches(LETTERS[task]).count() as u64;
            (steps < STEPS).then(|| next(task))
        }
    };
    open.into_iter().filter_map(ask_again).collect()
}
