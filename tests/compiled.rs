//! The examples of `integrate lib`: each is compiled and integrated by the lines in its own header.
//!
//! A compiler that is missing fails the test. `MONTESIEVE_TEST_WITHOUT="fortran cython"` leaves
//! tests out by name; scripts/test sets it where it could not install a compiler and has said so.
//! It also names the folder of a Python with Cython and Numba, in `MONTESIEVE_TEST_PYTHON`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The square of the integral of exp(-x^2) over [0, 1].
const EXACT: f64 = 0.746_824_132_812_427 * 0.746_824_132_812_427;

/// Runs a shell line in `folder`, with montesieve and the Python of the tests first on PATH.
fn shell(folder: &Path, line: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_montesieve")).parent().expect("a folder").to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let python = env::var_os("MONTESIEVE_TEST_PYTHON").map(Into::into);
    let path = env::join_paths([program].into_iter().chain(python).chain(env::split_paths(&path))).expect("folders");
    Command::new("timeout").args(["100", "sh", "-c", line]).current_dir(folder).env("PATH", path).output().expect("sh")
}

/// The shell lines in the header of an example: those that start with `$ ` after the comment's own
/// characters.
fn lines(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.trim_start_matches(['/', '!', '*', '#', ' ']).strip_prefix("$ ")).collect()
}

/// Whether the user has left out the test of this language.
fn is_left_out(language: &str) -> bool {
    env::var("MONTESIEVE_TEST_WITHOUT").is_ok_and(|all| all.split_whitespace().any(|one| one == language))
}

/// Compiles an example and returns the estimates of its integrals. `has_compiler` is a shell line
/// that succeeds where the compiler from `package` is installed.
fn estimates(name: &str, has_compiler: &str, package: &str) -> Vec<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lib").join(name);
    fs::copy(&source, folder.join(name)).expect("an example");
    let is_here = shell(folder, has_compiler).status.success();
    assert!(is_here, "'{has_compiler}' fails: install {package} (scripts/test does), or see MONTESIEVE_TEST_WITHOUT");
    let text = fs::read_to_string(source).expect("UTF-8");
    let (runs, compilations): (Vec<&str>, Vec<&str>) =
        lines(&text).into_iter().partition(|line| line.starts_with("montesieve "));
    assert!(!runs.is_empty() && !compilations.is_empty(), "{name}");
    for line in compilations {
        let done = shell(folder, line);
        assert!(done.status.success(), "{name}: {line}\n{}", String::from_utf8_lossy(&done.stderr));
    }
    let estimate = |line: &&str| {
        let done = shell(folder, &format!("{line} --format json"));
        assert!(done.status.success(), "{name}: {line}\n{}", String::from_utf8_lossy(&done.stderr));
        let json: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
        let number = |field: &str| json["result"][field].as_f64().expect("a number");
        let (estimate, error) = (number("estimate"), number("std_error"));
        assert!((estimate - EXACT).abs() < 5.0 * error && error < 1e-3, "{name}: {line}: {estimate} +- {error}");
        estimate
    };
    runs.iter().map(estimate).collect()
}

/// Checks an example, and that it is the same function as the first one, but for the last bits of
/// `exp`.
fn check(name: &str, has_compiler: &str, package: &str) {
    let first = estimates("scalar.c", "cc --version", "gcc")[0];
    for estimate in estimates(name, has_compiler, package) {
        assert!((estimate / first - 1.0).abs() < 1e-13, "{name}: {estimate}, scalar.c: {first}");
    }
}

#[test]
fn c() {
    check("batch.c", "cc --version", "gcc");
    check("vector.c", "cc --version", "gcc");
}

#[test]
fn fortran() {
    if is_left_out("fortran") {
        return;
    }
    check("fortran.f90", "gfortran --version", "gfortran");
}

#[test]
fn rust() {
    check("rust.rs", "rustc --version", "rust");
}

#[test]
fn numba() {
    if is_left_out("numba") {
        return;
    }
    check("numba_library.py", "python3 -c 'import numba'", "numba from PyPI");
}

#[test]
fn cython() {
    if is_left_out("cython") {
        return;
    }
    let has_all = "cython --version && ls $(python3-config --includes | sed 's/^-I//; s/ .*//')/Python.h";
    check("cython_library.pyx", has_all, "Cython from PyPI, python3-dev");
}

#[test]
fn every_example_is_tested() {
    let here = fs::read_to_string(file!()).expect("this file");
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lib")).expect("a folder") {
        let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
        assert!(here.contains(&format!("(\"{name}\", ")), "{name}");
    }
}

/// The header for C: its types are those of the examples.
#[test]
fn the_header_has_the_types_of_the_examples() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiles = |kind: &str, example: &str| {
        let function = if example == "vector.c" { "moments" } else { "gaussian" };
        let text = format!("#include \"montesieve.h\"\nmontesieve_{kind} {function};\n#include \"{example}\"\n");
        fs::write(folder.path().join("check.c"), text).expect("writable");
        let (header, examples) = (root.join("crates/cabi/include"), root.join("examples/lib"));
        let line = format!("cc -Wall -Werror -c -I{} -I{} check.c", header.display(), examples.display());
        shell(folder.path(), &line).status.success()
    };
    for kind in ["scalar", "vector", "batch"] {
        for example in ["scalar.c", "vector.c", "batch.c"] {
            assert_eq!(compiles(kind, example), example == format!("{kind}.c"), "{kind}, {example}");
        }
    }
}
