//! Made-up reports for the tests of this module.

use crate::core::bytes::Bytes;
use crate::core::name::Name;
use crate::core::outcome::Outcome;
use crate::core::report::{
    Attempt, BeatsReport, FailureLine, JobReport, OutputTotals, Overview, Progress, QueueReport,
    ServerReport, WorkerReport,
};
use crate::core::spec::Spec;
use crate::core::state::State;

/// 2026-12-01 08:00:00 UTC.
pub(super) const NOW: i64 = 1_796_112_000_000;

pub(super) fn waiting() -> JobReport {
    let argv = vec!["sh".into(), "-c".into(), "echo hi; exit 3".into()];
    let mut spec = Spec::command(Name::new("emails").unwrap(), argv);
    spec.cwd = Some("/srv/my app".into());
    JobReport {
        id: "01kdcb2m9we3xr7yqh5t8vnabc".into(),
        state: State::Pending,
        reason: None,
        spec,
        attempt: 0,
        failures: 0,
        losses: 0,
        snoozes: 0,
        releases: 0,
        refusals: 0,
        outcome: None,
        error: None,
        result: None,
        progress: None,
        enqueued_ms: NOW - 185_000,
        due_ms: None,
        expires_ms: None,
        started_ms: None,
        finished_ms: None,
        worker: None,
        host: None,
        cancelling: false,
        output: OutputTotals::default(),
        output_gone: false,
        attempts: Vec::new(),
        workers: 0,
        now_ms: NOW,
    }
}

fn attempt(number: u32, outcome: Outcome, ended_ms: i64) -> Attempt {
    Attempt {
        attempt: number,
        fence: "1796111990000000".into(),
        worker: "web1-4121-k3f9".into(),
        host: "web1".into(),
        started_ms: ended_ms - 1_250,
        ended_ms,
        outcome: Some(outcome),
        outcome_name: outcome.name().into(),
        tail: Bytes(b"connecting\x1b[31m\n\tno route\n".to_vec()),
    }
}

pub(super) fn failed() -> JobReport {
    let mut report = waiting();
    report.spec.priority = 5;
    report.spec.retry.retries = 1;
    report.spec.limits.timeout_ms = Some(60_000);
    report.spec.labels.insert(Name::new("team").unwrap(), "mail\u{202e}".into());
    report.spec.env.insert("LANG".into(), "C".into());
    report.state = State::Failure;
    report.attempt = 2;
    report.failures = 2;
    report.outcome = Some(Outcome::Exit(3));
    report.error = Some("exit code 3".into());
    report.result = Some(serde_json::json!({"sent": 2}));
    report.progress = Some(Progress { percent: Some(40.0), message: Some("resizing".into()) });
    report.started_ms = Some(NOW - 61_250);
    report.finished_ms = Some(NOW - 60_000);
    report.worker = Some("web1-4121-k3f9".into());
    report.host = Some("web1".into());
    report.output = OutputTotals { stdout_bytes: 1_300_000, stderr_bytes: 12, dropped: 1_050_000 };
    report.attempts = vec![
        attempt(1, Outcome::Signal { number: 11, core: true }, NOW - 120_000),
        attempt(2, Outcome::Exit(3), NOW - 60_000),
    ];
    report
}

fn queue(name: &str, counts: [u64; 9], workers: u64) -> QueueReport {
    QueueReport {
        name: name.into(),
        counts,
        depth: counts[..5].iter().sum(),
        workers,
        head_enqueued_ms: Some(NOW - 185_000),
        ..QueueReport::default()
    }
}

fn worker(id: &str, queues: &[&str], held: u32, seen_ms: i64) -> WorkerReport {
    WorkerReport {
        id: id.into(),
        label: None,
        host: "web1".into(),
        pid: 4121,
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        slots: 4,
        held,
        mode: "running".into(),
        started_ms: NOW - 7_800_000,
        seen_ms,
        version: "0.1.0".into(),
    }
}

pub(super) fn calm() -> Overview {
    Overview {
        namespace: "default".into(),
        now_ms: NOW,
        queues: vec![
            queue("default", [0, 0, 0, 1, 0, 1_204, 0, 0, 0], 2),
            queue("emails", [3, 0, 40, 4, 1, 58_113, 2, 1, 0], 1),
        ],
        workers: vec![
            worker("web1-4121-k3f9", &["default", "emails"], 4, NOW - 1_000),
            worker("web2-988-p0q2", &["default"], 1, NOW - 3_000),
        ],
        failures: vec![FailureLine {
            id: "01kdcb2m9we3xr7yqh5t8vnabc".into(),
            queue: "emails".into(),
            title: "./send_email.sh --to ann@example.org --subject Your report is ready".into(),
            argv: ["./send_email.sh", "--to", "ann@example.org", "--subject", "Your report is ready"]
                .map(Bytes::from)
                .to_vec(),
            outcome: Some(Outcome::Exit(3)),
            error: Some("exit code 3".into()),
            finished_ms: NOW - 60_000,
        }],
        beats: BeatsReport::default(),
        overdue: Vec::new(),
        server: ServerReport {
            address: "redis://queue.example.org:6379".into(),
            kind: "redis".into(),
            version: "7.2.5".into(),
            role: "primary".into(),
            mode: "standalone",
            aof: true,
            eviction: "noeviction".into(),
            used_memory: 3_000_000,
            ..ServerReport::default()
        },
        incidents: Vec::new(),
        chores: Vec::new(),
    }
}

pub(super) fn troubled() -> Overview {
    let mut overview = calm();
    overview.queues[1].workers = 0;
    overview.queues[0].max_depth = Some(1);
    overview.workers[0].seen_ms = NOW - 95_000;
    overview.workers[1].mode = "draining".into();
    overview.workers[1].label = Some("blue".into());
    overview.server.max_memory = 3_100_000;
    overview.server.eviction = "allkeys-lru".into();
    overview
}
