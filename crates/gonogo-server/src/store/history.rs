//! Timelines: what happened, in the order it was decided.
//!
//! Invariant: a line belongs to a committed step and never changes.

use rusqlite::{Connection, params};

use super::{Step, Store, StoreError};

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Unique; a second row with the same id is dropped.
    pub id: String,
    /// The incident, if it belongs to one.
    pub incident: Option<String>,
    /// When it happened.
    pub at_ms: i64,
    /// What kind of line it is.
    pub kind: String,
    /// Who did it: a person's id or a part of gonogo.
    pub actor: String,
    /// For people.
    pub text: String,
    /// For programs: JSON.
    pub json: String,
}

impl Store {
    /// An incident's timeline, oldest first, with the rank to go on after.
    pub fn history(
        &self,
        incident: &str,
        after_rank: i64,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryRow)>, StoreError> {
        let sql = "SELECT rank, id, incident, at_ms, kind, actor, text, json FROM history
                   WHERE incident = ?1 AND rank > ?2 ORDER BY rank LIMIT ?3";
        self.inner
            .readers
            .with(|conn| history(conn, sql, params![incident, after_rank, limit]))
    }

    /// The newest lines of an incident's timeline before a rank, newest first.
    pub fn history_before(
        &self,
        incident: &str,
        before_rank: i64,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryRow)>, StoreError> {
        let sql = "SELECT rank, id, incident, at_ms, kind, actor, text, json FROM history
                   WHERE incident = ?1 AND rank < ?2 ORDER BY rank DESC LIMIT ?3";
        self.inner
            .readers
            .with(|conn| history(conn, sql, params![incident, before_rank, limit]))
    }

    /// What happened lately over all incidents, newest first.
    pub fn recent_history(&self, limit: u32) -> Result<Vec<(i64, HistoryRow)>, StoreError> {
        let sql = "SELECT rank, id, incident, at_ms, kind, actor, text, json FROM history
                   ORDER BY rank DESC LIMIT ?1";
        self.inner
            .readers
            .with(|conn| history(conn, sql, params![limit]))
    }
}

/// The history part of a step.
pub(super) fn insert(conn: &Connection, step: &Step) -> Result<(), StoreError> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO history (id, step_no, incident, at_ms, kind, actor, text, json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
    )?;
    for row in &step.history {
        insert.execute(params![
            row.id,
            step.no,
            row.incident,
            row.at_ms,
            row.kind,
            row.actor,
            row.text,
            row.json
        ])?;
    }
    Ok(())
}

fn history(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<(i64, HistoryRow)>, StoreError> {
    let mut rows = conn.prepare_cached(sql)?;
    let rows = rows.query_map(params, |r| {
        let row = HistoryRow {
            id: r.get(1)?,
            incident: r.get(2)?,
            at_ms: r.get(3)?,
            kind: r.get(4)?,
            actor: r.get(5)?,
            text: r.get(6)?,
            json: r.get(7)?,
        };
        Ok((r.get(0)?, row))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
