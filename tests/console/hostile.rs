//! A store full of what could act on a terminal: nothing of it reaches one, and JSON gives
//! it back as it was.

use serde_json::Value;

use super::seed::{ID, seeded};
use crate::status::{NASTY, is_tame, on_a_terminal};
use crate::support::Server;

/// Puts hostile text wherever text can be.
fn poison(server: &Server) {
    let nasty = format!("{NASTY}\nnext\tline\u{85}\u{2028}\u{feff}");
    let call = |words: &[&str]| drop(server.cli(words));
    for number in 1..=12 {
        let id = format!("{ID}{number:03}");
        let key = format!("jobq:{{t}}:job:{id}");
        call(&[
            "HSET", &key, "reason", &nasty, "error", &nasty, "message", &nasty, "percent", "7", "worker",
            &nasty, "host", &nasty,
        ]);
        let word = serde_json::to_string(&nasty).unwrap();
        let spec = format!(
            "{{\"v\":1,\"argv\":[{word},{{\"b64\":\"G1s/m/8=\"}}],\"cwd\":{word},\"env\":{{{word}:{word}}},\"queue\":\"emails\",\
             \"created_at\":{word},\"origin\":{{\"user\":{word},\"host\":{word},\"version\":{word}}},\"labels\":{{\"team\":{word}}}}}"
        );
        call(&["SET", &format!("jobq:{{t}}:spec:{id}"), &spec]);
        call(&["SET", &format!("jobq:{{t}}:result:{id}"), &word]);
    }
    let task = format!("{ID}002");
    let word = serde_json::to_string(&nasty).unwrap();
    let spec = format!(
        "{{\"v\":1,\"task\":\"send\",\"named\":{{{word}:{word},\"list\":[{word}]}},\"queue\":\"emails\",\"created_at\":\"\",\
         \"origin\":{{\"user\":\"\",\"host\":\"\",\"version\":\"\"}}}}"
    );
    call(&["SET", &format!("jobq:{{t}}:spec:{task}"), &spec]);
    call(&["HSET", &format!("jobq:{{t}}:out:{ID}009"), "1", &format!("1:0:{nasty}")]);
    let entry = format!(
        "{{\"attempt\":1,\"fence\":\"1\",\"worker\":{word},\"host\":{word},\"started\":1,\"ended\":2,\"outcome\":{word},\"detail\":null,\"tail\":{word}}}"
    );
    call(&["RPUSH", &format!("jobq:{{t}}:tries:{ID}008"), &entry]);
    call(&["ZADD", "jobq:{t}:queues", "0", &nasty]);
    call(&["ZADD", "jobq:{t}:workers", "0", &nasty]);
    let worker = format!("jobq:{{t}}:worker:{nasty}");
    call(&[
        "HSET",
        &worker,
        "label",
        &nasty,
        "host",
        &nasty,
        "queues",
        &nasty,
        "mode",
        &nasty,
        "version",
        &nasty,
        "seen",
        "9999999999999",
    ]);
    call(&["ZADD", "jobq:{t}:incidents", "5", &nasty]);
    call(&["HSET", &format!("jobq:{{t}}:alert:{nasty}"), "why", &nasty]);
    call(&["RPUSH", "jobq:{t}:chores", "9"]);
    call(&["HSET", "jobq:{t}:chore:9", "kind", &nasty, "queue", &nasty, "before", "5"]);
    call(&["SET", &format!("jobq:{{t}}:{nasty}"), "stray"]);
    call(&[
        "HSET",
        "jobq:{t}:queue:emails",
        "paused",
        "5",
        "paused_by",
        &nasty,
        "paused_on",
        &nasty,
        "paused_why",
        &nasty,
    ]);
    call(&["ZADD", &format!("jobq:{{t}}:label:{nasty}"), "5", &format!("{ID}001")]);
    for name in ["pull", &nasty] {
        let key = format!("jobq:{{t}}:schedule:{name}");
        let paused = ["paused", "5", "paused_by", &nasty, "paused_host", &nasty, "paused_why", &nasty];
        call(&[&["HSET", &key, "why", &nasty, "source", &nasty, "due", "5"][..], &paused].concat());
        call(&["ZADD", "jobq:{t}:schedules", "0", name]);
        call(&["ZADD", "jobq:{t}:due", "5", name]);
    }
    let plan = format!(
        "{{\"v\":1,\"name\":\"pull\",\"rule\":{{\"cron\":{{\"text\":{word}}}}},\"timezone\":{word},\"missed_max\":1,\
         \"job\":{{\"v\":1,\"argv\":[{word}],\"queue\":\"emails\",\"created_at\":\"\",\
         \"origin\":{{\"user\":{word},\"host\":{word},\"version\":\"\"}}}},\"source\":{{\"kind\":\"file\",\"place\":{word}}}}}"
    );
    call(&["SET", "jobq:{t}:plan:pull", &plan]);
    call(&["HSET", "jobq:{t}:beat:web1-4200-b7", "host", &nasty, "version", &nasty, "drift", &nasty]);
    for kind in ["queue", "task"] {
        call(&["ZADD", &format!("jobq:{{t}}:counted:{kind}"), "5", &nasty]);
    }
    call(&["RPUSH", "jobq:{t}:tally", &nasty]);
    let mut event = vec!["XADD", "jobq:{t}:events", "*"];
    for field in ["k", "id", "q", "t", "n", "w", "u", "h", "by", "o", "d", "r", "due", "c", "s", "p", "new"] {
        event.extend([field, &nasty]);
    }
    call(&event);
    call(&["XADD", "jobq:{t}:events", "*", &nasty, &nasty]);
}

#[test]
fn nothing_of_a_hostile_store_reaches_a_terminal_raw() {
    let (server, room, _) = seeded();
    poison(&server);
    let mut looks = super::looks();
    looks.extend(
        [
            "inspect jobs --format {argv}{args}{labels.team}{reason}{error}{worker}",
            "inspect workers --format {id}{label}{host}{queues}{mode}{version}",
            "inspect events --format {kind}{job}{reason}{more}",
            "inspect why 01kdcb2m9we3xr7yqh5t8vn003 --format {sentence}{reason}",
            "inspect doctor --format {says}{advice}",
            "inspect verify --format {subject}{says}",
            "inspect queues --format {name}",
            "inspect schedules --format {name}{place}",
            "inspect stats --format {name}",
            "inspect stats --openmetrics",
            "beat list",
        ]
        .map(str::to_owned),
    );
    for look in looks {
        for json in ["", " --json"] {
            let has_a_form = look.contains("--format") || look.contains("--openmetrics");
            if has_a_form && !json.is_empty() {
                continue;
            }
            let screen = on_a_terminal(&room, 80, &format!("jobq {look}{json}; echo \"code $?\""));
            assert!(is_tame(&screen), "{look}{json}: {screen:?}");
            assert!(!screen.contains("\x1b]") && !screen.contains("\x1b[2J"), "{look}{json}: {screen:?}");
            assert!(screen.contains("code 0") || screen.contains("code 1"), "{look}{json}: {screen:?}");
        }
    }
}

#[test]
fn json_gives_hostile_text_back_as_it_was() {
    let (server, room, _) = seeded();
    poison(&server);
    let nasty = format!("{NASTY}\nnext\tline\u{85}\u{2028}\u{feff}");
    let output = room.jobq(["inspect", "job", "--json", &format!("{ID}003")]).run().status(0);
    let job: Value = serde_json::from_str(&output.line()).unwrap();
    for field in ["reason", "error", "worker", "host", "cwd", "result"] {
        assert_eq!(job[field], nasty.as_str(), "{field}");
    }
    assert_eq!(job["argv"], serde_json::json!([nasty, {"b64": "G1s/m/8="}]));
    assert_eq!(job["labels"]["team"], nasty.as_str());
    let output = room.jobq(["inspect", "why", "--json", &format!("{ID}003")]).run().status(0);
    let why: Value = serde_json::from_str(&output.line()).unwrap();
    assert_eq!((&why["code"], &why["reason"]), (&"paused".into(), &nasty.as_str().into()));
    // In a pipe a pattern gives the bytes themselves.
    let raw = room.jobq(["inspect", "job", &format!("{ID}003"), "--format", "{reason}"]).run().status(0);
    assert_eq!(raw.stdout_text(), format!("{nasty}\n"));
}
