#!/bin/sh
# send_email.sh --to ADDRESS --subject TEXT, with the body in JOBQ_ARG_BODY.
#
# Stands in for a mail program: it puts the mail into the folder OUTBOX. A job may run again
# after its worker was killed, so the mail is named after the job and appears whole or not
# at all: running it twice sends it once.
set -eu

to='' subject=''
while [ $# -gt 0 ]; do
    case $1 in
    --to) to=$2 ;;
    --subject) subject=$2 ;;
    *) echo "send_email.sh: what is $1?" >&2; exit 64 ;;
    esac
    shift 2
done

# A line feed would begin a header of the sender's choice.
case $to$subject in
*'
'*) echo 'an address or a subject is one line' >&2; exit 65 ;;
esac
case $to in
*@*.invalid) echo "no such host: ${to##*@}" >&2; exit 65 ;;
?*@?*) ;;
*) echo "not an address: $to" >&2; exit 65 ;;
esac

mkdir -p "$OUTBOX"
mail=$OUTBOX/$JOBQ_JOB_ID.eml
if [ ! -e "$mail" ]; then
    draft=$OUTBOX/.$JOBQ_JOB_ID.$JOBQ_FENCE
    printf 'To: %s\nSubject: %s\nMessage-ID: <%s@jobq.example>\n\n%s\n' \
        "$to" "$subject" "$JOBQ_JOB_ID" "${JOBQ_ARG_BODY:-}" >"$draft"
    sleep "${SEND_SECONDS:-0}" # what a mail server would take
    mv "$draft" "$mail"
fi
printf '{"message_id": "<%s@jobq.example>"}\n' "$JOBQ_JOB_ID" >"$JOBQ_RESULT"
