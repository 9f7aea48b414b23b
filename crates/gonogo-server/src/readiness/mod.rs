//! Readiness of what runs: evidence, the board, the register, how far runbooks can be trusted.
//!
//! Judging a large package takes a while, so it is done once for a package, the records about it
//! and a minute, off the threads that answer. Invariant: what is shown was judged from the
//! package in force and from records bound to it; nothing here decides anything else.

mod board;
mod live;
mod record;
mod since;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gonogo_engine::Time;
use gonogo_model::evidence::Evidence;
use tokio::sync::watch;

pub use board::Board;
pub(crate) use live::ACTOR as OWN_ACTOR;
pub(crate) use record::file;
pub use record::{Given, NotKept};

use crate::site::Site;
use crate::store::{Store, StoreError};
use crate::view::View;
use since::Since;

/// What is known about readiness beyond the package; clones share it.
#[derive(Clone)]
pub struct Readiness {
    inner: Arc<Inner>,
}

struct Inner {
    /// Records that were given, oldest first.
    given: Mutex<Arc<Vec<Evidence>>>,
    /// Grows with every record.
    version: AtomicU64,
    /// Since when what is in force is as it is.
    since: Mutex<Since>,
    /// When somebody outside last heard that we are alive, in milliseconds; 0 for never.
    beat_ms: AtomicI64,
    board: tokio::sync::Mutex<Option<Arc<Board>>>,
}

impl Readiness {
    /// With the records of a store.
    pub fn open(store: &Store) -> Result<Self, StoreError> {
        let given = record::read(&store.evidence()?);
        Ok(Self {
            inner: Arc::new(Inner {
                version: AtomicU64::new(1),
                given: Mutex::new(Arc::new(given)),
                since: Mutex::default(),
                beat_ms: AtomicI64::new(0),
                board: tokio::sync::Mutex::default(),
            }),
        })
    }

    /// Notes that somebody outside heard that we are alive.
    pub fn beaten(&self, at: Time) {
        self.inner.beat_ms.store(at.as_millis(), Ordering::Relaxed);
    }

    /// Keeps note of what changes in the package in force, until `stop` is told.
    pub async fn watch(
        self,
        mut view: watch::Receiver<Arc<View>>,
        mut stop: watch::Receiver<bool>,
    ) {
        while !*stop.borrow() {
            let seen = view.borrow_and_update().clone();
            self.since(&seen);
            tokio::select! {
                changed = view.changed() => if changed.is_err() { return },
                _ = stop.changed() => {}
            }
        }
    }

    /// Every record beyond the package's own: those that were given, and what is known by itself.
    /// Takes a while: not for a thread that answers.
    pub fn known(&self, view: &View, now: Time) -> Vec<Evidence> {
        let mut known = self.given().to_vec();
        let since = self.since(view);
        let beat_ms = self.inner.beat_ms.load(Ordering::Relaxed);
        let beat = (beat_ms > 0).then(|| Time::from_millis(beat_ms));
        known.extend(live::records(view, &since, beat, now));
        known
    }

    /// The board as of this minute.
    pub async fn board(&self, site: &Site) -> Result<Arc<Board>, StoreError> {
        // One judges, the others wait for what comes of it.
        let mut kept = self.inner.board.lock().await;
        let (view, now) = (site.view(), site.clock.now());
        let key = board::Key::of(&view, self.inner.version.load(Ordering::Acquire), now);
        if let Some(board) = kept.as_ref().filter(|board| board.key == key) {
            return Ok(Arc::clone(board));
        }
        let this = self.clone();
        let judged = tokio::task::spawn_blocking(move || {
            let known = this.known(&view, now);
            Board::judge(key, &view, &known, now)
        });
        let board = judged
            .await
            .map_err(|e| StoreError::Unavailable(format!("judging did not finish: {e}")))?;
        let board = Arc::new(board);
        *kept = Some(Arc::clone(&board));
        Ok(board)
    }

    fn given(&self) -> Arc<Vec<Evidence>> {
        let given = self.inner.given.lock();
        Arc::clone(&given.unwrap_or_else(PoisonError::into_inner))
    }

    fn since(&self, view: &View) -> Since {
        let since = self.inner.since.lock();
        let mut since = since.unwrap_or_else(PoisonError::into_inner);
        since.see(&view.plan, view.at);
        since.clone()
    }
}
