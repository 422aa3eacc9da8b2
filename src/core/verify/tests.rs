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
    let lies: [Lie<'_>; 18] = [
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
    };
    let code = |one: &Member, set, last| one.violation(set, last).map(|found| found.code);
    let (there, gone) = (member(Some("PENDING")), member(None));
    assert_eq!(code(&there, "index", "PENDING:q"), None);
    assert_eq!(code(&there, "index", "PENDING:r"), Some("job_index"));
    assert_eq!(code(&gone, "index", "PENDING:q"), Some("index_ghost"));
    assert_eq!(code(&gone, "retain", ""), Some("set_ghost"));
    assert_eq!(code(&there, "expiry", "r"), Some("job_expiry"));
    assert_eq!((code(&gone, "tombs", ""), code(&there, "tombs", "")), (None, Some("job_tomb")));
    assert_eq!(code(&Member { score: None, ..gone }, "retain", ""), None);
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
}
