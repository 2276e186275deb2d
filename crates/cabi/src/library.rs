//! Loads a shared library and finds a function in it. Here and in `function` and `crash` is all the
//! `unsafe` of this crate.
//!
//! The file is hashed (BLAKE3), so that ranks can compare what they loaded, and a checkpoint names
//! the build of the function. Libraries that it depends on (libm, a Fortran run-time library) are
//! not hashed.

use std::ffi::{c_int, c_void};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};

use super::crash::{self, Step};
use super::elf;

/// Room for a C `fenv_t`, which has 32 bytes on x86-64 and 8 on 64-bit ARM.
#[repr(C, align(16))]
struct FloatingPoint([u8; 256]);

#[link(name = "m")]
unsafe extern "C" {
    fn fegetenv(to: *mut FloatingPoint) -> c_int;
    fn fesetenv(from: *const FloatingPoint) -> c_int;
}

/// A function of a loaded library. The library stays loaded until the process ends, since it may
/// have started threads or registered exit handlers.
#[derive(Clone, Debug)]
pub struct Library {
    /// File and function, for messages.
    pub names: Arc<Names>,
    /// The BLAKE3 hash of the file, as 64 hexadecimal digits.
    pub fingerprint: String,
    /// Where the function is.
    pub address: *const c_void,
}

/// The names of a function, as the user wrote them.
#[derive(Debug)]
pub struct Names {
    /// The shared library, with the place where it is named.
    pub file: String,
    /// The function in it.
    pub function: String,
}

impl Library {
    /// Loads `file` and finds the function `name` in it. Messages about a crash have `origin` after
    /// the file's name: where the user has named the function, if not on the command line.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn load(file: &str, name: &str, origin: Option<&str>) -> Result<Library, String> {
        let cannot = |what: &str, error: &dyn std::fmt::Display| format!("cannot {what} {file}: {error}");
        let (bytes, identity) = read(file).map_err(|error| cannot("read", &error))?;
        elf::check(&bytes, file, name)?;
        // A name without a slash would be searched for where the system keeps its libraries.
        let path = fs::canonicalize(file).map_err(|error| cannot("read", &error))?;
        let shown = origin.map_or_else(|| file.to_owned(), |origin| format!("{file} ({origin})"));
        let names = Arc::new(Names { file: shown, function: name.to_owned() });
        let mut before = FloatingPoint([0; 256]);
        // SAFETY: the buffer is large enough for every platform that Rust's standard library has.
        unsafe { fegetenv(&mut before) };
        crash::prepare();
        // SAFETY: this runs the library's initialisers. The user asked to run its code.
        let handle = crash::during(&Step::load(&names), || unsafe { Handle::open(Some(&path), RTLD_NOW | RTLD_LOCAL) });
        // With -ffast-math an initialiser makes this thread flush small numbers to zero, and the
        // kernels of this rank would differ from those of others. SAFETY: as saved above.
        unsafe { fesetenv(&before) };
        let handle = handle.map_err(|error| cannot("load", &error))?;
        // SAFETY: the symbol is only looked up; its type is the address that dlsym returns.
        let found = unsafe { handle.get::<*const c_void>(name.as_bytes()) }.map(|symbol| *symbol);
        let address = found.map_err(|error| cannot("use", &error))?;
        std::mem::forget(handle);
        if fs::metadata(&path).map(|now| self::identity(&now)).ok() != Some(identity) {
            return Err(format!("{file} changed while it was loaded; try again"));
        }
        Ok(Library { names, fingerprint: blake3::hash(&bytes).to_hex().to_string(), address })
    }
}

/// What changes with a file: device, inode, length, time of the last change in ns.
type Identity = [i128; 4];

fn identity(metadata: &fs::Metadata) -> Identity {
    let changed = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    [metadata.dev().into(), metadata.ino().into(), metadata.len().into(), changed]
}

/// The content of a regular file.
fn read(file: &str) -> io::Result<(Vec<u8>, Identity)> {
    let mut bytes = Vec::new();
    // A FIFO would block when it is opened.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut file = File::open(file)?;
    let identity = identity(&file.metadata()?);
    file.read_to_end(&mut bytes)?;
    Ok((bytes, identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_library_is_not_loaded() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let refusal = |file: &str| Library::load(file, "f", None).expect_err("no library");
        let (file, folder) = (path("f.so"), path(""));
        assert!(refusal(&file).starts_with(&format!("cannot read {file}: No such file")), "{}", refusal(&file));
        assert_eq!(refusal(&folder), format!("cannot read {folder}: it is not a regular file"));
        fs::write(&file, "#!/bin/sh\n").expect("writable");
        assert!(refusal(&file).starts_with(&format!("{file} is no shared library; compile")), "{}", refusal(&file));
    }

    #[test]
    fn a_file_that_is_written_again_has_another_identity() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.so");
        let file = path.display().to_string();
        fs::write(&path, "1").expect("writable");
        let before = read(&file).expect("readable");
        assert_eq!(before, read(&file).expect("readable"));
        fs::write(&path, "12").expect("writable");
        let after = read(&file).expect("readable");
        assert!(after.0 == b"12" && after.1 != before.1);
    }
}
