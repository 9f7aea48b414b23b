//! Snapshots without a pause: a thread of its own replays what the engine did.
//!
//! It starts from the last snapshot, folds the steps since and saves the result, so the
//! engine never waits for it, and every snapshot is also a rehearsal of recovery.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use gonogo_engine::engine::{ENGINE_VERSION, SNAPSHOT_SCHEMA};

use crate::clock::Clock;
use crate::store::{Snapshot, Store, StoreError};

use super::replay::recover_to;

/// How many steps may have to be replayed before a snapshot is taken.
pub const SNAPSHOT_EVERY_STEPS: i64 = 20_000;
/// How often it is looked whether one is needed.
const LOOK_EVERY: Duration = Duration::from_secs(30);

pub(super) struct Snapshots {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Snapshots {
    pub(super) fn start(store: Store, clock: Arc<Clock>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("snapshots".into()).spawn(move || {
            while !seen.load(Ordering::Acquire) {
                if let Err(error) = take_if_needed(&store, &clock) {
                    tracing::warn!(%error, "no snapshot this time; a restart replays a little more");
                }
                std::thread::park_timeout(LOOK_EVERY);
            }
        });
        Self {
            stop,
            thread: thread.ok(),
        }
    }

    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread {
            thread.thread().unpark();
            // A panic in there was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn take_if_needed(store: &Store, clock: &Clock) -> Result<(), StoreError> {
    let last = store.last_step();
    let taken = store.latest_snapshot()?.map_or(0, |s| s.step_no);
    if last - taken < SNAPSHOT_EVERY_STEPS {
        return Ok(());
    }
    let recovered = recover_to(store, last)?;
    store.save_snapshot(Snapshot {
        step_no: recovered.step_no,
        schema: SNAPSHOT_SCHEMA,
        engine_version: ENGINE_VERSION.into(),
        taken_at_ms: clock.now().as_millis(),
        body: recovered.engine.snapshot(),
    })
}
