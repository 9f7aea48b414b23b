//! Runs checks on time, all of them, without crowding.
//!
//! It exists so that the engine only receives results. One task owns the plan; runs are
//! tasks of their own under the limits of the crew. Invariant: a check has at most one
//! planned run at a time; a slot that comes while it runs is skipped and counted, never made
//! up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::crew::Crew;
use super::plan::{Command, Plan};
use super::{ProbeResult, ProbeSpec, Prober, Run};

/// Commands that may wait for the scheduler.
const MAX_COMMANDS: usize = 64;

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
    /// Probes that have ended.
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

/// What [`Stats`] is read from.
#[derive(Default)]
pub(super) struct Counters {
    pub checks: AtomicU64,
    pub running: AtomicU64,
    pub finished: AtomicU64,
    pub skipped: AtomicU64,
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
        let crew = Crew::new(runner, sink, &options, Arc::clone(&counters));
        let mut plan = Plan::new(options.seed, crew, Arc::clone(&counters));
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
