//! The result of `pi`.

use super::args::PiMethod;
use crate::montecarlo::chi_square::ChiSquare;
use crate::report::field::{Kind, WIDE};
use crate::report::record::record;
use crate::report::rounded::{self, significant};
use crate::report::{Answer, Completion, IntervalKind, TargetResult, Warning};

record! {
    /// An estimate of pi, with what it takes to judge and to repeat it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PiResult {
        /// The estimate of pi; null when what was done allows none (a part of a stratified job).
        pub estimate: Option<f64> => .line("pi", |pi| {
            let none = || format!("no estimate: {} needs more blocks than were done", pi.method.word());
            Some(pi.estimate.map_or_else(none, |x| rounded::estimate(x, pi.std_error)))
        }),
        /// One standard error of the estimate.
        pub std_error: Option<f64>,
        /// The 95 % confidence interval.
        pub ci95: Option<[f64; 2]> as Kind::Interval => .line("95 % interval", |pi| {
            pi.ci95.map(|ends| format!("{} ({})", rounded::interval(ends, pi.std_error), pi.made()))
        }),
        /// How the interval was made.
        pub interval: Option<IntervalKind>,
        /// Degrees of freedom of the standard error, where the interval is Student's t.
        pub degrees_of_freedom: Option<u64> as WIDE,
        /// Samples behind the estimate.
        pub samples: u64 as WIDE => .label("samples"),
        /// Darts inside the circle; null for other methods.
        pub hits: Option<u64> as WIDE => .label("hits"),
        /// The number that picks the stream of samples.
        pub seed: u64 as WIDE => .line("seed", |pi| Some(pi.seed.to_string())),
        /// The method.
        pub method: PiMethod => .label("method"),
        /// The variance of as many plain darts over this one's; null for darts.
        pub variance_reduction: Option<f64> => .line("variance reduction", |pi| pi.variance_reduction.map(|factor| significant(factor, 3))),
        /// How the blocks of darts scatter; null for other methods, and for fewer than two blocks.
        pub chi_square: Option<ChiSquare>,
        /// Why the interval may cover less often than it says.
        pub warning: Option<Warning> => .optional()
            .line("warning", |pi| pi.warning.map(|warning| warning.sentence(pi.samples, None))),
        /// The error that was asked for.
        pub target: Option<TargetResult> => .flat(),
        /// How far the job came.
        pub completion: Completion => .flat(),
    }
}

impl Answer for PiResult {
    fn warnings(&self) -> Vec<String> {
        let doubt = self.warning.map(|warning| warning.sentence(self.samples, None));
        doubt.into_iter().chain(self.target.as_ref().and_then(TargetResult::warning)).collect()
    }
}

impl PiResult {
    /// How the interval was made.
    fn made(&self) -> String {
        let interval = self.interval.map(IntervalKind::title).unwrap_or_default();
        match self.degrees_of_freedom {
            None => interval.to_owned(),
            Some(1) => format!("{interval}, 1 degree of freedom"),
            Some(degrees) => format!("{interval}, {degrees} degrees of freedom"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{compact, json, written};
    use proptest::prelude::*;

    fn example(completion: Completion) -> PiResult {
        PiResult {
            estimate: Some(3.141592612),
            std_error: Some(0.00005193),
            ci95: Some([3.14149083, 3.14169439]),
            interval: Some(IntervalKind::Wilson),
            degrees_of_freedom: None,
            samples: 1_000_000_000,
            hits: Some(785_398_153),
            seed: u64::MAX,
            method: PiMethod::Darts,
            variance_reduction: None,
            chi_square: Some(ChiSquare { value: 990.25, degrees_of_freedom: 952, z: 0.875 }),
            warning: None,
            target: None,
            completion,
        }
    }

    #[test]
    fn the_three_forms() {
        insta::assert_snapshot!(written(example(Completion::Complete), Format::Text), @"
        pi             3.141593 +- 0.000052 (standard error)
        95 % interval  3.141491 to 3.141694 (Wilson)
        samples        1,000,000,000
        hits           785,398,153
        seed           18446744073709551615
        method         darts
        chi-square     990.2 for 952 degrees of freedom (z = 0.88)
        ");
        insta::assert_snapshot!(written(example(Completion::of(3, 954)), Format::Text), @"
        pi             3.141593 +- 0.000052 (standard error)
        95 % interval  3.141491 to 3.141694 (Wilson)
        samples        1,000,000,000
        hits           785,398,153
        seed           18446744073709551615
        method         darts
        chi-square     990.2 for 952 degrees of freedom (z = 0.88)
        not complete   3 of 954 blocks (0.3 %)
        ");
        insta::assert_snapshot!(written(example(Completion::of(3, 954)), Format::Csv), @"
        estimate,std_error,ci95_low,ci95_high,interval,degrees_of_freedom,samples,hits,seed,method,variance_reduction,chi_square,chi_square_degrees_of_freedom,chi_square_z,warning,target_error,target_reached,target_unreachable,complete,coverage_done,coverage_blocks
        3.141592612,0.00005193,3.14149083,3.14169439,wilson,,1000000000,785398153,18446744073709551615,darts,,990.25,952,0.875,,,,,false,3,954
        ");
        insta::assert_snapshot!(compact(example(Completion::Complete)), @r#"{"estimate":3.141592612,"std_error":0.00005193,"ci95":[3.14149083,3.14169439],"interval":"wilson","degrees_of_freedom":null,"samples":"1000000000","hits":"785398153","seed":"18446744073709551615","method":"darts","variance_reduction":null,"chi_square":{"value":990.25,"degrees_of_freedom":952,"z":0.875},"complete":true}"#);
    }

    /// The result of another method, complete or stopped too early for an estimate.
    fn stratified(is_done: bool) -> PiResult {
        let kept = |value: f64| Some(value).filter(|_| is_done);
        PiResult {
            estimate: kept(3.1415925),
            std_error: kept(1.5e-7),
            ci95: Some([3.1415923, 3.1415929]).filter(|_| is_done),
            interval: Some(IntervalKind::StudentT).filter(|_| is_done),
            degrees_of_freedom: Some(52_310).filter(|_| is_done),
            hits: None,
            method: PiMethod::Stratified,
            variance_reduction: kept(14_512.25),
            chi_square: None,
            ..example(Completion::of(if is_done { 6 } else { 5 }, 6))
        }
    }

    #[test]
    fn another_method() {
        insta::assert_snapshot!(written(stratified(true), Format::Text), @"
        pi                  3.14159250 +- 1.5e-7 (standard error)
        95 % interval       3.14159230 to 3.14159290 (Student t, 52310 degrees of freedom)
        samples             1,000,000,000
        seed                18446744073709551615
        method              stratified
        variance reduction  14,500
        ");
        insta::assert_snapshot!(written(stratified(true), Format::Csv), @"
        estimate,std_error,ci95_low,ci95_high,interval,degrees_of_freedom,samples,hits,seed,method,variance_reduction,chi_square,chi_square_degrees_of_freedom,chi_square_z,warning,target_error,target_reached,target_unreachable,complete,coverage_done,coverage_blocks
        3.1415925,1.5e-7,3.1415923,3.1415929,student-t,52310,1000000000,,18446744073709551615,stratified,14512.25,,,,,,,,true,,
        ");
        insta::assert_snapshot!(compact(stratified(true)), @r#"{"estimate":3.1415925,"std_error":1.5e-7,"ci95":[3.1415923,3.1415929],"interval":"student-t","degrees_of_freedom":"52310","samples":"1000000000","hits":null,"seed":"18446744073709551615","method":"stratified","variance_reduction":14512.25,"chi_square":null,"complete":true}"#);
    }

    #[test]
    fn no_estimate() {
        insta::assert_snapshot!(written(stratified(false), Format::Text), @"
        pi            no estimate: stratified needs more blocks than were done
        samples       1,000,000,000
        seed          18446744073709551615
        method        stratified
        not complete  5 of 6 blocks (83 %)
        ");
        insta::assert_snapshot!(written(stratified(false), Format::Csv), @"
        estimate,std_error,ci95_low,ci95_high,interval,degrees_of_freedom,samples,hits,seed,method,variance_reduction,chi_square,chi_square_degrees_of_freedom,chi_square_z,warning,target_error,target_reached,target_unreachable,complete,coverage_done,coverage_blocks
        ,,,,,,1000000000,,18446744073709551615,stratified,,,,,,,,,false,5,6
        ");
        insta::assert_snapshot!(compact(stratified(false)), @r#"{"estimate":null,"std_error":null,"ci95":null,"interval":null,"degrees_of_freedom":null,"samples":"1000000000","hits":null,"seed":"18446744073709551615","method":"stratified","variance_reduction":null,"chi_square":null,"complete":false,"coverage":{"done":5,"blocks":6}}"#);
    }

    /// Counts of blocks are numbers in JSON.
    const MOST: u64 = 1 << 53;

    proptest! {
        #[test]
        fn json_parses_back(estimate: f64, std_error in 0.0..1.0, samples: u64, hits: u64, done in 0..MOST) {
            let completion = Completion::of(done, MOST - 1);
            let (estimate_in, error_in) = (Some(estimate), Some(std_error));
            let result = PiResult { estimate: estimate_in, std_error: error_in, samples, hits: Some(hits), ..example(completion) };
            let json = json(result.clone());
            let integer = |key: &str| json[key].as_u64().or_else(|| json[key].as_str()?.parse().ok());
            // By Rust's own parser: serde_json's may be off in the last bit (without its feature
            // float_roundtrip).
            let document = written(result.clone(), Format::Json);
            let float = |key: &str| -> Option<f64> {
                document.split_once(&format!("\"{key}\": "))?.1.split(',').next()?.parse().ok()
            };
            prop_assert_eq!((float("estimate"), float("std_error")), (Some(estimate), Some(std_error)));
            prop_assert_eq!((integer("samples"), integer("hits")), (Some(samples), Some(hits)));
            prop_assert_eq!(json["complete"].as_bool(), Some(done == MOST - 1));
            // The bare value has all digits too; the text is rounded.
            prop_assert_eq!(written(result, Format::Value).trim().parse().ok(), Some(estimate));
        }
    }
}
