//! `cargo xtask check-packages`: builds every package that this machine can build, runs it where
//! nothing of the build is, and says what was tested and what was not. Recipes that cannot be
//! tested here are in docs/package.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Result, find, have, launch, root, run};

/// Build every package that this machine can build, and report what was tested.
///
/// The program's tarball is unpacked elsewhere and run; the Debian package is built where cargo-deb
/// is; the modulefile is loaded where modules are. Exit code 1: something failed.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
    /// Also build the vendored source without a network (needs unshare; minutes)
    #[arg(long)]
    source: bool,
}

/// Seconds for a build.
const BUILD: u64 = 1800;
/// Seconds for any other command.
const LIMIT: u64 = 120;

/// Prints what was tested and what was not; whether all went well so far.
struct Report(bool);

impl Report {
    /// Tests `what`, where the machine has what that needs.
    fn test(&mut self, what: &str, is_possible: bool, outcome: impl FnOnce() -> Result<()>) {
        match is_possible.then(outcome) {
            None => println!("not tested  {what}"),
            Some(Ok(())) => println!("ok          {what}"),
            Some(Err(error)) => {
                println!("FAILED      {what}\n{error}");
                self.0 = false;
            }
        }
    }
}

/// Standard output and error of a command that succeeds.
fn done(command: &mut Command, limit: u64) -> Result<[String; 2]> {
    let ended = run(command, limit)?;
    match ended.code {
        0 => Ok([ended.text(), ended.err]),
        code => Err(format!("exit code {code}: {}\n{}", ended.text(), ended.err).into()),
    }
}

/// Whether the program that `command` starts counts the primes below a million, away from the
/// build; and its messages.
fn counts(command: &mut Command) -> Result<String> {
    let [out, err] = done(command.args(["primes", "1e6"]).current_dir("/"), LIMIT)?;
    let digits: String = out.lines().next().unwrap_or_default().replace([',', ' '], "");
    if digits.contains("78498") { Ok(err) } else { Err(format!("another count: {out}").into()) }
}

/// The program alone, with nothing of this environment.
fn counts_alone(program: &Path) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    counts(Command::new(program).env_clear().env("PATH", path)).map(drop)
}

/// Runs a script of scripts/package, whose last line names the file it made, and unpacks that.
fn unpacked_tarball(option: Option<&str>, work: &Path) -> Result<PathBuf> {
    let [_, err] = done(Command::new(root().join("scripts/package/tarball")).args(option), BUILD)?;
    let last = err.lines().last().and_then(|line| line.strip_prefix("tarball: "));
    let file = root().join(last.ok_or_else(|| format!("no file is named: {err}"))?);
    done(Command::new("tar").arg("-C").arg(work).arg("-xzf").arg(&file), LIMIT)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().replace(".tar.gz", "");
    Ok(work.join(name))
}

/// Builds in a network namespace without any network.
fn source(work: &Path) -> Result<()> {
    let source = unpacked_tarball(Some("--source"), work)?;
    let target = work.join("target");
    let mut build = Command::new("unshare");
    let is_root = rustix::process::geteuid().is_root();
    build.args((!is_root).then_some("--map-root-user")).args(["--net", "cargo", "build"]);
    build.args(["--locked", "--offline", "--no-default-features"]).current_dir(source);
    done(build.env("CARGO_TARGET_DIR", &target), BUILD)?;
    counts_alone(&target.join("debug/montesieve"))
}

/// The Debian packages that were made.
fn debian_packages() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("target/package")).into_iter().flatten().flatten();
    let files = files.map(|entry| entry.path());
    files.filter(|file| file.extension().is_some_and(|end| end == "deb")).collect()
}

/// Unpacked, not installed. What it depends on must be a package of this distribution.
fn debian(work: &Path) -> Result<()> {
    debian_packages().iter().try_for_each(fs::remove_file)?;
    done(&mut Command::new(root().join("scripts/package/deb")), BUILD)?;
    let package = debian_packages().pop().ok_or("no package was made")?;
    let unpacked = work.join("root");
    done(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&unpacked), LIMIT)?;
    counts_alone(&unpacked.join("usr/bin/montesieve"))?;
    let [depends, _] =
        done(Command::new("dpkg-deb").arg("--field").arg(&package).arg("Depends"), LIMIT)?;
    for name in depends.split(',').filter_map(|choice| choice.split_whitespace().next()) {
        done(Command::new("apt-cache").args(["show", name]), LIMIT)?;
    }
    Ok(())
}

fn lintian() -> Result<()> {
    let mut lintian = Command::new("lintian");
    lintian.args(["--allow-root", "--fail-on", "error"]).args(debian_packages());
    done(&mut lintian, LIMIT).map(drop)
}

/// As `module load openmpi montesieve` does it, with `modules` in place of the shell's function.
fn module_load(modules: &Path, prefix: &Path, work: &Path) -> Result<()> {
    let folder = work.join("modules");
    fs::create_dir_all(folder.join("montesieve"))?;
    let ours = fs::read_to_string(root().join("scripts/package/modulefile"))?;
    let ours = ours.lines().map(|line| match line.strip_prefix("set prefix ") {
        Some(_) => format!("set prefix {}\n", prefix.display()),
        None => format!("{line}\n"),
    });
    fs::write(folder.join("montesieve/0.1.0"), ours.collect::<String>())?;
    fs::write(folder.join("openmpi"), "#%Module1.0\n")?;
    let load = r#"eval "$("$0" bash load openmpi)"; eval "$("$0" bash load montesieve/0.1.0)"
[[ $MONTESIEVE == "$1/bin/montesieve" && $(command -v montesieve) == "$MONTESIEVE" ]]
exec montesieve "${@:2}""#;
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", load]).arg(modules).arg(prefix);
    bash.env("MODULEPATH", folder).env_remove("MONTESIEVE").env_remove("LOADEDMODULES");
    counts(&mut bash).map(drop)
}

pub fn check(options: &Options) -> Result<bool> {
    let work = tempfile::tempdir()?;
    let work = work.path();
    let mut report = Report(true);
    let prefix = unpacked_tarball(None, work)?;
    let program = prefix.join("bin/montesieve");
    let three_ranks = || match counts(&mut launch(&program, 3, [""; 0]))? {
        messages if messages.contains("on 3 ranks") => Ok(()),
        messages => Err(format!("not on three ranks: {messages}").into()),
    };
    report.test("tarball: built, unpacked elsewhere, run", true, || counts_alone(&program));
    let has_mpi = !prefix.to_string_lossy().ends_with("-none");
    report.test("tarball: run by mpirun on three ranks", has_mpi, three_ranks);
    let what = "vendored source (--source): built without a network and without MPI, run";
    report.test(what, options.source, || source(work));
    let can_build = have("cargo-deb");
    let what = "Debian package (cargo-deb): built, unpacked elsewhere, run; its dependencies exist";
    report.test(what, can_build, || debian(work));
    let what = "Debian package: lintian finds no error";
    report.test(what, can_build && have("lintian"), lintian);
    let lmod = std::env::var_os("LMOD_CMD").map(PathBuf::from);
    // Where Debian installs it; elsewhere Lmod says so itself.
    let lmod = lmod.unwrap_or_else(|| "/usr/share/lmod/lmod/libexec/lmod".into());
    let modulecmd = find("modulecmd").unwrap_or_default();
    for (name, loader) in [("Environment Modules", modulecmd), ("Lmod", lmod)] {
        let what = format!("modulefile: loaded by {name}, after its MPI");
        report.test(&what, loader.is_file(), || module_load(&loader, &prefix, work));
    }
    Ok(report.0)
}
