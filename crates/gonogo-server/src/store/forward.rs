//! Deliveries on their way to a team's own endpoint.
//!
//! The body is sealed and durable first; then the input, its dedup key and the place in the
//! queue are one commit, and only then the provider gets its 2xx. A process that dies leaves the
//! queue as it was, so that every delivery is sent at least once under one id. Invariant: a
//! delivery leaves the queue only with a fate in its row.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::append::append;
use super::ledger::locked;
use super::writer::Urgency;
use super::{AppendBatch, Appended, RawBody, RawPlain, Store, StoreError, Write};

/// Finished deliveries that the log keeps.
pub const FORWARD_LOG_MAX: u64 = 200_000;
/// How many finished ones are forgotten at once.
const PRUNE_CHUNK: u64 = 1_000;
/// Texts are cut here.
const TEXT_MAX: usize = 500;

/// A delivery to be sent on.
#[derive(Clone, Debug)]
pub struct NewForward {
    /// The id that every attempt carries.
    pub delivery: String,
    /// The source.
    pub source: String,
    /// What it is, for people: the type of its event.
    pub kind: String,
    /// What has the same key is sent in order.
    pub ordering: Option<String>,
    /// When it was received.
    pub received_at_ms: i64,
    /// Headers and body as they came.
    pub raw: RawBody,
    /// Whether it waits to be sent; if not it only stands in the log.
    pub queued: bool,
}

/// A delivery that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedForward {
    /// Its place in the queue.
    pub rank: i64,
    /// Its row.
    pub id: i64,
    /// The id that every attempt carries.
    pub delivery: String,
    /// The source.
    pub source: String,
    /// What has the same key is sent in order.
    pub ordering: Option<String>,
    /// When it was received.
    pub received_at_ms: i64,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is due.
    pub next_at_ms: i64,
    /// Whether the totals know already what became of it.
    pub counted: bool,
    /// Where its body is.
    pub raw: i64,
}

/// One attempt to send a delivery on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardAttempt {
    /// Its number, from 1 since it was last queued; in the log from 1 for good.
    pub no: u32,
    /// When it began.
    pub at_ms: i64,
    /// How long it took.
    pub took_ms: i64,
    /// What was answered.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardFate {
    /// The endpoint acknowledged it.
    Delivered {
        /// Within the time in which it counts.
        in_time: bool,
    },
    /// It is tried again.
    Again {
        /// When.
        at_ms: i64,
    },
    /// It is given up and kept in the log.
    Dead,
}

/// Deliveries of a source since counting began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForwardTally {
    /// Received and to be sent on.
    pub received: u64,
    /// Acknowledged in time.
    pub in_time: u64,
    /// Not in time, or given up.
    pub failed: u64,
}

impl Store {
    /// Appends inputs together with the delivery that they came by. `Ok` means that all of it is
    /// fsynced. Where every input is a duplicate the delivery stands in the log already; one that
    /// was given up is queued again, because the provider was asked to repeat it.
    pub async fn append_forwarded(
        &self,
        batch: AppendBatch,
        forward: NewForward,
    ) -> Result<Vec<Appended>, StoreError> {
        let at_ms = forward.received_at_ms;
        let raw = self.inner.raw.put(at_ms, forward.raw.clone()).await?;
        let ledger = Arc::clone(&self.inner.ledger);
        let space = Arc::clone(&self.inner.space);
        let written = self
            .inner
            .writer
            .call(Urgency::Bulk, move |conn| {
                if space.is_low() {
                    return Err(StoreError::LowSpace);
                }
                let mut ledger = locked(&ledger);
                let mut appended = Vec::with_capacity(batch.inputs.len());
                for input in batch.inputs {
                    appended.push(append(conn, &mut ledger, batch.lane, input)?);
                }
                let known = |a: &Appended| matches!(a, Appended::Duplicate { .. });
                if !appended.is_empty() && appended.iter().all(known) {
                    for duplicate in &appended {
                        revive(conn, duplicate.seq(), at_ms)?;
                    }
                    return Ok((appended, false));
                }
                let fresh = appended.iter().find(|a| !known(a));
                add(conn, &forward, raw, fresh.map(|a| a.seq()))?;
                Ok((appended, true))
            })
            .await;
        match written {
            Ok((appended, true)) => Ok(appended),
            Ok((appended, false)) => {
                self.inner.raw.remove(raw).await?;
                Ok(appended)
            }
            Err(error) => {
                // Its key goes with its day if this fails too.
                let _ = self.inner.raw.remove(raw).await;
                Err(error)
            }
        }
    }

    /// What waits and came into the queue after a rank, in order.
    pub fn forwards_queued(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<QueuedForward>, StoreError> {
        self.inner.readers.with(|conn| {
            let mut rows = conn.prepare_cached(
                "SELECT q.rank, f.id, f.delivery, f.source, f.ordering, f.received_at_ms,
                        f.attempts, f.next_at_ms, f.counted, f.raw
                 FROM forward_queue q JOIN forward f ON f.id = q.forward
                 WHERE q.rank > ?1 ORDER BY q.rank LIMIT ?2",
            )?;
            let rows = rows.query_map(params![after, limit], |r| {
                Ok(QueuedForward {
                    rank: r.get(0)?,
                    id: r.get(1)?,
                    delivery: r.get(2)?,
                    source: r.get(3)?,
                    ordering: r.get(4)?,
                    received_at_ms: r.get(5)?,
                    attempts: r.get(6)?,
                    next_at_ms: r.get(7)?,
                    counted: r.get(8)?,
                    raw: r.get(9)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// How many deliveries of a source wait.
    pub fn forwards_waiting(&self, source: &str) -> Result<u64, StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT count(*) FROM forward WHERE source = ?1 AND state = 'pending'",
                )?
                .query_row([source], |r| r.get(0))?)
        })
    }

    /// Headers and body of a delivery as they came.
    pub fn forward_raw(&self, raw: i64) -> Result<RawPlain, StoreError> {
        self.inner.raw.get(raw)
    }

    /// The body of the delivery that made an input.
    pub(super) fn forward_raw_of(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached("SELECT raw FROM forward WHERE seq = ?1")?
                .query_row([seq], |r| r.get(0))
                .optional()?)
        })
    }

    /// Records an attempt and what becomes of the delivery, in one commit with the totals.
    pub fn forward_attempted(
        &self,
        id: i64,
        attempt: ForwardAttempt,
        fate: ForwardFate,
        now_ms: i64,
    ) -> Write<()> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let error = attempt.error.as_deref().map(cut);
            conn.prepare_cached(
                "INSERT INTO forward_attempt (forward, no, at_ms, took_ms, status, error)
                 SELECT ?1, coalesce(max(no), 0) + 1, ?2, ?3, ?4, ?5
                 FROM forward_attempt WHERE forward = ?1",
            )?
            .execute(params![
                id,
                attempt.at_ms,
                attempt.took_ms,
                attempt.status,
                error
            ])?;
            let (state, next_at_ms, done) = match fate {
                ForwardFate::Again { at_ms } => ("pending", at_ms, None),
                ForwardFate::Delivered { .. } => ("delivered", now_ms, Some(now_ms)),
                ForwardFate::Dead => ("dead", now_ms, Some(now_ms)),
            };
            conn.prepare_cached(
                "UPDATE forward SET attempts = ?2, status = ?3, error = ?4, state = ?5,
                        next_at_ms = ?6, done_at_ms = ?7 WHERE id = ?1",
            )?
            .execute(params![
                id,
                attempt.no,
                attempt.status,
                error,
                state,
                next_at_ms,
                done
            ])?;
            if done.is_some() {
                conn.prepare_cached("DELETE FROM forward_queue WHERE forward = ?1")?
                    .execute([id])?;
                let in_time = fate == ForwardFate::Delivered { in_time: true };
                count(conn, id, in_time)?;
            }
            if matches!(fate, ForwardFate::Delivered { .. }) {
                conn.prepare_cached(
                    "UPDATE forward SET overtaken = 1 WHERE overtaken = 0 AND id IN
                       (SELECT f.id FROM forward f, forward me WHERE me.id = ?1
                          AND f.source = me.source AND f.state = 'pending'
                          AND f.ordering = me.ordering AND f.id < me.id)",
                )?
                .execute([id])?;
            }
            Ok(())
        })
    }

    /// Says of deliveries that still wait that they are not acknowledged in time.
    pub fn forwards_late(&self, ids: Vec<i64>) -> Write<()> {
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            ids.iter().try_for_each(|id| count(conn, *id, false))
        })
    }

    /// The totals of a source.
    pub fn forward_tally(&self, source: &str) -> Result<ForwardTally, StoreError> {
        self.inner.readers.with(|conn| {
            let row = conn
                .prepare_cached(
                    "SELECT received, in_time, failed FROM forward_tally WHERE source = ?1",
                )?
                .query_row([source], |r| {
                    Ok(ForwardTally {
                        received: r.get(0)?,
                        in_time: r.get(1)?,
                        failed: r.get(2)?,
                    })
                })
                .optional()?;
            Ok(row.unwrap_or_default())
        })
    }

    /// Nothing of a source is sent to an address any more, because it said so.
    pub fn forward_stop(&self, source: &str, url: &str, reason: &str, at_ms: i64) -> Write<()> {
        let (source, url, reason) = (source.to_owned(), url.to_owned(), cut(reason));
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            conn.prepare_cached(
                "INSERT OR REPLACE INTO forward_stop (source, at_ms, url, reason)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![source, at_ms, url, reason])?;
            Ok(())
        })
    }

    /// It is sent on again.
    pub fn forward_go_on(&self, source: &str) -> Write<usize> {
        let source = source.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            Ok(conn
                .prepare_cached("DELETE FROM forward_stop WHERE source = ?1")?
                .execute([source])?)
        })
    }

    /// Why nothing of a source is sent on, and the address that said so.
    pub fn forward_stopped(&self, source: &str) -> Result<Option<(String, String)>, StoreError> {
        self.inner.readers.with(|conn| {
            Ok(conn
                .prepare_cached("SELECT url, reason FROM forward_stop WHERE source = ?1")?
                .query_row([source], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()?)
        })
    }

    /// Queues deliveries again, those that were received first first. What waits already stays
    /// where it is. Answers how many were queued.
    pub fn forward_again(&self, ids: Vec<i64>, now_ms: i64) -> Write<usize> {
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let mut queued = 0;
            for id in ids {
                queued += queue_again(conn, id, now_ms)?;
            }
            Ok(queued)
        })
    }

    /// Forgets the oldest finished deliveries beyond the limit, a chunk per call; 0 means done.
    pub fn prune_forwards(&self) -> Write<usize> {
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let done: u64 = conn
                .prepare_cached("SELECT count(*) FROM forward WHERE done_at_ms IS NOT NULL")?
                .query_row([], |r| r.get(0))?;
            let excess = done.saturating_sub(FORWARD_LOG_MAX).min(PRUNE_CHUNK);
            if excess == 0 {
                return Ok(0);
            }
            let gone: Vec<i64> = conn
                .prepare_cached(
                    "DELETE FROM forward WHERE id IN (SELECT id FROM forward
                       WHERE done_at_ms IS NOT NULL ORDER BY done_at_ms LIMIT ?1) RETURNING id",
                )?
                .query_map([excess], |r| r.get(0))?
                .collect::<Result<_, _>>()?;
            let mut attempts =
                conn.prepare_cached("DELETE FROM forward_attempt WHERE forward = ?1")?;
            for id in &gone {
                attempts.execute([id])?;
            }
            Ok(gone.len())
        })
    }
}

fn add(conn: &Connection, new: &NewForward, raw: i64, seq: Option<i64>) -> Result<(), StoreError> {
    let state = if new.queued { "pending" } else { "kept" };
    let done = (!new.queued).then_some(new.received_at_ms);
    conn.prepare_cached(
        "INSERT INTO forward (delivery, source, kind, seq, raw, ordering, received_at_ms, state,
                              next_at_ms, done_at_ms, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?9, ?10)",
    )?
    .execute(params![
        new.delivery,
        new.source,
        cut(&new.kind),
        seq,
        raw,
        new.ordering.as_deref().map(cut),
        new.received_at_ms,
        state,
        done,
        done.map(|_| "too many waited; it was not sent on"),
    ])?;
    let id = conn.last_insert_rowid();
    conn.prepare_cached(
        "INSERT INTO forward_tally (source, received, in_time, failed) VALUES (?1, 1, 0, 0)
         ON CONFLICT (source) DO UPDATE SET received = received + 1",
    )?
    .execute([&new.source])?;
    if new.queued {
        conn.prepare_cached("INSERT INTO forward_queue (forward) VALUES (?1)")?
            .execute([id])?;
        Ok(())
    } else {
        count(conn, id, false)
    }
}

/// Counts what became of a delivery, once.
fn count(conn: &Connection, id: i64, in_time: bool) -> Result<(), StoreError> {
    let source: Option<String> = conn
        .prepare_cached(
            "UPDATE forward SET counted = 1 WHERE id = ?1 AND counted = 0 RETURNING source",
        )?
        .query_row([id], |r| r.get(0))
        .optional()?;
    let Some(source) = source else { return Ok(()) };
    let sql = if in_time {
        "UPDATE forward_tally SET in_time = in_time + 1 WHERE source = ?1"
    } else {
        "UPDATE forward_tally SET failed = failed + 1 WHERE source = ?1"
    };
    conn.prepare_cached(sql)?.execute([source])?;
    Ok(())
}

fn revive(conn: &Connection, seq: i64, now_ms: i64) -> Result<(), StoreError> {
    let dead: Option<i64> = conn
        .prepare_cached("SELECT id FROM forward WHERE seq = ?1 AND state IN ('dead', 'kept')")?
        .query_row([seq], |r| r.get(0))
        .optional()?;
    dead.map_or(Ok(()), |id| queue_again(conn, id, now_ms).map(drop))
}

fn queue_again(conn: &Connection, id: i64, now_ms: i64) -> Result<usize, StoreError> {
    let rows = conn
        .prepare_cached(
            "UPDATE forward SET state = 'pending', attempts = 0, next_at_ms = ?2, done_at_ms = NULL,
                    error = NULL, status = NULL WHERE id = ?1 AND state <> 'pending'",
        )?
        .execute(params![id, now_ms])?;
    if rows > 0 {
        conn.prepare_cached("INSERT INTO forward_queue (forward) VALUES (?1)")?
            .execute([id])?;
    }
    Ok(rows)
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}
