//! The result of `integrate ep`: the sums of NAS EP, and whether they are the published ones.

use crate::report::field::{BOOL, FLOAT, Field, Kind, TEXT, WIDE};
use crate::report::value::wide;
use crate::report::{Answer, Completes, Completion, complete, coverage};

/// Sums over the pairs of a class. [`EpResult::FIELDS`] says what the fields mean.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct EpResult {
    pub integrand: &'static str,
    pub class: String,
    pub pairs: u64,
    pub sx: f64,
    pub sy: f64,
    pub counts: [u64; 10],
    pub verified: Option<bool>,
    pub completion: Completion,
}

impl Answer for EpResult {
    const FIELDS: &'static [Field<EpResult>] = &[
        Field::<Self>::new("integrand", TEXT, "`ep`.", |ep| ep.integrand.into()),
        Field::<Self>::new("class", TEXT, "The class: S, W, A, B, C, D or E.", |ep| ep.class.clone().into())
            .label("NAS EP class"),
        Field::<Self>::new("sx", FLOAT, "The sum of the first deviates.", |ep| ep.sx.into())
            .line("sum of X", |ep| Some(ep.sx.to_string())),
        Field::<Self>::new("sy", FLOAT, "The sum of the second deviates.", |ep| ep.sy.into())
            .line("sum of Y", |ep| Some(ep.sy.to_string())),
        Field::<Self>::new("counts", Kind::List(&WIDE), "Pairs of deviates in each square annulus.", |ep| {
            ep.counts.into_iter().map(wide).collect()
        })
        .label("annuli"),
        Field::<Self>::new("pairs", WIDE, "Pairs of uniform numbers drawn.", |ep| wide(ep.pairs)).label("pairs"),
        Field::<Self>::new(
            "verified",
            BOOL,
            "Whether both sums are the published ones to 1e-8; null for a part of a class.",
            |ep| ep.verified.into(),
        )
        .nullable()
        .line("verified", |ep| {
            ep.verified.map(|right| if right { "yes" } else { "NO: these are not the published sums" }.to_owned())
        }),
        complete(),
        coverage(),
    ];

    fn value(&self) -> String {
        format!("{} {}", self.sx, self.sy)
    }
}

impl Completes for EpResult {
    fn completion(&self) -> Completion {
        self.completion
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
    }
}
