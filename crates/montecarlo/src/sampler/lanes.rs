//! The sums of a block's values for each place in a row, and the rule by which they are made.
//!
//! Stands beside [`tally`](crate::tally), where these sums are added exactly: here they are plain
//! ones, and a block whose values are not usual is added up again by another rule.

use crate::scale::Scale;
use crate::uniform::Row;

/// How the values of a block are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulation {
    /// As they are.
    Fast,
    /// Less those that are not numbers, and times a power of two.
    Careful(Scale),
}

/// How a block is added up: what is known beforehand.
#[derive(Clone, Copy, Debug)]
pub struct BlockRule {
    /// What is taken from every value.
    pub shift: f64,
    /// How values are added up.
    pub accumulation: Accumulation,
}

impl BlockRule {
    /// For each component: values less its shift, fast at first.
    pub(crate) fn all(shifts: &[f64]) -> Vec<BlockRule> {
        shifts.iter().map(|&shift| BlockRule { shift, accumulation: Accumulation::Fast }).collect()
    }

    /// Takes the rule that is right for a block with these sums; returns whether it was that one.
    fn correct(&mut self, sums: &LaneSums) -> bool {
        let right = sums.right_accumulation(self.accumulation);
        let was_right = right == self.accumulation;
        self.accumulation = right;
        was_right
    }

    /// What values are multiplied by. The rule becomes that for the next block.
    fn scale_of(&mut self, sums: &LaneSums) -> Scale {
        let scale = match self.accumulation {
            Accumulation::Fast => Scale::Plain,
            Accumulation::Careful(scale) => scale,
        };
        if scale == Scale::Plain && sums.nans() == 0 && sums.second.0.iter().any(|&square| square > 0.0) {
            self.accumulation = Accumulation::Fast;
        }
        scale
    }
}

/// The sums of a block for each component, and what its values were multiplied by: `lanes` adds
/// them up, again where a rule is not the right one. The rules are then those for the next block.
pub(crate) fn right_sums(
    rules: &mut [BlockRule],
    mut lanes: impl FnMut(&[BlockRule]) -> Vec<LaneSums>,
) -> Vec<(LaneSums, Scale)> {
    loop {
        let sums = lanes(rules);
        // All rules are corrected, whether one was wrong or not.
        let were_right = rules.iter_mut().zip(&sums).fold(true, |all, (rule, sums)| rule.correct(sums) && all);
        if were_right {
            let scaled = rules.iter_mut().zip(sums).map(|(rule, sums)| {
                let scale = rule.scale_of(&sums);
                (sums, scale)
            });
            return scaled.collect();
        }
    }
}

/// The sums of a block's values, for each place in a row.
#[derive(Clone, Debug)]
pub struct LaneSums {
    /// The sum of the values less the shift.
    pub(crate) first: Row,
    /// The sum of the squares of those.
    pub(crate) second: Row,
    /// How many values are not numbers, and the largest size of a value less the shift: of careful
    /// accumulation only.
    pub(super) nans: Row,
    pub(super) largest: Row,
}

/// Between these a block's sum of squares is trusted: its largest term is then of usual size, since
/// it has at most 2^19 terms.
const TRUSTED: std::ops::Range<f64> = f64::from_bits((1023 - 940) << 52)..f64::from_bits((1023 + 940) << 52);

impl LaneSums {
    pub(crate) fn new() -> LaneSums {
        let zero = Row::all(0.0);
        LaneSums { first: zero, second: zero, nans: zero, largest: zero }
    }

    /// Adds the sums of further values, made by the same rule, and clears these.
    pub(crate) fn append(&mut self, next: &mut LaneSums) {
        self.first.update(&next.first, |sum, more| sum + more);
        self.second.update(&next.second, |sum, more| sum + more);
        self.nans.update(&next.nans, |sum, more| sum + more);
        self.largest.update(&next.largest, |here, there| if there > here { there } else { here });
        *next = LaneSums::new();
    }

    /// How many values are not numbers.
    pub(crate) fn nans(&self) -> u64 {
        self.nans.0.iter().sum::<f64>() as u64
    }

    /// How a block with these sums must be added up; the sums are right if they were made so.
    pub(super) fn right_accumulation(&self, accumulation: Accumulation) -> Accumulation {
        match accumulation {
            Accumulation::Fast => {
                let (first, second) = (self.first.0.iter().sum::<f64>(), self.second.0.iter().sum::<f64>());
                match second {
                    _ if first.is_finite() && TRUSTED.contains(&second) => Accumulation::Fast,
                    _ if second > 1.0 => Accumulation::Careful(Scale::Down),
                    _ if second > 0.0 => Accumulation::Careful(Scale::Up),
                    // All values are equal, or not numbers, or their squares are 0.
                    _ => Accumulation::Careful(Scale::Plain),
                }
            }
            Accumulation::Careful(_) => {
                Accumulation::Careful(Scale::of(self.largest.0.iter().fold(0.0, |a, &b| a.max(b))))
            }
        }
    }
}
