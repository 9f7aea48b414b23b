//! The newest inputs in memory, so that the driver need not read them back from the disk.
//!
//! The writer pushes what it committed, in commit order; the driver pulls. If the engine
//! falls behind by more than the limit, the oldest rows leave and the driver reads those
//! from the journal. Appending therefore never waits for the engine.
//!
//! Invariant: every committed input of a lane with a `seq` above `base` is in `rows`.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Input, Lane};

/// Bytes of bodies kept in memory per lane.
pub const TAIL_BYTES_MAX: usize = 32 << 20;
/// What a row costs beside its body.
const ROW_BYTES: usize = 128;

/// The newest committed position of each lane, and the newest step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// Last `seq` of [`Lane::Human`], 0 if there is none.
    pub human: i64,
    /// Last `seq` of [`Lane::World`], 0 if there is none.
    pub world: i64,
    /// Last committed step.
    pub step: i64,
}

impl Heads {
    /// The lane's last `seq`.
    #[must_use]
    pub fn of(&self, lane: Lane) -> i64 {
        match lane {
            Lane::Human => self.human,
            Lane::World => self.world,
        }
    }
}

pub(super) struct Tail {
    lanes: [Mutex<Ring>; 2],
    heads: watch::Sender<Heads>,
    /// The same heads for a driver that is a thread.
    latest: Mutex<Heads>,
    moved: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct Ring {
    rows: VecDeque<Arc<Input>>,
    bytes: usize,
    base: i64,
}

impl Tail {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            lanes: Default::default(),
            heads: watch::Sender::new(Heads::default()),
            latest: Mutex::default(),
            moved: Condvar::new(),
            bytes_max,
        }
    }

    /// Rows up to the heads are in the journal, not here.
    pub(super) fn start_at(&self, heads: Heads) {
        for lane in Lane::ALL {
            *self.ring(lane) = Ring {
                base: heads.of(lane),
                ..Ring::default()
            };
        }
        self.announce(heads);
    }

    pub(super) fn push(&self, input: Arc<Input>) {
        let mut ring = self.ring(input.lane);
        ring.bytes += input.body.len() + ROW_BYTES;
        ring.rows.push_back(input);
        while ring.bytes > self.bytes_max {
            ring.drop_oldest();
        }
    }

    /// The engine is past these; nobody will ask for them again.
    pub(super) fn forget(&self, lane: Lane, applied: i64) {
        let mut ring = self.ring(lane);
        while ring.rows.front().is_some_and(|row| row.seq <= applied) {
            ring.drop_oldest();
        }
    }

    pub(super) fn mark_skipped(&self, seq: i64, reason: &str) {
        for lane in Lane::ALL {
            let mut ring = self.ring(lane);
            if let Ok(at) = ring.rows.binary_search_by_key(&seq, |row| row.seq) {
                let skipped = Some(reason.to_owned());
                ring.rows[at] = Arc::new(Input {
                    skipped,
                    ..Input::clone(&ring.rows[at])
                });
            }
        }
    }

    /// The rows after `seq`, or nothing if some of them are only in the journal.
    pub(super) fn after(&self, lane: Lane, seq: i64, max: usize) -> Option<Vec<Arc<Input>>> {
        let ring = self.ring(lane);
        if seq < ring.base {
            return None;
        }
        let from = ring.rows.partition_point(|row| row.seq <= seq);
        Some(ring.rows.iter().skip(from).take(max).cloned().collect())
    }

    pub(super) fn announce(&self, heads: Heads) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = heads;
        self.moved.notify_all();
        self.heads.send_replace(heads);
    }

    pub(super) fn watch(&self) -> watch::Receiver<Heads> {
        self.heads.subscribe()
    }

    /// Blocks until the heads differ from `seen` or the time is over.
    pub(super) fn wait(&self, seen: Heads, timeout: Duration) -> Heads {
        let until = Instant::now() + timeout;
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        while *latest == seen {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            latest = self
                .moved
                .wait_timeout(latest, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        *latest
    }

    fn ring(&self, lane: Lane) -> MutexGuard<'_, Ring> {
        self.lanes[lane.index()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn drop_oldest(&mut self) {
        if let Some(row) = self.rows.pop_front() {
            self.bytes -= row.body.len() + ROW_BYTES;
            self.base = row.seq;
        }
    }
}
