//! The options of `info`.

use clap::Args;

use crate::cli::{Destination, LaunchOptions};

/// Show the launcher, the MPI library, hosts, ranks, binding and CPUs, with hints about likely
/// problems
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The form and the place of the result.
    #[command(flatten)]
    pub destination: Destination,
    /// What the launch check lets pass.
    #[command(flatten)]
    pub launch: LaunchOptions,
}
