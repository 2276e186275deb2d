//! The result of `isprime`.

use std::io::{self, Write};

use super::args::IsPrimeMethod;
use crate::report::field::WIDE;
use crate::report::record::record;
use crate::report::{Answer, Completion};

/// The most digits of a number for which answers are aligned.
const COLUMN: usize = 80;

record! {
    /// The primality of numbers.
    #[derive(Clone, Debug, PartialEq)]
    pub struct IsPrimeResult {
        /// The numbers, in the order in which they were given.
        pub numbers: Vec<Judged>,
        /// How the numbers were judged.
        pub method: IsPrimeMethod,
        /// How far the job came.
        pub completion: Completion => .flat(),
    }
}

record! {
    /// One number.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Judged {
        /// The number.
        pub n: String as WIDE,
        /// Whether it is prime; null when the job was stopped before that was known.
        pub prime: Option<bool>,
        /// Whether that is proven; false for a probable prime, null with `prime`.
        pub proven: Option<bool>,
        /// Its smallest prime factor, where one was found that is not the number itself; some
        /// factor, of a job that was stopped.
        pub factor: Option<u64> as WIDE,
    }
}

impl Judged {
    /// A number known to be prime or composite.
    pub fn proven(n: String, prime: bool, factor: Option<u64>) -> Judged {
        Judged { n, prime: Some(prime), proven: Some(true), factor }
    }

    /// A number about which nothing is known.
    pub fn unknown(n: String) -> Judged {
        Judged { n, prime: None, proven: None, factor: None }
    }
}

impl IsPrimeResult {
    fn words(&self, number: &Judged) -> String {
        match (number.prime, number.factor) {
            (Some(true), _) if number.proven == Some(false) => "probable prime".to_owned(),
            (Some(true), _) => "prime".to_owned(),
            (Some(false), None) if ["0", "1"].contains(&number.n.as_str()) => "not prime".to_owned(),
            (Some(false), None) => "composite".to_owned(),
            (_, Some(factor)) if self.completion.is_complete() => format!("composite, smallest factor {factor}"),
            (_, Some(factor)) => format!("composite, a factor is {factor}"),
            (None, None) => "unknown".to_owned(),
        }
    }
}

impl Answer for IsPrimeResult {
    fn value(&self) -> String {
        let known =
            self.numbers.iter().map(|number| number.prime.map_or("unknown".to_owned(), |prime| prime.to_string()));
        known.collect::<Vec<_>>().join(" ")
    }

    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        // A number with hundreds of digits does not shift the other lines.
        let lengths = self.numbers.iter().map(|number| number.n.len());
        let width = lengths.filter(|&length| length <= COLUMN).max().unwrap_or(0);
        for number in &self.numbers {
            writeln!(out, "{:<width$}  {}", number.n, self.words(number))?;
        }
        self.completion.text().map_or(Ok(()), |text| writeln!(out, "not complete  {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::testing::{json, written};

    fn example() -> IsPrimeResult {
        let judged = |n: &str, prime, factor| Judged::proven(n.to_owned(), prime, factor);
        let numbers = vec![
            judged("1", false, None),
            judged("22360679774997896964091", true, None),
            judged("112272535095295", false, Some(5)),
            judged("100109100129101027", false, None),
            Judged { proven: Some(false), ..judged("340282366920938463463374607431768211297", true, None) },
        ];
        IsPrimeResult { numbers, method: IsPrimeMethod::Auto, completion: Completion::Complete }
    }

    #[test]
    fn the_three_forms() {
        insta::assert_snapshot!(written(example(), Format::Text), @"
        1                                        not prime
        22360679774997896964091                  prime
        112272535095295                          composite, smallest factor 5
        100109100129101027                       composite
        340282366920938463463374607431768211297  probable prime
        ");
        insta::assert_snapshot!(written(example(), Format::Csv), @"
        n,prime,proven,factor,method,complete,coverage_done,coverage_blocks
        1,false,true,,auto,true,,
        22360679774997896964091,true,true,,auto,true,,
        112272535095295,false,true,5,auto,true,,
        100109100129101027,false,true,,auto,true,,
        340282366920938463463374607431768211297,true,false,,auto,true,,
        ");
        insta::assert_snapshot!(json(example()), @r#"{"complete":true,"method":"auto","numbers":[{"factor":null,"n":"1","prime":false,"proven":true},{"factor":null,"n":"22360679774997896964091","prime":true,"proven":true},{"factor":"5","n":"112272535095295","prime":false,"proven":true},{"factor":null,"n":"100109100129101027","prime":false,"proven":true},{"factor":null,"n":"340282366920938463463374607431768211297","prime":true,"proven":false}]}"#);
    }

    #[test]
    fn stopped_it_says_what_it_knows() {
        let unknown = Judged::unknown("1180591620717411303425".to_owned());
        let numbers = vec![unknown, Judged::proven("49".to_owned(), false, Some(7))];
        let stopped = IsPrimeResult { numbers, method: IsPrimeMethod::Trial, completion: Completion::of(3, 9) };
        insta::assert_snapshot!(written(stopped, Format::Text), @"
        1180591620717411303425  unknown
        49                      composite, a factor is 7
        not complete  3 of 9 blocks (33 %)
        ");
    }

    #[test]
    fn no_numbers_are_an_answer() {
        let none = IsPrimeResult { numbers: Vec::new(), ..example() };
        assert_eq!(written(none.clone(), Format::Text), "");
        assert_eq!(written(none, Format::Csv).lines().count(), 2);
    }

    #[test]
    fn a_long_number_moves_no_other_line() {
        let numbers = vec![Judged::proven("9".repeat(500), false, Some(3)), Judged::proven("7".to_owned(), true, None)];
        let text = written(IsPrimeResult { numbers, ..example() }, Format::Text);
        assert!(text.ends_with("\n7  prime\n"), "{text}");
    }
}
