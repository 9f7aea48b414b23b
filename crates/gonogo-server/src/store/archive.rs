//! A journal opened for reading only: another process's, a copy or a backup.
//!
//! Backtests fold its steps over a changed package; nothing here takes the lock or writes.
//! Invariant: opening an archive never changes it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::{Input, Lane, StepRow, Store, StoreError, journal, schema, step};

/// A journal that can only be read.
pub struct Archive {
    conn: Connection,
}

impl Archive {
    /// Opens a data directory or a `journal.db`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let file = if path.is_dir() {
            path.join("journal.db")
        } else {
            path.to_owned()
        };
        let conn = schema::open_read_only(&file)?;
        schema::check_version(&conn, &file, schema::JOURNAL)?;
        Ok(Self { conn })
    }

    /// Up to `limit` steps after `no`, in order; the first may be later than 1 because old
    /// steps are pruned.
    pub fn steps_after(&self, no: i64, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        step::read(&self.conn, no, limit)
    }

    /// Inputs as [`Store::read_inputs_range`] gives them.
    pub fn read_inputs_range(
        &self,
        lane: Lane,
        first: i64,
        last: i64,
    ) -> Result<Vec<Input>, StoreError> {
        journal::read(&self.conn, lane, first, last, journal::NO_ROW_LIMIT)
    }

    /// The text of a package that was in force.
    pub fn package(&self, digest: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .conn
            .prepare_cached("SELECT text FROM package WHERE digest = ?1")?
            .query_row([digest], |r| r.get(0))
            .optional()?)
    }
}

impl Store {
    /// Writes a copy of the journal, whole and of one moment, while work goes on. Raw bodies
    /// are not part of it: their keys must be able to go for good. Blocks.
    pub fn backup(&self, file: &Path) -> Result<(), StoreError> {
        if file.exists() {
            return Err(StoreError::Taken(format!(
                "{} is there already",
                file.display()
            )));
        }
        let name = file
            .to_str()
            .ok_or(StoreError::Conflict("the name is not UTF-8".into()))?;
        self.inner
            .readers
            .with(|conn| Ok(conn.execute("VACUUM INTO ?1", [name])?))?;
        let fail = |e: std::io::Error| StoreError::io("write", file, &e);
        std::fs::File::open(file)
            .and_then(|f| f.sync_all())
            .map_err(fail)
    }
}
