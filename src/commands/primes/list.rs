//! The list itself (`--print`, `--output-format`): how it reaches its destination.
//!
//! Several ranks write a list of primes to a file in parallel ([`super::write`]); everything else
//! goes through the root, in order ([`super::print`]). The bytes are the same. The list is the
//! result; only the run is reported besides, on standard error.

use super::answer::PrimesResult;
use super::count::{Kept, RangeTotals, count};
use super::cut::{Cut, end_of};
use super::final_report;
use super::print::{PrimeList, Print};
use super::range::Range;
use super::table::Table;
use super::write::write;
use crate::cluster::aside::aside;
use crate::commands::context::Context;
use crate::commands::output::Output;
use crate::error::Result;
use crate::job::invariant;
use crate::job::run::{Account, Outcome, cannot_be};
use crate::primes::KINDS;
use crate::primes::encoding::Encoding;
use crate::primes::source::Algorithm;

/// The fewest numbers in a block of listed primes, if a count's blocks are shorter: 140 KB of
/// marks, 3 MB of text.
const BLOCK: u64 = 1 << 22;

/// The length of a block of listed primes.
pub(super) fn block_len(range: Range<u128>, algorithm: Algorithm) -> u64 {
    let block = algorithm.block_len(end_of(range));
    if let Algorithm::Trial(_) = algorithm { block } else { block.max(BLOCK) }
}

/// Lists the primes of a range (`k` = 1) or its k-tuplets. Every rank must call it.
pub(super) fn run(
    context: &Context<'_>,
    range: Range<u128>,
    algorithm: Algorithm,
    k: usize,
    encoding: Encoding,
) -> Result<u8> {
    let cluster = context.cluster;
    let list = PrimeList { cut: Cut::new(range, block_len(range, algorithm)), algorithm, k, encoding };
    let mut output = cluster.agree(cluster.at_root(|| context.take_output()).transpose())?;
    let is_file = cluster.broadcast(output.as_ref().map(|output| output.temporary().is_some()))?;
    let mut header = encoding.header(0);
    let mut before = None;
    if encoding == Encoding::Npy && !is_file {
        // A stream cannot go back to its start, where the number of primes must be.
        let cut = Cut::new(range, algorithm.block_len(end_of(range)));
        let counted = count(context, cut, algorithm, [false; KINDS], Kept::No)?;
        if !cluster.broadcast(counted.as_ref().map(Outcome::is_complete))? {
            return end(context, None, counted, |counted| counted.numbers, cut, None);
        }
        let primes = counted.as_ref().and_then(|outcome| outcome.total.as_ref()).map_or(0, RangeTotals::primes);
        header = encoding.header(primes);
        before = counted.map(|counted| counted.account);
    }
    let table = Table::make(cluster, list.cut, algorithm)?;
    let primes = table.as_ref().map(Table::primes);
    let by_all = is_file && cluster.size() > 1;
    let written = if by_all { write(context, list, primes.clone(), output.as_ref())? } else { None };
    let written = match written {
        Some(written) => written,
        None => Print(list, primes).deliver(context, &header, &mut output)?,
    };
    let total = written.as_ref().and_then(|outcome| outcome.total).filter(|_| is_file && encoding == Encoding::Npy);
    let begun = output
        .as_mut()
        .zip(total)
        .map_or(Ok(()), |(output, total)| output.write_at_start(&encoding.header(total.listed)));
    cluster.agree(begun)?;
    let before = Account::joined(before, table.and_then(Table::release));
    end(context, output, written, |written| written.numbers, list.cut, before)
}

/// Completes the output or discards it: an existing file is always complete.
fn end<T>(
    context: &Context<'_>,
    output: Option<Output>,
    outcome: Option<Outcome<T>>,
    numbers: impl Fn(&T) -> u64,
    cut: Cut,
    before: Option<Account>,
) -> Result<u8> {
    let complete = outcome.as_ref().is_some_and(Outcome::is_complete);
    // An abandoned reader leaves no total.
    let delivered = outcome.as_ref().filter(|_| complete).and_then(|outcome| outcome.total.as_ref()).map(&numbers);
    let sound = delivered.map_or(Ok(()), |delivered| invariant::equal("numbers looked at", delivered, cut.amount()));
    context.cluster.agree(sound.map_err(cannot_be))?;
    let kept = output.filter(|output| complete || output.is_stdout());
    // Takes as long as the disk or the reader needs.
    context.cluster.agree(kept.map_or(Ok(()), |output| aside(|| output.finish())))?;
    context.finish::<PrimesResult>(outcome.map(|outcome| {
        let numbers = outcome.total.as_ref().map_or(0, numbers);
        final_report(outcome.after(before), None, numbers)
    }))
}
