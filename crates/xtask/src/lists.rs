//! `cargo xtask lists-campaign`: random lists of primes and k-tuplets against Debian's primesieve,
//! byte for byte.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::draw::Draw;
use crate::faults::SCHEDULES;
use crate::run::{self, Result, launch, run, shown};

/// Hold random lists of primes and k-tuplets against Debian's primesieve.
///
/// Each list has a START between 0 and 2^64, a length, a k from 1 (primes) to 6, a form (text,
/// u64le, npy), a place (a file, or a pipe), a number of ranks (0: no launcher, to 5), a schedule
/// and a chunk, all drawn from the seed and the list's number alone: --from I --lists 1 repeats
/// list I. Some end at 2^64 - 1 or cross a power of ten, a square or the border where lists are
/// divided by lines. The last line says how many were right. Exit code 0: all. 1: one was not.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    #[arg(long, value_name = "N", default_value_t = 500)]
    lists: u64,
    #[arg(long, value_name = "S", default_value_t = 17)]
    seed: u64,
    /// The number of the first list
    #[arg(long, value_name = "I", default_value_t = 0)]
    from: u64,
    /// The program [default: MONTESIEVE_TEST_BINARY, or target/release/montesieve]
    #[arg(long, value_name = "FILE")]
    program: Option<OsString>,
}

/// Seconds for any one command.
const LIMIT: u64 = 300;

/// What is listed, and how.
struct List {
    start: u64,
    stop: u64,
    k: u32,
    form: &'static str,
    is_file: bool,
    ranks: usize,
    schedule: &'static str,
    chunk: &'static str,
    isa: &'static str,
}

impl List {
    fn draw(seed: u64, number: u64) -> List {
        let mut draw = Draw::new(seed, number);
        let bits = draw.within(0..=64u32);
        let start = draw.word().checked_shr(64 - bits).unwrap_or(0);
        // Sieving near 2^64 needs 2e8 primes: some such lists are long, most are short.
        let longest = if bits < 52 { 27 } else { draw.pick(&[8, 16, 24, 26]) };
        let length = draw.word() >> (64 - draw.within(1..=longest));
        let before = |end: u64| end.saturating_sub(length / 2);
        let start = match draw.within(0..8) {
            0 => u64::MAX - length,
            1 => before(10u64.pow(draw.within(1..=19))),
            2 => before(draw.within(2..1u64 << 32).pow(2)),
            // Below it lists are divided by bytes, above it by lines.
            3 => before(25_000_000_000_000),
            _ => start,
        };
        let k = draw.pick(&[1, 1, 1, 1, 2, 3, 4, 5, 6]);
        List {
            start,
            stop: start.saturating_add(length),
            k,
            form: if k == 1 { draw.pick(&["text", "text", "u64le", "npy"]) } else { "text" },
            is_file: draw.chance(0.5),
            ranks: draw.pick(&[0, 0, 1, 2, 3, 4, 5]),
            schedule: draw.pick(&SCHEDULES),
            chunk: draw.pick(&["auto", "auto", "1", "2", "7", "1000"]),
            isa: draw.pick(&["", "", "portable", "avx2"]),
        }
    }

    fn command(&self, program: &OsString, file: &Path) -> Command {
        let mut command = launch(program, self.ranks, ["primes", "--quiet"]);
        command.args([self.start, self.stop].map(|end| end.to_string()));
        command.args(["--schedule", self.schedule]);
        if self.chunk != "auto" {
            command.args(["--chunk", self.chunk]);
        }
        match self.form {
            "text" => command.arg(format!("--print={}", self.k)),
            form => command.args(["--output-format", form]),
        };
        if self.is_file {
            command.arg("--output").arg(file);
        }
        if !self.isa.is_empty() {
            command.env("MONTESIEVE_ISA", self.isa);
        }
        command
    }

    /// What primesieve makes of it.
    fn expected(&self) -> Result<Vec<u8>> {
        let mut primesieve = Command::new("primesieve");
        primesieve.args([self.start, self.stop].map(|end| end.to_string()));
        primesieve.args([&format!("-p{}", self.k), "-q", "--threads=1"]);
        let text = run(&mut primesieve, LIMIT)?.success()?;
        if self.form == "text" {
            return Ok(text);
        }
        let numbers = str::from_utf8(&text)?.lines().map(str::parse);
        let numbers: Vec<u64> = numbers.collect::<std::result::Result<_, _>>()?;
        let mut bytes = Vec::new();
        if self.form == "npy" {
            let shape = format!("'shape': ({},), }}", numbers.len());
            let header = format!("{{'descr': '<u8', 'fortran_order': False, {shape}");
            bytes.extend(b"\x93NUMPY\x01\x00\x76\x00");
            bytes.extend(format!("{header:<117}\n").bytes());
        }
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        Ok(bytes)
    }

    /// What montesieve makes of it.
    fn found(&self, command: &mut Command, file: &Path) -> Result<Vec<u8>> {
        let out = run(command, LIMIT)?.success()?;
        if !self.is_file {
            return Ok(out);
        }
        let written = fs::read(file)?;
        fs::remove_file(file)?;
        let folder = file.parent().ok_or("a file in no folder")?;
        if !out.is_empty() || fs::read_dir(folder)?.next().is_some() {
            return Err("something beside the file".into());
        }
        Ok(written)
    }
}

/// Where two lists differ.
fn difference(found: &[u8], expected: &[u8]) -> String {
    let at = found.iter().zip(expected).position(|(one, other)| one != other);
    let lengths = format!("{} bytes instead of {}", found.len(), expected.len());
    at.map_or(lengths.clone(), |at| format!("{lengths}, different from byte {at} on"))
}

pub fn campaign(options: &Options) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("list");
    let program = options.program.clone().unwrap_or_else(run::program);
    let mut right = 0;
    for tried in 1..=options.lists {
        let number = options.from + tried - 1;
        let list = List::draw(options.seed, number);
        let mut command = list.command(&program, &file);
        let expected = list.expected()?;
        let wrong = match list.found(&mut command, &file) {
            Ok(found) if found == expected => None,
            Ok(found) => Some(difference(&found, &expected)),
            Err(error) if run::is_stopped() => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        match wrong {
            Some(wrong) => {
                let isa = if list.isa.is_empty() { "best" } else { list.isa };
                println!("WRONG {number}: {}, isa {isa}\n      {wrong}", shown(&command));
            }
            None => right += 1,
        }
        if tried % 50 == 0 {
            println!("right so far: {right} of {tried}");
        }
    }
    println!("{right} of {} lists are those of primesieve (seed {})", options.lists, options.seed);
    Ok(right == options.lists && right > 0)
}
