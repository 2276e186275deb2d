# shellcheck shell=bash
# Functions of the rigs and their checks: running on a host, cutting it off, and expectations.
# Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The rig's shared file system is mounted here: the first of these folders that hides nothing needed.
for SHARED in /srv /mnt /media; do
  [[ -d $SHARED && $ROOT != "$SHARED"/* && ${MONTESIEVE-} != "$SHARED"/* && ${MPIRUN-} != "$SHARED"/* ]] && break
done
export SHARED
export MONTESIEVE=${MONTESIEVE:-$ROOT/target/release/montesieve}
export MPIRUN=${MPIRUN:-mpirun}

# Root is the only user of a rig. More ranks than cores must not spin while they wait.
# tests/rigs/agent reaches remote hosts.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_plm_rsh_agent="$ROOT/tests/rigs/agent" PRTE_MCA_plm_ssh_agent="$ROOT/tests/rigs/agent"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$*"; exit 1; }
# This machine does not let us: 77, as automake's tests say it.
cannot() { say "$*"; exit 77; }
have() { command -v "$1" >/dev/null 2>&1; }

# wait_until SECONDS COMMAND...: whether COMMAND succeeded before the time was over
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# enter HOST COMMAND...: in the same folder as here, for as long as it likes
enter() {
  local pid
  pid=$(<"$SHARED/rig/$1.pid")
  shift
  "${LIMIT[@]}" nsenter -t "$pid" -n -u -i -m -- env -C "$PWD" "$@"
}
LIMIT=()

# on HOST COMMAND...: the same, and nothing waits longer than 100 s for what hangs
on() {
  local LIMIT=(timeout -k 5 100)
  enter "$@"
}

# port HOST: the cable's end at the switch
port() {
  local i
  for i in "${!HOSTS[@]}"; do [[ ${HOSTS[i]} != "$1" ]] || echo "port$i"; done
}

# cut HOST and join HOST: pull its cable out, put it in again
cut_off() { ip link set "$(port "$1")" down; }
join() { ip link set "$(port "$1")" up; }

# processes HOST [NAME]: the ids of the processes there
processes() {
  local namespace
  namespace=$(readlink "/proc/$(<"$SHARED/rig/$1.pid")/ns/net")
  find /proc -mindepth 3 -maxdepth 3 -path '/proc/[0-9]*/ns/net' -lname "${namespace/[/\\[}" -printf '%h\n' 2>/dev/null |
    cut -d/ -f3 | while read -r pid; do
      [[ -z ${2-} || $(cat "/proc/$pid/comm" 2>/dev/null) == "$2" ]] && echo "$pid"
    done || true
}

# power_off HOST: every process there is gone at once (the host itself stays, empty)
power_off() {
  local keep
  keep=$(<"$SHARED/rig/$1.pid")
  # Some of them may be on their way out.
  processes "$1" | grep -vx "$keep" | xargs -r kill -9 2>/dev/null || true
}

# A rig's `up` may define more: whether this user may run it, what to hide before its hosts start,
# and what to start on them.
allowed() { true; }
prepare() { true; }
up() { true; }

# --- checks -----------------------------------------------------------------------------------------------------------

PASSED=0 FAILED=0 CLOCK=$SECONDS

# expect WHAT WANTED GOT: the same text. expect WHAT ~PATTERN GOT: GOT has a match of the extended regular expression.
expect() {
  local ok=no took=$((SECONDS - CLOCK))
  CLOCK=$SECONDS
  if [[ ${2:0:1} == '~' ]]; then
    ! grep -qE -- "${2:1}" <<<"$3" || ok=yes
  elif [[ $2 == "$3" ]]; then
    ok=yes
  fi
  if [[ $ok == yes ]]; then
    PASSED=$((PASSED + 1))
    printf 'ok      %-70s %3d s\n' "$1" "$took"
  else
    FAILED=$((FAILED + 1))
    printf 'FAILED  %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
  fi
}

# shellcheck disable=SC2034  # for those who call it
# run COMMAND...: its standard output in OUT, standard error in ERR, exit code in CODE
run() {
  local files=$SHARED/rig/last
  CODE=0
  "$@" >"$files.out" 2>"$files.err" </dev/null || CODE=$?
  OUT=$(<"$files.out") ERR=$(<"$files.err")
}

# text FILE: what is in it, or that there is none
text() { cat "$1" 2>&1 || true; }

# answer FILE WANTED: the lines of FILE that are in WANTED too, whatever stands around them (a scheduler writes stderr to the same file)
answer() { text "$1" | grep -Fxf <(printf '%s\n' "$2") || true; }

# result FILE: the part of the JSON that must have the same bytes everywhere
result() { sed -n '/^  "result": {/,/^  },$/p' "$1"; }

# The program may leave nothing behind in shared memory and temporary files of any host.
# leftovers NAME: but files of this name, which others made
leftovers() {
  local host file
  for host in "${HOSTS[@]}"; do
    # (A repository below /tmp is there, and the folders that lead to it.)
    on "$host" find /dev/shm /tmp -mindepth 1 -path "$ROOT" -prune -o -not -name "$1" -print 2>/dev/null |
      while read -r file; do [[ $ROOT/ == "$file"/* ]] || echo "$host:$file"; done
  done
}

summary() {
  printf 'rig %s: %d checks passed, %d failed, in %d s\n' "$1" "$PASSED" "$FAILED" "$SECONDS"
  ((FAILED == 0))
}
