//! The words that say how an integral is sampled: methods, points, and values that are not numbers.
//!
//! Stands beside `args`, whose options take them; reports have the same words.

use crate::montecarlo::nets::Family;
use crate::montecarlo::trained_nets::Candidate;
use crate::report::record::words;

words! {
    /// How samples are taken.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum IntegrateMethod {
        /// Uniform in the region
        Plain = "plain",
        /// Uniform pairs, u and 1 - u, whose errors cancel in part: for monotonic integrands
        Antithetic = "antithetic",
        /// The same number in each of many equal boxes
        Stratified = "stratified",
        /// Uniform, less the linear part of the integrand as a pilot has found it
        Control = "control",
        /// Dense where the integrand is large: a map of each coordinate and strata, both trained
        Vegas = "vegas",
        /// Sobol nets, which fill the region evenly: 16, each scrambled for itself
        Sobol = "sobol",
        /// Rank-1 lattices, for smooth integrands: 16, each shifted for itself
        Lattice = "lattice",
        /// The best of Sobol nets and lattices, with and without a map, in a trial
        Auto = "auto",
    }
}

impl IntegrateMethod {
    /// Whether samples are independent, uniform in the region and alike.
    pub fn is_uniform(self) -> bool {
        self == IntegrateMethod::Plain || self.is_reduced()
    }

    /// Whether a value is made of others than the one at its point: of both of a pair, or less a
    /// control.
    pub fn is_reduced(self) -> bool {
        matches!(self, IntegrateMethod::Antithetic | IntegrateMethod::Control)
    }
}

words! {
    /// What points `--method auto` has chosen.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Points {
        /// Sobol nets
        Sobol = "sobol",
        /// Rank-1 lattices
        Lattice = "lattice",
        /// Sobol nets behind the map
        MappedSobol = "mapped-sobol",
        /// Rank-1 lattices behind the map
        MappedLattice = "mapped-lattice",
    }
}

impl Points {
    /// Those of a candidate.
    pub fn of(candidate: Candidate) -> Points {
        match (candidate.family, candidate.is_mapped) {
            (Family::Sobol, false) => Points::Sobol,
            (Family::Lattice, false) => Points::Lattice,
            (Family::Sobol, true) => Points::MappedSobol,
            (Family::Lattice, true) => Points::MappedLattice,
        }
    }

    /// For text.
    pub fn title(self) -> &'static str {
        match self {
            Points::Sobol => "Sobol nets",
            Points::Lattice => "lattices",
            Points::MappedSobol => "Sobol nets behind a map",
            Points::MappedLattice => "lattices behind a map",
        }
    }
}

words! {
    /// How to treat samples whose value is not a number.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum NanPolicy {
        /// Fail and name the point
        Fail = "fail",
        /// Skip it (finite bounds only): the mean over the points where the integrand is a number
        Skip = "skip",
        /// Count it as 0
        Zero = "zero",
    }
}
