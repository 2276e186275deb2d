//! How many blocks to compute in one go, before the seat is attended to again.
//!
//! Attending costs about a microsecond, and a rank that asks should not wait long for the root's answer: pieces of about
//! [`PIECE`] make the first negligible and the second short. The pace can change the time, never the answer.

use std::time::Duration;

/// Time of a piece, when blocks are short. 2 ms: a thousand times the cost of attending, a tenth of what a person notices.
const PIECE: Duration = Duration::from_millis(2);

/// Learns from the last piece how long the next one should be.
#[derive(Debug)]
pub struct Pace {
    blocks: u64,
}

impl Pace {
    /// Begins with one block.
    pub fn new() -> Pace {
        Pace { blocks: 1 }
    }

    /// Blocks in the next piece.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Learns that a piece of `blocks` blocks took `time`. Grows at most fourfold at once, since the first blocks of
    /// a range may be cheaper than the later ones.
    pub fn took(&mut self, blocks: u64, time: Duration) {
        let each = time.as_secs_f64() / blocks.max(1) as f64;
        let fitting = if each > 0.0 { (PIECE.as_secs_f64() / each) as u64 } else { u64::MAX };
        self.blocks = fitting.clamp(1, self.blocks.saturating_mul(4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_settles_near_the_piece_and_never_reaches_zero() {
        let mut pace = Pace::new();
        for _ in 0..20 {
            pace.took(pace.blocks(), Duration::from_micros(10) * pace.blocks() as u32);
        }
        assert_eq!(pace.blocks(), 200);
        pace.took(200, Duration::from_secs(100));
        assert_eq!(pace.blocks(), 1);
        pace.took(1, Duration::ZERO);
        assert_eq!(pace.blocks(), 4);
    }
}
