//! Each invariant of the stored state is broken once, on purpose: `inspect verify` has to name
//! what was done, and nothing else.

use super::seed::{ID, seeded};
use crate::support::{Room, Server, Value};

/// A command, and the findings it has to lead to: code and subject. `#` and three digits stand
/// for a seeded job; keys are told without their prefix.
const DAMAGES: &[(&str, &[&str])] = &[
    // Indexes.
    ("HSET job:#002 state ODD", &["job_index #002", "job_state #002"]),
    ("ZREM in:PENDING:emails #002", &["job_index #002", "queue_bytes emails"]),
    ("ZADD in:RETRY:emails 5 #002", &["job_index #002", "job_index #002", "queue_bytes emails"]),
    ("HSET job:#004 due 5", &["job_score #004"]),
    ("HSET job:#007 enq 5", &["job_score #007"]),
    ("DEL job:#008", &["index_ghost #008", "orphan #008", "orphan #008", "set_ghost #008"]),
    ("ZADD in:PENDING:emails 5 ghost", &["index_ghost ghost"]),
    (
        "ZREM queues reports",
        &[
            "job_queue #006",
            "job_queue #007",
            "job_queue #008",
            "job_queue #011",
            "job_queue #012",
            "queue_unknown queue:reports",
        ],
    ),
    // Fields and parts of a record.
    ("HSET job:#002 token 1-n", &["job_token #002"]),
    ("HSET job:#002 requeue 1", &["job_cancel #002", "job_mail #002"]),
    ("HSET job:#002 finished 5", &["job_finished #002"]),
    ("HSET job:#002 due 5", &["job_due #002"]),
    ("HSET job:#002 attempts -1", &["job_counter #002"]),
    ("HSET job:#002 expires 5", &["job_expiry #002"]),
    ("HSET job:#006 expires 5", &["job_expires #006", "job_expiry #006"]),
    ("DEL spec:#009", &["job_spec #009"]),
    ("APPEND spec:#002 x", &["job_bytes #002"]),
    ("SET stdin:#009 x", &["job_inputs #009", "job_stdin #009"]),
    ("SET stdin:#010 x", &["job_inputs #010"]),
    ("RPUSH tries:#008 a b c d e f g h i", &["job_attempts #008"]),
    ("SET result:ghost 1", &["orphan ghost"]),
    // Sets.
    ("DEL expiry:reports", &["job_expiry #012"]),
    ("ZADD expiry:emails 5 #012", &["job_expiry #012"]),
    ("ZADD expiry:emails 5 ghost", &["set_ghost ghost"]),
    ("ZREM retain #008", &["job_retain #008"]),
    ("ZADD retain 5 #002", &["job_retain #002"]),
    ("ZREM outputs #009", &["job_outputs #009"]),
    ("ZADD outputs 5 ghost", &["set_ghost ghost"]),
    ("ZADD inputs 5 #010", &["job_inputs #010"]),
    ("ZADD inputs 5 ghost", &["set_ghost ghost"]),
    ("ZADD tombs 5 #002", &["job_tomb #002", "job_tomb #002"]),
    ("DEL label:team=mail", &["job_label #001"]),
    ("ZADD label:team=red 5 #001", &["job_label #001"]),
    ("ZADD label:team=red 5 ghost", &["set_ghost ghost"]),
    // Leases.
    ("HDEL held:web1-4121-k3f9 #001", &["job_lease #001"]),
    ("HSET held:web1-4121-k3f9 #002 5-n", &["held_ghost #002"]),
    ("HSET held:web2-988-p0q2 #001 1764000000000001-n", &["held_ghost #001"]),
    ("HSET held:nobody #001 5-n", &["held_ghost #001", "worker_unknown held:nobody"]),
    ("HSET mail:web1-4121-k3f9 #001 cancel", &["job_mail #001"]),
    ("HSET mail:web1-4121-k3f9 #002 cancel", &["mail_ghost #002"]),
    ("HSET mail:web1-4121-k3f9 @ dance", &["mail_ghost @"]),
    ("HSET mail:web1-4121-k3f9 @ quiet", &[]),
    ("HSET job:#001 cancel 1", &["job_mail #001"]),
    ("HSET meta fence 1", &["job_fence #001"]),
    ("HSET meta seq 4", &["job_seq #002", "job_seq #003", "job_seq #012"]),
    // Sums.
    ("HSET queue:reports bytes 1", &["queue_bytes reports"]),
    ("HSET meta out_bytes 1", &["out_bytes meta"]),
    ("HSET meta in_bytes 1", &["in_bytes meta"]),
    ("HSET out:#009 bytes 7", &["out_bytes meta", "output_bytes #009"]),
    // Workers, beats, chores, incidents.
    ("ZREM workers web2-988-p0q2", &["worker_unknown worker:web2-988-p0q2"]),
    ("ZADD workers 0 nobody", &["worker_gone workers"]),
    ("ZADD serves:emails 5 nobody", &["worker_gone serves:emails"]),
    ("DEL beats", &["beat_unknown beat:web1-4200-b7"]),
    ("ZADD beats 5 nobody", &["beat_gone beats"]),
    ("RPUSH chores 77", &["chore_gone chores"]),
    ("HSET chore:78 kind purge", &["chore_unlisted chore:78"]),
    ("HSET queue:emails purge 79", &["purge_gone queue:emails"]),
    ("DEL incidents", &["incident alert:send_email"]),
    ("ZADD incidents 5 other", &["incident_gone incidents"]),
    // Schedules and their chains.
    ("DEL plan:pull", &["schedule_plan pull"]),
    ("DEL schedule:pull", &["schedule_ghost pull"; 4]),
    ("ZREM schedules pull", &["schedule_listed pull"]),
    ("ZREM due pull", &["schedule_due pull"]),
    ("HSET schedule:pull due 5", &["schedule_due pull"]),
    ("ZADD alarms 5 pull", &["schedule_alarm pull"]),
    ("ZREM source:file pull", &["schedule_home pull"]),
    ("ZADD source:other 5 pull", &["schedule_home pull"]),
    ("ZADD boots:web1 0 pull", &["schedule_home pull"]),
    ("ZADD due 5 ghost", &["schedule_ghost ghost"]),
    ("ZREM chain:pull #007", &["job_chain #007"]),
    ("ZREM chain:pull #006", &["chain_stuck #007", "job_chain #006"]),
    ("ZADD chain:pull 7 #002", &["chain_ghost #002"]),
    ("ZADD chain:pull 7 #008", &["chain_ghost #008"]),
    ("ZADD chain:other 7 ghost", &["set_ghost ghost"]),
    ("HDEL job:#007 sched", &["chain_ghost #007", "job_blocked #007"]),
    // Statistics.
    ("APPEND stats:queue:emails x", &["stats_sum stats:queue:emails"]),
    ("SETRANGE stats:queue:emails 36 x", &["stats_sum stats:queue:emails"]),
    ("ZREM counted:queue emails", &["stats_unlisted stats:queue:emails"]),
    ("ZADD counted:task 5 other", &["stats_gone counted:task"]),
    ("RPUSH tally dance", &["tally tally"]),
    // Keys.
    ("SET strange 1", &["stray_key strange"]),
    ("SET bell:emails 1", &["stray_key bell:emails"]),
    ("SET label:team=red 1", &["key_type label:team=red"]),
    ("SET out:#008 x", &["key_type out:#008"]),
    ("SET job:#010 x", &["index_ghost #010", "key_type job:#010", "set_ghost #010"]),
    ("PEXPIRE job:#010 10000000", &["key_ttl job:#010"]),
    ("HSET meta format 9", &["format meta"]),
    (
        "DEL meta",
        &[
            "format meta",
            "job_fence #001",
            "job_seq #002",
            "job_seq #003",
            "job_seq #012",
            "job_seq #001",
            "out_bytes meta",
        ],
    ),
];

/// All findings, sorted.
fn findings(room: &Room, code: i32) -> Vec<String> {
    let output = room.jobq(["inspect", "verify", "--format", "{code} {subject}"]).run().status(code);
    output.stdout_text().lines().map(str::to_owned).collect()
}

/// Does it, and answers with what undoes it.
fn damage(server: &Server, command: &str) -> impl FnOnce(&Server) {
    let mut words: Vec<String> = command.split(' ').map(|word| word.replace('#', ID)).collect();
    words[1] = format!("jobq:{{t}}:{}", words[1]);
    let key = words[1].clone();
    let whole = server.cli(&["DUMP", &key]);
    let done = server.cli(&words);
    assert!(!matches!(done, Value::Error(_)), "{command}: {done}");
    move |server| {
        server.cli(&["DEL", &key]);
        if let Value::Bytes(whole) = whole {
            server.cli(&[&b"RESTORE"[..], key.as_bytes(), b"0", &whole]);
        }
    }
}

#[test]
fn verify_finds_what_was_damaged_and_only_that() {
    let (server, room, _) = seeded();
    assert_eq!(findings(&room, 0), [""; 0]);
    let mut wrong = Vec::new();
    for (command, found) in DAMAGES {
        let undo = damage(&server, command);
        let told = findings(&room, i32::from(!found.is_empty()));
        let mut expected: Vec<String> = found.iter().map(|one| one.replace('#', ID)).collect();
        expected.sort();
        if told != expected {
            wrong.push(format!("{command}: {told:?} instead of {expected:?}"));
        }
        undo(&server);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(findings(&room, 0), [""; 0], "each was mended");
}

/// Two running jobs with one fence: no single key tells.
#[test]
fn verify_finds_a_fence_that_was_issued_twice() {
    let (server, room, _) = seeded();
    for command in [
        "HSET job:#002 state STARTED token 1764000000000001-m worker web2-988-p0q2 started 5 attempts 1",
        "ZREM in:PENDING:emails #002",
        "ZADD in:STARTED:emails 5 #002",
        "HSET held:web2-988-p0q2 #002 1764000000000001-m",
    ] {
        drop(damage(&server, command));
    }
    let [one, other] = ["001", "002"].map(|number| format!("fence_twice {ID}{number}"));
    let told = findings(&room, 1);
    assert!(told == [one] || told == [other], "{told:?}");
}
