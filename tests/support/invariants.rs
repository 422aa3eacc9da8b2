//! What must hold of the stored state at every instant, checked on raw Redis.

use std::collections::{BTreeMap, BTreeSet};

use super::books::{Books, Entry};
use super::resp::Client;

/// Unfinished states, then final ones.
pub const WAITING: [&str; 4] = ["BLOCKED", "SCHEDULED", "PENDING", "RETRY"];
pub const FINAL: [&str; 4] = ["SUCCESS", "FAILURE", "REVOKED", "EXPIRED"];
const SEQ_SPAN: i64 = 1 << 44;

type Fields = BTreeMap<String, String>;

/// Panics naming every violation.
#[track_caller]
pub fn check(client: &mut Client) {
    assert_sound(&Books::read(client));
}

/// As [`check`], of a reading.
#[track_caller]
pub fn assert_sound(books: &Books) {
    let found = violations(books);
    assert!(found.is_empty(), "the stored state is not sound:\n  {}\n{books:#?}", found.join("\n  "));
}

/// Priority and sequence number of a score in a ready order.
pub fn place(score: &str) -> (i64, i64) {
    let score: i64 = score.parse().expect("a whole number");
    (100 - score / SEQ_SPAN, score % SEQ_SPAN)
}

/// Everything that does not hold.
pub fn violations(books: &Books) -> Vec<String> {
    let jobs: BTreeMap<&str, Fields> =
        books.family("job:").map(|id| (id, books.hash(&format!("job:{id}")))).collect();
    let mut found = Found(Vec::new());
    let scores = scores(books);
    indexes(books, &jobs, &mut found);
    for (id, job) in &jobs {
        one_job(books, &scores, id, job, &mut found);
    }
    leases(books, &jobs, &mut found);
    sums(books, &jobs, &mut found);
    collections(books, &jobs, &mut found);
    schedules(books, &jobs, &mut found);
    bookkeeping(books, &jobs, &mut found);
    found.0
}

/// The scores of all sorted sets, by key and member.
type Scores<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>;

fn scores(books: &Books) -> Scores<'_> {
    let sets = books.keys.iter().filter(|(_, entry)| matches!(entry, Entry::Zset(_)));
    sets.map(|(key, _)| {
        let members = books.zset(key).iter().map(|(member, score)| (member.as_str(), score.as_str()));
        (key.as_str(), members.collect())
    })
    .collect()
}

struct Found(Vec<String>);

impl Found {
    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }
}

fn get<'a>(job: &'a Fields, name: &str) -> &'a str {
    job.get(name).map_or("", String::as_str)
}

fn number(job: &Fields, name: &str) -> i64 {
    get(job, name).parse().unwrap_or(0)
}

/// Each id stands in exactly one index, that of its state and queue, and nothing else does.
fn indexes(books: &Books, jobs: &BTreeMap<&str, Fields>, found: &mut Found) {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for index in books.family("in:") {
        for (id, _) in books.zset(&format!("in:{index}")) {
            places.entry(id).or_default().push(index);
        }
    }
    for (id, at) in &places {
        found.unless(jobs.contains_key(id), || format!("{id} stands in {at:?} and has no record"));
    }
    for (id, job) in jobs {
        let home = format!("{}:{}", get(job, "state"), get(job, "queue"));
        let at = places.get(id).cloned().unwrap_or_default();
        found.unless(at == [home.as_str()], || format!("{id} is {home} and stands in {at:?}"));
    }
}

/// The fields of a record agree with its state and with the scores.
fn one_job(books: &Books, scores: &Scores<'_>, id: &str, job: &Fields, found: &mut Found) {
    let (state, queue) = (get(job, "state"), get(job, "queue"));
    let score = |key: &str| scores.get(key).and_then(|members| members.get(id)).copied();
    let stands = score(&format!("in:{state}:{queue}"));
    let has = |name: &str| job.contains_key(name);
    let is_final = FINAL.contains(&state);
    found.unless(has("token") == (state == "STARTED"), || {
        format!("{id} is {state} with token {:?}", job.get("token"))
    });
    for mark in ["cancel", "requeue"] {
        found.unless(!has(mark) || state == "STARTED", || format!("{id} is {state} and marked for {mark}"));
    }
    found.unless(has("finished") == is_final, || {
        format!("{id} is {state}, finished {:?}", job.get("finished"))
    });
    let waits = matches!(state, "SCHEDULED" | "RETRY");
    found.unless(has("due") == waits, || format!("{id} is {state}, due {:?}", job.get("due")));
    let expected = match state {
        "SCHEDULED" | "RETRY" => get(job, "due").to_owned(),
        "STARTED" => get(job, "started").to_owned(),
        "BLOCKED" => get(job, "enq").to_owned(),
        "PENDING" => ((100 - number(job, "prio")) * SEQ_SPAN + number(job, "seq")).to_string(),
        _ => get(job, "finished").to_owned(),
    };
    found.unless(stands == Some(expected.as_str()), || {
        format!("{id} is {state} at {stands:?}, not {expected}")
    });
    let may_expire = has("expires");
    found.unless(!may_expire || matches!(state, "SCHEDULED" | "PENDING" | "BLOCKED"), || {
        format!("{id} is {state} and can expire")
    });
    let expiry = score(&format!("expiry:{queue}"));
    found.unless(expiry == job.get("expires").map(String::as_str), || {
        format!("{id} expires at {:?}, by the index at {expiry:?}", job.get("expires"))
    });
    let retained = score("retain").is_some();
    found.unless(retained == is_final, || format!("{id} is {state}, retained: {retained}"));
    found.unless(books.keys.contains_key(&format!("spec:{id}")), || format!("{id} has no spec"));
    let stdin = books.keys.contains_key(&format!("stdin:{id}"));
    found.unless(!stdin || state != "SUCCESS", || format!("{id} is {state} and has its input still"));
    let kept = text_len(books, &format!("stdin:{id}")) > 0 && is_final;
    found.unless(kept == score("inputs").is_some(), || format!("{id} is {state}, input listed: {}", !kept));
    for label in get(job, "labels").split('\0').filter(|label| !label.is_empty()) {
        let listed = score(&format!("label:{label}"));
        found.unless(listed == job.get("enq").map(String::as_str), || {
            format!("{id} has {label}, by the index {listed:?}")
        });
    }
    let tries = books.list(&format!("tries:{id}")).len();
    found.unless(tries <= 10, || format!("{id} remembers {tries} attempts"));
    let listed = score("outputs").is_some();
    let has_output = books.keys.contains_key(&format!("out:{id}"));
    found.unless(listed == (has_output && is_final), || format!("{id} is {state}, output listed: {listed}"));
    for counter in ["attempts", "failures", "losses", "snoozes", "releases"] {
        found.unless(number(job, counter) >= 0, || format!("{id} counts {counter} {}", get(job, counter)));
    }
}

/// STARTED if and only if a worker's book of held jobs has the same token.
fn leases(books: &Books, jobs: &BTreeMap<&str, Fields>, found: &mut Found) {
    let mut held: BTreeMap<String, (String, String)> = BTreeMap::new();
    for worker in books.family("held:") {
        for (id, token) in books.hash(&format!("held:{worker}")) {
            let twice = held.insert(id.clone(), (worker.to_owned(), token)).is_some();
            found.unless(!twice, || format!("{id} is held twice"));
        }
    }
    for (id, (worker, token)) in &held {
        let job = jobs.get(id.as_str());
        let agrees = job.is_some_and(|job| {
            get(job, "state") == "STARTED" && get(job, "token") == token && get(job, "worker") == worker
        });
        found.unless(agrees, || format!("{worker} holds {id} with {token}, the record says {job:?}"));
    }
    let fence: i64 = get(&books.hash("meta"), "fence").parse().unwrap_or(0);
    let mut tokens = BTreeSet::new();
    for (id, job) in jobs.iter().filter(|(_, job)| get(job, "state") == "STARTED") {
        found.unless(held.contains_key(*id), || format!("{id} is STARTED and held by nobody"));
        let own: i64 = get(job, "token").split('-').next().unwrap_or_default().parse().unwrap_or(i64::MAX);
        found.unless(own <= fence, || format!("{id} has fence {own}, the last issued is {fence}"));
        found.unless(tokens.insert(own), || format!("the fence {own} was issued twice"));
    }
    for worker in books.family("mail:") {
        for (id, word) in books.hash(&format!("mail:{worker}")) {
            let to_the_worker = id == "@" && ["quiet", "run", "stop", "stop_now"].contains(&word.as_str());
            let job = jobs.get(id.as_str());
            let asked = job.is_some_and(|job| {
                let wanted = if get(job, "cancel") == "1" { "cancel" } else { "requeue" };
                word == wanted && get(job, wanted) == "1"
            });
            let theirs = held.get(&id).is_some_and(|(holder, _)| holder == worker);
            found.unless(to_the_worker || (asked && theirs), || {
                format!("{worker} has mail {word} about {id}")
            });
        }
    }
}

/// What is counted as a running sum is the sum.
fn sums(books: &Books, jobs: &BTreeMap<&str, Fields>, found: &mut Found) {
    let mut bytes: BTreeMap<&str, i64> = BTreeMap::new();
    for (id, job) in jobs {
        let own = text_len(books, &format!("spec:{id}"));
        let stdin = text_len(books, &format!("stdin:{id}"));
        let is_final = FINAL.contains(&get(job, "state"));
        let counted = number(job, "bytes");
        found.unless(is_final || counted == own + stdin, || {
            format!("{id} has {} bytes, not {counted}", own + stdin)
        });
        *bytes.entry(get(job, "queue")).or_default() += if is_final { 0 } else { counted };
    }
    for queue in books.family("queue:").chain(bytes.keys().copied()) {
        let stored = number(&books.hash(&format!("queue:{queue}")), "bytes");
        let sum = bytes.get(queue).copied().unwrap_or(0);
        found.unless(stored == sum, || format!("queue {queue} says {stored} bytes, its jobs have {sum}"));
    }
    let mut total = 0;
    for id in books.family("out:") {
        let out = books.hash(&format!("out:{id}"));
        let chunks = out.iter().filter(|(name, _)| name.parse::<u64>().is_ok());
        // Chunks are STREAM:OFFSET:BYTES; lossy text, so only ASCII output is counted here.
        let ascii = out.values().all(|value| !value.contains('\u{fffd}'));
        let sum: usize = chunks.map(|(_, chunk)| chunk.splitn(3, ':').nth(2).map_or(0, str::len)).sum();
        let stored = number(&out, "bytes");
        found
            .unless(!ascii || stored == sum as i64, || format!("out:{id} says {stored} bytes and has {sum}"));
        total += stored;
    }
    let final_inputs = jobs.iter().filter(|(_, job)| FINAL.contains(&get(job, "state")));
    let inputs: i64 = final_inputs.map(|(id, _)| text_len(books, &format!("stdin:{id}"))).sum();
    let stored = number(&books.hash("meta"), "in_bytes");
    found.unless(stored == inputs, || format!("in_bytes is {stored}, the kept inputs have {inputs}"));
    let stored = number(&books.hash("meta"), "out_bytes");
    found.unless(stored == total, || format!("out_bytes is {stored}, the outputs have {total}"));
}

/// Nothing is left of what is gone, and no set names what is not there.
fn collections(books: &Books, jobs: &BTreeMap<&str, Fields>, found: &mut Found) {
    for family in ["spec:", "stdin:", "out:", "tries:", "result:"] {
        for id in books.family(family) {
            found.unless(jobs.contains_key(id), || format!("{family}{id} has no job"));
        }
    }
    let of_many = |key: &&String| key.starts_with("expiry:") || key.starts_with("label:");
    for set in ["retain", "outputs", "inputs"]
        .map(str::to_owned)
        .into_iter()
        .chain(books.keys.keys().filter(of_many).cloned())
    {
        for (id, _) in books.zset(&set) {
            found.unless(jobs.contains_key(id.as_str()), || format!("{set} names {id}, which is gone"));
        }
    }
    for (id, _) in books.zset("tombs") {
        found.unless(!jobs.contains_key(id.as_str()), || format!("{id} has a tombstone and lives"));
    }
}

/// Schedules stand in the lists that belong to their state; the unfinished jobs of each run
/// one after another.
fn schedules(books: &Books, jobs: &BTreeMap<&str, Fields>, found: &mut Found) {
    let scores = scores(books);
    let stands = |set: &str, name: &str| scores.get(set).and_then(|members| members.get(name)).copied();
    let listed: BTreeSet<&str> = books.zset("schedules").iter().map(|(name, _)| name.as_str()).collect();
    let states: BTreeSet<&str> = books.family("schedule:").collect();
    let plans: BTreeSet<&str> = books.family("plan:").collect();
    found.unless(listed == states && listed == plans, || {
        format!("schedules {listed:?} are listed, have states {states:?} and definitions {plans:?}")
    });
    for name in &states {
        let state = books.hash(&format!("schedule:{name}"));
        let has = |field: &str| state.contains_key(field);
        let due = stands("due", name);
        let kept = has("done") && get(&state, "source") == "added";
        found
            .unless(due.is_some() == (has("due") || kept), || format!("{name} is {state:?}, due at {due:?}"));
        found.unless(has("stuck_at") || kept || due == state.get("due").map(String::as_str), || {
            format!("{name} is due at {due:?}, by its state at {:?}", state.get("due"))
        });
        found.unless(!has("done") || !has("due"), || format!("{name} is done and due"));
        let told = stands("alarms", name).is_some();
        found.unless(told == (has("alarm") || has("incident")), || {
            format!("{name} is {state:?}, alarm: {told}")
        });
        let source = format!("source:{}", get(&state, "source"));
        found.unless(stands(&source, name).is_some(), || format!("{name} is not in {source}"));
        let host = state.get("boot_host").map(|host| format!("boots:{host}"));
        found
            .unless(host.is_none_or(|host| stands(&host, name).is_some()), || format!("{name} has no boots"));
    }
    let sets = ["due", "alarms"].map(str::to_owned).into_iter();
    let families = ["source:", "boots:"]
        .into_iter()
        .flat_map(|family| books.family(family).map(move |last| format!("{family}{last}")));
    for set in sets.chain(families.collect::<Vec<_>>()) {
        for (name, _) in books.zset(&set) {
            found.unless(states.contains(name.as_str()), || format!("{set} names {name}, which is gone"));
        }
    }
    chains(books, jobs, found);
}

/// In each chain nothing but the first may run, and an unfinished job stands in its own.
fn chains(books: &Books, jobs: &BTreeMap<&str, Fields>, found: &mut Found) {
    let mut chained: BTreeMap<&str, &str> = BTreeMap::new();
    for chain in books.family("chain:") {
        for (place, (id, _)) in books.zset(&format!("chain:{chain}")).iter().enumerate() {
            chained.insert(id, chain);
            let state = jobs.get(id.as_str()).map_or("gone", |job| get(job, "state"));
            let fits =
                if place == 0 { !FINAL.contains(&state) && state != "BLOCKED" } else { state == "BLOCKED" };
            found.unless(fits && state != "gone", || {
                format!("{id} is {state} at place {place} of chain {chain}")
            });
        }
    }
    for (id, job) in jobs {
        let made_by = job.get("sched").filter(|_| !FINAL.contains(&get(job, "state")));
        found.unless(chained.get(id).copied() == made_by.map(String::as_str), || {
            format!("{id} was made by {made_by:?} and stands in chain {:?}", chained.get(id))
        });
        found
            .unless(get(job, "state") != "BLOCKED" || made_by.is_some(), || format!("{id} waits for nobody"));
    }
}

/// Chores, workers, queues and the last numbers issued.
fn bookkeeping(books: &Books, jobs: &BTreeMap<&str, Fields>, found: &mut Found) {
    let listed: BTreeSet<&str> = books.list("chores").iter().map(String::as_str).collect();
    let written: BTreeSet<&str> = books.family("chore:").collect();
    found.unless(listed == written && listed.len() == books.list("chores").len(), || {
        format!("chores {listed:?} are listed and {written:?} written")
    });
    for queue in books.family("queue:") {
        let purge = books.hash(&format!("queue:{queue}")).remove("purge");
        found.unless(purge.as_deref().is_none_or(|id| written.contains(id)), || {
            format!("queue {queue} names purge {purge:?}, which is done")
        });
    }
    let known: BTreeSet<&str> = books.zset("workers").iter().map(|(name, _)| name.as_str()).collect();
    let records: BTreeSet<&str> = books.family("worker:").collect();
    found.unless(known == records, || format!("workers {known:?} are known and {records:?} written"));
    for family in ["held:", "mail:"] {
        for worker in books.family(family) {
            found.unless(known.contains(worker), || format!("{family}{worker} belongs to nobody"));
        }
    }
    for queue in books.family("serves:") {
        for (worker, _) in books.zset(&format!("serves:{queue}")) {
            found.unless(known.contains(worker.as_str()), || format!("{worker} serves {queue} and is gone"));
        }
    }
    let queues: BTreeSet<&str> = books.zset("queues").iter().map(|(name, _)| name.as_str()).collect();
    let meta = books.hash("meta");
    for (id, job) in jobs {
        let (queue, seq) = (get(job, "queue"), number(job, "seq"));
        found.unless(queues.contains(queue), || format!("{id} is in {queue}, a queue that nobody knows"));
        found
            .unless(seq <= number(&meta, "seq"), || format!("{id} has number {seq}, which was never issued"));
    }
    let marked = jobs.is_empty() && known.is_empty() || get(&meta, "format") == "1";
    found.unless(marked, || "the namespace has content and no format".to_owned());
}

fn text_len(books: &Books, key: &str) -> i64 {
    match books.keys.get(key) {
        Some(Entry::Text(text)) => text.len() as i64,
        _ => 0,
    }
}
