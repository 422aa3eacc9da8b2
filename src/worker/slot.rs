//! One job from its claim to its settle.
//!
//! The slot owns the job: it alone runs the attempt, carries its output to the store and
//! reports the end. The dispatcher owns the lease, and tells the slot when it is gone.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::carry::Carrier;
use super::child::{self, ChildOrder, Ended, Refused};
use super::notes::{Notes, PROGRESS_PACE};
use super::prepare;
use super::settle::{self, End, Ending};
use super::shared::{LastOrders, News, Order, Shared};
use super::tree;
use crate::core::spec::Spec;
use crate::core::store::Claimed;
use crate::service::journal::{Event, Level};

/// Runs `job` to its settle. Never fails: whatever goes wrong is some end of the job.
pub async fn run(shared: Arc<Shared>, job: Claimed, mut orders: mpsc::UnboundedReceiver<Order>) {
    let spec = Spec::from_json(&job.spec);
    let keep = shared.settings.keep_for(spec.as_ref().ok().and_then(|spec| spec.task.as_ref()), &job.queue);
    let mut carrier = Carrier::new(&shared, &job, keep);
    let started = tokio::time::Instant::now();
    let (end, spec) = match spec {
        Err(error) => (End::Released("refused", error.to_string()), None),
        Ok(spec) => (attempt(&shared, &job, &spec, &mut carrier, &mut orders).await, Some(spec)),
    };
    let verdict = settle::verdict(&job, spec.as_ref(), &end);
    settle::count_end(&shared, &job, &end, verdict, started.elapsed());
    let starved = matches!(end, End::Released("starved", _));
    let token = job.token.clone();
    shared.tell(if starved { News::Starved(token) } else { News::Free(token) });
    settle::log_end(&shared, &job, &end, started.elapsed());
    let mut last_orders = LastOrders::new(&mut orders);
    if !matches!(end, End::LeaseLost) {
        carrier.deliver_rest(&mut last_orders).await;
    }
    settle::settle(&shared, &job, verdict, &end, &carrier, &mut last_orders).await;
    shared.tell(News::Settled(job.token));
}

async fn attempt(
    shared: &Arc<Shared>,
    job: &Claimed,
    spec: &Spec,
    carrier: &mut Carrier,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> End {
    let mut notes = Notes::new(&shared.settings.scratch, job.fence());
    let launch = match prepare::launch(shared, job, spec, &notes).await {
        Ok(launch) => launch,
        Err(why) => return End::Released("refused", why),
    };
    clear_the_host(shared, job).await;
    let running = match child::start(launch, &shared.reaper) {
        Ok(running) => running,
        Err(Refused::Starved(error)) => {
            return End::Released("starved", format!("the machine is short of something: {error}"));
        }
        Err(Refused::Outcome(outcome, error)) => return Ending::not_started(outcome, error),
    };
    say_started(shared, job, spec, running.pid());
    let (ended, told) = supervise(shared, job, running, carrier, &mut notes, orders).await;
    if let Some(last_word) = notes.fresh_progress() {
        // Before the settle, after which nobody may say anything more about the job.
        let _ = shared.store.progress(&job.id, &job.token, &last_word).await;
    }
    report_leftovers(shared, job, &ended);
    let end = how_it_ended(shared, job, told, &ended, spec, &notes);
    notes.remove();
    end
}

fn say_started(shared: &Shared, job: &Claimed, spec: &Spec, pid: i32) {
    let mut event = Event::new(Level::Info, "started").job(&job.id).with("queue", &job.queue);
    if let Some(task) = &spec.task {
        event = event.with("task", task);
    }
    shared.journal.say(&event.with("attempt", job.attempt).with("pid", pid));
}

/// Stays with the attempt to its end, carrying output and progress meanwhile.
async fn supervise(
    shared: &Arc<Shared>,
    job: &Claimed,
    running: child::Running,
    carrier: &mut Carrier,
    notes: &mut Notes,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> (Ended, Option<Order>) {
    let (child_orders, mut child_inbox) = mpsc::channel(4);
    let recorder = carrier.recorder();
    let mut sink = move |stream, bytes: &[u8]| recorder.push(stream, bytes);
    let supervise = running.supervise(&mut child_inbox, &mut sink);
    tokio::pin!(supervise);
    let mut look = tokio::time::interval_at(tokio::time::Instant::now() + PROGRESS_PACE, PROGRESS_PACE);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        tokio::select! {
            ended = &mut supervise => return (ended, last_told(told, orders)),
            Some(order) = orders.recv() => {
                // The first reason stands, but a lost lease goes before every other.
                if told.is_none() || order == Order::LeaseLost {
                    told = Some(order);
                }
                let child_order = match order {
                    Order::Stop | Order::Cancel => ChildOrder::Terminate,
                    Order::StopNow | Order::LeaseLost | Order::Abandon => ChildOrder::Kill,
                };
                let _ = child_orders.try_send(child_order);
            }
            _ = look.tick() => {
                if let Some(progress) = notes.fresh_progress() {
                    let (store, id, token) = (Arc::clone(&shared.store), job.id.clone(), job.token.clone());
                    // Nobody waits for it, and the next word replaces a lost one.
                    tokio::spawn(async move { store.progress(&id, &token, &progress).await });
                }
            }
            () = carrier.carry() => {}
        }
    }
}

/// A lease that was lost in the moment in which the job ended: its end may be the KILL that
/// came with the loss.
fn last_told(told: Option<Order>, orders: &mut mpsc::UnboundedReceiver<Order>) -> Option<Order> {
    let mut last = told;
    while let Ok(order) = orders.try_recv() {
        if order == Order::LeaseLost {
            last = Some(order);
        }
    }
    last
}

/// Before a run that follows a cut one on this host: whatever is left of it dies first.
async fn clear_the_host(shared: &Arc<Shared>, job: &Claimed) {
    if job.cut_on.as_deref() != Some(shared.settings.host.as_str()) {
        return;
    }
    let (namespace, id, fence) =
        (shared.store.namespace.to_string(), job.id.to_string(), job.fence().to_owned());
    let clear = move || tree::kill_marked_on_host(&namespace, &id, Some(&fence));
    if let Ok(report) = tokio::task::spawn_blocking(clear).await
        && report.killed > 0
    {
        shared.journal.say(
            &Event::new(Level::Warn, "killed what an earlier run left behind")
                .job(&job.id)
                .with("processes", report.killed),
        );
    }
}

fn report_leftovers(shared: &Shared, job: &Claimed, ended: &Ended) {
    if ended.leftovers > 0 {
        shared.journal.say(
            &Event::new(Level::Info, "killed what the job left behind")
                .job(&job.id)
                .with("processes", ended.leftovers),
        );
    }
    if ended.survivors > 0 {
        shared.journal.say(
            &Event::new(Level::Warn, "some processes of the job cannot be killed")
                .job(&job.id)
                .with("processes", ended.survivors),
        );
    }
}

fn how_it_ended(
    shared: &Shared,
    job: &Claimed,
    told: Option<Order>,
    ended: &Ended,
    spec: &Spec,
    notes: &Notes,
) -> End {
    match told {
        Some(Order::LeaseLost) => return End::LeaseLost,
        // An order that came after the end changes nothing about it.
        Some(Order::Cancel) if ended.ordered => return End::Cancelled,
        Some(Order::Stop | Order::StopNow | Order::Abandon) if ended.ordered => {
            return End::Released("stop", String::new());
        }
        _ => {}
    }
    let mut error = settle::in_words(ended.outcome, spec);
    let result = notes.result().unwrap_or_else(|why| {
        shared.journal.say(&Event::new(Level::Warn, "result not kept").job(&job.id).with("why", &why));
        error = if error.is_empty() { why.to_string() } else { format!("{error}; {why}") };
        None
    });
    End::Ended(Ending {
        outcome: ended.outcome,
        error,
        asked_ms: notes.retry_after(),
        result: result.unwrap_or_default(),
    })
}
