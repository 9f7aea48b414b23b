//! Reading the journal, and taking poison out of it.
//!
//! The driver follows with [`Store::inputs_after`]; a replay reads the ranges that its steps
//! name. An input that made the engine panic is marked as skipped and stays where it is, so
//! that a replay meets it and passes it by in the same place. Invariant: rows come in the
//! order of their sequence numbers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};
use tokio::sync::watch;

use super::ledger::locked;
use super::writer::Urgency;
use super::{Heads, Input, Lane, Store, StoreError, Waiting, Write};

/// A read ends at this many bytes of bodies, though never before its first row.
pub const READ_BYTES_MAX: usize = 16 << 20;
/// A range is bounded by its ends and by [`READ_BYTES_MAX`].
pub(super) const NO_ROW_LIMIT: u32 = u32::MAX;
/// The reason of a skip is cut here; a panic message can be long.
const SKIP_REASON_MAX: usize = 2_000;

impl Lane {
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Human => "input_human",
            Self::World => "input_world",
        }
    }
}

impl Store {
    /// How far each lane and the steps have come; wakes whoever watches at each commit.
    #[must_use]
    pub fn heads(&self) -> watch::Receiver<Heads> {
        self.inner.tail.watch()
    }

    /// For a driver that is a thread: blocks until the heads differ from `seen` or the time
    /// is over, and answers the newest.
    #[must_use]
    pub fn wait_for_heads(&self, seen: Heads, timeout: Duration) -> Heads {
        self.inner.tail.wait(seen, timeout)
    }

    /// Up to `max` inputs of a lane after `seq`, from memory if they are there.
    pub fn inputs_after(
        &self,
        lane: Lane,
        seq: i64,
        max: u32,
    ) -> Result<Vec<Arc<Input>>, StoreError> {
        if let Some(rows) = self.inner.tail.after(lane, seq, max as usize) {
            return Ok(rows);
        }
        let rows = self
            .inner
            .readers
            .with(|conn| read(conn, lane, seq + 1, i64::MAX, max))?;
        Ok(rows.into_iter().map(Arc::new).collect())
    }

    /// The inputs of a lane from `first` to `last`, both included, for a replay. It may end
    /// early (see [`READ_BYTES_MAX`]): go on after the last row until `last` is reached.
    pub fn read_inputs_range(
        &self,
        lane: Lane,
        first: i64,
        last: i64,
    ) -> Result<Vec<Input>, StoreError> {
        self.inner
            .readers
            .with(|conn| read(conn, lane, first, last, NO_ROW_LIMIT))
    }

    /// The inputs of a lane that no step covers yet; `max` bounds how many.
    pub fn unapplied(&self, lane: Lane, max: u32) -> Result<Vec<Arc<Input>>, StoreError> {
        self.inputs_after(lane, self.applied(lane), max)
    }

    /// The last input of a lane that a committed step covers.
    #[must_use]
    pub fn applied(&self, lane: Lane) -> i64 {
        locked(&self.inner.ledger).durable().applied[lane.index()]
    }

    /// How much of a lane waits for the engine.
    #[must_use]
    pub fn waiting(&self, lane: Lane) -> Waiting {
        locked(&self.inner.ledger).waiting(lane)
    }

    /// Marks an input as poison: it stays in the journal and is not to be handled.
    pub fn skip(&self, seq: i64, reason: &str, at_ms: i64) -> Write<()> {
        let reason: String = reason.chars().take(SKIP_REASON_MAX).collect();
        let ledger = Arc::clone(&self.inner.ledger);
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let exists: bool = conn
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM input_world WHERE seq = ?1)
                         OR EXISTS (SELECT 1 FROM input_human WHERE seq = ?1)",
                )?
                .query_row([seq], |r| r.get(0))?;
            if !exists {
                return Err(StoreError::NotFound("input"));
            }
            conn.prepare_cached(
                "INSERT INTO skipped (seq, reason, at_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (seq) DO NOTHING",
            )?
            .execute(params![seq, reason, at_ms])?;
            locked(&ledger).skipped(seq, reason);
            Ok(())
        })
    }
}

/// Inputs in order, each with its skip.
pub(super) fn read(
    conn: &Connection,
    lane: Lane,
    first: i64,
    last: i64,
    max: u32,
) -> Result<Vec<Input>, StoreError> {
    let table = lane.table();
    let mut rows = conn.prepare_cached(&format!(
        "SELECT i.seq, i.kind, i.received_at_ms, i.schema, i.body, s.reason
         FROM {table} i LEFT JOIN skipped s ON s.seq = i.seq
         WHERE i.seq BETWEEN ?1 AND ?2 ORDER BY i.seq LIMIT ?3"
    ))?;
    let mut rows = rows.query(params![first, last, max])?;
    let mut inputs = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get(4)?;
        bytes += body.len();
        if bytes > READ_BYTES_MAX && !inputs.is_empty() {
            break;
        }
        inputs.push(Input {
            seq: row.get(0)?,
            lane,
            kind: Cow::Owned(row.get(1)?),
            received_at_ms: row.get(2)?,
            schema: row.get(3)?,
            body,
            skipped: row.get(5)?,
        });
    }
    Ok(inputs)
}

/// SQLite's own check, and the promises that no constraint can hold.
pub(super) fn integrity(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut found = sqlite_check(conn, "journal.db")?;
    let mut expect_none = |what: &str, sql: &str| -> Result<(), StoreError> {
        let count: i64 = conn.query_row(sql, [], |r| r.get(0))?;
        if count != 0 {
            found.push(format!("journal.db: {count} {what}"));
        }
        Ok(())
    };
    expect_none(
        "numbers used by both lanes",
        "SELECT count(*) FROM input_human h JOIN input_world w ON w.seq = h.seq",
    )?;
    expect_none(
        "inputs at or past the head",
        "SELECT (SELECT count(*) FROM input_human, head WHERE seq >= next_seq)
              + (SELECT count(*) FROM input_world, head WHERE seq >= next_seq)",
    )?;
    expect_none(
        "steps missing between the first and the last",
        "SELECT coalesce(max(no) - min(no) + 1 - count(*), 0) FROM step",
    )?;
    expect_none(
        "effects of steps that were never committed",
        "SELECT count(*) FROM outbox, head WHERE outbox.step_no > head.step_no",
    )?;
    Ok(found)
}

pub(super) fn sqlite_check(conn: &Connection, file: &str) -> Result<Vec<String>, StoreError> {
    let mut rows = conn.prepare("PRAGMA integrity_check")?;
    let rows = rows.query_map([], |r| r.get::<_, String>(0))?;
    let mut found = Vec::new();
    for line in rows {
        let line = line?;
        if line != "ok" {
            found.push(format!("{file}: {line}"));
        }
    }
    Ok(found)
}
