//! What a run resumes from: its checkpoint and optionally a second file.
//!
//! Stands beside `checkpoint`, which reads one file, and `session`, where all ranks agree on the
//! result.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::checkpoint::{self, Identity, LoadError, LoadedCheckpoint};
use crate::disk::Disk;
use crate::{Job, Ledger, Tally};

/// A message about loading; its `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The run resumes.
    Resumes {
        /// Blocks that are done.
        done: u64,
        /// Blocks of the job.
        blocks: u64,
    },
    /// The previous save replaces the last one; the text gives the reason.
    Instead(String),
    /// The file system has no locks, so another job may use the same checkpoint.
    NoLocks(PathBuf),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Resumes { done, blocks } => write!(f, "resuming from {done} of {blocks} blocks"),
            Notice::Instead(why) => f.write_str(why),
            Notice::NoLocks(path) => write!(
                f,
                "the file system of {} has no locks: see that no other job has the same checkpoint",
                path.display()
            ),
        }
    }
}

/// The files that a run resumes from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sources<'p> {
    /// The file that is saved to; it may not exist yet.
    pub(crate) checkpoint: Option<&'p Path>,
    /// A file that must exist.
    pub(crate) resume: Option<&'p Path>,
    /// Whether the previous save may replace a damaged file.
    pub(crate) falls_back: bool,
}

impl Sources<'_> {
    /// Everything that the files hold of `job`, whose identity is `ours`; `None` when no file
    /// exists yet. `notify` receives the messages about them.
    ///
    /// # Errors
    /// [`LoadError`].
    pub(crate) fn load<J: Job>(
        &self,
        disk: &dyn Disk,
        job: &J,
        ours: &Identity,
        mut notify: impl FnMut(Notice),
    ) -> Result<Option<Ledger<J::Tally>>, LoadError> {
        let load = |path: Option<&Path>| -> Result<Option<LoadedCheckpoint<J::Tally>>, LoadError> {
            path.map_or(Ok(None), |path| checkpoint::load(disk, path, job, ours, self.falls_back))
        };
        let checkpoint = load(self.checkpoint.filter(|path| Some(*path) != self.resume))?;
        let resume = load(self.resume)?;
        if let (Some(path), None, None) = (self.resume, &checkpoint, &resume) {
            return Err(LoadError::Absent { path: path.to_owned() });
        }
        let mut done: Option<Ledger<J::Tally>> = None;
        for LoadedCheckpoint { ledger, instead } in checkpoint.into_iter().chain(resume) {
            instead.map(Notice::Instead).into_iter().for_each(&mut notify);
            // The same run again after a stop: the checkpoint has more than the file that it
            // resumed from.
            done = Some(match done {
                Some(before) => richer(before, ledger),
                None => ledger,
            });
        }
        if let Some(done) = &done {
            notify(Notice::Resumes { done: done.done(), blocks: job.blocks() });
        }
        Ok(done)
    }

    /// The job that wrote the first readable file, or its previous save.
    pub(crate) fn identity(&self, disk: &dyn Disk) -> Option<Identity> {
        identity_or_before(disk, self.resume.or(self.checkpoint)?)
    }
}

/// The job that wrote the checkpoint at `path` of `disk`, or its previous save, if one is readable.
pub fn identity_or_before(disk: &dyn Disk, path: &Path) -> Option<Identity> {
    checkpoint::identity(disk, path).or_else(|_| checkpoint::identity(disk, &checkpoint::before(path))).ok()
}

/// The union of two ledgers of the same job: the one with more blocks, and the other's spans that
/// do not overlap it.
fn richer<T: Tally>(one: Ledger<T>, other: Ledger<T>) -> Ledger<T> {
    let (mut more, less) = if one.done() >= other.done() { (one, other) } else { (other, one) };
    more.fill(less);
    more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    #[test]
    fn the_larger_ledger_is_filled_up_with_the_other() {
        let ledger = |spans: &[(u64, u64)]| {
            let mut ledger = Ledger::new();
            for &(first, end) in spans {
                ledger.record(Span::new(first, end), ()).expect("disjoint");
            }
            ledger
        };
        let (small, large) = (ledger(&[(0, 2), (4, 6)]), ledger(&[(1, 4), (8, 11)]));
        for both in [richer(small.clone(), large.clone()), richer(large.clone(), small.clone())] {
            // 0..2 overlaps 1..4, and a tally cannot be split.
            let spans: Vec<Span> = both.spans().map(|(span, ())| span).collect();
            assert_eq!(spans, [Span::new(1, 6), Span::new(8, 11)]);
        }
        assert_eq!(richer(small.clone(), Ledger::new()), small);
    }
}
