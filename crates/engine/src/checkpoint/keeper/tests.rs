//! Saves, previous saves, locks and damaged files.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::background::BackgroundThread;
use crate::checkpoint::{self, LoadedCheckpoint, claim};
use crate::checkpoint::{LoadError, Version, load_alone};
use crate::disk::FileSystem;
use crate::{Job, JobPart, Span, YieldNow};

/// A job of ten blocks without a tally.
struct Ten {
    seed: u64,
}

impl Job for Ten {
    type Tally = ();
    type Workspace = ();

    fn blocks(&self) -> u64 {
        10
    }

    fn identity(&self) -> Option<Identity> {
        Some(identity(self.seed))
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        Some(format!("{} is not {}", theirs.kind, self.seed))
    }

    fn workspace(&self) {}

    fn compute(&self, _: Span, (): &mut (), _: YieldNow<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn identity(seed: u64) -> Identity {
    let version = Version { cut: 1, stream: 1, block: 10 };
    let (kind, words) = (format!("seed {seed}"), vec![format!("pi --seed {seed}")]);
    Identity { kind, version, amount: 100, whole: 10, words, parts: Vec::new() }
}

fn load(path: &Path, seed: u64) -> Result<Option<LoadedCheckpoint<()>>, LoadError> {
    checkpoint::load(&FileSystem, path, &Ten { seed }, &identity(seed), false)
}

/// Finished blocks of the file itself.
fn done(path: &Path) -> Option<u64> {
    load_alone(&FileSystem, path, &Ten { seed: 1 }, &identity(1)).ok().map(|ledger| ledger.done())
}

fn ledger(blocks: u64) -> Ledger<()> {
    let mut ledger = Ledger::new();
    ledger.record(Span::new(0, blocks), ()).expect("disjoint");
    ledger
}

fn keeper(path: &Path) -> Keeper {
    keeper_of(path, identity(1))
}

fn keeper_of(path: &Path, identity: Identity) -> Keeper {
    let keep = SaveSettings { path: path.into(), every: Duration::from_secs(30) };
    let background: Arc<dyn Background> = Arc::new(BackgroundThread::begin("checkpoint").expect("a thread"));
    Keeper::new(keep, identity, Some(|_| ()), Arc::new(FileSystem), Some(background))
}

/// Saves; returns whether it is on disk.
fn save(keeper: &mut Keeper, blocks: u64) -> bool {
    keeper.save(&ledger(blocks)).unwrap_or_else(|| keeper.wait(Duration::from_secs(100)))
}

#[test]
fn the_last_save_and_the_previous_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pi.ckpt");
    assert!(load(&path, 1).expect("nothing there").is_none());
    let mut keeper = keeper(&path);
    for blocks in [3, 5, 8] {
        assert!(save(&mut keeper, blocks));
        assert_eq!(done(&path), Some(blocks));
    }
    assert_eq!(done(&before(&path)), Some(5));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no temporary file is left");
}

#[test]
fn the_previous_save_replaces_a_damaged_file_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pi.ckpt");
    let mut keeper = keeper(&path);
    save(&mut keeper, 3);
    fs::write(&path, "garbage").expect("written");
    let alone = load(&path, 1).expect_err("damaged").to_string();
    assert!(alone.ends_with("pi.ckpt is not a checkpoint"), "{alone}");
    save(&mut keeper, 5);
    save(&mut keeper, 6);
    fs::write(&path, "garbage").expect("written");
    let offered = load(&path, 1).expect_err("damaged");
    assert!(offered.to_string().contains("the previous save is good"), "{offered}");
    assert!(!offered.is_misuse());
    let taken =
        checkpoint::load(&FileSystem, &path, &Ten { seed: 1 }, &identity(1), true).expect("good").expect("there");
    assert_eq!((taken.ledger.done(), taken.instead.is_some()), (5, true));
    assert!(load(&before(&path), 2).expect_err("another job").is_misuse());
    // A good file of another job is not damaged: no other file replaces it.
    fs::copy(before(&path), &path).expect("copied");
    let other = checkpoint::load(&FileSystem, &path, &Ten { seed: 2 }, &identity(2), true).expect_err("another job");
    assert!(other.is_misuse());
    assert!(other.to_string().ends_with("and this is `pi --seed 2`; seed 1 is not 2"), "{other}");
}

#[test]
fn a_missing_file_leaves_the_previous_save() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pi.ckpt");
    let mut first = keeper(&path);
    [3, 5].into_iter().for_each(|blocks| assert!(save(&mut first, blocks)));
    fs::remove_file(&path).expect("there");
    let found = load(&path, 1).expect("good").expect("there");
    assert_eq!(found.ledger.done(), 3);
    assert!(found.instead.is_some_and(|said| said.contains("pi.ckpt is not there: this is ")));
    save(&mut keeper(&path), 6);
    assert_eq!((done(&path), done(&before(&path))), (Some(6), Some(3)), "it stays");
    fs::remove_file(&path).expect("there");
    assert!(load(&path, 2).expect_err("of another job").is_misuse());
}

#[test]
fn only_regular_files_are_read_and_no_others_are_read_to_their_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("a FIFO");
    for path in [&fifo, Path::new("/dev/zero"), folder.path()] {
        let refused = load(path, 1).expect_err("no file");
        assert!(!refused.is_misuse(), "{refused}");
        assert!(claim(path, "me", true).is_err());
    }
    // Terabytes of zeros.
    let sparse = folder.path().join("sparse");
    fs::File::create(&sparse).and_then(|file| file.set_len(1 << 40)).expect("made");
    assert!(load(&sparse, 1).expect_err("foreign").to_string().ends_with("sparse is not a checkpoint"));
}

#[test]
fn an_unwritable_path_is_found_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = claim(&folder.path().join("missing/pi.ckpt"), "me", true).expect_err("no folder");
    assert!(refused.to_string().starts_with("cannot write the checkpoint "), "{refused}");
    let path = folder.path().join("pi.ckpt");
    let lock = claim(&path, "me", true).expect("writable");
    assert!(!path.exists());
    assert!(claim(&path, "me again", false).expect("a lost rank of ours has it").is_none());
    drop(lock);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn parts_of_one_file_are_all_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pi.ckpt");
    let part = |index| JobPart { index, of: 3 };
    for (index, blocks) in [(1, 3), (0, 5)] {
        let ours = Identity { parts: vec![part(index)], ..identity(1) };
        save(&mut keeper_of(&path, ours), blocks);
    }
    assert_eq!(checkpoint::identity(&FileSystem, &path).expect("good").parts, [part(0), part(1)]);
    save(&mut keeper(&path), 6);
    assert_eq!(checkpoint::identity(&FileSystem, &path).expect("good").parts, []);
}

#[test]
fn a_damaged_file_does_not_replace_the_previous_save() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pi.ckpt");
    let mut first = keeper(&path);
    [3, 5].into_iter().for_each(|blocks| assert!(save(&mut first, blocks)));
    fs::write(&path, "garbage").expect("written");
    let mut second = keeper(&path);
    save(&mut second, 6);
    assert_eq!(done(&before(&path)), Some(3));
    save(&mut second, 7);
    assert_eq!(done(&before(&path)), Some(6));
}

#[test]
fn the_previous_save_is_best_effort() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pi.ckpt");
    // A file cannot replace a folder that is not empty, under any user.
    fs::create_dir_all(before(&path).join("in the way")).expect("a folder");
    let mut keeper = keeper(&path);
    for blocks in [3, 5, 8] {
        assert!(save(&mut keeper, blocks));
    }
    assert_eq!(done(&path), Some(8));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no temporary link is left");
}

#[test]
fn a_link_and_a_mode_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, target) = (folder.path().join("link"), folder.path().join("real.ckpt"));
    std::os::unix::fs::symlink("real.ckpt", &path).expect("a link");
    let mut keeper = keeper(&path);
    save(&mut keeper, 3);
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).expect("ours");
    save(&mut keeper, 5);
    assert!(fs::read_link(&path).is_ok());
    assert_eq!(done(&before(&target)), Some(3));
    assert_eq!(fs::metadata(&target).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn the_last_save_waits_for_the_one_under_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pi.ckpt");
    let mut keeper = keeper(&path);
    // A slow disk.
    let (finish, wait) = std::sync::mpsc::channel();
    keeper.writing = Some(wait);
    assert!(!keeper.is_idle() && keeper.poll().is_none());
    assert!(!keeper.wait(Duration::ZERO) && !keeper.is_idle());
    finish.send(Ok(())).expect("it waits");
    assert!(keeper.save_now(&ledger(5)));
    assert_eq!((done(&path), keeper.is_idle(), keeper.poll()), (Some(5), true, None));
}

#[test]
fn an_unwritable_path_does_not_end_the_job() {
    let mut keeper = keeper(Path::new("/nowhere/pi.ckpt"));
    assert!(!save(&mut keeper, 3) && !keeper.save_now(&ledger(3)));
}

#[test]
fn an_interval_is_the_time_between_saves_plus_unsaved_work() {
    for every in [0, 1, 200, 1000, 30_000, 3_600_000].map(Duration::from_millis) {
        let keep = SaveSettings { path: "pi.ckpt".into(), every };
        assert_eq!(keep.between() + 2 * keep.slack(), every);
    }
}

#[test]
fn what_is_lost_at_the_most_is_the_interval() {
    let keep = |seconds| SaveSettings { path: "file".into(), every: Duration::from_secs(seconds) };
    for (seconds, slack, piece, between) in [(10, 1, 2, 8), (5, 1, 1, 3), (60, 1, 12, 58)] {
        let keep = keep(seconds);
        let expected = [slack, piece, between].map(Duration::from_secs);
        assert_eq!([keep.slack(), keep.longest_piece(), keep.between()], expected);
    }
}
