#!/bin/sh
# generate_report.sh --user ID --parts N
#
# Stands in for long work: N parts, one after the other. Tells its progress, and leaves its
# result as JSON. At the soft time limit it gets TERM, and saves the parts it has.
set -eu

user='' parts=''
while [ $# -gt 0 ]; do
    case $1 in
    --user) user=$2 ;;
    --parts) parts=$2 ;;
    *) echo "generate_report.sh: what is $1?" >&2; exit 64 ;;
    esac
    shift 2
done

part=0 sum=0
save() { # save true|false: whether it is only a part of the report
    printf '{"user_id": %d, "partial": %s, "parts": %d, "sum": %d}\n' \
        "$user" "$1" "$part" "$sum" >"$JOBQ_RESULT"
}
# A shell acts on a signal when the command it waits for has ended: parts should be short.
trap 'save true; echo "out of time after part $part of $parts"; exit 0' TERM

while [ "$part" -lt "$parts" ]; do
    sleep "${PART_SECONDS:-0}"
    part=$((part + 1)) sum=$((sum + part * part))
    echo "$part/$parts part $part" >>"$JOBQ_PROGRESS"
done
save false
