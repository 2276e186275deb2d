//! All integrands of `integrate`: those of the kernels' crate, and the user's compiled function.
//! The latter is in another crate because it runs foreign code.

use std::ptr;

use super::library;
use crate::cabi;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::montecarlo::integrands::parameters::{Bad, Parameters};
use crate::montecarlo::integrands::{ALL, Entry, expressions};
use crate::montecarlo::sampler::Kernel;

/// All of them, in the order in which they are listed.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    ALL.iter().chain([&cabi::ENTRY])
}

/// The entry with this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.name == name)
}

/// An integrand, ready to be sampled.
pub(super) struct Made {
    pub(super) kernel: Box<dyn Kernel>,
    /// The hash of the file that the values depend on, if there is one.
    pub(super) fingerprint: Option<String>,
}

/// Checks the parameters; opens no file, so all ranks come to the same result. Returns the
/// integrand, where it takes no file.
///
/// # Errors
/// [`Bad`] if they make no integrand.
pub(super) fn check(entry: &Entry, parameters: &Parameters) -> std::result::Result<Option<Box<dyn Kernel>>, Bad> {
    if is_library(entry) { cabi::check(parameters).map(|()| None) } else { (entry.make)(parameters).map(Some) }
}

/// Makes the integrand. Every rank must call it. Messages about a library name `origin`, the line
/// of a file that holds the parameters.
///
/// # Errors
/// [`Error::Usage`] if the parameters make none; as [`library::load`].
pub(super) fn make(cluster: &Cluster, entry: &Entry, parameters: &Parameters, origin: Option<&str>) -> Result<Made> {
    if is_library(entry) {
        let function = library::load(cluster, parameters, origin)?;
        let fingerprint = Some(function.fingerprint().to_owned());
        return Ok(Made { kernel: Box::new(function), fingerprint });
    }
    make_alone(entry, parameters).map_err(|bad| Error::Usage(bad.to_string()))
}

/// What the `count` components of an integrand are called: their expressions, as far as they are
/// known; none if there is one.
pub(super) fn components(parameters: &Parameters, count: usize) -> Vec<String> {
    let names = if count > 1 { expressions(parameters).map(str::to_owned).collect() } else { Vec::new() };
    if names.len() == count { names } else { Vec::new() }
}

/// Makes the integrand, on this rank alone: not that of a library, which all ranks compare.
///
/// # Errors
/// [`Bad`] if the parameters make none.
pub(super) fn make_alone(entry: &Entry, parameters: &Parameters) -> std::result::Result<Made, Bad> {
    (entry.make)(parameters).map(|kernel| Made { kernel, fingerprint: None })
}

/// Whether it is a compiled function.
pub(super) fn is_library(entry: &Entry) -> bool {
    ptr::eq(entry, &cabi::ENTRY)
}
