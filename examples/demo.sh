#!/bin/sh
# A tour of jobq over this project's own files: `make demo`.
#
# Builds the program, or takes the one that JOBQ_DEMO_PROGRAM names. Uses the local store, in
# a namespace of its own, so jobs that are there already are not touched. Leaves nothing
# running but the local store.
set -eu
cd "$(dirname "$0")/.."

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') off=$(printf '\033[0m')
else
    bold='' dim='' off=''
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
say() { printf '%s\n' "$*"; }
typed() { printf '%s$ %s%s\n' "$dim" "$*" "$off"; }

if [ -z "${JOBQ_DEMO_PROGRAM:-}" ]; then
    sh tools/setup
    say 'building jobq (once; a few minutes on a small machine) ...'
    ${MAKE:-make} -s build
    JOBQ_DEMO_PROGRAM=${CARGO_TARGET_DIR:-target}/release/jobq
fi
program=$JOBQ_DEMO_PROGRAM
# The tour shows the local store, whatever else this shell is set up for.
unset JOBQ_URL JOBQ_LOCAL JOBQ_PASSWORD_FILE
JOBQ_NAMESPACE=demo-$$
export JOBQ_NAMESPACE
# Not for workers: a function in the background is a shell that signals would stop at.
jobq() { "$program" "$@"; }

scratch=$(mktemp -d)
workers=''
clean() {
    # shellcheck disable=SC2086 # one word for each process
    [ -z "$workers" ] || { kill $workers 2>/dev/null || true; wait $workers 2>/dev/null || true; }
    workers=''
    rm -rf "$scratch"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

title '1. Put work on two queues'
typed 'for file in src/core/*.rs; do jobq enqueue -q hash -- sha256sum "$file"; done'
for file in src/core/*.rs; do
    jobq enqueue --quiet -q hash -- sha256sum "$file"
done >"$scratch/hash"
typed 'for file in src/core/lua/*.lua; do jobq enqueue -q pack --shell '\''gzip -9c "$1" | wc -c'\'' -- "$file"; done'
for file in src/core/lua/*.lua; do
    jobq enqueue --quiet -q pack --shell 'gzip -9c "$1" | wc -c' -- "$file"
done >"$scratch/pack"
say "$(wc -l <"$scratch/hash" | tr -d ' ') jobs wait in hash, $(wc -l <"$scratch/pack" | tr -d ' ') in pack; nobody runs them yet:"
jobq status

title '2. Start two workers: one slot for hash, three for pack'
typed 'jobq worker -q hash -c 1 &   jobq worker -q pack -c 3 &'
"$program" worker --quiet --name hasher -q hash -c 1 2>"$scratch/hash.log" &
workers=$!
"$program" worker --quiet --name packer -q pack -c 3 2>"$scratch/pack.log" &
workers="$workers $!"
typed 'jobq status --wait ID...'
# shellcheck disable=SC2046 # one word for each id
jobq status --wait $(cat "$scratch/hash" "$scratch/pack")
say 'all of them succeeded. What one of them printed, and the same by hand:'
first=$(head -n 1 "$scratch/hash")
typed "jobq status --stdout $first"
jobq status --stdout "$first"
file=$(ls src/core/*.rs | head -n 1)
typed "sha256sum $file"
sha256sum "$file"

title '3. A job that fails, is tried again, and succeeds'
flaky='echo "this is attempt $JOBQ_ATTEMPT"; test "$JOBQ_ATTEMPT" -ge 2'
typed "jobq enqueue -q pack --retries 3 --retry-delay 1s --shell '$flaky'"
id=$(jobq enqueue --quiet -q pack --retries 3 --retry-delay 1s --shell "$flaky")
jobq status --wait "$id" >/dev/null
typed "jobq status $id"
jobq status "$id"

title '4. A job that takes too long'
typed 'jobq enqueue -q pack --wait --timeout 1s -- sleep 60'
code=0
jobq enqueue --quiet -q pack --wait --timeout 1s -- sleep 60 || code=$?
say "exit code $code: it timed out, and its processes are gone"

title '5. A job run elsewhere as if it ran here: live output, its own exit code'
job='for n in 1 2 3; do echo "step $n"; sleep 0.5; done; echo "that was all" >&2; exit 7'
typed "jobq enqueue -q hash --wait --shell '$job'"
code=0
jobq enqueue --quiet -q hash --wait --shell "$job" 2>"$scratch/errors" || code=$?
say "on its standard error: $(tail -n 1 "$scratch/errors")"
say "exit code $code"

title '6. How things stand'
typed 'jobq status'
jobq status

clean
title 'Done. Both workers have stopped; the local store goes on:'
jobq inspect server | sed -n 's/^local  */  /p'
say "  these jobs are in its namespace $JOBQ_NAMESPACE"
say "  to stop it: $program control server stop"
