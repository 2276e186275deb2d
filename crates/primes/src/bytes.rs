//! The sieve by bytes: the segmented sieve of Eratosthenes with 30 numbers a byte, for ranges below
//! 2^64.
//!
//! Stands beside `naive.rs`, the textbook form with a bool a number, and `lines.rs`, which counts
//! faster but cannot list. It keeps neighbours together, so it serves short ranges and lists.
//!
//! A range is cut into *pieces* of [`PIECE`] bytes (`wheel.rs`). `presieve.rs` fills a piece with
//! the pattern of the smallest primes. The other primes (`sieving_primes.rs`) cross it in three
//! tiers by size: `small.rs`, `medium.rs`, `big.rs`. Then `bits.rs` counts or reads it.
//!
//! Memory does not grow with the range, only with the square root of its numbers. Resuming where
//! the last call stopped is nearly free. A jump costs one remainder for each prime below 2^21 in
//! use (0.02 ms at 1e10, 0.3 ms above 4e12).
//!
//! Formula: n <= root^2 is prime iff no prime up to root divides it (n > root).
//! Run time: n ln ln root crossings, 0.06 ns a number up to 1e9, 0.14 at 1e12, 1.2 at 1e18 (AMD Zen
//! 5).
//! Memory: 1 MB at 1e9, 2 MB at 1e12; with big primes 210 MB at 1e18, 355 MB near 2^64.
//! Reference: C. Bays and R. H. Hudson, "The segmented sieve of Eratosthenes and primes in
//! arithmetic progressions to 10^12", BIT 17 (1977).

pub(crate) mod big;
pub(crate) mod bits;
pub(crate) mod medium;
pub(crate) mod presieve;
pub(crate) mod sieving_primes;
pub(crate) mod small;
pub(crate) mod wheel;

use crate::{YieldNow, naive};
use big::{BIG, Big};
use bits::Reader;
use bits::count_ones;
use montesieve_kernel::isa::Supported;
use sieving_primes::Tier;
use small::MARGIN;
use std::ops::ControlFlow;
use wheel::{BIT, OUTSIDE, bits_below, bits_from};

/// Bytes sieved at once, 30 numbers each: 512 KiB.
///
/// Half of the 1 MiB L2 cache of the AMD Zen 5 it was tuned on: the other half streams the medium
/// primes (8 bytes each). Longer pieces spread the cost of visiting every medium prime over more
/// numbers.
pub const PIECE: usize = 512 << 10;

/// Pieces in the longest stretch for which the crossings by big primes are prepared at once (see
/// `big.rs`): 34, which is 5.3e8 numbers.
///
/// Bounds the memory: at 1.8e19 a number has 0.097 crossings by big primes, 4 bytes each, 207 MB in
/// all.
pub const WINDOW: usize = 34;

/// Takes a piece: the number of its first byte, and its bytes; bits outside the range requested are
/// zero.
pub(crate) type Piece<'a> = dyn FnMut(u64, &[u8]) -> ControlFlow<()> + 'a;

/// Takes a run of primes in rising order.
pub type Run<'a> = dyn FnMut(&[u64]) -> ControlFlow<()> + 'a;

/// Sieves ranges `[low, high)`: a rank's workspace. It keeps its sieving primes and buffers;
/// resuming where it stopped (`low` is the last `high`) is nearly free.
pub struct ByteSieve {
    limit: u64,
    /// No prime above it crosses; see [`left`](ByteSieve::left).
    cap: Option<u64>,
    /// The number of the byte from which all others are counted: 0 but for
    /// [`left`](ByteSieve::left).
    origin: u128,
    isa: Supported,
    small: Tier,
    medium: Tier,
    big: Big,
    /// [`MARGIN`], a piece, [`MARGIN`].
    buffer: Vec<u8>,
    /// Number of the byte with which the next piece starts if there is no jump.
    next: u64,
    reader: Option<Reader>,
}

impl ByteSieve {
    /// A workspace for ranges with `high` up to `limit`.
    ///
    /// An inclusive STOP of 2^64 - 1 is the limit `stop.saturating_add(1)`: 2^64 - 1 is composite,
    /// so nothing is lost.
    pub fn new(limit: u64, isa: Supported) -> ByteSieve {
        ByteSieve::with(limit, None, isa)
    }

    /// A workspace for [`left`](ByteSieve::left), with primes up to `cap`, which is below 2^21.
    pub(crate) fn rough(cap: u64, isa: Supported) -> ByteSieve {
        ByteSieve::with(u64::MAX, Some(cap.min(u64::from(BIG) - 1)), isa)
    }

    fn with(limit: u64, cap: Option<u64>, isa: Supported) -> ByteSieve {
        let root = cap.unwrap_or(limit.saturating_sub(1).isqrt());
        let primes: Vec<u32> = naive::eratosthenes((root + 1).min(u64::from(BIG)))
            .into_iter()
            .map(|p| p as u32)
            .filter(|&p| p > presieve::LARGEST)
            .collect();
        let (small, medium) = primes.split_at(primes.partition_point(|&p| p < small::END));
        ByteSieve {
            limit,
            cap,
            origin: 0,
            isa,
            small: Tier::new(small),
            medium: Tier::new(medium),
            big: Big::new(if cap.is_some() { 0 } else { limit }, isa),
            buffer: Vec::new(),
            next: 0,
            reader: None,
        }
    }

    /// How many primes there are in `[low, high)`; 0 when that is empty.
    ///
    /// A `Break` from `yield_now` is returned at once; the workspace stays valid.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn count(&mut self, low: u64, high: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), u64> {
        let isa = self.isa;
        let mut count = outside(low, high).count() as u64;
        self.pieces(low, high, yield_now, &mut |_, bytes| {
            count += count_ones(isa, bytes);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(count)
    }

    /// Hands the primes of `[low, high)` to `each`, in rising order, in runs of a few thousand.
    ///
    /// A `Break` from `yield_now` or from `each` is returned at once; the runs handed out until
    /// then are right.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn runs(&mut self, low: u64, high: u64, yield_now: &mut YieldNow<'_>, each: &mut Run<'_>) -> ControlFlow<()> {
        let outside: Vec<u64> = outside(low, high).collect();
        if !outside.is_empty() {
            each(&outside)?;
        }
        let (mut reader, mut run) = (self.reader.take().unwrap_or_else(|| Reader::new(self.isa)), Vec::new());
        let ended =
            self.pieces(low, high, yield_now, &mut |first, bytes| runs(&mut reader, first, bytes, &mut run, each));
        self.reader = Some(reader);
        ended
    }

    /// Appends the primes of `[low, high)` to `primes`, in rising order. After a `Break` from
    /// `yield_now`, `primes` is as before.
    ///
    /// # Panics
    /// When `high` is above the limit.
    pub fn append(
        &mut self,
        low: u64,
        high: u64,
        yield_now: &mut YieldNow<'_>,
        primes: &mut Vec<u64>,
    ) -> ControlFlow<()> {
        let before = primes.len();
        let end = self.runs(low, high, yield_now, &mut |run| {
            primes.extend_from_slice(run);
            ControlFlow::Continue(())
        });
        if end.is_break() {
            primes.truncate(before);
        }
        end
    }

    /// Sieves `[low, high)` and hands out piece after piece. 2, 3 and 5 are not in them.
    pub(crate) fn pieces(
        &mut self,
        low: u64,
        high: u64,
        yield_now: &mut YieldNow<'_>,
        each: &mut Piece<'_>,
    ) -> ControlFlow<()> {
        assert!(high <= self.limit, "a sieve for numbers below {} was asked for {high}", self.limit);
        if low >= high {
            return ControlFlow::Continue(());
        }
        let (mut first, end) = (low / 30, high.div_ceil(30));
        self.seek(first);
        while first < end {
            let length = (end - first).min(PIECE as u64) as usize;
            self.sieve(first, length, end, yield_now)?;
            let bytes = &mut self.buffer[MARGIN..MARGIN + length];
            cut(first, bytes, low, high);
            each(first, bytes)?;
            first += length as u64;
            yield_now()?;
        }
        ControlFlow::Continue(())
    }

    /// Hands out what is left of `[low, high)`, whose numbers are above the square of `cap`, when
    /// primes up to `cap` have crossed: piece after piece, each with its first number. Larger
    /// primes that crossed before may cross too.
    pub(crate) fn left(
        &mut self,
        low: u128,
        high: u128,
        cap: u64,
        each: &mut dyn FnMut(u128, &[u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if low >= high {
            return ControlFlow::Continue(());
        }
        debug_assert!(self.cap.is_some() && cap < u64::from(BIG), "made by rough");
        let (origin, next) = (low / 30, self.origin + u128::from(self.next));
        (self.origin, self.next) = (origin, u64::from(next == origin + 1));
        if next != origin && next != origin + 1 {
            self.small.jump();
            self.medium.jump();
        }
        self.cap = Some(cap);
        let relative = |n: u128| (n - 30 * origin) as u64;
        self.pieces(relative(low), relative(high), &mut || ControlFlow::Continue(()), &mut |first, bytes| {
            each(30 * (origin + u128::from(first)), bytes)
        })
    }

    /// The next piece starts at byte `first`.
    fn seek(&mut self, first: u64) {
        if first + 1 == self.next {
            // Adjacent ranges whose border is inside a byte.
            self.small.step_back();
            self.medium.step_back();
        } else if first != self.next {
            self.small.jump();
            self.medium.jump();
        }
        self.next = first;
    }

    /// Sieves the piece of `length` bytes from byte `first` on, for work that continues to byte
    /// `end`.
    fn sieve(&mut self, first: u64, length: usize, end: u64, yield_now: &mut YieldNow<'_>) -> ControlFlow<()> {
        let behind = first + length as u64;
        let root = self.cap.unwrap_or_else(|| (behind.saturating_mul(30).min(self.limit) - 1).isqrt());
        let here = self.origin + u128::from(first);
        let has_big = root > u64::from(BIG);
        if has_big {
            self.big.prepare(first..behind, end, yield_now)?;
        }
        let size = MARGIN + length + MARGIN;
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        presieve::fill(self.isa, &mut self.buffer[MARGIN..MARGIN + length], here);
        self.small.activate(root, here);
        small::cross(self.isa, &mut self.small, &mut self.buffer, length);
        self.medium.activate(root, here);
        medium::cross(self.isa, &mut self.medium, &mut self.buffer, length);
        let bytes = &mut self.buffer[MARGIN..MARGIN + length];
        if has_big {
            self.big.cross(bytes, first);
        }
        if here == 0 {
            // 1 is no prime.
            bytes[0] &= !1;
        }
        if self.cap.is_none() && first.saturating_mul(30) <= root.max(u64::from(presieve::LARGEST)) {
            self.put_back(first, length, root);
        }
        self.next = behind;
        ControlFlow::Continue(())
    }

    /// Puts the primes up to `root` back into the piece of `length` bytes from byte `first` on:
    /// they crossed themselves.
    fn put_back(&mut self, first: u64, length: usize, root: u64) {
        for p in presieve::primes().chain(self.small.up_to(root)).chain(self.medium.up_to(root)) {
            if let Some(byte) = (u64::from(p) / 30).checked_sub(first).filter(|&byte| byte < length as u64) {
                self.buffer[MARGIN + byte as usize] |= 1 << BIT[(p % 30) as usize];
            }
        }
    }
}

/// Clears the bits of a piece, whose first byte has number `first`, that are not in `[low, high)`.
/// All its bytes have numbers in it.
pub(crate) fn cut(first: u64, bytes: &mut [u8], low: u64, high: u64) {
    let Some(last) = bytes.len().checked_sub(1) else { return };
    if first == low / 30 {
        bytes[0] &= bits_from(low % 30);
    }
    if first + bytes.len() as u64 > high / 30 {
        bytes[last] &= bits_below(high % 30);
    }
}

/// Hands out the numbers of a piece, whose first byte has number `first`, in runs; `run` is room
/// for them.
pub(crate) fn runs(
    reader: &mut Reader,
    first: u64,
    bytes: &[u8],
    run: &mut Vec<u64>,
    each: &mut Run<'_>,
) -> ControlFlow<()> {
    let ended = reader.each(bytes, |at, offsets| {
        let number = 30 * (first + at as u64);
        run.clear();
        run.extend(offsets.iter().map(|&offset| number + u64::from(offset)));
        match each(run) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(()),
        }
    });
    if ended.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// The primes of `[low, high)` that the wheel leaves out: 2, 3 and 5.
pub(crate) fn outside(low: u64, high: u64) -> impl Iterator<Item = u64> {
    OUTSIDE.into_iter().filter(move |p| (low..high).contains(p))
}
