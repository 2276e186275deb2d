#!/bin/bash
# Flux: one montesieve command over the whole allocation.
#   flux batch scripts/flux/plain.flux primes 1e12
#   flux batch -N 8 -n 512 -t 4h scripts/flux/plain.flux pi 1e13 --seed 7
# Options on the command line win over those below. Submit from the repository, or set MONTESIEVE to the program's path.
# Not yet run on a real Flux: checked by bash -n, shellcheck and a stand-in for flux.
#
#flux: --job-name=montesieve             # name in flux jobs
#flux: --nodes=1                         # machines
#flux: --nslots=4                        # ranks in all, one core each
#flux: --time-limit=1h                   # the job is killed when it is over
#flux: --output=montesieve-{{id}}.out    # stdout and stderr; {{id}} is the job's
set -euo pipefail

# flux batch runs a copy of this file in the folder where it was called.
program=${MONTESIEVE:-$PWD/target/release/montesieve}
(($#)) || { echo "usage: flux batch scripts/flux/plain.flux COMMAND..., as in: primes 1e12" >&2; exit 2; }
[[ -x $program ]] || { echo "no program at $program: run scripts/setup, or set MONTESIEVE" >&2; exit 1; }

# Inside the batch job there is a separate Flux instance that owns the allocation and starts the ranks, one a core. MPICH and Open MPI 4
# find it by themselves; Open MPI 5 needs the plugin flux-pmix and MONTESIEVE_FLUX_OPTIONS='-o pmi=pmix'. Without it every rank
# would be a separate world, which montesieve refuses with exit code 78.
read -ra options <<<"${MONTESIEVE_FLUX_OPTIONS-}"
exec flux run "${options[@]}" --ntasks="$(flux resource list -s all -no '{ncores}')" "$program" "$@"
