//! What every kernel looks up: primes, pi(n), factors, phi. Made once a process from the frame alone; read-only from then on.
//!
//! Memory in bytes: 16 for each 128 numbers up to sqrt(x / x*), 4 for each prime there, 0.42 y for factors, 26 MB at most for phi: 26 MB
//! at 1e18 beside phi's, 190 MB at 1e20.

use std::ops::ControlFlow;

use super::counts::Counts;
use super::factors::{COPRIME, WHEEL, table};
use super::frame::{Frame, sqrt};
use super::phi::Phi;
use crate::primes::Pulse;

/// Vectors of primes may read so far beyond the last one.
pub(super) const PADDING: usize = 64;

/// Tables of one frame.
pub struct Tables {
    pub(super) frame: Frame,
    /// p_b at place b, from 1 on, and padding of 2^32 - 1.
    pub(super) primes: Vec<u32>,
    pub(super) counts: Counts,
    pub(super) factors: Vec<[u16; COPRIME]>,
    pub(super) phi: Phi,
    /// pi(y).
    pub(super) pi_y: usize,
}

impl Tables {
    /// Makes them: 0.02 s at 1e16, 0.1 s at 1e18 (AMD Zen 5). A `Break` from `pulse` comes back at once.
    pub fn new(frame: Frame, pulse: &mut Pulse<'_>) -> ControlFlow<(), Tables> {
        let counts = Counts::new(frame.looked_up(), pulse)?;
        let mut primes = counts.primes();
        let factors = table(frame.y, &primes, pulse)?;
        let phi = Phi::new(&primes, sqrt(u128::from(frame.far)), pulse)?;
        primes.extend([u32::MAX; PADDING]);
        let pi_y = counts.pi(frame.y) as usize;
        ControlFlow::Continue(Tables { frame, primes, counts, factors, phi, pi_y })
    }

    /// About how many bytes they take.
    pub fn bytes(frame: &Frame) -> u64 {
        let numbers = frame.looked_up();
        // Rosser and Schoenfeld (1962): pi(n) < 1.256 n / ln n.
        let primes = (1.256 * numbers as f64 / (numbers as f64).ln()) as u64;
        let factors = (frame.y / WHEEL + 2) * COPRIME as u64 * 2;
        numbers / 128 * 16 + 4 * primes + factors + Phi::bytes(sqrt(u128::from(frame.far)))
    }

    /// p_b.
    #[inline(always)]
    pub(super) fn p(&self, b: usize) -> u64 {
        u64::from(self.primes[b])
    }

    /// pi(n), as a place among the primes.
    #[inline(always)]
    pub(super) fn pi(&self, n: u64) -> usize {
        self.counts.pi(n) as usize
    }
}
