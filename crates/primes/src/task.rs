//! What is asked of a range, and of which workspace: the input of every cost model.
//!
//! Stands below the sieves, which say what they cost, and `range`, which compares them.

use montesieve_kernel::isa::Isa;

/// A question about the primes of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// How many there are.
    Count,
    /// How many k-tuplets there are.
    Tuplets,
    /// Each of them: a list, their sum, the gaps between them.
    List,
}

/// A question about a range, and the state of the workspace that answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) asked: Asked,
    pub(crate) isa: Isa,
    /// Whether there is a workspace for huge numbers already, or a table for one.
    pub(crate) is_built: bool,
    /// Whether the sieve by bytes has its primes already.
    pub(crate) has_bytes: bool,
}

impl Task {
    /// By a workspace that was not used yet.
    pub(crate) fn new(asked: Asked, isa: Isa) -> Task {
        Task { asked, isa, is_built: false, has_bytes: false }
    }
}

/// Nanoseconds per prime to find tuplets of all kinds in the list of primes (2.5e13
/// and 2^63, 1e8 numbers).
pub(crate) const TUPLETS: f64 = 30.0;

/// About how many primes there are up to x.
pub(crate) fn primes(x: f64) -> f64 {
    // Where the quotient is least.
    let x = x.max(7.5);
    x / (x.ln() - 1.0)
}
