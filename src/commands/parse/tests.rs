//! The command line as a whole: good lines, bad lines, presets, help.

use std::ffi::OsString;

use super::*;
use crate::cli::Chunk;
use crate::cli::precision::DEFAULT_SEED;
use crate::commands::Commands;
use crate::commands::integrate::args::Integrate;
use crate::commands::pi::args::{PiAlgorithm, PiMethod};
use crate::commands::primes::args::Nth;
use crate::commands::primes::range::Range;
use crate::job::Schedule;
use crate::progress::Mode;
use crate::report::Format;

fn try_with(line: &str, variables: &[(&str, &str)]) -> Result<Cli, Refusal> {
    let words = CommandLine::collect(
        line.split_whitespace().map(OsString::from),
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))),
    );
    let found = parse(&words);
    assert_eq!(found, parse_as(command(), &words), "{line}: alone and among all commands");
    found
}

fn cli(line: &str) -> Commands {
    try_with(line, &[]).unwrap_or_else(|refusal| panic!("{line}: {}", refusal.text(false))).command
}

fn refused(line: &str) -> String {
    let refusal = try_with(line, &[]).expect_err(line);
    assert_eq!((refusal.exit_code(), refusal.is_help()), (2, false), "{line}");
    assert!(refusal.text(false).lines().count() <= 7, "{line}: {}", refusal.text(false));
    assert_eq!(refusal.text(false).matches("error: ").count(), 1, "{line}");
    assert!(!refusal.text(false).contains('\u{1b}'), "{line}");
    refusal.text(false).lines().next().expect("a line").to_owned()
}

#[test]
fn clap_finds_no_fault_in_the_structs() {
    command().debug_assert();
}

#[test]
fn pi_has_defaults() {
    let Commands::Pi(pi) = cli("montesieve pi") else { panic!("not pi") };
    assert_eq!((pi.samples(), pi.seed), (1_000_000_000, DEFAULT_SEED));
    assert_eq!((pi.method, pi.algorithm), (PiMethod::Darts, PiAlgorithm::Simd));
    let engine = pi.engine;
    assert_eq!((engine.schedule, engine.chunk, engine.progress), (Schedule::Dynamic, Chunk::Auto, Mode::Auto));
    assert_eq!((engine.destination.format, engine.destination.output), (Format::Text, None));
    assert!(!engine.quiet && !engine.per_rank && !engine.exit_zero && !engine.launch.allow_singleton);
}

#[test]
fn methods_are_typed_as_they_are_reported() {
    for (_, method, _) in PiMethod::CHOICES {
        let Commands::Pi(pi) = cli(&format!("montesieve pi --method {}", method.word())) else { panic!("not pi") };
        assert_eq!(pi.method, *method);
    }
}

#[test]
fn every_engine_option_arrives() {
    let line = "montesieve primes 10 20 -pq --schedule guided --chunk 7 --output f --per-rank --progress plain \
                --exit-zero --allow-singleton";
    let Commands::Primes(primes) = cli(line) else { panic!("not primes") };
    assert_eq!(primes.range, Range { start: 10, stop: 20 });
    assert_eq!(primes.print, Some(1));
    assert!(primes.engine.quiet && primes.engine.per_rank && primes.engine.exit_zero);
    assert_eq!((primes.engine.schedule, primes.engine.progress), (Schedule::Guided, Mode::Plain));
    assert_eq!(primes.engine.chunk.to_string(), "7");
    assert_eq!(primes.engine.destination.output, Some("f".into()));
    assert!(primes.engine.launch.allow_singleton);
}

#[test]
fn ranges_as_primesieve_has_them() {
    for (line, start, stop) in [
        ("montesieve primes 100", 0, 100),
        ("montesieve primes 10 100", 10, 100),
        ("montesieve primes 1e12 -d 1e10", 1_000_000_000_000, 1_010_000_000_000),
        ("montesieve primes --dist=10 100", 100, 110),
        ("montesieve primes 2^64-59 2^64-1", 18_446_744_073_709_551_557, u64::MAX.into()),
        ("montesieve primes 1e26", 0, 10_u128.pow(26)),
    ] {
        let Commands::Primes(primes) = cli(line) else { panic!("not primes") };
        assert_eq!(primes.range, Range { start, stop }, "{line}");
    }
}

#[test]
fn print_takes_a_k() {
    for (line, k) in [
        ("", None),
        ("-p", Some(1)),
        ("--print", Some(1)),
        ("--print=2", Some(2)),
        ("-p=6", Some(6)),
        ("-p4", Some(4)),
        ("-qp4", Some(4)),
    ] {
        for line in [format!("primes {line} 9"), format!("primes 9 {line}")] {
            let Commands::Primes(primes) = cli(&format!("montesieve {line}")) else { panic!("not primes") };
            assert_eq!((primes.range.stop, primes.print), (9, k), "{line}");
        }
    }
}

#[test]
fn integrands_have_their_parameters() {
    let samples = |line: &str| match cli(&format!("montesieve integrate {line}")) {
        Commands::Integrate(Integrate::Samples(samples)) => samples,
        other => panic!("{other:?}"),
    };
    let ball = samples("ball --seed 7 1e6 --dim 5 -q");
    assert_eq!((ball.name, ball.parameters.word("dim")), ("ball", "5"));
    assert_eq!((ball.common.samples(), ball.common.seed, ball.common.engine.quiet), (1_000_000, 7, true));
    assert_eq!(samples("genz-gaussian").parameters.word("dim"), "5");
    assert_eq!(samples("option --rate -0.01").parameters.word("rate"), "-0.01");
    for line in ["expr -x*y --bounds -1:1,0:2 9", "expr --bounds -1:1,0:2 -x*y 9", "expr -x*y 9 --bounds=-1:1,0:2"] {
        let own = samples(line);
        let words = (own.parameters.word("expression"), own.parameters.word("bounds"));
        assert_eq!((words, own.common.samples()), (("-x*y", "-1:1,0:2"), 9), "{line}");
    }
    assert!(matches!(cli("montesieve integrate list --format csv"), Commands::Integrate(Integrate::List(_))));
}

#[test]
fn nth_takes_a_start() {
    for (line, start, n) in [
        ("primes --nth 100", 0, 100),
        ("primes 2 -n 100", 2, 100),
        ("primes -n1k 1e9", 1_000_000_000, 1000),
        ("primes --nth -1 1e9", 1_000_000_000, -1),
        ("primes -n -1e3 7", 7, -1000),
        ("primes --nth=-2 1e20", 10_u128.pow(20), -2),
    ] {
        let Commands::Primes(primes) = cli(&format!("montesieve {line}")) else { panic!("not primes") };
        assert_eq!((primes.range.start, primes.nth), (start, Nth(Some(n))), "{line}");
    }
    let Commands::Primes(primes) = cli("montesieve primes 9") else { panic!("not primes") };
    assert_eq!(primes.nth, Nth(None));
}

#[test]
fn burnin_has_times_and_a_threshold() {
    let burnin = |line: &str| match cli(line) {
        Commands::Burnin(burnin) => (burnin.duration().map(|time| time.as_secs()), burnin.threshold()),
        other => panic!("{other:?}"),
    };
    assert_eq!(burnin("montesieve burnin"), (Some(60), 0.05));
    assert_eq!(burnin("montesieve burnin --quick --threshold 2.5%"), (Some(5), 0.025));
    assert_eq!(burnin("montesieve burnin --duration 10m"), (Some(600), 0.05));
    assert_eq!(burnin("montesieve burnin --forever"), (None, 0.05));
    refused("montesieve burnin --forever --quick");
}

#[test]
fn the_last_of_two_equal_options_wins() {
    let Commands::Pi(pi) = cli("montesieve pi --seed 1 --seed 2") else { panic!("not pi") };
    assert_eq!(pi.seed, 2);
}

#[test]
fn bad_input_gives_one_clear_message() {
    let lines: Vec<String> = [
        "pi -5",
        "pi -5k",
        "pi abc",
        "pi 1e40",
        "pi 0",
        "pi 1.5",
        "pi --seed -1",
        "pi --method dice",
        "pi --seed 2^64",
        "pi --schedule fast",
        "pi --chunk 0",
        "pi --nonsense",
        "pi 1 2",
        "primes",
        "primes 10 5",
        "primes 0 1e26+1",
        "primes 2^64 --algorithm sqrt",
        "primes 1e20 --output-format npy",
        "primes 1e20 --output-format u64le",
        "primes -3",
        "primes -2^3",
        "primes 1e26 -d 1",
        "primes 1 2 -d 3",
        "primes --nth 0",
        "primes --nth -0 10",
        "primes --nth -x 10",
        "primes --nth 1699246750872437141327604",
        "primes --nth 5 10 20",
        "primes --nth 5 10 -d 20",
        "primes --nth 5 --count 2",
        "primes --nth 5 --print",
        "primes 10 --print=7",
        "primes 10 --print=0",
        "primes 10 -p7",
        "primes 10 --print --sum",
        "primes 10 --output-format bin",
        "primes 10 --output-format npy --print=2",
        "primes 10 --output-format npy --format csv",
        "primes 10 --output-format npy --digest",
        "primes 10 --gaps=some",
        "primes 10 --count 1,7",
        "primes 10 --count",
        "primes 10 --print --format json",
        "isprime",
        "isprime 2^100000",
        "isprime 7 --flag message",
        "isprime 7 --method trial --flag semaphore",
        "isprime 7 --method trial --flag redis://nowhere",
        "isprime 7 8 --method trial --checkpoint x",
        "isprime 7 --plot x",
        "isprime --compare --flag rma",
        "gcd",
        "gcd x --all --serialise",
        "gcd x --checkpoint y",
        "integrate",
        "integrate nonsense",
        "integrate ball 0",
        "integrate ball --dim 21",
        "integrate ball --bounds 0:1",
        "integrate option --right keep",
        "integrate option --spot 0",
        "integrate expr",
        "integrate expr x",
        "integrate expr x+q --bounds 0:1",
        "integrate expr x --bounds 1:0",
        "integrate lib",
        "integrate lib ./f.so --bounds 0:1",
        "integrate lib ./f.so:f",
        "integrate lib ./f.so:f --bounds 0:1 --form vectors",
        "integrate lib ./f.so:f --bounds 0:1 --components 2",
        "integrate ball --histogram x1",
        "integrate ball --histogram x1:10 --method control",
        "integrate ball --histogram x1:10 --nan skip",
        "integrate expr x --bounds 0:x",
        "integrate expr x --bounds 0:1 --set a",
        "integrate expr x --bounds 0:1 --set a=1 --set b=2",
        "integrate list 5",
        "burnin --duration 5",
        "burnin --quick --duration 5s",
        "burnin --threshold 0%",
        "nonsense",
        "completions ksh",
    ]
    .iter()
    .map(|line| format!("{line:<32} {}", refused(&format!("montesieve {line}"))))
    .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn presets_become_options() {
    let presets = [("MONTESIEVE_SEED", "7"), ("MONTESIEVE_PER_RANK", "1"), ("MONTESIEVE_FORMAT", "json")];
    let Ok(Cli { command: Commands::Pi(pi) }) = try_with("montesieve pi", &presets) else { panic!("not pi") };
    assert_eq!((pi.seed, pi.engine.per_rank, pi.engine.destination.format), (7, true, Format::Json));
    let Ok(Cli { command: Commands::Pi(pi) }) = try_with("montesieve pi --seed 1", &presets) else { panic!("not pi") };
    assert_eq!(pi.seed, 1);
}

#[test]
fn a_bad_preset_is_named() {
    let text = |line: &str, preset| try_with(line, &[preset]).expect_err(line).text(false).to_owned();
    insta::assert_snapshot!(text("montesieve pi", ("MONTESIEVE_SEED", "abc")));
    insta::assert_snapshot!(text("montesieve primes 9 --print", ("MONTESIEVE_FORMAT", "csv")));
    insta::assert_snapshot!(text("montesieve pi", ("MONTESIEVE_QUIET", "maybe")));
}

#[test]
fn help_and_version_are_no_errors() {
    for line in ["montesieve --help", "montesieve --version", "montesieve pi -h", "montesieve help primes"] {
        let refusal = try_with(line, &[]).expect_err(line);
        assert_eq!((refusal.exit_code(), refusal.is_help()), (0, true), "{line}");
        assert!(!refusal.text(false).contains('\u{1b}') && refusal.text(false).ends_with('\n'), "{line}");
    }
    let version = try_with("montesieve --version", &[]).expect_err("version");
    assert_eq!(version.text(false), format!("montesieve {}\n", env!("CARGO_PKG_VERSION")));
    let bare = try_with("montesieve", &[]).expect_err("bare");
    assert_eq!((bare.exit_code(), bare.is_help()), (2, false));
}

#[test]
fn colour_only_where_asked() {
    let refusal = try_with("montesieve pi abc", &[]).expect_err("abc");
    assert!(refusal.text(true).contains('\u{1b}'));
}

#[test]
fn help_reads_well() {
    let mut integrate = command().term_width(100);
    integrate.build();
    let integrate = integrate.find_subcommand_mut("integrate").expect("integrate");
    for name in ["ball", "expr", "lib", "option"] {
        let help = integrate.find_subcommand_mut(name).expect(name).render_help().to_string();
        // The engine's options are those of every command.
        insta::assert_snapshot!(format!("help_integrate_{name}"), help.split("\nEngine:").next().unwrap_or_default());
    }
    let mut all = command().term_width(100);
    all.build();
    for command in all.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        insta::assert_snapshot!(format!("help_{}", command.get_name()), command.render_help());
    }
    insta::assert_snapshot!("help", command().term_width(100).render_help());
}

/// A paragraph that is cut by hand wraps badly in a narrow terminal: a word alone on a line.
#[test]
fn paragraphs_of_help_wrap() {
    for width in [80, 100] {
        let mut all = command().term_width(width);
        all.build();
        let mut commands = vec![all];
        while let Some(mut command) = commands.pop() {
            let help = command.render_long_help().to_string();
            let lines: Vec<&str> = help.lines().collect();
            let is_text = |line: &str| !line.is_empty() && !line.starts_with(' ');
            for pair in lines.windows(2).filter(|pair| pair.iter().all(|line| is_text(line))) {
                let is_end = pair[0].ends_with(['.', ':']);
                assert!(is_end || pair[0].len() > width / 2, "{}, {width} columns: {pair:?}", command.get_name());
            }
            commands.extend(command.get_subcommands().filter(|inner| inner.get_name() != "help").cloned());
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_words_panic(words in proptest::collection::vec("[-a-z0-9=.^]{0,8}|pi|primes|info|integrate|expr|ball|--bounds|-d|--print|--seed", 0..6)) {
        let words = std::iter::once("montesieve".to_owned()).chain(words).map(OsString::from);
        let words = CommandLine::collect(words, []);
        assert_eq!(parse(&words), parse_as(command(), &words));
    }
}
