//! The user's own function in a shared library (`integrate lib`): the same file on all ranks, or
//! one message.
//!
//! Stands apart from the other integrands, which depend on the command line alone. A file may be
//! missing on one host, or be another build there; then ranks would compute different integrals. So
//! every rank loads it and hashes it, and the root compares.

use serde::{Deserialize, Serialize};

use crate::cabi::{self, CompiledFunction, crash};
use crate::cluster::place::host;
use crate::cluster::{Cluster, abort};
use crate::error::{Error, Result};
use crate::montecarlo::integrands::parameters::Parameters;

/// Hosts that a message names.
const MOST_HOSTS: usize = 4;

/// What a rank has loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Loaded {
    host: String,
    /// The hash of the file, or why it was not loaded.
    fingerprint: std::result::Result<String, String>,
}

/// Loads the function. Every rank must call it. Messages name `origin`, the line of a file that
/// names the function.
///
/// # Errors
/// [`Error::Reported`] when the function cannot be loaded on some rank, or ranks have loaded
/// different files.
pub(super) fn load(cluster: &Cluster, parameters: &Parameters, origin: Option<&str>) -> Result<CompiledFunction> {
    crash::report_by(abort::end_at_once);
    let function = cabi::load(parameters, origin);
    let fingerprint = function.as_ref().map(|function| function.fingerprint().to_owned());
    let mine = Loaded { host: host(), fingerprint: fingerprint.map_err(|bad| bad.to_string()) };
    let all = cluster.gather_records(&mine)?;
    let word = parameters.word("function");
    let file = word.rsplit_once(':').map_or(word, |(file, _)| file);
    let refused = |why: String| Error::Usage(origin.map_or_else(|| why.clone(), |line| format!("{line}: {why}")));
    cluster.agree(all.map_or(Ok(()), |all| compare(file, &all).map_err(refused)))?;
    function.map_err(|bad| Error::Usage(bad.to_string()))
}

/// Whether all ranks have loaded the same file, or a sentence that names the hosts.
fn compare(file: &str, all: &[Loaded]) -> std::result::Result<(), String> {
    let failed = all.iter().find_map(|one| one.fingerprint.as_ref().err());
    if let Some(why) = failed {
        let hosts = distinct(all, |one| one.fingerprint.is_err());
        let is_everywhere = all.iter().all(|one| one.fingerprint.is_err());
        return Err(if is_everywhere { why.clone() } else { format!("on {hosts}: {why}") });
    }
    let Some(root) = all.first() else { return Ok(()) };
    let differs = |one: &Loaded| one.fingerprint != root.fingerprint;
    if !all.iter().any(differs) {
        return Ok(());
    }
    let ranks: Vec<String> =
        (0..).zip(all).filter(|(_, one)| differs(one)).map(|(rank, _): (u64, _)| rank.to_string()).collect();
    let more = if ranks.len() > MOST_HOSTS { ", ..." } else { "" };
    let (hosts, ranks) = (distinct(all, differs), ranks[..ranks.len().min(MOST_HOSTS)].join(", "));
    Err(format!(
        "{file} is not the same file on all ranks: on {hosts} (rank {ranks}{more}) it differs from that on {} (rank 0); \
         copy one file to all hosts",
        root.host
    ))
}

/// The hosts of the ranks that `is_meant`, each once.
fn distinct(all: &[Loaded], is_meant: impl Fn(&Loaded) -> bool) -> String {
    let mut hosts: Vec<&str> = all.iter().filter(|one| is_meant(one)).map(|one| one.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let rest = hosts.len().saturating_sub(MOST_HOSTS);
    hosts.truncate(MOST_HOSTS);
    let more = if rest > 0 { format!(" and {rest} more hosts") } else { String::new() };
    hosts.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(hosts: &[(&str, std::result::Result<&str, &str>)]) -> Vec<Loaded> {
        let one = |(host, fingerprint): &(&str, std::result::Result<&str, &str>)| Loaded {
            host: (*host).to_owned(),
            fingerprint: fingerprint.map(str::to_owned).map_err(str::to_owned),
        };
        hosts.iter().map(one).collect()
    }

    #[test]
    fn one_file_everywhere_is_right() {
        assert_eq!(compare("f.so", &loaded(&[("a", Ok("1"))])), Ok(()));
        assert_eq!(compare("f.so", &loaded(&[("a", Ok("1")), ("a", Ok("1")), ("b", Ok("1"))])), Ok(()));
    }

    #[test]
    fn hosts_that_differ_are_named() {
        let all = loaded(&[("a", Ok("1")), ("b", Ok("2")), ("b", Ok("2")), ("c", Ok("1"))]);
        let text = compare("f.so", &all).expect_err("two files");
        assert_eq!(
            text,
            "f.so is not the same file on all ranks: on b (rank 1, 2) it differs from that on a (rank 0); \
             copy one file to all hosts"
        );
        let many: Vec<String> = (0..9).map(|i| format!("n{i}")).collect();
        let many: Vec<_> = many.iter().map(|host| (host.as_str(), Ok(if host == "n0" { "1" } else { "2" }))).collect();
        let text = compare("f.so", &loaded(&many)).expect_err("two files");
        assert!(text.contains("on n1, n2, n3, n4 and 4 more hosts (rank 1, 2, 3, 4, ...) it differs"), "{text}");
    }

    #[test]
    fn hosts_without_the_file_are_named() {
        assert_eq!(
            compare("f.so", &loaded(&[("a", Err("no file")), ("b", Err("no file"))])),
            Err("no file".to_owned())
        );
        let all = loaded(&[("a", Ok("1")), ("b", Err("no file"))]);
        assert_eq!(compare("f.so", &all), Err("on b: no file".to_owned()));
    }
}
