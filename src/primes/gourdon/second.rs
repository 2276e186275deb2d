//! B = sum over primes q in (y, sqrt x] of pi(x / q): numbers with exactly two prime factors above y, taken off twice.
//!
//! A segmented sieve over [sqrt x, x / y]; the q come in falling order, so that x / q rises with the sieve. A span gives an affine
//! tally, so it need not know pi of its begin. Cost: 22 % of the whole (AMD Zen 5).

use std::ops::ControlFlow;

use super::affine::Affine;
use super::counts::first_odd;
use super::crossing::{BEHIND, Patterns, Place, TO_71, UP_TO, WORD};
use super::frame::sqrt;
use super::lanes::Lanes;
use super::tables::Tables;
use crate::primes::Pulse;

/// Bytes of a segment: 96 KiB, so that primes up to 3e6 hit it; the second-level cache holds it (AMD Zen 5).
const SEGMENT: usize = 96 << 10;
/// Numbers in which the q are found in one go.
const WINDOW: u64 = 1 << 20;

/// Where the sieve of B begins.
pub(super) fn begin(root: u64) -> u64 {
    root / WORD * WORD
}

/// The tally of [low, high); `low` is divisible by 240.
pub(super) fn span(
    tables: &Tables,
    patterns: &Patterns,
    lanes: Lanes,
    (low, high): (u64, u64),
    pulse: &mut Pulse<'_>,
) -> ControlFlow<(), Affine> {
    let mut tally = Affine::default();
    let last = tables.pi(sqrt(u128::from(high)));
    let mut places: Vec<Place> = (BEHIND..=last).map(|b| Place::new(tables.primes[b], low)).collect();
    let mut quotients = Quotients::new(tables, low, high);
    let mut bytes = vec![0; SEGMENT];
    for begin in (low..high).step_by(SEGMENT * 30) {
        pulse()?;
        let end = (begin + SEGMENT as u64 * 30).min(high);
        patterns.fill(&mut bytes, begin, TO_71);
        places.iter_mut().for_each(|place| lanes.cross(&mut bytes, place));
        let words = bytes.as_chunks::<8>().0;
        let (mut before, mut at) = (0, 0);
        let mut up_to = |n: u64| {
            let word = (n / WORD) as usize;
            before += words[at..word].iter().map(|&word| u64::from(u64::from_le_bytes(word).count_ones())).sum::<u64>();
            at = word;
            before + u64::from((u64::from_le_bytes(words[word]) & UP_TO[(n % WORD) as usize]).count_ones())
        };
        while let Some(n) = quotients.below(end) {
            tally.sum += i128::from(tally.primes + up_to(n - begin));
            tally.weight += 1;
        }
        tally.primes += up_to(end - 1 - begin);
    }
    ControlFlow::Continue(tally)
}

/// x / q for the primes q of a span, in rising order.
struct Quotients<'t> {
    tables: &'t Tables,
    /// Primes that wait, the largest last.
    waiting: Vec<u64>,
    /// Primes in (least, next] are still to be found.
    next: u64,
    least: u64,
}

impl Quotients<'_> {
    fn new(tables: &Tables, low: u64, high: u64) -> Quotients<'_> {
        let frame = tables.frame;
        let over = |n: u64| (frame.x / u128::from(n.max(1))).min(u128::from(frame.root2)) as u64;
        Quotients { tables, waiting: Vec::new(), next: over(low), least: over(high).max(frame.y) }
    }

    /// The next one, if it is below `end`.
    fn below(&mut self, end: u64) -> Option<u64> {
        while self.waiting.is_empty() {
            if self.next <= self.least {
                return None;
            }
            let low = self.least.max(self.next.saturating_sub(WINDOW));
            self.find(low, self.next);
            self.next = low;
        }
        let n = (self.tables.frame.x / u128::from(*self.waiting.last()?)) as u64;
        (n < end).then(|| {
            self.waiting.pop();
            n
        })
    }

    /// The odd primes of (low, high], by an odd sieve.
    fn find(&mut self, low: u64, high: u64) {
        let first = (low + 1) | 1;
        let length = (high + 1).saturating_sub(first).div_ceil(2) as usize;
        let mut is_prime = vec![true; length];
        for &p in self.tables.primes[2..].iter().take_while(|&&p| u64::from(p) * u64::from(p) <= high) {
            let begin = (first_odd(u64::from(p), first) - first) / 2;
            is_prime.iter_mut().skip(begin as usize).step_by(p as usize).for_each(|flag| *flag = false);
        }
        self.waiting.extend((first..).step_by(2).zip(is_prime).filter(|&(_, is_prime)| is_prime).map(|(q, _)| q));
    }
}
