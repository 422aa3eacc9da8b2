//! The changing verbs: one thin method for each script. Reading is in [`super::query`].
//!
//! Every verb may be repeated after [`Error::Unknown`]: enqueue by the id, claim by its
//! request word, settles by their token, the others because doing them twice is doing them
//! once.

use super::error::{Error, Result};
use super::keys::Keys;
use super::link::{Link, ServerInfo};
use super::name::Name;
use super::reply::Items;
use super::report::Progress;
use super::script::{self, FORMAT, Script};
use super::spec::Spec;
use super::state::State;

/// Most jobs that one enqueue call may carry.
pub const ENQUEUE_AT_ONCE: usize = 200;
/// Most ids that one cancel call may carry.
pub const CANCEL_AT_ONCE: usize = 100;
/// Most held jobs that one renewal looks at.
pub const RENEW_AT_ONCE: usize = 64;

/// A namespace on a Redis.
pub struct Store {
    pub(super) link: Link,
    pub(super) keys: Keys,
    /// The namespace's name.
    pub namespace: Name,
}

/// An instant that a job waits for or expires at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Milliseconds after the script runs, by Redis time.
    In(u64),
    /// Milliseconds since the epoch.
    At(i64),
}

impl When {
    fn word(this: Option<When>) -> String {
        match this {
            None => String::new(),
            Some(When::In(ms)) => format!("+{ms}"),
            Some(When::At(ms)) => format!("@{ms}"),
        }
    }
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

/// What [`Store::fail`] reports.
#[derive(Debug, Clone)]
pub struct Failed<'a> {
    /// How the attempt ended.
    pub outcome: super::outcome::Outcome,
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

/// What came of a cancel, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It never started and never will.
    Revoked,
    /// It runs; its worker has been told.
    Cancelling,
    /// It had ended already, in this state.
    Finished(Option<State>),
    /// There is no such job.
    Unknown,
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

/// Arguments of a script call, owned where they were made here.
struct Args<'a>(Vec<std::borrow::Cow<'a, [u8]>>);

impl<'a> Args<'a> {
    fn new() -> Args<'a> {
        Args(Vec::with_capacity(16))
    }

    fn text(mut self, text: &'a str) -> Args<'a> {
        self.0.push(text.as_bytes().into());
        self
    }

    fn owned(mut self, text: String) -> Args<'a> {
        self.0.push(text.into_bytes().into());
        self
    }

    fn number(self, number: impl ToString) -> Args<'a> {
        self.owned(number.to_string())
    }

    fn maybe(self, number: Option<impl ToString>) -> Args<'a> {
        self.owned(number.map(|number| number.to_string()).unwrap_or_default())
    }

    fn bytes(mut self, bytes: impl Into<std::borrow::Cow<'a, [u8]>>) -> Args<'a> {
        self.0.push(bytes.into());
        self
    }
}

impl Store {
    /// The namespace behind `link`.
    pub fn new(link: Link, namespace: Name) -> Store {
        Store { link, keys: Keys::new(&namespace), namespace }
    }

    /// The link, for its target and its patience.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The key and channel names of this namespace.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Calls a script; a format refusal becomes an error here, for all verbs alike.
    pub(super) async fn call(&self, script: &Script, args: &[&[u8]]) -> Result<Items> {
        let value = self.link.call(script, &self.keys.anchor(), args).await?;
        Items::of(value)
    }

    async fn verb(&self, script: &Script, args: Args<'_>) -> Result<(String, Items)> {
        let args: Vec<&[u8]> = args.0.iter().map(AsRef::as_ref).collect();
        let mut items = self.call(script, &args).await?;
        let word = items.text()?;
        if word == "FORMAT" {
            return Err(Error::Format { stored: items.text()?, ours: FORMAT.to_owned() });
        }
        Ok((word, items))
    }

    /// Enqueues up to [`ENQUEUE_AT_ONCE`] jobs: all of them or none.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`] with the same ids.
    pub async fn enqueue(&self, jobs: &[NewJob]) -> Result<Enqueued> {
        let mut args = Args::new().number(jobs.len());
        let mut digests = Vec::with_capacity(jobs.len());
        for job in jobs {
            let spec = job.spec.to_json().map_err(|error| Error::Protocol(error.to_string()))?;
            digests.push(job.spec.digest(job.stdin.as_deref()));
            let stdin = job.stdin.as_ref().map(|bytes| [b"=", bytes.as_slice()].concat()).unwrap_or_default();
            args = args
                .text(job.id.as_str())
                .text(job.spec.queue.as_str())
                .owned(spec)
                .owned(digests[digests.len() - 1].clone())
                .number(job.spec.priority)
                .owned(When::word(job.not_before))
                .owned(When::word(job.expires))
                .text(job.spec.on_lost.word())
                .maybe(job.spec.lease_ms)
                .maybe(job.spec.result_ttl_ms)
                .maybe(job.spec.failure_ttl_ms)
                .bytes(stdin)
                .text(job.spec.task.as_ref().map_or("", Name::as_str))
                .text(job.spec.hooks.as_deref().unwrap_or_default())
                .text(job.spec.alert.as_deref().unwrap_or_default());
        }
        let (word, mut reply) = self.verb(&script::ENQUEUE, args).await?;
        if word == "FULL" {
            return Ok(Enqueued::Full(Full {
                queue: reply.text()?,
                what: reply.text()?,
                have: reply.number()?,
                limit: reply.number()?,
            }));
        }
        let _now: i64 = reply.number()?;
        let mut accepted = Vec::with_capacity(jobs.len());
        for (answer, digest) in reply.lists().zip(&digests) {
            let mut answer = answer?;
            accepted.push(Accepted {
                created: answer.text()? == "created",
                state: answer.maybe_text()?.as_deref().and_then(State::parse),
                same: answer.text()? == *digest,
                workers: answer.number()?,
            });
        }
        if accepted.len() != jobs.len() {
            return Err(Error::Protocol("enqueue answered for another number of jobs".into()));
        }
        Ok(Enqueued::Accepted(accepted))
    }

    /// Writes a worker into the books.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn register(&self, worker: &Registration) -> Result<()> {
        let args = Args::new()
            .text(worker.identity.worker.as_str())
            .text(&worker.identity.nonce)
            .text(worker.label.as_ref().map_or("", Name::as_str))
            .text(worker.host.as_str())
            .number(worker.pid)
            .text(&worker.boot_id)
            .number(worker.slots)
            .number(worker.lease_ms)
            .text(worker.version);
        let args = worker.queues.iter().fold(args, |args, queue| args.text(queue.as_str()));
        self.verb(&script::REGISTER, args).await.map(drop)
    }

    /// Starts attempts of the next jobs, and renews.
    ///
    /// # Errors
    /// See [`Error`]; after [`Error::Unknown`] repeat with the same request word.
    pub async fn claim(&self, claim: &ClaimRequest<'_>) -> Result<Beat> {
        let args = Args::new()
            .text(claim.identity.worker.as_str())
            .text(&claim.identity.nonce)
            .text(claim.request)
            .number(claim.want)
            .text(claim.mode)
            .text(claim.peers_after.unwrap_or_default())
            .text(if claim.full { "1" } else { "" });
        let args = claim.queues.iter().fold(args, |args, (queue, most)| args.text(queue).number(most));
        let (word, mut reply) = self.verb(&script::CLAIM, args).await?;
        if word == "UNKNOWN" {
            return Ok(Beat::Unknown);
        }
        Ok(Beat::Ok(Pulse {
            now_ms: reply.number()?,
            next_due_ms: reply.maybe_number()?,
            jobs: reply.items()?.lists().map(|job| claimed(job?)).collect::<Result<_>>()?,
            lost: Vec::new(),
            mail: reply.items()?.pairs()?,
            peers: reply.items()?.lists().map(|entry| peer(entry?)).collect::<Result<_>>()?,
        }))
    }

    /// Keeps all leases of a worker. `held` is at most [`RENEW_AT_ONCE`] of its jobs, to
    /// learn of those that are not its any more.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew(
        &self,
        identity: &Identity,
        mode: &str,
        peers_after: Option<&str>,
        held: &[(&str, &str)],
        queues: Option<&[&str]>,
    ) -> Result<Beat> {
        let args = Args::new()
            .text(identity.worker.as_str())
            .text(&identity.nonce)
            .text(mode)
            .text(peers_after.unwrap_or_default())
            .text(if queues.is_some() { "1" } else { "" })
            .number(held.len());
        let args = held.iter().fold(args, |args, (id, token)| args.text(id).text(token));
        let args = queues.unwrap_or_default().iter().fold(args, |args, queue| args.text(queue));
        let (word, mut reply) = self.verb(&script::RENEW, args).await?;
        if word == "UNKNOWN" {
            return Ok(Beat::Unknown);
        }
        let now_ms = reply.number()?;
        let mut lost = Vec::new();
        for id in reply.items()?.rest() {
            lost.push(String::from_utf8_lossy(&super::reply::bytes(id)?).into_owned());
        }
        let mail = reply.items()?.pairs()?;
        let peers = reply.items()?.lists().map(|entry| peer(entry?)).collect::<Result<_>>()?;
        Ok(Beat::Ok(Pulse { now_ms, next_due_ms: None, jobs: Vec::new(), lost, mail, peers }))
    }

    /// Takes the jobs of a peer that this process has watched stand still for `stood_ms` on
    /// its own monotonic clock. Answers how many runs were cut, `None` if the peer moved.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn takeover(&self, peer: &Peer, stood_ms: u64, bury_ms: u64) -> Result<Option<u64>> {
        let args = Args::new()
            .text(&peer.worker)
            .text(&peer.nonce)
            .text(&peer.counter)
            .number(stood_ms)
            .number(bury_ms);
        let (word, mut reply) = self.verb(&script::TAKEOVER, args).await?;
        if word == "MOVED" { Ok(None) } else { reply.number().map(Some) }
    }

    /// Gives up what a dead half of this worker held. Answers how many runs were cut and how
    /// many jobs are still held: repeat until that is 0.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn handback(&self, identity: &Identity) -> Result<(u64, u64)> {
        let args = Args::new().text(identity.worker.as_str()).text(&identity.nonce);
        let (_, mut reply) = self.verb(&script::HANDBACK, args).await?;
        Ok((reply.number()?, reply.number()?))
    }

    /// Takes a worker that holds nothing out of the books; says whether it did.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn bye(&self, identity: &Identity) -> Result<bool> {
        let args = Args::new().text(identity.worker.as_str()).text(&identity.nonce);
        let (word, _) = self.verb(&script::BYE, args).await?;
        Ok(word == "OK")
    }

    /// Settles a success.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`].
    pub async fn finish(&self, id: &Name, token: &str, code: u8, left: &Left) -> Result<Settled> {
        let args = Args::new()
            .text(id.as_str())
            .text(token)
            .number(code)
            .text(&left.tail)
            .text(&left.result)
            .text(&left.note);
        self.settle(&script::FINISH, args).await
    }

    /// Settles anything but a success.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`].
    pub async fn fail(&self, id: &Name, token: &str, failed: &Failed<'_>) -> Result<Settled> {
        let args = Args::new()
            .text(id.as_str())
            .text(token)
            .text(failed.outcome.name())
            .maybe(failed.outcome.detail())
            .text(failed.verdict)
            .number(failed.delay_ms)
            .text(failed.error)
            .text(&failed.left.tail)
            .text(&failed.left.result);
        self.settle(&script::FAIL, args).await
    }

    /// Gives a job back unharmed: `why` is `stop`, `starved` or `refused`.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`].
    pub async fn release(&self, id: &Name, token: &str, why: &str, reason: &str) -> Result<Settled> {
        let args = Args::new().text(id.as_str()).text(token).text(why).text(reason);
        self.settle(&script::RELEASE, args).await
    }

    async fn settle(&self, script: &Script, args: Args<'_>) -> Result<Settled> {
        let (word, mut reply) = self.verb(script, args).await?;
        Ok(match word.as_str() {
            "OK" | "AGAIN" => Settled::Done(State::parse(&reply.text()?)),
            _ => Settled::Lost,
        })
    }

    /// Appends output of a running attempt. `false` when the job is not this worker's.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`].
    pub async fn log(&self, id: &Name, token: &str, batch: &OutputBatch) -> Result<bool> {
        let mut args = Args::new()
            .text(id.as_str())
            .text(token)
            .number(batch.totals[0])
            .number(batch.totals[1])
            .number(batch.chunks.len());
        for (seq, stream, offset, bytes) in &batch.chunks {
            args = args.number(seq).number(stream).number(offset).bytes(bytes.as_slice());
        }
        let args = batch.drop.iter().fold(args, |args, seq| args.number(seq));
        let (word, _) = self.verb(&script::LOG, args).await?;
        Ok(word == "OK")
    }

    /// Says how far a running attempt is. `false` when the job is not this worker's.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn progress(&self, id: &Name, token: &str, progress: &Progress) -> Result<bool> {
        let args = Args::new()
            .text(id.as_str())
            .text(token)
            .maybe(progress.percent)
            .text(progress.message.as_deref().unwrap_or_default());
        let (word, _) = self.verb(&script::PROGRESS, args).await?;
        Ok(word == "OK")
    }

    /// Cancels up to [`CANCEL_AT_ONCE`] jobs; one answer for each, in order.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel(&self, ids: &[Name], reason: &str) -> Result<Vec<Cancelled>> {
        let args = ids.iter().fold(Args::new().text(reason), |args, id| args.text(id.as_str()));
        let (_, mut reply) = self.verb(&script::CANCEL, args).await?;
        let _now: i64 = reply.number()?;
        let answers = reply.lists().map(|answer| {
            let mut answer = answer?;
            let (_, word) = (answer.text()?, answer.text()?);
            Ok(match word.as_str() {
                "cancelled" => Cancelled::Revoked,
                "cancelling" => Cancelled::Cancelling,
                "finished" => Cancelled::Finished(State::parse(&answer.text()?)),
                _ => Cancelled::Unknown,
            })
        });
        answers.collect()
    }

    /// Sets (`Some`) or clears (`None`) settings of a queue.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn limit(&self, queue: &Name, settings: &[(&str, Option<u64>)]) -> Result<()> {
        let args = Args::new().text(queue.as_str());
        let args = settings.iter().fold(args, |args, (name, value)| args.text(name).maybe(*value));
        self.verb(&script::LIMIT, args).await.map(drop)
    }

    /// Writes down the purge of a queue; answers how many jobs it has now.
    ///
    /// # Errors
    /// See [`Error`]. A repeat after [`Error::Unknown`] writes a second purge, which finds
    /// nothing left to do.
    pub async fn purge(&self, queue: &Name, reason: &str) -> Result<u64> {
        let args = Args::new().text(queue.as_str()).text(reason);
        let (_, mut reply) = self.verb(&script::PURGE, args).await?;
        let _chore = reply.text()?;
        reply.number()
    }

    /// Does a slice of the housework; answers how many chores are left.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn chores(&self, queues: &[Name]) -> Result<u64> {
        let args = queues.iter().fold(Args::new(), |args, queue| args.text(queue.as_str()));
        let (_, mut reply) = self.verb(&script::CHORES, args).await?;
        reply.number()
    }

    /// What the server says of itself.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn server_info(&self) -> Result<ServerInfo> {
        let value = self.link.send(&redis::cmd("INFO")).await?;
        Ok(ServerInfo::parse(&String::from_utf8_lossy(&super::reply::bytes(value)?)))
    }
}

fn claimed(mut job: Items) -> Result<Claimed> {
    let id = job.text()?;
    Ok(Claimed {
        id: Name::new(id).map_err(|error| Error::Protocol(error.to_string()))?,
        token: job.text()?,
        queue: job.text()?,
        attempt: job.number()?,
        failures: job.number()?,
        enqueued_ms: {
            let _losses: u32 = job.number()?;
            job.number()?
        },
        lease_ms: job.maybe_number()?,
        spec: job.bytes()?,
        stdin: job.maybe_bytes()?,
        cut_on: job.maybe_text()?,
        cause: job.maybe_text()?,
    })
}

fn peer(mut entry: Items) -> Result<Peer> {
    Ok(Peer {
        worker: entry.text()?,
        nonce: entry.text()?,
        counter: entry.text()?,
        lease_ms: entry.maybe_number()?,
        held: entry.number()?,
    })
}
