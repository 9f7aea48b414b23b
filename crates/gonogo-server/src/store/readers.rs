//! A few read-only connections, so that pages and replay never wait for the writer.
//!
//! In WAL mode a reader sees the last commit and blocks nobody. Invariant: no statement of
//! a reader outlives [`Readers::with`], or it would hold the log back from being reused.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::Connection;

use super::{StoreError, schema};

/// Connections that may read at once; further callers wait for one.
const READERS_MAX: usize = 4;

pub(super) struct Readers {
    path: PathBuf,
    pool: Mutex<Pool>,
    returned: Condvar,
}

struct Pool {
    idle: Vec<Connection>,
    open: usize,
    closed: bool,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            pool: Mutex::new(Pool {
                idle: Vec::new(),
                open: 0,
                closed: false,
            }),
            returned: Condvar::new(),
        }
    }

    /// Runs a read. Everything it sees is of one moment only if it opens a transaction.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let lent = Lent {
            readers: self,
            conn: Some(self.take()?),
        };
        lent.conn.as_ref().map_or(Err(StoreError::Closed), read)
    }

    /// Refuses further reads and waits for those that run.
    pub(super) fn close(&self) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.closed = true;
        while pool.open > pool.idle.len() {
            pool = self
                .returned
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
        pool.idle.clear();
        pool.open = 0;
        self.returned.notify_all();
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if pool.closed {
                return Err(StoreError::Closed);
            }
            if let Some(conn) = pool.idle.pop() {
                return Ok(conn);
            }
            if pool.open < READERS_MAX {
                let conn = schema::open_read_only(&self.path)?;
                pool.open += 1;
                return Ok(conn);
            }
            pool = self
                .returned
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Gives the connection back even if the read panics.
struct Lent<'a> {
    readers: &'a Readers,
    conn: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut pool = self
            .readers
            .pool
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pool.idle.extend(self.conn.take());
        self.readers.returned.notify_all();
    }
}
