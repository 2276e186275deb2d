//! Lines of all kinds, right and wrong.

use super::*;
use crate::cli::CommandLine;
use crate::commands::Commands;
use crate::commands::integrate::Integrate;
use crate::commands::integrate::args::{IntegrateMethod, NanPolicy};

/// The options of `montesieve integrate file FILE` with these words behind it.
pub(in super::super) fn options(words: &str) -> ManyIntegrals {
    let line = format!("montesieve integrate file f {words}");
    let words = CommandLine { arguments: line.split_whitespace().map(Into::into).collect(), variables: Vec::new() };
    let cli = crate::commands::parse(&words).unwrap_or_else(|refusal| panic!("{line}: {}", refusal.text(false)));
    match cli.command {
        Commands::Integrate(Integrate::Many(options)) => options,
        other => panic!("{line}: {other:?}"),
    }
}

fn integrals(text: &str, words: &str) -> Vec<LineIntegral> {
    parse(text, &options(words)).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// What is wrong with the only line of a text.
fn refused(line: &str, words: &str) -> String {
    let wrong = parse(line, &options(words)).expect_err(line);
    let begin = format!("line 1: '{}': ", crate::commands::inputs::shown(line.trim()));
    wrong.strip_prefix(&begin).unwrap_or_else(|| panic!("{line}: {wrong}")).to_owned()
}

#[test]
fn words_are_those_of_a_shell() {
    let text = "# a sweep\n\nexpr 'exp(-a * x + b)' --set a=2 --set b=3 --bounds \"0:1\" 1e6 --method sobol # good\n\
                \t  ball\r\n   # nothing\nexpr -x*x --bounds -1:1 --seed 7\nexpr x\\ +\\ 1 --bounds=0:1";
    let found = integrals(text, "");
    let words = |integral: &LineIntegral| {
        let words = integral.parameters.iter().map(|(name, word)| format!("{name}={word}")).collect::<Vec<_>>();
        format!("{} {} {}", integral.line, integral.name, words.join(" "))
    };
    assert_eq!(
        found.iter().map(words).collect::<Vec<_>>(),
        [
            "3 expr expression=exp(-a * x + b) bounds=0:1 set=a=2,b=3",
            "4 ball dim=3",
            "6 expr expression=-x*x bounds=-1:1",
            "7 expr expression=x + 1 bounds=0:1",
        ]
    );
    let first = found[0].sampling;
    assert_eq!((first.samples, first.method, first.seed), (Some(1_000_000), Some(IntegrateMethod::Sobol), None));
    assert_eq!(found[2].sampling.seed, Some(7));
}

#[test]
fn what_a_line_does_not_say_has_the_default_behind_file() {
    let text =
        "ball\nball 1e4 --seed 1 --method plain --nan skip\nball --method vegas --training 2e3\nball --method lattice";
    let found = integrals(text, "1e6 --seed 9 --method auto --training 1e4 --nan zero");
    let common: Vec<_> = found.iter().map(|integral| integral.alone(&options("").engine).common).collect();
    let said = |i: usize| (common[i].samples(), common[i].seed, common[i].method.word(), common[i].training);
    assert_eq!(said(0), (1_000_000, 9, "auto", Some(10_000)));
    assert_eq!(said(1), (10_000, 1, "plain", None), "a method without a map inherits no training");
    assert_eq!(said(2), (1_000_000, 9, "vegas", Some(2000)));
    assert_eq!(said(3), (1_000_000, 9, "lattice", Some(10_000)));
    assert_eq!(
        common.iter().map(|common| common.nan).collect::<Vec<_>>(),
        [NanPolicy::Zero, NanPolicy::Skip, NanPolicy::Zero, NanPolicy::Zero]
    );
    let plain = integrals("ball", "")[0].alone(&options("").engine).common;
    assert_eq!((plain.samples(), plain.seed, plain.method.word()), (100_000_000, 0, "plain"));
}

#[test]
fn a_line_has_the_options_of_one_integral_that_counts_samples() {
    for (line, why) in [
        ("ball --target-error 1e-3", "a line has no --target-error: run this integral by itself"),
        ("ball --plan", "a line has no --plan"),
        ("ball --trace=f", "a line has no --trace"),
        ("ball --plot f", "a line has no --plot"),
        ("ball --format csv", "--format is an option of the whole job: give it once, after FILE"),
        ("ball --checkpoint=c", "--checkpoint is an option of the whole job"),
        ("ball --shard 1/2", "--shard is an option of the whole job"),
        ("ball --schedule block", "--schedule is an option of the whole job"),
        ("ball -q", "-q is an option of the whole job"),
        ("ep --class S", "ep is no integrand: run 'montesieve integrate ep' by itself"),
        ("list", "list is no integrand"),
        ("file other", "file is no integrand"),
        ("cube", "no integrand 'cube'"),
        ("--seed 7 ball", "unexpected argument '--seed' found"),
        ("ball --bounds 0:1", "unexpected argument '--bounds' found"),
        ("ball 0", "invalid value '0' for '[SAMPLES]': must be at least 1"),
        ("ball --dim 1", "invalid value '1' for '--dim'"),
        ("ball --method vega", "invalid value 'vega' for '--method <NAME>' [possible values: plain, "),
        ("expr x", "the following required arguments were not provided: --bounds <A:B,...>"),
        ("expr 'x --bounds 0:1", "a quote is not closed"),
        ("expr x+q --bounds 0:1", "unknown name 'q'"),
        ("ball --training 1e5", "--training is an option of vegas, sobol, lattice and auto, not of --method plain"),
        ("ball --method vegas --training 1e5 1e5", "--training must be less than SAMPLES"),
        ("ball --method control --nan zero", "--method control has no --nan zero"),
    ] {
        let found = refused(line, "");
        assert!(found.starts_with(why), "{line}: {found}");
    }
    assert!(refused("ball --method vegas", "--shard 1/2 --checkpoint c").starts_with("--method vegas has no --shard"));
    assert!(refused("ball --method control", "--nan skip").starts_with("--method control has no --nan skip"));
}

#[test]
fn the_first_bad_lines_are_named_and_the_others_counted() {
    let text = format!("ball\ncube\n{}", "ball --plan\n".repeat(7));
    let wrong = parse(&text, &options("")).expect_err("bad lines");
    assert!(wrong.starts_with("line 2: 'cube': no integrand"), "{wrong}");
    assert!(wrong.contains("\nline 6: 'ball --plan'") && wrong.ends_with("\nand 3 more bad lines"), "{wrong}");
    for text in ["", "\n\n", "# nothing\n   # at all"] {
        assert_eq!(parse(text, &options("")), Err("no line holds an integral".to_owned()));
    }
}
