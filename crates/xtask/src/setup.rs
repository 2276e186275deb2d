//! The set-up of scripts/lib.sh on machines that are not here: the branches that this machine never
//! takes. Each machine is a folder of stand-ins, which note how they were called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Result, find, root};
use crate::scripts::{Checks, said, stand_in};

/// What a machine has beside stand-ins.
const TOOLS: &str = "bash cat chmod cut dirname env find grep head ln ls mkdir mktemp paste \
                     readlink rm sed seq sh sort tail timeout tr wc";

/// `put FOLDER NAME BODY...`: a stand-in; also for stand-ins that install others.
const PUT: &str = r##"mkdir -p "$1"
printf '#!/bin/bash\necho "${0##*/} $*" >>"$LOG"\n%s\n' "${*:3}" >"$1/$2"
chmod +x "$1/$2""##;
/// `put-rust FOLDER VERSION`
const PUT_RUST: &str = r##"mkdir -p "$1"
for tool in cargo rustc; do
  printf '#!/bin/bash\necho "%s %s (0123456 2026-01-01)"\n' "$tool" "$2" >"$1/$tool"
  chmod +x "$1/$tool"
done"##;
/// A download of rustup, which installs Rust.
const PUT_RUSTUP: &str = r#"for file; do
  [[ $last != -o && $last != -qO ]] || break
  last=$file
done
echo "echo rustup \$* >>\$LOG; put-rust \$HOME/.cargo/bin 1.95.0" >"$file""#;
const RUSTUP: &str = "https://sh.rustup.rs;rustup -y -q --no-modify-path --profile minimal \
                      --component rustfmt --component clippy";
/// What a machine is, in place of the real questions.
const ANSWERS: &str = r#"source scripts/lib.sh
ROOT=$MACHINE/repo VENV=$ROOT/.mpi/venv FEDORA_MPI=$MACHINE/openmpi
is_root() { [[ -n ${ROOT_USER-} ]]; }
system_libclang() { true; }
in_container() { false; }
slots() { echo 4; }
"#;

struct Machine<'a> {
    lab: &'a Path,
    folder: PathBuf,
}

impl Machine<'_> {
    fn new<'a>(lab: &'a Path, name: &str, programs: &[(&str, &str)]) -> Result<Machine<'a>> {
        let folder = lab.join("machines").join(name);
        fs::create_dir_all(folder.join("repo"))?;
        fs::write(folder.join("repo/Cargo.toml"), "rust-version = \"1.88\"\n")?;
        for (name, body) in programs {
            let noted = format!("echo \"${{0##*/}} $*\" >>\"$LOG\"\n{body}");
            stand_in(folder.join("bin").join(name), &noted)?;
        }
        Ok(Machine { lab, folder })
    }

    /// What `code` prints after lib.sh was read, and what was called (but to ask for a version).
    fn run(&self, code: &str) -> Result<(String, String)> {
        let (lab, folder) = (self.lab.display(), self.folder.display());
        let log = self.folder.join("log");
        fs::write(&log, "")?;
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", &format!("{ANSWERS}{code}")]).current_dir(root());
        bash.env_clear().env("HOME", self.folder.join("home")).env("LOG", &log);
        bash.env("MACHINE", &self.folder).env("PATH", format!("{folder}/bin:{lab}/base"));
        let out = said(&mut bash)?;
        let log = fs::read_to_string(log)?;
        let calls = log.lines().filter(|call| !call.ends_with("version"));
        let calls: Vec<String> = calls.map(without_file).collect();
        Ok((out, calls.join(";")))
    }

    fn calls(&self, code: &str) -> Result<String> {
        Ok(self.run(code)?.1)
    }
}

/// The call, with FILE for the name of a temporary file.
fn without_file(call: &str) -> String {
    let mut words: Vec<&str> = call.split(' ').collect();
    for at in 1..words.len() {
        if ["-o", "-qO"].contains(&words[at - 1]) && words[at].starts_with('/') {
            words[at] = "FILE";
        }
    }
    words.join(" ")
}

pub fn check(lab: &Path, checks: &mut Checks) -> Result<()> {
    stand_in(lab.join("base/put"), PUT)?;
    stand_in(lab.join("base/put-rust"), PUT_RUST)?;
    for tool in TOOLS.split_whitespace() {
        let file = find(tool).ok_or_else(|| format!("{tool} is not here"))?;
        std::os::unix::fs::symlink(file, lab.join("base").join(tool))?;
    }
    rust(lab, checks)?;
    mpi(lab, checks)?;
    path(lab, checks)?;
    launchers(lab, checks)
}

fn rust(lab: &Path, checks: &mut Checks) -> Result<()> {
    let machine = Machine::new(lab, "rustup", &[("curl", PUT_RUSTUP)])?;
    let (out, calls) = machine.run("need_rust; rustc --version | cut -d' ' -f2")?;
    let curl = "curl --proto =https --tlsv1.2 -fsSL --retry 3 -o FILE";
    checks.equal("no Rust: rustup by curl", &calls, &format!("{curl} {RUSTUP}"));
    checks.equal("no Rust: the version by rustup", &out, "1.95.0");
    checks.equal("once there, rustup is not fetched again", &machine.calls("need_rust")?, "");

    let old = r#"echo "  Candidate: 1.63.0+dfsg1-2""#;
    let sudo = r#"shift; [[ $1 == true ]] || exec "$@""#;
    let programs = [("apt-get", "true"), ("apt-cache", old), ("sudo", sudo), ("wget", PUT_RUSTUP)];
    let machine = Machine::new(lab, "debian", &programs)?;
    let update = "apt-get -qq -o Acquire::Retries=3 update";
    let expected = format!(
        "sudo -n true;sudo -n env DEBIAN_FRONTEND=noninteractive {update};{update};\
         apt-cache policy rustc;wget -qO FILE {RUSTUP}"
    );
    let what = "a distribution whose Rust is too old: rustup by wget";
    checks.equal(what, &machine.calls("need_rust")?, &expected);

    let old = "[[ ${RUSTUP_TOOLCHAIN-} == stable ]] && echo rustc 1.95.0 || echo rustc 1.70.0";
    let programs = [("rustc", old), ("cargo", old), ("rustup", "true")];
    let machine = Machine::new(lab, "old-rustup", &programs)?;
    let expected = "rustup toolchain install stable --profile minimal --component rustfmt \
                    --component clippy";
    let what = "an old toolchain of rustup: stable beside it";
    checks.equal(what, &machine.calls("need_rust")?, expected);
    Ok(())
}

fn mpi(lab: &Path, checks: &mut Checks) -> Result<()> {
    let dnf = r#"case $* in *rustfmt*) put-rust "$MACHINE/bin" 1.91.1 ;; *openmpi*)
put "$MACHINE/openmpi/bin" mpirun "echo \"mpirun (Open MPI) 5.0.8\""
put "$MACHINE/openmpi/bin" mpicc ;; esac"#;
    let machine = Machine::new(lab, "fedora", &[("dnf", dnf)])?;
    let install = "dnf -q -y --setopt=install_weak_deps=False install";
    let found = machine.calls("ROOT_USER=1; need_rust")?;
    let expected = format!("{install} cargo rust rustfmt clippy");
    checks.equal("Fedora: Rust by dnf", &found, &expected);
    let (out, calls) = machine.run(
        "ROOT_USER=1; cc() { echo; }; choose_mpi auto\n\
         echo \"$MPI_KIND $MPI_FLAVOUR $MPI_VERSION $MPIRUN $LD_LIBRARY_PATH\"",
    )?;
    checks.equal("Fedora: Open MPI by dnf", &calls, &format!("{install} openmpi-devel"));
    let folder = machine.folder.join("openmpi");
    let folder = folder.display();
    let expected = format!("system openmpi 5.0.8 {folder}/bin/mpirun {folder}/lib");
    checks.equal("Fedora: Open MPI is found off PATH", &out, &expected);

    let machine = Machine::new(lab, "nothing", &[])?;
    let mut expect = |what, code, expected| -> Result<()> {
        checks.equal(what, &machine.run(code)?.0, expected);
        Ok(())
    };
    let code = "choose_mpi auto; echo \"$MPI_KIND $MPI_FLAVOUR\"";
    expect("neither MPI, nor root, nor python3: one process", code, "none none")?;
    expect("an MPI asked for by name is not replaced", "choose_mpi pypi", "exit 1")?;
    expect("no C compiler", "need_cc", "exit 1")
}

/// What the scripts say last: the folders that are not on PATH.
fn path(lab: &Path, checks: &mut Checks) -> Result<()> {
    let machine = Machine::new(lab, "path", &[("mpirun", "true")])?;
    let (bin, wheel) = (machine.folder.join("bin"), machine.folder.join("venv/bin"));
    stand_in(wheel.join("mpirun"), "true")?;
    stand_in(machine.folder.join("release/montesieve"), "true")?;
    let release = machine.folder.join("release");
    let (bin, wheel, release) = (bin.display(), wheel.display(), release.display());
    let export = |folders: String| {
        format!("bash: for montesieve on the PATH: export PATH=\"{folders}:$PATH\"")
    };
    let cases = [
        ("the program is off PATH", format!("MPIRUN={bin}/mpirun"), export(release.to_string())),
        (
            "so is the launcher",
            format!("MPIRUN={wheel}/mpirun"),
            export(format!("{release}:{wheel}")),
        ),
        ("without a launcher", "MPIRUN=".to_string(), export(release.to_string())),
        ("both on PATH", format!("PATH={release}:$PATH MPIRUN={bin}/mpirun"), String::new()),
    ];
    for (what, set, expected) in cases {
        let code = format!("BINARY={release}/montesieve {set}; say_path 2>&1");
        checks.equal(what, &machine.run(&code)?.0, &expected);
    }
    for script in ["run", "setup", "test"] {
        let text = fs::read_to_string(root().join("scripts").join(script))?;
        checks.equal(
            &format!("scripts/{script} says so"),
            &text.contains("say_path\n").to_string(),
            "true",
        );
    }
    Ok(())
}

/// What launchers are given on 4 cores.
fn launchers(lab: &Path, checks: &mut Checks) -> Result<()> {
    let open4 = r"mpirun (Open MPI) 4.1.4\n\nReport bugs to ...";
    let open5 = "mpirun (Open MPI) 5.0.11";
    let hydra = r"HYDRA build details:\n    Version:          4.0.2\n    Release Date: Thu";
    let yields = "OMPI_MCA_mpi_yield_when_idle=1";
    let places = "PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe";
    let cases = [
        ("Open MPI 4, enough cores", open4, 4, "openmpi 4.1.4: ".to_string()),
        (
            "Open MPI 4, more ranks",
            open4,
            5,
            format!("openmpi 4.1.4: --oversubscribe --bind-to none {yields}"),
        ),
        (
            "Open MPI 5, more ranks",
            open5,
            5,
            format!("openmpi 5.0.11: --bind-to none {yields} {places}"),
        ),
        ("MPICH", hydra, 8, "mpich 4.0.2: ".to_string()),
    ];
    for (what, version, ranks, expected) in cases {
        let print = format!("printf '%b\\n' '{version}'");
        let machine = Machine::new(lab, what, &[("mpirun", &print)])?;
        let code = format!(
            "MPIRUN=mpirun; identify_mpi; launch_flags {ranks}\n\
             set=$(env | grep -E '^(OMPI|PRTE)_' | sort | paste -sd' ') || true\n\
             echo \"$MPI_FLAVOUR $MPI_VERSION: ${{LAUNCH_FLAGS[*]}} $set\""
        );
        checks.equal(what, machine.run(&code)?.0.trim_end(), expected.trim_end());
    }
    Ok(())
}
