//! Requests that were genuine but could not be understood, kept whole until somebody has
//! looked at them.
//!
//! The raw body is sealed and durable before the row that points to it, and both are before
//! the sender's 2xx. A source that goes wrong fills only its own share; what had to leave
//! is counted, never silent. Invariant: kept + replayed and gone + dropped = all that came.

use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Urgency;
use super::{RawBody, RawPlain, Store, StoreError, Write};

/// Dead letters kept per source.
pub const DEAD_LETTERS_PER_SOURCE_MAX: u64 = 1_000;
/// The detail is cut here.
const DETAIL_MAX: usize = 2_000;

/// A request to be put aside.
#[derive(Clone, Debug)]
pub struct NewDeadLetter {
    /// Where it came from.
    pub source: String,
    /// When.
    pub received_at_ms: i64,
    /// A stable code.
    pub reason: String,
    /// For people; without the body's content.
    pub detail: String,
    /// Headers and body as they came.
    pub raw: RawBody,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLettered {
    /// Its id.
    pub id: i64,
    /// Older ones of this source, never replayed, that had to leave for it.
    pub dropped: u64,
}

/// A request put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Grows in the order they came.
    pub id: i64,
    /// Where it came from.
    pub source: String,
    /// When.
    pub received_at_ms: i64,
    /// A stable code.
    pub reason: String,
    /// For people.
    pub detail: String,
    /// When it was replayed.
    pub replayed_at_ms: Option<i64>,
    /// The input that the replay made.
    pub replayed_seq: Option<i64>,
}

/// How many a source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// The source.
    pub source: String,
    /// Kept and not replayed.
    pub open: u64,
    /// Replayed and still kept.
    pub replayed: u64,
    /// Dropped at the limit, ever.
    pub dropped: u64,
}

/// Which dead letters a page lists; newest first.
#[derive(Clone, Debug, Default)]
pub struct DeadLetterFilter {
    /// Only of this source.
    pub source: Option<String>,
    /// Only those not replayed.
    pub only_open: bool,
    /// Only before this id, to page on.
    pub before_id: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

const COLUMNS: &str = "id, source, received_at_ms, reason, detail, replayed_at_ms, replayed_seq";

impl Store {
    /// Puts a request aside. `Ok` means that headers, body and row are fsynced.
    pub async fn add_dead_letter(&self, letter: NewDeadLetter) -> Result<DeadLettered, StoreError> {
        let NewDeadLetter {
            source,
            received_at_ms,
            reason,
            detail,
            raw,
        } = letter;
        let raw = self.inner.raw.put(received_at_ms, raw).await?;
        let max = self.inner.options.dead_letters_per_source_max;
        let detail: String = detail.chars().take(DETAIL_MAX).collect();
        let (id, gone) = self
            .inner
            .writer
            .call(Urgency::Bulk, move |conn| {
                conn.prepare_cached(
                    "INSERT INTO dead_letter (source, received_at_ms, reason, detail, raw)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![source, received_at_ms, reason, detail, raw])?;
                let id = conn.last_insert_rowid();
                Ok((id, make_room(conn, &source, max, received_at_ms)?))
            })
            .await?;
        for raw in gone.iter().filter_map(|g| g.raw) {
            self.inner.raw.remove(raw).await?;
        }
        let dropped = gone.iter().filter(|g| g.open).count() as u64;
        Ok(DeadLettered { id, dropped })
    }

    /// One of them.
    pub fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM dead_letter WHERE id = ?1");
        Ok(self
            .inner
            .readers
            .with(|conn| list(conn, &sql, params![id]))?
            .pop())
    }

    /// Headers and body of one, as they came; [`StoreError::Unreadable`] once the key of
    /// its day is gone.
    pub fn dead_letter_raw(&self, id: i64) -> Result<RawPlain, StoreError> {
        let raw: Option<i64> = self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached("SELECT raw FROM dead_letter WHERE id = ?1")?
                .query_row([id], |r| r.get(0))
                .optional()?)
        })?;
        self.inner
            .raw
            .get(raw.ok_or(StoreError::NotFound("dead letter"))?)
    }

    /// Dead letters for a page, newest first.
    pub fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM dead_letter
             WHERE (?1 IS NULL OR source = ?1) AND (NOT ?2 OR replayed_at_ms IS NULL)
               AND (?3 IS NULL OR id < ?3)
             ORDER BY id DESC LIMIT ?4"
        );
        self.inner.readers.with(|conn| {
            let DeadLetterFilter {
                source,
                only_open,
                before_id,
                limit,
            } = filter;
            list(conn, &sql, params![source, only_open, before_id, limit])
        })
    }

    /// The ids of those of a source that were never replayed, oldest first, after an id.
    pub fn open_dead_letters(
        &self,
        source: &str,
        received: &std::ops::Range<i64>,
        after_id: i64,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        self.inner.readers.with(|conn| {
            let mut rows = conn.prepare_cached(
                "SELECT id FROM dead_letter WHERE source = ?1 AND id > ?2
                   AND replayed_at_ms IS NULL AND received_at_ms >= ?3 AND received_at_ms < ?4
                 ORDER BY id LIMIT ?5",
            )?;
            let (from, to) = (received.start, received.end);
            let ids = rows.query_map(params![source, after_id, from, to, limit], |r| r.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// How many each source has, and how many it lost at the limit.
    pub fn dead_letter_counts(&self) -> Result<Vec<DeadLetterCount>, StoreError> {
        self.inner.readers.with(|conn| {
            let mut rows = conn.prepare_cached(
                "SELECT source, sum(open), sum(replayed), sum(dropped) FROM (
                   SELECT source, replayed_at_ms IS NULL AS open,
                          replayed_at_ms IS NOT NULL AS replayed, 0 AS dropped FROM dead_letter
                   UNION ALL SELECT source, 0, 0, dropped FROM dead_letter_dropped)
                 GROUP BY source ORDER BY source",
            )?;
            let rows = rows.query_map([], |r| {
                let (source, open, replayed, dropped) =
                    (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
                Ok(DeadLetterCount {
                    source,
                    open,
                    replayed,
                    dropped,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Says that one was replayed, and as which input.
    pub fn mark_replayed(&self, id: i64, seq: Option<i64>, at_ms: i64) -> Write<()> {
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let rows = conn
                .prepare_cached(
                    "UPDATE dead_letter SET replayed_at_ms = ?2, replayed_seq = ?3 WHERE id = ?1",
                )?
                .execute(params![id, at_ms, seq])?;
            if rows == 0 {
                return Err(StoreError::NotFound("dead letter"));
            }
            Ok(())
        })
    }
}

/// A row that had to leave.
struct Gone {
    open: bool,
    raw: Option<i64>,
}

/// Replayed ones go first, then the oldest; those are counted.
fn make_room(
    conn: &Connection,
    source: &str,
    max: u64,
    now_ms: i64,
) -> Result<Vec<Gone>, StoreError> {
    let kept: u64 = conn
        .prepare_cached("SELECT count(*) FROM dead_letter WHERE source = ?1")?
        .query_row([source], |r| r.get(0))?;
    let excess = kept.saturating_sub(max);
    if excess == 0 {
        return Ok(Vec::new());
    }
    let gone: Vec<Gone> = conn
        .prepare_cached(
            "DELETE FROM dead_letter WHERE id IN
               (SELECT id FROM dead_letter WHERE source = ?1
                ORDER BY replayed_at_ms IS NULL, id LIMIT ?2)
             RETURNING replayed_at_ms IS NULL, raw",
        )?
        .query_map(params![source, excess], |r| {
            Ok(Gone {
                open: r.get(0)?,
                raw: r.get(1)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let dropped = gone.iter().filter(|g| g.open).count();
    if dropped > 0 {
        conn.prepare_cached(
            "INSERT INTO dead_letter_dropped (source, dropped, last_at_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (source) DO UPDATE
               SET dropped = dropped + excluded.dropped, last_at_ms = excluded.last_at_ms",
        )?
        .execute(params![source, dropped, now_ms])?;
    }
    Ok(gone)
}

fn list(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<DeadLetter>, StoreError> {
    let mut rows = conn.prepare_cached(sql)?;
    let rows = rows.query_map(params, |r| {
        Ok(DeadLetter {
            id: r.get(0)?,
            source: r.get(1)?,
            received_at_ms: r.get(2)?,
            reason: r.get(3)?,
            detail: r.get(4)?,
            replayed_at_ms: r.get(5)?,
            replayed_seq: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
