//! How many blocks to compute in one go, before they are noted down and the seat is attended to again.
//!
//! Attending costs about a microsecond, and a rank that asks should not wait long for the root's answer: pieces of about
//! [`PIECE`] make the first negligible and the second short. Kernels that are faster on long spans ask for longer pieces
//! and let the seat be attended to within them. The pace can change the time, never the answer.

use std::time::Duration;

/// Time of a piece, when blocks are short. 0.5 ms: some hundred times the cost of attending, and well below the shortest
/// chunk of a job of a quarter of a second, so that the root's answer is there before a rank has run out of work. (With
/// 2 ms, ranks with chunks of 2 ms lost a third of their time.)
pub(super) const PIECE: Duration = Duration::from_micros(500);

/// Learns from the last piece how long the next one should be.
#[derive(Debug)]
pub struct Pace {
    grain: u64,
    piece: Duration,
    blocks: u64,
}

impl Pace {
    /// Begins with `grain` blocks, and stays at multiples of that; aims at `piece`.
    pub fn new(grain: u64, piece: Duration) -> Pace {
        let grain = grain.max(1);
        Pace { grain, piece, blocks: grain }
    }

    /// Blocks in the next piece.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Learns that a piece of `blocks` blocks took `time`. Grows at most fourfold at once, since the first blocks of
    /// a range may be cheaper than the later ones.
    pub fn took(&mut self, blocks: u64, time: Duration) {
        let each = time.as_secs_f64() / blocks.max(1) as f64;
        let fitting = if each > 0.0 { (self.piece.as_secs_f64() / each) as u64 } else { u64::MAX };
        let most = self.blocks.saturating_mul(4);
        self.blocks = (fitting.min(most) / self.grain * self.grain).max(self.grain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_settles_near_the_piece_and_never_below_the_grain() {
        for grain in [1, 8] {
            let settled = 50 / grain * grain;
            let mut pace = Pace::new(grain, PIECE);
            assert_eq!(pace.blocks(), grain);
            for _ in 0..20 {
                pace.took(pace.blocks(), Duration::from_micros(10) * pace.blocks() as u32);
            }
            assert_eq!(pace.blocks(), settled);
            pace.took(settled, Duration::from_secs(100));
            assert_eq!(pace.blocks(), grain);
            pace.took(1, Duration::ZERO);
            assert_eq!(pace.blocks(), 4 * grain);
        }
    }
}
