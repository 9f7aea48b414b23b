//! Reading the log of deliveries: pages, filters, ranges.
//!
//! Invariant: a page reads no more rows than it shows, however long the log is.

use rusqlite::{Row, params};

use super::{ForwardAttempt, Store, StoreError};

/// Deliveries that one replay may queue.
pub const REPLAY_MAX: u32 = 10_000;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardState {
    /// It waits to be acknowledged.
    Pending,
    /// The endpoint acknowledged it.
    Delivered,
    /// It was given up.
    Dead,
    /// It was never sent, because too many waited.
    Kept,
}

impl ForwardState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Dead, Self::Kept];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Kept => "kept",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// A delivery in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardRow {
    /// Its row; grows in the order in which deliveries came.
    pub id: i64,
    /// The id that every attempt carries.
    pub delivery: String,
    /// The source.
    pub source: String,
    /// What it is.
    pub kind: String,
    /// The input that it made.
    pub seq: Option<i64>,
    /// Its ordering key.
    pub ordering: Option<String>,
    /// When it was received.
    pub received_at_ms: i64,
    /// Where it stands.
    pub state: ForwardState,
    /// Attempts since it was last queued.
    pub attempts: u32,
    /// When it is tried next, while it waits.
    pub next_at_ms: i64,
    /// What was answered last.
    pub status: Option<u16>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it left the queue.
    pub done_at_ms: Option<i64>,
    /// Whether a later one of its key got through before it.
    pub overtaken: bool,
}

/// Which deliveries a page lists; newest first.
#[derive(Clone, Debug, Default)]
pub struct ForwardFilter {
    /// Of this source.
    pub source: String,
    /// Only in this state.
    pub state: Option<ForwardState>,
    /// Only before this row, to page on.
    pub before_id: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

const COLUMNS: &str = "id, delivery, source, kind, seq, ordering, received_at_ms, state, attempts,
                       next_at_ms, status, error, done_at_ms, overtaken";

impl Store {
    /// Deliveries for a page.
    pub fn forwards(&self, filter: &ForwardFilter) -> Result<Vec<ForwardRow>, StoreError> {
        let before = filter.before_id.unwrap_or(i64::MAX);
        self.inner.readers.with(|conn| match filter.state {
            None => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM forward WHERE source = ?1 AND id < ?2
                     ORDER BY id DESC LIMIT ?3"
                );
                let mut rows = conn.prepare_cached(&sql)?;
                let rows = rows.query_map(params![filter.source, before, filter.limit], row)?;
                Ok(rows.collect::<Result<_, _>>()?)
            }
            Some(state) => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM forward WHERE source = ?1 AND state = ?4 AND id < ?2
                     ORDER BY id DESC LIMIT ?3"
                );
                let mut rows = conn.prepare_cached(&sql)?;
                let rows = rows.query_map(
                    params![filter.source, before, filter.limit, state.word()],
                    row,
                )?;
                Ok(rows.collect::<Result<_, _>>()?)
            }
        })
    }

    /// One delivery, with its attempts.
    pub fn forward(
        &self,
        id: i64,
    ) -> Result<Option<(ForwardRow, Vec<ForwardAttempt>)>, StoreError> {
        self.inner.readers.with(|conn| {
            let sql = format!("SELECT {COLUMNS} FROM forward WHERE id = ?1");
            let found = conn.prepare_cached(&sql)?.query_map([id], row)?.next();
            let Some(found) = found.transpose()? else {
                return Ok(None);
            };
            let mut attempts = conn.prepare_cached(
                "SELECT no, at_ms, took_ms, status, error FROM forward_attempt
                 WHERE forward = ?1 ORDER BY at_ms, no",
            )?;
            let attempts = attempts.query_map([id], |r| {
                Ok(ForwardAttempt {
                    no: r.get(0)?,
                    at_ms: r.get(1)?,
                    took_ms: r.get(2)?,
                    status: r.get(3)?,
                    error: r.get(4)?,
                })
            })?;
            Ok(Some((found, attempts.collect::<Result<_, _>>()?)))
        })
    }

    /// The rows of deliveries received in a range and numbered above `after`, oldest first;
    /// optionally only what did not get through. At most [`REPLAY_MAX`].
    pub fn forwards_between(
        &self,
        source: &str,
        (from_ms, to_ms): (i64, i64),
        only_failed: bool,
        after: i64,
    ) -> Result<Vec<i64>, StoreError> {
        self.inner.readers.with(|conn| {
            let mut rows = conn.prepare_cached(
                "SELECT id FROM forward
                 WHERE source = ?1 AND received_at_ms >= ?2 AND received_at_ms < ?3
                   AND state <> 'pending' AND (NOT ?4 OR state IN ('dead', 'kept'))
                   AND id > ?5
                 ORDER BY id LIMIT ?6",
            )?;
            let rows = rows.query_map(
                params![source, from_ms, to_ms, only_failed, after, REPLAY_MAX],
                |r| r.get(0),
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// When the oldest delivery of a source that waits was received, and how many wait.
    pub fn forwards_oldest(&self, source: &str) -> Result<(u64, Option<i64>), StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT count(*), min(received_at_ms) FROM forward
                     WHERE source = ?1 AND state = 'pending'",
                )?
                .query_row([source], |r| Ok((r.get(0)?, r.get(1)?)))?)
        })
    }
}

fn row(r: &Row<'_>) -> rusqlite::Result<ForwardRow> {
    let state: String = r.get(7)?;
    Ok(ForwardRow {
        id: r.get(0)?,
        delivery: r.get(1)?,
        source: r.get(2)?,
        kind: r.get(3)?,
        seq: r.get(4)?,
        ordering: r.get(5)?,
        received_at_ms: r.get(6)?,
        state: ForwardState::parse(&state).unwrap_or(ForwardState::Dead),
        attempts: r.get(8)?,
        next_at_ms: r.get(9)?,
        status: r.get(10)?,
        error: r.get(11)?,
        done_at_ms: r.get(12)?,
        overtaken: r.get(13)?,
    })
}
