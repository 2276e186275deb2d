//! The results of `gcd`: of pairs, and of a list.

use std::io::{self, Write};

use serde::Serialize;

use super::{Answer, Completion, text, wide};

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
    /// Those that share one, in the order of the file.
    pub shared: Vec<SharedFactor>,
    /// Whether all was done.
    #[serde(flatten)]
    pub completion: Completion,
}

/// One number that shares a factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedFactor {
    /// Its place among the numbers, from 1.
    pub place: u64,
    /// The number, in decimal digits.
    pub n: String,
    /// What it has in common with all others together; the number itself when all its factors are theirs.
    pub factor: String,
}

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
        for SharedFactor { place, n, factor } in &self.shared {
            writeln!(out, "{place}: {n} shares {factor}")?;
        }
        let of = text::count(self.numbers, "number");
        match self.completion.line() {
            None => writeln!(out, "{} of {of} have a factor in common with another", self.shared.len()),
            Some((label, value)) => writeln!(out, "{label}: {value}"),
        }
    }

    fn columns(&self) -> Vec<(String, String)> {
        let first = self.shared.first().map_or([const { String::new() }; 3], columns);
        ["place", "n", "factor"].map(str::to_owned).into_iter().zip(first).collect()
    }

    fn more_rows(&self) -> Vec<Vec<String>> {
        self.shared.iter().skip(1).map(|shared| columns(shared).to_vec()).collect()
    }
}

fn columns(SharedFactor { place, n, factor }: &SharedFactor) -> [String; 3] {
    [place.to_string(), n.clone(), factor.clone()]
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{json, written};
    use super::*;

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

    #[test]
    fn shared_factors_in_three_forms() {
        let shared = vec![SharedFactor { place: 2, n: "15".to_owned(), factor: "5".to_owned() }];
        let result = SharedResult { numbers: 3, shared, completion: Completion::Complete };
        let text = "2: 15 shares 5\n1 of 3 numbers have a factor in common with another\n";
        assert_eq!(written(result.clone(), Format::Text), text);
        assert_eq!(written(result.clone(), Format::Csv), "place,n,factor\n2,15,5\n");
        assert_eq!(json(result)["shared"][0]["factor"], "5");
        let none = SharedResult { numbers: 0, shared: vec![], completion: Completion::Complete };
        assert_eq!(written(none.clone(), Format::Csv), "place,n,factor\n,,\n");
        assert!(written(none, Format::Text).starts_with("0 of 0 numbers"));
    }
}
