//! Schedules: publishing, ticks, overlap, pauses and alarms, at the level of the store.

use jobq::core::name::Name;
use jobq::core::schedule::{DEFINITION_VERSION, Definition, Expiry, Missed, Overlap, Rule, Source, Times};
use jobq::core::spec::Spec;
use jobq::core::store::{
    Acted, Alarm, BootDue, Bound, By, Came, Identity, Presence, Publication, Published, Put, Removed,
    Resumed, Tick, TickDue, Triggered, When,
};

use super::{Desk, id, job};

/// A schedule at each full hour, whose jobs go to queue `q`.
pub(super) fn hourly(name: &str) -> Definition {
    Definition {
        v: DEFINITION_VERSION,
        name: id(name),
        rule: Rule::Every(3_600_000),
        timezone: "UTC".to_owned(),
        spread_ms: 0,
        starts_ms: None,
        ends_ms: None,
        overlap: Overlap::Queue,
        missed: Missed::Once,
        missed_window_ms: None,
        missed_max: Definition::MISSED_MAX,
        alert_after_ms: None,
        alert_command: Vec::new(),
        alert_cwd: None,
        expires: None,
        job: Spec::command(id("q"), vec!["true".into()]),
        stdin: None,
        source: Source { kind: id("file"), place: String::new() },
    }
}

/// A schedule whose next tick is an hour away, whatever time it is now.
pub(super) fn in_an_hour(desk: &Desk, name: &str) -> Definition {
    Definition { rule: Rule::Every(1), starts_ms: Some(desk.now_ms() + 3_600_000), ..hourly(name) }
}

fn ann() -> By {
    By { user: "ann".into(), host: "web1".into(), why: "enough".into() }
}

/// What tests of schedules say over and over.
pub(super) trait Schedules {
    fn put(&self, definition: &Definition) -> Put;
    fn publish(&self, definitions: &[Definition]) -> Published;
    fn overdue(&self, name: &str, ago_ms: i64) -> TickDue;
    fn due_now(&self) -> Vec<TickDue>;
    fn act(&self, definition: &Definition, due: &TickDue) -> Acted;
    fn act_on_boot(&self, definition: &Definition, boot: &str, found: &BootDue, now_ms: i64) -> Acted;
    fn fire(&self, definition: &Definition, ago_ms: i64) -> (String, String);
    fn chain(&self, name: &str) -> Vec<String>;
    fn book(&self, name: &str, field: &str) -> String;
}

impl Schedules for Desk {
    #[track_caller]
    fn put(&self, definition: &Definition) -> Put {
        self.run(self.store.schedule_put(definition, &ann())).unwrap()
    }

    #[track_caller]
    fn publish(&self, definitions: &[Definition]) -> Published {
        let (source, by) = (id("file"), ann());
        let publication = Publication { source: &source, definitions, by: &by, boot_id: "boot-1" };
        self.run(self.store.schedules_publish(&publication)).unwrap()
    }

    /// Puts the next tick into the past; the schedule as a beat then reads it.
    #[track_caller]
    fn overdue(&self, name: &str, ago_ms: i64) -> TickDue {
        let due = (self.now_ms() - ago_ms).to_string();
        self.raw(&["ZADD", "jobq:{t}:due", &due, name]);
        self.raw(&["HSET", &format!("jobq:{{t}}:schedule:{name}"), "due", &due]);
        let found = self.due_now().into_iter().find(|due| due.name == name);
        found.unwrap_or_else(|| panic!("{name} is not due"))
    }

    #[track_caller]
    fn due_now(&self) -> Vec<TickDue> {
        self.run(self.store.due(0, None)).unwrap().ticks
    }

    /// Fires the tick that is due.
    #[track_caller]
    fn act(&self, definition: &Definition, due: &TickDue) -> Acted {
        let beat = id("b1");
        let tick_ms = due.due_ms.unwrap();
        let times = Times::of(definition).unwrap();
        let tick = Tick {
            due,
            tick_ms,
            next_ms: times.next_after(self.now_ms()).filter(|_| !matches!(definition.rule, Rule::At(_))),
            skipped: 0,
            missed: 0,
            why: "",
            now_ms: self.now_ms(),
            fires: true,
            boot: None,
            beat: &beat,
        };
        self.run(self.store.tick(&tick, definition, &times)).unwrap()
    }

    /// Fires the tick of a boot.
    #[track_caller]
    fn act_on_boot(&self, definition: &Definition, boot: &str, found: &BootDue, now_ms: i64) -> Acted {
        let BootDue { name, hash, pause } = found.clone();
        let due = TickDue { name, hash, due_ms: None, pause, stuck_since_ms: None };
        let beat = id("b1");
        let tick = Tick {
            due: &due,
            tick_ms: now_ms,
            next_ms: None,
            skipped: 0,
            missed: 0,
            why: "",
            now_ms,
            fires: true,
            boot: Some(boot),
            beat: &beat,
        };
        self.run(self.store.tick(&tick, definition, &Times::of(definition).unwrap())).unwrap()
    }

    /// Makes a tick due that was `ago_ms` ago, and fires it: what came of it, and the job.
    #[track_caller]
    fn fire(&self, definition: &Definition, ago_ms: i64) -> (String, String) {
        let due = self.overdue(definition.name.as_str(), ago_ms);
        match self.act(definition, &due) {
            Acted::Done { came, job, .. } => (came, job.map(|job| job.to_string()).unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }

    fn chain(&self, name: &str) -> Vec<String> {
        self.books().zset(&format!("chain:{name}")).iter().map(|(id, _)| id.clone()).collect()
    }

    fn book(&self, name: &str, field: &str) -> String {
        self.books().hash(&format!("schedule:{name}")).remove(field).unwrap_or_default()
    }
}

#[test]
fn a_schedule_is_written_with_its_next_tick() {
    let desk = Desk::new();
    let schedule = in_an_hour(&desk, "s");
    let put = desk.expect(
        |desk| desk.put(&schedule),
        "
            + due s = NOW+1h
            + event = added sc=s u=ann h=web1 r=file
            + meta format = 1
            + plan:s = SPEC
            + schedule:s changed = NOW
            + schedule:s due = NOW+1h
            + schedule:s hash = HASH
            + schedule:s source = file
            + schedule:s times = HASH
            + schedules s = 0
            + source:file s = 0
        ",
    );
    assert_eq!(put, Put::New);
    assert_eq!(desk.unchanged(|desk| desk.put(&schedule)), Put::Same);
}

#[test]
fn a_change_of_the_job_keeps_the_tick_that_is_due() {
    let desk = Desk::new();
    desk.put(&hourly("s"));
    let before = desk.overdue("s", 5_000_000);
    let mut other = hourly("s");
    other.missed = Missed::All;
    let put = desk.expect(
        |desk| desk.put(&other),
        "
            + event = changed sc=s u=ann h=web1 r=file
            ~ plan:s = SPEC -> SPEC
            ~ schedule:s changed = NOW -> NOW
            ~ schedule:s hash = HASH -> HASH
        ",
    );
    assert_eq!(put, Put::Changed);
    assert_eq!(desk.due_now()[0].due_ms, before.due_ms);
    // Other times count from now: what was missed by the old ones is no tick of theirs.
    other.rule = Rule::Every(7_200_000);
    assert_eq!(desk.put(&other), Put::Changed);
    assert!(desk.due_now().is_empty());
    assert!(desk.book("s", "due").parse::<i64>().unwrap() > desk.now_ms());
}

#[test]
fn a_tick_that_is_due_at_the_moment_of_a_change_survives_if_the_new_times_have_it() {
    let desk = Desk::new();
    desk.put(&hourly("s"));
    let due = desk.overdue("s", 1_000).due_ms.unwrap();
    let mut other = hourly("s");
    other.rule = Rule::Every(1);
    desk.put(&other);
    assert_eq!(desk.due_now()[0].due_ms, Some(due));
}

#[test]
fn publishing_replaces_what_the_source_said_before_and_nothing_else() {
    let desk = Desk::new();
    let mut added = hourly("mine");
    added.source.kind = id("added");
    desk.put(&added);
    let done = |puts: &[Put], removed| Published::Done { puts: puts.to_vec(), removed };
    assert_eq!(desk.publish(&[hourly("a"), hourly("b")]), done(&[Put::New, Put::New], 0));
    let mut b = hourly("b");
    b.overlap = Overlap::Skip;
    let stolen = hourly("mine");
    let came = desk.publish(&[b.clone(), stolen]);
    assert_eq!(came, done(&[Put::Changed, Put::Owned("added".into())], 1));
    let names: Vec<String> = desk.books().family("schedule:").map(str::to_owned).collect();
    assert_eq!(names, ["b", "mine"]);
    assert_eq!(desk.publish(&[b]), done(&[Put::Same], 0));
    assert_eq!(desk.publish(&[]), done(&[], 1));
    assert_eq!(desk.books().hash("origin:file")["count"], "0");
}

#[test]
fn many_schedules_are_published_and_removed_in_bounded_steps() {
    let desk = Desk::new();
    let all: Vec<Definition> = (0..430).map(|number| hourly(&format!("s{number:03}"))).collect();
    let Published::Done { puts, .. } = desk.publish(&all) else { panic!() };
    assert_eq!((puts.len(), puts.iter().all(|put| *put == Put::New)), (430, true));
    let Published::Done { removed, .. } = desk.publish(&all[..7]) else { panic!() };
    assert_eq!(removed, 423);
    let (_, page) = desk.run(desk.store.schedules(None)).unwrap();
    assert_eq!(page.len(), 7);
}

#[test]
fn a_publishing_that_was_overtaken_stops() {
    let desk = Desk::new();
    desk.publish(&[hourly("a")]);
    let generation = desk.books().hash("origin:file")["gen"].clone();
    desk.publish(&[hourly("b")]);
    let args: Vec<&[u8]> = vec![b"file", generation.as_bytes()];
    desk.unchanged(|desk| {
        let link = desk.store.link();
        for script in [&jobq::core::script::SCHEDULES_SWEEP, &jobq::core::script::SCHEDULE_PUT] {
            let reply = desk.run(link.call(script, &args)).unwrap();
            assert!(format!("{reply:?}").contains("STALE"), "{reply:?}");
        }
    });
}

#[test]
fn a_tick_makes_one_job_and_moves_on_in_one_step() {
    let desk = Desk::new();
    let schedule = in_an_hour(&desk, "s");
    desk.put(&schedule);
    let due = desk.overdue("s", 500);
    let acted = desk.expect(
        |desk| desk.act(&schedule, &due),
        &"
            + chain:s ID = 1
            ~ due s = NOW -> NOW+1h
            + event = enqueued id=ID q=q sc=s
            + event = fired sc=s at=NOW id=ID by=b1
            + in:PENDING:q ID = p0#2
            + job:ID bytes = BYTES
            + job:ID enq = NOW
            + job:ID place = 1
            + job:ID queue = q
            + job:ID sched = s
            + job:ID seq = 2
            + job:ID state = PENDING
            + job:ID sum = SUM
            + meta seq = 2
            + meta ticks_fired = 1
            + queue:q bytes = BYTES
            + queues q = 0
            ~ schedule:s due = NOW -> NOW+1h
            + schedule:s fired = 1
            + schedule:s job = ID
            + schedule:s lag = LAG
            + schedule:s last = NOW
            + spec:ID = SPEC
        "
        .replace("ID", schedule.job_id(due.due_ms.unwrap()).as_str()),
    );
    let Acted::Done { came, job: Some(made), .. } = acted else { panic!("{acted:?}") };
    assert_eq!((came.as_str(), &made), ("made", &schedule.job_id(due.due_ms.unwrap())));
    let report = desk.run(desk.store.show(&[made.as_str()])).unwrap().remove(0).unwrap();
    let tick = report.spec.schedule.unwrap();
    assert_eq!(tick.schedule, id("s"));
    assert_eq!(tick.tick.parse::<jiff::Timestamp>().unwrap().as_millisecond(), due.due_ms.unwrap());
    // Whoever read the same comes too late.
    assert_eq!(desk.unchanged(|desk| desk.act(&schedule, &due)), Acted::Taken);
}

#[test]
fn a_tick_of_something_else_than_was_read_is_refused() {
    let desk = Desk::new();
    let schedule = hourly("s");
    desk.put(&schedule);
    let due = desk.overdue("s", 500);
    let early = TickDue { due_ms: Some(due.due_ms.unwrap() + 3_600_000), ..due.clone() };
    assert_eq!(desk.unchanged(|desk| desk.act(&schedule, &early)), Acted::Taken);
    let other = TickDue { hash: "0".into(), ..due.clone() };
    assert_eq!(desk.unchanged(|desk| desk.act(&schedule, &other)), Acted::Changed);
    desk.run(desk.store.schedule_pause(&id("s"), &ann(), None)).unwrap();
    assert_eq!(desk.unchanged(|desk| desk.act(&schedule, &due)), Acted::Changed);
    desk.run(desk.store.schedule_remove(&id("s"), &ann())).unwrap();
    assert_eq!(desk.act(&schedule, &due), Acted::Taken);
}

#[test]
fn no_tick_is_taken_before_its_time() {
    let desk = Desk::new();
    let schedule = hourly("s");
    desk.put(&schedule);
    let due_ms = Some(desk.book("s", "due").parse().unwrap());
    let hash = schedule.hash();
    let due = TickDue { name: "s".into(), hash, due_ms, pause: String::new(), stuck_since_ms: None };
    assert!(matches!(desk.unchanged(|desk| desk.act(&schedule, &due)), Acted::Early { .. }));
}

#[test]
fn an_older_schedule_state_makes_no_second_job() {
    let desk = Desk::new();
    let schedule = hourly("s");
    desk.put(&schedule);
    let due = desk.overdue("s", 500);
    desk.act(&schedule, &due);
    // As after the restore of an older state of the schedule alone.
    let at = due.due_ms.unwrap().to_string();
    desk.raw(&["ZADD", "jobq:{t}:due", &at, "s"]);
    desk.raw(&["HSET", "jobq:{t}:schedule:s", "due", &at]);
    let acted = desk.act(&schedule, &due);
    assert!(matches!(acted, Acted::Done { ref came, .. } if came == "exists"), "{acted:?}");
    assert_eq!(desk.books().family("job:").count(), 1);
}

#[test]
fn queued_ticks_run_one_after_another_whatever_ends_them() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let schedule = hourly("s");
    desk.put(&schedule);
    let made: Vec<(String, String)> = (0..6).map(|number| desk.fire(&schedule, 900 - number)).collect();
    assert_eq!(made[0].0, "made");
    assert!(made[1..].iter().all(|(came, _)| came == "waits"));
    let ids: Vec<&str> = made.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(desk.chain("s"), ids);
    assert_eq!(desk.state(ids[1]), "BLOCKED");

    let token = desk.start(&who, ids[0]).token;
    assert!(desk.claim(&who, 9).is_empty());
    desk.finish(ids[0], &token);
    // A failure with retries left is no end.
    let token = desk.start(&who, ids[1]).token;
    desk.fail(ids[1], &token, "retry", 3_600_000);
    assert!(desk.claim(&who, 9).is_empty());
    assert_eq!(desk.cancel(ids[1]), Came::Cancelled);
    // Cancelled while it waits: it leaves the chain, and nobody overtakes.
    assert_eq!(desk.cancel(ids[3]), Came::Cancelled);
    let token = desk.start(&who, ids[2]).token;
    desk.fail(ids[2], &token, "failure", 0);
    let token = desk.start(&who, ids[4]).token;
    assert_eq!(desk.cancel(ids[4]), Came::Cancelling);
    assert!(desk.claim(&who, 9).is_empty(), "until its tree is dead");
    desk.fail(ids[4], &token, "revoke", 0);
    // Lost for good.
    for round in 0..3 {
        let token = desk.start(&who, ids[5]).token;
        let last = desk.fire(&schedule, 800 - round).1;
        assert_eq!(desk.state(&last), "BLOCKED");
        desk.fail(ids[5], &token, "lost", 0);
    }
    assert_eq!(desk.state(ids[5]), "FAILURE");
    let rest = desk.chain("s");
    desk.start(&who, &rest[0]);
    assert_eq!(desk.book("s", "ended_state"), "FAILURE");
}

#[test]
fn a_lost_order_of_a_schedules_jobs_lets_no_two_run_and_none_wait_for_ever() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let schedule = hourly("s");
    desk.put(&schedule);
    let mut ids: Vec<String> = (0..4).map(|number| desk.fire(&schedule, 900 - number).1).collect();
    let token = desk.start(&who, &ids[0]).token;
    for lost in [true, false] {
        if lost {
            desk.raw(&["DEL", "jobq:{t}:chain:s"]);
        } else {
            // All but one that waits, as after the restore of an older state.
            desk.raw(&["ZREM", "jobq:{t}:chain:s", &ids[0], &ids[1], &ids[3]]);
        }
        for _ in 0..20 {
            assert!(desk.claim(&who, 9).is_empty(), "beside a job that runs");
        }
    }
    desk.raw(&["DEL", "jobq:{t}:chain:s"]);
    let (came, id) = desk.fire(&schedule, 800);
    assert_eq!(came, "waits");
    ids.push(id);
    assert_eq!(desk.cancel(&ids[2]), Came::Cancelled);
    let mut token = token;
    for pair in [[0, 1], [1, 3], [3, 4]] {
        desk.raw(&["DEL", "jobq:{t}:chain:s"]);
        desk.finish(&ids[pair[0]], &token);
        let mut next = None;
        crate::support::wait_for("the next in order", crate::support::PATIENCE, || {
            next = desk.claim(&who, 9).pop();
            next.is_some()
        });
        let next = next.unwrap();
        assert_eq!(next.id.as_str(), ids[pair[1]]);
        token = next.token;
    }
    desk.finish(&ids[4], &token);
    assert_eq!(desk.fire(&schedule, 700).0, "made");
}

#[test]
fn a_purge_and_an_expiry_leave_nothing_waiting() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut schedule = hourly("s");
    schedule.expires = Some(Expiry::In(1));
    desk.put(&schedule);
    for number in 0..3 {
        desk.fire(&schedule, 900 - number);
    }
    // They expire at the next look at the queue, the ones that wait with them.
    crate::support::wait_for("the expiry", crate::support::PATIENCE, || {
        desk.claim(&who, 9);
        desk.chain("s").is_empty()
    });
    schedule.expires = None;
    desk.put(&schedule);
    for number in 0..3 {
        desk.fire(&schedule, 800 - number);
    }
    desk.run(desk.store.purge(&id("q"), &ann())).unwrap();
    desk.drain();
    assert!(desk.chain("s").is_empty());
}

#[test]
fn at_most_a_hundred_wait_and_the_rest_are_skipped() {
    let desk = Desk::new();
    let schedule = hourly("s");
    desk.put(&schedule);
    for number in 0..103 {
        desk.fire(&schedule, 30_000 - number);
    }
    assert_eq!(desk.chain("s").len(), 101);
    assert_eq!((desk.book("s", "fired").as_str(), desk.book("s", "skipped").as_str()), ("101", "2"));
    assert_eq!(desk.book("s", "why"), "too many jobs of earlier ticks wait");
}

#[test]
fn a_skipping_schedule_makes_no_job_beside_another() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut schedule = hourly("s");
    schedule.overlap = Overlap::Skip;
    desk.put(&schedule);
    let (_, first) = desk.fire(&schedule, 900);
    assert_eq!(desk.fire(&schedule, 800).0, "skipped");
    let token = desk.start(&who, &first).token;
    assert_eq!(desk.fire(&schedule, 700).0, "skipped");
    desk.finish(&first, &token);
    assert_eq!(desk.fire(&schedule, 600).0, "made");
    assert_eq!((desk.book("s", "fired").as_str(), desk.book("s", "skipped").as_str()), ("2", "2"));
}

#[test]
fn a_replacing_schedule_runs_the_newest_after_the_end_of_the_oldest() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut schedule = hourly("s");
    schedule.overlap = Overlap::Replace;
    desk.put(&schedule);
    let (_, first) = desk.fire(&schedule, 900);
    let (came, second) = desk.fire(&schedule, 800);
    assert_eq!((came.as_str(), desk.state(&first).as_str()), ("made", "REVOKED"));
    let token = desk.start(&who, &second).token;
    let (came, third) = desk.fire(&schedule, 700);
    assert_eq!((came.as_str(), desk.field(&second, "cancel").as_str()), ("waits", "1"));
    let (came, fourth) = desk.fire(&schedule, 600);
    assert_eq!((came.as_str(), desk.state(&third).as_str()), ("waits", "REVOKED"));
    desk.fail(&second, &token, "revoke", 0);
    desk.start(&who, &fourth);
}

#[test]
fn a_replacement_finds_room_in_the_place_of_what_it_replaces() {
    let desk = Desk::new();
    let mut schedule = hourly("s");
    schedule.overlap = Overlap::Replace;
    desk.put(&schedule);
    desk.run(desk.store.limit(&id("q"), &ann(), &[("max_depth", Bound::Most(1))])).unwrap();
    desk.fire(&schedule, 900);
    assert_eq!(desk.fire(&schedule, 800).0, "made");
}

#[test]
fn a_tick_waits_for_room_in_its_queue_without_holding_others_up() {
    let desk = Desk::new();
    let schedule = hourly("s");
    desk.put(&schedule);
    desk.run(desk.store.limit(&id("q"), &ann(), &[("max_depth", Bound::Most(1))])).unwrap();
    desk.add(&["a"]);
    let due = desk.overdue("s", 500);
    let acted = desk.expect(
        |desk| desk.act(&schedule, &due),
        "
            ~ due s = NOW -> NOW+1s
            + schedule:s stuck = q
            + schedule:s stuck_at = NOW
        ",
    );
    assert!(matches!(acted, Acted::Full(ref full) if full.limit == 1), "{acted:?}");
    desk.cancel("a");
    assert!(matches!(desk.act(&schedule, &due), Acted::Done { .. }));
    assert_eq!(desk.book("s", "stuck_at"), "");
}

#[test]
fn a_pause_is_an_interval_and_a_resume_its_end() {
    let desk = Desk::new();
    desk.put(&hourly("s"));
    let paused = desk.expect(
        |desk| desk.run(desk.store.schedule_pause(&id("s"), &ann(), Some(When::In(3_600_000)))).unwrap(),
        "
            + event = paused sc=s u=ann h=web1 r=enough
            + schedule:s paused = NOW
            + schedule:s paused_by = ann
            + schedule:s paused_host = web1
            + schedule:s paused_why = enough
            + schedule:s until_ms = NOW+1h
        ",
    );
    assert!(paused);
    let report = desk.run(desk.store.schedule_one(&id("s"))).unwrap().unwrap();
    assert_eq!(report.pause.unwrap().by, "ann@web1");
    let resumed = desk.expect(
        |desk| desk.run(desk.store.schedule_resume(&id("s"), &ann())).unwrap(),
        "
            + event = resumed sc=s u=ann h=web1 r=enough
            + schedule:s resumed_by = ann
            + schedule:s resumed_host = web1
            ~ schedule:s until_ms = NOW+1h -> NOW
        ",
    );
    assert_eq!(resumed, Resumed::Resumed);
    let again = desk.unchanged(|desk| desk.run(desk.store.schedule_resume(&id("s"), &ann())).unwrap());
    assert_eq!(again, Resumed::WasRunning);
    assert!(desk.run(desk.store.schedule_one(&id("s"))).unwrap().unwrap().pause.is_none());
    assert!(!desk.run(desk.store.schedule_pause(&id("nope"), &ann(), None)).unwrap());
}

#[test]
fn a_trigger_makes_a_job_beside_the_ticks() {
    let desk = Desk::new();
    let schedule = hourly("s");
    desk.put(&schedule);
    let before = desk.book("s", "due");
    desk.run(desk.store.schedule_pause(&id("s"), &ann(), None)).unwrap();
    let made = desk.run(desk.store.schedule_trigger(&id("s"), &id("now"), &ann())).unwrap();
    assert_eq!(made, Triggered::Made { waits: false });
    let again =
        desk.unchanged(|desk| desk.run(desk.store.schedule_trigger(&id("s"), &id("now"), &ann())).unwrap());
    assert_eq!(again, Triggered::Made { waits: false });
    let waits = desk.run(desk.store.schedule_trigger(&id("s"), &id("then"), &ann())).unwrap();
    assert_eq!(waits, Triggered::Made { waits: true });
    assert_eq!((desk.book("s", "due"), desk.book("s", "fired").as_str()), (before, ""));
    let spec = desk.run(desk.store.show(&["now"])).unwrap().remove(0).unwrap().spec;
    assert_eq!(spec.schedule.unwrap().triggered_by.as_deref(), Some("ann@web1"));
    assert_eq!(spec.origin.user, "ann");
    let unknown = desk.run(desk.store.schedule_trigger(&id("nope"), &id("x"), &ann())).unwrap();
    assert_eq!(unknown, Triggered::Unknown);
}

#[test]
fn a_removed_schedule_leaves_its_jobs_to_end() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let schedule = hourly("s");
    desk.put(&schedule);
    let ids = [desk.fire(&schedule, 900).1, desk.fire(&schedule, 800).1];
    let removed = desk.run(desk.store.schedule_remove(&id("s"), &ann())).unwrap();
    assert_eq!(removed, Removed::Gone { source: "file".into() });
    assert_eq!(desk.run(desk.store.schedule_remove(&id("s"), &ann())).unwrap(), Removed::Unknown);
    let token = desk.start(&who, &ids[0]).token;
    desk.finish(&ids[0], &token);
    let token = desk.start(&who, &ids[1]).token;
    desk.finish(&ids[1], &token);
    let left: Vec<String> = desk.books().family("schedule:").map(str::to_owned).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_last_tick_ends_a_schedule_and_what_was_added_goes_a_day_later() {
    let desk = Desk::new();
    let mut once = hourly("s");
    once.rule = Rule::At(desk.now_ms() + 3_600_000);
    once.source.kind = id("added");
    desk.put(&once);
    desk.fire(&once, 100);
    let report = desk.run(desk.store.schedule_one(&id("s"))).unwrap().unwrap();
    assert_eq!((report.next_ms, report.done_ms.is_some(), report.fired), (None, true, 1));
    assert!(desk.due_now().is_empty());
    desk.raw(&["ZADD", "jobq:{t}:due", "1000", "s"]);
    let due = desk.due_now().remove(0);
    assert_eq!(due.due_ms, None);
    assert!(desk.run(desk.store.schedule_retire(&due)).unwrap());
    assert!(desk.run(desk.store.schedule_one(&id("s"))).unwrap().is_none());
}

/// The alarm that is to be told now.
fn alarms(desk: &Desk) -> Vec<Alarm> {
    desk.run(desk.store.due(0, None)).unwrap().alarms
}

#[test]
fn a_missing_success_is_told_once_and_its_end_once() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut schedule = hourly("s");
    schedule.alert_after_ms = Some(900_000);
    schedule.overlap = Overlap::Skip;
    desk.put(&schedule);
    let (_, first) = desk.fire(&schedule, 100);
    let token = desk.start(&who, &first).token;
    assert!(alarms(&desk).is_empty());
    let due = desk.book("s", "alarm");
    desk.fire(&schedule, 50);
    assert_eq!(desk.book("s", "alarm"), due, "the first tick without a success counts");
    desk.raw(&["ZADD", "jobq:{t}:alarms", "1000", "s"]);
    let alarm = alarms(&desk).remove(0);
    assert_eq!((alarm.event.as_str(), alarm.job.as_deref()), ("alert", Some(first.as_str())));
    let mut hook = job("s.alert");
    hook.spec.queue = id("hooks");
    let tell = |alarm: &Alarm| desk.run(desk.store.alarm(alarm, "{}", &hook)).unwrap();
    assert!(tell(&alarm));
    assert!(!tell(&alarm));
    assert_eq!(desk.state("s.alert"), "PENDING");
    assert!(alarms(&desk).is_empty());
    // An incident is told once, however many ticks follow.
    desk.fire(&schedule, 40);
    assert_eq!(desk.book("s", "alarm"), "");
    desk.finish(&first, &token);
    let recovery = alarms(&desk).remove(0);
    assert_eq!(recovery.event, "recovery");
    let mut hook = job("s.recovery");
    hook.spec.queue = id("hooks");
    assert!(desk.run(desk.store.alarm(&recovery, "{}", &hook)).unwrap());
    assert_eq!((desk.state("s.recovery").as_str(), desk.book("s", "incident").as_str()), ("PENDING", ""));
    assert!(alarms(&desk).is_empty());
}

#[test]
fn a_success_in_time_takes_the_alarm_away() {
    let desk = Desk::new();
    let who = desk.worker("w");
    let mut schedule = hourly("s");
    schedule.alert_after_ms = Some(900_000);
    desk.put(&schedule);
    let (_, first) = desk.fire(&schedule, 100);
    assert_eq!(desk.books().zset("alarms").len(), 1);
    let token = desk.start(&who, &first).token;
    desk.finish(&first, &token);
    assert!(desk.books().zset("alarms").is_empty());
}

pub(super) fn presence<'a>(beat: &'a Name, host: &'a Name, sources: &'a [Name]) -> Presence<'a> {
    Presence { beat, host, pid: 7, version: "0.1", boot_id: "boot-1", drift: &[], sources }
}

#[test]
fn one_beat_leads_until_it_leaves_or_is_silent() {
    let desk = Desk::new();
    desk.publish(&[hourly("a")]);
    let (one, two, host, sources) = (id("b1"), id("b2"), id("h"), [id("file"), id("none")]);
    let attend = |beat: &Name| desk.run(desk.store.attend(&presence(beat, &host, &sources))).unwrap();
    let first = attend(&one);
    assert_eq!((first.leader.as_str(), first.origins[0].by.as_str()), ("b1", "ann@web1"));
    assert_eq!((first.origins[1].hash.as_str(), first.origins[1].at_ms), ("", None));
    assert_eq!(attend(&two).leader, "b1");
    desk.raw(&["HSET", "jobq:{t}:meta", "leader_at", "1000"]);
    assert_eq!(attend(&two).leader, "b2");
    assert_eq!(attend(&one).leader, "b2");
    desk.run(desk.store.leave(&two)).unwrap();
    assert_eq!(attend(&one).leader, "b1");
    let beats = desk.unchanged(|desk| desk.run(desk.store.beats()).unwrap());
    assert_eq!((beats.schedules, beats.beats.len(), beats.live().count()), (1, 1, 1));
    assert!(beats.beats[0].leads);
}

#[test]
fn a_boot_ticks_once_on_its_host() {
    let desk = Desk::new();
    let mut boot = hourly("s");
    boot.rule = Rule::Reboot { host: id("h") };
    desk.publish(std::slice::from_ref(&boot));
    let host = id("h");
    let due = |boot_id: &str| desk.run(desk.store.due(0, Some((&host, boot_id)))).unwrap().boots;
    assert!(due("boot-1").is_empty(), "it came before the schedule did");
    let found = due("boot-2").remove(0);
    let act = || desk.act_on_boot(&boot, "boot-2", &found, desk.now_ms());
    let acted = act();
    assert!(matches!(acted, Acted::Done { ref job, .. } if *job == Some(id("s.boot-boot2"))), "{acted:?}");
    assert_eq!(act(), Acted::Taken);
    assert!(due("boot-2").is_empty());
    assert!(desk.run(desk.store.due(0, Some((&id("other"), "boot-2")))).unwrap().boots.is_empty());
}

#[test]
fn a_job_whose_predecessor_vanished_is_released_by_the_housework() {
    let desk = Desk::new();
    let who: Identity = desk.worker("w");
    let schedule = hourly("s");
    desk.put(&schedule);
    let ids = [desk.fire(&schedule, 900).1, desk.fire(&schedule, 800).1, desk.fire(&schedule, 700).1];
    // As if a damaged server had lost it, index and all.
    desk.raw(&["DEL", &format!("jobq:{{t}}:job:{}", ids[0]), &format!("jobq:{{t}}:spec:{}", ids[0])]);
    desk.raw(&["ZREM", "jobq:{t}:in:PENDING:q", &ids[0]]);
    let size = desk.field(&ids[1], "bytes").parse::<u64>().unwrap() * 2;
    desk.raw(&["HSET", "jobq:{t}:queue:q", "bytes", &size.to_string()]);
    crate::support::wait_for("the repair", crate::support::PATIENCE, || {
        desk.renew_all(&who);
        desk.state(&ids[1]) == "PENDING"
    });
    assert_eq!(desk.chain("s"), ids[1..]);
    desk.start(&who, &ids[1]);
}

impl Desk {
    /// One slice of the housework for queue `q`.
    fn renew_all(&self, _who: &Identity) {
        self.run(self.store.chores(&[id("q")])).unwrap();
    }
}
