//! Which provider events were appended already.
//!
//! A key stands in the row of its input, so neither is ever stored without the other. Its
//! place in the index is random, though, and random places make a commit many times
//! larger; so new keys wait in memory and move to the index in sorted runs, a few with
//! each commit. After a restart the waiting ones are read from the newest input rows.
//!
//! The index is cut into buckets, one per source and day, so that a day leaves as a whole.
//! A key is found for at least `keep_days` whole days. Invariant: every key of an input up
//! to `merged_seq` is in the index, and every later one is in memory.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Dedup, Lane, StoreError};

/// The longest a key can be kept; lookups cost one search per day.
pub const DEDUP_DAYS_MAX: u16 = 45;
/// Keys that wait in memory before a sorted run begins.
pub const DEDUP_RECENT_MAX: usize = 65_536;
/// A run also begins after so many inputs per key that may wait, or a restart would have
/// to read too many rows that have no key.
const ROWS_PER_KEY: i64 = 4;
/// Keys of a run that move with one commit, at the least.
const MOVE_MIN: usize = 1_024;

pub(super) const DAY_MS: i64 = 86_400_000;

/// A key in its bucket.
type Key = (i64, [u8; 16]);

pub(super) struct Index {
    /// The buckets that exist, newest first per source; read at the next use if unknown.
    buckets: Option<HashMap<String, Vec<Bucket>>>,
    /// Whether the open group made a bucket.
    made_bucket: bool,
    recent: HashMap<Key, i64>,
    /// Keys added to `recent` since the last commit.
    fresh: Vec<Key>,
    run: Run,
    recent_max: usize,
    /// Begin a run at the next chance, however few keys wait.
    wanted: bool,
}

struct Bucket {
    id: i64,
    day: i64,
    keep_days: u16,
}

/// Keys on their way into the index, in its order.
#[derive(Default)]
struct Run {
    sorted: Vec<(Key, i64)>,
    /// How many were moved, in committed groups and with the one that is open.
    moved: usize,
    moving: usize,
    /// Every key up to this input is in the run or in the index.
    last_seq: Option<i64>,
}

impl Index {
    /// Reads back the keys that had not moved to the index yet.
    pub(super) fn load(
        conn: &Connection,
        merged_seq: i64,
        recent_max: usize,
    ) -> Result<Self, StoreError> {
        let mut recent = HashMap::new();
        for lane in Lane::ALL {
            let mut rows = conn.prepare(&format!(
                "SELECT b.id, i.dedup_key, i.seq FROM {} i
                 JOIN dedup_bucket b ON b.id = i.dedup_bucket WHERE i.seq > ?1",
                lane.table()
            ))?;
            let mut rows = rows.query([merged_seq])?;
            while let Some(row) = rows.next()? {
                recent.insert((row.get(0)?, row.get(1)?), row.get(2)?);
            }
        }
        Ok(Self {
            buckets: None,
            made_bucket: false,
            recent,
            fresh: Vec::new(),
            run: Run::default(),
            recent_max,
            wanted: false,
        })
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
        let Some(buckets) = buckets(&mut self.buckets, conn)?.get(&dedup.source) else {
            return Ok(None);
        };
        let mut stored =
            conn.prepare_cached("SELECT seq FROM dedup WHERE bucket = ?1 AND key = ?2")?;
        // No upper end: after the clock went back, the newest bucket may lie in the future.
        for bucket in buckets.iter().take_while(|b| b.day >= oldest) {
            let key = (bucket.id, dedup.key);
            if let Some(seq) = self
                .recent
                .get(&key)
                .copied()
                .or_else(|| self.run.get(&key))
            {
                return Ok(Some(seq));
            }
            let seq = stored
                .query_row(params![key.0, key.1], |r| r.get(0))
                .optional()?;
            if seq.is_some() {
                return Ok(seq);
            }
        }
        Ok(None)
    }

    /// The bucket that a new key belongs to, made at the first use.
    pub(super) fn bucket(
        &mut self,
        conn: &Connection,
        dedup: &Dedup,
        now_ms: i64,
    ) -> Result<i64, StoreError> {
        let day = now_ms.div_euclid(DAY_MS);
        let known = buckets(&mut self.buckets, conn)?;
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
        self.made_bucket = true;
        Ok(id)
    }

    /// The key stands in an input row of the open group.
    pub(super) fn insert(&mut self, bucket: i64, key: [u8; 16], seq: i64) {
        self.recent.insert((bucket, key), seq);
        self.fresh.push((bucket, key));
    }

    /// Where an undo of the next job would go back to.
    pub(super) fn mark(&self) -> usize {
        self.fresh.len()
    }

    pub(super) fn undo_to(&mut self, mark: usize) {
        for key in self.fresh.drain(mark..) {
            self.recent.remove(&key);
        }
        if self.made_bucket {
            self.buckets = None;
        }
    }

    pub(super) fn undo_group(&mut self) {
        self.undo_to(0);
        self.run.moving = self.run.moved;
    }

    /// Moves a few keys of a run with the group, and answers the new `merged_seq` when the
    /// run is through.
    pub(super) fn advance(&mut self, conn: &Connection) -> Result<Option<i64>, StoreError> {
        let Some(last_seq) = self.run.last_seq else {
            return Ok(None);
        };
        let from = self.run.moving;
        let count = MOVE_MIN.max(2 * self.fresh.len());
        let to = self.run.sorted.len().min(from + count);
        let mut insert = conn.prepare_cached(
            "INSERT INTO dedup (bucket, key, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?;
        for ((bucket, key), seq) in &self.run.sorted[from..to] {
            insert.execute(params![bucket, key, seq])?;
        }
        self.run.moving = to;
        Ok((to == self.run.sorted.len()).then_some(last_seq))
    }

    pub(super) fn committed(&mut self, last_seq: i64, merged_seq: i64) {
        self.fresh.clear();
        self.made_bucket = false;
        self.run.moved = self.run.moving;
        if self.run.last_seq == Some(merged_seq) {
            self.run = Run::default();
        }
        let rows = last_seq - merged_seq;
        let many = rows / ROWS_PER_KEY >= i64::try_from(self.recent_max).unwrap_or(i64::MAX);
        let due = many || self.wanted || self.recent.len() >= self.recent_max;
        if self.run.last_seq.is_none() && due {
            self.wanted = false;
            let mut sorted: Vec<(Key, i64)> = self.recent.drain().collect();
            sorted.sort_unstable();
            self.run = Run {
                sorted,
                last_seq: Some(last_seq),
                ..Run::default()
            };
        }
    }

    /// Asks for a run.
    pub(super) fn settle(&mut self) {
        self.wanted = true;
    }

    /// A bucket is gone; its keys must not come back into the index.
    pub(super) fn drop_bucket(&mut self, bucket: i64) {
        self.buckets = None;
        self.recent.retain(|(of, _), _| *of != bucket);
        let from = self.run.moving;
        let mut at = 0;
        self.run.sorted.retain(|((of, _), _)| {
            at += 1;
            at <= from || *of != bucket
        });
    }
}

impl Run {
    fn get(&self, key: &Key) -> Option<i64> {
        let at = self.sorted.binary_search_by(|(k, _)| k.cmp(key)).ok()?;
        Some(self.sorted[at].1)
    }
}

fn buckets<'a>(
    known: &'a mut Option<HashMap<String, Vec<Bucket>>>,
    conn: &Connection,
) -> Result<&'a mut HashMap<String, Vec<Bucket>>, StoreError> {
    if known.is_none() {
        let mut found: HashMap<String, Vec<Bucket>> = HashMap::new();
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
            found.entry(row.get(0)?).or_default().push(bucket);
        }
        *known = Some(found);
    }
    Ok(known.get_or_insert_default())
}
