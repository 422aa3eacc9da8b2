//! A system with a job in every state, written raw, so that nothing in it depends on the
//! machine or on how long a test takes: instants lie days from now.

use std::fmt::Write as _;

use crate::support::resp::Client;
use crate::support::{Room, Server};

/// What all ids begin with; three digits follow.
pub const ID: &str = "01kdcb2m9we3xr7yqh5t8vn";
/// Events in the stream.
pub const EVENTS: usize = 9;
const SEQ_SPAN: i64 = 1 << 44;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// So far from the border of the next hour that no test takes that long.
const SLACK: i64 = HOUR / 2;

struct Seed {
    client: Client,
    now: i64,
}

impl Seed {
    #[track_caller]
    fn call(&mut self, words: &[&str]) {
        let reply = self.client.call(words).expect("a reply");
        assert!(!matches!(reply, crate::support::Value::Error(_)), "{words:?}: {reply}");
    }

    fn ago(&self, days: i64, hours: i64) -> i64 {
        self.now - days * DAY - hours * HOUR - SLACK
    }

    fn ahead(&self, days: i64, hours: i64) -> i64 {
        self.now + days * DAY + hours * HOUR + SLACK
    }

    /// A job with its spec, index, sums and sets. `what` is the part of the spec that says
    /// what to run, `fields` are pairs.
    fn job(&mut self, number: u32, state: &str, queue: &str, what: &str, enq: i64, fields: &[(&str, &str)]) {
        let id = format!("{ID}{number:03}");
        let spec = format!(
            "{{\"v\":1,\"kind\":\"job\",{what},\"queue\":\"{queue}\",\"created_at\":\"2026-11-23T00:00:00Z\",\
             \"origin\":{{\"user\":\"ann\",\"host\":\"web1\",\"version\":\"0.1.0\"}}}}"
        );
        let bytes = spec.len().to_string();
        let get = |name: &str| fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
        let ended = ["SUCCESS", "FAILURE", "REVOKED", "EXPIRED"].contains(&state);
        let score = match state {
            "SCHEDULED" | "RETRY" => get("due").unwrap().to_owned(),
            "STARTED" => get("started").unwrap().to_owned(),
            "PENDING" => (100 * SEQ_SPAN + get("seq").unwrap().parse::<i64>().unwrap()).to_string(),
            "BLOCKED" => enq.to_string(),
            _ => get("finished").unwrap().to_owned(),
        };
        self.call(&["SET", &format!("jobq:{{t}}:spec:{id}"), &spec]);
        let (key, enq) = (format!("jobq:{{t}}:job:{id}"), enq.to_string());
        let mut words =
            vec!["HSET", &key, "state", state, "queue", queue, "enq", &enq, "bytes", &bytes, "sum", "0"];
        words.extend(fields.iter().flat_map(|(name, value)| [*name, *value]));
        self.call(&words);
        self.call(&["ZADD", &format!("jobq:{{t}}:in:{state}:{queue}"), &score, &id]);
        self.call(&["ZADD", "jobq:{t}:queues", "0", queue]);
        if let Some(expires) = get("expires") {
            self.call(&["ZADD", &format!("jobq:{{t}}:expiry:{queue}"), expires, &id]);
        }
        if ended {
            self.call(&["ZADD", "jobq:{t}:retain", &self.ahead(9, 0).to_string(), &id]);
        } else {
            self.call(&["HINCRBY", &format!("jobq:{{t}}:queue:{queue}"), "bytes", &bytes]);
        }
    }

    fn waiting_jobs(&mut self) {
        let old = self.ago(1, 3);
        let started = self.ago(0, 5).to_string();
        let send = "\"task\":\"send_email\",\"named\":{\"subject\":\"your report is ready\",\"to\":\"ann@example.org\"}";
        let label = "\"argv\":[\"./thumbnails.sh\",\"--size\",\"640x480\",\"/srv/photos/2026\"],\"labels\":{\"team\":\"mail\"}";
        let running = [
            ("token", "1764000000000001-n"),
            ("worker", "web1-4121-k3f9"),
            ("host", "web1"),
            ("started", &started),
            ("attempts", "1"),
            ("seq", "1"),
            ("percent", "40"),
            ("message", "resizing"),
            ("labels", "team=mail"),
        ];
        self.job(1, "STARTED", "emails", label, old, &running);
        self.call(&["HSET", "jobq:{t}:held:web1-4121-k3f9", &format!("{ID}001"), "1764000000000001-n"]);
        self.call(&["ZADD", "jobq:{t}:label:team=mail", &old.to_string(), &format!("{ID}001")]);
        self.job(2, "PENDING", "emails", send, old, &[("seq", "5"), ("task", "send_email")]);
        self.job(
            3,
            "PENDING",
            "emails",
            "\"argv\":[\"make\",\"-C\",\"/srv/app\",\"release notes\"]",
            old,
            &[("seq", "6")],
        );
        let due = self.ahead(2, 10).to_string();
        self.job(4, "SCHEDULED", "emails", "\"argv\":[\"./backup.sh\"]", old, &[("due", &due)]);
        let past = self.ago(0, 2).to_string();
        self.job(5, "SCHEDULED", "emails", "\"argv\":[\"./digest.sh\"]", old, &[("due", &past)]);
        let again = self.ahead(0, 7).to_string();
        let failed = [
            ("due", &again[..]),
            ("attempts", "1"),
            ("failures", "1"),
            ("outcome", "exit"),
            ("detail", "75"),
            ("error", "exit code 75"),
            ("sched", "pull"),
        ];
        self.job(6, "RETRY", "reports", "\"argv\":[\"./pull.sh\",\"--all\"],\"retry\":{\"retries\":3,\"delay_ms\":10000,\"backoff\":\"fixed\",\"max_delay_ms\":3600000,\"jitter\":false}", old, &failed);
        self.job(7, "BLOCKED", "reports", "\"argv\":[\"./pull.sh\",\"--all\"]", old, &[("sched", "pull")]);
        for (place, number) in [("8", 6), ("9", 7)] {
            self.call(&["ZADD", "jobq:{t}:chain:pull", place, &format!("{ID}{number:03}")]);
        }
        let gone = self.ago(0, 1).to_string();
        self.job(12, "PENDING", "reports", "\"argv\":[\"true\"]", old, &[("seq", "7"), ("expires", &gone)]);
    }

    fn ended_jobs(&mut self) {
        let old = self.ago(3, 1);
        let (started, finished) = (self.ago(2, 4), (self.ago(2, 4) + 61_250).to_string());
        let started = started.to_string();
        let ran = |outcome: &'static str, detail: &'static str| {
            [
                ("attempts", "2"),
                ("outcome", outcome),
                ("detail", detail),
                ("worker", "web1-4121-k3f9"),
                ("host", "web1"),
            ]
        };
        let when = [("started", &started[..]), ("finished", &finished[..])];
        let failed = [&ran("exit", "3")[..], &when, &[("failures", "2"), ("error", "exit code 3")]].concat();
        let retry = "\"retry\":{\"retries\":1,\"delay_ms\":10000,\"backoff\":\"fixed\",\"max_delay_ms\":3600000,\"jitter\":false}";
        self.job(
            8,
            "FAILURE",
            "reports",
            &format!("\"argv\":[\"sh\",\"-c\",\"./nightly.sh 2>&1 | tee log; exit 3\"],{retry}"),
            old,
            &failed,
        );
        for (attempt, fence) in [("1", "1764000000000002"), ("2", "1764000000000003")] {
            let entry = format!(
                "{{\"attempt\":{attempt},\"fence\":\"{fence}\",\"worker\":\"web1-4121-k3f9\",\"host\":\"web1\",\
                 \"started\":{started},\"ended\":{finished},\"outcome\":\"exit\",\"detail\":3,\"tail\":\"connecting\\n\\tno route to host\\n\"}}"
            );
            self.call(&["RPUSH", &format!("jobq:{{t}}:tries:{ID}008"), &entry]);
        }
        let good = [&ran("exit", "0")[..], &when].concat();
        self.job(9, "SUCCESS", "emails", "\"argv\":[\"echo\",\"hello\"]", old, &good);
        let out = format!("jobq:{{t}}:out:{ID}009");
        self.call(&["HSET", &out, "1", "1:0:hello\n", "stdout", "6", "stderr", "0", "bytes", "6"]);
        self.call(&["SET", &format!("jobq:{{t}}:result:{ID}009"), "{\"sent\":2}"]);
        self.call(&["ZADD", "jobq:{t}:outputs", &finished, &format!("{ID}009")]);
        let cancelled = [
            ("finished", &finished[..]),
            ("outcome", "cancelled"),
            ("detail", ""),
            ("reason", "cancelled by ann@web1: wrong list"),
        ];
        self.job(10, "REVOKED", "emails", "\"argv\":[\"./send.sh\",\"list 7\"]", old, &cancelled);
        let expired = [
            ("finished", &finished[..]),
            ("outcome", "expired"),
            ("detail", ""),
            ("reason", "it did not start before it expired"),
        ];
        self.job(11, "EXPIRED", "reports", "\"argv\":[\"./stale.sh\"]", old, &expired);
    }

    fn surroundings(&mut self) {
        let (soon, long_ago, up) = (self.ahead(0, 1), self.ago(2, 5), self.ago(3, 7));
        let (soon, long_ago, up) = (soon.to_string(), long_ago.to_string(), up.to_string());
        for (worker, label, host, queues, seen, held) in [
            ("web1-4121-k3f9", "", "web1", "emails reports", &soon, "4121"),
            ("web2-988-p0q2", "blue", "web2", "emails", &long_ago, "988"),
        ] {
            let key = format!("jobq:{{t}}:worker:{worker}");
            self.call(&[
                "HSET", &key, "nonce", "n", "label", label, "host", host, "pid", held, "slots", "4", "lease",
                "30000", "version", "0.1.0", "queues", queues, "started", &up, "seen", seen, "mode",
                "running", "counter", "7",
            ]);
            self.call(&["ZADD", "jobq:{t}:workers", "0", worker]);
            for queue in queues.split(' ') {
                self.call(&["ZADD", &format!("jobq:{{t}}:serves:{queue}"), seen, worker]);
            }
        }
        self.call(&[
            "HSET",
            "jobq:{t}:queue:emails",
            "max_depth",
            "1000",
            "max_running",
            "8",
            "rate",
            "100",
            "rate_ms",
            "60000",
        ]);
        self.call(&[
            "HSET",
            "jobq:{t}:meta",
            "format",
            "1",
            "seq",
            "7",
            "fence",
            "1764000000000003",
            "out_bytes",
            "6",
        ]);
        self.call(&["ZADD", "jobq:{t}:incidents", &self.ago(1, 2).to_string(), "send_email"]);
        self.call(&[
            "HSET",
            "jobq:{t}:alert:send_email",
            "streak",
            "3",
            "ring",
            "FFF",
            "since",
            "1",
            "why",
            "3 failures in a row",
        ]);
    }

    /// One that fires, one that somebody paused.
    fn schedules(&mut self) {
        let (soon, changed, last) = (self.ahead(0, 7), self.ago(3, 2), self.ago(0, 17));
        for (name, rule, what, state) in [
            (
                "pull",
                "{\"cron\":{\"text\":\"0 */4 * * *\"}}",
                "\"argv\":[\"./pull.sh\",\"--all\"]",
                &["fired", "12"][..],
            ),
            (
                "nightly",
                "{\"cron\":{\"text\":\"30 2 * * *\"}}",
                "\"task\":\"generate_report\",\"named\":{\"user_id\":1}",
                &[
                    "paused",
                    &last.to_string(),
                    "paused_by",
                    "ann",
                    "paused_host",
                    "web1",
                    "paused_why",
                    "moving house",
                    "fired",
                    "3",
                    "skipped",
                    "2",
                ],
            ),
        ] {
            let plan = format!(
                "{{\"v\":1,\"name\":\"{name}\",\"rule\":{rule},\"timezone\":\"Asia/Tokyo\",\"missed_max\":100,\
                 \"job\":{{\"v\":1,\"kind\":\"job\",{what},\"queue\":\"reports\",\"created_at\":\"\",\
                 \"origin\":{{\"user\":\"ann\",\"host\":\"web1\",\"version\":\"0.1.0\"}}}},\
                 \"source\":{{\"kind\":\"file\",\"place\":\"/etc/jobq/jobq.toml:12\"}}}}"
            );
            self.call(&["SET", &format!("jobq:{{t}}:plan:{name}"), &plan]);
            let (soon, changed) = (soon.to_string(), changed.to_string());
            let key = format!("jobq:{{t}}:schedule:{name}");
            let common = [
                "hash",
                "1",
                "times",
                "1",
                "source",
                "file",
                "changed",
                &changed,
                "due",
                &soon,
                "last",
                &last.to_string(),
            ];
            self.call(&[&["HSET", &key][..], &common, state].concat());
            self.call(&["ZADD", "jobq:{t}:schedules", "0", name]);
            self.call(&["ZADD", "jobq:{t}:due", &soon, name]);
            self.call(&["ZADD", "jobq:{t}:source:file", "1", name]);
        }
        let seen = self.ahead(0, 1).to_string();
        self.call(&[
            "HSET",
            "jobq:{t}:beat:web1-4200-b7",
            "host",
            "web1",
            "pid",
            "4200",
            "version",
            "0.1.0",
            "boot",
            "1",
            "drift",
            "",
            "started",
            &changed.to_string(),
            "seen",
            &seen,
        ]);
        self.call(&["ZADD", "jobq:{t}:beats", &seen, "web1-4200-b7"]);
        self.call(&["HSET", "jobq:{t}:meta", "leader", "web1-4200-b7", "leader_at", &seen]);
    }

    /// Books of statistics: ten minutes ago, in the hour of that, and in all.
    fn statistics(&mut self) {
        let minute = self.now / 60_000 - 10;
        for (kind, name, times) in
            [("queue", "emails", 3), ("queue", "reports", 1), ("task", "send_email", 2)]
        {
            // enqueued, SUCCESS, FAILURE, REVOKED, EXPIRED, failed, retried, lost, snoozed, released
            let mut cells = [40, 30, 2, 1, 1, 6, 4, 1, 0, 2].map(|count| count * times).to_vec();
            let (mut wait, mut run) = ([0; 28], [0; 28]);
            (wait[3], wait[9], run[7], run[12]) = (30 * times, 7 * times, 30 * times, 6 * times);
            cells.extend(wait.into_iter().chain(run));
            let sums = [4_000 * times, 24_000 * times];
            let mut book: Vec<u8> = Vec::new();
            for (slots, now) in [(64, minute), (49, minute / 60)] {
                for place in 0..slots {
                    let is_now = now % slots == place;
                    for cell in [now as u32].iter().chain(&cells) {
                        book.extend(if is_now { cell.to_be_bytes() } else { [0; 4] });
                    }
                    book.extend(
                        sums.iter()
                            .flat_map(|sum| if is_now { u64::from(*sum).to_be_bytes() } else { [0; 8] }),
                    );
                }
            }
            let begun = (minute - 5_000) as u64;
            let all = cells.iter().chain(&sums).map(|cell| u64::from(*cell));
            book.extend(std::iter::once(begun).chain(all).flat_map(u64::to_be_bytes));
            let key = format!("jobq:{{t}}:stats:{kind}:{name}");
            self.client.call(&[&b"SET"[..], key.as_bytes(), &book]).expect("a reply");
            self.call(&["ZADD", &format!("jobq:{{t}}:counted:{kind}"), &minute.to_string(), name]);
        }
    }

    fn events(&mut self) {
        let id = format!("{ID}008");
        let job: &[&str] = &["id", &id, "q", "reports"];
        let entries: [&[&str]; EVENTS] = [
            &["k", "joined", "w", "web1-4121-k3f9", "h", "web1"],
            &[&["k", "enqueued"][..], job, &["u", "ann", "h", "web1"]].concat(),
            &[&["k", "started"][..], job, &["n", "1", "w", "web1-4121-k3f9", "h", "web1"]].concat(),
            &[
                &["k", "retry"][..],
                job,
                &[
                    "n",
                    "1",
                    "w",
                    "web1-4121-k3f9",
                    "h",
                    "web1",
                    "o",
                    "exit",
                    "d",
                    "3",
                    "due",
                    "1764000010003",
                ],
            ]
            .concat(),
            &[
                &["k", "failed"][..],
                job,
                &["n", "2", "w", "web1-4121-k3f9", "h", "web1", "o", "signal", "d", "139"],
            ]
            .concat(),
            &["k", "purge", "q", "emails", "u", "ann", "h", "web1", "c", "12", "r", "wrong list"],
            &["k", "limited", "q", "emails", "u", "ann", "h", "web1", "s", "max_depth=1000 rate=100"],
            &["k", "alert", "t", "send_email", "id", &id, "r", "3 failures in a row"],
            &["k", "takeover", "w", "web2-988-p0q2", "h", "web2", "by", "web1-4121-k3f9", "c", "1"],
        ];
        for (number, entry) in entries.iter().enumerate() {
            let mut at = String::new();
            let _ = write!(at, "{}-0", 1_764_000_000_000_i64 + number as i64);
            self.call(&[&["XADD", "jobq:{t}:events", &at], *entry].concat());
        }
    }
}

/// The server, a room on it, and Redis time.
pub fn seeded() -> (Server, Room, i64) {
    let server = Server::options().tcp().start();
    let client = server.client();
    let clock = server.cli(&["TIME"]).texts();
    let now = clock[0].parse::<i64>().unwrap() * 1000 + clock[1].parse::<i64>().unwrap() / 1000;
    let mut seed = Seed { client, now };
    seed.waiting_jobs();
    seed.ended_jobs();
    seed.surroundings();
    seed.schedules();
    seed.statistics();
    seed.events();
    let room = Room::at(&server.tcp_url()).namespace("t");
    // What would be another on every machine.
    room.write("jobq.toml", "[worker]\nconcurrency = 4\ntmp = \"/var/tmp\"\n");
    (server, room, now)
}
