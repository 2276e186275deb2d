//! `cargo xtask check-scripts`: checks the scripts themselves. bash -n on all, shellcheck where it
//! is installed, and each submit script with stand-ins for the launchers, which print their
//! arguments.
//!
//! No scheduler is needed. tests/rigs/ runs some of the scripts under real ones; `setup` beside
//! this has stand-ins for whole machines.

use std::fs;
use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{Result, have, root, run};
use crate::setup;

/// Check the scripts: bash -n, shellcheck, submit scripts and set-up with stand-ins.
#[derive(clap::Args)]
pub struct Options {}

/// Seconds for any one script.
const LIMIT: u64 = 60;

/// What was checked so far.
#[derive(Default)]
pub struct Checks {
    passed: usize,
    failed: usize,
}

impl Checks {
    pub fn equal(&mut self, what: &str, found: &str, expected: &str) {
        let is_equal = found == expected;
        self.passed += usize::from(is_equal);
        self.failed += usize::from(!is_equal);
        if !is_equal {
            println!("FAILED {what}\n  expected: {expected}\n  found:    {found}");
        }
    }
}

/// Standard output and, where there is one, the exit code that is not 0.
pub fn said(command: &mut Command) -> Result<String> {
    let ended = run(command.stdin(Stdio::null()), LIMIT)?;
    let code = if ended.code == 0 { String::new() } else { format!("exit {}", ended.code) };
    Ok((ended.text() + &code).trim_end().into())
}

/// Writes a program, which is `body` in bash.
pub fn stand_in(file: PathBuf, body: &str) -> Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(&file))?;
    fs::write(&file, format!("#!/bin/bash\n{body}\n"))?;
    Ok(fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?)
}

pub fn check(_: &Options) -> Result<bool> {
    let lab = tempfile::tempdir()?;
    let mut checks = Checks::default();
    lint(&mut checks)?;
    submit_scripts(lab.path(), &mut checks)?;
    for (script, prefix, grammar) in DIRECTIVES {
        directives(script, prefix, grammar, &mut checks)?;
    }
    setup::check(lab.path(), &mut checks)?;
    println!("scripts: {} checks passed, {} failed", checks.passed, checks.failed);
    Ok(checks.failed == 0)
}

/// Every file of bash in `folder`, which says so.
fn bash_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            bash_files(&path, found)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            let is_bash = |line: &str| line.starts_with("#!") && line.ends_with("bash");
            let says = |line: &str| is_bash(line) || line.starts_with("# shellcheck shell=bash");
            if text.lines().take(3).any(says) {
                found.push(path);
            }
        }
    }
    Ok(())
}

fn lint(checks: &mut Checks) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["scripts", ".ci", "tests/rigs"] {
        bash_files(&root().join(folder), &mut files)?;
    }
    checks.equal("there are scripts", if files.len() > 20 { "yes" } else { "no" }, "yes");
    for file in &files {
        let ended = run(Command::new("bash").arg("-n").arg(file), LIMIT)?;
        checks.equal(&format!("bash -n {}", file.display()), &ended.err, "");
    }
    if have("shellcheck") {
        let mut shellcheck = Command::new("shellcheck");
        shellcheck.current_dir(root()).args(["-x", "-P", "SCRIPTDIR"]).args(&files);
        checks.equal("shellcheck", &said(&mut shellcheck)?, "");
    } else if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
        checks.equal("shellcheck is installed", "no", "yes");
    } else {
        println!("shellcheck is not here: only bash -n was run");
    }
    Ok(())
}

/// Prints its name and its arguments. srun knows PMIx when FAKE_PMIX is set; Flux has 4 cores.
const LAUNCHER: &str = r#"case "${0##*/} $*" in
  'srun --mpi=list') echo "MPI plugin types are..."; [[ -z ${FAKE_PMIX-} ]] || echo "  pmix" ;;
  'flux resource list'*) echo 4 ;;
  *) printf '%s' "${0##*/}"; printf ' <%s>' "$@"; echo ;;
esac"#;

/// A launcher that starts nothing the first time, or NEVER; and a program that knows a whole job.
const LAME_SRUN: &str = r#"[[ $* != --mpi=list ]] || { echo pmix; exit; }
echo srun
[[ ! -e launched ]] || touch montesieve-7.ckpt
[[ -n ${NEVER-} ]] || touch launched"#;
const LAME_PROGRAM: &str = "[[ $1 != merge || -e $2 ]]";

/// Abbreviations in the lines below.
const SHORT: [(&str, &str); 8] = [
    ("SRUN", "srun <--mpi=pmix> <--kill-on-bad-exit=1> <PROGRAM>"),
    ("HOSTFILE", "mpirun <--hostfile> <LAB/nodes> <-n> <4> <PROGRAM>"),
    ("LSF ", "LS_SUBCWD=LAB/job LSB_DJOB_HOSTFILE=LAB/nodes LSB_DJOB_NUMPROC=4 "),
    ("PBS ", "PBS_O_WORKDIR=LAB/job PBS_NODEFILE=LAB/nodes "),
    (
        "LAME ",
        "PATH=LAB/lame:/usr/bin:/bin MONTESIEVE=LAB/lame/montesieve SLURM_SUBMIT_DIR=LAB/job \
         SLURM_JOB_ID=7 MONTESIEVE_RELAUNCH_SECONDS=0 ",
    ),
    ("AGAIN ", "MONTESIEVE_SHARD=auto/4 MONTESIEVE_PARTS=montesieve-7 "),
    ("SLURM ", "FAKE_PMIX=1 SLURM_SUBMIT_DIR=LAB/job "),
    ("PROGRAM", "LAB/job/target/release/montesieve"),
];

/// What is tested; how a scheduler runs it (variables, script, arguments); what is then launched.
/// At the end a launcher that returns 0 and starts nothing, always and once: only the program's own
/// proof that the job is whole is believed.
const SUBMITTED: &str = r"
Slurm with PMIx
    FROM=/ SLURM slurm/plain.sbatch primes 1e12
    SRUN <primes> <1e12>
Slurm without PMIx
    FROM=/ SLURM_SUBMIT_DIR=LAB/job slurm/plain.sbatch primes 1e12
    mpirun <PROGRAM> <primes> <1e12>
Slurm, program and launcher chosen
    MONTESIEVE=LAB/other MONTESIEVE_MPIRUN=LAB/bin/srun slurm/plain.sbatch pi
    srun <LAB/other> <pi>
Slurm, a part of an array
    SLURM SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 slurm/array.sbatch pi 1e9
    SRUN <pi> <1e9> <--shard> <auto> <--checkpoint> <montesieve-7.2.part>
Slurm, a part once more
    SLURM SLURM_ARRAY_JOB_ID=9 SLURM_ARRAY_TASK_ID=3 AGAIN slurm/array.sbatch pi 1e9
    SRUN <pi> <1e9> <--shard> <auto/4> <--checkpoint> <montesieve-7.3.part>
Slurm, requeue
    SLURM SLURM_JOB_ID=7 slurm/requeue.sbatch pi 1e9
    SRUN <pi> <1e9> <--checkpoint> <montesieve-7.ckpt>
PBS, command in a variable
    FROM=/ PBS 'MONTESIEVE_ARGS=primes 0 1e9 --count 1,2' pbs/plain.pbs
    HOSTFILE <primes> <0> <1e9> <--count> <1,2>
PBS, arguments
    PBS pbs/plain.pbs pi 1e9
    HOSTFILE <pi> <1e9>
LSF, command in a variable
    LSF 'MONTESIEVE_ARGS=pi 1e9' lsf/plain.bsub
    HOSTFILE <pi> <1e9>
LSF, arguments
    LSF lsf/plain.bsub pi 1e9
    HOSTFILE <pi> <1e9>
Grid Engine
    NSLOTS=8 sge/plain.sge primes 1e12
    mpirun <-n> <8> <PROGRAM> <primes> <1e12>
Grid Engine, a part of an array
    NSLOTS=8 JOB_ID=7 SGE_TASK_ID=2 sge/array.sge pi
    mpirun <-n> <8> <PROGRAM> <pi> <--shard> <auto> <--checkpoint> <montesieve-7.2.part>
Grid Engine, a part once more
    NSLOTS=8 JOB_ID=9 SGE_TASK_ID=3 AGAIN sge/array.sge pi
    mpirun <-n> <8> <PROGRAM> <pi> <--shard> <auto/4> <--checkpoint> <montesieve-7.3.part>
an argument with a blank stays one
    NSLOTS=8 sge/plain.sge primes --output 'a b'
    mpirun <-n> <8> <PROGRAM> <primes> <--output> <a b>
Flux
    flux/plain.flux primes 1e12
    flux <run> <--ntasks=4> <PROGRAM> <primes> <1e12>
Flux, with options
    'MONTESIEVE_FLUX_OPTIONS=-o pmi=pmix' flux/plain.flux pi
    flux <run> <-o> <pmi=pmix> <--ntasks=4> <PROGRAM> <pi>
the burn-in of a node, an argument with a slip
    burnin-node --drian
    burnin-node: unknown argument '--drian' (see scripts/burnin-node --help)
    exit 2
Slurm, requeue, launches that never happen
    LAME NEVER=1 slurm/requeue.sbatch pi 1e9
    srun
    launch 1 ended with 0, but the job is not whole
    srun
    launch 2 ended with 0, but the job is not whole
    srun
    launch 3 ended with 0, but the job is not whole
    exit 1
Slurm, requeue, a launch that did not happen
    LAME slurm/requeue.sbatch pi 1e9
    srun
    launch 1 ended with 0, but the job is not whole
    srun
";

/// Runs a submit script as the scheduler would: from the folder of submission (or FROM), with an
/// environment that is empty but for the variables of `line`.
fn submit(lab: &Path, line: &str) -> Result<String> {
    let words = shlex::split(line).ok_or("a quote is open")?;
    let script = words.iter().position(|word| !word.contains('=')).ok_or("no script")?;
    let (variables, script) = words.split_at(script);
    let mut command = Command::new("bash");
    // Both streams in their order.
    command.args(["-c", r#"exec bash "$@" 2>&1"#, "submit"]);
    command.arg(root().join("scripts").join(&script[0])).args(&script[1..]);
    command.env_clear().env("PATH", format!("{}/bin:/usr/bin:/bin", lab.display()));
    command.envs(variables.iter().filter_map(|variable| variable.split_once('=')));
    let is_elsewhere = variables.iter().any(|variable| variable == "FROM=/");
    command.current_dir(if is_elsewhere { Path::new("/").into() } else { lab.join("job") });
    said(&mut command)
}

fn submit_scripts(lab: &Path, checks: &mut Checks) -> Result<()> {
    for name in ["mpirun", "srun", "flux"] {
        stand_in(lab.join("bin").join(name), LAUNCHER)?;
    }
    stand_in(lab.join("lame/srun"), LAME_SRUN)?;
    stand_in(lab.join("lame/montesieve"), LAME_PROGRAM)?;
    stand_in(lab.join("job/target/release/montesieve"), "")?;
    stand_in(lab.join("other"), "")?;
    fs::write(lab.join("nodes"), "a\na\nb\nb\n")?;
    let long = |text: &str| {
        let text =
            SHORT.iter().fold(text.to_string(), |text, (short, long)| text.replace(short, long));
        text.replace("LAB", &lab.display().to_string())
    };
    let mut lines = SUBMITTED.trim().lines().peekable();
    while let (Some(what), Some(line)) = (lines.next(), lines.next()) {
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
            expected.push(long(line.trim()));
        }
        checks.equal(what, &submit(lab, &long(line))?, &expected.join("\n"));
    }
    let plain = ["slurm/plain.sbatch", "pbs/plain.pbs", "lsf/plain.bsub", "sge/plain.sge"];
    for script in plain.into_iter().chain(["flux/plain.flux"]) {
        let job = long("LSF PBS NSLOTS=8 SLURM_SUBMIT_DIR=LAB/job ");
        let found = submit(lab, &format!("{job} {script}"))?;
        let last = found.lines().last().unwrap_or_default();
        checks.equal(&format!("{script} without a command"), last, "exit 2");
        let found = submit(lab, &format!("{job} MONTESIEVE=/nowhere {script} pi"))?;
        let expected = "no program at /nowhere: run scripts/setup, or set MONTESIEVE\nexit 1";
        checks.equal(&format!("{script} without a program"), &found, expected);
    }
    Ok(())
}

/// The lines that a scheduler reads and no shell checks: what its manual allows. For schedulers
/// that no rig has.
const DIRECTIVES: [(&str, &str, &str); 3] = [
    (
        "pbs/plain.pbs",
        "#PBS ",
        "-N [A-Za-z][A-Za-z0-9_.-]{0,229}|-j (oe|eo|n)|-l walltime=[0-9]+:[0-9]{2}:[0-9]{2}|\
         -l select=[0-9]+(:(ncpus|mpiprocs|ompthreads)=[0-9]+|:mem=[0-9]+[kmgt]b)*",
    ),
    (
        "lsf/plain.bsub",
        "#BSUB ",
        "-J [A-Za-z][A-Za-z0-9_-]*(\\[[0-9-]+\\])?|-n [0-9]+|-W ([0-9]+:)?[0-9]{1,2}|-o [^ ]+|\
         -R \"span\\[(ptile=[0-9]+|hosts=1)\\]\"",
    ),
    (
        "flux/plain.flux",
        "#flux: ",
        "--job-name=[A-Za-z0-9._-]+|--(nodes|nslots)=[0-9]+|--time-limit=[0-9.]+[smhd]?|\
         --output=[^ ]+",
    ),
];

fn directives(script: &str, prefix: &str, grammar: &str, checks: &mut Checks) -> Result<()> {
    let text = fs::read_to_string(root().join("scripts").join(script))?;
    let options = text.lines().filter_map(|line| line.strip_prefix(prefix)?.split(" #").next());
    let options: Vec<&str> = options.map(str::trim).filter(|line| line.starts_with('-')).collect();
    checks.equal(&format!("{script} has options"), &(!options.is_empty()).to_string(), "true");
    let mut file = tempfile::tempfile()?;
    write!(file, "{}", options.join("\n"))?;
    file.rewind()?;
    // grep's exit code is 1 when no line is left, as it should be.
    let ended = run(Command::new("grep").args(["-vxE", "--", grammar]).stdin(file), LIMIT)?;
    let found = format!("{}exit {}", ended.text(), ended.code);
    checks.equal(&format!("{script}: options as in the manual"), &found, "exit 1");
    Ok(())
}
