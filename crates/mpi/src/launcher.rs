//! The launcher that copies this process's standard output to its own, and the launcher's standard
//! output itself.
//!
//! A rank's standard output is a pseudo-terminal or a pipe that the launcher reads. The rank cannot
//! see whether a result arrives behind it. So this module finds the launcher among the ancestors of
//! the process and writes to the launcher's standard output. It copies the descriptor
//! (`pidfd_getfd`, which Linux allows wherever it allows a debugger), or opens the same pipe, FIFO
//! or device again.

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

/// Launchers whose standard output is the user's.
const NAMES: [&str; 5] = ["mpirun", "mpiexec", "orterun", "prterun", "prte"];
/// How many ancestors to search: there are few wrapper scripts between launcher and program.
const GENERATIONS: usize = 16;

/// A launcher on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launcher {
    pid: i32,
    /// The child it started for this process: a wrapper, or this process itself.
    child: i32,
}

/// The launcher's standard output.
#[derive(Debug)]
pub enum Output {
    /// This process writes to it directly.
    Direct(OwnedFd),
    /// A regular file whose position only the launcher can move. Output goes through the launcher,
    /// whose position tells how much has arrived.
    Counted,
    /// A FIFO without a reader.
    Abandoned,
    /// The launcher writes it: a terminal, or the launcher's options change the output in a way
    /// that this process cannot.
    Left,
}

/// How the launcher's options change the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutputChange {
    Unchanged,
    /// They add bytes.
    Prefixed,
    /// They send it elsewhere, in addition or instead.
    Redirected,
}

impl Launcher {
    /// The nearest ancestor with the name of a launcher, if it holds the other end of this
    /// process's standard output. Otherwise a wrapper has redirected the output (`montesieve ... >
    /// file`), on purpose.
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

    /// The launcher's standard output, in the best form available.
    ///
    /// # Errors
    /// When it is closed or not writable.
    pub fn stdout(self) -> io::Result<Output> {
        let change = self.output_change();
        let Some(flags) = self.flags() else { return Ok(Output::Left) };
        // A descriptor with close-on-exec was not inherited: it is another file that happens to
        // have number 1.
        if flags.contains(OFlags::CLOEXEC) {
            return Err(io::Error::other("the launcher's is closed"));
        }
        if flags & OFlags::RWMODE == OFlags::RDONLY {
            return Err(io::Error::other("the launcher's is open for reading only"));
        }
        match change {
            OutputChange::Redirected => return Ok(Output::Left),
            OutputChange::Prefixed => return Ok(if self.is_file() { Output::Counted } else { Output::Left }),
            OutputChange::Unchanged => {}
        }
        if let Ok(copy) = self.copy() {
            return Ok(if isatty(&copy) { Output::Left } else { Output::Direct(copy) });
        }
        self.opened(flags)
    }

    /// A copy of the launcher's descriptor, which shares position and flags with it.
    fn copy(self) -> io::Result<OwnedFd> {
        let pid = Pid::from_raw(self.pid).ok_or(Errno::SRCH)?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        Ok(pidfd_getfd(pidfd, 1, PidfdGetfdFlags::empty())?)
    }

    /// When a copy is refused: opens the same file again, unless that needs the launcher's
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

    /// The path of its standard output.
    pub fn path(self) -> PathBuf {
        format!("/proc/{}/fd/1", self.pid).into()
    }

    fn is_file(self) -> bool {
        self.path().metadata().is_ok_and(|found| found.is_file())
    }

    /// The flags it was opened with; `None` if they cannot be read.
    fn flags(self) -> Option<OFlags> {
        field(&self.fdinfo()?, "flags:", 8).map(|flags| OFlags::from_bits_retain(flags as u32))
    }

    /// Its position in its standard output; `None` if the launcher has ended.
    pub fn position(self) -> Option<u64> {
        field(&self.fdinfo()?, "pos:", 10)
    }

    fn fdinfo(self) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/fdinfo/1", self.pid)).ok()
    }

    fn output_change(self) -> OutputChange {
        let words = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // A value that is not given on the command line. The launcher also passes those of its
        // options on to the ranks.
        let is_moved = |name: &std::ffi::OsStr| {
            let name = name.to_string_lossy().to_lowercase();
            let is_setting = name.starts_with("ompi_mca_") || name.starts_with("prte_mca_");
            is_setting && ["output_filename", "output_directory"].iter().any(|end| name.ends_with(end))
        };
        if std::env::vars_os().any(|(name, _)| is_moved(&name)) {
            return OutputChange::Redirected;
        }
        output_change(&words(self.pid), &words(self.child))
    }

    /// A launcher for tests.
    #[cfg(test)]
    pub fn of_pid(pid: i32) -> Launcher {
        Launcher { pid, child: pid }
    }
}

/// The name and the parent of a process from `PID (NAME) STATE PARENT ...`. The name may contain
/// any character.
fn name_and_parent(stat: &str) -> Option<(&str, i32)> {
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    Some((name, after.split_whitespace().nth(1)?.parse().ok()?))
}

/// Whether process `pid` holds the other end of `stdout`: a pipe, or a pseudo-terminal.
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

/// A number from `/proc/PID/fdinfo/FD`.
fn field(info: &str, name: &str, radix: u32) -> Option<u64> {
    info.lines().find_map(|line| u64::from_str_radix(line.strip_prefix(name)?.trim(), radix).ok())
}

/// How the launcher's options change the output. They precede the command line of its child, with
/// which the launcher's own ends.
fn output_change(launcher: &[u8], child: &[u8]) -> OutputChange {
    let words = |line: &'static str| line.split(' ').map(str::as_bytes);
    let of =
        |line: &[u8]| line.strip_suffix(b"\0").unwrap_or(line).split(|&byte| byte == 0).map(<[u8]>::to_vec).collect();
    let (mut options, child): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (of(launcher), of(child));
    let same = options.iter().rev().zip(child.iter().rev()).take_while(|(a, b)| a == b).count();
    options.truncate(options.len() - same);
    let is_option = |word: &&Vec<u8>| word.starts_with(b"-");
    let adds = "-tag-output --tag-output -timestamp-output --timestamp-output -xml --xml";
    options.iter().filter(is_option).fold(OutputChange::Unchanged, |change, option| {
        let is_named = |part: &&[u8]| option.windows(part.len()).any(|window| window == *part);
        match change {
            OutputChange::Redirected => OutputChange::Redirected,
            _ if words(adds).any(|name| name == &option[..]) => OutputChange::Prefixed,
            _ if words("output tag xml xterm merge stdout").any(|part| is_named(&part)) => OutputChange::Redirected,
            change => change,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(launcher: &str, child: &str) -> OutputChange {
        output_change(launcher.replace(' ', "\0").as_bytes(), child.replace(' ', "\0").as_bytes())
    }

    #[test]
    fn options_of_the_program_are_not_the_launchers() {
        let program = "montesieve primes 1e6 --output-format u64le ";
        let wrapped = format!("/bin/sh ./wrapper.sh {program}");
        assert_eq!(touched(&format!("mpirun -n 2 {program}"), program), OutputChange::Unchanged);
        assert_eq!(touched(&format!("mpirun -n 2 ./wrapper.sh {program}"), &wrapped), OutputChange::Unchanged);
        assert_eq!(touched(&format!("mpirun --tag-output -n 2 {program}"), program), OutputChange::Prefixed);
        assert_eq!(touched(&format!("mpirun --output-filename x -xml {program}"), program), OutputChange::Redirected);
        assert_eq!(touched(&format!("mpirun --output tag {program}"), program), OutputChange::Redirected);
        // With two programs, the arguments of the other one cannot be told from options.
        assert_eq!(touched("mpirun prog --output x : prog y ", "prog --output x "), OutputChange::Redirected);
        assert_eq!(touched("", ""), OutputChange::Unchanged);
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
