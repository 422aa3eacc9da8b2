//! What goes into the verbs and comes out of them: plain values.

use crate::core::name::Name;
use crate::core::spec::Spec;
use crate::core::state::State;

/// An instant that a job waits for or expires at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Milliseconds after the script runs, by Redis time.
    In(u64),
    /// Milliseconds since the epoch.
    At(i64),
}

impl When {
    pub(super) fn word(this: Option<When>) -> String {
        match this {
            None => String::new(),
            Some(When::In(ms)) => format!("+{ms}"),
            Some(When::At(ms)) => format!("@{ms}"),
        }
    }
}

/// Who asks for something, and why: for the event of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct By {
    /// The person; empty for a worker.
    pub user: String,
    /// Their host.
    pub host: String,
    /// In their words; empty for none.
    pub why: String,
}

/// A job on its way in.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, made by the client.
    pub id: Name,
    /// What it is.
    pub spec: Spec,
    /// Not before this.
    pub not_before: Option<When>,
    /// Not after this, unless it started.
    pub expires: Option<When>,
    /// Its standard input.
    pub stdin: Option<Vec<u8>>,
}

/// What became of one job of an enqueue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Whether this call made the job; `false` when the id was known already.
    pub created: bool,
    /// The stored state; `None` when only the id is remembered.
    pub state: Option<State>,
    /// Whether the known job asks for the same.
    pub same: bool,
    /// Live workers that serve the queue.
    pub workers: u64,
}

/// A queue that is full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Full {
    /// The queue.
    pub queue: String,
    /// `depth` or `bytes`.
    pub what: String,
    /// How much it has.
    pub have: u64,
    /// How much it may have.
    pub limit: u64,
}

/// The answer to an enqueue: all jobs, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// One entry for each job, in order.
    Accepted(Vec<Accepted>),
    /// Nothing was accepted.
    Full(Full),
}

/// A worker's name in the store and the secret that proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub worker: Name,
    /// Known to nobody else.
    pub nonce: String,
}

/// A worker's facts.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Who it is.
    pub identity: Identity,
    /// Its label, where given.
    pub label: Option<Name>,
    /// Its host, as a name.
    pub host: Name,
    /// Its main process.
    pub pid: u32,
    /// The host's boot, so that a reboot is recognised.
    pub boot_id: String,
    /// Places for running jobs.
    pub slots: u32,
    /// The lease of jobs that do not ask for another, in milliseconds.
    pub lease_ms: u64,
    /// jobq's version.
    pub version: &'static str,
    /// Its processes, as others on the same machine recognise them; empty if none could.
    pub halves: String,
    /// The queues it serves.
    pub queues: Vec<Name>,
}

/// A job that this worker now holds.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: Name,
    /// The right to run it: `FENCE-NONCE`.
    pub token: String,
    /// Its queue.
    pub queue: String,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// Earlier failures.
    pub failures: u32,
    /// When it was accepted, milliseconds since the epoch.
    pub enqueued_ms: i64,
    /// How long it could have run before it was started, in milliseconds.
    pub waited_ms: u64,
    /// Its own lease, where it has one, in milliseconds.
    pub lease_ms: Option<u64>,
    /// The stored spec.
    pub spec: Vec<u8>,
    /// Its standard input.
    pub stdin: Option<Vec<u8>>,
    /// The host where an earlier run was cut, if the newest one was.
    pub cut_on: Option<String>,
    /// Facts about the job whose end made this one, as JSON, where it is a hook.
    pub cause: Option<String>,
}

impl Claimed {
    /// The fencing number that the child sees.
    pub fn fence(&self) -> &str {
        self.token.split('-').next().unwrap_or_default()
    }
}

/// A worker as its peers watch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its id.
    pub worker: String,
    /// Its nonce.
    pub nonce: String,
    /// Its renewal counter.
    pub counter: String,
    /// Its lease in milliseconds, where its record has one.
    pub lease_ms: Option<u64>,
    /// Jobs it holds.
    pub held: u64,
    /// Its processes, where they are of the watcher's own machine; else empty.
    pub halves: String,
}

/// What a claim or renewal brought.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// Redis time, milliseconds since the epoch.
    pub now_ms: i64,
    /// When the next waiting job is due.
    pub next_due_ms: Option<i64>,
    /// Jobs that this worker now runs.
    pub jobs: Vec<Claimed>,
    /// Ids whose tokens are not this worker's any more.
    pub lost: Vec<String>,
    /// Requests about held jobs: id and word.
    pub mail: Vec<(String, String)>,
    /// Workers to watch.
    pub peers: Vec<Peer>,
    /// A limit of a queue kept back jobs that could run.
    pub withheld: bool,
    /// How many jobs the books say this worker holds, after a claim.
    pub holds: u64,
    /// Ids and tokens that the books say it holds, where they say more than it knows of.
    pub strange: Vec<(String, String)>,
    /// How much of the books was torn and is whole now.
    pub mended: u64,
}

/// The answer to a claim or renewal.
#[derive(Debug, Clone)]
pub enum Beat {
    /// Done.
    Ok(Pulse),
    /// The books do not know this worker: it must register again, and runs nothing.
    Unknown,
}

/// A claim's request.
#[derive(Debug, Clone)]
pub struct ClaimRequest<'a> {
    /// Who asks.
    pub identity: &'a Identity,
    /// A new word for each claim, the same for its repetition.
    pub request: &'a str,
    /// Free slots.
    pub want: usize,
    /// Only on this connection of the link; `None` on any.
    pub connection: Option<u64>,
    /// `running` or `quiet`, for people.
    pub mode: &'a str,
    /// Where the page of watched workers begins; `None` for no page.
    pub peers_after: Option<&'a str>,
    /// Say again which queues are served.
    pub full: bool,
    /// The queues in the order to look, with the most jobs to take from each.
    pub queues: &'a [(&'a str, usize)],
}

/// The answer to a settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Done, now or by an earlier sending of the same; the job is in this state.
    Done(Option<State>),
    /// The job is not this worker's any more, or gone: whatever it did does not count.
    Lost,
}

/// What [`super::Store::fail`] reports.
#[derive(Debug, Clone)]
pub struct Failed<'a> {
    /// How the attempt ended.
    pub outcome: crate::core::outcome::Outcome,
    /// `retry`, `snooze`, `failure`, `revoke` or `lost`.
    pub verdict: &'a str,
    /// The wait of a retry or snooze, in milliseconds.
    pub delay_ms: u64,
    /// One line for people.
    pub error: &'a str,
    /// What the attempt left behind.
    pub left: &'a Left,
}

/// What an attempt left behind besides its outcome.
#[derive(Debug, Clone, Default)]
pub struct Left {
    /// The end of its output, as JSON, or ''.
    pub tail: String,
    /// Its result, as JSON, or ''.
    pub result: String,
    /// Something about a success that people should know, or ''.
    pub note: String,
}

/// What came of what an operator asked for, for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// What came of it.
    pub came: Came,
    /// The stored state it was found in; `None` where there is no such job.
    pub state: Option<State>,
}

macro_rules! came {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal,)*) => {
        /// What a verb says of a job.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Came {
            $($(#[doc = $doc])* $name,)*
        }

        impl Came {
            /// The word in scripts and in JSON.
            pub fn word(self) -> &'static str {
                match self {
                    $(Came::$name => $word,)*
                }
            }

            pub(super) fn parse(word: &str) -> Option<Came> {
                match word {
                    $($word => Some(Came::$name),)*
                    _ => None,
                }
            }
        }
    };
}

came! {
    /// It had not started, or waited between attempts, and never runs again.
    Cancelled = "cancelled",
    /// It runs, and its worker has been told to end it.
    Cancelling = "cancelling",
    /// It had finished and runs again.
    Retried = "retried",
    /// It waited for its time and may run now.
    Requeued = "requeued",
    /// It runs, and its worker has been told to give it back.
    Stopping = "stopping",
    /// It could run already.
    Waits = "waits",
    /// It waits for other jobs.
    Blocked = "blocked",
    /// Its record is gone.
    Deleted = "deleted",
    /// Its record had gone before.
    Gone = "gone",
    /// It has finished.
    Finished = "finished",
    /// It has not finished.
    Unfinished = "unfinished",
    /// Its standard input was not kept.
    NoInput = "no_input",
    /// Its queue is full.
    Full = "full",
    /// It is in none of the states that were asked for any more.
    Other = "other",
    /// There is no such job.
    Unknown = "unknown",
}

/// A limit of a queue, as an operator or a worker's file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// At most this.
    Most(u64),
    /// No limit, whatever a file says.
    None,
    /// Nothing is said: of an operator's limits, those of a file hold then.
    Unsaid,
}

impl Bound {
    pub(super) fn word(self) -> String {
        match self {
            Bound::Most(most) => most.to_string(),
            Bound::None => "none".to_owned(),
            Bound::Unsaid => String::new(),
        }
    }
}

/// What a worker can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Take no more jobs.
    Quiet,
    /// Take jobs again.
    Run,
    /// Take no more jobs, end with the last one.
    Stop,
    /// End the jobs that run, give them back, end.
    StopNow,
}

impl Wish {
    /// All of them.
    pub const ALL: [Wish; 4] = [Wish::Quiet, Wish::Run, Wish::Stop, Wish::StopNow];

    /// The word in the store.
    pub fn word(self) -> &'static str {
        match self {
            Wish::Quiet => "quiet",
            Wish::Run => "run",
            Wish::Stop => "stop",
            Wish::StopNow => "stop_now",
        }
    }

    /// Reads the word in the store.
    pub fn parse(text: &str) -> Option<Wish> {
        Wish::ALL.into_iter().find(|wish| wish.word() == text)
    }
}

/// How a worker stood when it was asked for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// Redis time, milliseconds since the epoch.
    pub now_ms: i64,
    /// What it did: `running`, `quiet`, `draining`.
    pub mode: String,
    /// Its newest sign of life.
    pub seen_ms: Option<i64>,
}

/// Output to append.
#[derive(Debug, Clone, Default)]
pub struct OutputBatch {
    /// Bytes written to each stream so far.
    pub totals: [u64; 2],
    /// Sequence number, stream (1 or 2), offset in the stream, bytes.
    pub chunks: Vec<(u64, u8, u64, Vec<u8>)>,
    /// Sequence numbers that are not kept any more.
    pub drop: Vec<u64>,
}
