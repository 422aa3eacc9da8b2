//! Acting on one schedule until nothing of it is due.

use std::sync::Arc;

use super::Shared;
use super::book::Known;
use super::clock::ServerClock;
use super::plan::{Facts, Step, step};
use crate::core::error::Result;
use crate::core::store::{Acted, Ahead, BootDue, Tick, TickDue};
use crate::service::journal::{Event, Level};

/// Ticks of one schedule in a row; then others have their turn.
const IN_A_ROW: usize = 200;

/// Something to act on.
#[derive(Debug)]
pub(super) enum Job {
    /// A due time that has come.
    Tick(TickDue),
    /// A boot of this host.
    Boot(BootDue),
    /// A clock that was set back.
    Ahead(Ahead),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// Nothing is left to do now.
    Rest,
    /// It was changed meanwhile, or there is more of it: look again at once.
    Again,
}

/// Acts on `job`, whose definition is readable.
pub(super) async fn act(
    shared: Arc<Shared>,
    job: Job,
    page: Arc<std::result::Result<Known, String>>,
    clock: ServerClock,
) -> Result<Came> {
    let Ok(known) = &*page else { return Ok(Came::Rest) };
    match job {
        Job::Boot(boot) => boots(&shared, &boot, known, clock).await,
        Job::Ahead(ahead) => {
            let next_ms = known.times.next_after(ahead.open_from(clock.now_ms()) - 1);
            if shared.store.anchor(&ahead, next_ms, &shared.beat).await? {
                let event =
                    Event::new(Level::Warn, "goes on with what was passed over: the clock had been ahead");
                shared.say(&event.with("schedule", &ahead.name));
            }
            Ok(Came::Rest)
        }
        Job::Tick(due) if due.due_ms.is_none() => {
            if shared.store.schedule_retire(&due).await? {
                shared.say(
                    &Event::new(Level::Info, "removed a schedule that was done").with("schedule", &due.name),
                );
            }
            Ok(Came::Rest)
        }
        Job::Tick(due) => ticks(&shared, due, known, clock).await,
    }
}

async fn ticks(shared: &Shared, mut due: TickDue, known: &Known, mut clock: ServerClock) -> Result<Came> {
    for _ in 0..IN_A_ROW {
        let Some(due_ms) = due.due_ms else { return Ok(Came::Rest) };
        let now_ms = clock.now_ms();
        let (pause, stuck_since_ms) = (due.pause_span(), due.stuck_since_ms);
        let step = step(&known.definition, &known.times, &Facts { due_ms, now_ms, pause, stuck_since_ms });
        let tick = tick(shared, &due, &step, now_ms, None);
        match shared.store.tick(&tick, &known.definition, &known.times).await? {
            Acted::Done { came, why, now_ms, job } => {
                clock = ServerClock::heard(now_ms);
                tell(shared, &due.name, &step, &came, why, now_ms, job.as_ref().map(ToString::to_string));
                due = TickDue { due_ms: step.next_ms, stuck_since_ms: None, ..due };
                if step.next_ms.is_none_or(|next| next > now_ms) {
                    return Ok(Came::Rest);
                }
            }
            Acted::Full(full) => {
                shared.metrics.full.add(1);
                let event = Event::new(Level::Warn, "a tick waits for room in its queue");
                let event = event.with("schedule", &due.name).with("queue", full.queue);
                let event = event.with(if full.what == "depth" { "jobs" } else { "bytes" }, full.have);
                shared.journal.complain(&format!("full {}", due.name), &event.with("limit", full.limit));
                return Ok(Came::Rest);
            }
            Acted::Changed => return Ok(Came::Again),
            Acted::Taken => return Ok(Came::Rest),
            // The server's clock was set back since it was heard.
            Acted::Early { .. } => return Ok(Came::Rest),
        }
    }
    Ok(Came::Again)
}

async fn boots(shared: &Shared, boot: &BootDue, known: &Known, clock: ServerClock) -> Result<Came> {
    let due = TickDue {
        name: boot.name.clone(),
        hash: boot.hash.clone(),
        due_ms: None,
        pause: boot.pause.clone(),
        stuck_since_ms: None,
    };
    let tick_ms = clock.now_ms();
    let paused = due.pause_span().is_some_and(|pause| pause.covers(tick_ms));
    let step = Step {
        tick_ms,
        next_ms: None,
        skipped: u64::from(paused),
        missed: 0,
        why: if paused { "paused" } else { "" },
        fires: !paused,
    };
    let tick = tick(shared, &due, &step, tick_ms, Some(&shared.settings.boot_id));
    match shared.store.tick(&tick, &known.definition, &known.times).await? {
        Acted::Done { came, why, now_ms, job } => {
            tell(shared, &due.name, &step, &came, why, now_ms, job.as_ref().map(ToString::to_string));
            Ok(Came::Rest)
        }
        Acted::Changed => Ok(Came::Again),
        Acted::Full(_) | Acted::Taken | Acted::Early { .. } => Ok(Came::Rest),
    }
}

fn tick<'a>(
    shared: &'a Shared,
    due: &'a TickDue,
    step: &Step,
    now_ms: i64,
    boot: Option<&'a str>,
) -> Tick<'a> {
    Tick {
        due,
        tick_ms: step.tick_ms,
        next_ms: step.next_ms,
        skipped: step.skipped,
        missed: step.missed,
        why: step.why,
        now_ms,
        fires: step.fires,
        boot,
        beat: &shared.beat,
    }
}

/// One line for each act.
fn tell(
    shared: &Shared,
    schedule: &str,
    step: &Step,
    came: &str,
    why: Option<String>,
    now_ms: i64,
    job: Option<String>,
) {
    let metrics = &shared.metrics;
    let lag_ms = u64::try_from(now_ms - step.tick_ms).unwrap_or(0);
    let refused = u64::from(came == "skipped");
    metrics.skipped.add(step.skipped + refused);
    metrics.missed.add(step.missed);
    let (level, text) = match came {
        "made" => (Level::Info, "tick"),
        "waits" => (Level::Info, "tick, waits for an earlier job"),
        "exists" => (Level::Info, "tick, its job is there already"),
        "skipped" => (Level::Warn, "tick skipped"),
        _ if step.missed > 0 => (Level::Warn, "ticks missed"),
        _ => (Level::Info, "ticks skipped"),
    };
    let level = if step.missed > 0 { Level::Warn } else { level };
    let mut event = Event::new(level, text).with("schedule", schedule);
    if let Ok(tick) = jiff::Timestamp::from_millisecond(step.tick_ms) {
        event = event.with("tick", tick);
    }
    if let Some(job) = job {
        metrics.fired(step.tick_ms, lag_ms);
        event = event.job(job).with("lag_ms", lag_ms);
    }
    if step.missed > 0 {
        event = event.with("missed", step.missed);
    }
    if step.skipped > 0 {
        event = event.with("skipped", step.skipped);
    }
    match why {
        Some(why) if came == "skipped" || came == "none" => shared.say(&event.with("why", why)),
        _ => shared.say(&event),
    }
}
