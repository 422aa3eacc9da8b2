//! What operators do to other people's work. Each verb says by whom and why.

use super::{Args, Bound, By, Came, Ordered, Store, Touched, When, Wish};
use crate::core::error::{Error, Result};
use crate::core::name::Name;
use crate::core::reply::Items;
use crate::core::report::Pause;
use crate::core::script::{self, Script};
use crate::core::state::State;

impl<'a> Args<'a> {
    pub(super) fn by(self, by: &'a By) -> Args<'a> {
        self.text(&by.user).text(&by.host).text(&by.why)
    }

    fn names(self, names: &'a [Name]) -> Args<'a> {
        names.iter().fold(self, |args, name| args.text(name.as_str()))
    }

    /// States joined by commas; '' for any.
    fn among(self, states: &[State]) -> Args<'a> {
        let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
        self.owned(names.join(","))
    }
}

impl Store {
    /// Cancels up to [`super::CONTROL_AT_ONCE`] jobs that are, as shown, in one of the states
    /// `among` (or any, where there is none); one answer for each, in order.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn cancel(&self, ids: &[Name], by: &By, among: &[State]) -> Result<Vec<Touched>> {
        self.touch(&script::CANCEL, Args::new().by(by).among(among), ids).await
    }

    /// Runs finished jobs again, as [`Store::cancel`] takes them. `word` is a new one for each
    /// asking.
    ///
    /// # Errors
    /// See [`Error`]; repeat after [`Error::Unknown`] with the same word.
    pub async fn retry(&self, ids: &[Name], by: &By, word: &str, among: &[State]) -> Result<Vec<Touched>> {
        self.touch(&script::RETRY, Args::new().by(by).owned(word.to_owned()).among(among), ids).await
    }

    /// Puts jobs back to where they may run now, as [`Store::cancel`] takes them.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn requeue(&self, ids: &[Name], by: &By, among: &[State]) -> Result<Vec<Touched>> {
        self.touch(&script::REQUEUE, Args::new().by(by).among(among), ids).await
    }

    /// Removes the records of finished jobs, as [`Store::cancel`] takes them.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn delete(&self, ids: &[Name], by: &By, among: &[State]) -> Result<Vec<Touched>> {
        self.touch(&script::DELETE, Args::new().by(by).among(among), ids).await
    }

    async fn touch<'a>(&self, script: &Script, head: Args<'a>, ids: &'a [Name]) -> Result<Vec<Touched>> {
        let (_, mut reply) = self.verb(script, head.names(ids)).await?;
        let _now: i64 = reply.number()?;
        let answers: Vec<Touched> = reply.lists().map(|answer| touched(answer?)).collect::<Result<_>>()?;
        if answers.len() != ids.len() {
            return Err(Error::Protocol(format!("{} answered for another number of jobs", script.name)));
        }
        Ok(answers)
    }

    /// Sets settings of a queue.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn limit(&self, queue: &Name, by: &By, settings: &[(&str, Bound)]) -> Result<()> {
        let args = Args::new().text(queue.as_str()).by(by);
        let args = settings.iter().fold(args, |args, (name, bound)| args.text(name).owned(bound.word()));
        self.verb(&script::LIMIT, args).await.map(drop)
    }

    /// Pauses up to [`super::CONTROL_AT_ONCE`] queues; for each, in order, since when, or
    /// `None` where there is no such queue. The whole answer is `None` when `until` is over.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn pause(
        &self,
        queues: &[Name],
        by: &By,
        until: Option<When>,
    ) -> Result<Option<Vec<Option<Pause>>>> {
        let args = Args::new().by(by).owned(When::word(until)).names(queues);
        let (word, mut reply) = self.verb(&script::PAUSE, args).await?;
        if word == "PAST" {
            return Ok(None);
        }
        let _now: i64 = reply.number()?;
        let each = reply.lists().map(|answer| {
            let mut answer = answer?;
            let (_, word) = (answer.text()?, answer.text()?);
            let (since_ms, until_ms) = (answer.maybe_number()?, answer.maybe_number()?);
            Ok(since_ms.filter(|_| word == "paused").map(|since_ms| Pause {
                since_ms,
                until_ms,
                user: by.user.clone(),
                host: by.host.clone(),
                why: by.why.clone(),
            }))
        });
        each.collect::<Result<_>>().map(Some)
    }

    /// Ends pauses of up to [`super::CONTROL_AT_ONCE`] queues; for each whether it was paused,
    /// or `None` where there is no such queue.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn resume(&self, queues: &[Name], by: &By) -> Result<Vec<Option<bool>>> {
        let (_, mut reply) = self.verb(&script::RESUME, Args::new().by(by).names(queues)).await?;
        let _now: i64 = reply.number()?;
        let each = reply.lists().map(|answer| {
            let mut answer = answer?;
            let (_, word) = (answer.text()?, answer.text()?);
            Ok(match word.as_str() {
                "resumed" => Some(true),
                "running" => Some(false),
                _ => None,
            })
        });
        each.collect()
    }

    /// Asks a worker for something; `None` where there is no such worker.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn order(&self, worker: &Name, wish: Wish, by: &By) -> Result<Option<Ordered>> {
        let args = Args::new().text(worker.as_str()).text(wish.word()).by(by);
        let (answer, mut reply) = self.verb(&script::ORDER, args).await?;
        if answer == "UNKNOWN" {
            return Ok(None);
        }
        Ok(Some(Ordered {
            now_ms: reply.number()?,
            mode: reply.maybe_text()?.unwrap_or_default(),
            seen_ms: reply.maybe_number()?,
        }))
    }

    /// Says about how many events are kept.
    ///
    /// # Errors
    /// See [`Error`]; may be repeated after [`Error::Unknown`].
    pub async fn keep_events(&self, most: Bound, by: &By) -> Result<()> {
        self.verb(&script::KEEP, Args::new().owned(most.word()).by(by)).await.map(drop)
    }

    /// Writes down the purge of a queue; answers how many jobs it has now.
    ///
    /// # Errors
    /// See [`Error`]. A repeat after [`Error::Unknown`] writes a second purge, which finds
    /// nothing left to do.
    pub async fn purge(&self, queue: &Name, by: &By) -> Result<u64> {
        let (_, mut reply) = self.verb(&script::PURGE, Args::new().text(queue.as_str()).by(by)).await?;
        let _chore = reply.text()?;
        reply.number()
    }

    /// Does a slice of the housework; answers how many chores are left.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn chores(&self, queues: &[Name]) -> Result<u64> {
        let (_, mut reply) = self.verb(&script::CHORES, Args::new().names(queues)).await?;
        reply.number()
    }
}

fn touched(mut answer: Items) -> Result<Touched> {
    let (_, word) = (answer.text()?, answer.text()?);
    let came = Came::parse(&word).ok_or_else(|| Error::Protocol(format!("unknown answer {word:?}")))?;
    Ok(Touched { came, state: answer.maybe_text()?.as_deref().and_then(State::parse) })
}
