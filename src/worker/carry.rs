//! Carrying output from a running job to the store, and to files where asked.
//!
//! Output is read whatever Redis does: the recorder keeps the beginning and the end of each
//! stream in constant memory, and what the store has not taken by the time it falls out of
//! that window was never kept. Nothing here holds up the job or its end for long.

use std::fs::File;
use std::future::pending;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::metrics::Metrics;
use super::output::{Batch, Keep, Recorder, Stream};
use super::shared::{LastOrders, Shared};
use crate::core::bytes::Bytes;
use crate::core::name::Name;
use crate::core::store::{Claimed, OutputBatch};
use crate::service::journal::{Event, Level};

/// Between two sendings of a job that keeps writing.
const PACE: Duration = Duration::from_millis(100);
/// Bytes and chunks of one sending.
const BATCH_BYTES: usize = 128 * 1024;
const BATCH_CHUNKS: usize = 32;
/// The end of the output that goes into the attempt's record.
const TAIL_BYTES: usize = 1024;
/// How often the rest is offered to a server that takes no more bytes.
const LAST_OFFERS: u32 = 4;

/// What came of one sending.
enum Sent {
    Yes,
    /// The server answers and takes no output: it is full, or the job is not ours.
    Refused,
    /// The server cannot be reached at the moment.
    Away,
}

/// Where the reading side of a job puts its output.
#[derive(Clone)]
pub struct Intake {
    recorder: Arc<Mutex<Recorder>>,
    fresh: Arc<Notify>,
    files: Arc<Mutex<Option<[File; 2]>>>,
    metrics: Arc<Metrics>,
}

impl Intake {
    /// Takes what a job wrote. Does not block on Redis; a file on a full disk is given up.
    pub fn push(&self, stream: Stream, bytes: &[u8]) {
        self.metrics.wrote(stream, bytes.len());
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner).push(stream, bytes);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = &mut *files
            && pair[usize::from(stream.number()) - 1].write_all(bytes).is_err()
        {
            *files = None;
        }
        drop(files);
        self.fresh.notify_one();
    }
}

/// Carries one attempt's output.
pub struct Carrier {
    shared: Arc<Shared>,
    id: Name,
    token: String,
    intake: Intake,
    next: Instant,
    /// The store said that this job is not ours: it takes nothing any more.
    refused: bool,
}

impl Carrier {
    /// A carrier for `job`, which keeps so much of its output.
    pub fn new(shared: &Arc<Shared>, job: &Claimed, keep: Keep) -> Carrier {
        let files = shared.settings.log_dir.as_ref().and_then(|dir| {
            let open = |stream: &str| {
                // Appended: a run that was given back has the number of the next.
                let file = dir.join(format!("{}.{}.{stream}", job.id, job.attempt));
                File::options().create(true).append(true).open(file)
            };
            match (open("out"), open("err")) {
                (Ok(out), Ok(err)) => Some([out, err]),
                (Err(error), _) | (_, Err(error)) => {
                    let event = Event::new(Level::Warn, "cannot write output to files").with("error", &error);
                    shared.journal.complain("log_dir", &event);
                    None
                }
            }
        });
        let intake = Intake {
            recorder: Arc::new(Mutex::new(Recorder::new(keep))),
            fresh: Arc::default(),
            files: Arc::new(Mutex::new(files)),
            metrics: Arc::clone(&shared.metrics),
        };
        Carrier {
            shared: Arc::clone(shared),
            id: job.id.clone(),
            token: job.token.clone(),
            intake,
            next: Instant::now(),
            refused: false,
        }
    }

    /// Where to put output.
    pub fn recorder(&self) -> Intake {
        self.intake.clone()
    }

    /// Sends what there is, at most once in [`PACE`], then returns; call it again and again.
    /// May be dropped at any await: an unacknowledged batch is sent again.
    pub async fn carry(&mut self) {
        if self.refused {
            pending::<()>().await;
        }
        if self.batch().is_none() {
            self.intake.fresh.notified().await;
        }
        tokio::time::sleep_until(self.next).await;
        self.next = Instant::now() + PACE;
        self.send_one().await;
    }

    fn batch(&self) -> Option<(Arc<Batch>, [u64; 2])> {
        let mut recorder = self.intake.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = recorder.take_batch(BATCH_BYTES, BATCH_CHUNKS)?;
        Some((batch, [recorder.total(Stream::Stdout), recorder.total(Stream::Stderr)]))
    }

    async fn send_one(&mut self) -> Sent {
        let Some((batch, totals)) = self.batch() else { return Sent::Yes };
        let chunks = batch.chunks.iter();
        let stored = OutputBatch {
            totals,
            chunks: chunks.map(|c| (c.seq, c.stream.number(), c.offset, c.bytes.clone())).collect(),
            drop: batch.drop.clone(),
        };
        match self.shared.store.log(&self.id, &self.token, &stored).await {
            Ok(true) => {
                self.intake.recorder.lock().unwrap_or_else(PoisonError::into_inner).ack();
                Sent::Yes
            }
            Ok(false) => {
                self.refused = true;
                Sent::Refused
            }
            Err(error) => {
                let event =
                    Event::new(Level::Warn, "cannot store output, trying again").with("error", &error);
                self.shared.journal.complain(error.kind(), &event);
                // One that takes no outcome either is as good as away.
                if error.is_passing() && !error.is_full() { Sent::Away } else { Sent::Refused }
            }
        }
    }

    /// After the end of the job: sends what is left. An outage is waited out for as long as
    /// two leases; a server that takes no more bytes is asked a few times only, because the
    /// outcome must not wait for the output.
    pub(super) async fn deliver_rest(&mut self, last_orders: &mut LastOrders<'_>) {
        let until = Instant::now() + self.shared.settings.lease * 2;
        self.intake.recorder.lock().unwrap_or_else(PoisonError::into_inner).close();
        let mut refusals = 0;
        while !self.refused && self.batch().is_some() {
            match self.send_one().await {
                Sent::Yes => continue,
                Sent::Refused => refusals += 1,
                Sent::Away => {}
            }
            let over = refusals >= LAST_OFFERS || Instant::now() >= until;
            if self.refused || over || !last_orders.pause(Duration::from_millis(100)).await {
                let event = Event::new(Level::Warn, "the end of the output was not stored");
                return self.shared.journal.say(&event.job(&self.id));
            }
        }
    }

    /// The last bytes of what was written, standard error before standard output, as JSON;
    /// '' when nothing was.
    pub fn tail_json(&self) -> String {
        let recorder = self.intake.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tail = recorder.tail_of(Stream::Stderr, TAIL_BYTES);
        if tail.is_empty() {
            tail = recorder.tail_of(Stream::Stdout, TAIL_BYTES);
        }
        if tail.is_empty() {
            return String::new();
        }
        serde_json::to_string(&Bytes(tail)).unwrap_or_default()
    }
}
