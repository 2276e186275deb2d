//! pi(x) by Gourdon's formula on one core, with the time of each term.
//!
//!     cargo run --release --no-default-features --example pi_of_x -- X
//!
//! `scripts/bench pi-of-x` reads the shares of the terms from it; docs/pi-of-x.md explains them.

use std::ops::ControlFlow;
use std::time::Instant;

use montesieve::cli::CommandLine;
use montesieve::machine::Machine;
use montesieve::primes::gourdon::{Formula, LARGEST, Layout, Params, SMALLEST, Split, Terms, parts, primes_up_to};

fn main() {
    let x = std::env::args()
        .nth(1)
        .and_then(|word| word.parse::<u128>().ok())
        .filter(|x| (u128::from(SMALLEST)..=LARGEST).contains(x));
    let Some(x) = x else {
        eprintln!("pi_of_x X, in digits, from {SMALLEST} to {LARGEST}");
        std::process::exit(2);
    };
    let params = Params::new(x, Split::First);
    let mut never = || ControlFlow::Continue(());
    let (mut begun, mut all) = (Instant::now(), Terms::default());
    let mut lap = |name: &str| {
        println!("{name:<22}{:.4} s", begun.elapsed().as_secs_f64());
        begun = Instant::now();
    };
    let layout = Layout::of([&params]).expect("one set");
    let ControlFlow::Continue(words) = layout.own(&mut never) else { unreachable!("nothing breaks it") };
    let words_of = CommandLine::collect(std::env::args_os(), std::env::vars_os());
    let machine = Machine::choose(&words_of).unwrap_or_else(|error| panic!("{error}"));
    let formula = Formula::new(params, &words, machine.tuning);
    lap("tables");
    for (name, blocks) in parts(&params) {
        let ControlFlow::Continue(terms) = formula.compute(blocks, &mut never) else {
            unreachable!("nothing breaks it")
        };
        all.merge(terms);
        lap(name);
    }
    println!("{:<22}{}", "pi(x)", primes_up_to(&params, &all));
}
