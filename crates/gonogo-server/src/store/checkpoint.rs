//! Folding the write-ahead log back into the database file, beside the writer.
//!
//! SQLite would do it inside some unlucky commit. A thread with a connection of its own does
//! most of it while commits go on; only when the log still grows past a hard limit does the
//! writer fold the rest itself, because only between its commits can the log start anew.
//! Invariant: folding never changes what is stored, so its failure is only logged.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::StoreError;
use super::space::Space;

/// SQLite's page size unless a file says otherwise.
const PAGE_BYTES: u64 = 4_096;
/// Pages not folded yet that wake the thread.
const SOFT_PAGES: i64 = 4_000;
/// Pages in the log at which the writer folds the rest itself.
const HARD_PAGES: i64 = 16_000;
/// How often the size of the log is looked at, in commits.
const LOOK_EVERY: u32 = 16;

/// Owns the thread.
pub(super) struct Checkpointer {
    signal: Arc<Signal>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Signal {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wanted {
    #[default]
    Nothing,
    Fold,
    Stop,
}

impl Checkpointer {
    pub(super) fn start(path: &Path, keep: impl Send + 'static) -> Result<Self, StoreError> {
        let conn = Connection::open(path)?;
        let signal = Arc::new(Signal::default());
        let heard = Arc::clone(&signal);
        let thread = std::thread::Builder::new()
            .name("journal-fold".into())
            .spawn(move || {
                while heard.next() == Wanted::Fold {
                    if let Err(error) = passive(&conn) {
                        tracing::warn!(%error, "the write-ahead log was not folded");
                    }
                }
                drop((conn, keep));
            })
            .map_err(|e| StoreError::Unavailable(format!("cannot start a thread: {e}")))?;
        Ok(Self {
            signal,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) fn bell(&self, space: Arc<Space>) -> Bell {
        Bell {
            signal: Arc::clone(&self.signal),
            space,
            commits: 0,
        }
    }

    pub(super) fn stop(&self) {
        self.signal.send(Wanted::Stop);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the thread that folds the log panicked");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Signal {
    fn send(&self, wanted: Wanted) {
        let mut now = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != Wanted::Stop {
            *now = wanted;
        }
        self.changed.notify_one();
    }

    fn next(&self) -> Wanted {
        let mut now = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        while *now == Wanted::Nothing {
            now = self
                .changed
                .wait(now)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let wanted = *now;
        if wanted == Wanted::Fold {
            *now = Wanted::Nothing;
        }
        wanted
    }
}

/// The writer's end: wakes the thread when the log has grown.
pub(super) struct Bell {
    signal: Arc<Signal>,
    space: Arc<Space>,
    commits: u32,
}

impl Bell {
    /// Looks at the disk, and now and then at the log.
    pub(super) fn after_commit(&mut self, conn: &Connection) {
        self.commits += 1;
        if self.commits >= LOOK_EVERY || self.space.is_low() {
            self.commits = 0;
            if let Err(error) = self.look_at_log(conn) {
                tracing::warn!(%error, "the write-ahead log was not folded");
            }
        }
        self.space.look();
    }

    /// A full disk: folding the log back makes room in it.
    pub(super) fn after_failure(&mut self) {
        self.signal.send(Wanted::Fold);
        self.space.look();
    }

    fn look_at_log(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let (mut log, mut folded) = log_size(conn)?;
        if log >= HARD_PAGES {
            (log, folded) = passive(conn)?;
        } else if log - folded >= SOFT_PAGES || (self.space.is_low() && log > folded) {
            self.signal.send(Wanted::Fold);
        }
        let unfolded = u64::try_from(log - folded).unwrap_or(0);
        self.space.set_unfolded(unfolded * PAGE_BYTES);
        Ok(())
    }
}

/// Pages in the log, and how many of them are folded.
fn log_size(conn: &Connection) -> Result<(i64, i64), StoreError> {
    checkpoint(conn, "PRAGMA wal_checkpoint(NOOP)")
}

fn passive(conn: &Connection) -> Result<(i64, i64), StoreError> {
    checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn checkpoint(conn: &Connection, sql: &str) -> Result<(i64, i64), StoreError> {
    Ok(conn
        .prepare_cached(sql)?
        .query_row([], |r| Ok((r.get(1)?, r.get(2)?)))?)
}

/// Folds everything and empties the log; nobody else may have the file open. What cannot be
/// folded stays in the log, where the next start finds it.
pub(super) fn fold(path: &Path) {
    let folded = Connection::open(path)
        .and_then(|conn| conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    if let Err(error) = folded {
        tracing::warn!(%error, file = %path.display(), "the write-ahead log was not folded");
    }
}
