//! The result of `pi`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Answer, Completion, text, wide};

/// An estimate of pi, with what it takes to judge and to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PiResult {
    /// 4 hits / samples.
    pub estimate: f64,
    /// One standard error of the estimate.
    pub std_error: f64,
    /// The 95 % confidence interval, low and high.
    pub ci95: [f64; 2],
    /// Darts thrown.
    #[serde(serialize_with = "wide::integer")]
    pub samples: u64,
    /// Darts inside the circle.
    #[serde(serialize_with = "wide::integer")]
    pub hits: u64,
    /// What picked the stream of darts.
    #[serde(serialize_with = "wide::integer")]
    pub seed: u64,
    /// `darts`.
    pub method: &'static str,
    /// Whether all samples were thrown.
    #[serde(flatten)]
    pub completion: Completion,
}

// Floats are written with the fewest digits that read back as the same bits (Rust's `{}`; serde_json does the same), so
// equal results are equal bytes.
impl Answer for PiResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let [low, high] = self.ci95;
        let mut lines = vec![
            ("pi", self.estimate.to_string()),
            ("standard error", self.std_error.to_string()),
            ("95 % interval", format!("{low} to {high} (Wilson)")),
            ("samples", self.samples.to_string()),
            ("hits", self.hits.to_string()),
            ("seed", self.seed.to_string()),
            ("method", self.method.to_owned()),
        ];
        lines.extend(self.completion.line());
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        let mut columns: Vec<(String, String)> = [
            ("estimate", self.estimate.to_string()),
            ("std_error", self.std_error.to_string()),
            ("ci95_low", self.ci95[0].to_string()),
            ("ci95_high", self.ci95[1].to_string()),
            ("samples", self.samples.to_string()),
            ("hits", self.hits.to_string()),
            ("seed", self.seed.to_string()),
            ("method", self.method.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        columns.extend(self.completion.columns());
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{json, written};
    use super::*;
    use proptest::prelude::*;

    fn example(completion: Completion) -> PiResult {
        PiResult {
            estimate: 3.141592612,
            std_error: 0.00005193,
            ci95: [3.14149083, 3.14169439],
            samples: 1_000_000_000,
            hits: 785_398_153,
            seed: u64::MAX,
            method: "darts",
            completion,
        }
    }

    #[test]
    fn the_three_forms() {
        insta::assert_snapshot!(written(example(Completion::Complete), Format::Text), @"
        pi              3.141592612
        standard error  0.00005193
        95 % interval   3.14149083 to 3.14169439 (Wilson)
        samples         1000000000
        hits            785398153
        seed            18446744073709551615
        method          darts
        ");
        insta::assert_snapshot!(written(example(Completion::of(3, 954)), Format::Text), @"
        pi              3.141592612
        standard error  0.00005193
        95 % interval   3.14149083 to 3.14169439 (Wilson)
        samples         1000000000
        hits            785398153
        seed            18446744073709551615
        method          darts
        not complete    3 of 954 blocks
        ");
        insta::assert_snapshot!(written(example(Completion::of(3, 954)), Format::Csv), @"
        estimate,std_error,ci95_low,ci95_high,samples,hits,seed,method,complete,coverage_done,coverage_blocks
        3.141592612,0.00005193,3.14149083,3.14169439,1000000000,785398153,18446744073709551615,darts,false,3,954
        ");
        insta::assert_snapshot!(serde_json::to_string(&example(Completion::Complete)).expect("JSON"), @r#"{"estimate":3.141592612,"std_error":0.00005193,"ci95":[3.14149083,3.14169439],"samples":1000000000,"hits":785398153,"seed":"18446744073709551615","method":"darts","complete":true}"#);
    }

    proptest! {
        #[test]
        fn json_parses_back(estimate: f64, std_error in 0.0..1.0, samples: u64, hits: u64, done: u64) {
            let completion = Completion::of(done, u64::MAX);
            let result = PiResult { estimate, std_error, samples, hits, ..example(completion) };
            let json = json(result.clone());
            let integer = |key: &str| json[key].as_u64().or_else(|| json[key].as_str()?.parse().ok());
            // By Rust's own reader: serde_json's is a bit off in the last place (without its feature float_roundtrip).
            let document = written(result.clone(), Format::Json);
            let float = |key: &str| -> Option<f64> {
                document.split_once(&format!("\"{key}\": "))?.1.split(',').next()?.parse().ok()
            };
            prop_assert_eq!((float("estimate"), float("std_error")), (Some(estimate), Some(std_error)));
            prop_assert_eq!((integer("samples"), integer("hits")), (Some(samples), Some(hits)));
            prop_assert_eq!(json["complete"].as_bool(), Some(done == u64::MAX));
            // The text form has the same digits.
            let text = written(result, Format::Text);
            let first = text.lines().next().and_then(|line| line.split_whitespace().last());
            prop_assert_eq!(first.and_then(|digits| digits.parse().ok()), Some(estimate));
        }
    }
}
