//! The integrand `lib` of the command line: its options, and how they become a function.
//!
//! Ranks parse their command line before they can agree on anything. So [`check`] depends on the
//! words alone, and the file, which one host may lack, is opened by [`load`].

use montesieve_montecarlo::integrands::Entry;
use montesieve_montecarlo::integrands::bounds;
use montesieve_montecarlo::integrands::domain::Domain;
use montesieve_montecarlo::integrands::parameters::{Bad, Parameter, Parameters};

use super::function::{CompiledFunction, Form};
use super::library::Library;
use montesieve_montecarlo::components::MOST_COMPONENTS;

/// The entry of the list of integrands. Its `make` is [`load`].
pub static ENTRY: Entry = Entry {
    name: "lib",
    about: "A function of yours in a shared library, from C, Fortran, Rust, Python, ...",
    parameters: &[
        Parameter {
            is_positional: true,
            default: None,
            ..Parameter::new("function", "FILE:NAME", "", "The shared library and the function in it: ./libf.so:f")
        },
        bounds::PARAMETER,
        Parameter {
            choices: &["scalar", "vector", "batch"],
            ..Parameter::new(
                "form",
                "FORM",
                "scalar",
                "What the function computes in a call: one value, those of all components, or those of many points",
            )
        },
        Parameter::new(
            "components",
            "K",
            "",
            "Numbers that make up a value, 1 to 64: more than 1 with --form vector or batch",
        ),
    ],
    make: |parameters| load(parameters, None).map(|function| Box::new(function) as _),
};

/// The options of `lib`, read.
struct Request<'a> {
    file: &'a str,
    name: &'a str,
    form: Form,
    components: usize,
    domain: Domain,
}

impl Request<'_> {
    fn read(parameters: &Parameters) -> Result<Request<'_>, Bad> {
        let word = parameters.word("function");
        let bad = |why: &str| Bad(format!("invalid value '{word}' for '<FILE:NAME>': {why}"));
        // A colon in a folder's name is not the one in front of NAME.
        let (file, name) = match word.rsplit_once(':') {
            Some((file, name)) if !name.contains('/') => (file, name),
            _ => (word, ""),
        };
        if file.is_empty() {
            return Err(bad("FILE is missing; write it like ./libf.so:f"));
        }
        if name.is_empty() {
            return Err(bad(&format!("NAME, the function, is missing; write it like {file}:f")));
        }
        if name.contains('\0') {
            return Err(bad("a name has no zero byte"));
        }
        let form = match parameters.word("form") {
            "batch" => Form::Batch,
            "vector" => Form::Vector,
            _ => Form::Scalar,
        };
        let is_said = !parameters.word("components").is_empty();
        let components = if is_said { parameters.whole("components", 1..=MOST_COMPONENTS)? } else { 1 };
        if components > 1 && form == Form::Scalar {
            let why = "a scalar function returns one number: take --form vector or batch";
            return Err(parameters.bad("components", why));
        }
        Ok(Request { file, name, form, components, domain: bounds::read(parameters)? })
    }
}

/// Checks everything that does not depend on a file.
///
/// # Errors
/// [`Bad`] without a name of a file or a function, and for bad bounds.
pub fn check(parameters: &Parameters) -> Result<(), Bad> {
    Request::read(parameters).map(drop)
}

/// Loads the library and finds the function. The library stays loaded until the process ends.
/// Messages about a crash name `origin`, the place of these parameters, if they have one.
///
/// # Errors
/// As [`check`]; [`Bad`] if the file cannot be read, is no shared library for this host, cannot be
/// loaded, or lacks the function.
pub fn load(parameters: &Parameters, origin: Option<&str>) -> Result<CompiledFunction, Bad> {
    let Request { file, name, form, components, domain } = Request::read(parameters)?;
    let library = Library::load(file, name, origin).map_err(Bad)?;
    Ok(CompiledFunction::new(library, form, components, domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(function: &str, bounds: &str) -> Parameters {
        of_form(function, bounds, "scalar", "")
    }

    fn of_form(function: &str, bounds: &str, form: &str, components: &str) -> Parameters {
        let words = [("function", function), ("bounds", bounds), ("form", form), ("components", components)];
        Parameters::new(words.map(|(name, word)| (name, word.to_owned())))
    }

    #[test]
    fn a_scalar_function_has_one_component() {
        for form in ["vector", "batch"] {
            assert_eq!(check(&of_form("./libf.so:f", "0:1", form, "64")), Ok(()));
        }
        for (components, message) in [
            ("3", "a scalar function returns one number: take --form vector or batch"),
            ("0", "must be a whole number from 1 to 64"),
            ("65", "must be a whole number from 1 to 64"),
        ] {
            let Bad(text) = check(&of_form("./libf.so:f", "0:1", "scalar", components)).expect_err(components);
            assert_eq!(text, format!("invalid value '{components}' for '--components': {message}"));
        }
    }

    #[test]
    fn the_last_colon_is_in_front_of_the_name() {
        for (word, file, name) in [
            ("./libf.so:f", "./libf.so", "f"),
            ("/a:b/libf.so:f", "/a:b/libf.so", "f"),
            ("libf.so:2:ns_f", "libf.so:2", "ns_f"),
        ] {
            let parameters = words(word, "0:1");
            let request = Request::read(&parameters).expect(word);
            assert_eq!((request.file, request.name), (file, name));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (word, message) in [
            ("./libf.so", "NAME, the function, is missing; write it like ./libf.so:f"),
            ("./libf.so:", "NAME, the function, is missing; write it like ./libf.so:f"),
            ("/a:b/libf.so", "NAME, the function, is missing; write it like /a:b/libf.so:f"),
            (":f", "FILE is missing; write it like ./libf.so:f"),
            ("", "FILE is missing; write it like ./libf.so:f"),
        ] {
            let Bad(text) = check(&words(word, "0:1")).expect_err(word);
            assert_eq!(text, format!("invalid value '{word}' for '<FILE:NAME>': {message}"));
        }
    }

    #[test]
    fn no_file_is_opened_to_check() {
        assert_eq!(check(&words("/nowhere/libf.so:f", "0:1,-1:pi")), Ok(()));
        let Bad(text) = check(&words("/nowhere/libf.so:f", "1:0")).expect_err("bounds");
        assert!(text.contains("'--bounds'"), "{text}");
    }
}
