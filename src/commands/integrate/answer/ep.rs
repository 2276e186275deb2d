//! The result of `integrate ep`: the sums of NAS EP, and whether they are the published ones.

use crate::report::field::{Kind, WIDE};
use crate::report::record::record;
use crate::report::{Answer, Completion};

record! {
    /// Sums over the pairs of a class.
    #[derive(Clone, Debug, PartialEq)]
    pub struct EpResult {
        /// `ep`.
        pub integrand: &'static str,
        /// The class: S, W, A, B, C, D or E.
        pub class: String => .label("NAS EP class"),
        /// The sum of the first deviates.
        pub sx: f64 => .line("sum of X", |ep| Some(ep.sx.to_string())),
        /// The sum of the second deviates.
        pub sy: f64 => .line("sum of Y", |ep| Some(ep.sy.to_string())),
        /// Pairs of deviates in each square annulus.
        pub counts: [u64; 10] as Kind::List(&WIDE) => .label("annuli"),
        /// Pairs of uniform numbers drawn.
        pub pairs: u64 as WIDE => .label("pairs"),
        /// Whether both sums are the published ones to 1e-8; null for a part of a class.
        pub verified: Option<bool> => .line("verified", |ep| {
            ep.verified.map(|right| if right { "yes" } else { "NO: these are not the published sums" }.to_owned())
        }),
        /// How far the job came.
        pub completion: Completion => .flat(),
    }
}

impl Answer for EpResult {
    fn value(&self) -> String {
        format!("{} {}", self.sx, self.sy)
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
