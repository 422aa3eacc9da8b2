//! The changing verbs: one thin method for each script. Reading is in [`super::query`].
//!
//! Every verb may be repeated after [`Error::Unknown`]: enqueue by the id, claim by its
//! request word, settles by their token, the others because doing them twice is doing them
//! once.

use std::time::Duration;

use super::error::{Error, Result};
use super::keys::Keys;
use super::link::{Link, ServerInfo};
use super::name::Name;
use super::reply::Items;
use super::report::Progress;
use super::script::{self, FORMAT, Script};
use super::spec::Spec;
use super::state::State;

mod beats;
mod control;
mod schedules;
mod words;

pub use beats::{
    Acted, Ahead, Alarm, Attendance, BootDue, Due, Origin, PauseSpan, Plan, Presence, Tick, TickDue,
};
pub use schedules::{PUT_AT_ONCE, Publication, Published, Put, Removed, Resumed, Triggered};

pub use words::{
    Accepted, Beat, Bound, By, Came, ClaimRequest, Claimed, Enqueued, Failed, Full, Identity, Left, NewJob,
    Ordered, OutputBatch, Peer, Pulse, Registration, Settled, Touched, When, Wish,
};

/// Most jobs that one enqueue call may carry.
pub const ENQUEUE_AT_ONCE: usize = 200;
/// Most jobs or queues that one call of an operator's verb may carry.
pub const CONTROL_AT_ONCE: usize = 100;
/// The place in a worker's mail of what is asked of the worker itself: no job has such an id.
pub const TO_THE_WORKER: &str = "@";
/// Most held jobs that one renewal looks at.
pub const RENEW_AT_ONCE: usize = 64;

/// A namespace on a Redis.
pub struct Store {
    pub(super) link: Link,
    pub(super) keys: Keys,
    /// The namespace's name.
    pub namespace: Name,
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

    fn slices(&self) -> Vec<&[u8]> {
        self.0.iter().map(AsRef::as_ref).collect()
    }

    /// A job as `enqueue` and whatever else makes one takes it.
    fn job(self, job: &'a NewJob) -> Result<Args<'a>> {
        let spec = job.spec.to_json().map_err(|error| Error::Protocol(error.to_string()))?;
        let stdin = job.stdin.as_ref().map(|bytes| [b"=", bytes.as_slice()].concat()).unwrap_or_default();
        Ok(self
            .text(job.id.as_str())
            .text(job.spec.queue.as_str())
            .owned(spec)
            .owned(job.spec.digest(job.stdin.as_deref()))
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
            .text(job.spec.alert.as_deref().unwrap_or_default())
            .owned(labels(&job.spec)))
    }

    fn bytes(mut self, bytes: impl Into<std::borrow::Cow<'a, [u8]>>) -> Args<'a> {
        self.0.push(bytes.into());
        self
    }
}

impl Store {
    /// The namespace behind `link`.
    pub fn new(link: Link, namespace: Name) -> Store {
        let keys = Keys::new(&namespace);
        Store { link: link.anchored(keys.anchor(), keys.absent("")), keys, namespace }
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
        let value = self.link.call(script, args).await?;
        Items::of(value)
    }

    async fn verb(&self, script: &Script, args: Args<'_>) -> Result<(String, Items)> {
        word(self.call(script, &args.slices()).await?)
    }

    /// Enqueues up to [`ENQUEUE_AT_ONCE`] jobs: all of them or none.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`] with the same ids.
    pub async fn enqueue(&self, jobs: &[NewJob]) -> Result<Enqueued> {
        let origin = jobs.first().map(|job| &job.spec.origin);
        let mut args = Args::new()
            .text(origin.map_or("", |origin| &origin.user))
            .text(origin.map_or("", |origin| &origin.host))
            .number(jobs.len());
        let mut digests = Vec::with_capacity(jobs.len());
        for job in jobs {
            digests.push(job.spec.digest(job.stdin.as_deref()));
            args = args.job(job)?;
        }
        let (word, mut reply) = self.verb(&script::ENQUEUE, args).await?;
        if word == "FULL" {
            return full(&mut reply).map(Enqueued::Full);
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

    /// Waits until so many replicas have these jobs too, or until `limit` is over; answers
    /// how many have. `None` when one of them is not there: the primary that took it is gone,
    /// and no replica had it. At most [`ENQUEUE_AT_ONCE`] ids.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn replicated(&self, ids: &[Name], replicas: u32, limit: Duration) -> Result<Option<u64>> {
        let args = ids.iter().fold(Args::new(), |args, id| args.text(id.as_str()));
        let (value, have) =
            self.link.call_replicated(&script::TOUCH, &args.slices(), replicas, limit).await?;
        let (_, missing) = word(Items::of(value)?)?;
        Ok((missing.rest().count() == 0).then_some(have))
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
            .text(worker.version)
            .text(&worker.halves);
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
        let (word, mut reply) = match claim.connection {
            None => self.verb(&script::CLAIM, args).await?,
            Some(known) => word(Items::of(self.link.call_on(known, &script::CLAIM, &args.slices()).await?)?)?,
        };
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
            withheld: reply.number::<u8>()? == 1,
            holds: reply.number()?,
            strange: Vec::new(),
            mended: reply.number()?,
        }))
    }

    /// Keeps all leases of a worker. `held` is at most [`RENEW_AT_ONCE`] of its jobs, to
    /// learn of those that are not its any more; `holds` is how many it knows of, to learn of
    /// others that the books say it holds.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew(
        &self,
        identity: &Identity,
        mode: &str,
        peers_after: Option<&str>,
        holds: usize,
        held: &[(&str, &str)],
        queues: Option<&[&str]>,
    ) -> Result<Beat> {
        let args = Args::new()
            .text(identity.worker.as_str())
            .text(&identity.nonce)
            .text(mode)
            .text(peers_after.unwrap_or_default())
            .text(if queues.is_some() { "1" } else { "" })
            .number(holds)
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
        Ok(Beat::Ok(Pulse {
            now_ms,
            next_due_ms: None,
            jobs: Vec::new(),
            lost,
            mail,
            peers,
            withheld: false,
            holds: 0,
            strange: reply.items()?.pairs()?,
            mended: reply.number()?,
        }))
    }

    /// Takes the jobs of a peer that this process has watched stand still for `stood_ms` on
    /// its own monotonic clock. Answers how many runs were cut, `None` if the peer moved.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn takeover(
        &self,
        taker: &Name,
        peer: &Peer,
        stood_ms: u64,
        bury_ms: u64,
    ) -> Result<Option<u64>> {
        let args = Args::new()
            .text(&peer.worker)
            .text(&peer.nonce)
            .text(&peer.counter)
            .number(stood_ms)
            .number(bury_ms)
            .text(taker.as_str());
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

    /// What the server says of itself.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn server_info(&self) -> Result<ServerInfo> {
        self.link.info().await
    }
}

/// The word that a changing verb answers with, and what follows it.
fn word(mut items: Items) -> Result<(String, Items)> {
    let word = items.text()?;
    if word == "FORMAT" {
        return Err(Error::Format { stored: items.text()?, ours: FORMAT.to_owned() });
    }
    Ok((word, items))
}

/// What a queue without room answers, after the word.
fn full(reply: &mut Items) -> Result<Full> {
    Ok(Full { queue: reply.text()?, what: reply.text()?, have: reply.number()?, limit: reply.number()? })
}

/// The labels as the scripts have them: KEY=VALUE, a NUL between two.
fn labels(spec: &Spec) -> String {
    let each: Vec<String> = spec.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    each.join("\0")
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
        waited_ms: job.number()?,
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
        halves: entry.text()?,
    })
}
