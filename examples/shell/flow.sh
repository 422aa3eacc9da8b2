#!/bin/sh
# The flow of the web application in plain shell: enqueue, poll, result.
#
#     jobq worker -q emails,reports &     (with JOBQ_URL and JOBQ_CONFIG as below)
#     sh examples/shell/flow.sh
#
# Without JOBQ_URL this is the local store. JOBQ_CONFIG names the tasks; both sides need it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
JOBQ_CONFIG=${JOBQ_CONFIG:-$here/../fastapi/jobq.toml}
export JOBQ_CONFIG

# The state is the second field of the object, so nothing that a job wrote is mistaken for it.
state_of() { jobq status --json "$1" | sed -n 's/^{"id":"[^"]*","state":"\([A-Z]*\)".*/\1/p'; }
# One line of the page for people; where jq is at hand: jobq status --json ID | jq .result
field_of() { jobq status "$1" | sed -n "s/^$2 *//p" | head -n 1; }

# Enqueue. Standard output is the id and nothing else; 75 says that the queue is full.
code=0
email=$(jobq enqueue --quiet send_email to=ann@example.org subject='Hello; $(you)') || code=$?
case $code in
0) echo "email $email" ;;
75) echo 'the queue is full, try again later' >&2; exit 75 ;;
*) exit "$code" ;;
esac
report=$(jobq enqueue --quiet generate_report user_id:=42 parts:=10)
echo "report $report"

# Poll, as a page that a browser reloads would.
while state=$(state_of "$report"); do
    case $state in
    SUCCESS | FAILURE | REVOKED | EXPIRED) break ;;
    esac
    echo "report is $state $(field_of "$report" progress)"
    sleep 0.5
done
echo "report is $state"
[ "$state" = SUCCESS ] || { field_of "$report" error; exit 1; }

# The result.
echo "result $(field_of "$report" result)"

# Or without polling: a wait ends when the job does, with its exit code.
jobq status --wait "$email" && echo "email is $(state_of "$email")"

# A parameter of the wrong type is told at once, and nothing is enqueued.
code=0
jobq enqueue generate_report user_id=somebody 2>/dev/null || code=$?
echo "user_id=somebody is refused with exit code $code"
