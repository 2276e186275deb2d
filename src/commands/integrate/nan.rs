//! Which integrands and methods can leave out samples whose value is not a number (`--nan skip`).
//!
//! Stands apart from `args`, whose checks know the options only: here the integrand counts too.
//! What is skipped is a part of the region, and the estimate is the volume times the mean over the
//! rest. That needs points that are uniform in the region. Between infinite or singular bounds, or
//! behind a map, they are not: the volume of the rest would take its own estimate. `--nan zero`
//! needs none.

use super::args::{IntegrateMethod, NanPolicy};

/// Checks that an integrand can have its values counted so. `is_weighted`: see
/// [`Integrand::is_weighted`](crate::montecarlo::integrand::Integrand::is_weighted).
///
/// # Errors
/// A sentence with the option to use instead.
pub(super) fn check(nan: NanPolicy, is_weighted: bool) -> Result<(), String> {
    if nan == NanPolicy::Skip && is_weighted {
        let why = "between infinite or singular ones points are not uniform";
        return Err(format!("--nan skip needs finite bounds, as {why}: use --nan zero"));
    }
    Ok(())
}

/// The options that help where values are not numbers. `is_trained`: whether a map is trained.
pub(super) fn advice(method: IntegrateMethod, is_trained: bool, is_weighted: bool) -> &'static str {
    let has_skip = !is_weighted && !is_trained && method != IntegrateMethod::Stratified;
    match (method.is_reduced(), has_skip) {
        (true, true) => "--method plain has --nan skip and --nan zero",
        (true, false) => "--method plain has --nan zero",
        (false, true) => "--nan skip leaves such samples out, --nan zero counts them as 0",
        (false, false) => "--nan zero counts such samples as 0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::montecarlo::integrands::find;
    use crate::montecarlo::integrands::parameters::Parameters;

    #[test]
    fn only_finite_bounds_can_skip() {
        for (bounds, is_finite) in
            [("0:1", true), ("0:1,-2:3", true), ("0:inf", false), ("0:1,0+:1", false), ("-inf:inf", false)]
        {
            let words =
                [("expression", "sqrt(x-0.5)".to_owned()), ("bounds", bounds.to_owned()), ("set", String::new())];
            let kernel = (find("expr").expect("in the list").make)(&Parameters::new(words)).expect("an expression");
            assert_eq!(check(NanPolicy::Skip, kernel.is_weighted()).is_ok(), is_finite, "{bounds}");
            assert_eq!(check(NanPolicy::Zero, kernel.is_weighted()), Ok(()), "{bounds}");
        }
        let refused = check(NanPolicy::Skip, true).expect_err("weights");
        assert!(
            refused.starts_with("--nan skip needs finite bounds") && refused.ends_with("use --nan zero"),
            "{refused}"
        );
    }

    #[test]
    fn advice_names_what_is_allowed() {
        use IntegrateMethod::{Antithetic, Plain, Sobol, Stratified, Vegas};
        for (method, is_trained, is_weighted, has_skip) in [
            (Plain, false, false, true),
            (Plain, false, true, false),
            (Antithetic, false, false, true),
            (Antithetic, false, true, false),
            (Stratified, false, false, false),
            (Sobol, false, false, true),
            (Sobol, true, false, false),
            (Vegas, true, false, false),
        ] {
            let text = advice(method, is_trained, is_weighted);
            assert_eq!(text.contains("--nan skip"), has_skip, "{method:?}: {text}");
            assert!(text.contains("--nan zero"), "{method:?}: {text}");
        }
    }
}
