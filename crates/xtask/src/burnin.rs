//! `cargo xtask burnin-campaign`: hides faults in `montesieve burnin` and counts how many are found
//! and named; runs it without and counts false alarms. docs/burnin.md has results.
//!
//! Not a test of CI: it takes minutes, and needs a clock. tests/mpi/burnin.rs is the short form.

use std::collections::BTreeSet;
use std::{env, thread};

use serde_json::Value;

use crate::run::{Result, launch, program, run, shown};

/// Hide faults in burnin and count how many are found and named; run it clean, count false alarms.
///
///     flip      one bit of one answer of one rank, once         found: rank, block, transient
///     stuck     one bit of one block of one rank, always        found: that rank, repeatable
///     corrupt   one bit of one message                          found: its sender, one wrong byte
///     slow      one rank takes 20 % longer                      found: that rank, and no other
///     clean     nothing                                         found: nothing
///     crowded   nothing, four ranks for each core               found: nothing; it says that ranks
///                                                               outnumber CPUs
///
/// Every try has its own seed, which selects rank, block, bit and message.
/// MONTESIEVE_ISAS names the instruction sets of the CPU (portable,avx2,avx512).
/// Exit code 1: something was missed, or found in error.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    /// All of them by default
    #[arg(value_parser = KINDS)]
    kinds: Vec<String>,
    #[arg(long, value_name = "N", default_value_t = 20)]
    tries: u64,
    /// Tries of the kind 'clean'
    #[arg(long, value_name = "N", default_value_t = 100)]
    clean: u64,
    #[arg(long, value_name = "N", default_value_t = 2)]
    ranks: usize,
    #[arg(long, value_name = "SECONDS", default_value_t = 4)]
    duration: u64,
}

const KINDS: [&str; 6] = ["flip", "stuck", "corrupt", "slow", "clean", "crowded"];
/// Seconds for a run of some seconds on a machine that is busy with other things.
const LIMIT: u64 = 120;

/// Exit code and JSON of one run.
fn burnin(
    ranks: usize,
    seconds: u64,
    isa: Option<&str>,
    fault: Option<&str>,
) -> Result<(i32, Value)> {
    let duration = format!("{seconds}s");
    let words = ["burnin", "--duration", &duration, "--format", "json"];
    let mut command = launch(program(), ranks, words);
    command.envs(isa.map(|isa| ("MONTESIEVE_ISA", isa)));
    command.envs(fault.map(|fault| ("MONTESIEVE_FAULT", fault)));
    let ended = run(&mut command, LIMIT)?;
    let report = serde_json::from_slice(&ended.out);
    let report = report
        .map_err(|_| format!("{}: no result\n{}{}", shown(&command), ended.text(), ended.err))?;
    Ok((ended.code, report))
}

/// The objects of a list.
fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Whether what was hidden in `rank` was found there, and nothing else.
fn is_found(kind: &str, rank: u64, code: i32, report: &Value) -> bool {
    let (result, hosts) = (&report["result"], &report["run"]["hosts"]);
    let blocks: Vec<_> =
        items(&result["wrong_blocks"]).map(|b| (b["rank"].as_u64(), b["cause"].as_str())).collect();
    let messages: Vec<_> = items(&result["wrong_messages"])
        .map(|m| (m["from"].as_u64(), m["flaw"]["bytes"].as_u64()))
        .collect();
    let slow: Vec<_> =
        items(hosts).flat_map(|h| items(&h["slow_ranks"])).map(Value::as_u64).collect();
    let of = |cause| (Some(rank), Some(cause));
    match kind {
        "flip" => code == 3 && blocks == [of("transient")] && messages.is_empty(),
        "stuck" => {
            let causes: BTreeSet<_> = blocks.into_iter().collect();
            let is_stuck = |cause| [of("repeatable"), of("this-host-only")].contains(cause);
            code == 3 && !causes.is_empty() && causes.iter().all(is_stuck) && messages.is_empty()
        }
        "corrupt" => code == 3 && messages == [(Some(rank), Some(1))] && blocks.is_empty(),
        "slow" => code == 4 && slow == [Some(rank)] && blocks.is_empty() && messages.is_empty(),
        _ => {
            let is_crowded = |host: &Value| host["is_oversubscribed"] == true;
            let is_seen = kind != "crowded" || items(hosts).all(is_crowded);
            code == 0 && result["verdict"] == "ok" && slow.is_empty() && is_seen
        }
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

/// Tries of one kind; whether all were right. The others are printed.
fn tries_of(kind: &str, tries: u64, ranks: usize, duration: u64) -> Result<bool> {
    let isas = env::var("MONTESIEVE_ISAS").unwrap_or_else(|_| "portable,avx2,avx512".into());
    let isas: Vec<&str> = isas.split(',').collect();
    let (mut good, mut far, mut shares, mut rounds) = (0, Vec::new(), Vec::new(), Vec::new());
    for seed in 0..tries {
        // An odd multiplier: neighbouring seeds select other ranks, blocks and bits.
        let number = (seed + 1) * 0x9e37_79b1 % (1 << 32);
        let rank = number / 7 % ranks as u64;
        let fault = match kind {
            "clean" | "crowded" => None,
            "slow" => Some(format!("slow:20@burnin#{rank}")),
            _ => Some(format!("{kind}:{number}@burnin#{rank}")),
        };
        // A fault is in the first round: one instruction set each time, so that all are tested.
        // Otherwise all in one run.
        let is_in_round_one = ["flip", "stuck", "corrupt"].contains(&kind);
        let isa = is_in_round_one.then(|| isas[seed as usize % isas.len()]);
        let (mut code, mut report) = burnin(ranks, duration, isa, fault.as_deref())?;
        // No evidence: a machine that is busy with other things needs longer.
        if kind == "slow" && report["run"]["rounds"].as_u64() < Some(3) {
            (code, report) = burnin(ranks, 10 * duration, isa, fault.as_deref())?;
        }
        rounds.extend(report["run"]["rounds"].as_u64());
        far.extend(items(&report["run"]["against_median"]).filter_map(Value::as_f64).map(f64::abs));
        shares.extend(items(&report["run"]["hosts"]).filter_map(|h| h["cpu_share"].as_f64()));
        if is_found(kind, rank, code, &report) {
            good += 1;
        } else {
            let (result, speeds) = (&report["result"], &report["run"]["against_median"]);
            let crowded: Vec<_> =
                items(&report["run"]["hosts"]).map(|host| &host["is_oversubscribed"]).collect();
            println!(
                "  {kind}, seed {number}, rank {rank}: exit code {code}, {result}, \
                 against the median {speeds}, oversubscribed {crowded:?}"
            );
        }
    }
    let speeds = match far.into_iter().max_by(f64::total_cmp) {
        Some(most) => format!("speeds up to {:.1} % from the median", 100.0 * most),
        None => "speed not judged".into(),
    };
    let (fewest, most) = (rounds.iter().min().unwrap_or(&0), rounds.iter().max().unwrap_or(&0));
    println!(
        "{kind:<8} {good} of {tries} as they should be ({ranks} ranks, {fewest} to {most} rounds; \
         on a CPU {:.0} % of the time, {speeds})",
        100.0 * mean(&shares)
    );
    Ok(good == tries && tries > 0)
}

pub fn campaign(options: &Options) -> Result<bool> {
    let mut is_right = true;
    let all = || KINDS.map(String::from).to_vec();
    let kinds = if options.kinds.is_empty() { all() } else { options.kinds.clone() };
    for kind in &kinds {
        let tries = if kind == "clean" { options.clean } else { options.tries };
        let cores = thread::available_parallelism()?.get();
        let ranks = if kind == "crowded" { 4 * cores } else { options.ranks };
        is_right &= tries_of(kind, tries, ranks, options.duration)?;
    }
    Ok(is_right)
}
