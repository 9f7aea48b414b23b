//! What is due when, and what is under way: the one task behind the scheduler.
//!
//! It exists apart from its handle so that all state has a single owner and no lock.
//! Invariant: the heap of due times holds each check exactly once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::crew::{Crew, Job, Lane};
use super::outcome::code;
use super::schedule::{Counters, RunNow};
use super::slots::Grid;
use super::{ProbeResult, ProbeSpec};

/// How long runs may go on after they were told to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What the handle asks of the plan.
pub(super) enum Command {
    Replace(Vec<ProbeSpec>, oneshot::Sender<()>),
    RunNow(String, oneshot::Sender<RunNow>),
    Stop(oneshot::Sender<()>),
}

/// All state of a scheduler.
pub(super) struct Plan {
    origin: Instant,
    seed: u64,
    crew: Crew,
    checks: BTreeMap<String, Check>,
    due: BinaryHeap<Reverse<(Instant, String)>>,
    runs: JoinSet<()>,
    run_of: HashMap<Id, (String, Lane)>,
    counters: Arc<Counters>,
}

struct Check {
    spec: Arc<ProbeSpec>,
    grid: Grid,
    next: Instant,
    planned: Option<AbortHandle>,
    urgent: Option<AbortHandle>,
    skipped: u32,
}

impl Plan {
    pub fn new(seed: u64, crew: Crew, counters: Arc<Counters>) -> Self {
        Self {
            origin: Instant::now(),
            seed,
            crew,
            checks: BTreeMap::new(),
            due: BinaryHeap::new(),
            runs: JoinSet::new(),
            run_of: HashMap::new(),
            counters,
        }
    }

    /// Goes on until it is told to stop, or nobody wants results or can give commands.
    pub async fn drive(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let next = self.due.peek().map(|Reverse((at, _))| *at);
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(Command::Replace(specs, done)) => {
                        self.replace(specs);
                        let _ = done.send(());
                    }
                    Some(Command::RunNow(check, done)) => {
                        let _ = done.send(self.run_now(&check));
                    }
                    Some(Command::Stop(done)) => {
                        self.stop().await;
                        let _ = done.send(());
                        return;
                    }
                    None => return,
                },
                Some(ended) = self.runs.join_next_with_id() => self.ended(ended),
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    if !self.crew.is_heard() {
                        return;
                    }
                    self.begin_due();
                }
            }
        }
    }

    pub fn replace(&mut self, specs: Vec<ProbeSpec>) {
        let now = Instant::now();
        let mut old = std::mem::take(&mut self.checks);
        for spec in specs {
            let kept = old.remove(&spec.check).filter(|check| *check.spec == spec);
            let check = kept.unwrap_or_else(|| {
                let grid = Grid::new(self.origin, self.seed, &spec.check, spec.every());
                Check {
                    grid,
                    next: grid.at_or_after(now),
                    spec: Arc::new(spec),
                    planned: None,
                    urgent: None,
                    skipped: 0,
                }
            });
            self.checks.insert(check.spec.check.clone(), check);
        }
        self.due = self
            .checks
            .values()
            .map(|check| Reverse((check.next, check.spec.check.clone())))
            .collect();
        self.crew
            .keep_hosts(self.checks.values().map(|check| Arc::clone(&check.spec)));
        let count = u64::try_from(self.checks.len()).unwrap_or(u64::MAX);
        self.counters.checks.store(count, Ordering::Relaxed);
    }

    fn begin_due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, _))) = self.due.peek()
            && *at <= now
        {
            let Some(Reverse((at, id))) = self.due.pop() else {
                return;
            };
            let Some(check) = self.checks.get_mut(&id) else {
                continue;
            };
            check.next = check.grid.after(now);
            let mut skipped = check.grid.between(at, check.next);
            if check.planned.is_some() {
                skipped = skipped.saturating_add(1);
            }
            check.skipped = check.skipped.saturating_add(skipped);
            self.counters
                .skipped
                .fetch_add(u64::from(skipped), Ordering::Relaxed);
            self.due.push(Reverse((check.next, id.clone())));
            if check.planned.is_none() {
                self.begin(&id, Lane::Planned);
            }
        }
    }

    fn run_now(&mut self, id: &str) -> RunNow {
        match self.checks.get(id) {
            None => RunNow::NoSuchCheck,
            Some(check) if check.urgent.is_some() => RunNow::AlreadyRunning,
            Some(_) => {
                self.begin(id, Lane::Urgent);
                RunNow::Started
            }
        }
    }

    fn begin(&mut self, id: &str, lane: Lane) {
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        let job = Job {
            spec: Arc::clone(&check.spec),
            skipped: std::mem::take(&mut check.skipped),
            lane,
        };
        let handle = self.runs.spawn(self.crew.work(job));
        self.run_of.insert(handle.id(), (id.to_owned(), lane));
        match lane {
            Lane::Planned => check.planned = Some(handle),
            Lane::Urgent => check.urgent = Some(handle),
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let (run, broken) = match ended {
            Ok((run, ())) => (run, false),
            Err(error) => (error.id(), error.is_panic()),
        };
        let Some((id, lane)) = self.run_of.remove(&run) else {
            return;
        };
        if let Some(check) = self.checks.get_mut(&id) {
            let slot = match lane {
                Lane::Planned => &mut check.planned,
                Lane::Urgent => &mut check.urgent,
            };
            // A changed check may have begun another run since.
            if slot.as_ref().is_some_and(|handle| handle.id() == run) {
                *slot = None;
            }
        }
        if broken {
            tracing::error!(check = id, "a probe panicked");
            let result = ProbeResult::unknown(
                &id,
                code::INTERNAL_ERROR,
                "The probe itself failed; this is a defect in gonogo.",
            );
            let sink = self.crew.sink().clone();
            // Through a task, so that a full sink does not hold the plan.
            self.runs.spawn(async move {
                let _ = sink.send(result).await;
            });
        }
    }

    async fn stop(&mut self) {
        self.crew.close();
        let until = Instant::now() + STOP_GRACE;
        while let Ok(Some(ended)) = timeout_at(until, self.runs.join_next_with_id()).await {
            self.ended(ended);
        }
        for (id, _) in self.run_of.values() {
            let result = ProbeResult::unknown(
                id,
                code::CANCELLED,
                "The run was ended because gonogo is stopping.",
            );
            let _ = self.crew.sink().try_send(result);
        }
        self.runs.shutdown().await;
    }
}

impl Drop for Check {
    /// A check that leaves the plan takes its runs with it.
    fn drop(&mut self) {
        for run in [&self.planned, &self.urgent].into_iter().flatten() {
            run.abort();
        }
    }
}
