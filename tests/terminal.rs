//! The program in a terminal: what it says when it waits for a person to type, and how the wait
//! ends.
//!
//! Stands beside `tests/mpi/input.rs`, whose inputs are pipes and files. `script` (util-linux)
//! makes the terminal; a key is a byte that is written to it.

use std::io::{BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The longest wait for a byte: the program may share its core with other tests.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A program in a terminal.
struct Terminal {
    script: Child,
    bytes: Receiver<u8>,
    shown: String,
}

impl Terminal {
    fn start(line: &str) -> Terminal {
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{} {line}", env!("CARGO_BIN_EXE_montesieve")), "/dev/null"]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MONTESIEVE_")) {
            command.env_remove(name);
        }
        let mut script =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script, of util-linux, is installed");
        let output = BufReader::new(script.stdout.take().expect("piped"));
        let (sender, bytes) = channel();
        thread::spawn(move || output.bytes().map_while(Result::ok).try_for_each(|byte| sender.send(byte)));
        Terminal { script, bytes, shown: String::new() }
    }

    /// Waits until the terminal shows this text.
    fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            match self.bytes.recv_timeout(LONGEST_WAIT) {
                Ok(byte) => self.shown.push(byte.into()),
                Err(_) => {
                    let _ = self.script.kill();
                    panic!("'{text}' is not shown: {}", self.shown);
                }
            }
        }
    }

    fn press(&mut self, keys: &str) {
        let keyboard = self.script.stdin.as_mut().expect("piped");
        keyboard.write_all(keys.as_bytes()).and_then(|()| keyboard.flush()).expect("script reads its input");
    }

    /// All that was shown, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        while let Ok(byte) = self.bytes.recv_timeout(LONGEST_WAIT) {
            self.shown.push(byte.into());
        }
        let _ = self.script.kill();
        (self.shown, self.script.wait().expect("ended").code())
    }
}

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";

#[test]
fn a_person_is_told_what_to_type_and_one_ctrl_c_ends_the_wait() {
    for (line, contents) in [
        ("isprime -", "numbers"),
        ("isprime --file - --ranks 1", "numbers"),
        ("isprime - --method trial", "numbers"),
        ("gcd -", "pairs of numbers"),
        ("gcd --all -", "numbers"),
        ("integrate file -", "integrals"),
    ] {
        let mut terminal = Terminal::start(line);
        terminal.wait_for(&format!(
            "montesieve: type {contents}, one item a line; Ctrl-D on an empty line ends the input, Ctrl-C stops\r\n"
        ));
        terminal.press(CTRL_C);
        let (shown, code) = terminal.end();
        assert_eq!(code, Some(130), "{line}: {shown}");
        assert_eq!(shown.matches("montesieve: ").count(), 2, "{line}: {shown}");
        assert!(shown.contains("stopped by SIGINT before the end of standard input"), "{line}: {shown}");
    }
}

#[test]
fn ctrl_d_ends_what_is_typed() {
    let mut terminal = Terminal::start("isprime - --format csv -q");
    terminal.wait_for("Ctrl-C stops");
    terminal.press("7\n8\n");
    terminal.press(CTRL_D);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("\r\n7,true") && shown.contains("\r\n8,false"), "{shown}");
}

#[test]
fn ctrl_c_after_a_line_ends_the_wait_too() {
    let mut terminal = Terminal::start("gcd -");
    terminal.wait_for("Ctrl-C stops");
    terminal.press("12 18\n5");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().1, Some(130));
}
