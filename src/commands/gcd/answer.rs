//! The results of `gcd`: of pairs, and of a list.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::{Answer, Completion, text, wide};

/// The greatest common divisors of pairs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GcdResult {
    /// In the order of the file.
    pub pairs: Vec<GcdPair>,
    /// Whether all was done.
    #[serde(flatten)]
    pub completion: Completion,
}

/// One pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GcdPair {
    /// The first number.
    #[serde(serialize_with = "wide::integer")]
    pub a: u128,
    /// The second.
    #[serde(serialize_with = "wide::integer")]
    pub b: u128,
    /// What they have in common; `None` when the job was stopped before.
    #[serde(serialize_with = "wide::optional")]
    pub gcd: Option<u128>,
}

/// The numbers of a list that share a factor with another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedResult {
    /// How many numbers there are.
    pub numbers: u64,
    /// How many numbers the collection has, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<u64>,
    /// What places count: `lines`, or `numbers` where a line has several.
    pub places: &'static str,
    /// Those that share one, in the order of the file.
    pub shared: Vec<SharedFactor>,
    /// Whether all was done.
    #[serde(flatten)]
    pub completion: Completion,
}

/// One number that shares a factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedFactor {
    /// Its place in the file, from 1.
    pub place: u64,
    /// The number, in decimal digits.
    pub n: String,
    /// What it has in common with all others together; the number itself when all its factors are theirs.
    pub factor: String,
    /// The number as a product, as far as its partners split it; empty where it has none.
    pub factors: Vec<String>,
    /// The first numbers with which it shares a factor but is not equal to.
    pub partners: Vec<Partner>,
    /// How many of them there are; `None` when they were not looked for.
    pub partner_count: Option<u64>,
    /// Whether an equal number is there.
    pub duplicate: bool,
    /// Places of the first equal numbers.
    pub duplicates: Vec<u64>,
    /// How many of them there are.
    pub duplicate_count: u64,
}

/// With whom a factor is shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Partner {
    /// Its place.
    pub place: u64,
    /// What it shares.
    pub factor: String,
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

/// How many are not named.
fn more(count: u64, named: usize) -> String {
    match count - named as u64 {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

/// The columns of CSV.
const COLUMNS: [&str; 8] = ["place", "n", "factor", "factors", "partners", "partner_count", "duplicate", "duplicates"];

impl Answer for GcdResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for pair in &self.pairs {
            writeln!(out, "{}", pair.gcd.map_or("unknown".to_owned(), |gcd| gcd.to_string()))?;
        }
        Ok(())
    }

    fn columns(&self) -> Vec<(String, String)> {
        let first = self.pairs.first().map_or([const { String::new() }; 3], row);
        ["a", "b", "gcd"].map(str::to_owned).into_iter().zip(first).collect()
    }

    fn more_rows(&self) -> Vec<Vec<String>> {
        self.pairs.iter().skip(1).map(|pair| row(pair).to_vec()).collect()
    }
}

fn row(pair: &GcdPair) -> [String; 3] {
    [pair.a.to_string(), pair.b.to_string(), text::cell(pair.gcd)]
}

impl Answer for SharedResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for shared in &self.shared {
            writeln!(out, "{}: {}", shared.place, shared.words())?;
        }
        let of = text::count(self.numbers, "number");
        let with = match self.against {
            None => "another".to_owned(),
            Some(count) => format!("one of {}", text::count(count, "other number")),
        };
        match self.completion.line() {
            None => writeln!(out, "{} of {of} have a factor in common with {with}", self.shared.len()),
            Some((label, value)) => writeln!(out, "{label}: {value}"),
        }
    }

    fn columns(&self) -> Vec<(String, String)> {
        let first = self.shared.first().map_or([const { String::new() }; COLUMNS.len()], columns);
        COLUMNS.map(str::to_owned).into_iter().zip(first).collect()
    }

    fn more_rows(&self) -> Vec<Vec<String>> {
        self.shared.iter().skip(1).map(|shared| columns(shared).to_vec()).collect()
    }
}

/// Lists have spaces between their values, and partners are `PLACE:FACTOR`.
fn columns(shared: &SharedFactor) -> [String; COLUMNS.len()] {
    let SharedFactor { place, n, factor, factors, partners, partner_count, duplicate, duplicates, .. } = shared;
    let partners: Vec<String> = partners.iter().map(|p| format!("{}:{}", p.place, p.factor)).collect();
    let duplicates: Vec<String> = duplicates.iter().map(u64::to_string).collect();
    [
        place.to_string(),
        n.clone(),
        factor.clone(),
        factors.join(" "),
        partners.join(" "),
        text::cell(*partner_count),
        duplicate.to_string(),
        duplicates.join(" "),
    ]
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
        let csv =
            "a,b,gcd\n1551645,2229620,5\n18446744073709551616,1180591620717411303424,18446744073709551616\n1,2,\n";
        assert_eq!(written(result.clone(), Format::Csv), csv);
        let json = json(result);
        assert_eq!((&json["pairs"][0]["gcd"], &json["complete"]), (&5.into(), &false.into()));
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
        place,n,factor,factors,partners,partner_count,duplicate,duplicates
        1,15,15,3 5,2:3 3:5,2,false,
        2,21,3,3 7,1:3,1,false,
        4,77,77,,,0,true,7
        ");
        let found = json(result(vec![shared(2, "15", "5", &["3", "5"], &[(9, "5")])]));
        assert_eq!(found["shared"][0]["partners"][0]["place"], 9);
        assert_eq!((&found["shared"][0]["factor"], &found["places"]), (&"5".into(), &"lines".into()));
        let none = SharedResult { against: Some(2), ..result(vec![]) };
        assert_eq!(
            written(none.clone(), Format::Csv),
            "place,n,factor,factors,partners,partner_count,duplicate,duplicates\n,,,,,,,\n"
        );
        assert_eq!(written(none, Format::Text), "0 of 7 numbers have a factor in common with one of 2 other numbers\n");
    }
}
