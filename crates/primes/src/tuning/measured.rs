//! The sizes measured on CPUs, one row for each family and instruction set.
//!
//! Stands beside `tuning.rs`, which says what the sizes are and what counts where no row fits.
//! `cargo run --release --no-default-features --example tune` measures the CPU at hand and prints
//! a patch that adds its rows. A row that is within the noise of [`Tuning::by_caches`] is not
//! worth adding.

use super::Tuning;

/// The sizes for one CPU and instruction set.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Vendor, family and model as `/proc/cpuinfo` has them, such as `GenuineIntel 6 143`;
    /// implementer and part on Arm, such as `0x41 0xd0c`.
    pub family: &'static str,
    /// The sizes, and for which instruction set.
    pub tuning: Tuning,
    /// Where they come from: the CPU's name, date, and what was gained.
    pub source: &'static str,
}

/// This file in the repository, for the patch that adds a row.
pub const ROWS_FILE: &str = "crates/primes/src/tuning/measured.rs";

/// All rows.
pub const ROWS: &[Row] = &[
    // New rows go above this line.
];
