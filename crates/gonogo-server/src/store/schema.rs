//! Opening a database file: pragmas and migrations.
//!
//! `synchronous=FULL` is what makes a 2xx mean "on the disk": in WAL mode it fsyncs the log
//! at every commit. Invariant: a migration that has landed is never edited; a file written
//! by a newer program is refused, not guessed at.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How long a connection waits for a lock before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection; more than the store has.
const STATEMENT_CACHE: usize = 128;

/// Pages kept in memory by the writer; the dedup index is read at random places.
const CACHE_KIB: i64 = 32 * 1024;

/// Migrations of `journal.db`, oldest first; the position is the schema version.
pub(super) const JOURNAL: &[&str] = &[
    include_str!("journal.sql"),
    include_str!("links.sql"),
    include_str!("evidence.sql"),
    include_str!("forward.sql"),
];
/// Migrations of `raw.db`.
pub(super) const RAW: &[&str] = &[include_str!("raw.sql")];

/// Opens a file for writing, sets it up and brings its schema up to date.
pub(super) fn open(path: &Path, migrations: &[&str]) -> Result<Connection, StoreError> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "WAL", |r| r.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::Unavailable(format!(
            "{} does not take write-ahead logging (got {mode}); use a local disk",
            path.display()
        )));
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // Keeps the undo log of savepoints off the disk.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Checkpoints run on a thread of their own, see checkpoint.rs.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    migrate(&conn, path, migrations)?;
    Ok(conn)
}

/// Opens a second connection that can only read.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(conn)
}

/// The schema version of a file, which must not be newer than this program.
pub(super) fn check_version(
    conn: &Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<i64, StoreError> {
    let found: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer {
            file: path.display().to_string(),
            found,
            known,
        });
    }
    Ok(found)
}

fn migrate(conn: &Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let found = check_version(conn, path, migrations)?;
    for (version, sql) in (1..).zip(migrations) {
        if version > found {
            // One transaction per version: a crash leaves the old schema or the new one.
            conn.execute_batch(&format!(
                "BEGIN IMMEDIATE; {sql}; PRAGMA user_version = {version}; COMMIT;"
            ))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let conn = open(&path, JOURNAL).unwrap();
        conn.pragma_update(None, "user_version", 99).unwrap();
        drop(conn);
        let error = open(&path, JOURNAL).unwrap_err();
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_commit_is_on_the_disk_before_it_returns() {
        let dir = tempfile::tempdir().unwrap();
        let conn = open(&dir.path().join("journal.db"), JOURNAL).unwrap();
        let value = |name| {
            conn.pragma_query_value(None, name, |r| r.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(value("synchronous"), 2, "FULL");
        assert_eq!(value("foreign_keys"), 1);
    }

    #[test]
    fn a_failed_migration_leaves_the_old_schema() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        drop(open(&path, JOURNAL).unwrap());
        let broken = [
            JOURNAL,
            &["CREATE TABLE extra (x INTEGER); SELECT nonsense FROM nowhere"],
        ]
        .concat();
        assert!(open(&path, &broken).is_err());
        let conn = open(&path, JOURNAL).unwrap();
        let extra: i64 = conn
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'",
                [],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(extra, 0);
    }
}
