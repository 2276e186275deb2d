//! `cargo xtask NAME`: checks and campaigns for developers, and the maker of a table; each a
//! module.
//!
//! They are no part of the program, and use none of its crates: what they compare it with must not
//! share its mistakes.

mod burnin;
mod draw;
mod equal_bytes;
mod faults;
mod lattice;
mod lists;
mod packages;
mod run;
mod scripts;
mod setup;
mod survival;
mod windows;

use std::process::ExitCode;

use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Checks and campaigns of montesieve's developers.
///
/// They start MONTESIEVE_TEST_BINARY (target/release/montesieve) with the launcher
/// MONTESIEVE_MPIRUN (mpirun) and its MONTESIEVE_MPIRUN_FLAGS, as tests/mpi does.
/// Exit code 0: all as expected. 1: something is not. 2: usage.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", verbatim_doc_comment)]
enum Task {
    BurninCampaign(burnin::Options),
    CheckPackages(packages::Options),
    CheckScripts(scripts::Options),
    EqualBytes(equal_bytes::Options),
    Faults(faults::Options),
    Lattice(lattice::Options),
    ListsCampaign(lists::Options),
    WindowsCampaign(windows::Options),
}

fn main() -> ExitCode {
    let task = Task::parse();
    for signal in [SIGINT, SIGTERM] {
        let stop = run::stop_flag();
        flag::register_conditional_shutdown(signal, 130, stop.clone())
            .and_then(|_| flag::register(signal, stop.clone()))
            .expect("a signal that may be caught");
    }
    let outcome = match task {
        Task::BurninCampaign(options) => burnin::campaign(&options),
        Task::CheckPackages(options) => packages::check(&options),
        Task::CheckScripts(options) => scripts::check(&options),
        Task::EqualBytes(options) => equal_bytes::campaign(&options),
        Task::Faults(options) => faults::campaign(&options),
        Task::Lattice(options) => lattice::print(&options),
        Task::ListsCampaign(options) => lists::campaign(&options),
        Task::WindowsCampaign(options) => windows::campaign(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
