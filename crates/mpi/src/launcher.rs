//! The launcher that copies our standard output to its own, and that standard output itself.
//!
//! A rank's standard output is a pseudo-terminal, or a pipe, that the launcher reads. What becomes
//! of a result behind it cannot be seen from there, so this file finds the launcher among our
//! ancestors and takes its standard output: as a copy of its descriptor (`pidfd_getfd`, which Linux
//! allows where a debugger would be), or by opening the same pipe, FIFO or device once more.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, getppid, pidfd_getfd, pidfd_open};
use rustix::termios::isatty;

use crate::stream;

/// Names of launchers whose own standard output is the user's.
const NAMES: [&str; 5] = ["mpirun", "mpiexec", "orterun", "prterun", "prte"];
/// Ancestors that are looked at: wrapper scripts between launcher and program are few.
const GENERATIONS: usize = 16;

/// A launcher on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launcher {
    pid: i32,
    /// The process that it started for us: a wrapper, or this one.
    child: i32,
}

/// Its standard output.
#[derive(Debug)]
pub enum Output {
    /// To be written to in its place.
    Direct(OwnedFd),
    /// A regular file with a position that only the launcher can move: what we write reaches it
    /// through the launcher, whose position tells how much has arrived.
    Counted,
    /// A FIFO that nothing reads any more.
    Abandoned,
    /// Left to the launcher: a terminal, or what was asked to be done to the output on its way
    /// cannot be done by us.
    Left,
}

/// What options do to the output on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touch {
    Nothing,
    /// Bytes are added.
    Adds,
    /// It goes elsewhere, too or instead.
    Moves,
}

impl Launcher {
    /// The nearest ancestor with the name of a launcher, if it holds the other end of our standard
    /// output. A wrapper that sends it elsewhere (`montesieve ... > file`) wants it there.
    pub fn of_stdout() -> Option<Launcher> {
        let stdout = fs::read_link("/proc/self/fd/1").ok()?;
        let (mut child, mut pid) = (std::process::id() as i32, getppid()?.as_raw_nonzero().get());
        for _ in 0..GENERATIONS {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (name, parent) = name_and_parent(&stat)?;
            if NAMES.contains(&name) {
                return holds(pid, &stdout).then_some(Launcher { pid, child });
            }
            (child, pid) = (pid, parent);
        }
        None
    }

    /// Its standard output, as it can be had.
    ///
    /// # Errors
    /// When it is closed, or cannot be written to.
    pub fn stdout(self) -> io::Result<Output> {
        let touch = self.touch();
        let Some(flags) = self.flags() else { return Ok(Output::Left) };
        // What was inherited has not been closed at the launcher's own start; what has is another
        // file that happens to have the number.
        if flags.contains(OFlags::CLOEXEC) {
            return Err(io::Error::other("the launcher's is closed"));
        }
        if flags & OFlags::RWMODE == OFlags::RDONLY {
            return Err(io::Error::other("the launcher's is open for reading only"));
        }
        match touch {
            Touch::Moves => return Ok(Output::Left),
            Touch::Adds => return Ok(if self.is_file() { Output::Counted } else { Output::Left }),
            Touch::Nothing => {}
        }
        if let Ok(copy) = self.copy() {
            return Ok(if isatty(&copy) { Output::Left } else { Output::Direct(copy) });
        }
        self.opened(flags)
    }

    /// A copy of its descriptor: position and flags are shared with it.
    fn copy(self) -> io::Result<OwnedFd> {
        let pid = Pid::from_raw(self.pid).ok_or(Errno::SRCH)?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        Ok(pidfd_getfd(pidfd, 1, PidfdGetfdFlags::empty())?)
    }

    /// Where a copy is refused: the same file opened again, where that does not need the launcher's
    /// position.
    fn opened(self, flags: OFlags) -> io::Result<Output> {
        let path = self.path();
        let Ok(found) = path.metadata() else { return Ok(Output::Left) };
        let kind = found.file_type();
        if kind.is_file() {
            let end = fs::OpenOptions::new().append(true).open(&path).ok().filter(|_| flags.contains(OFlags::APPEND));
            return Ok(end.map_or(Output::Counted, |file| Output::Direct(file.into())));
        }
        if !kind.is_fifo() && !kind.is_char_device() {
            return Ok(Output::Left);
        }
        Ok(match stream::open_now(&path) {
            Ok(file) if isatty(&file) => Output::Left,
            Ok(file) => Output::Direct(file.into()),
            Err(error) if stream::is_without_reader(&path, &error) => Output::Abandoned,
            Err(_) => Output::Left,
        })
    }

    /// Where its standard output is to be found.
    pub fn path(self) -> PathBuf {
        format!("/proc/{}/fd/1", self.pid).into()
    }

    fn is_file(self) -> bool {
        self.path().metadata().is_ok_and(|found| found.is_file())
    }

    /// How it was opened; `None` where that cannot be seen.
    fn flags(self) -> Option<OFlags> {
        field(&self.fdinfo()?, "flags:", 8).map(|flags| OFlags::from_bits_retain(flags as u32))
    }

    /// Its position in its standard output; `None` when it has gone.
    pub fn position(self) -> Option<u64> {
        field(&self.fdinfo()?, "pos:", 10)
    }

    fn fdinfo(self) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/fdinfo/1", self.pid)).ok()
    }

    fn touch(self) -> Touch {
        let words = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // A value that is given otherwise than on the command line; the launcher hands on those of
        // its options, too.
        let is_moved = |name: &std::ffi::OsStr| {
            let name = name.to_string_lossy().to_lowercase();
            let is_setting = name.starts_with("ompi_mca_") || name.starts_with("prte_mca_");
            is_setting && ["output_filename", "output_directory"].iter().any(|end| name.ends_with(end))
        };
        if std::env::vars_os().any(|(name, _)| is_moved(&name)) {
            return Touch::Moves;
        }
        touch(&words(self.pid), &words(self.child))
    }

    /// A launcher for tests.
    #[cfg(test)]
    pub fn of_pid(pid: i32) -> Launcher {
        Launcher { pid, child: pid }
    }
}

/// The name and the parent of a process: `PID (NAME) STATE PARENT ...`; the name may hold anything.
fn name_and_parent(stat: &str) -> Option<(&str, i32)> {
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    Some((name, after.split_whitespace().nth(1)?.parse().ok()?))
}

/// Whether process `pid` has the other end of what `stdout` names: a pipe, or a pseudo-terminal.
fn holds(pid: i32, stdout: &Path) -> bool {
    let terminal = stdout.strip_prefix("/dev/pts").ok().and_then(|number| number.to_str()?.parse::<u64>().ok());
    if terminal.is_none() && !stdout.to_string_lossy().starts_with("pipe:") {
        return false;
    }
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        let Ok(link) = fs::read_link(entry.path()) else { return false };
        let Some(terminal) = terminal else { return link == stdout };
        let info = || fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", entry.file_name().display())).ok();
        link.ends_with("ptmx") && info().and_then(|info| field(&info, "tty-index:", 10)) == Some(terminal)
    })
}

/// A number of `/proc/PID/fdinfo/FD`.
fn field(info: &str, name: &str, radix: u32) -> Option<u64> {
    info.lines().find_map(|line| u64::from_str_radix(line.strip_prefix(name)?.trim(), radix).ok())
}

/// What the launcher's options do: those in front of the command line of its child, with which its
/// own ends.
fn touch(launcher: &[u8], child: &[u8]) -> Touch {
    let words = |line: &'static str| line.split(' ').map(str::as_bytes);
    let of =
        |line: &[u8]| line.strip_suffix(b"\0").unwrap_or(line).split(|&byte| byte == 0).map(<[u8]>::to_vec).collect();
    let (mut options, child): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (of(launcher), of(child));
    let same = options.iter().rev().zip(child.iter().rev()).take_while(|(a, b)| a == b).count();
    options.truncate(options.len() - same);
    let is_option = |word: &&Vec<u8>| word.starts_with(b"-");
    let adds = "-tag-output --tag-output -timestamp-output --timestamp-output -xml --xml";
    options.iter().filter(is_option).fold(Touch::Nothing, |touch, option| {
        let is_named = |part: &&[u8]| option.windows(part.len()).any(|window| window == *part);
        match touch {
            Touch::Moves => Touch::Moves,
            _ if words(adds).any(|name| name == &option[..]) => Touch::Adds,
            _ if words("output tag xml xterm merge stdout").any(|part| is_named(&part)) => Touch::Moves,
            touch => touch,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(launcher: &str, child: &str) -> Touch {
        touch(launcher.replace(' ', "\0").as_bytes(), child.replace(' ', "\0").as_bytes())
    }

    #[test]
    fn options_of_the_program_are_not_the_launchers() {
        let program = "montesieve primes 1e6 --output-format u64le ";
        let wrapped = format!("/bin/sh ./wrapper.sh {program}");
        assert_eq!(touched(&format!("mpirun -n 2 {program}"), program), Touch::Nothing);
        assert_eq!(touched(&format!("mpirun -n 2 ./wrapper.sh {program}"), &wrapped), Touch::Nothing);
        assert_eq!(touched(&format!("mpirun --tag-output -n 2 {program}"), program), Touch::Adds);
        assert_eq!(touched(&format!("mpirun --output-filename x -xml {program}"), program), Touch::Moves);
        assert_eq!(touched(&format!("mpirun --output tag {program}"), program), Touch::Moves);
        // Two programs: those of the other are not told from options.
        assert_eq!(touched("mpirun prog --output x : prog y ", "prog --output x "), Touch::Moves);
        assert_eq!(touched("", ""), Touch::Nothing);
    }

    #[test]
    fn names_with_parentheses() {
        assert_eq!(name_and_parent("12 (mpirun) S 11 12 0"), Some(("mpirun", 11)));
        assert_eq!(name_and_parent("12 (a) b (c)) S 11 12 0"), Some(("a) b (c)", 11)));
        assert_eq!(name_and_parent("nothing"), None);
    }

    #[test]
    fn numbers_of_a_descriptor() {
        let info = "pos:\t4711\nflags:\t02004001\nmnt_id:\t16\ntty-index:\t3\n";
        assert_eq!(field(info, "pos:", 10), Some(4711));
        let flags = OFlags::from_bits_retain(field(info, "flags:", 8).expect("flags") as u32);
        assert!(flags.contains(OFlags::CLOEXEC) && flags & OFlags::RWMODE == OFlags::WRONLY);
        assert_eq!(field(info, "tty-index:", 10), Some(3));
        assert_eq!(field("", "pos:", 10), None);
    }

    #[test]
    fn the_other_end_of_a_pipe_is_found() {
        let (reader, writer) = io::pipe().expect("a pipe");
        let own = std::process::id() as i32;
        let name =
            |descriptor: &dyn std::os::fd::AsRawFd| fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd()));
        assert!(holds(own, &name(&writer).expect("a link")));
        let path = name(&reader).expect("a link");
        drop((reader, writer));
        assert!(!holds(own, &path) && !holds(own, Path::new("/tmp/file")) && !holds(own, Path::new("/dev/pts/999999")));
    }
}
