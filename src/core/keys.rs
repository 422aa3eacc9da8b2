//! The only file that spells a Redis key.
//!
//! Every key begins with `jobq:{NAMESPACE}:`, so a whole namespace lives in one cluster
//! slot and one ACL pattern covers it; the user's part (a name) stands last. The Lua
//! scripts get the same words as a table `K`, made here from the same list.

use super::name::Name;

macro_rules! keys {
    ($(#[doc = $doc:literal] $name:ident = $word:literal;)*) => {
        /// One method a key or family of keys.
        impl Keys {
            $(#[doc = $doc] pub fn $name(&self, last: &str) -> String {
                format!("{}{}{}", self.prefix, $word, last)
            })*
        }

        /// The list above for documents: the word in the key, and what is there.
        pub const LIST: &[(&str, &str)] = &[$(($word, $doc),)*];

        /// The list above as Lua: `K.job .. id` is the key of a job's state.
        pub const LUA_KEYS: &str = concat!(
            "local P = string.sub(KEYS[1], 1, -5)\nlocal K = {",
            $(stringify!($name), " = P .. '", $word, "', ",)*
            "}\n"
        );
    };
}

keys! {
    /// hash: `format`, `fence` (last issued), `seq` (last issued), `out_bytes`, `in_bytes`, `events` (the bound), `torn` (the books are being mended), `leader` and `leader_at` (of beats), `ticks_fired`, `ticks_skipped`, `ticks_missed` (of all schedules). The last part is empty.
    meta = "meta";
    /// zset, scores 0: every queue that ever had a job or a setting.
    queues = "queues";
    /// hash: a queue's settings, its pause, its `bytes` in use, and the `purge` that walks through it.
    queue = "queue:";
    /// string: the job's spec, canonical JSON, written once.
    spec = "spec:";
    /// hash: the job's state fields.
    job = "job:";
    /// string: the job's standard input.
    stdin = "stdin:";
    /// string: the job's result, JSON.
    result = "result:";
    /// hash: output chunks of the newest attempt, by sequence number, and totals.
    out = "out:";
    /// list of JSON: the last ten attempts, oldest first.
    tries = "tries:";
    /// zset by state and queue (`PENDING:emails`): the id of each job stands in exactly one.
    index = "in:";
    /// zset: ids of never started jobs of a queue, by the millisecond they expire.
    expiry = "expiry:";
    /// zset: ids of finished jobs, by the millisecond their record may go.
    retain = "retain";
    /// zset: ids of finished jobs with output, by finish time: the oldest output goes first.
    outputs = "outputs";
    /// zset: ids of finished jobs whose input is kept, by finish time: the oldest input goes first.
    inputs = "inputs";
    /// zset of a label (`team=red`): ids of jobs that have it, by the millisecond they were enqueued.
    label = "label:";
    /// zset: ids of removed records that must still be known, by the millisecond they may go.
    tombs = "tombs";
    /// hash: how a task's jobs ended lately, and its open incident.
    alert = "alert:";
    /// hash: how far the walk that mends torn books got.
    mend = "mend";
    /// list: what happened lately and is not in `stats` yet, oldest first; at most 64 lines.
    tally = "tally";
    /// string: statistics of a queue or a task (`stats:queue:emails`), laid out in `lua/lib/tally.lua`.
    stats = "stats:";
    /// zset: queues or tasks (`counted:queue`, `counted:task`) with statistics, by the minute they last counted.
    counted = "counted:";
    /// zset: tasks with an open incident, by the millisecond it began.
    incidents = "incidents";
    /// list: ids of chores, oldest first.
    chores = "chores";
    /// hash: one chore and how far it got.
    chore = "chore:";
    /// zset, scores 0: every registered worker.
    workers = "workers";
    /// hash: a worker's facts, nonce and renewal counter.
    worker = "worker:";
    /// hash: the jobs a worker holds, id to token.
    held = "held:";
    /// hash: requests to a worker about jobs it holds, id to `cancel` or `requeue`, and at `@` what it is to do itself.
    mail = "mail:";
    /// zset: workers of a queue, by the millisecond they last said so.
    serves = "serves:";
    /// stream: who changed what, oldest first; see events.md.
    events = "events";
    /// never written, named in each call: see "In a Cluster". The last part is empty.
    absent = "absent";
    /// zset, scores 0: every schedule.
    schedules = "schedules";
    /// string: a schedule's definition, canonical JSON, written anew for each change.
    plan = "plan:";
    /// hash: a schedule's state: what it is read under, its due time, what came of its ticks, its pause.
    schedule = "schedule:";
    /// zset: schedules by the millisecond a beat should look at them: their next tick.
    due = "due";
    /// zset: schedules that passed over ticks without a job, by the end of the newest such hole: what lies ahead of the clock was acted on by a clock that was set back since.
    ahead = "ahead";
    /// zset: schedules by the millisecond something about a missing success is to be told.
    alarms = "alarms";
    /// zset: the jobs of a schedule that have not ended, in the order they were made.
    chain = "chain:";
    /// zset: schedules of a source, by the publishing that last mentioned them.
    source = "source:";
    /// hash: who published a source last, and what it was.
    origin = "origin:";
    /// zset, scores 0: schedules that tick at each boot of a host.
    boots = "boots:";
    /// zset: beats by the millisecond they last said that they are there.
    beats = "beats";
    /// hash: a beat's facts.
    beat = "beat:";
    /// channel: schedules changed.
    turn = "turn";
    /// channel: a job became eligible in a queue.
    bell = "bell:";
    /// channel: mail for a worker.
    note = "note:";
    /// channel: new output (`o`) or a final state of a job.
    news = "news:";
}

/// The key maker of one namespace.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// Keys of `namespace`.
    pub fn new(namespace: &Name) -> Keys {
        Keys { prefix: format!("jobq:{{{namespace}}}:") }
    }

    /// The one key scripts are given: the rest is built from its prefix, in the same slot.
    pub fn anchor(&self) -> String {
        self.meta("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_share_one_hash_tag_and_end_with_the_users_part() {
        let keys = Keys::new(&Name::new("team.a").unwrap());
        assert_eq!(keys.anchor(), "jobq:{team.a}:meta");
        assert_eq!(keys.job("01x"), "jobq:{team.a}:job:01x");
        assert_eq!(keys.index("PENDING:emails"), "jobq:{team.a}:in:PENDING:emails");
        assert!(LUA_KEYS.contains("job = P .. 'job:'"));
    }
}
