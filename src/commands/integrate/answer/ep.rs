//! The result of `integrate ep`: the sums of NAS EP, and whether they are the published ones.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::{Answer, Completion, text, wide};

/// Sums over the pairs of a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpResult {
    /// `ep`.
    pub integrand: &'static str,
    /// The class: S, W, A, B, C, D, E.
    pub class: String,
    /// Pairs of uniform numbers drawn.
    #[serde(serialize_with = "wide::integer")]
    pub pairs: u64,
    /// Sum of the first deviates.
    pub sx: f64,
    /// Sum of the second deviates.
    pub sy: f64,
    /// Pairs of deviates in each square annulus.
    pub counts: [u64; 10],
    /// Whether both sums are the published ones to 1e-8; unknown for a part of a class.
    pub verified: Option<bool>,
    /// Whether all pairs were drawn.
    #[serde(flatten)]
    pub completion: Completion,
}

impl Answer for EpResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let counts: Vec<String> = self.counts.iter().map(u64::to_string).collect();
        let mut lines = vec![
            ("NAS EP class", self.class.clone()),
            ("sum of X", self.sx.to_string()),
            ("sum of Y", self.sy.to_string()),
            ("annuli", counts.join(" ")),
            ("pairs", self.pairs.to_string()),
        ];
        let said = |right| if right { "yes" } else { "NO: these are not the published sums" };
        lines.extend(self.verified.map(|right| ("verified", said(right).to_owned())));
        lines.extend(self.completion.line());
        text::aligned(&lines, out)
    }

    fn columns(&self) -> Vec<(String, String)> {
        let mut columns = vec![
            ("integrand".to_owned(), self.integrand.to_owned()),
            ("class".to_owned(), self.class.clone()),
            ("pairs".to_owned(), self.pairs.to_string()),
            ("sx".to_owned(), self.sx.to_string()),
            ("sy".to_owned(), self.sy.to_string()),
        ];
        columns.extend(self.counts.iter().enumerate().map(|(l, count)| (format!("count_{l}"), count.to_string())));
        columns.push(("verified".to_owned(), self.verified.map(|right| right.to_string()).unwrap_or_default()));
        columns.extend(self.completion.columns());
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_sums_are_said() {
        let result = EpResult {
            integrand: "ep",
            class: "S".to_owned(),
            pairs: 1 << 24,
            sx: -3247.5,
            sy: 0.25,
            counts: [6_140_517, 5_865_300, 1_100_361, 68_546, 1_648, 17, 0, 0, 0, 0],
            verified: Some(false),
            completion: Completion::Complete,
        };
        let mut text = Vec::new();
        result.write_text(&mut text).expect("written");
        insta::assert_snapshot!(String::from_utf8(text).expect("UTF-8"));
        assert_eq!(result.columns().len(), 19);
    }
}
