//! The list itself (`--print`, `--output-format`): which way it takes to its place.
//!
//! A list of primes that goes to a file is written by all ranks at once ([`super::write`]) when there are several of them; everything
//! else goes through the root, in order ([`super::print`]). The bytes are the same. The list is the result: nothing else is reported but the
//! run, on standard error.

use super::conclusion;
use super::cut::{Cut, end_of};
use super::print::Print;
use super::write::{measure, write};
use crate::cli::Range;
use crate::commands::output::Output;
use crate::commands::setting::Setting;
use crate::error::Result;
use crate::job::run::{Account, Outcome};
use crate::primes::encoding::Encoding;
use crate::primes::source::Algorithm;
use crate::report::PrimesResult;

/// Numbers in a block of listed primes: 2^22 where primes are dense, so that a block's text is at most 3 MB, and up
/// to 2^24 where the sieve's start-up for each block would show (text up to 8 MB).
const BLOCK: [u64; 2] = [1 << 22, 1 << 24];

/// How long a block of listed primes is.
pub(super) fn block_len(range: Range<u128>, algorithm: Algorithm) -> u64 {
    let [dense, sparse] = BLOCK;
    match (algorithm, u64::try_from(range.stop)) {
        (Algorithm::Sieve(_), Ok(stop)) => (stop.isqrt() / 4).next_power_of_two().clamp(dense, sparse),
        // Tests cost the same wherever a block begins.
        (Algorithm::Sieve(_), Err(_)) => dense,
        (Algorithm::Trial(_), _) => algorithm.block_len(end_of(range)),
    }
}

/// Lists the primes of a range (`k` = 1) or its k-tuplets. Every rank must call it.
pub(super) fn run(
    setting: &Setting<'_>,
    range: Range<u128>,
    algorithm: Algorithm,
    k: usize,
    encoding: Encoding,
) -> Result<u8> {
    let cluster = setting.cluster;
    let cut = Cut::new(range, block_len(range, algorithm));
    let output = cluster.agree(cluster.at_root(|| setting.take_output()).transpose())?;
    let is_file = cluster.broadcast(output.as_ref().map(|output| output.temporary().is_some()))?;
    let by_all = k == 1 && is_file && cluster.size() > 1;
    let (mut header, mut before) = (Vec::new(), None);
    if by_all || encoding == Encoding::Npy {
        let measured = measure(setting, cut, algorithm, encoding)?;
        if !cluster.broadcast(measured.as_ref().map(Outcome::is_complete))? {
            return end(setting, None, measured, |measured| measured.numbers, None);
        }
        if by_all {
            let known = measured.as_ref().and_then(|outcome| outcome.total.as_ref()).zip(output.as_ref());
            if let Some(written) = write(setting, (cut, algorithm, encoding), known)? {
                return end(setting, output, written, |written| written.numbers, measured.map(|m| m.account));
            }
        }
        let primes = measured.as_ref().and_then(|outcome| outcome.total.as_ref()).map_or(0, |total| total.primes);
        header = encoding.header(primes);
        before = measured.map(|measured| measured.account);
    }
    let mut output = output;
    let printed = Print { cut, algorithm, k, encoding }.deliver(setting, &header, &mut output)?;
    end(setting, output, printed, |&numbers| numbers, before)
}

/// The list is at its place, or it is not kept: a file that is there is a file that is complete.
fn end<T>(
    setting: &Setting<'_>,
    output: Option<Output>,
    outcome: Option<Outcome<T>>,
    numbers: impl FnOnce(&T) -> u64,
    before: Option<Account>,
) -> Result<u8> {
    let complete = outcome.as_ref().is_some_and(Outcome::is_complete);
    let kept = output.filter(|output| complete || output.is_stdout());
    setting.cluster.agree(kept.map_or(Ok(()), |output| output.finish()))?;
    setting.conclude::<PrimesResult>(outcome.map(|mut outcome| {
        let numbers = outcome.total.as_ref().map_or(0, numbers);
        if let Some(mut account) = before {
            account.join(outcome.account);
            outcome.account = account;
        }
        conclusion(outcome, None, numbers)
    }))
}
