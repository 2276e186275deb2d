//! Names the build: a hash of the sources and of the versions of all dependencies, in
//! `MONTESIEVE_BUILD`. Ranks compare it at the start, since two programs of one version number may
//! still differ in a message or a kernel.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut files = vec![PathBuf::from("Cargo.lock")];
    for folder in ["src", "crates"] {
        collect(Path::new(folder), &mut files)?;
    }
    files.sort();
    // FNV-1a of 64 bits: an accident must not pass, and nothing here is secret.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for &byte in bytes.iter().chain(&[0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for file in &files {
        add(file.as_os_str().as_encoded_bytes());
        add(&fs::read(file).unwrap_or_default());
    }
    for feature in ["MPI", "REDIS"] {
        add(&[u8::from(env::var_os(format!("CARGO_FEATURE_{feature}")).is_some())]);
    }
    println!("cargo::rustc-env=MONTESIEVE_BUILD={hash:016x}");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=crates");
    println!("cargo::rerun-if-changed=Cargo.lock");
    Ok(())
}

/// The Rust files below `folder`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
