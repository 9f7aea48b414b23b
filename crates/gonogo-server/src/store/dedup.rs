//! Which provider events were appended already.
//!
//! Hashes stand in buckets, one per source and day, so that a day leaves as a whole when no
//! retry can come any more and a lookup touches only days that exist. A key is found for at
//! least `keep_days` whole days after it came in. Invariant: a key is stored in the same
//! transaction as its input, so neither exists without the other.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Urgency;
use super::{Dedup, StoreError, Write};

/// The longest a key can be kept; lookups cost one search per day.
pub const DEDUP_DAYS_MAX: u16 = 45;
/// Keys deleted in one go, so that pruning a busy day does not hold up appends.
const PRUNE_CHUNK: usize = 5_000;

pub(super) const DAY_MS: i64 = 86_400_000;

/// The buckets that exist, newest first per source.
#[derive(Default)]
pub(super) struct Buckets {
    known: Option<HashMap<String, Vec<Bucket>>>,
}

struct Bucket {
    id: i64,
    day: i64,
    keep_days: u16,
}

impl Buckets {
    /// What is known may have been rolled back: read it anew at the next use.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// The input that was appended under this key.
    pub(super) fn find(
        &mut self,
        conn: &Connection,
        dedup: &Dedup,
        now_ms: i64,
    ) -> Result<Option<i64>, StoreError> {
        if dedup.keep_days > DEDUP_DAYS_MAX {
            return Err(StoreError::TooLarge {
                what: "dedup window in days",
                size: dedup.keep_days.into(),
                max: DEDUP_DAYS_MAX.into(),
            });
        }
        let oldest = now_ms.div_euclid(DAY_MS) - i64::from(dedup.keep_days);
        let known = self.load(conn)?;
        let Some(buckets) = known.get(&dedup.source) else {
            return Ok(None);
        };
        let mut find =
            conn.prepare_cached("SELECT seq FROM dedup WHERE bucket = ?1 AND key = ?2")?;
        // No upper end: after the clock went back, the newest bucket may lie in the future.
        for bucket in buckets.iter().take_while(|b| b.day >= oldest) {
            let seq = find
                .query_row(params![bucket.id, dedup.key], |r| r.get(0))
                .optional()?;
            if seq.is_some() {
                return Ok(seq);
            }
        }
        Ok(None)
    }

    pub(super) fn insert(
        &mut self,
        conn: &Connection,
        dedup: &Dedup,
        now_ms: i64,
        seq: i64,
    ) -> Result<(), StoreError> {
        let day = now_ms.div_euclid(DAY_MS);
        let bucket = self.bucket(conn, dedup, day)?;
        conn.prepare_cached("INSERT INTO dedup (bucket, key, seq) VALUES (?1, ?2, ?3)")?
            .execute(params![bucket, dedup.key, seq])?;
        Ok(())
    }

    fn bucket(&mut self, conn: &Connection, dedup: &Dedup, day: i64) -> Result<i64, StoreError> {
        let known = self.load(conn)?;
        let found = known.get(&dedup.source).and_then(|of| {
            of.iter()
                .find(|b| b.day == day && b.keep_days >= dedup.keep_days)
        });
        if let Some(bucket) = found {
            return Ok(bucket.id);
        }
        let id = conn
            .prepare_cached(
                "INSERT INTO dedup_bucket (source, day, keep_days) VALUES (?1, ?2, ?3)
                 ON CONFLICT (source, day) DO UPDATE
                   SET keep_days = max(keep_days, excluded.keep_days)
                 RETURNING id",
            )?
            .query_row(params![dedup.source, day, dedup.keep_days], |r| r.get(0))?;
        let of_source = known.entry(dedup.source.clone()).or_default();
        of_source.retain(|b| b.id != id);
        of_source.push(Bucket {
            id,
            day,
            keep_days: dedup.keep_days,
        });
        of_source.sort_by_key(|b| std::cmp::Reverse(b.day));
        Ok(id)
    }

    fn load(&mut self, conn: &Connection) -> Result<&mut HashMap<String, Vec<Bucket>>, StoreError> {
        if self.known.is_none() {
            let mut known: HashMap<String, Vec<Bucket>> = HashMap::new();
            let mut rows = conn.prepare_cached(
                "SELECT source, id, day, keep_days FROM dedup_bucket ORDER BY day DESC",
            )?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let bucket = Bucket {
                    id: row.get(1)?,
                    day: row.get(2)?,
                    keep_days: row.get(3)?,
                };
                known.entry(row.get(0)?).or_default().push(bucket);
            }
            self.known = Some(known);
        }
        Ok(self.known.get_or_insert_default())
    }
}

impl super::Store {
    /// Deletes keys whose window has passed, a chunk per call. Answers how many are gone; 0
    /// means that there is nothing left to do.
    pub fn prune_dedup(&self, now_ms: i64) -> Write<usize> {
        let ledger = std::sync::Arc::clone(&self.inner.ledger);
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let pruned = prune_chunk(conn, now_ms.div_euclid(DAY_MS))?;
            if pruned > 0 {
                super::ledger::locked(&ledger).buckets.forget();
            }
            Ok(pruned)
        })
    }
}

fn prune_chunk(conn: &Connection, today: i64) -> Result<usize, StoreError> {
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
        .execute(params![bucket, PRUNE_CHUNK])?;
    if keys < PRUNE_CHUNK {
        conn.prepare_cached("DELETE FROM dedup_bucket WHERE id = ?1")?
            .execute([bucket])?;
    }
    Ok(keys.max(1))
}
