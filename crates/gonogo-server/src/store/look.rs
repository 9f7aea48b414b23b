//! A look into a journal that may be another process's: how far it has come.
//!
//! Invariant: it takes no lock that anybody would wait for, and writes nothing.

use std::path::Path;

use gonogo_engine::Time;
use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::{StoreError, schema};

/// How far a journal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The last step of the engine.
    pub step: i64,
    /// How many inputs were ever taken.
    pub inputs: i64,
    /// When the last step was.
    pub last_at: Option<Timestamp>,
}

/// Looks into the journal of a data directory, where there is one.
pub fn look(dir: &Path) -> Result<Option<Look>, StoreError> {
    let path = dir.join("journal.db");
    if !path.exists() {
        return Ok(None);
    }
    let conn = schema::open_read_only(&path)?;
    schema::check_version(&conn, &path, schema::JOURNAL)?;
    let (step, next_seq): (i64, i64) =
        conn.query_row("SELECT step_no, next_seq FROM head", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })?;
    let last_ns: Option<i64> = conn
        .query_row(
            "SELECT now_ns FROM step ORDER BY no DESC LIMIT 1",
            [],
            |r| r.get(0),
        )
        .optional()?;
    Ok(Some(Look {
        step,
        inputs: next_seq - 1,
        last_at: last_ns.map(|ns| Time::from_millis(ns / 1_000_000).timestamp()),
    }))
}
