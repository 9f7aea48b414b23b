//! Runs checks on time, all of them, without crowding.
//!
//! It exists so that the engine only receives results. One task owns the plan; runs are
//! tasks of their own under the limits of the crew. Invariant: a check has at most one
//! planned run at a time; a slot that comes while it runs is skipped and counted, never made
//! up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::crew::{Crew, Job, Lane};
use super::outcome::code;
use super::slots::Grid;
use super::{ProbeResult, ProbeSpec, Prober, Run};

/// Commands that may wait for the scheduler.
const MAX_COMMANDS: usize = 64;

/// How long runs may go on after [`Scheduler::stop`].
const STOP_GRACE: Duration = Duration::from_secs(5);

/// The limits of a scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Planned runs at the same time.
    pub max_concurrent: usize,
    /// Planned runs at the same time against one host.
    pub max_per_host: usize,
    /// Shifts every check's slots; the same seed gives the same slots.
    pub seed: u64,
}

/// The answer to [`Scheduler::run_now`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunNow {
    /// A run begins at once; its result goes to the sink.
    Started,
    /// Somebody asked already and that run has not ended.
    AlreadyRunning,
    /// No such check, or the scheduler has stopped.
    NoSuchCheck,
}

/// Where a scheduler stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Checks in the plan.
    pub checks: u64,
    /// Probes on the network now.
    pub running: u64,
    /// Runs that have ended.
    pub finished: u64,
    /// Slots that came while the check's run before had not ended.
    pub skipped: u64,
}

/// A handle to the running scheduler. Dropping it ends every run without a result; use
/// [`Scheduler::stop`] to let them end.
pub struct Scheduler {
    commands: mpsc::Sender<Command>,
    counters: Arc<Counters>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Counters {
    checks: AtomicU64,
    running: Arc<AtomicU64>,
    finished: AtomicU64,
    skipped: AtomicU64,
}

enum Command {
    Replace(Vec<ProbeSpec>, oneshot::Sender<()>),
    RunNow(String, oneshot::Sender<RunNow>),
    Stop(oneshot::Sender<()>),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_concurrent: 64,
            max_per_host: 4,
            seed: 0,
        }
    }
}

impl Scheduler {
    /// Starts over the real network.
    pub fn start(specs: Vec<ProbeSpec>, sink: mpsc::Sender<ProbeResult>, options: Options) -> Self {
        Self::start_with(Arc::new(Prober::default()), specs, sink, options)
    }

    /// Starts with the given runner.
    pub fn start_with(
        runner: Arc<dyn Run>,
        specs: Vec<ProbeSpec>,
        sink: mpsc::Sender<ProbeResult>,
        options: Options,
    ) -> Self {
        let counters = Arc::new(Counters::default());
        let (commands, received) = mpsc::channel(MAX_COMMANDS);
        let crew = Crew::new(runner, sink, &options, Arc::clone(&counters.running));
        let mut plan = Plan {
            origin: Instant::now(),
            seed: options.seed,
            crew,
            checks: BTreeMap::new(),
            due: BinaryHeap::new(),
            runs: JoinSet::new(),
            run_of: HashMap::new(),
            counters: Arc::clone(&counters),
        };
        plan.replace(specs);
        Self {
            commands,
            counters,
            task: tokio::spawn(plan.drive(received)),
        }
    }

    /// Puts another set of checks in force. Checks that are the same keep their slots and
    /// their runs; runs of removed or changed checks end without a result.
    pub async fn replace(&self, specs: Vec<ProbeSpec>) {
        let (done, wait) = oneshot::channel();
        if self
            .commands
            .send(Command::Replace(specs, done))
            .await
            .is_ok()
        {
            let _ = wait.await;
        }
    }

    /// Runs a check at once, beside its plan and ahead of planned runs.
    pub async fn run_now(&self, check: &str) -> RunNow {
        let (done, wait) = oneshot::channel();
        let command = Command::RunNow(check.to_owned(), done);
        if self.commands.send(command).await.is_err() {
            return RunNow::NoSuchCheck;
        }
        wait.await.unwrap_or(RunNow::NoSuchCheck)
    }

    /// Where the scheduler stands.
    pub fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            checks: read(&self.counters.checks),
            running: read(&self.counters.running),
            finished: read(&self.counters.finished),
            skipped: read(&self.counters.skipped),
        }
    }

    /// Plans nothing more, lets runs end for a few seconds and reports the others as
    /// cancelled.
    pub async fn stop(self) {
        let (done, wait) = oneshot::channel();
        if self.commands.send(Command::Stop(done)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The plan: what is due when, and what is under way.
struct Plan {
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
    planned: Option<tokio::task::AbortHandle>,
    urgent: Option<tokio::task::AbortHandle>,
    skipped: u32,
}

impl Plan {
    async fn drive(mut self, mut commands: mpsc::Receiver<Command>) {
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

    fn replace(&mut self, specs: Vec<ProbeSpec>) {
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
        self.counters.finished.fetch_add(1, Ordering::Relaxed);
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
