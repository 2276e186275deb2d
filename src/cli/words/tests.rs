//! The presets and the words of a command line, case by case.

use super::*;

fn put_in(line: &str, variables: &[(&str, &str)]) -> String {
    match with_presets(&crate::commands::command::command(), &words(line, variables)) {
        Ok((words, _)) => words.join(OsStr::new(" ")).into_string().expect("UTF-8"),
        Err(message) => message,
    }
}

#[test]
fn presets_stand_behind_the_subcommand() {
    assert_eq!(put_in("m pi 1e6", &[("MONTESIEVE_SEED", "7")]), "m pi --seed=7 1e6");
    assert_eq!(put_in("m pi", &[("MONTESIEVE_PER_RANK", "yes")]), "m pi --per-rank");
    assert_eq!(put_in("m integrate ball 5", &[("MONTESIEVE_DIM", "7")]), "m integrate ball --dim=7 5");
    assert_eq!(put_in("m integrate", &[("MONTESIEVE_DIM", "7")]), "m integrate");
    assert_eq!(put_in("m pi -- 5", &[("MONTESIEVE_SEED", "7")]), "m pi --seed=7 -- 5");
}

#[test]
fn the_command_line_wins() {
    for line in ["m pi --seed 1", "m pi --seed=1", "m pi 5 --seed=1"] {
        assert_eq!(put_in(line, &[("MONTESIEVE_SEED", "7")]), line);
    }
    let both = [("MONTESIEVE_DIST", "7"), ("MONTESIEVE_PRINT", "1")];
    for line in ["m primes 5 -pd9", "m primes 5 -p -d 9", "m primes 5 -qpd9"] {
        assert_eq!(put_in(line, &both), line);
    }
    assert_eq!(put_in("m primes 5 -d9", &both), "m primes --print=1 5 -d9");
}

#[test]
fn a_digit_after_p_is_its_value() {
    for (line, read) in [
        ("m primes 1e3 -p4", "m primes 1e3 -p=4"),
        ("m primes -qp2 1e3", "m primes -qp=2 1e3"),
        ("m primes -p=4 1e3", "m primes -p=4 1e3"),
        ("m primes -p -d9 4", "m primes -p -d9 4"),
        ("m primes -pd9 4", "m primes -pd9 4"),
        ("m primes -c4 -n4 9", "m primes -c4 -n4 9"),
        ("m primes -- -p4", "m primes -- -p4"),
        ("m gcd -p4", "m gcd -p4"),
    ] {
        assert_eq!(put_in(line, &[]), read);
    }
    assert_eq!(put_in("m primes 9 -p4", &[("MONTESIEVE_PRINT", "2")]), "m primes 9 -p=4");
}

#[test]
fn what_presets_nothing_is_passed_over() {
    for (line, name) in [
        ("m pi", "MONTESIEVE_ISA"),
        ("m pi", "MONTESIEVE_MPIRUN"),
        ("m pi", "MONTESIEVE_FAULT"),
        ("m pi", "MONTESIEVE_DIST"),
        ("m pi", "OTHER_SEED"),
        ("m info", "MONTESIEVE_SEED"),
        ("m", "MONTESIEVE_SEED"),
        ("m --version", "MONTESIEVE_SEED"),
        ("m nonsense", "MONTESIEVE_SEED"),
        ("m help pi", "MONTESIEVE_SEED"),
    ] {
        assert_eq!(put_in(line, &[(name, "7")]), line);
    }
    assert_eq!(put_in("m pi", &[("MONTESIEVE_SEED", ""), ("MONTESIEVE_QUIET", "")]), "m pi");
}

#[test]
fn flags_are_on_or_off_or_refused() {
    for value in ["1", "true", "YES", "on"] {
        assert_eq!(put_in("m pi", &[("MONTESIEVE_QUIET", value)]), "m pi --quiet");
    }
    for value in ["0", "false", "No", "off"] {
        assert_eq!(put_in("m pi", &[("MONTESIEVE_QUIET", value)]), "m pi");
    }
    let refused = put_in("m pi", &[("MONTESIEVE_QUIET", "maybe")]);
    assert_eq!(refused, "MONTESIEVE_QUIET=maybe: use 1 or 0 (true, false, yes, no, on, off)");
}

fn words(line: &str, variables: &[(&str, &str)]) -> CommandLine {
    CommandLine::collect(
        line.split_whitespace().map(OsString::from),
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))),
    )
}

#[test]
fn slips_are_told_from_variables_of_others() {
    let found = |name: &str| strangers(crate::commands::command::command, &words("m pi", &[(name, "7")]));
    for name in
        ["SEED", "ISA", "CACHE", "FAULT", "CHECKPOINT_INTERVAL", "DIM", "MPIRUN_FLAGS", "TEST_BINARY", "EXCLUDE_FILE"]
    {
        assert_eq!(found(&format!("MONTESIEVE_{name}")), [], "{name}");
    }
    for (slip, meant) in [("SEEED", "SEED"), ("SED", "SEED"), ("CHEKCPOINT", "CHECKPOINT"), ("IAS", "ISA")] {
        let expected = format!("MONTESIEVE_{slip} is no variable of montesieve; did you mean MONTESIEVE_{meant}?");
        assert_eq!(found(&format!("MONTESIEVE_{slip}")), [UnknownVariable::Slip(expected)]);
    }
    assert_eq!(found("MONTESIEVE_INSTALLATION"), [UnknownVariable::Unknown("MONTESIEVE_INSTALLATION".to_owned())]);
    assert_eq!(found("OTHER_SEEED"), []);
}

#[test]
fn every_variable_of_the_scripts_is_known() {
    let mut command = std::process::Command::new("grep");
    command.args(["-rhoE", "MONTESIEVE_[A-Z][A-Z_]*", "scripts", ".ci", "tests/rigs"]);
    let found = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("grep");
    let text = String::from_utf8(found.stdout).expect("UTF-8");
    assert!(text.contains("MONTESIEVE_MPIRUN"), "{text}");
    for name in text.lines() {
        assert_eq!(strangers(crate::commands::command::command, &words("m pi", &[(name, "1")])), [], "{name}");
    }
}

#[test]
fn ranks_differ_by_words_and_by_values_but_not_by_what_they_lack() {
    let root = words("/root/m pi 1e6", &[("MONTESIEVE_SEED", "1")]);
    assert_eq!(words("/other/m pi 1e6", &[]).difference_from(&root), None);
    assert_eq!(root.difference_from(&root), None);
    let difference = |line, variables: &[(&str, &str)]| words(line, variables).difference_from(&root).expect("one");
    assert_eq!(
        difference("m pi 1e7", &[]),
        "was started with `pi 1e7`, and rank 0 with `pi 1e6`: give all ranks the same command line"
    );
    let other = difference("m pi 1e6", &[("MONTESIEVE_SEED", "2")]);
    assert!(other.starts_with("has MONTESIEVE_SEED=2 in its environment, and rank 0 has 1"), "{other}");
    let own = difference("m pi 1e6", &[("MONTESIEVE_CHUNK", "\u{1b}[2J")]);
    assert!(own.starts_with("has MONTESIEVE_CHUNK=\\u{1b}[2J in its environment, and rank 0 has none"), "{own}");
    assert!(difference(&format!("m pi {}", "9".repeat(500)), &[]).len() < 200);
}

#[cfg(unix)]
#[test]
fn what_is_not_utf8_survives_the_journey() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(vec![b'f', 0xff]);
    let words = CommandLine::collect(
        ["m".into(), odd.clone()],
        [(odd.clone(), odd.clone()), ("MONTESIEVE_OUTPUT".into(), odd)],
    );
    assert_eq!(words.variables.len(), 1);
    let bytes = bincode::serde::encode_to_vec(&words, bincode::config::standard()).expect("encodes");
    let (back, _): (CommandLine, usize) =
        bincode::serde::decode_from_slice(&bytes, bincode::config::standard()).expect("decodes");
    assert_eq!(back, words);
}
