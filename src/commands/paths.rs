//! Checks that all files of a command line are different: otherwise the last writer would overwrite
//! the others.
//!
//! Checked before any work by the targets of the paths: links are followed, even to files that do
//! not exist yet. Devices and FIFOs may be named repeatedly.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::files::{File, Role};
use crate::error::{Error, Result};
use crate::job::{atomic_file, checkpoint};

/// A file that is read or written.
struct Place {
    name: String,
    path: PathBuf,
    role: Role,
    /// Device and inode, if it exists: a file may have two names.
    inode: Option<(u64, u64)>,
}

impl Place {
    /// `None` if it is not and will not be a regular file, or cannot be examined; opening it then
    /// gives the error.
    fn of(name: String, path: &Path, role: Role) -> Option<Place> {
        let found = fs::metadata(path).ok();
        if found.as_ref().is_some_and(|found| !found.is_file()) {
            return None;
        }
        let inode = found.map(|found| (found.dev(), found.ino()));
        Some(Place { name, path: atomic_file::resolve(path).ok()?, role, inode })
    }

    fn is(&self, other: &Place) -> bool {
        self.path == other.path || (self.inode.is_some() && self.inode == other.inode)
    }
}

/// Checks that no written file is named twice. `stdout`: device and inode of the file that standard
/// output goes to, which a side file of the same name would replace or truncate.
///
/// # Errors
/// [`Error::Usage`] with both names.
pub fn check(files: &[File], stdout: Option<(u64, u64)>) -> Result<()> {
    let stdout = stdout.map(|inode| Place {
        name: "standard output".to_owned(),
        path: PathBuf::new(),
        role: Role::Written,
        inode: Some(inode),
    });
    let mut places: Vec<Place> = stdout.into_iter().collect();
    for file in files {
        let mut new: Vec<Place> = Place::of(file.option.clone(), &file.path, file.role).into_iter().collect();
        if let (Role::Saved, Some(place)) = (file.role, new.first()) {
            let before = checkpoint::before(&place.path);
            let spare = Place::of(format!("{} (its file before)", file.option), &before, Role::Saved);
            // A save that failed half-way leaves the same file under both names.
            new.extend(spare.filter(|spare| spare.path != place.path));
        }
        for place in &new {
            if let Some(other) = places.iter().find(|other| place.is(other) && !may_share(place, other)) {
                let (place, other, path) = (&place.name, &other.name, file.path.display());
                return Err(Error::Usage(format!("{other} and {place} are the same file: {path}")));
            }
        }
        places.extend(new);
    }
    Ok(())
}

/// Two files that are only read; or a job that resumes from the file that it saves to, or from its
/// previous save.
fn may_share(one: &Place, other: &Place) -> bool {
    let is_resumed = |place: &Place| place.name == "--resume" && place.role == Role::Read;
    let is_saved = |place: &Place| place.role == Role::Saved;
    one.role == Role::Read && other.role == Role::Read
        || is_resumed(one) && is_saved(other)
        || is_resumed(other) && is_saved(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn checked(folder: &Path, files: &[(&str, &str, Role)]) -> Result<()> {
        let file = |&(option, path, role): &(&str, &str, Role)| File {
            option: option.to_owned(),
            path: if path.starts_with('/') { path.into() } else { folder.join(path) },
            role,
        };
        check(&files.iter().map(file).collect::<Vec<_>>(), None)
    }

    #[test]
    fn standard_output_is_a_file_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out");
        fs::write(&path, "").expect("written");
        let found = fs::metadata(&path).expect("it is there");
        let file = |path: &Path| [File { option: "--trace".to_owned(), path: path.into(), role: Role::Written }];
        let refused = check(&file(&path), Some((found.dev(), found.ino()))).expect_err("the same file");
        assert!(refused.to_string().starts_with("standard output and --trace are the same file"), "{refused}");
        assert!(check(&file(&folder.path().join("other")), Some((found.dev(), found.ino()))).is_ok());
    }

    #[test]
    fn a_file_is_written_for_one_purpose() {
        use Role::{Read, Saved, Written};
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("there"), "text").expect("written");
        fs::create_dir(at("far")).expect("a folder");
        symlink("there", at("link")).expect("a link");
        symlink("far/new", at("dangling")).expect("a link");
        fs::hard_link(at("there"), at("hard")).expect("a link");
        for (one, other) in [
            (("--checkpoint", "c", Saved), ("--output", "c", Written)),
            (("--checkpoint", "c", Saved), ("--trace", "./c", Written)),
            (("--checkpoint", "c", Saved), ("--plot", "c.before", Written)),
            (("--output", "o", Written), ("--trace", "far/../o", Written)),
            (("--junit", "link", Written), ("--exclude-file", "there", Written)),
            (("--output", "dangling", Written), ("--csv", "far/new", Written)),
            (("--output", "hard", Written), ("--csv", "there", Written)),
            (("FILE", "there", Read), ("--output", "link", Written)),
            (("--resume", "there", Saved), ("--output", "there.before", Written)),
        ] {
            for files in [[one, other], [other, one]] {
                let refused = checked(folder.path(), &files).expect_err("the same file");
                assert_eq!(refused.exit_code(), 2);
                let said = refused.to_string();
                assert!(said.contains(one.0) && said.contains(other.0) && said.contains("the same file"), "{said}");
            }
        }
        for files in [
            &[("--output", "/dev/null", Written), ("--trace", "/dev/null", Written)][..],
            &[("FILE", "there", Read), ("FILE", "link", Read)],
            &[("--checkpoint", "c", Saved), ("--resume", "c", Read)],
            &[("--checkpoint", "c", Saved), ("--resume", "c.before", Read)],
            &[("--checkpoint", "c", Saved), ("--output", "o", Written), ("--trace", "t", Written)],
            &[("--output", "missing/o", Written), ("--trace", "missing/o", Written)],
        ] {
            checked(folder.path(), files).expect("different files");
        }
    }
}
