//! Reading the outbox: gauges, timelines and pages.
//!
//! Invariant: nothing here changes a row.

use rusqlite::{Connection, Row, params};

use super::{OUTBOX_OPEN_MAX, OutboxState, Store, StoreError};

/// An effect as it stands in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Grows in the order of the decisions; pages list with it.
    pub rank: i64,
    /// Idempotency key.
    pub effect_id: String,
    /// The step that decided it.
    pub step_no: i64,
    /// Notify, publish, confirm.
    pub kind: String,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// Opaque to the store.
    pub body: Vec<u8>,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was claimed, this claim included.
    pub attempts: u32,
    /// When it is due; the end of the lease while it is being sent.
    pub next_at_ms: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// What the other side answered to the delivery.
    pub receipt: Option<String>,
    /// The time of the step.
    pub created_at_ms: i64,
    /// When it came to its end.
    pub done_at_ms: Option<i64>,
}

/// How many effects are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Waiting.
    pub pending: u64,
    /// Being sent.
    pub sending: u64,
    /// Handed over.
    pub delivered: u64,
    /// Given up.
    pub failed: u64,
    /// No longer wanted.
    pub cancelled: u64,
}

impl OutboxCounts {
    /// Whether more is open than [`OUTBOX_OPEN_MAX`]: to be shown and paged.
    #[must_use]
    pub fn over_limit(&self) -> bool {
        self.pending + self.sending > OUTBOX_OPEN_MAX
    }
}

/// Which effects a page lists; newest first.
#[derive(Clone, Debug, Default)]
pub struct OutboxFilter {
    /// Only in this state.
    pub state: Option<OutboxState>,
    /// Only of this incident.
    pub incident: Option<String>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only before this rank, to page on.
    pub before_rank: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

pub(super) const COLUMNS: &str =
    "id, effect_id, step_no, kind, incident, body, state, attempts, next_at_ms,
  last_error, receipt, created_at_ms, done_at_ms";

impl Store {
    /// When the next effect is due or a lease runs out, so that the sender can sleep.
    pub fn outbox_next_due(&self) -> Result<Option<i64>, StoreError> {
        self.inner.readers.with(|conn| {
            let sql = "SELECT min(next_at_ms) FROM outbox WHERE state IN ('pending', 'sending')";
            Ok(conn.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
        })
    }

    /// How many effects are in which state.
    pub fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        self.inner.readers.with(|conn| {
            let mut counts = OutboxCounts::default();
            let mut rows =
                conn.prepare_cached("SELECT state, count(*) FROM outbox GROUP BY state")?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let count = match OutboxState::parse(&row.get::<_, String>(0)?)? {
                    OutboxState::Pending => &mut counts.pending,
                    OutboxState::Sending => &mut counts.sending,
                    OutboxState::Delivered => &mut counts.delivered,
                    OutboxState::Failed => &mut counts.failed,
                    OutboxState::Cancelled => &mut counts.cancelled,
                };
                *count = row.get(1)?;
            }
            Ok(counts)
        })
    }

    /// One effect.
    pub fn outbox_item(&self, effect_id: &str) -> Result<Option<OutboxItem>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE effect_id = ?1");
        Ok(self
            .inner
            .readers
            .with(|conn| list(conn, &sql, params![effect_id]))?
            .pop())
    }

    /// An incident's effects in the order they were decided.
    pub fn outbox_for_incident(
        &self,
        incident: &str,
        limit: u32,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE incident = ?1 ORDER BY id LIMIT ?2");
        self.inner
            .readers
            .with(|conn| list(conn, &sql, params![incident, limit]))
    }

    /// Effects for a page, newest first.
    pub fn outbox_list(&self, filter: &OutboxFilter) -> Result<Vec<OutboxItem>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox
             WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR incident = ?2)
               AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR id < ?4)
             ORDER BY id DESC LIMIT ?5"
        );
        let state = filter.state.map(OutboxState::text);
        let (incident, kind) = (&filter.incident, &filter.kind);
        self.inner.readers.with(|conn| {
            list(
                conn,
                &sql,
                params![state, incident, kind, filter.before_rank, filter.limit],
            )
        })
    }
}

/// Runs a query over [`COLUMNS`].
pub(super) fn list(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<OutboxItem>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(item(row)?);
    }
    Ok(items)
}

fn item(row: &Row<'_>) -> Result<OutboxItem, StoreError> {
    Ok(OutboxItem {
        rank: row.get(0)?,
        effect_id: row.get(1)?,
        step_no: row.get(2)?,
        kind: row.get(3)?,
        incident: row.get(4)?,
        body: row.get(5)?,
        state: OutboxState::parse(&row.get::<_, String>(6)?)?,
        attempts: row.get(7)?,
        next_at_ms: row.get(8)?,
        last_error: row.get(9)?,
        receipt: row.get(10)?,
        created_at_ms: row.get(11)?,
        done_at_ms: row.get(12)?,
    })
}
