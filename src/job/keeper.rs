//! Keeps a job's ledger on disk: when, and so that a crash at any moment leaves a good file.
//!
//! Stands beside `checkpoint`, which knows the bytes. A save writes a temporary file in the same folder, syncs it, keeps the
//! file of the save before as `FILE.before`, and renames. A save that fails is a warning, and is tried again.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkpoint::{self, Refusal};
use super::{Identity, Ledger, Tally};
use crate::error::{Error, Result};
use crate::stderr;
use crate::whole::{self, Readers};

/// Where and how often to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The file.
    pub path: PathBuf,
    /// How much work may be lost.
    pub every: Duration,
}

impl Keep {
    /// How old the work may be that a rank has not reported: of the interval a part, and a second at the most.
    pub fn slack(&self) -> Duration {
        (self.every / 5).min(Duration::from_secs(1))
    }

    /// Time between two saves: what is lost is that, what was not reported by then, and a piece that was not whole.
    fn between(&self) -> Duration {
        self.every - 2 * self.slack()
    }
}

/// At the root: saves a job's ledger.
#[derive(Debug)]
pub struct Keeper {
    keep: Keep,
    identity: Identity,
    saved: Instant,
    /// Whether the last save went well.
    good: bool,
    warned: bool,
}

impl Keeper {
    /// Begins now; nothing is written yet. What a killed run has left half written goes.
    pub fn new(keep: Keep, identity: Identity) -> Keeper {
        whole::sweep(&keep.path);
        Keeper { keep, identity, saved: Instant::now(), good: false, warned: false }
    }

    /// Whether it is time to save.
    pub fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.saved) >= self.keep.between()
    }

    /// Saves; a failure is said once, and tried again when it is due again.
    pub fn save<T: Tally>(&mut self, ledger: &Ledger<T>, now: Instant) {
        self.saved = now;
        let written = checkpoint::encode(&self.identity, ledger)
            .map_err(io::Error::other)
            .and_then(|bytes| replace(&self.keep.path, &bytes));
        self.good = written.is_ok();
        if let Err(error) = written
            && !std::mem::replace(&mut self.warned, true)
        {
            let path = self.keep.path.display();
            stderr::message(&format!("cannot write the checkpoint {path}: {error}; the run goes on and tries again"));
        }
    }

    /// Whether the last save went well.
    pub fn is_good(&self) -> bool {
        self.good
    }
}

/// The ledger that `path` has for the job `ours`; `None` when there is no such file.
///
/// # Errors
/// [`Error::Usage`] when the file is a checkpoint of another job, [`Error::Run`] when it is none, or damaged: then the one
/// before is named, if that is good.
pub fn load<T: Tally>(path: &Path, ours: &Identity) -> Result<Option<Ledger<T>>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(format!("cannot read the checkpoint {}", path.display()))(error)),
    };
    checkpoint::decode(&bytes, ours).map(Some).map_err(|refusal| refused(path, ours, &refusal))
}

fn refused(path: &Path, ours: &Identity, refusal: &Refusal) -> Error {
    let said = format!("{} {refusal}", path.display());
    if !refusal.is_damage() {
        return Error::Usage(said);
    }
    let before = before(path);
    let helps =
        fs::read(&before).is_ok_and(|bytes| checkpoint::identity(&bytes).is_ok_and(|theirs| theirs.kind == ours.kind));
    Error::Run(if helps { format!("{said}; the one before is good: --resume {}", before.display()) } else { said })
}

/// The place of the checkpoint before the last one.
pub fn before(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".before");
    path.with_file_name(name)
}

/// Puts `bytes` at `path`; what was there moves to [`before`].
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = whole::beside(path, Readers::Owner)?;
    file.write_all(bytes)?;
    // Synced before the one before is touched: there are two good files at any time.
    file.as_file().sync_all()?;
    let spare = before(path);
    match fs::remove_file(&spare) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A link, so that there is a good file at `path` all the time. No checkpoint yet, or a file system without links: then
    // there is none before.
    let _ = fs::hard_link(path, &spare);
    whole::keep(file, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::job::Span;

    fn identity(seed: u64) -> Identity {
        Identity { kind: format!("seed {seed}"), amount: 100, whole: 10, words: vec![format!("pi --seed {seed}")] }
    }

    fn ledger(blocks: u64) -> Ledger<()> {
        let mut ledger = Ledger::new();
        ledger.record(Span::new(0, blocks), ()).expect("disjoint");
        ledger
    }

    fn keeper(path: &Path) -> Keeper {
        Keeper::new(Keep { path: path.into(), every: Duration::from_secs(30) }, identity(1))
    }

    #[test]
    fn the_last_save_and_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pi.ckpt");
        assert_eq!(load::<()>(&path, &identity(1)).expect("nothing there"), None);
        let mut keeper = keeper(&path);
        for blocks in [3, 5, 8] {
            keeper.save(&ledger(blocks), Instant::now());
            assert!(keeper.is_good());
            assert_eq!(load(&path, &identity(1)).expect("good"), Some(ledger(blocks)));
        }
        assert_eq!(load(&before(&path), &identity(1)).expect("good"), Some(ledger(5)));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no temporary file is left");
        for file in [&path, &before(&path)] {
            let mode = fs::metadata(file).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "nobody else reads checkpoints");
        }
    }

    #[test]
    fn the_one_before_is_offered_when_the_last_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pi.ckpt");
        let mut keeper = keeper(&path);
        keeper.save(&ledger(3), Instant::now());
        fs::write(&path, "garbage").expect("written");
        let alone = load::<()>(&path, &identity(1)).expect_err("damaged").to_string();
        assert!(alone.ends_with("pi.ckpt is not a checkpoint of montesieve"), "{alone}");
        keeper.save(&ledger(5), Instant::now());
        keeper.save(&ledger(6), Instant::now());
        fs::write(&path, "garbage").expect("written");
        let offered = load::<()>(&path, &identity(1)).expect_err("damaged");
        assert!(offered.to_string().contains("the one before is good: --resume "), "{offered}");
        assert_eq!(offered.exit_code(), 1);
        let other = load::<()>(&before(&path), &identity(2)).expect_err("another job");
        assert_eq!(other.exit_code(), 2);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_no_reason_to_stop() {
        let mut keeper = keeper(Path::new("/nowhere/pi.ckpt"));
        keeper.save(&ledger(3), Instant::now());
        assert!(!keeper.is_good());
    }

    #[test]
    fn saves_are_due_so_that_no_more_than_the_interval_is_lost() {
        let keeper = keeper(Path::new("pi.ckpt"));
        assert!(!keeper.is_due(Instant::now()) && !keeper.is_due(Instant::now() + Duration::from_secs(27)));
        assert!(keeper.is_due(Instant::now() + Duration::from_secs(29)));
        for every in [0, 1, 200, 1000, 30_000, 3_600_000].map(Duration::from_millis) {
            let keep = Keep { path: "pi.ckpt".into(), every };
            assert_eq!(keep.between() + 2 * keep.slack(), every);
        }
    }
}
