//! The result of `isprime`.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{Answer, Completion, text, wide};

/// What became of some numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IsPrimeResult {
    /// In the order in which they were given.
    pub numbers: Vec<Judged>,
    /// `auto` or `trial`.
    pub method: String,
    /// Whether all was done that was asked for.
    #[serde(flatten)]
    pub completion: Completion,
}

/// One number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The number; always a string in JSON.
    #[serde(serialize_with = "string")]
    pub n: u128,
    /// Whether it is prime; `None` when the job was stopped before that was known.
    pub prime: Option<bool>,
    /// Its smallest prime factor, where one was found that is not the number itself. Of a job that was stopped: some factor.
    #[serde(serialize_with = "wide::none_is_null")]
    pub factor: Option<u64>,
}

fn string<S: Serializer>(n: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(n)
}

impl IsPrimeResult {
    fn words(&self, number: &Judged) -> String {
        match (number.prime, number.factor) {
            (Some(true), _) => "prime".to_owned(),
            (Some(false), None) if number.n < 2 => "not prime".to_owned(),
            (Some(false), None) => "composite".to_owned(),
            (_, Some(factor)) if self.completion.is_complete() => format!("composite, smallest factor {factor}"),
            (_, Some(factor)) => format!("composite, a factor is {factor}"),
            (None, None) => "unknown".to_owned(),
        }
    }

    fn row(&self, number: &Judged) -> Vec<String> {
        vec![number.n.to_string(), text::cell(number.prime), text::cell(number.factor), self.method.clone()]
    }
}

impl Answer for IsPrimeResult {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.numbers.iter().map(|number| number.n.to_string().len()).max().unwrap_or(0);
        for number in &self.numbers {
            writeln!(out, "{:<width$}  {}", number.n, self.words(number))?;
        }
        match self.completion.line() {
            Some((label, value)) => writeln!(out, "{label}  {value}"),
            None => Ok(()),
        }
    }

    fn columns(&self) -> Vec<(String, String)> {
        let first = self.numbers.first().map(|number| self.row(number)).unwrap_or_default();
        let names = ["n", "prime", "factor", "method"].map(str::to_owned);
        names
            .into_iter()
            .zip(first.into_iter().chain(std::iter::repeat(String::new())))
            .chain(self.completion.columns())
            .collect()
    }

    fn more_rows(&self) -> Vec<Vec<String>> {
        let completion = self.completion.columns().map(|(_, value)| value);
        let rows = self.numbers.iter().skip(1).map(|number| self.row(number));
        rows.map(|row| row.into_iter().chain(completion.clone()).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{json, written};
    use super::*;

    fn example() -> IsPrimeResult {
        let judged = |n, prime, factor| Judged { n, prime: Some(prime), factor };
        let numbers = vec![
            judged(1, false, None),
            judged(22_360_679_774_997_896_964_091, true, None),
            judged(112_272_535_095_295, false, Some(5)),
            judged(100_109_100_129_101_027, false, None),
        ];
        IsPrimeResult { numbers, method: "auto".to_owned(), completion: Completion::Complete }
    }

    #[test]
    fn the_three_forms() {
        insta::assert_snapshot!(written(example(), Format::Text), @"
        1                        not prime
        22360679774997896964091  prime
        112272535095295          composite, smallest factor 5
        100109100129101027       composite
        ");
        insta::assert_snapshot!(written(example(), Format::Csv), @"
        n,prime,factor,method,complete,coverage_done,coverage_blocks
        1,false,,auto,true,,
        22360679774997896964091,true,,auto,true,,
        112272535095295,false,5,auto,true,,
        100109100129101027,false,,auto,true,,
        ");
        insta::assert_snapshot!(json(example()), @r#"{"complete":true,"method":"auto","numbers":[{"factor":null,"n":"1","prime":false},{"factor":null,"n":"22360679774997896964091","prime":true},{"factor":5,"n":"112272535095295","prime":false},{"factor":null,"n":"100109100129101027","prime":false}]}"#);
    }

    #[test]
    fn stopped_it_says_what_it_knows() {
        let numbers = vec![
            Judged { n: 1 << 70 | 1, prime: None, factor: None },
            Judged { n: 49, prime: Some(false), factor: Some(7) },
        ];
        let stopped = IsPrimeResult { numbers, method: "trial".to_owned(), completion: Completion::of(3, 9) };
        insta::assert_snapshot!(written(stopped, Format::Text), @"
        1180591620717411303425  unknown
        49                      composite, a factor is 7
        not complete  3 of 9 blocks
        ");
    }

    #[test]
    fn no_numbers_are_an_answer() {
        let none = IsPrimeResult { numbers: Vec::new(), ..example() };
        assert_eq!(written(none.clone(), Format::Text), "");
        assert_eq!(written(none, Format::Csv).lines().count(), 2);
    }
}
