//! The report of `scaling`: a table for people, rows as CSV, and JSON that `scaling report` reads
//! back.

mod charts;
mod forecast;
mod page;

use std::io::{self, Write};

use serde::Deserialize;

use super::analysis::fit::Fit;
use super::analysis::forecast::Forecast;
use super::analysis::predict::Costs;
use super::analysis::{Point, Trial};
use crate::report::record::record;
use crate::report::text::{self, table};
use crate::report::{Answer, Format, SCHEMA, write_json};

record! {
    /// What was run, and whether its answers agree: the same bytes wherever it was timed.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    pub struct ScalingResult {
        /// The command that was timed.
        pub command: String,
        /// `strong`: the same work on more ranks; `weak`: more work on more ranks.
        pub mode: String,
        /// Its result; null under `--weak`, where each size of work has its own.
        pub answer: Option<serde_json::Value>,
        /// Whether every run of the same work gave the same answer.
        pub equal: bool,
        /// Whether all runs that were asked for were done.
        #[serde(default = "yes")]
        pub complete: bool,
    }
}

impl Answer for ScalingResult {}

fn yes() -> bool {
    true
}

record! {
    /// Where it was timed, and what came out.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct ScalingRun {
        /// Ranks of the job.
        pub ranks: u64,
        /// The hosts, each once.
        pub hosts: Vec<String>,
        /// The CPU models of the hosts, each once.
        #[serde(default)]
        pub cpu_models: Vec<String>,
        /// CPUs that the ranks may use together.
        pub cpus: u64,
        /// The MPI library.
        pub mpi: String,
        /// The instruction set of the kernels.
        pub isa: String,
        /// When the job began, in UTC: `2026-12-01T06:00:00Z`.
        #[serde(default)]
        pub date: String,
        /// The words of this command: `scaling --ranks 1,2 -- primes 1e9`.
        #[serde(default)]
        pub command_line: String,
        /// What work is counted in.
        pub unit: String,
        /// One for each combination of schedule, chunk and ranks.
        pub points: Vec<Point>,
        /// Fitted laws, one for each curve with enough points.
        pub fits: Vec<Fit>,
        /// Where the time goes, a sentence each.
        pub diagnosis: Vec<String>,
        /// What messages and answers cost, measured for `--predict`.
        #[serde(default)]
        pub costs: Option<Costs>,
        /// The most ranks of the prediction.
        #[serde(default)]
        pub predicted_ranks: Option<u64>,
        /// The prediction of `--predict`.
        #[serde(default)]
        pub forecast: Option<Forecast>,
        /// Every timed run.
        pub trials: Vec<Trial>,
    }
}

/// Both.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingReport {
    /// What was run.
    pub result: ScalingResult,
    /// How it went.
    pub run: ScalingRun,
}

/// The parts of a JSON report that are read back.
#[derive(Deserialize)]
struct Read {
    schema: String,
    command: String,
    result: ScalingResult,
    run: ScalingRun,
}

impl ScalingReport {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// Why it is not a report.
    pub fn read(json: &[u8]) -> Result<ScalingReport, String> {
        let read: Read = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if read.schema != SCHEMA || read.command != "scaling" {
            return Err(format!("it is {} of {}", read.schema, read.command));
        }
        Ok(ScalingReport { result: read.result, run: read.run })
    }

    /// Adds the trials of another job with the same command.
    ///
    /// # Errors
    /// What differs.
    pub fn join(&mut self, next: ScalingReport) -> Result<(), String> {
        let (ours, theirs) = (&self.result, &next.result);
        if (&ours.command, &ours.mode) != (&theirs.command, &theirs.mode) {
            return Err(format!("{} ({}) and {} ({})", ours.command, ours.mode, theirs.command, theirs.mode));
        }
        self.result.equal &= next.result.equal && self.result.answer == next.result.answer;
        let run = &mut self.run;
        run.ranks = run.ranks.max(next.run.ranks);
        run.cpus = run.cpus.max(next.run.cpus);
        for (ours, theirs) in [(&mut run.hosts, next.run.hosts), (&mut run.cpu_models, next.run.cpu_models)] {
            let more: Vec<String> = theirs.into_iter().filter(|name| !ours.contains(name)).collect();
            ours.extend(more);
        }
        run.costs = run.costs.or(next.run.costs);
        run.predicted_ranks = run.predicted_ranks.max(next.run.predicted_ranks);
        run.trials.extend(next.run.trials);
        Ok(())
    }

    /// Writes it in one form.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Text => self.write_text(out),
            Format::Csv => self.write_csv(out),
            Format::Json => write_json("scaling", &self.result, Some(&self.run), out),
            Format::Value => {
                let best = self.run.points.iter().filter_map(|point| point.speedup).reduce(f64::max);
                writeln!(out, "{}", or_dash(best, |best| best.to_string()))
            }
        }
    }

    /// The table, the fits, the diagnosis.
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let (result, run) = (&self.result, &self.run);
        let runs = text::count(run.trials.len() as u64, "run");
        let verdict = if result.equal { "all answers equal" } else { "WRONG: the answers differ" };
        writeln!(out, "{}: {} scaling, {runs}, {verdict}", result.command, result.mode)?;
        table(&self.rows(), &[0], out)?;
        for fit in &run.fits {
            let [low, high] = fit.ci95.map(|share| 100.0 * share);
            let limit = fit.limit.map(|limit| format!("; no speed-up beyond {limit:.0}")).unwrap_or_default();
            let law = if fit.law == "amdahl" { "Amdahl" } else { "Gustafson" };
            let share = 100.0 * fit.serial_share;
            writeln!(out, "{}: {law}'s serial share {share:.2} % ({low:.2} to {high:.2}){limit}", fit.series)?;
        }
        run.diagnosis.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        match (&run.forecast, &run.costs) {
            (Some(forecast), Some(costs)) => forecast.write_text(costs, out),
            _ => Ok(()),
        }
    }

    /// The text table: a header, and a row for each case.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let header = [
            "schedule",
            "chunk",
            "ranks",
            "seconds",
            "spread",
            "speed-up",
            "efficiency",
            "Karp-Flatt",
            "imbalance",
            "compute",
            "idle",
            "comm",
            "other",
        ];
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let row = |point: &Point| {
            vec![
                point.case.schedule.clone(),
                point.chunk.to_string(),
                format!("{}{}", point.case.ranks, if point.oversubscribed { "*" } else { "" }),
                format!("{:.4}", point.seconds),
                percent((point.spread[1] - point.spread[0]) / point.seconds),
                or_dash(point.speedup, |speedup| format!("{speedup:.2}")),
                or_dash(point.efficiency, percent),
                or_dash(point.karp_flatt, |share| format!("{share:.4}")),
                format!("{:.2}", point.imbalance),
                percent(point.compute_share),
                percent(point.idle_share),
                percent(point.comm_share),
                percent(point.other_share),
            ]
        };
        std::iter::once(header.map(str::to_owned).to_vec()).chain(self.run.points.iter().map(row)).collect()
    }

    /// A header and a row for each case, numbers in full.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "mode,schedule,asked_chunk,chunk,ranks,oversubscribed,trials,seconds,fastest,slowest,amount,speedup,efficiency,karp_flatt,\
             imbalance,compute_share,idle_share,comm_share,other_share,messages,limit"
        )?;
        let cell = |value: Option<String>| value.unwrap_or_default();
        for point in &self.run.points {
            let Point { case, chunk, trials, seconds, amount, imbalance, .. } = point;
            let [speedup, efficiency] = [point.speedup, point.efficiency].map(|v| cell(v.map(|v| v.to_string())));
            let [fastest, slowest] = point.spread;
            let asked = cell(case.asked_chunk.map(|chunk| chunk.to_string()));
            let karp_flatt = cell(point.karp_flatt.map(|share| share.to_string()));
            writeln!(
                out,
                "{},{},{asked},{chunk},{},{},{trials},{seconds},{fastest},{slowest},{amount},{speedup},{efficiency},{karp_flatt},\
                 {imbalance},{},{},{},{},{},",
                self.result.mode,
                case.schedule,
                case.ranks,
                point.oversubscribed,
                point.compute_share,
                point.idle_share,
                point.comm_share,
                point.other_share,
                point.messages,
            )?;
        }
        let amount = self.run.points.first().map_or(0, |point| point.amount);
        self.run.forecast.iter().try_for_each(|forecast| forecast.write_csv(amount, out))
    }
}

/// A cell of the table: `-` for what is not known.
fn or_dash(value: Option<f64>, shown: impl FnOnce(f64) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), shown)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::commands::scaling::analysis::testing::trial;
    use crate::commands::scaling::analysis::{diagnosis, fit, forecast, medians, study};

    /// One and two ranks of a job, twice each.
    pub(crate) fn example() -> ScalingReport {
        let trials = vec![
            trial("dynamic", 10.0, &[(10.0, 0.0, 0.0)]),
            trial("dynamic", 10.2, &[(10.0, 0.0, 0.2)]),
            trial("dynamic", 6.0, &[(5.0, 0.5, 0.5); 2]),
            trial("dynamic", 6.1, &[(5.0, 0.6, 0.5); 2]),
        ];
        let result = ScalingResult {
            command: "primes 1e6".into(),
            mode: "strong".into(),
            answer: Some(78498.into()),
            equal: true,
            complete: true,
        };
        let (points, fits) = (study(&trials), fit::of_series(&trials, false));
        let diagnosis = diagnosis::diagnose(&medians(&trials), 2);
        let costs = Costs { message: 1e-6, answer: 2e-6, span: 1e-7 };
        let forecast = Some(forecast::forecast(&trials, &costs, 100_000));
        let run = ScalingRun {
            ranks: 2,
            cpus: 2,
            points,
            fits,
            diagnosis,
            costs: Some(costs),
            predicted_ranks: Some(100_000),
            forecast,
            trials,
            ..ScalingRun::default()
        };
        ScalingReport { result, run }
    }

    fn written(report: &ScalingReport, format: Format) -> String {
        let mut bytes = Vec::new();
        report.write(format, &mut bytes).expect("a Vec takes every write");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_table_for_people() {
        let text = written(&example(), Format::Text);
        assert!(text.starts_with("primes 1e6: strong scaling, 4 runs, all answers equal\n"), "{text}");
        assert!(text.contains("Amdahl's serial share") && text.contains("1.67"), "{text}");
        let wrong = ScalingReport { result: ScalingResult { equal: false, ..example().result }, ..example() };
        assert!(written(&wrong, Format::Text).contains("WRONG"));
    }

    #[test]
    fn rows_have_a_cell_for_each_name() {
        let csv = written(&example(), Format::Csv);
        let cells: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(cells, [21; 3 + 4 * 18]);
        assert!(example().rows().iter().all(|row| row.len() == 13));
    }

    #[test]
    fn json_is_read_back_and_joined() {
        let report = example();
        let mut read = ScalingReport::read(written(&report, Format::Json).as_bytes()).expect("our own");
        // Floats may come back one digit off.
        assert_eq!((&read.result, read.run.trials.len()), (&report.result, report.run.trials.len()));
        read.join(example()).expect("the same command");
        assert_eq!((read.run.trials.len(), read.result.equal), (8, true));
        let other = ScalingResult { answer: Some(1.into()), ..example().result };
        read.join(ScalingReport { result: other, ..example() }).expect("the same command");
        assert!(!read.result.equal, "another answer");
        let weak = ScalingResult { mode: "weak".into(), ..example().result };
        assert!(read.join(ScalingReport { result: weak, ..example() }).is_err());
        assert!(ScalingReport::read(b"{}").is_err());
    }
}
