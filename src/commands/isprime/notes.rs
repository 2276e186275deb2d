//! A rank's record of its position over time while it divides, from which it later computes the
//! work in vain.
//!
//! Which factor is the smallest, and when it is found, is not known beforehand. So a rank keeps a
//! trail of (time, divisor, divisors tested so far). Its divisors only increase, so those above the
//! factor are at the end of the trail, and so are those after the hit. It adds a mark after each
//! block and at each look at the flag. So the count in vain is too large by at most the divisors
//! between two looks. A long trail is thinned: memory is bounded, and times are accurate to a
//! two-thousandth of the run.

use std::time::Instant;

/// The most marks in a trail.
const LONGEST: usize = 4096;

/// A rank's notes.
#[derive(Debug)]
pub(super) struct Notes {
    begun: Instant,
    /// Divisors tested.
    pub(super) tried: u64,
    trail: Vec<Mark>,
    /// One mark in this many is kept.
    stride: u64,
    marks: u64,
    /// Factors found, and when.
    hits: Vec<(u64, u64)>,
}

/// A rank's position at a time.
#[derive(Clone, Copy, Debug)]
struct Mark {
    micros: u64,
    /// First divisor of the block that was in progress or done then.
    low: u64,
    tried: u64,
}

impl Notes {
    /// Starts now. Ranks start together, so that their times can be compared.
    pub(super) fn begin() -> Notes {
        Notes { begun: Instant::now(), tried: 0, trail: Vec::new(), stride: 1, marks: 0, hits: Vec::new() }
    }

    fn micros(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }

    /// Records the end of the block with first divisor `low`, after `tried` divisors.
    pub(super) fn block(&mut self, low: u64, tried: u64) {
        self.tried += tried;
        self.mark(low, 0);
    }

    /// Records a position in the middle of a block, after `tried` of its divisors.
    pub(super) fn mark(&mut self, low: u64, tried: u64) {
        self.marks += 1;
        if !self.marks.is_multiple_of(self.stride) {
            return;
        }
        if self.trail.len() == LONGEST {
            let mut place = 0;
            self.trail.retain(|_| {
                place += 1;
                place % 2 == 0
            });
            self.stride *= 2;
        }
        self.trail.push(Mark { micros: self.micros(), low, tried: self.tried + tried });
    }

    /// Records that a factor was found.
    pub(super) fn hit(&mut self, factor: u64) {
        self.hits.push((factor, self.micros()));
    }

    /// When this rank found this factor, in microseconds from the start; `None` if it did not.
    pub(super) fn time_of(&self, factor: u64) -> Option<u64> {
        self.hits.iter().find(|hit| hit.0 == factor).map(|hit| hit.1)
    }

    /// Divisors larger than the factor that were tested after it was found.
    pub(super) fn in_vain(&self, factor: u64, found: u64) -> u64 {
        let needed = |is_before: &dyn Fn(&Mark) -> bool| {
            self.trail.iter().rev().find(|mark| is_before(mark)).map_or(0, |mark| mark.tried)
        };
        self.tried - needed(&|mark| mark.low <= factor).max(needed(&|mark| mark.micros <= found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(marks: &[(u64, u64, u64)]) -> Notes {
        let trail: Vec<Mark> = marks.iter().map(|&(micros, low, tried)| Mark { micros, low, tried }).collect();
        Notes { tried: trail.last().map_or(0, |mark| mark.tried), trail, ..Notes::begin() }
    }

    #[test]
    fn in_vain_is_what_is_both_larger_and_later() {
        let notes = notes(&[(10, 211, 100), (20, 1000, 200), (30, 2000, 300), (40, 3000, 400)]);
        assert_eq!(notes.in_vain(500, 5), 300, "all but the block that holds the factor");
        assert_eq!(notes.in_vain(500, 25), 200, "two blocks were done before anybody knew");
        assert_eq!(notes.in_vain(2500, 5), 100, "three had to be done");
        assert_eq!(notes.in_vain(9000, 5), 0);
        assert_eq!(notes.in_vain(100, 5), 400);
        assert_eq!(Notes::begin().in_vain(1, 1), 0);
    }

    #[test]
    fn marks_within_a_block_count_what_was_done_of_it() {
        let mut notes = Notes::begin();
        notes.block(211, 100);
        for tried in [30, 60, 90] {
            notes.mark(1000, tried);
        }
        assert_eq!((notes.tried, notes.trail[3].tried), (100, 190));
        notes.block(1000, 100);
        notes.trail.iter_mut().zip(1..).for_each(|(mark, time)| mark.micros = time);
        assert_eq!((notes.in_vain(500, 0), notes.in_vain(1000, 0)), (100, 0));
        assert_eq!(notes.in_vain(500, 3), 40, "60 of the second block were done by then");
    }

    #[test]
    fn long_trails_are_thinned_and_still_add_up() {
        let mut notes = Notes::begin();
        let blocks = 5 * LONGEST as u64;
        (0..blocks).for_each(|block| notes.block(1000 * block + 1, 10));
        assert!(notes.trail.len() <= LONGEST && notes.trail.len() > LONGEST / 4);
        assert_eq!(notes.tried, 10 * blocks);
        assert!(notes.trail.windows(2).all(|pair| pair[0].low < pair[1].low && pair[0].tried < pair[1].tried));
        let half = notes.in_vain(500 * blocks, 0);
        assert!(half.abs_diff(5 * blocks) < 10 * blocks / 500, "{half}");
    }

    #[test]
    fn hits_have_their_times() {
        let mut notes = Notes::begin();
        notes.hit(77);
        assert!(notes.time_of(77).is_some());
        assert_eq!(notes.time_of(78), None);
    }
}
