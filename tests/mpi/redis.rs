//! The flag in a real Redis server, started here on a free port of the loopback interface.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::launch::Ranks::{Alone, Launched};
use super::launch::{Launch, each};
use super::same::result;

/// A server with its own folder; ends with the test.
struct Server {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    /// `None` if Redis is not installed; in CI that is a failure.
    fn start() -> Option<Server> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let port = free.port();
        let started = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("no redis-server: {error}"),
            Err(error) => {
                eprintln!("not tested, no redis-server: {error}");
                return None;
            }
        };
        let server = Server { process, port, _folder: folder };
        let began = Instant::now();
        while server.ask("PING").is_none() {
            assert!(began.elapsed() < Duration::from_secs(10), "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    /// The first line of its answer to a command.
    fn ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let (mut answer, mut byte) = (Vec::new(), [0]);
        while stream.read_exact(&mut byte).is_ok() && byte[0] != b'\n' {
            answer.push(byte[0]);
        }
        String::from_utf8(answer).ok().map(|line| line.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn redis_keeps_the_flag_and_nothing_after_it() {
    let Some(server) = Server::start() else { return };
    let job = "isprime 99999640000243 100140049000049 99999999999973 --method trial";
    let expected = result(Alone, job);
    each([Alone, Launched(1), Launched(2), Launched(3), Launched(8)], |&ranks| {
        let line = format!("{job} --flag redis://127.0.0.1:{} --poll 20k", server.port);
        assert_eq!(result(ranks, &line), expected);
    });
    assert_eq!(server.ask("DBSIZE").as_deref(), Some(":0"), "a key is left");
    let line = format!("isprime --compare 99999640000243 --flag redis://127.0.0.1:{} --format json", server.port);
    let json = Launch::new(Launched(2), &line).run().expect_code(0).json();
    let rows = json["run"]["compared"].as_array().expect("a table");
    assert!(
        rows.last()
            .is_some_and(|row| row["division"]["flag"].as_str().is_some_and(|flag| flag.starts_with("redis://")))
    );
}

#[test]
fn no_server_is_one_message() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let line = format!("isprime 99999999999973 --method trial --flag redis://127.0.0.1:{port}");
    each([Alone, Launched(3)], |&ranks| {
        Launch::new(ranks, &line).run().expect_code(1).expect_told_once(&format!("flag redis://127.0.0.1:{port}: "));
    });
}
