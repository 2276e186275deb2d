//! The sieving primes: every prime up to the square root of the limit.
//!
//! They have two forms, because there may be 203 million of them (up to 2^32, for numbers
//! near 2^64).
//! - [`Tier`]: primes below [`BIG`](super::big::BIG) as u32 in 8 lists, one a class (see
//!   `wheel.rs`), each with its place relative to the piece to come. 155,000 primes, 1.2 MB. The
//!   next piece costs nothing extra; a jump costs one remainder a prime, 0.3 ms for all.
//! - [`Bitmap`]: the larger ones as the sieve made them, 30 numbers a byte: 143 MB up to 2^32. A
//!   list of u32 would take 813 MB, one-byte gaps 203 MB. Sieving them again for every window would
//!   take no memory, but 0.3 s each time, against 0.02 s to read the bitmap.

use super::ByteSieve;
use super::wheel::class;
use crate::YieldNow;
use crate::modulo::modulo;
use montesieve_kernel::isa::Supported;
use std::ops::ControlFlow;

/// The primes of one size, by class.
pub(crate) struct Tier {
    pub(crate) classes: [TierClass; 8],
}

/// The primes of one size and class, in rising order.
#[derive(Default)]
pub(crate) struct TierClass {
    primes: Vec<u32>,
    /// How many bytes after the start of the next piece each prime's next turn starts: 0 to p - 1.
    ahead: Vec<u32>,
    /// How many of the primes are in use, the smallest ones; only theirs have a valid `ahead`.
    active: usize,
}

impl Tier {
    pub(crate) fn new(primes: &[u32]) -> Tier {
        let mut tier = Tier { classes: Default::default() };
        for &p in primes {
            tier.classes[class(p)].primes.push(p);
        }
        for class in &mut tier.classes {
            class.ahead = vec![0; class.primes.len()];
        }
        tier
    }

    /// Forgets where it was: the next piece may be anywhere.
    pub(crate) fn jump(&mut self) {
        self.classes.iter_mut().for_each(|class| class.active = 0);
    }

    /// The next piece starts one byte earlier than expected.
    pub(crate) fn step_back(&mut self) {
        for class in &mut self.classes {
            for (p, ahead) in class.primes[..class.active].iter().zip(&mut class.ahead) {
                *ahead = if *ahead + 1 == *p { 0 } else { *ahead + 1 };
            }
        }
    }

    /// Takes the primes up to `root` into use, for a piece that starts at byte `first`.
    pub(crate) fn activate(&mut self, root: u64, first: u128) {
        for class in &mut self.classes {
            while class.primes.get(class.active).is_some_and(|&p| u64::from(p) <= root) {
                let p = u64::from(class.primes[class.active]);
                class.ahead[class.active] = ((p - modulo(first, p)) % p) as u32;
                class.active += 1;
            }
        }
    }

    /// The primes up to `root`, class by class.
    pub(crate) fn up_to(&self, root: u64) -> impl Iterator<Item = u32> {
        self.classes
            .iter()
            .flat_map(move |class| class.primes.iter().copied().take_while(move |&p| u64::from(p) <= root))
    }
}

impl TierClass {
    /// The primes in use, and their places.
    pub(crate) fn in_use(&mut self) -> (&[u32], &mut [u32]) {
        (&self.primes[..self.active], &mut self.ahead[..self.active])
    }
}

/// All primes from 7 up to some number, 30 numbers a byte, growing when more are needed.
pub(crate) struct Bitmap {
    bytes: Vec<u8>,
    /// No prime above it is ever needed.
    largest: u64,
    isa: Supported,
}

/// Numbers by which the bitmap grows at least: a window's growth alone (a few numbers) would not
/// pay for a new sieve.
const GROWTH: u64 = 1 << 22;

impl Bitmap {
    /// An empty bitmap that will never grow beyond `largest`, which is below 2^32.
    pub(crate) fn new(largest: u64, isa: Supported) -> Bitmap {
        Bitmap { bytes: Vec::new(), largest, isa }
    }

    /// Bytes that hold the primes up to `root`. Grows first if need be, which calls `yield_now`;
    /// after a `Break` the bitmap is as right as before, only not as long as asked.
    pub(crate) fn up_to(&mut self, root: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), &[u8]> {
        debug_assert!(root <= self.largest);
        let needed = root as usize / 30 + 1;
        if needed > self.bytes.len() {
            let high = (((root + GROWTH).min(self.largest) / 30 + 1) * 30).min(1 << 32);
            if self.bytes.capacity() == 0 {
                // All at once: growing by doubling would hold two copies for a while.
                self.bytes.reserve_exact(self.largest as usize / 30 + 1);
            }
            let low = 30 * self.bytes.len() as u64;
            let bytes = &mut self.bytes;
            ByteSieve::new(high, self.isa).pieces(low, high, yield_now, &mut |_, piece| {
                bytes.extend_from_slice(piece);
                ControlFlow::Continue(())
            })?;
        }
        ControlFlow::Continue(&self.bytes[..needed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitmap_grows_to_the_same_bytes() {
        let mut never = || ControlFlow::Continue(());
        let mut steps = Bitmap::new(20_000_000, Supported::PORTABLE);
        for root in [100, 100, 4_000_000, 9_000_001, 20_000_000] {
            assert!(steps.up_to(root, &mut never).is_continue());
        }
        let mut once = Bitmap::new(20_000_000, Supported::PORTABLE);
        assert_eq!(once.up_to(20_000_000, &mut never), steps.up_to(20_000_000, &mut never));
    }

    #[test]
    fn a_bitmap_survives_a_break() {
        let mut broken = Bitmap::new(60_000_000, Supported::PORTABLE);
        let mut left = 2;
        let mut soon = || {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        assert!(broken.up_to(60_000_000, &mut soon).is_break());
        let mut never = || ControlFlow::Continue(());
        let mut once = Bitmap::new(60_000_000, Supported::PORTABLE);
        assert_eq!(once.up_to(60_000_000, &mut never), broken.up_to(60_000_000, &mut never));
    }
}
