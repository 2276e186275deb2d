//! From trials to a forecast: the inputs of `predict`, and its results for every schedule.

use serde::Deserialize;

use super::predict::{Bottleneck, Costs, JobCosts, Prediction, Saturation, ladder, predict, saturation};
use super::{Trial, base, medians};
use crate::job::Schedule;
use crate::report::imbalance;
use crate::report::record::record;

record! {
    /// The prediction for more ranks.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct Forecast {
        /// What was measured of the job; null where that allows no prediction.
        pub work: Option<JobCosts>,
        /// Every schedule on 1, 2, 4 and more ranks.
        pub predictions: Vec<Prediction>,
        /// Where each of them saturates.
        pub saturations: Vec<Saturation>,
        /// Remarks, a sentence each.
        pub notes: Vec<String>,
    }
}

/// The properties of the job, from the trials.
fn work(trials: &[Trial]) -> Result<JobCosts, String> {
    let medians = medians(trials);
    let base = base(&medians).ok_or("no prediction: nothing was measured")?;
    if base.jobs == 0 || base.amount == 0 {
        return Err("No prediction: this command deals out no blocks.".to_owned());
    }
    if base.jobs != 1 {
        return Err(format!(
            "No prediction: this command runs {} jobs one after the other, and the model knows one (no --target-error, no --nth).",
            base.jobs
        ));
    }
    let [compute, .., rest] = base.rank_seconds();
    let uneven = medians.iter().filter(|trial| trial.case.schedule == Schedule::Block.name() && !trial.oversubscribed);
    let of = |trial: &&&Trial| imbalance(&trial.profiles.iter().map(|profile| profile.compute).collect::<Vec<_>>());
    Ok(JobCosts {
        compute,
        blocks: base.profiles.iter().map(|profile| profile.blocks).sum(),
        grain: base.grain,
        fixed: rest / base.case.ranks as f64,
        imbalance: uneven.max_by_key(|trial| trial.case.ranks).as_ref().map_or(1.0, of),
    })
}

/// Every schedule, and every measured chunk, up to `most` ranks.
pub fn forecast(trials: &[Trial], costs: &Costs, most: u64) -> Forecast {
    let work = match work(trials) {
        Ok(work) => work,
        Err(why) => return Forecast { notes: vec![why], ..Forecast::default() },
    };
    let mut curves: Vec<(Schedule, Option<u64>)> = Schedule::ALL.map(|schedule| (schedule, None)).to_vec();
    for trial in medians(trials) {
        let schedule = Schedule::ALL.into_iter().find(|schedule| schedule.name() == trial.case.schedule);
        let curve = schedule.map(|schedule| (schedule, trial.case.asked_chunk));
        curves.extend(curve.filter(|curve| !curves.contains(curve)));
    }
    let rungs = ladder(most);
    let mut out = Forecast { work: Some(work), ..Forecast::default() };
    for (schedule, chunk) in curves {
        let predictions: Vec<Prediction> =
            rungs.iter().map(|&ranks| predict(schedule, chunk, &work, costs, ranks)).collect();
        let name = chunk.map_or_else(|| schedule.name().to_owned(), |n| format!("{}, chunk {n}", schedule.name()));
        out.saturations.extend(saturation(&name, &predictions));
        out.predictions.extend(predictions);
    }
    out.notes = out.saturations.iter().map(sentence).collect();
    out
}

fn sentence(saturation: &Saturation) -> String {
    let Saturation { series, half, fastest, speedup, limit } = saturation;
    let why = match limit {
        Bottleneck::Computing => "where kernels still take most of the time",
        Bottleneck::Imbalance => "where the longest share is what is waited for: smaller chunks, or smaller blocks",
        Bottleneck::Manager => "where rank 0 can answer no more: larger chunks, or managers of managers",
        Bottleneck::Ends => "where what comes before and after takes longest: fewer and longer spans, a larger job",
    };
    let lost = half.map_or_else(
        || "never loses half of the ranks' time".to_owned(),
        |ranks| format!("loses half of the ranks' time from {ranks} ranks on"),
    );
    format!("{series}: {lost}; fastest on {fastest} ranks, {speedup:.0} times one, {why}.")
}

#[cfg(test)]
mod tests {
    use super::super::testing::trial;
    use super::*;

    const COSTS: Costs = Costs { message: 1e-6, answer: 1e-6, span: 1e-7 };

    #[test]
    fn every_schedule_and_every_chunk_that_was_tried() {
        let mut swept = trial("cyclic", 5.0, &[(5.0, 0.0, 0.0); 2]);
        swept.case.asked_chunk = Some(7);
        let block = trial("block", 6.0, &[(4.0, 2.0, 0.0), (6.0, 0.0, 0.0)]);
        let forecast = forecast(&[trial("dynamic", 10.1, &[(10.0, 0.0, 0.0)]), swept, block], &COSTS, 1000);
        let work = forecast.work.expect("one job");
        assert_eq!((work.compute, work.blocks, work.imbalance), (10.0, 100, 1.2));
        assert!((work.fixed - 0.1).abs() < 1e-9);
        let series: Vec<&str> = forecast.saturations.iter().map(|saturation| saturation.series.as_str()).collect();
        assert_eq!(series, ["block", "cyclic", "dynamic", "guided", "cyclic, chunk 7"]);
        assert_eq!(forecast.predictions.len(), 5 * 11);
        assert_eq!(forecast.notes.len(), 5);
        assert!(forecast.predictions.iter().all(|p| p.seconds > 0.0 && p.seconds.is_finite()), "{forecast:?}");
    }

    #[test]
    fn several_jobs_are_not_predicted() {
        let trials = [Trial { jobs: 3, ..trial("dynamic", 1.0, &[(1.0, 0.0, 0.0)]) }];
        let forecast = forecast(&trials, &COSTS, 100);
        assert!(forecast.predictions.is_empty() && forecast.notes[0].contains("3 jobs"));
        assert!(super::forecast(&[], &COSTS, 100).notes[0].contains("nothing was measured"));
    }

    #[test]
    fn one_rank_is_what_was_measured() {
        let forecast = forecast(&[trial("dynamic", 10.5, &[(10.0, 0.0, 0.5)])], &COSTS, 2);
        assert!(forecast.predictions.iter().filter(|p| p.ranks == 1).all(|p| p.seconds == 10.0 && p.speedup == 1.0));
    }
}
