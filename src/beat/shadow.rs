//! A rehearsal: says at each tick of its own files what would run, and neither publishes nor
//! runs anything. For a cut-over from another cron.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::clock::ServerClock;
use super::settings::Said;
use super::{Shared, Wake};
use crate::core::schedule::{Definition, LATE_MS, Times};
use crate::service::journal::{Event, Level};

/// Between two questions for Redis time, and the longest sleep.
const ASK: Duration = Duration::from_secs(1);

/// The schedules, and when each is due.
#[derive(Default)]
struct Stage {
    plays: Vec<(Definition, Times)>,
    due: BTreeSet<(i64, usize)>,
}

impl Stage {
    fn new(shared: &Shared, said: Vec<Said>, now_ms: i64) -> Stage {
        let mut stage = Stage::default();
        for definition in said.into_iter().flat_map(|one| one.definitions) {
            match Times::of(&definition) {
                Ok(times) => {
                    let place = stage.plays.len();
                    stage.due.extend(times.next_after(now_ms).map(|next| (next, place)));
                    stage.plays.push((definition, times));
                }
                Err(error) => {
                    let event = Event::new(Level::Warn, "a schedule cannot be read").with("error", error);
                    shared.say(&event.with("schedule", &definition.name));
                }
            }
        }
        let event = Event::new(Level::Info, "rehearsing: nothing is published and nothing runs");
        shared.say(&event.with("schedules", stage.plays.len()));
        stage
    }

    /// Says what is due. What a clock that jumped leaves behind is passed over.
    fn play(&mut self, shared: &Shared, now_ms: i64) {
        while let Some((at_ms, place)) = self.due.first().copied().filter(|(at_ms, _)| *at_ms <= now_ms) {
            self.due.pop_first();
            let Some((definition, times)) = self.plays.get(place) else { continue };
            if now_ms - at_ms <= LATE_MS {
                let mut event = Event::new(Level::Info, "would run").with("schedule", &definition.name);
                if let Ok(tick) = jiff::Timestamp::from_millisecond(at_ms) {
                    event = event.with("tick", tick);
                }
                let event = event.with("queue", &definition.job.queue).with("job", definition.job.title());
                shared.say(&event);
            }
            let from_ms = at_ms.max(now_ms - LATE_MS);
            self.due.extend(times.next_after(from_ms).map(|next| (next, place)));
        }
    }
}

/// Rehearses until it is dropped.
pub(super) async fn run(shared: &Arc<Shared>, wake: &Wake, first: Vec<Said>) {
    let (mut said, mut stage, mut clock) = (Some(first), Stage::default(), None::<ServerClock>);
    loop {
        shared.metrics.turned();
        match shared.store.server_now().await {
            Ok(now_ms) => {
                clock = Some(ServerClock::heard(now_ms));
                shared.metrics.looked();
            }
            Err(error) => {
                shared.complain("waiting for Redis", &error);
                shared.metrics.failed(&error);
            }
        }
        if wake.take_reread() {
            let files = Arc::clone(&shared.settings.files);
            match tokio::task::spawn_blocking(move || files.read()).await {
                Ok(Ok(anew)) => said = Some(anew),
                Ok(Err(why)) => {
                    shared.say(&Event::new(Level::Warn, "the files cannot be read").with("error", why));
                }
                Err(_) => {}
            }
        }
        let mut sleep = ASK;
        if let Some(clock) = clock {
            if let Some(said) = said.take() {
                stage = Stage::new(shared, said, clock.now_ms());
            }
            stage.play(shared, clock.now_ms());
            sleep = stage.due.first().map_or(ASK, |(at_ms, _)| clock.until(*at_ms)).min(ASK);
        }
        wake.sleep(sleep).await;
    }
}
