//! How much data the sieves work on at once, which depends on the machine and never changes an
//! answer.
//!
//! A [`Tuning`] is the instruction set and a few sizes. It comes from the table of measured CPUs
//! (`measured.rs`, where `cargo run --example tune` adds a row), else from the sizes of the caches,
//! else from those of an average machine. Blocks, tables that ranks share, and answers do not
//! depend on it, so ranks of one job may differ.

mod measured;

use montesieve_kernel::caches::Caches;
use montesieve_kernel::isa::Isa;
use std::fmt;
use std::ops::RangeInclusive;

pub use measured::{ROWS, ROWS_FILE, Row};

/// The instruction set and the sizes that the sieves work with.
///
/// ```
/// use montesieve_kernel::caches::Caches;
/// use montesieve_kernel::isa::Isa;
/// use montesieve_primes::tuning::{Origin, Tuning};
///
/// let caches: Caches = "32K,512K,16M".parse()?;
/// let (laptop, origin) = Tuning::choose(Isa::Portable, || None, Some(caches));
/// assert_eq!((laptop.line_bytes, origin), (320 << 10, Origin::Caches));
/// // Any other sizes are allowed, within bounds: the answers are the same.
/// let least = Tuning { line_bytes: 0, ..laptop }.bounded();
/// assert_eq!(least.line_bytes, *Tuning::LINE_BYTES.start());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// The instruction set.
    pub isa: Isa,
    /// Bytes of a line at most, where all primes cross line by line (below 2.5e13).
    pub line_bytes: u32,
    /// Bytes of a line in which the smallest primes cross before the next ones follow.
    pub stretch_bytes: u32,
    /// Above 2.5e13, primes up to here cross line by line.
    pub line_end: u32,
    /// Larger ones up to here make records piece by piece, all others for a window of pieces.
    pub middle_end: u32,
    /// Bytes of a segment of the hard leaves of pi(x), 30 numbers each.
    pub leaf_bytes: u32,
}

impl Tuning {
    /// Bounds of `line_bytes`.
    pub const LINE_BYTES: RangeInclusive<u32> = 8 << 10..=8 << 20;
    /// Bounds of `stretch_bytes`.
    pub const STRETCH_BYTES: RangeInclusive<u32> = 4 << 10..=1 << 20;
    /// Bounds of `line_end`: what makes records of primes counts on 2^21.
    pub const LINE_END: RangeInclusive<u32> = (1 << 21) + 1..=20_000_000;
    /// Bounds of `middle_end`; it is also at least `line_end`.
    pub const MIDDLE_END: RangeInclusive<u32> = *Tuning::LINE_END.start()..=400_000_000;
    /// Bounds of `leaf_bytes`.
    pub const LEAF_BYTES: RangeInclusive<u32> = 16 << 10..=4 << 20;

    /// For the CPU of this `family` (see [`Row::family`]) with these caches, as far as they are
    /// known; and where the sizes come from. The family is asked for only where there is a row.
    pub fn choose(isa: Isa, family: impl FnOnce() -> Option<String>, caches: Option<Caches>) -> (Tuning, Origin) {
        let mut rows = measured::ROWS.iter().filter(|row| row.tuning.isa == isa).peekable();
        let family = rows.peek().and_then(|_| family());
        let measured = rows.find(|row| Some(row.family) == family.as_deref());
        match (measured, caches) {
            (Some(row), _) => (row.tuning, Origin::Measured),
            (None, Some(caches)) => (Tuning::by_caches(isa, caches), Origin::Caches),
            (None, None) => (Tuning::from(isa), Origin::Average),
        }
    }

    /// What the sizes of the caches suggest: the measured CPUs, with 32 and 48 KiB and 1 and 2 MiB,
    /// agree with it within a few percent.
    pub fn by_caches(isa: Isa, caches: Caches) -> Tuning {
        let part = |bytes: u64, share: f64| (bytes as f64 * share) as u32;
        Tuning {
            isa,
            // A job counts 1.2e10 numbers at once, which are lines of 640 KiB.
            line_bytes: part(caches.l2.min(1 << 20), 0.625),
            stretch_bytes: part(caches.l1.min(32 << 10), 0.75),
            // Vectors make records more cheaply than hits in a line that is long beside L2. 1e15 is
            // 10 % faster with 2.5e6 than with 5e6 (Intel Emerald Rapids, 2 MiB), 6 % slower by
            // plain code; from 3.5e6 to 9e6 all are alike (AMD Zen 4, 1 MiB).
            line_end: if isa == Isa::Portable || caches.l2 < 2 << 20 { 5_000_000 } else { 2_500_000 },
            middle_end: 50_000_000,
            leaf_bytes: part(caches.l2, 0.1875),
        }
        .bounded()
    }

    /// The same with each size within its bounds.
    pub fn bounded(self) -> Tuning {
        let within = |size: u32, bounds: RangeInclusive<u32>| size.clamp(*bounds.start(), *bounds.end());
        let line_end = within(self.line_end, Tuning::LINE_END);
        Tuning {
            isa: self.isa,
            line_bytes: within(self.line_bytes, Tuning::LINE_BYTES).next_multiple_of(8),
            stretch_bytes: within(self.stretch_bytes, Tuning::STRETCH_BYTES),
            line_end,
            middle_end: within(self.middle_end, Tuning::MIDDLE_END).max(line_end),
            leaf_bytes: within(self.leaf_bytes, Tuning::LEAF_BYTES).next_multiple_of(64),
        }
    }
}

/// Where the sizes of a [`Tuning`] come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A row of the table of measured CPUs.
    Measured,
    /// The sizes of the caches.
    Caches,
    /// An average machine: this one does not tell its caches.
    Average,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Measured => "measured",
            Origin::Caches => "caches",
            Origin::Average => "average",
        })
    }
}

impl From<Isa> for Tuning {
    /// Of a machine that does not tell its caches.
    fn from(isa: Isa) -> Tuning {
        Tuning::by_caches(isa, Caches::UNKNOWN)
    }
}
