//! Reading schedules and beats.

use super::jobs::Fields;
use crate::core::error::Result;
use crate::core::name::Name;
use crate::core::outcome::Outcome;
use crate::core::reply::Items;
use crate::core::report::{BeatReport, BeatsReport, Census, EndedJob, PauseReport, ScheduleReport};
use crate::core::schedule::Definition;
use crate::core::script;
use crate::core::state::State;
use crate::core::store::Store;

impl Store {
    /// A page of schedules, by name, after this one; `None` for the first. At most fifty; an
    /// empty page is the end. Redis time comes first.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn schedules(&self, after: Option<&str>) -> Result<(i64, Vec<ScheduleReport>)> {
        self.schedules_read(&[after.unwrap_or("-").as_bytes()]).await
    }

    /// One schedule; `None` where there is none of this name.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn schedule_one(&self, name: &Name) -> Result<Option<ScheduleReport>> {
        let (_, mut found) = self.schedules_read(&[b"=", name.as_str().as_bytes()]).await?;
        Ok(found.pop())
    }

    async fn schedules_read(&self, args: &[&[u8]]) -> Result<(i64, Vec<ScheduleReport>)> {
        let mut reply = self.call(&script::SCHEDULES, args).await?;
        let now_ms = reply.number()?;
        let mut found = Vec::new();
        for value in reply.rest() {
            if let value @ redis::Value::Array(_) = value {
                found.push(schedule_report(Items::of(value)?, now_ms)?);
            }
        }
        Ok((now_ms, found))
    }

    /// Schedules that are not paused and whose tick is due, a hundred at most, each with the
    /// time since when.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub(super) async fn overdue(&self) -> Result<Vec<(String, i64)>> {
        let due = self.due(0, None).await?;
        let now_ms = due.now_ms;
        let live =
            due.ticks.into_iter().filter(|tick| !tick.pause_span().is_some_and(|pause| pause.covers(now_ms)));
        Ok(live.filter_map(|tick| Some((tick.name, tick.due_ms?))).collect())
    }

    /// Counts a page of schedules, by name, after this one; answers also where the next begins,
    /// `None` at the end.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn census_page(&self, after: Option<&str>) -> Result<(Census, Option<String>)> {
        let late = ScheduleReport::LATE_MS.to_string();
        let args = [after.unwrap_or("-").as_bytes(), late.as_bytes()];
        let mut reply = self.call(&script::CENSUS, &args).await?;
        let _now: i64 = reply.number()?;
        let last = reply.maybe_text()?;
        let census = Census {
            active: reply.number()?,
            paused: reply.number()?,
            done: reply.number()?,
            overdue: reply.number()?,
            held_up: reply.number()?,
            without_success: reply.number()?,
            next_ms: reply.maybe_number()?,
            ticks: [reply.number()?, reply.number()?, reply.number()?],
        };
        Ok((census, last))
    }

    /// Counts all schedules, in bounded readings.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn census(&self) -> Result<Census> {
        let (mut all, mut after) = self.census_page(None).await?;
        while let Some(last) = after {
            let (page, next) = self.census_page(Some(&last)).await?;
            (all, after) = (all.and(page), next);
        }
        Ok(all)
    }

    /// The beats that were there within the last hour.
    ///
    /// # Errors
    /// See [`crate::core::error::Error`].
    pub async fn beats(&self) -> Result<BeatsReport> {
        let mut reply = self.call(&script::BEATS, &[b"100"]).await?;
        let now_ms = reply.number()?;
        let leader = reply.maybe_text()?.unwrap_or_default();
        let schedules = reply.number()?;
        let beats = reply.lists().map(|entry| beat_report(entry?, &leader)).collect::<Result<_>>()?;
        Ok(BeatsReport { now_ms, schedules, beats })
    }
}

fn schedule_report(mut reply: Items, now_ms: i64) -> Result<ScheduleReport> {
    let name = reply.text()?;
    let definition = Definition::from_json(&reply.bytes()?).map_err(|error| error.to_string());
    let fields = Fields(reply.items()?.pairs()?.into_iter().collect());
    let unfinished = reply.number()?;
    let (oldest, oldest_state) = (reply.maybe_text()?, reply.maybe_text()?);
    let ended = fields.text("ended_job").map(|id| EndedJob {
        id,
        at_ms: fields.number("ended").unwrap_or(0),
        state: fields.text("ended_state").as_deref().and_then(State::parse),
        outcome: fields
            .text("outcome")
            .and_then(|outcome| Outcome::from_stored(&outcome, fields.number("detail"))),
    });
    let count = |field: &str| fields.number(field).unwrap_or(0);
    Ok(ScheduleReport {
        definition,
        hash: fields.text("hash").unwrap_or_default(),
        source: fields.text("source").unwrap_or_default(),
        changed_ms: fields.number("changed"),
        next_ms: fields.number("due"),
        done_ms: fields.number("done"),
        last_ms: fields.number("last"),
        lag_ms: fields.number("lag"),
        last_job: fields.text("job"),
        ended,
        succeeded_ms: fields.number("succeeded"),
        fired: count("fired"),
        skipped: count("skipped"),
        missed: count("missed"),
        why: fields.text("why"),
        pause: pause_report(&fields, now_ms),
        stuck: fields.text("stuck").zip(fields.number("stuck_at")),
        incident_ms: fields.number("incident"),
        unfinished,
        oldest: oldest.map(|id| (id, oldest_state.as_deref().and_then(State::parse))),
        now_ms,
        name,
    })
}

fn pause_report(fields: &Fields, now_ms: i64) -> Option<PauseReport> {
    let since_ms = fields.number("paused")?;
    let until_ms = fields.number("until_ms");
    let words = |name: &str| fields.text(name).unwrap_or_default();
    until_ms.is_none_or(|until: i64| now_ms < until).then(|| PauseReport {
        by: format!("{}@{}", words("paused_by"), words("paused_host")),
        since_ms,
        until_ms,
        reason: fields.text("paused_why"),
    })
}

fn beat_report(mut entry: Items, leader: &str) -> Result<BeatReport> {
    let id = entry.text()?;
    Ok(BeatReport {
        leads: id == leader,
        host: entry.text()?,
        pid: entry.maybe_number()?.unwrap_or(0),
        version: entry.text()?,
        started_ms: entry.maybe_number()?.unwrap_or(0),
        seen_ms: entry.maybe_number()?.unwrap_or(0),
        drift: entry.text()?.split(' ').filter(|source| !source.is_empty()).map(str::to_owned).collect(),
        id,
    })
}
