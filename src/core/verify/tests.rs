use super::*;

/// What is to be found, and what makes it so.
type Lie<'a> = (&'a str, &'a dyn Fn(&mut JobFacts));

const ISSUED: Issued = Issued { fence: 9, seq: 9 };

fn pending() -> JobFacts {
    let fields = [("state", "PENDING"), ("queue", "q"), ("seq", "7"), ("bytes", "12"), ("enq", "5")];
    JobFacts {
        id: "a".into(),
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        places: vec![("PENDING".into(), (100 * SEQ_SPAN + 7).to_string())],
        queue_known: true,
        spec_bytes: Some(10),
        stdin_bytes: Some(2),
        ..JobFacts::default()
    }
}

fn codes(facts: &JobFacts) -> Vec<&'static str> {
    facts.violations(ISSUED).into_iter().map(|one| one.code).collect()
}

#[test]
fn a_sound_job_has_no_violations() {
    assert_eq!(pending().violations(ISSUED), []);
}

#[test]
fn each_lie_is_found_and_named() {
    let lies: [Lie<'_>; 25] = [
        ("job_state", &|job| drop(job.fields.insert("state".into(), "ODD".into()))),
        ("job_index", &|job| job.places.push(("RETRY".into(), "1".into()))),
        ("job_index", &|job| job.places.clear()),
        ("job_score", &|job| job.places[0].1 = "1".into()),
        ("job_token", &|job| drop(job.fields.insert("token".into(), "1-n".into()))),
        ("job_cancel", &|job| drop(job.fields.insert("cancel".into(), "1".into()))),
        ("job_finished", &|job| drop(job.fields.insert("finished".into(), "1".into()))),
        ("job_due", &|job| drop(job.fields.insert("due".into(), "1".into()))),
        ("job_expiry", &|job| drop(job.fields.insert("expires".into(), "1".into()))),
        ("job_counter", &|job| drop(job.fields.insert("attempts".into(), "-1".into()))),
        ("job_attempts", &|job| job.tries = 11),
        ("job_spec", &|job| job.spec_bytes = None),
        ("job_bytes", &|job| job.stdin_bytes = None),
        ("job_retain", &|job| job.retain = Some("1".into())),
        ("job_outputs", &|job| job.outputs = Some("1".into())),
        ("job_tomb", &|job| job.tomb = Some("1".into())),
        ("job_queue", &|job| job.queue_known = false),
        ("job_lease", &|job| job.held = Some("1-n".into())),
        ("job_cancel", &|job| drop(job.fields.insert("requeue".into(), "1".into()))),
        ("job_mail", &|job| job.mail = Some("cancel".into())),
        ("job_inputs", &|job| job.inputs = Some("1".into())),
        ("job_label", &|job| job.labels.push(("team=red".into(), String::new()))),
        ("job_chain", &|job| drop(job.fields.insert("sched".into(), "nightly".into()))),
        ("job_chain", &|job| job.chain = Some("1".into())),
        ("job_blocked", &|job| drop(job.fields.insert("state".into(), "BLOCKED".into()))),
    ];
    for (code, lie) in lies {
        let mut job = pending();
        lie(&mut job);
        assert!(codes(&job).contains(&code), "{code}: {:?}", job.violations(ISSUED));
    }
    assert_eq!(pending().violations(Issued { fence: 9, seq: 6 })[0].code, "job_seq");
    let ghost = JobFacts { fields: BTreeMap::new(), ..pending() };
    assert_eq!(codes(&ghost), ["orphan", "orphan"]);
}

#[test]
fn a_running_job_is_held_with_its_token() {
    let mut job = pending();
    for (name, value) in [("state", "STARTED"), ("token", "8-n"), ("worker", "w"), ("started", "77")] {
        job.fields.insert(name.into(), value.into());
    }
    job.places = vec![("STARTED".into(), "77".into())];
    job.held = Some("8-n".into());
    assert_eq!(job.violations(ISSUED), []);
    assert_eq!(job.violations(Issued { fence: 7, seq: 9 })[0].code, "job_fence");
    job.held = Some("7-n".into());
    assert_eq!(codes(&job), ["job_lease"]);
}

#[test]
fn members_and_books_name_what_is_there() {
    let member = |state: Option<&str>| Member {
        id: "a".into(),
        score: Some("1".into()),
        state: state.map(str::to_owned),
        queue: "q".into(),
        bytes: 0,
        own: "nightly".into(),
        is_first: true,
    };
    let code = |one: &Member, set, last| one.violation(set, last).map(|found| found.code);
    let (there, gone) = (member(Some("PENDING")), member(None));
    assert_eq!(code(&there, "index", "PENDING:q"), None);
    assert_eq!(code(&there, "index", "PENDING:r"), Some("job_index"));
    assert_eq!(code(&gone, "index", "PENDING:q"), Some("index_ghost"));
    assert_eq!(code(&gone, "retain", ""), Some("set_ghost"));
    assert_eq!(code(&there, "expiry", "r"), Some("job_expiry"));
    assert_eq!((code(&gone, "tombs", ""), code(&there, "tombs", "")), (None, Some("job_tomb")));
    assert_eq!(code(&Member { score: None, ..gone.clone() }, "retain", ""), None);
    assert_eq!(code(&gone, "inputs", ""), Some("set_ghost"));
    // What is its own is a label here and a schedule there.
    assert_eq!((code(&there, "label", "nightly"), code(&there, "label", "red")), (None, Some("job_label")));
    assert_eq!((code(&there, "chain", "nightly"), code(&there, "chain", "red")), (None, Some("chain_ghost")));
    assert_eq!(code(&member(Some("SUCCESS")), "chain", "nightly"), Some("chain_ghost"));
    let blocked = member(Some("BLOCKED"));
    assert_eq!(code(&blocked, "chain", "nightly"), Some("chain_stuck"));
    assert_eq!(code(&Member { is_first: false, ..blocked }, "chain", "nightly"), None);
    let held = |token: &str| Held {
        id: "a".into(),
        value: "8-n".into(),
        state: Some("STARTED".into()),
        token: token.into(),
        worker: "w".into(),
    };
    assert_eq!(held("8-n").violation("held", "w"), None);
    assert_eq!(held("9-n").violation("held", "w").map(|one| one.code), Some("held_ghost"));
    assert_eq!(held("9-n").violation("mail", "w"), None);
    assert_eq!(held("9-n").violation("mail", "v").map(|one| one.code), Some("mail_ghost"));
    let order = Held { id: "@".into(), value: "quiet".into(), state: None, ..held("") };
    assert_eq!(order.violation("mail", "w"), None);
    let odd = Held { value: "dance".into(), ..order };
    assert_eq!(odd.violation("mail", "w").map(|one| one.code), Some("mail_ghost"));
}

#[test]
fn a_schedule_stands_where_its_state_says() {
    let fields = [("due", "7"), ("source", "jobq.toml"), ("boot_host", "web1")];
    let sound = ScheduleFacts {
        name: "nightly".into(),
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        has_plan: true,
        is_listed: true,
        due: Some("7".into()),
        source: Some("1".into()),
        boots: Some("0".into()),
        ..ScheduleFacts::default()
    };
    let codes = |facts: &ScheduleFacts, set: (&str, &str)| -> Vec<&'static str> {
        facts.violations(set).into_iter().map(|one| one.code).collect()
    };
    assert_eq!(codes(&sound, ("source:", "jobq.toml")), [""; 0]);
    assert_eq!(codes(&sound, ("source:", "other")), ["schedule_home"]);
    type Lie = fn(&mut ScheduleFacts);
    let lies: [(&str, Lie); 8] = [
        ("schedule_plan", |facts| facts.has_plan = false),
        ("schedule_listed", |facts| facts.is_listed = false),
        ("schedule_due", |facts| facts.due = Some("8".into())),
        ("schedule_due", |facts| drop(facts.fields.insert("done".into(), "7".into()))),
        ("schedule_alarm", |facts| facts.alarm = Some("8".into())),
        ("schedule_home", |facts| facts.source = None),
        ("schedule_home", |facts| facts.boots = None),
        ("schedule_ghost", |facts| facts.fields.clear()),
    ];
    for (code, lie) in lies {
        let mut facts = sound.clone();
        lie(&mut facts);
        assert!(codes(&facts, ("due", "")).contains(&code), "{code}");
    }
    // One that is held up is looked at later than it is due, one that is done for a day more.
    let mut stuck = sound.clone();
    stuck.fields.insert("stuck_at".into(), "7".into());
    stuck.due = Some("9".into());
    assert_eq!(codes(&stuck, ("due", "")), [""; 0]);
    let done = [("done", "7"), ("source", "added")];
    let done = ScheduleFacts {
        fields: done.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..sound
    };
    assert_eq!(codes(&done, ("due", "")), [""; 0]);
}
