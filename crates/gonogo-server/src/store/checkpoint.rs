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

/// Pages not folded yet (of 4 KiB) that wake the thread.
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

    pub(super) fn bell(&self) -> Bell {
        Bell {
            signal: Arc::clone(&self.signal),
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
    commits: u32,
}

impl Bell {
    pub(super) fn ring(&self) {
        self.signal.send(Wanted::Fold);
    }

    pub(super) fn after_commit(&mut self, conn: &Connection) {
        self.commits += 1;
        if self.commits < LOOK_EVERY {
            return;
        }
        self.commits = 0;
        let folded = match log_size(conn) {
            Ok((log, _)) if log >= HARD_PAGES => passive(conn).map(drop),
            Ok((log, done)) if log - done >= SOFT_PAGES => {
                self.ring();
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = folded {
            tracing::warn!(%error, "the write-ahead log was not folded");
        }
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

/// Folds everything and empties the log; nobody else may have the file open.
pub(super) fn fold(path: &Path) -> Result<(), StoreError> {
    let conn = Connection::open(path)?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
