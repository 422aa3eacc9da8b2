//! What the script tests sit at: a private server, the store, and a record of everything
//! that stands there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use jobq::core::bytes::Bytes;
use jobq::core::link::{Link, Patience, Target, TlsFiles};
use jobq::core::name::Name;
use jobq::core::outcome::Outcome;
use jobq::core::spec::Spec;
use jobq::core::store::{
    Beat, By, Came, ClaimRequest, Claimed, Enqueued, Failed, Identity, Left, NewJob, Peer, Pulse,
    Registration, Settled, Store,
};

use crate::support::books::{Books, NAMESPACE, Words};
use crate::support::invariants;
use crate::support::resp::{Client, Value};
use crate::support::{PATIENCE, Server, ServerOptions, cluster, wait_for};

/// A server, its store, and a look at both. The stored state is checked after every verb
/// that [`Desk::expect`] watches, and when the test ends.
pub struct Desk {
    pub server: Server,
    pub store: Store,
    runtime: tokio::runtime::Runtime,
    raw: RefCell<Client>,
    words: RefCell<Words>,
    requests: Cell<u64>,
}

/// A name.
#[track_caller]
pub fn id(text: &str) -> Name {
    Name::new(text).expect("a name")
}

/// `true` for queue `q`.
pub fn job(name: &str) -> NewJob {
    let spec = Spec::command(id("q"), vec![Bytes::from("true")]);
    NewJob { id: id(name), spec, not_before: None, expires: None, stdin: None }
}

/// A store on `url`.
pub fn store(url: &str) -> Store {
    let target = Target::parse(url, &TlsFiles::default(), None).expect("a URL");
    Store::new(Link::new(target, Patience::default()), id(NAMESPACE))
}

impl Desk {
    pub fn new() -> Desk {
        Desk::on(Server::options())
    }

    /// At a server with these options; with `JOBQ_TEST_CLUSTER` set (`make cluster`) it is the
    /// one node of a Cluster, which checks the keys of every script.
    pub fn on(options: ServerOptions) -> Desk {
        let server = if std::env::var_os("JOBQ_TEST_CLUSTER").is_some() {
            cluster::alone(options)
        } else {
            options.start()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (store, raw) = (store(&server.url()), RefCell::new(server.client()));
        Desk { server, store, runtime, raw, words: RefCell::default(), requests: Cell::new(0) }
    }

    /// Waits for an answer of the store.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// One raw command.
    #[track_caller]
    pub fn raw(&self, args: &[&str]) -> Value {
        let reply = self.raw.borrow_mut().call(args).unwrap();
        assert!(!matches!(reply, Value::Error(_)), "{args:?}: {reply}");
        reply
    }

    /// Redis time.
    pub fn now_ms(&self) -> i64 {
        let clock = self.raw(&["TIME"]).texts();
        clock[0].parse::<i64>().unwrap() * 1000 + clock[1].parse::<i64>().unwrap() / 1000
    }

    pub fn books(&self) -> Books {
        Books::read(&mut self.raw.borrow_mut())
    }

    /// A job's state fields.
    pub fn fields(&self, id: &str) -> BTreeMap<String, String> {
        self.books().hash(&format!("job:{id}"))
    }

    /// One state field of a job, '' where it has none.
    pub fn field(&self, id: &str, name: &str) -> String {
        self.fields(id).remove(name).unwrap_or_default()
    }

    pub fn state(&self, id: &str) -> String {
        self.field(id, "state")
    }

    /// The whole content in words that stay the same from run to run.
    pub fn all(&self) -> String {
        self.words.borrow_mut().all(&self.books())
    }

    /// Runs a verb; what it changed, of everything there is, must be exactly this.
    #[track_caller]
    pub fn expect<T>(&self, verb: impl FnOnce(&Desk) -> T, changes: &str) -> T {
        let before = self.books();
        // An instant written anew shall be another one.
        wait_for("the next millisecond", PATIENCE, || self.now_ms() > before.now_ms);
        let answer = verb(self);
        let after = self.books();
        let actual = self.words.borrow_mut().changes(&before, &after);
        let lines = |text: &str| -> Vec<String> {
            text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
        };

        assert!(lines(&actual) == lines(changes), "expected:\n{changes}\nactual:\n<<<\n{actual}>>>");
        invariants::assert_sound(&after);
        answer
    }

    /// Runs a verb that must change nothing at all.
    #[track_caller]
    pub fn unchanged<T>(&self, verb: impl FnOnce(&Desk) -> T) -> T {
        let before = self.server.dump_all();
        let answer = verb(self);
        assert_eq!(before, self.server.dump_all());
        answer
    }

    #[track_caller]
    pub fn enqueue(&self, jobs: &[NewJob]) -> Enqueued {
        self.run(self.store.enqueue(jobs)).unwrap()
    }

    /// Plain jobs for queue `q`.
    #[track_caller]
    pub fn add(&self, names: &[&str]) {
        let jobs: Vec<NewJob> = names.iter().map(|name| job(name)).collect();
        assert!(matches!(self.enqueue(&jobs), Enqueued::Accepted(_)));
    }

    /// A registered worker of queues `q` and `r`, with a lease of 30 s, on host `h-NAME`.
    #[track_caller]
    pub fn worker(&self, name: &str) -> Identity {
        let registration = registration(name, &["q", "r"]);
        self.run(self.store.register(&registration)).unwrap();
        registration.identity
    }

    /// A word for a new claim.
    pub fn request(&self) -> String {
        self.requests.set(self.requests.get() + 1);
        format!("r{}", self.requests.get())
    }

    /// A claim with everything in its own hands.
    #[track_caller]
    pub fn pulse(&self, who: &Identity, request: &str, want: usize, queues: &[(&str, usize)]) -> Pulse {
        let claim = ClaimRequest {
            identity: who,
            request,
            want,
            mode: "running",
            connection: None,
            peers_after: None,
            full: false,
            queues,
        };
        match self.run(self.store.claim(&claim)).unwrap() {
            Beat::Ok(pulse) => pulse,
            Beat::Unknown => panic!("{who:?} is not known"),
        }
    }

    /// Claims up to `want` jobs of `q`.
    #[track_caller]
    pub fn claim(&self, who: &Identity, want: usize) -> Vec<Claimed> {
        self.pulse(who, &self.request(), want, &[("q", want)]).jobs
    }

    /// Claims the one job that must be next.
    #[track_caller]
    pub fn start(&self, who: &Identity, expected: &str) -> Claimed {
        let mut jobs = self.claim(who, 1);
        assert_eq!(names(&jobs), [expected]);
        jobs.remove(0)
    }

    /// A worker `w` that runs `a`, the only job; its token.
    #[track_caller]
    pub fn running(&self) -> (Identity, String) {
        let who = self.worker("w");
        self.add(&["a"]);
        let token = self.start(&who, "a").token;
        (who, token)
    }

    #[track_caller]
    pub fn finish(&self, name: &str, token: &str) -> Settled {
        self.run(self.store.finish(&id(name), token, 0, &Left::default())).unwrap()
    }

    #[track_caller]
    pub fn fail(&self, name: &str, token: &str, verdict: &str, delay_ms: u64) -> Settled {
        let outcome = if verdict == "lost" { Outcome::LeaseLost } else { Outcome::Exit(3) };
        let failed = Failed { outcome, verdict, delay_ms, error: "exit code 3", left: &Left::default() };
        self.run(self.store.fail(&id(name), token, &failed)).unwrap()
    }

    #[track_caller]
    pub fn release(&self, name: &str, token: &str, why: &str) -> Settled {
        self.run(self.store.release(&id(name), token, why, "because")).unwrap()
    }

    #[track_caller]
    pub fn cancel(&self, name: &str) -> Came {
        self.run(self.store.cancel(&[id(name)], &ann(""), &[])).unwrap().remove(0).came
    }

    /// A finished job runs again.
    #[track_caller]
    pub fn retry(&self, name: &str) -> Came {
        let word = self.request();
        self.run(self.store.retry(&[id(name)], &ann(""), &word, &[])).unwrap().remove(0).came
    }

    /// A job goes back to where it may run now.
    #[track_caller]
    pub fn requeue(&self, name: &str) -> Came {
        self.run(self.store.requeue(&[id(name)], &ann(""), &[])).unwrap().remove(0).came
    }

    /// A finished job's record goes.
    #[track_caller]
    pub fn delete(&self, name: &str) -> Came {
        self.run(self.store.delete(&[id(name)], &ann(""), &[])).unwrap().remove(0).came
    }

    /// One renewal of `who`, as a peer of all.
    #[track_caller]
    pub fn renew(&self, who: &Identity) -> Pulse {
        match self.run(self.store.renew(who, "running", Some("-"), 9, &[], None)).unwrap() {
            Beat::Ok(pulse) => pulse,
            Beat::Unknown => panic!("{who:?} is not known"),
        }
    }

    /// A worker as its peers see it now.
    #[track_caller]
    pub fn peer(&self, who: &Identity) -> Peer {
        let facts = self.books().hash(&format!("worker:{}", who.worker));
        let fact = |name: &str| facts.get(name).cloned().unwrap_or_default();
        let lease_ms = fact("lease").parse().ok();
        Peer {
            worker: who.worker.to_string(),
            nonce: fact("nonce"),
            counter: fact("counter"),
            lease_ms,
            held: 0,
            halves: String::new(),
        }
    }

    #[track_caller]
    pub fn takeover(&self, peer: &Peer, stood_ms: u64) -> Option<u64> {
        self.run(self.store.takeover(&id("taker"), peer, stood_ms, 3_600_000)).unwrap()
    }

    /// Works all chores off.
    #[track_caller]
    pub fn drain(&self) -> usize {
        let mut slices = 1;
        while self.run(self.store.chores(&[])).unwrap() > 0 {
            slices += 1;
            assert!(slices < 10_000, "a chore has no end");
        }
        slices
    }

    /// Moves the due time of a waiting job to `due_ms`.
    #[track_caller]
    pub fn wake(&self, name: &str, due_ms: i64) {
        let fields = self.fields(name);
        let index = format!("jobq:{{t}}:in:{}:{}", fields["state"], fields["queue"]);
        self.raw(&["ZADD", &index, "XX", &due_ms.to_string(), name]);
        self.raw(&["HSET", &format!("jobq:{{t}}:job:{name}"), "due", &due_ms.to_string()]);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            invariants::check(&mut self.raw.borrow_mut());
            // The product's own check has to agree.
            let found = self.run(self.store.verify(|_| ())).unwrap();
            assert_eq!((found.violations, found.notes), (Vec::new(), Vec::<String>::new()));
        }
    }
}

/// What a worker says of itself.
pub fn registration(name: &str, queues: &[&str]) -> Registration {
    Registration {
        identity: Identity { worker: id(name), nonce: format!("n{name}") },
        label: None,
        host: id(&format!("h-{name}")),
        pid: 7,
        boot_id: "boot".to_owned(),
        slots: 4,
        lease_ms: 30_000,
        version: "0.1",
        halves: format!("halves of {name}"),
        queues: queues.iter().map(|queue| id(queue)).collect(),
    }
}

/// An operator.
pub fn ann(why: &str) -> By {
    By { user: "ann".to_owned(), host: "desk".to_owned(), why: why.to_owned() }
}

/// The ids, in order.
pub fn names(jobs: &[Claimed]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.as_str()).collect()
}
