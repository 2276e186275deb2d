//! The agreement at the start: every rank runs the same build with the same command line, or
//! nothing runs.
//!
//! A launcher may start other programs, or other words, on other ranks (MPMD, an old binary on one
//! host). The root's words would then silently apply to all, or messages of two versions would be
//! mixed. So the root sends its build and its words, and each rank compares them with its own.
//!
//! A rank may lack a preset of the root, since launchers do not carry the environment to other
//! hosts; then the root's applies. A rank with another value, or with an additional preset, is
//! refused.

use std::env;
use std::sync::OnceLock;

use crate::cli::CommandLine;
use crate::cluster::Cluster;
use crate::cluster::place::host;
use crate::error::{Error, Result};

/// Version and build of this program.
const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), " (build ", env!("MONTESIEVE_BUILD"), ")");

/// The root's words, the same at every rank. Every rank must call it. A command that restarts after
/// a loss keeps the words of its first attempt, whichever rank is the root then.
///
/// # Errors
/// [`Error::Launch`] on the lowest rank that differs from the root, [`Error::Reported`] elsewhere.
pub(super) fn words(cluster: &Cluster) -> Result<CommandLine> {
    static AGREED: OnceLock<CommandLine> = OnceLock::new();
    if let Some(words) = AGREED.get() {
        return Ok(words.clone());
    }
    let mine = CommandLine::collect(env::args_os(), env::vars_os());
    let build: String = cluster.broadcast(cluster.at_root(|| BUILD.to_owned()))?;
    // Another build may encode words differently; then the message about builds is better.
    let roots = cluster.broadcast(cluster.at_root(|| mine.clone()));
    let differs = if build == BUILD {
        roots.as_ref().ok().and_then(|roots| mine.difference_from(roots))
    } else {
        Some(format!("is montesieve {BUILD}, and rank 0 is montesieve {build}: start the same program on all ranks"))
    };
    let outcome = match differs {
        Some(text) => Err(Error::Launch(format!("rank {} on {} {text}", cluster.original_rank(), host()))),
        None => roots,
    };
    let words = cluster.agree(outcome)?;
    Ok(AGREED.get_or_init(|| words).clone())
}
