//! `integrate`: the mean of an integrand over random samples, times a volume.
//!
//! NAS EP, with its own generator and verification, is another job of the same command: a variant
//! of [`Integrate`] and a file beside this one.

mod answer;
pub mod args;
mod bad_values;
mod blocks;
mod choices;
#[cfg(test)]
mod components;
#[cfg(test)]
mod coverage;
pub mod entries;
mod ep;
mod file;
mod finding;
mod first_values;
mod histogram;
mod library;
mod map_chart;
mod methods;
mod nan;
mod nets;
mod plain;
mod problem;
mod result;
mod slow;
mod trained_nets;
mod vegas;

use self::answer::ep::EpResult;
use self::answer::many::IntegralsResult;
use self::answer::{IntegrandLine, IntegrandList, IntegrateResult};
pub use self::args::Integrate;
use self::args::{ABOUT_EP, EP, List};
use super::command::{Check, Command, Computation, Timed};
use super::output::Output;
use crate::cli::{CommandLine, Destination, EngineOptions};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::report::schema::Documentation;
use crate::report::{Merit, PlanResult, Planned, Report};

impl Integrate {
    fn chosen(&self) -> &dyn Command {
        match self {
            Integrate::List(list) => list,
            Integrate::Ep(ep) => ep,
            Integrate::Samples(samples) => samples,
            Integrate::Many(integrals) => integrals,
        }
    }
}

impl Command for Integrate {
    fn documentation() -> Documentation {
        Documentation::of::<IntegrateResult>("the estimate")
            .or::<EpResult>("of `integrate ep`")
            .or::<IntegralsResult>("of `integrate file`")
            .or::<IntegrandList>("of `integrate list`")
            .or::<PlanResult>("of `--plan`")
            .with_job()
            .with_run::<Merit>()
            .with_run::<Planned>()
            .or_no_run()
    }

    fn check(&self) -> Check {
        self.chosen().check()
    }

    fn engine(&self) -> Option<&EngineOptions> {
        self.chosen().engine()
    }

    fn can_restart(&self) -> bool {
        self.chosen().can_restart()
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        self.chosen().run(cluster, words)
    }

    fn provable(&self) -> Option<Box<dyn Computation>> {
        self.chosen().provable()
    }

    fn timed(&self) -> Check<Box<dyn Timed>> {
        self.chosen().timed()
    }
}

impl Command for List {
    fn run(&self, cluster: &Cluster, _: &CommandLine) -> Result<u8> {
        list(cluster, &self.destination)
    }
}

/// Lists the integrands. Only the root works.
fn list(cluster: &Cluster, destination: &Destination) -> Result<u8> {
    let lines = entries::all().map(|entry| IntegrandLine {
        name: entry.name,
        about: entry.about,
        parameters: entry.parameters.iter().map(|parameter| parameter.name).collect(),
    });
    let ep = IntegrandLine { name: EP, about: ABOUT_EP, parameters: vec!["class"] };
    let integrands = lines.chain([ep]).collect();
    let report = Report::without_run("integrate", IntegrandList { integrands });
    let written = Output::of(destination, cluster)?.map(|output| output.report(&report, destination.format));
    cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
}
