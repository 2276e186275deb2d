//! `cargo xtask check-packages`: builds every package as far as this machine allows, runs it where
//! nothing of the build is, and says what was tested and what was not. Recipes that cannot be
//! tested here are in docs/package.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Result, find, have, launch, root, run};

/// Build every package as far as this machine allows, and say of each what was tested.
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

/// Prints what was tested, and how; whether it went well.
fn tested(what: &str, outcome: Result<()>) -> bool {
    match &outcome {
        Ok(()) => println!("ok          {what}"),
        Err(error) => println!("FAILED      {what}\n{error}"),
    }
    outcome.is_ok()
}

fn not_tested(what: &str) -> bool {
    println!("not tested  {what}");
    true
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

/// Unpacked, not installed. What it depends on must be a package of this distribution.
fn debian(work: &Path) -> Result<PathBuf> {
    let folder = root().join("target/package");
    let files = || fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let packages = || files().filter(|file| file.extension().is_some_and(|end| end == "deb"));
    packages().try_for_each(fs::remove_file)?;
    done(&mut Command::new(root().join("scripts/package/deb")), BUILD)?;
    let package = packages().next().ok_or("no package was made")?;
    let unpacked = work.join("root");
    done(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&unpacked), LIMIT)?;
    counts_alone(&unpacked.join("usr/bin/montesieve"))?;
    let [depends, _] =
        done(Command::new("dpkg-deb").arg("--field").arg(&package).arg("Depends"), LIMIT)?;
    for name in depends.split(',').filter_map(|choice| choice.split_whitespace().next()) {
        done(Command::new("apt-cache").args(["show", name]), LIMIT)?;
    }
    Ok(package)
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

/// Reads the modulefile with the words of modules made harmless.
fn tcl_reads() -> Result<()> {
    let words = ["module-whatis", "conflict", "prereq", "prepend-path", "setenv"];
    let words = words.map(|word| format!("proc {word} args {{}}\n")).concat();
    let script = tempfile::NamedTempFile::new()?;
    let modulefile = root().join("scripts/package/modulefile");
    fs::write(&script, format!("{words}source {}\nModulesHelp\n", modulefile.display()))?;
    let [_, err] = done(Command::new("tclsh").arg(script.path()), LIMIT)?;
    if err.contains("montesieve") { Ok(()) } else { Err("its help is empty".into()) }
}

pub fn check(options: &Options) -> Result<bool> {
    let work = tempfile::tempdir()?;
    let work = work.path();
    let tarball = unpacked_tarball(None, work);
    let prefix = tarball.as_deref().map_or(work, |prefix| prefix).to_path_buf();
    let program = prefix.join("bin/montesieve");
    let mut right = tested(
        "tarball: built, unpacked elsewhere, run",
        tarball.and_then(|_| counts_alone(&program)),
    );
    right &= if prefix.to_string_lossy().ends_with("-none") {
        not_tested("tarball: by mpirun (no MPI here)")
    } else {
        let messages = counts(&mut launch(&program, 3, [""; 0]));
        let three = messages.and_then(|messages| match messages.contains("on 3 ranks") {
            true => Ok(()),
            false => Err(format!("not on three ranks: {messages}").into()),
        });
        tested("tarball: run by mpirun on three ranks", three)
    };
    right &= if options.source {
        tested("vendored source: built without a network and without MPI, run", source(work))
    } else {
        not_tested("vendored source: cargo xtask check-packages --source builds it")
    };
    right &= if have("cargo-deb") {
        let package = debian(work);
        let lintian = package.as_ref().ok().filter(|_| have("lintian")).map(|package| {
            let mut lintian = Command::new("lintian");
            lintian.args(["--allow-root", "--fail-on", "error"]).arg(package);
            tested("Debian package: lintian finds no error", done(&mut lintian, LIMIT).map(drop))
        });
        let what = "Debian package: built, unpacked elsewhere, run; its dependencies exist";
        let is_right = tested(what, package.map(drop));
        is_right & lintian.unwrap_or_else(|| not_tested("Debian package: lintian is not here"))
    } else {
        not_tested("Debian package: cargo-deb is not here (cargo install cargo-deb)")
    };
    // Where Debian installs Lmod; elsewhere it says so itself.
    let lmod = std::env::var_os("LMOD_CMD").map(PathBuf::from);
    let lmod = lmod.unwrap_or_else(|| "/usr/share/lmod/lmod/libexec/lmod".into());
    let loaders = [
        ("Environment Modules", find("modulecmd")),
        ("Lmod", Some(lmod).filter(|file| file.is_file())),
    ];
    for (name, loader) in loaders {
        right &= match loader {
            Some(loader) => {
                let what = format!("modulefile: loaded by {name}, after its MPI");
                tested(&what, module_load(&loader, &prefix, work))
            }
            None => not_tested(&format!("modulefile: {name} (not here)")),
        };
    }
    right &= match have("tclsh") {
        true => tested("modulefile: Tcl reads it", tcl_reads()),
        false => not_tested("modulefile: tclsh is not here"),
    };
    Ok(right)
}
