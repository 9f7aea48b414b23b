//! Reading events of the journal by when they came in.
//!
//! Rows have no index on time, but grow in its order: their begin is searched for by halves.
//! Invariant: the store never looks into a body.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, StoreError};

/// Events read in one go, so that no reader is held for long.
const CHUNK: usize = 5_000;
/// How many inputs are looked through for one event.
const LOOKED_THROUGH: i64 = 100_000;
/// Commits overlap a little, so the search begins so much earlier.
const OVERLAP_MS: i64 = 60_000;

/// An event as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEvent {
    /// Its place.
    pub seq: i64,
    /// When it was stored, by our clock.
    pub received_at_ms: i64,
    /// The input.
    pub body: Vec<u8>,
    /// Why it must not be handled, if it was skipped as poison.
    pub skipped: Option<String>,
}

impl Store {
    /// Events whose body holds a text, the newest of up to [`LOOKED_THROUGH`] inputs: those
    /// about a time of receipt, or the last ones. Blocks.
    pub fn events_holding(
        &self,
        text: &[u8],
        about_ms: Option<i64>,
        max: u32,
    ) -> Result<Vec<FoundEvent>, StoreError> {
        self.inner.readers.with(|conn| {
            let last: i64 = conn
                .prepare_cached("SELECT coalesce(max(seq), 0) FROM input_world")?
                .query_row([], |r| r.get(0))?;
            let (from, until) = match about_ms {
                None => (last - LOOKED_THROUGH, last),
                Some(ms) => {
                    let from = first_since(conn, ms.saturating_sub(OVERLAP_MS))?;
                    let until = first_since(conn, ms.saturating_add(OVERLAP_MS))?;
                    (from, until.min(from + LOOKED_THROUGH))
                }
            };
            let mut rows = conn.prepare_cached(
                "SELECT i.seq, i.received_at_ms, i.body, s.reason
                 FROM input_world i LEFT JOIN skipped s ON s.seq = i.seq
                 WHERE i.seq BETWEEN ?1 AND ?2 AND i.kind = 'event' AND instr(i.body, ?3) > 0
                 ORDER BY i.seq DESC LIMIT ?4",
            )?;
            let rows = rows.query_map(params![from, until, text, max], |r| {
                Ok(FoundEvent {
                    seq: r.get(0)?,
                    received_at_ms: r.get(1)?,
                    body: r.get(2)?,
                    skipped: r.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// When the oldest input that is still in the journal came in. Blocks.
    pub fn journal_begins(&self) -> Result<Option<i64>, StoreError> {
        self.inner.readers.with(|conn| {
            let first = |table: &str| {
                conn.prepare_cached(&format!(
                    "SELECT received_at_ms FROM {table} ORDER BY seq LIMIT 1"
                ))?
                .query_row([], |r| r.get(0))
                .optional()
            };
            let human: Option<i64> = first("input_human")?;
            let world: Option<i64> = first("input_world")?;
            Ok(human.into_iter().chain(world).min())
        })
    }

    /// Shows each event that came in since a time, oldest first, until `take` has enough.
    /// Blocks.
    pub fn each_event_since(
        &self,
        since_ms: i64,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let since_ms = since_ms.saturating_sub(OVERLAP_MS);
        let readers = &self.inner.readers;
        let mut first = readers.with(|conn| first_since(conn, since_ms))?;
        loop {
            let bodies = readers.with(|conn| chunk(conn, first))?;
            let Some((last, _)) = bodies.last() else {
                return Ok(());
            };
            first = last + 1;
            if !bodies.iter().all(|(_, body)| take(body)) {
                return Ok(());
            }
        }
    }
}

fn chunk(conn: &Connection, first: i64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut rows = conn.prepare_cached(
        "SELECT i.seq, i.body FROM input_world i LEFT JOIN skipped s ON s.seq = i.seq
         WHERE i.seq >= ?1 AND i.kind = 'event' AND s.seq IS NULL ORDER BY i.seq LIMIT ?2",
    )?;
    let rows = rows.query_map(params![first, CHUNK], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of the first input of the world that came in at a time or later.
fn first_since(conn: &Connection, since_ms: i64) -> Result<i64, StoreError> {
    let ends = conn
        .prepare_cached("SELECT min(seq), max(seq) FROM input_world")?
        .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let (Some(mut low), Some(mut high)): (Option<i64>, Option<i64>) = ends else {
        return Ok(0);
    };
    let mut at = conn.prepare_cached(
        "SELECT seq, received_at_ms FROM input_world WHERE seq >= ?1 ORDER BY seq LIMIT 1",
    )?;
    while low < high {
        let middle = low + (high - low) / 2;
        let (seq, received_at_ms): (i64, i64) =
            at.query_row(params![middle], |r| Ok((r.get(0)?, r.get(1)?)))?;
        if received_at_ms < since_ms {
            low = seq + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
