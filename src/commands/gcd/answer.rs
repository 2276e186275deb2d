//! The results of `gcd`: of pairs, and of a list.

use std::io::{self, Write};

use crate::report::field::{Kind, WIDE};
use crate::report::record::{FieldType, record};
use crate::report::{Answer, Completion, text};

record! {
    /// The greatest common divisors of pairs.
    #[derive(Clone, Debug, PartialEq)]
    pub struct GcdResult {
        /// The pairs, in the order of the file.
        pub pairs: Vec<GcdPair>,
        /// How far the job came.
        pub completion: Completion => .flat(),
    }
}

record! {
    /// One pair.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct GcdPair {
        /// The first number.
        pub a: u128,
        /// The second number.
        pub b: u128,
        /// Their greatest common divisor; null when the job was stopped before.
        pub gcd: Option<u128>,
    }
}

impl Answer for GcdResult {
    fn value(&self) -> String {
        let known = self.pairs.iter().map(|pair| pair.gcd.map_or("unknown".to_owned(), |gcd| gcd.to_string()));
        known.collect::<Vec<_>>().join(" ")
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for pair in &self.pairs {
            writeln!(out, "{}", pair.gcd.map_or("unknown".to_owned(), |gcd| gcd.to_string()))?;
        }
        Ok(())
    }
}

record! {
    /// The numbers of a list that share a factor with another one.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SharedResult {
        /// Those that share a factor, in the order of the file.
        pub shared: Vec<SharedFactor>,
        /// How many numbers there are.
        pub numbers: u64,
        /// How many numbers the collection has, where there is one.
        pub against: Option<u64> => .optional(),
        /// What places count: `lines`, or `numbers` where a line has several.
        pub places: &'static str,
        /// How far the job came.
        pub completion: Completion => .flat(),
    }
}

record! {
    /// One number that shares a factor.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SharedFactor {
        /// Its place in the file, from 1.
        pub place: u64,
        /// The number.
        pub n: String as WIDE,
        /// Its common factor with all others together; the number itself when all its factors are
        /// theirs.
        pub factor: String as WIDE,
        /// The number as a product of the factors that its partners reveal; empty if it has none.
        pub factors: Vec<String> as Kind::List(&WIDE),
        /// The first numbers that share a factor with it and are not equal to it; in CSV
        /// `PLACE:FACTOR`.
        pub partners: Vec<Partner> as Kind::List(&Partner::KIND),
        /// How many of them there are; null when they were not looked for.
        pub partner_count: Option<u64>,
        /// Whether an equal number is there.
        pub duplicate: bool,
        /// Places of the first equal numbers.
        pub duplicates: Vec<u64>,
        /// How many of them there are.
        pub duplicate_count: u64,
    }
}

record! {
    /// With which number a factor is shared.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Partner {
        /// Its place.
        pub place: u64,
        /// The factor that is shared with it.
        pub factor: String as WIDE,
    }
}

impl SharedFactor {
    /// `15 shares 15 = 3 * 5; 3 with 2, 5 with 3`, `15 duplicate of 7`, or both.
    fn words(&self) -> String {
        let mut words = self.n.clone();
        let partner_count = self.partner_count.unwrap_or(0);
        if partner_count > 0 || self.partner_count.is_none() {
            words += &format!(" shares {}", self.factor);
        }
        if partner_count > 0 {
            if self.factor == self.n {
                words += &format!(" = {}", self.factors.join(" * "));
            }
            let with: Vec<String> = self.partners.iter().map(|p| format!("{} with {}", p.factor, p.place)).collect();
            words += &format!("; {}{}", with.join(", "), more(partner_count, with.len()));
        }
        if self.duplicate {
            let equal: Vec<String> = self.duplicates.iter().map(u64::to_string).collect();
            let and = if words != self.n { ";" } else { "" };
            words += &format!("{and} duplicate of {}{}", equal.join(", "), more(self.duplicate_count, equal.len()));
        }
        words
    }
}

/// The number of those not named.
fn more(count: u64, named: usize) -> String {
    match count - named as u64 {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

impl Answer for SharedResult {
    fn value(&self) -> String {
        self.shared.len().to_string()
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for shared in &self.shared {
            writeln!(out, "{}: {}", shared.place, shared.words())?;
        }
        let of = text::count(self.numbers, "number");
        let with = match self.against {
            None => "another".to_owned(),
            Some(count) => format!("one of {}", text::count(count, "other number")),
        };
        match self.completion.text() {
            None => writeln!(out, "{} of {of} have a factor in common with {with}", self.shared.len()),
            Some(text) => writeln!(out, "not complete: {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    #[test]
    fn pairs_in_three_forms() {
        let pair = |a, b, gcd| GcdPair { a, b, gcd };
        let pairs = vec![pair(1_551_645, 2_229_620, Some(5)), pair(1 << 64, 1 << 70, Some(1 << 64)), pair(1, 2, None)];
        let result = GcdResult { pairs, completion: Completion::of(2, 3) };
        assert_eq!(written(result.clone(), Format::Text), "5\n18446744073709551616\nunknown\n");
        insta::assert_snapshot!(written(result.clone(), Format::Csv), @"
        a,b,gcd,complete,coverage_done,coverage_blocks
        1551645,2229620,5,false,2,3
        18446744073709551616,1180591620717411303424,18446744073709551616,false,2,3
        1,2,,false,2,3
        ");
        assert_eq!(written(result.clone(), Format::Value), "5 18446744073709551616 unknown\n");
        let json = json(result);
        assert_eq!((&json["pairs"][0]["gcd"], &json["complete"]), (&"5".into(), &false.into()));
        assert!(json["pairs"][1]["gcd"] == "18446744073709551616" && json["pairs"][2]["gcd"].is_null());
    }

    fn shared(place: u64, n: &str, factor: &str, factors: &[&str], partners: &[(u64, &str)]) -> SharedFactor {
        let partner = |&(place, factor): &(u64, &str)| Partner { place, factor: factor.to_owned() };
        SharedFactor {
            place,
            n: n.to_owned(),
            factor: factor.to_owned(),
            factors: factors.iter().map(|f| (*f).to_owned()).collect(),
            partners: partners.iter().map(partner).collect(),
            partner_count: Some(partners.len() as u64),
            duplicate: false,
            duplicates: Vec::new(),
            duplicate_count: 0,
        }
    }

    #[test]
    fn shared_factors_in_three_forms() {
        let both = shared(1, "15", "15", &["3", "5"], &[(2, "3"), (3, "5")]);
        let one = shared(2, "21", "3", &["3", "7"], &[(1, "3")]);
        let equal = SharedFactor {
            duplicate: true,
            duplicates: vec![7],
            duplicate_count: 20,
            ..shared(4, "77", "77", &[], &[])
        };
        let result = |shared| SharedResult {
            numbers: 7,
            against: None,
            places: "lines",
            shared,
            completion: Completion::Complete,
        };
        insta::assert_snapshot!(written(result(vec![both.clone(), one.clone(), equal.clone()]), Format::Text), @"
        1: 15 shares 15 = 3 * 5; 3 with 2, 5 with 3
        2: 21 shares 3; 3 with 1
        4: 77 duplicate of 7 and 19 more
        3 of 7 numbers have a factor in common with another
        ");
        insta::assert_snapshot!(written(result(vec![both, one, equal]), Format::Csv), @"
        place,n,factor,factors,partners,partner_count,duplicate,duplicates,duplicate_count,numbers,against,places,complete,coverage_done,coverage_blocks
        1,15,15,3 5,2:3 3:5,2,false,,0,7,,lines,true,,
        2,21,3,3 7,1:3,1,false,,0,7,,lines,true,,
        4,77,77,,,0,true,7,20,7,,lines,true,,
        ");
        let found = json(result(vec![shared(2, "15", "5", &["3", "5"], &[(9, "5")])]));
        assert_eq!(found["shared"][0]["partners"][0]["place"], 9);
        assert_eq!((&found["shared"][0]["factor"], &found["places"]), (&"5".into(), &"lines".into()));
        let none = SharedResult { against: Some(2), ..result(vec![]) };
        insta::assert_snapshot!(written(none.clone(), Format::Csv), @"
        place,n,factor,factors,partners,partner_count,duplicate,duplicates,duplicate_count,numbers,against,places,complete,coverage_done,coverage_blocks
        ,,,,,,,,,7,2,lines,true,,
        ");
        assert_eq!(written(none.clone(), Format::Value), "0\n");
        assert_eq!(written(none, Format::Text), "0 of 7 numbers have a factor in common with one of 2 other numbers\n");
    }
}
