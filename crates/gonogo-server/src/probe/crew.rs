//! The limits on probes that run at the same time, and the run of one of them.
//!
//! It exists so that many checks behind one host do not become an attack on it, and so that
//! a person's "check now" does not queue behind ten thousand others. Invariant: every begun
//! run gives exactly one result to the sink, which waits while the sink is full.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use super::connect::millis;
use super::outcome::code;
use super::schedule::{Counters, Options};
use super::{MAX_RETRIES, ProbeResult, ProbeSpec, Run, Verdict};

/// Places reserved for runs that somebody asked for.
const URGENT_CONCURRENT: usize = 8;

/// What a run may take beyond its spec's timeout before it is given up on. A prober keeps
/// its own deadline; this guards against one that does not.
const GRACE: Duration = Duration::from_secs(2);

/// The pause before a bad answer is asked for again: long enough for a dropped packet, and
/// short enough to be the same moment.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// Who may run, and where results go.
pub(super) struct Crew {
    runner: Arc<dyn Run>,
    sink: mpsc::Sender<ProbeResult>,
    planned: Arc<Semaphore>,
    urgent: Arc<Semaphore>,
    per_host: usize,
    hosts: HashMap<String, Arc<Semaphore>>,
    counters: Arc<Counters>,
}

/// One run that has not begun.
pub(super) struct Job {
    pub spec: Arc<ProbeSpec>,
    pub skipped: u32,
    pub lane: Lane,
}

/// Which limit a run counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    Planned,
    Urgent,
}

impl Crew {
    pub fn new(
        runner: Arc<dyn Run>,
        sink: mpsc::Sender<ProbeResult>,
        options: &Options,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            runner,
            sink,
            planned: Arc::new(Semaphore::new(options.max_concurrent.max(1))),
            urgent: Arc::new(Semaphore::new(URGENT_CONCURRENT)),
            per_host: options.max_per_host.max(1),
            hosts: HashMap::new(),
            counters,
        }
    }

    /// Forgets hosts that no check asks any more.
    pub fn keep_hosts(&mut self, specs: impl Iterator<Item = Arc<ProbeSpec>>) {
        let mut kept = HashMap::new();
        for spec in specs {
            let key = spec.host_key();
            let limit = self.hosts.get(&key).map(Arc::clone);
            kept.entry(key).or_insert_with(|| {
                limit.unwrap_or_else(|| Arc::new(Semaphore::new(self.per_host)))
            });
        }
        self.hosts = kept;
    }

    pub fn is_heard(&self) -> bool {
        !self.sink.is_closed()
    }

    pub fn sink(&self) -> &mpsc::Sender<ProbeResult> {
        &self.sink
    }

    /// Ends waiting jobs: those that have not begun return without a result.
    pub fn close(&self) {
        self.planned.close();
        self.urgent.close();
        for host in self.hosts.values() {
            host.close();
        }
    }

    /// The whole run: wait for a place, probe, hand over the result.
    pub fn work(&self, job: Job) -> impl Future<Output = ()> + Send + 'static + use<> {
        let host = match job.lane {
            Lane::Planned => self.hosts.get(&job.spec.host_key()).map(Arc::clone),
            Lane::Urgent => None,
        };
        let places = match job.lane {
            Lane::Planned => Arc::clone(&self.planned),
            Lane::Urgent => Arc::clone(&self.urgent),
        };
        let runner = Arc::clone(&self.runner);
        let sink = self.sink.clone();
        let counters = Arc::clone(&self.counters);
        async move {
            // The host's place comes first: a crowd at one host must not hold global places.
            let _at_host = match host {
                Some(host) => match host.acquire_owned().await {
                    Ok(place) => Some(place),
                    Err(_) => return,
                },
                None => None,
            };
            let Ok(_place) = places.acquire_owned().await else {
                return;
            };
            let running = Running::begin(counters);
            let spec = Arc::clone(&job.spec);
            let limit = spec.timeout() + GRACE;
            let mut again = spec.retry.min(MAX_RETRIES);
            let mut result = loop {
                let result =
                    match timeout(limit, Arc::clone(&runner).begin(Arc::clone(&spec))).await {
                        Ok(result) => result,
                        Err(_) => ProbeResult::unknown(
                            &spec.check,
                            code::CANCELLED,
                            format!("The run was given up after {}.", millis(limit)),
                        ),
                    };
                if again == 0 || result.verdict != Verdict::Failing {
                    break result;
                }
                again -= 1;
                sleep(RETRY_AFTER).await;
            };
            let asked = spec.retry.min(MAX_RETRIES) - again;
            if asked > 0 {
                let times = asked + 1;
                result
                    .extra
                    .remarks
                    .push(format!("It was asked {times} times in this round."));
            }
            drop(running);
            result.skipped = job.skipped;
            // The place is held while the sink is full, so results cannot pile up.
            let _ = sink.send(result).await;
        }
    }
}

/// Counts a run from its beginning to its end, however it ends.
struct Running(Arc<Counters>);

impl Running {
    fn begin(counters: Arc<Counters>) -> Self {
        counters.running.fetch_add(1, Ordering::Relaxed);
        Self(counters)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
        self.0.finished.fetch_add(1, Ordering::Relaxed);
    }
}
