//! Who did what.
//!
//! Invariant: an audit row is never changed or deleted; the database itself refuses.

use rusqlite::{Row, params};

use super::users::all;
use super::writer::Urgency;
use super::{Store, StoreError, Write};

/// Something done by somebody, to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// When.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// More, as JSON, without secrets.
    pub json: String,
}

/// Something done by somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Grows in the order of recording.
    pub id: i64,
    /// What was recorded.
    pub what: NewAudit,
}

/// Which audit rows a page lists; newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only before this id, to page on.
    pub before_id: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Records what somebody did and answers its id.
    pub fn add_audit(&self, row: NewAudit) -> Write<i64> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached(
                "INSERT INTO audit (at_ms, actor, action, target, json)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                row.at_ms, row.actor, row.action, row.target, row.json
            ])?;
            Ok(conn.last_insert_rowid())
        })
    }

    /// Audit rows for a page, newest first.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let sql = "SELECT id, at_ms, actor, action, target, json FROM audit
                   WHERE (?1 IS NULL OR actor = ?1) AND (?2 IS NULL OR action = ?2)
                     AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4";
        let AuditFilter {
            actor,
            action,
            before_id,
            limit,
        } = filter;
        self.inner.readers.with(|conn| {
            all(
                conn,
                sql,
                params![actor, action, before_id, limit],
                read_audit,
            )
        })
    }
}

fn read_audit(r: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let what = NewAudit {
        at_ms: r.get(1)?,
        actor: r.get(2)?,
        action: r.get(3)?,
        target: r.get(4)?,
        json: r.get(5)?,
    };
    Ok(AuditRow {
        id: r.get(0)?,
        what,
    })
}
