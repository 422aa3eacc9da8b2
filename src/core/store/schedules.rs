//! Schedules from their authors' side: publish, pause, trigger. What beats do stands in
//! [`super::beats`].

use super::{Args, By, Full, NewJob, Store, When, full};
use crate::core::error::{Error, Result};
use crate::core::name::{Name, new_id};
use crate::core::schedule::{Definition, Expiry, Overlap, Times};
use crate::core::script;
use crate::core::spec::Origin;

/// Most schedules that one call writes down.
pub const PUT_AT_ONCE: usize = 50;
/// How often something is asked anew that others change in between.
const PATIENT: usize = 20;

/// What became of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// There was no schedule of its name.
    New,
    /// It took the place of another.
    Changed,
    /// It stood there already.
    Same,
    /// The name belongs to this source, whose schedule stays as it is.
    Owned(String),
}

/// What is published together.
#[derive(Debug)]
pub struct Publication<'a> {
    /// The source: all its schedules that are not among the definitions go.
    pub source: &'a Name,
    /// Everything it says.
    pub definitions: &'a [Definition],
    /// Who publishes.
    pub by: &'a By,
    /// The present boot of the publisher's host, which ticks no schedule that is new.
    pub boot_id: &'a str,
}

impl Publication<'_> {
    /// A word for all of it: what a beat whose file says something else compares.
    pub fn hash(&self) -> String {
        let mut all: Vec<String> =
            self.definitions.iter().map(|one| format!("{} {}", one.name, one.hash())).collect();
        all.sort_unstable();
        let hash = crate::core::spec::fnv1a(crate::core::spec::FNV_START, all.join("\n").as_bytes());
        format!("{hash:016x}")
    }
}

/// The end of a publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// All of it stands there: what became of each, in order, and how many went.
    Done {
        /// One for each definition.
        puts: Vec<Put>,
        /// Schedules that the source does not mention any more.
        removed: u64,
    },
    /// Somebody else published the same source meanwhile, and theirs counts.
    Superseded,
}

/// The end of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is gone. If its source is a file, the next publishing of that brings it back.
    Gone {
        /// Where it came from.
        source: String,
    },
    /// There was none.
    Unknown,
}

/// The end of a resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// It goes on.
    Resumed,
    /// It was not paused.
    WasRunning,
    /// There is no such schedule.
    Unknown,
}

/// What came of making a job of a schedule now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Triggered {
    /// The job is there.
    Made {
        /// It waits for an earlier one to end.
        waits: bool,
    },
    /// An earlier job has not ended, and the schedule lets nothing overlap; in words.
    Skipped(String),
    /// Its queue is full.
    Full(Full),
    /// There is no such schedule.
    Unknown,
}

/// Under what schedules are written down.
struct Batch<'a> {
    source: &'a Name,
    /// Of the publishing that they belong to, '' for none.
    generation: &'a str,
    by: &'a By,
    boot_id: &'a str,
}

/// The words of scripts for overlapping.
pub(super) fn overlap_word(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::Queue => "queue",
        Overlap::Skip => "skip",
        Overlap::Replace => "replace",
        Overlap::Allow => "allow",
    }
}

/// When a job of `definition` expires that is made for a tick at `tick_ms`, at `now_ms`.
pub(super) fn expiry(definition: &Definition, times: &Times, tick_ms: i64, now_ms: i64) -> Option<When> {
    match definition.expires? {
        // The tick that makes it worthless is still to come, also for one that is made late.
        Expiry::NextTick => times.next_after(tick_ms.max(now_ms)).map(When::At),
        Expiry::In(ms) => Some(When::In(ms)),
    }
}

fn unreadable(name: &Name, why: impl std::fmt::Display) -> Error {
    Error::Config(format!("schedule {name}: {why}"))
}

impl Store {
    /// Redis time, in milliseconds since the epoch.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn server_now(&self) -> Result<i64> {
        self.call(&script::PLANS, &[]).await?.number()
    }

    /// Writes a schedule down by itself. Its times count from now, unless a schedule with the
    /// same times stands there already.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Config`] for a rule that cannot be read.
    pub async fn schedule_put(&self, definition: &Definition, by: &By) -> Result<Put> {
        let source = definition.source.kind.clone();
        let put = self
            .put_page(
                &Batch { source: &source, generation: "", by, boot_id: "" },
                std::slice::from_ref(definition),
            )
            .await?;
        put.and_then(|mut puts| puts.pop())
            .ok_or_else(|| Error::Protocol("a schedule was answered for by none".into()))
    }

    /// Publishes everything that a source says, in bounded steps. The last to begin wins.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after any of them.
    pub async fn schedules_publish(&self, publication: &Publication<'_>) -> Result<Published> {
        let Publication { source, definitions, by, boot_id } = publication;
        let args = Args::new()
            .text(source.as_str())
            .owned(publication.hash())
            .number(definitions.len())
            .text(&by.user)
            .text(&by.host);
        let (_, mut reply) = self.verb(&script::SCHEDULES_BEGIN, args).await?;
        let _now: i64 = reply.number()?;
        let generation = reply.text()?;
        let mut puts = Vec::with_capacity(definitions.len());
        for page in definitions.chunks(PUT_AT_ONCE) {
            match self.put_page(&Batch { source, generation: &generation, by, boot_id }, page).await? {
                Some(done) => puts.extend(done),
                None => return Ok(Published::Superseded),
            }
        }
        let mut removed = 0;
        loop {
            let args = Args::new().text(source.as_str()).text(&generation);
            let (word, mut reply) = self.verb(&script::SCHEDULES_SWEEP, args).await?;
            if word == "STALE" {
                return Ok(Published::Superseded);
            }
            removed += reply.number::<u64>()?;
            if reply.number::<u64>()? == 0 {
                return Ok(Published::Done { puts, removed });
            }
        }
    }

    /// Writes up to [`PUT_AT_ONCE`] schedules down; `None` when the generation is over.
    async fn put_page(&self, batch: &Batch<'_>, page: &[Definition]) -> Result<Option<Vec<Put>>> {
        let mut puts: Vec<Option<Put>> = vec![None; page.len()];
        for _ in 0..PATIENT {
            let open: Vec<usize> = (0..page.len()).filter(|place| puts[*place].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let asked: Vec<&Definition> = open.iter().map(|place| &page[*place]).collect();
            let Some(answers) = self.put_once(batch, &asked).await? else {
                return Ok(None);
            };
            for (place, answer) in open.into_iter().zip(answers) {
                puts[place] = answer;
            }
        }
        let all: Option<Vec<Put>> = puts.into_iter().collect();
        all.map(Some).ok_or_else(|| Error::Refusing {
            address: self.link.target().address.clone(),
            why: "the schedule moves on faster than it can be changed".into(),
        })
    }

    /// One try; `None` in place of a schedule that moved on meanwhile.
    async fn put_once(&self, batch: &Batch<'_>, page: &[&Definition]) -> Result<Option<Vec<Option<Put>>>> {
        let names: Vec<&str> = page.iter().map(|one| one.name.as_str()).collect();
        let (now_ms, known) = self.plans(&names).await?;
        let mut args = Args::new()
            .text(batch.source.as_str())
            .text(batch.generation)
            .text(&batch.by.user)
            .text(&batch.by.host);
        for (definition, known) in page.iter().zip(&known) {
            let json = definition.to_json().map_err(|error| Error::Protocol(error.to_string()))?;
            let times_word = definition.times_word();
            let seen = known.as_ref().and_then(|known| known.due_ms);
            let due = if known.as_ref().is_some_and(|known| known.times == times_word) {
                None
            } else {
                let times = Times::of(definition).map_err(|error| unreadable(&definition.name, error))?;
                // A tick that is due at this moment is one of the new times too, if they have it.
                let from = seen.map_or(now_ms, |seen| now_ms.min((seen - 1).max(now_ms - NEAR_MS)));
                times.next_after(from)
            };
            args = args
                .text(definition.name.as_str())
                .owned(definition.hash())
                .owned(times_word)
                .owned(json)
                .text(if definition.alert_after_ms.is_some() { "1" } else { "" })
                .text(definition.boot_host().map_or("", Name::as_str))
                .text(batch.boot_id)
                .maybe(seen)
                .maybe(due);
        }
        let (word, mut reply) = self.verb(&script::SCHEDULE_PUT, args).await?;
        if word == "STALE" {
            return Ok(None);
        }
        let _now: i64 = reply.number()?;
        let answers = reply.lists().map(|answer| {
            let mut answer = answer?;
            let (word, owner) = (answer.text()?, answer.text()?);
            Ok(match word.as_str() {
                "new" => Some(Put::New),
                "changed" => Some(Put::Changed),
                "same" => Some(Put::Same),
                "owned" => Some(Put::Owned(owner)),
                _ => None,
            })
        });
        answers.collect::<Result<_>>().map(Some)
    }

    /// Removes a schedule, whoever published it. Jobs that it made stay.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn schedule_remove(&self, name: &Name, by: &By) -> Result<Removed> {
        let args = Args::new().text(name.as_str()).by(by).text("");
        let (word, mut reply) = self.verb(&script::SCHEDULE_REMOVE, args).await?;
        if word == "OK" { Ok(Removed::Gone { source: reply.text()? }) } else { Ok(Removed::Unknown) }
    }

    /// Stops a schedule until a time, or until it is resumed; says whether there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn schedule_pause(&self, name: &Name, by: &By, until: Option<When>) -> Result<bool> {
        let (word, _) = self.pause_verb("pause", name, by, until).await?;
        Ok(word == "OK")
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn schedule_resume(&self, name: &Name, by: &By) -> Result<Resumed> {
        let (word, came) = self.pause_verb("resume", name, by, None).await?;
        Ok(match (word.as_str(), came.as_str()) {
            ("OK", "resumed") => Resumed::Resumed,
            ("OK", _) => Resumed::WasRunning,
            _ => Resumed::Unknown,
        })
    }

    async fn pause_verb(
        &self,
        verb: &str,
        name: &Name,
        by: &By,
        until: Option<When>,
    ) -> Result<(String, String)> {
        let args = Args::new()
            .text(verb)
            .text(name.as_str())
            .text(&by.user)
            .text(&by.host)
            .owned(When::word(until))
            .text(&by.why);
        let (word, mut reply) = self.verb(&script::SCHEDULE_PAUSE, args).await?;
        if word != "OK" {
            return Ok((word, String::new()));
        }
        let _now: i64 = reply.number()?;
        Ok((word, reply.text()?))
    }

    /// Makes a job of a schedule now, under `id`; paused or not. It uses up no tick.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`] with the same id. [`Error::Config`] for
    /// a definition that this version cannot read.
    pub async fn schedule_trigger(&self, name: &Name, id: &Name, by: &By) -> Result<Triggered> {
        for _ in 0..PATIENT {
            let (now_ms, mut known) = self.plans(&[name.as_str()]).await?;
            let Some(plan) = known.pop().flatten() else { return Ok(Triggered::Unknown) };
            let definition =
                Definition::from_json(&plan.definition).map_err(|error| unreadable(name, error))?;
            let times = Times::of(&definition).map_err(|error| unreadable(name, error))?;
            let mut spec = definition.spec_at(now_ms);
            if let Some(tick) = &mut spec.schedule {
                tick.triggered_by = Some(format!("{}@{}", by.user, by.host));
            }
            spec.origin = Origin { user: by.user.clone(), host: by.host.clone(), ..spec.origin };
            let expires = expiry(&definition, &times, now_ms, now_ms);
            let stdin = definition.stdin.as_ref().map(|bytes| bytes.0.clone());
            let job = NewJob { id: id.clone(), spec, not_before: None, expires, stdin };
            let args = Args::new()
                .text(name.as_str())
                .text(&plan.hash)
                .text(&by.user)
                .text(&by.host)
                .text(overlap_word(definition.overlap))
                .job(&job)?;
            let (word, mut reply) = self.verb(&script::TRIGGER, args).await?;
            match word.as_str() {
                "OK" => {
                    let (came, why) = (reply.text()?, reply.maybe_text()?);
                    return Ok(match came.as_str() {
                        "skipped" => Triggered::Skipped(why.unwrap_or_default()),
                        came => Triggered::Made { waits: came == "waits" },
                    });
                }
                "FULL" => return full(&mut reply).map(Triggered::Full),
                "GONE" => return Ok(Triggered::Unknown),
                _ => {}
            }
        }
        Err(unreadable(name, "it is being changed all the time"))
    }

    /// As [`Store::schedule_trigger`], under an id of its own; the id comes first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn schedule_trigger_new(&self, name: &Name, by: &By) -> Result<(Name, Triggered)> {
        let id = new_id();
        let came = self.schedule_trigger(name, &id, by).await?;
        Ok((id, came))
    }
}

/// A due time that nobody acted on for so long is not carried over to other times.
const NEAR_MS: i64 = crate::core::schedule::LATE_MS;
