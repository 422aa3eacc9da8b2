#!/bin/sh
# notify.sh WHAT: the place to tell somebody. Run as a hook and as an alert; the facts are in
# the environment, the end of the failed job's output is on standard input.
set -eu
mkdir -p "${OUTBOX:-outbox}"
printf '%s: %s %s (%s)\n' "$1" "${JOBQ_EVENT:-}" "${JOBQ_PARENT_ID:-}" "${JOBQ_PARENT_ERROR:-}" \
    >>"${OUTBOX:-outbox}/notices"
