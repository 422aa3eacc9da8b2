# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_jobq_global_optspecs
    string join \n url= namespace= config= tls-ca= tls-cert= tls-key= json quiet v/verbose color= h/help V/version
end

function __fish_jobq_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_jobq_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_jobq_using_subcommand
    set -l cmd (__fish_jobq_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c jobq -n "__fish_jobq_needs_command" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_needs_command" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_needs_command" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_needs_command" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_needs_command" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_needs_command" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_needs_command" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_needs_command" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_needs_command" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_needs_command" -s V -l version -d 'Print version'
complete -c jobq -n "__fish_jobq_needs_command" -f -a "enqueue" -d 'Put a command on a queue'
complete -c jobq -n "__fish_jobq_needs_command" -f -a "worker" -d 'Run jobs from queues'
complete -c jobq -n "__fish_jobq_needs_command" -f -a "beat" -d 'Enqueue jobs on time: a scheduler, as many as you like'
complete -c jobq -n "__fish_jobq_needs_command" -f -a "status" -d 'Show how things stand, or one job in full'
complete -c jobq -n "__fish_jobq_needs_command" -f -a "inspect" -d 'Look closer at the system; never changes anything'
complete -c jobq -n "__fish_jobq_needs_command" -f -a "control" -d 'Change other people\'s work: cancel, retry, pause, limit, purge, stop'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l id -d 'Id to give it; a second enqueue with the same id makes no second job' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l delay -d 'Run it no sooner than after this long: 90s, 10m, 1h30m, 2d' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l at -d 'Run it no sooner than at this time: RFC 3339, "2026-12-01 09:00", 09:00, "tomorrow 09:00", "friday 09:00" or @SECONDS' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l tz -d 'Time zone of --at and --expires: an IANA name; default: the local one' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l expires -d 'Drop it as EXPIRED if it has not started by then' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l wait-timeout -d 'Wait at most this long; the job goes on' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l if-full -d 'When the queue is full: fail (exit 75), wait, or wait=DURATION' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l durable -d 'Wait until N replicas of the server have the job too; fewer after 4 seconds: exit 74' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -s q -l queue -d 'Queue to put it on; default: the task\'s, else default' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -s p -l priority -d 'Priority from -100 to 100; higher runs first, equal in order of arrival; default: 0' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l label -d 'Label to find it by; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l shell -d 'Script for sh -c; what follows -- becomes $1, $2 and so on' -r -f -a "(__fish_complete_command)"
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l retries -d 'Further attempts after a failure; default: the task\'s or queue\'s, else none' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l retry-delay -d 'Wait before the first retry; default: 10s' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l backoff -d 'How the wait grows from retry to retry; default: fixed' -r -f -a "fixed\t'The same each time'
exponential\t'Doubled each time, up to --retry-max-delay'"
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l retry-max-delay -d 'Longest wait before a retry; default: 1h' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l ok-codes -d 'Exit codes that are success instead of 0: 0,3 or 100-110' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l retry-on -d 'Exit codes worth a retry; 75 always is; default: all' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l no-retry-on -d 'Exit codes that end the job at once' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l snooze-on -d 'Exit codes that put it back for a while without using up an attempt; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l on-lost -d 'When its worker or machine dies: run it again (at most 3 times), or fail; default: retry' -r -f -a "retry\t'Run it again'
fail\t'End it as FAILURE'"
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l timeout -d 'Kill it, with all its processes, after this long' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l soft-timeout -d 'Send it a signal it can catch after this long' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l soft-signal -d 'Signal of --soft-timeout; default: TERM' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l lease -d 'How long a worker may be out of touch before another may take the job over; at least 1s; default: the worker\'s' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l result-ttl -d 'How long to keep the record of a success; default: 1d' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l failure-ttl -d 'How long to keep the record of a failure; default: 14d' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -s e -l env -d 'Variable for the job; NAME alone copies it from here; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -s C -l cwd -d 'Folder to run in; default: the current one' -r -f -a "(__fish_complete_directories)"
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l stdin-file -d 'Pass a file on to the job as its standard input, at most 1 MiB' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l dry-run -d 'Show what would be enqueued, and enqueue nothing'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -s w -l wait -d 'Wait for the job, show its output, and end with its exit code'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l retry-jitter -d 'Draw each wait at random from its upper half'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l stdin -d 'Pass standard input on to the job, at most 1 MiB; without it the job reads /dev/null'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l unchecked -d 'Allow a task that this machine\'s configuration does not define; needs --queue'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand enqueue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -s q -l queue -d 'Queues to serve, with weights: emails:3,reports:1; default: all that the configuration names, else default' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -s c -l concurrency -d 'Jobs to run at once; default: the number of CPUs' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l queue-limit -d 'Jobs of one queue to run at once here: emails=2; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l allow -d 'Run only these named tasks' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l name -d 'Label to show for this worker' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l idle -d 'With --burst, stay for jobs that fall due within this long; default: 0s' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l max-jobs -d 'End after this many jobs' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l max-runtime -d 'End after this long, as if stopped' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l grace -d 'Time running jobs get to end when the worker is stopped; default: 20s' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l kill-after -d 'Time between TERM and KILL for what still runs then; default: 5s' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l lease -d 'How long this worker may be out of touch before others take its jobs over; at least 1s; default: 30s' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l log-format -d 'Form of the log on standard error; default: text' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l log-dir -d 'Folder for complete outputs, one file per attempt and stream' -r -f -a "(__fish_complete_directories)"
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l output-head -d 'Bytes to keep of the beginning of each output; default: 32KiB' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l output-tail -d 'Bytes to keep of the end of each output; default: 224KiB' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l metrics -d 'Serve /metrics (OpenMetrics), /healthz and /readyz at HOST:PORT; a port alone is of this machine only' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l strict -d 'Serve the queues in the order given: the next only while those before it are empty'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l tasks-only -d 'Refuse commands, run named tasks only'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l burst -d 'End when there is nothing left to do'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l allow-eviction -d 'Run on a server that may drop any key when memory is short'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand worker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l crontab -d 'Crontab to run on the queue, or a folder of them as /etc/cron.d; read again on change; may be repeated' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l worker-user -d 'User that the workers of the queue run as; default: the one who runs this' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -s q -l queue -d 'Queue of the crontab\'s jobs; default: cron-HOST' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l host -d 'Name of this machine in the names of schedules and queue; default: the host name' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l log-format -d 'Form of the log on standard error; default: text' -r -f -a "text\t'Lines for people'
json\t'One JSON object a line'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l metrics -d 'Serve /metrics (OpenMetrics), /healthz and /readyz at HOST:PORT; a port alone is of this machine only' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l user-field -d 'A user stands between times and command, as in /etc/crontab and /etc/cron.d, where that is known'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l skip-refused -d 'Publish the other lines of a crontab that has lines that cannot run'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l shadow -d 'Publish nothing and run nothing; say at each tick what would have run'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l allow-eviction -d 'Run on a server that may drop any key when memory is short'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "next" -d 'Show the coming ticks, and what daylight saving does to them'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "check" -d 'Check the configuration, or a crontab: all that is wrong, by line'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "add" -d 'Add a schedule that stands in no file, or put another in its place'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "list" -d 'List the schedules'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "remove" -d 'Remove a schedule; jobs that it made stay'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "pause" -d 'Stop a schedule for a while: its ticks make no jobs'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "resume" -d 'End a pause'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "trigger" -d 'Make a job of a schedule now, print its id; no tick is used up'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and not __fish_seen_subcommand_from next check add list remove pause resume trigger import" -f -a "import" -d 'Print another scheduler\'s file as jobq.toml'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -s n -l count -d 'Ticks to show; default: 10 for one schedule' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l cron -d 'Expression to show the ticks of, stored or not' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l tz -d 'Zone to show beside the schedule\'s; with --cron the zone of the expression; default: the local one' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from next" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l worker-user -d 'User that the workers of the queue run as; default: the one who runs this' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -s q -l queue -d 'Queue of the crontab\'s jobs; default: cron-HOST' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l host -d 'Name of this machine in the names of schedules and queue; default: the host name' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l user-field -d 'A user stands between times and command, as in /etc/crontab and /etc/cron.d, where that is known'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l cron -d 'Cron expression: five fields, six with seconds in front, or a nickname such as @daily' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l every -d 'Period: it ticks at whole multiples of it since 1970 in UTC; at least 1s' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l at -d 'Time of its only tick: as for jobq enqueue --at' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l tz -d 'Time zone of --cron and of times without one; default: the local one' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l spread -d 'Delay each tick by a time below this that depends on the name alone' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l starts -d 'No tick before this time' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l ends -d 'No tick after this time' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l overlap -d 'While an earlier job has not ended; default: queue' -r -f -a "queue\t'The next waits until the earlier has ended'
skip\t'The tick makes no job'
replace\t'The earlier is cancelled, then the next runs'
allow\t'They run side by side'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l missed -d 'Ticks that no beat was there for; default: once' -r -f -a "once\t'One job for all of them'
all\t'A job for each, up to --missed-max'
skip\t'No job'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l missed-window -d 'Ticks that were missed longer ago than this make no job' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l missed-max -d 'The most jobs that missed ticks make with --missed all; default: 100' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l expires -d 'Drop a job as EXPIRED if it has not started by then: a duration, or next-tick' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l alert-missed -d 'Raise an alert when no job of it has succeeded so long after a tick' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l alert-shell -d 'Script for sh -c that the alert runs' -r -f -a "(__fish_complete_command)"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -s q -l queue -d 'Queue to put it on; default: the task\'s, else default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -s p -l priority -d 'Priority from -100 to 100; higher runs first, equal in order of arrival; default: 0' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l label -d 'Label to find it by; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l shell -d 'Script for sh -c; what follows -- becomes $1, $2 and so on' -r -f -a "(__fish_complete_command)"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l retries -d 'Further attempts after a failure; default: the task\'s or queue\'s, else none' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l retry-delay -d 'Wait before the first retry; default: 10s' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l backoff -d 'How the wait grows from retry to retry; default: fixed' -r -f -a "fixed\t'The same each time'
exponential\t'Doubled each time, up to --retry-max-delay'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l retry-max-delay -d 'Longest wait before a retry; default: 1h' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l ok-codes -d 'Exit codes that are success instead of 0: 0,3 or 100-110' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l retry-on -d 'Exit codes worth a retry; 75 always is; default: all' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l no-retry-on -d 'Exit codes that end the job at once' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l snooze-on -d 'Exit codes that put it back for a while without using up an attempt; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l on-lost -d 'When its worker or machine dies: run it again (at most 3 times), or fail; default: retry' -r -f -a "retry\t'Run it again'
fail\t'End it as FAILURE'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l timeout -d 'Kill it, with all its processes, after this long' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l soft-timeout -d 'Send it a signal it can catch after this long' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l soft-signal -d 'Signal of --soft-timeout; default: TERM' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l lease -d 'How long a worker may be out of touch before another may take the job over; at least 1s; default: the worker\'s' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l result-ttl -d 'How long to keep the record of a success; default: 1d' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l failure-ttl -d 'How long to keep the record of a failure; default: 14d' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -s e -l env -d 'Variable for the job; NAME alone copies it from here; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -s C -l cwd -d 'Folder to run in; default: the current one' -r -f -a "(__fish_complete_directories)"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l stdin-file -d 'Pass a file on to the job as its standard input, at most 1 MiB' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l retry-jitter -d 'Draw each wait at random from its upper half'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l stdin -d 'Pass standard input on to the job, at most 1 MiB; without it the job reads /dev/null'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l unchecked -d 'Allow a task that this machine\'s configuration does not define; needs --queue'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l reason -d 'Why, for whoever looks at it later' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l until -d 'Go on at this time: as for jobq enqueue --at; default: when it is resumed' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l for -d 'Go on after this long' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l tz -d 'Time zone of --until; default: the local one' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l reason -d 'Why, for whoever looks at it later' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from trigger" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand beat; and __fish_seen_subcommand_from import" -f -a "crontab" -d 'Print a crontab as [schedules] of jobq.toml, with the same times and commands'
complete -c jobq -n "__fish_jobq_using_subcommand status" -l wait-timeout -d 'With --wait, wait at most this long; the jobs go on' -r
complete -c jobq -n "__fish_jobq_using_subcommand status" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand status" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand status" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand status" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand status" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand status" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand status" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand status" -l stdout -l output -d 'Write the job\'s standard output, byte for byte'
complete -c jobq -n "__fish_jobq_using_subcommand status" -l stderr -d 'Write the job\'s standard error, byte for byte'
complete -c jobq -n "__fish_jobq_using_subcommand status" -l follow -d 'Write the job\'s output while it runs, until it ends'
complete -c jobq -n "__fish_jobq_using_subcommand status" -l wait -d 'Wait until the jobs have ended; for one job, show its output and end with its exit code'
complete -c jobq -n "__fish_jobq_using_subcommand status" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand status" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand status" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "queues" -d 'Show every queue: what it holds, who serves it, what bounds it'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "jobs" -d 'List jobs, in pages that cost the same at any depth'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "job" -d 'Show jobs in full: state, reason, attempts, times, the end of the output'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "why" -d 'Say why a job stands where it stands, in one sentence and a stable word'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "workers" -d 'Show every worker: how busy it is, whether it lives, what it serves'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "schedules" -d 'Show every schedule: next and last tick, how its job ended, what was skipped and missed'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "failures" -d 'List failed jobs and why they failed, newest first'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "events" -d 'Show what happened, and with --follow what happens: every change of a job, every act of an operator'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "doctor" -d 'Check the server, the workers and the queues, and say what to do; exit 1 if something is bad'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "verify" -d 'Check every invariant of the stored state, in small steps that change nothing; exit 1 if one does not hold'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "stats" -d 'Show how fast queues and tasks work, how often they fail, how long jobs wait and run'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "server" -d 'Show where the server is, what it is, and how it keeps data'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and not __fish_seen_subcommand_from queues jobs job why workers schedules failures events doctor verify stats server config" -f -a "config" -d 'Show the configuration that holds, and where each value was said'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from queues" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -s q -l queue -d 'Only of this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l task -d 'Only of this task; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l label -d 'Only with this label; repeated, all of them' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l group -d 'Only of this group; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l since -d 'Only what ended, or was enqueued if it has not ended, since then: 1h, yesterday 09:00, a date' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l until -d 'Only what ended, or was enqueued if it has not ended, before then' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l state -d 'Only in this state, as shown; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l limit -d 'At most this many' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l after -d 'Go on where a page ended, with the same filters and order' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l newest -d 'The newest first, whatever the state; of what waits, the last in line'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l oldest -d 'The oldest first, whatever the state; of what waits, the first in line'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from jobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from job" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from workers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from schedules" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -s q -l queue -d 'Only of this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l task -d 'Only of this task; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l label -d 'Only with this label; repeated, all of them' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l group -d 'Only of this group; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l since -d 'Only what ended, or was enqueued if it has not ended, since then: 1h, yesterday 09:00, a date' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l until -d 'Only what ended, or was enqueued if it has not ended, before then' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l limit -d 'At most this many' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l after -d 'Go on where a page ended, with the same filters and order' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l newest -d 'The newest first, whatever the state; of what waits, the last in line'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l oldest -d 'The oldest first, whatever the state; of what waits, the first in line'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from failures" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -s q -l queue -d 'Only of this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l job -d 'Only about this job; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l kind -d 'Only of this kind, such as failed or lost; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l since -d 'Only since then: 1h, yesterday 09:00, a date' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l after -d 'Only after the event with this id; 0 for all there are' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l limit -d 'At most this many; the newest, or with --after and --since the first' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -s f -l follow -d 'Go on with each event as it happens, until stopped'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -s q -l queue -d 'Only this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l task -d 'Only this task; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l window -d 'How far to look back, 1m to 48h' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l openmetrics -d 'Print gauges and counters of the whole namespace as OpenMetrics, for a collector of text files'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l format -d 'Print a line of your own for each record, such as \'{id}\\\\t{state}\'; any field of the JSON by its name' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l watch -d 'Look again and again, every 2s unless DURATION says otherwise' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from server" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l format -d 'Print a line of your own for each value, such as \'{key}={value}\'' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand inspect; and __fish_seen_subcommand_from config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "cancel" -d 'Cancel jobs: those that wait never run, those that run are ended'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "retry" -d 'Run finished jobs again: the same id and command, all counters from zero'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "requeue" -d 'Put jobs back to run now: those that run are stopped and use up no attempt'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "delete" -d 'Remove the records of finished jobs, with their output'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "pause" -d 'Hold queues: nothing of them is started; what runs goes on, new jobs are accepted'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "resume" -d 'Let paused queues go on'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "limit" -d 'Bound a queue; producers beyond its size get exit 75'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "purge" -d 'End all unfinished jobs of a queue: waiting, delayed and running ones'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "quiet" -d 'Ask workers to take no more jobs, and to stay'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "stop" -d 'Ask workers to end, as TERM does'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "events" -d 'Say how many events are kept'
complete -c jobq -n "__fish_jobq_using_subcommand control; and not __fish_seen_subcommand_from cancel retry requeue delete pause resume limit purge quiet stop events server" -f -a "server" -d 'Manage the local store\'s server'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -s q -l queue -d 'Only of this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l task -d 'Only of this task; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l label -d 'Only with this label; repeated, all of them' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l group -d 'Only of this group; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l since -d 'Only what ended, or was enqueued if it has not ended, since then: 1h, yesterday 09:00, a date' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l until -d 'Only what ended, or was enqueued if it has not ended, before then' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l state -d 'Only in this state, as shown; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l limit -d 'Of those that fit, at most this many, in the order of inspect jobs --oldest' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l dry-run -d 'Only say how many fit, and show some'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -s y -l yes -d 'Do not ask; needed off a terminal'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l wait -d 'Wait until their processes are gone'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -s q -l queue -d 'Only of this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l task -d 'Only of this task; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l label -d 'Only with this label; repeated, all of them' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l group -d 'Only of this group; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l since -d 'Only what ended, or was enqueued if it has not ended, since then: 1h, yesterday 09:00, a date' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l until -d 'Only what ended, or was enqueued if it has not ended, before then' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l state -d 'Only in this state, as shown; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l limit -d 'Of those that fit, at most this many, in the order of inspect jobs --oldest' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l dry-run -d 'Only say how many fit, and show some'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -s y -l yes -d 'Do not ask; needed off a terminal'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -s q -l queue -d 'Only of this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l task -d 'Only of this task; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l label -d 'Only with this label; repeated, all of them' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l group -d 'Only of this group; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l since -d 'Only what ended, or was enqueued if it has not ended, since then: 1h, yesterday 09:00, a date' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l until -d 'Only what ended, or was enqueued if it has not ended, before then' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l state -d 'Only in this state, as shown; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l limit -d 'Of those that fit, at most this many, in the order of inspect jobs --oldest' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l dry-run -d 'Only say how many fit, and show some'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -s y -l yes -d 'Do not ask; needed off a terminal'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from requeue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -s q -l queue -d 'Only of this queue; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l task -d 'Only of this task; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l label -d 'Only with this label; repeated, all of them' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l group -d 'Only of this group; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l since -d 'Only what ended, or was enqueued if it has not ended, since then: 1h, yesterday 09:00, a date' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l until -d 'Only what ended, or was enqueued if it has not ended, before then' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l state -d 'Only in this state, as shown; may be repeated' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l limit -d 'Of those that fit, at most this many, in the order of inspect jobs --oldest' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l dry-run -d 'Only say how many fit, and show some'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask; needed off a terminal'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l until -d 'Until this time: RFC 3339, "2026-12-01 09:00", 09:00, "tomorrow 09:00"' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l for -d 'For this long: 90s, 10m, 1h30m, 2d' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l max-depth -d 'Unfinished jobs it may hold; none for no limit, file for what a worker\'s jobq.toml says' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l max-bytes -d 'Bytes its unfinished jobs may take, such as 64M; none, or file' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l max-running -d 'Jobs of it that run at once, over all workers; none, or file' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l rate -d 'Jobs of it that start in a time, over all workers: 10/s, 100/m or 1000/h; none, or file' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from limit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -s y -l yes -d 'Do not ask; needed off a terminal'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from purge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l off -d 'Let them take jobs again'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from quiet" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l now -d 'Leave running jobs no grace: they are ended now and go back to their queue'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l keep -d 'About how many of the newest are kept; 0 for none, default for 100000' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l reason -d 'Why, for whoever looks later' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l url -d 'Server to use: redis://, rediss://, unix://, redis+unix://, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST; without it the local store' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l namespace -d 'Namespace: one independent system on a server; default: default' -r
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l config -d 'The only configuration file to read; without it /etc/jobq/jobq.toml, then the user\'s, then ./jobq.toml' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l tls-ca -d 'Certificates (PEM) to trust instead of the system\'s, for rediss://' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l tls-cert -d 'Client certificate (PEM), for rediss://; needs --tls-key' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l tls-key -d 'Key (PEM) of the client certificate; needs --tls-cert' -r -F
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l color -d 'When to use colours' -r -f -a "auto\t'On terminals, unless NO_COLOR is set'
always\t'Also in pipes'
never\t'Not at all'"
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l json -d 'Print JSON: one object, or one a line for lists'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -l quiet -d 'Say nothing but data and errors'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -s v -l verbose -d 'Say more; twice for still more'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobq -n "__fish_jobq_using_subcommand control; and __fish_seen_subcommand_from server" -f -a "stop" -d 'Stop the local store\'s server; its jobs stay on disk, the next command starts it again'
