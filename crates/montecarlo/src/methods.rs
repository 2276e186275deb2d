//! Better than darts: the same pi from samples that are spread, paired or corrected, each with its
//! own error estimate.
//!
//! Plain darts ([`darts`](super::darts)) stand beside these methods as the measure: their variance
//! is pi (4 - pi) / N. A method's *variance reduction* is that number over its own variance at the
//! same N, and never counts as samples per second.
//!
//! | method | idea | its error from | variance reduction |
//! |---|---|---|---|
//! | [`stratified`] | two darts in each of N/2 equal cells | cells whose two darts disagree | 0.46 sqrt(N) |
//! | [`antithetic`] | sqrt(1 - x^2) at x and at 1 - x | the spread of the pairs | 12.3 |
//! | [`control`] | the same, less a parabola of known mean | the spread of the pairs | 422 |
//! | [`sobol`] | 16 scrambled nets of N/16 points | the spread of the 16 | 0.25 sqrt(N) |
//!
//! Two shapes of kernel:
//! - [`pairs`] draws every sample from the [`streams`](super::streams): O(N), vectorised, any part
//!   of a job is an estimate.
//! - [`quarter`] knows which cells of a grid the circle crosses. With so many samples in every
//!   cell, only those cells need examining: O(sqrt(N)), with the same result as examining all.
//!
//! All sums are integers, so any grouping of blocks gives the same bits. docs/methods.md derives
//! the formulas.

pub mod antithetic;
pub mod control;
pub mod pairs;
pub mod quarter;
pub mod sobol;
pub mod stratified;

#[cfg(test)]
mod scatter;
