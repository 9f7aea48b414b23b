//! Housekeeping: what is past its time leaves, in small commits.
//!
//! Invariant: nothing leaves that a replay from the oldest snapshot could ask for.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::dedup::DAY_MS;
use super::ledger::locked;
use super::writer::Urgency;
use super::{Lane, Store, StoreError, Write, snapshot};

/// Rows looked at in one go, so that pruning never holds up appends for long.
const CHUNK: usize = 2_000;
const NS_PER_MS: i64 = 1_000_000;

impl Store {
    /// What a background task does about once an hour: drops inputs, steps, timelines, dedup
    /// keys, raw bodies and their keys, finished effects and sessions that are past their
    /// time. Blocks; small commits.
    pub fn prune(&self, now_ms: i64) -> Result<(), StoreError> {
        self.inner.raw.prune(now_ms)?;
        self.prune_sessions(now_ms).wait()?;
        while self.prune_dedup(now_ms).wait()? > 0 {}
        while self.prune_outbox().wait()? > 0 {}
        while self.prune_forwards().wait()? > 0 {}
        self.settle_dedup()?;
        while self.prune_journal(now_ms).wait()? > 0 {}
        while self.prune_history(now_ms).wait()? > 0 {}
        Ok(())
    }

    /// Deletes keys whose window has passed, a chunk per call. Answers how many are gone; 0
    /// means that there is nothing left to do.
    pub fn prune_dedup(&self, now_ms: i64) -> Write<usize> {
        let ledger = Arc::clone(&self.inner.ledger);
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let today = now_ms.div_euclid(DAY_MS);
            let bucket: Option<i64> = conn
                .prepare_cached(
                    "SELECT id FROM dedup_bucket WHERE day + keep_days < ?1 ORDER BY day LIMIT 1",
                )?
                .query_row([today], |r| r.get(0))
                .optional()?;
            let Some(bucket) = bucket else {
                return Ok(0);
            };
            let keys = conn
                .prepare_cached(
                    "DELETE FROM dedup WHERE bucket = ?1 AND key IN
                       (SELECT key FROM dedup WHERE bucket = ?1 LIMIT ?2)",
                )?
                .execute(params![bucket, CHUNK])?;
            if keys < CHUNK {
                conn.prepare_cached("DELETE FROM dedup_bucket WHERE id = ?1")?
                    .execute([bucket])?;
                locked(&ledger).dedup.drop_bucket(bucket);
            }
            Ok(keys.max(1))
        })
    }

    /// Moves waiting dedup keys to their index, so that their input rows may leave.
    fn settle_dedup(&self) -> Result<(), StoreError> {
        let target = locked(&self.inner.ledger).durable().next_seq - 1;
        loop {
            let ledger = Arc::clone(&self.inner.ledger);
            let settle = move |_: &Connection| {
                let mut ledger = locked(&ledger);
                ledger.dedup.settle();
                Ok(ledger.durable().merged_seq)
            };
            // Each commit moves some.
            if self.inner.writer.call(Urgency::Bulk, settle).wait()? >= target {
                return Ok(());
            }
        }
    }

    /// Deletes inputs and steps older than the declared days, a chunk per call; 0 means done.
    pub fn prune_journal(&self, now_ms: i64) -> Write<usize> {
        let days = i64::from(self.inner.options.journal_keep_days);
        let before_ms = now_ms.saturating_sub(days * DAY_MS);
        let ledger = Arc::clone(&self.inner.ledger);
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let head = locked(&ledger).durable();
            let oldest = snapshot::oldest(conn)?;
            let mut gone = 0;
            for lane in Lane::ALL {
                let applied = head.applied[lane.index()];
                let needed = first_needed(conn, lane, oldest)?.unwrap_or(applied + 1);
                // Keys of later inputs are found through their rows.
                let end = needed.min(head.merged_seq + 1);
                gone += prune_lane(conn, lane, end, before_ms)?;
            }
            gone += conn
                .prepare_cached(
                    "DELETE FROM step WHERE now_ns < ?2 AND no IN
                       (SELECT no FROM step WHERE no < ?1 ORDER BY no LIMIT ?3)",
                )?
                .execute(params![oldest, before_ms.saturating_mul(NS_PER_MS), CHUNK])?;
            Ok(gone)
        })
    }

    /// Deletes timeline rows older than the declared days, a chunk per call; 0 means done.
    pub fn prune_history(&self, now_ms: i64) -> Write<usize> {
        let days = i64::from(self.inner.options.history_keep_days);
        let before_ms = now_ms.saturating_sub(days * DAY_MS);
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let oldest = snapshot::oldest(conn)?;
            Ok(conn
                .prepare_cached(
                    "DELETE FROM history WHERE at_ms < ?1 AND step_no <= ?2 AND rank IN
                       (SELECT rank FROM history ORDER BY rank LIMIT ?3)",
                )?
                .execute(params![before_ms, oldest, CHUNK])?)
        })
    }
}

/// The first input of a lane that a replay from the oldest snapshot reads.
fn first_needed(conn: &Connection, lane: Lane, oldest: i64) -> Result<Option<i64>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT min(first_seq) FROM step WHERE no > ?1 AND lane = ?2")?
        .query_row(params![oldest, lane.index()], |r| r.get(0))?)
}

fn prune_lane(
    conn: &Connection,
    lane: Lane,
    end: i64,
    before_ms: i64,
) -> Result<usize, StoreError> {
    let table = lane.table();
    let gone = conn
        .prepare_cached(&format!(
            "DELETE FROM {table} WHERE received_at_ms < ?2 AND seq IN
               (SELECT seq FROM {table} WHERE seq < ?1 ORDER BY seq LIMIT ?3)"
        ))?
        .execute(params![end, before_ms, CHUNK])?;
    if gone > 0 {
        conn.prepare_cached(
            "DELETE FROM skipped WHERE seq NOT IN
               (SELECT seq FROM input_human UNION ALL SELECT seq FROM input_world)
               AND seq < ?1",
        )?
        .execute([end])?;
    }
    Ok(gone)
}
