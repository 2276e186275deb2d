//! Trial division of one number, fast: whether any of the divisors in a slice divides it, and the
//! smallest that does.
//!
//! Stands beside [`naive`](crate::naive), the textbook form: one odd divisor after the other. Here
//! only divisors without factors 2, 3, 5 and 7 are tested, 48 in a *turn* of 210 numbers, and most
//! of them cost a few additions and multiplications in a vector instead of a division (`lanes.rs`).
//! Divisors below the first turn are [`wide::SMALL`](super::wide::SMALL): callers test these first.
//!
//! A slice of divisors is tested in one of three ways, by the size of the quotients q = n / d:
//! - *steady*: quotient and remainder follow from those of the divisor before, with a reciprocal
//!   that is 48 divisors old;
//! - *fresh*: the same with a new reciprocal for each divisor, where quotients change too fast for
//!   an old one;
//! - *scalar*: the machine's division, where q or d has more than 50 bits.
//!
//! Formula: n is prime when no d up to its root divides it. Run time for a 57-bit prime, 72 million
//! divisors: 14 ms with AVX-512, 25 ms with AVX2, 55 ms else; the loop `n % i` over odd i takes 305
//! ms (one core of an AMD Zen 4). Memory: 2 KB. Why not primes alone as divisors: there are 4.2
//! times fewer up to 3e8, but sieving them takes 20 ms.

mod lanes;

use std::ops::Range;

pub use self::lanes::Reciprocal;
use lanes::DivisorLanes;
use montesieve_kernel::isa::{Isa, Supported};

/// Numbers in a turn of the wheel, 2 * 3 * 5 * 7. Turn t holds the divisors above `TURN * (t + 1)`.
const TURN: u64 = 210;

/// Divisors in a turn: the numbers of it that are coprime to it.
pub const DIVISORS: u64 = 48;

/// Turns that go side by side, one in each lane of the vectors in flight. Four vectors of AVX-512
/// hide the latency of one another (AMD Zen 4: 16 lanes are 1.6 times slower, 40 no faster).
const LANES: usize = lanes::LANES;

/// Turns in one step of a slice: the work between two polls.
pub const STEP: u64 = LANES as u64;

/// Turns in a block of a job: 1,720,320 numbers. 393,216 divisors take 75 us with AVX-512, of which
/// setting the lanes up is 1 % (AMD Zen 4).
pub const BLOCK: u64 = 256 * STEP;

/// The numbers below [`TURN`] that are coprime to it.
const RESIDUES: [u64; DIVISORS as usize] = residues();

const fn residues() -> [u64; DIVISORS as usize] {
    let (mut residues, mut filled, mut r) = ([0; DIVISORS as usize], 0, 1);
    while r < TURN {
        if r % 2 != 0 && r % 3 != 0 && r % 5 != 0 && r % 7 != 0 {
            residues[filled] = r;
            filled += 1;
        }
        r += 2;
    }
    residues
}

/// The number to be divided.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    n: u128,
    root: u64,
    isa: Supported,
}

impl Trial {
    /// `n` has been divided by [`wide::SMALL`](super::wide::SMALL) already.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set.
    pub fn new(n: u128, isa: Isa) -> Trial {
        Trial { n, root: n.isqrt() as u64, isa: isa.require() }
    }

    /// How many turns hold all divisors up to the root.
    pub fn turns(&self) -> u64 {
        // Divisor 210 t + 1 is the first of turn t - 1.
        (self.root.max(1) - 1) / TURN
    }

    /// The first divisor of a turn.
    pub fn first_of(turn: u64) -> u64 {
        TURN * (turn + 1) + 1
    }

    /// The divisors of these turns.
    pub fn slice(&self, turns: Range<u64>) -> Slice {
        let each = (turns.end - turns.start).div_ceil(STEP);
        let first = u128::from(TURN) * u128::from(turns.start + 1) + 1;
        let last = first + u128::from(TURN) * u128::from(each * STEP);
        let way = match Reciprocal::wanted(self.n, first, last) {
            Some(reciprocal) => {
                let start = |lane: usize| Trial::first_of(turns.start + lane as u64 * each);
                Progress::Lanes(Box::new(DivisorLanes::new(self.n, start)), reciprocal)
            }
            None => Progress::Scalar,
        };
        Slice { trial: *self, turns, each, done: 0, way }
    }

    /// Whether `divisor` divides n and is no larger than its root.
    fn divides(&self, divisor: u64) -> bool {
        divisor <= self.root
            && match u64::try_from(self.n) {
                Ok(n) => n.is_multiple_of(divisor),
                Err(_) => self.n.is_multiple_of(u128::from(divisor)),
            }
    }

    /// The smallest divisor of n in these turns, by division.
    fn search(&self, turns: Range<u64>) -> Option<u64> {
        turns.into_iter().find_map(|turn| {
            let base = Trial::first_of(turn) - 1;
            RESIDUES.iter().map(|r| base.saturating_add(*r)).find(|&divisor| self.divides(divisor))
        })
    }
}

/// The divisors of some turns, tested step by step.
#[derive(Debug)]
pub struct Slice {
    trial: Trial,
    turns: Range<u64>,
    /// Turns of a lane.
    each: u64,
    /// Turns done so far.
    done: u64,
    way: Progress,
}

#[derive(Debug)]
enum Progress {
    /// Lane i has the turns from `turns.start + i * each` on.
    Lanes(Box<DivisorLanes>, Reciprocal),
    /// One turn after the other.
    Scalar,
}

impl Slice {
    /// Steps that are left.
    pub fn steps(&self) -> u64 {
        self.each - self.done
    }

    /// Divisors tested so far.
    pub fn tried(&self) -> u64 {
        DIVISORS * (self.done * STEP).min(self.turns.end - self.turns.start)
    }

    /// Tests the divisors of the next steps (or of all that are left) and returns the smallest that
    /// divides the number, if any. Those of one step lie all over the slice, so only the smallest
    /// of all its steps is the slice's.
    pub fn advance(&mut self, steps: u64) -> Option<u64> {
        let steps = steps.min(self.steps());
        let (trial, end, each, done) = (self.trial, self.turns.end, self.each, self.done);
        self.done += steps;
        let clipped = |from: u64, turns: u64| from.min(end)..(from + turns).min(end);
        match &mut self.way {
            Progress::Scalar => trial.search(clipped(self.turns.start + done * STEP, steps * STEP)),
            Progress::Lanes(lanes, reciprocal) => {
                let hits = lanes::advance(trial.isa, lanes, steps, *reciprocal);
                // The first lane has the smallest divisors.
                let found = (0..).zip(hits).filter(|&(_, hit)| hit);
                found
                    .map(|(lane, _)| clipped(self.turns.start + lane * each + done, steps))
                    .find_map(|turns| trial.search(turns))
            }
        }
    }
}

#[cfg(test)]
mod tests;
