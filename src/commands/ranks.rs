//! The number of ranks without a launcher: threads of this process.
//!
//! Stands beside `agreement`, for ranks that a launcher started.

use super::command::Command;
use crate::cli::OrAuto;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::job::threads;

/// The number of threads to start as ranks; `None`: use the existing ranks.
///
/// # Errors
/// [`Error::Usage`] when a launcher has started another number of ranks than requested.
pub(super) fn to_start(cluster: &Cluster, command: &dyn Command) -> Result<Option<u64>> {
    let asked = command.ranks();
    if cluster.size() > 1 || !cluster.launch().is_alone() {
        return match asked {
            Some(OrAuto::Set(ranks)) if ranks.get() != cluster.size() => Err(Error::Usage(format!(
                "--ranks {ranks}: a launcher has started {} here, or its variables are in the environment; --ranks is for a program without one",
                cluster.size()
            ))),
            _ => Ok(None),
        };
    }
    let ranks = match command.threads() {
        Some(OrAuto::Set(ranks)) => ranks.get(),
        Some(OrAuto::Auto) => automatic(cluster),
        None => 1,
    };
    Ok((ranks > 1).then_some(ranks))
}

/// The ranks of a command that is started like this one with `--ranks auto`: those of the launcher,
/// or a thread a core.
pub(super) fn automatic(cluster: &Cluster) -> u64 {
    if cluster.size() > 1 || !cluster.launch().is_alone() { cluster.size() } else { threads::available() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CommandLine;
    use crate::cluster::testing::{alone, on_ranks};
    use crate::commands::parse;

    fn asked(cluster: &Cluster, line: &str) -> Result<Option<u64>> {
        let arguments = format!("montesieve {line}").split_whitespace().map(Into::into).collect();
        let cli = parse(&CommandLine { arguments, variables: Vec::new() }).expect("understood");
        to_start(cluster, &*cli.command)
    }

    #[test]
    fn without_a_launcher_the_cores_or_the_user_decide() {
        let cores = Some(threads::available() as u64).filter(|&cores| cores > 1);
        for line in ["pi", "primes 100", "isprime 7", "gcd file", "integrate ep", "scaling -- pi"] {
            assert_eq!(asked(&alone(), line).expect("no launcher"), cores, "{line}");
        }
        for line in ["merge file", "info", "patterns", "burnin", "integrate list", "pi --ranks 1"] {
            assert_eq!(asked(&alone(), line).expect("no launcher"), None, "{line}");
        }
        assert_eq!(asked(&alone(), "primes 100 --ranks 64").expect("no launcher"), Some(64));
        assert_eq!(asked(&alone(), "scaling --ranks 1,7,3 -- pi").expect("no launcher"), Some(7));
    }

    #[test]
    fn what_a_launcher_started_stays() {
        let asked = on_ranks(2, |cluster| {
            let refused = asked(cluster, "pi --ranks 3").is_err_and(|error| matches!(error, Error::Usage(_)));
            (["pi", "pi --ranks auto", "pi --ranks 2"].map(|line| asked(cluster, line).ok()), refused)
        });
        assert_eq!(asked, [([Some(None); 3], true), ([Some(None); 3], true)]);
        let sizes = on_ranks(3, |cluster| self::asked(cluster, "scaling --ranks 1,2 -- pi").ok());
        assert_eq!(sizes, [Some(None); 3], "a list of sizes is no demand");
    }
}
