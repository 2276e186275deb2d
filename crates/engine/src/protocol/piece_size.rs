//! How many blocks a rank computes at once before it records them and polls for messages.
//!
//! A poll costs about a microsecond, and a rank that asks should not wait long for the root's
//! answer. Pieces of about [`PIECE`] make the first negligible and the second short. Kernels that
//! are faster on long spans ask for longer pieces and poll within them. The size of a piece changes
//! the time, never the answer.

use std::time::Duration;

/// Time of a piece when blocks are short. 0.5 ms is some hundred times the cost of a poll. It is
/// well below the shortest chunk in a job of a quarter of a second. So the root's answer arrives
/// before a rank runs out of work. (With 2 ms, ranks with chunks of 2 ms lost a third of their
/// time.)
pub const PIECE: Duration = Duration::from_micros(500);

/// Learns from the last piece how long the next one should be.
#[derive(Debug)]
pub struct PieceSize {
    grain: u64,
    piece: Duration,
    blocks: u64,
    /// The longest time of a piece, where a stop loses only the piece in work.
    careful: Option<Duration>,
    /// Seconds per block in the last piece.
    each: f64,
}

impl PieceSize {
    /// Begins with `grain` blocks, and stays at multiples of that; aims at a duration of `piece`.
    pub fn new(grain: u64, piece: Duration) -> PieceSize {
        let grain = grain.max(1);
        PieceSize { grain, piece, blocks: grain, careful: None, each: 0.0 }
    }

    /// The same for a job whose finished pieces outlive a stop. It begins with one block, so that
    /// even a run that is soon stopped finishes something. It reaches the grain in a few steps: no
    /// piece takes much longer than all before it. A grain that takes longer than `longest` is
    /// reduced.
    pub fn careful(self, longest: Duration) -> PieceSize {
        PieceSize { blocks: 1, careful: Some(longest), ..self }
    }

    /// Blocks in the next piece, when the run ends after `left`. A careful piece takes half of the
    /// time that is left, to avoid being lost.
    pub fn blocks(&self, left: Option<Duration>) -> u64 {
        let left = left.filter(|_| self.careful.is_some()).map_or(f64::INFINITY, |left| left.as_secs_f64());
        if self.each * self.blocks as f64 <= left { self.blocks } else { ((left / 2.0 / self.each) as u64).max(1) }
    }

    /// Learns that a piece of `blocks` blocks took `time`. Grows at most fourfold at once, since
    /// the first blocks of a range may be cheaper than later ones.
    pub fn took(&mut self, blocks: u64, time: Duration) {
        self.each = time.as_secs_f64() / blocks.max(1) as f64;
        let fitting = |time: Duration| if self.each > 0.0 { (time.as_secs_f64() / self.each) as u64 } else { u64::MAX };
        let least = self.careful.map_or(self.grain, |longest| self.grain.min(fitting(longest)).max(1));
        let wanted = fitting(self.piece).max(least).min(self.blocks.saturating_mul(4));
        self.blocks = if wanted > self.grain { wanted / self.grain * self.grain } else { wanted };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_settles_near_the_piece_and_never_below_the_grain() {
        for grain in [1, 8] {
            let settled = 50 / grain * grain;
            let mut size = PieceSize::new(grain, PIECE);
            assert_eq!(size.blocks(None), grain);
            for _ in 0..20 {
                size.took(size.blocks(None), Duration::from_micros(10) * size.blocks(None) as u32);
            }
            assert_eq!(size.blocks(None), settled);
            assert_eq!(size.blocks(Some(Duration::ZERO)), settled, "nothing is saved by a shorter piece");
            size.took(settled, Duration::from_secs(100));
            assert_eq!(size.blocks(None), grain);
            size.took(1, Duration::ZERO);
            assert_eq!(size.blocks(None), 4 * grain);
        }
    }

    /// The work that a rank has finished when it is stopped after `stop`, in seconds, if a piece
    /// costs `start` and each block `block`.
    fn finished(mut size: PieceSize, [start, block]: [Duration; 2], stop: Duration, is_foreseen: bool) -> Duration {
        let (mut now, mut done) = (Duration::ZERO, Duration::ZERO);
        loop {
            let blocks = size.blocks(is_foreseen.then(|| stop - now));
            let time = start + block * blocks as u32;
            if now + time > stop {
                return done;
            }
            now += time;
            done = now;
            size.took(blocks, time);
        }
    }

    #[test]
    fn a_stop_at_any_time_leaves_a_part_of_the_work() {
        let (grain, piece) = (164, Duration::from_secs(2));
        for costs in [[0, 4], [15, 4], [15, 40], [0, 300]].map(|costs| costs.map(Duration::from_millis)) {
            let first = costs[0] + costs[1];
            for stop in (0..200).map(|i| first + i * i * Duration::from_millis(3)) {
                let size = || PieceSize::new(grain, piece).careful(Duration::from_secs(6));
                let done = finished(size(), costs, stop, false);
                assert!(done >= stop / 6 && done > Duration::ZERO, "{done:?} of {stop:?}, {costs:?}");
                let done = finished(size(), costs, stop, true);
                assert!(done + 3 * first >= stop.mul_f64(0.8), "{done:?} of {stop:?}, {costs:?}");
            }
        }
    }

    #[test]
    fn a_careful_size_reaches_the_grain_unless_that_is_too_long() {
        let settles = |block: u64| {
            let mut size = PieceSize::new(100, Duration::from_millis(20)).careful(Duration::from_millis(200));
            assert_eq!(size.blocks(None), 1);
            for _ in 0..10 {
                let blocks = size.blocks(None);
                size.took(blocks, Duration::from_micros(block) * blocks as u32);
            }
            size.blocks(None)
        };
        assert_eq!([1, 16, 100, 1000, 2500, 1_000_000].map(settles), [20_000, 1200, 200, 100, 80, 1]);
    }
}
