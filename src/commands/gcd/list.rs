//! The two jobs of a list: the products of all numbers, and what each number has in common with them.
//!
//! The first is a reduction: blocks of numbers become products, and what spans add up to is multiplied on its way to the root. The
//! second sends the total to all ranks, each of which takes it down the tree of its own groups of numbers.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use dashu_int::UBig;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::lines;
use crate::cli;
use crate::commands::conclusion::Conclusion;
use crate::commands::setting::Setting;
use crate::error::Result;
use crate::job::run::Outcome;
use crate::job::{Job, Pulse, Span, Tally};
use crate::primes::batch::{Node, Products, commons};
use crate::report::{Completion, SharedFactor, SharedResult, Work};

/// Numbers in a block of the first job: 64 of 1,024 bits take 0.2 ms (AMD Zen 4).
const BLOCK: u64 = 64;

/// Numbers in a block of the second job: large, since each takes the total down from its full length; a sixteenth of the list, so that
/// there is something for that many ranks, within these bounds. Of 20,000 numbers of 1,024 bits, groups of 256 take
/// three times as long as groups of 2,048 (AMD Zen 4).
const GROUP: (u64, u64) = (64, 2048);

/// Runs the command. Every rank must call it; returns the exit code.
pub(super) fn run(setting: &Setting<'_>, options: &cli::Gcd) -> Result<u8> {
    let cluster = setting.cluster;
    let read = cluster.agree(cluster.at_root(|| lines::read(cluster, &options.file, number)).transpose())?;
    let read = read.map(|numbers| numbers.iter().map(bytes).collect::<Vec<_>>());
    let numbers: Vec<UBig> = cluster.broadcast(read)?.iter().map(big).collect();
    let multiplied = setting.compute(&Multiply { numbers: &numbers })?;
    let is_complete = cluster.broadcast(multiplied.as_ref().map(Outcome::is_complete))?;
    if !is_complete {
        return setting.conclude(multiplied.map(|outcome| conclusion(&numbers, Vec::new(), outcome)));
    }
    let mut before = None;
    let derivative = multiplied.map(|mut outcome| {
        let products = outcome.total.take().map_or_else(Products::default, Multiplied::into);
        before = Some(outcome.account);
        bytes(&products.total().derivative)
    });
    let derivative = big(&cluster.broadcast(derivative)?);
    let group = (numbers.len() as u64).div_ceil(16).clamp(GROUP.0, GROUP.1);
    let outcome = setting.compute(&Compare { numbers: &numbers, derivative, group })?;
    setting.conclude(outcome.map(|mut outcome| {
        if let Some(mut account) = before {
            account.join(outcome.account);
            outcome.account = account;
        }
        let found = outcome.total.take().unwrap_or_default().0;
        conclusion(&numbers, found, outcome)
    }))
}

fn conclusion<T>(numbers: &[UBig], found: Vec<(u64, ByteBuf)>, outcome: Outcome<T>) -> Conclusion<SharedResult> {
    let shared = found.into_iter().map(|(place, factor)| SharedFactor {
        place: place + 1,
        n: numbers[place as usize].to_string(),
        factor: big(&factor).to_string(),
    });
    let completion = Completion::of(outcome.done, outcome.blocks);
    let result = SharedResult { numbers: numbers.len() as u64, shared: shared.collect(), completion };
    let work = Work { amount: numbers.len() as u64, unit: "numbers" };
    Conclusion::new("gcd", outcome, Some(result), work)
}

/// A number of any size: decimal, or hexadecimal with 0x in front.
fn number(line: &str) -> std::result::Result<UBig, &'static str> {
    let (digits, radix) = match line.strip_prefix("0x").or(line.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (line, 10),
    };
    let is_written = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let n = is_written.then(|| UBig::from_str_radix(digits, radix).ok()).flatten();
    match n {
        None => Err("not a number; write decimal digits, or 0x and hexadecimal ones"),
        Some(n) if n.cmp(&UBig::ZERO) == Ordering::Equal => Err("must be at least 1"),
        Some(n) => Ok(n),
    }
}

fn bytes(n: &UBig) -> ByteBuf {
    ByteBuf::from(n.to_le_bytes().to_vec())
}

fn big(bytes: &ByteBuf) -> UBig {
    UBig::from_le_bytes(bytes)
}

/// The first job.
struct Multiply<'n> {
    numbers: &'n [UBig],
}

/// [`Products`] as they travel: pairs of product and derivative.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<[ByteBuf; 2]>", into = "Vec<[ByteBuf; 2]>")]
struct Multiplied(Products);

impl From<Multiplied> for Products {
    fn from(multiplied: Multiplied) -> Products {
        multiplied.0
    }
}

impl From<Multiplied> for Vec<[ByteBuf; 2]> {
    fn from(multiplied: Multiplied) -> Self {
        multiplied.0.0.iter().map(|node| [bytes(&node.product), bytes(&node.derivative)]).collect()
    }
}

impl From<Vec<[ByteBuf; 2]>> for Multiplied {
    fn from(pairs: Vec<[ByteBuf; 2]>) -> Multiplied {
        let node = |[product, derivative]: &[ByteBuf; 2]| Node { product: big(product), derivative: big(derivative) };
        Multiplied(Products(pairs.iter().map(node).collect()))
    }
}

impl Tally for Multiplied {
    fn merge(&mut self, next: Multiplied) {
        self.0.append(next.0);
    }
}

impl Job for Multiply<'_> {
    type Tally = Multiplied;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        (self.numbers.len() as u64).div_ceil(BLOCK).max(1)
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), pulse: Pulse<'_>) -> ControlFlow<(), Multiplied> {
        let mut products = Products::default();
        for block in span.first..span.end {
            products.append(Products::of(part(self.numbers, block, BLOCK)));
            pulse()?;
        }
        ControlFlow::Continue(Multiplied(products))
    }
}

/// The numbers of a block.
fn part(numbers: &[UBig], block: u64, length: u64) -> &[UBig] {
    let count = numbers.len() as u64;
    &numbers[(block * length).min(count) as usize..((block + 1) * length).min(count) as usize]
}

/// The second job.
struct Compare<'n> {
    numbers: &'n [UBig],
    derivative: UBig,
    group: u64,
}

/// Places and factors of those numbers that share one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Found(Vec<(u64, ByteBuf)>);

impl Tally for Found {
    fn merge(&mut self, next: Found) {
        self.0.extend(next.0);
    }
}

impl Job for Compare<'_> {
    type Tally = Found;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        (self.numbers.len() as u64).div_ceil(self.group).max(1)
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), pulse: Pulse<'_>) -> ControlFlow<(), Found> {
        let mut found = Vec::new();
        for block in span.first..span.end {
            let common = commons(&self.derivative, part(self.numbers, block, self.group));
            let shared = (block * self.group..).zip(common).filter(|(_, factor)| *factor != UBig::ONE);
            found.extend(shared.map(|(place, factor)| (place, bytes(&factor))));
            pulse()?;
        }
        ControlFlow::Continue(Found(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_or_hexadecimal() {
        assert_eq!(number("255"), Ok(UBig::from(255_u32)));
        assert_eq!(number("0xfF"), Ok(UBig::from(255_u32)));
        assert_eq!(number(&"9".repeat(400)).map(|n| n.to_string()), Ok("9".repeat(400)));
        for line in ["", "0x", "ff", "-1", "+1", "1_0", "1 2", "0"] {
            assert!(number(line).is_err(), "{line}");
        }
    }

    #[test]
    fn products_travel_as_bytes() {
        let numbers: Vec<UBig> = (1_u64..100).map(|n| UBig::from(n * n * 1_000_003)).collect();
        let products = Products::of(&numbers);
        let pairs: Vec<[ByteBuf; 2]> = Multiplied(products.clone()).into();
        assert_eq!(Multiplied::from(pairs).0, products);
    }
}
