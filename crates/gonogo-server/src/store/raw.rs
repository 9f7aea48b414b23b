//! Request bodies as they came in, sealed, in a file of their own.
//!
//! They are for people who have to find out what a provider really sent, so they must not
//! slow paging down: bodies of ordinary inputs are written behind the append, and dropped
//! with a count if the disk cannot keep up. Bodies of dead letters are awaited. Invariant:
//! no body reaches the disk in the clear.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::aead::{Aad, Nonce};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::dedup::DAY_MS;
use super::job::{Hooks, Job, Weight};
use super::lock::Lock;
use super::raw_body::{pack, unpack};
use super::raw_keys::{KeyId, RawKeys};
use super::readers::Readers;
use super::space::Space;
use super::writer::{Gather, Urgency, Writer};
use super::{RawBody, RawPlain, RawStats, StoreError, Write, journal, schema};

/// Bytes of sealed bodies kept; further bodies of ordinary inputs are dropped and counted.
/// Those of dead letters are bounded by the number of dead letters.
pub const RAW_BYTES_MAX: u64 = 4 << 30;
/// Bytes of bodies that may wait to be written.
pub const RAW_QUEUE_BYTES_MAX: usize = 64 << 20;
/// How long bodies gather before they are written. In that time a full group's worth comes
/// in at 50,000 bodies a second, so that no queue grows below that.
const GATHER: Duration = Duration::from_millis(10);
/// Rows deleted in one go.
const PRUNE_CHUNK: i64 = 500;

/// A body on its way, with the input it belongs to.
pub(super) struct NewRaw {
    pub seq: Option<i64>,
    pub at_ms: i64,
    pub raw: RawBody,
}

pub(super) struct RawStore {
    shared: Arc<Shared>,
    readers: Readers,
    writer: Writer,
}

struct Shared {
    keys: Mutex<RawKeys>,
    bytes: AtomicU64,
    /// What the open group adds to `bytes`.
    adding: AtomicU64,
    bytes_max: u64,
    space: Arc<Space>,
    queued: AtomicUsize,
    dropped: AtomicU64,
}

impl RawStore {
    pub(super) fn open(
        dir: &Path,
        bytes_max: u64,
        (lock, space): (Arc<Lock>, Arc<Space>),
    ) -> Result<Self, StoreError> {
        let path = dir.join("raw.db");
        let conn = schema::open(&path, schema::RAW)?;
        // Written behind and small: SQLite may fold the log when it likes.
        conn.pragma_update(None, "wal_autocheckpoint", 1_000)?;
        let bytes: u64 = conn.query_row(
            "SELECT coalesce(sum(length(sealed)), 0) FROM raw",
            [],
            |r| r.get(0),
        )?;
        let shared = Arc::new(Shared {
            keys: Mutex::new(RawKeys::open(dir)?),
            bytes: AtomicU64::new(bytes),
            adding: AtomicU64::new(0),
            bytes_max,
            space,
            queued: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        });
        let writer = Writer::start(
            "raw-writer",
            conn,
            Box::new(Counting(Arc::clone(&shared))),
            Gather::For(GATHER),
            lock,
        )?;
        Ok(Self {
            shared,
            readers: Readers::new(&path),
            writer,
        })
    }

    /// Keeps a body if there is room; counts it as dropped if not. Never waits.
    pub(super) fn offer(&self, new: NewRaw) {
        let size = new.raw.body.len();
        let queued = self.shared.queued.fetch_add(size, Ordering::Relaxed);
        let job = Behind {
            shared: Arc::clone(&self.shared),
            new,
            size,
        };
        if queued + size > RAW_QUEUE_BYTES_MAX || self.shared.space.is_low() {
            Box::new(job).answer(Err(StoreError::Full));
        } else if let Err(job) = self.writer.offer(Box::new(job)) {
            job.answer(Err(StoreError::Full));
        }
    }

    /// Keeps a body durably and answers its id.
    pub(super) fn put(&self, at_ms: i64, raw: RawBody) -> Write<i64> {
        let shared = Arc::clone(&self.shared);
        let new = NewRaw {
            seq: None,
            at_ms,
            raw,
        };
        self.writer
            .call(Urgency::Urgent, move |conn| match shared.space.is_low() {
                true => Err(StoreError::LowSpace),
                false => shared.put(conn, &new),
            })
    }

    pub(super) fn get(&self, id: i64) -> Result<RawPlain, StoreError> {
        let row = self.readers.with(|conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT source, day, keep_days, nonce, sealed FROM raw WHERE id = ?1",
                )?
                .query_row([id], |r| {
                    let key = KeyId {
                        day: r.get(1)?,
                        keep_days: r.get(2)?,
                    };
                    Ok((r.get(0)?, key, r.get(3)?, r.get(4)?))
                })
                .optional()?)
        })?;
        // Rows and key leave together; a reader that comes later finds neither.
        let (source, id, nonce, sealed): (String, KeyId, Vec<u8>, Vec<u8>) =
            row.ok_or(StoreError::Unreadable)?;
        let key = self.shared.keys().get(id).ok_or(StoreError::Unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(&nonce).map_err(|_| StoreError::Unreadable)?;
        let mut plain = sealed;
        let opened = key
            .open_in_place(nonce, Aad::from(source.as_bytes()), &mut plain)
            .map_err(|_| StoreError::Unreadable)?;
        unpack(&source, opened).ok_or(StoreError::Unreadable)
    }

    pub(super) fn id_of_input(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        self.readers.with(|conn| {
            Ok(conn
                .prepare_cached("SELECT id FROM raw WHERE seq = ?1")?
                .query_row([seq], |r| r.get(0))
                .optional()?)
        })
    }

    pub(super) fn stats(&self) -> RawStats {
        let shared = &self.shared;
        RawStats {
            bytes: shared.bytes.load(Ordering::Relaxed),
            dropped: shared.dropped.load(Ordering::Relaxed),
        }
    }

    /// Deletes the keys whose time is over, then the rows they leave unreadable.
    pub(super) fn prune(&self, now_ms: i64) -> Result<(), StoreError> {
        let today = now_ms.div_euclid(DAY_MS);
        self.shared.keys().expire(today)?;
        loop {
            let gone = self.delete(
                "DELETE FROM raw WHERE id IN
                   (SELECT id FROM raw WHERE day + keep_days < ?1 LIMIT ?2)
                 RETURNING length(sealed)",
                [today, PRUNE_CHUNK],
            );
            if gone.wait()? == 0 {
                return Ok(());
            }
        }
    }

    /// Deletes one body.
    pub(super) fn remove(&self, id: i64) -> Write<usize> {
        self.delete(
            "DELETE FROM raw WHERE id = ?1 RETURNING length(sealed)",
            [id],
        )
    }

    fn delete<const N: usize>(&self, sql: &'static str, params: [i64; N]) -> Write<usize> {
        let shared = Arc::clone(&self.shared);
        self.writer.call(Urgency::Bulk, move |conn| {
            let sizes: Vec<u64> = conn
                .prepare_cached(sql)?
                .query_map(params_from_iter(params), |r| r.get(0))?
                .collect::<Result<_, _>>()?;
            let size = sizes.iter().sum::<u64>();
            // Rolled back deletions would only make the count too small until a restart.
            let _ = shared
                .bytes
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bytes| {
                    Some(bytes.saturating_sub(size))
                });
            Ok(sizes.len())
        })
    }

    pub(super) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        self.readers
            .with(|conn| journal::sqlite_check(conn, "raw.db"))
    }

    pub(super) fn close(&self) {
        self.writer.stop();
        self.readers.close();
    }
}

impl Shared {
    fn keys(&self) -> MutexGuard<'_, RawKeys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, conn: &Connection, new: &NewRaw) -> Result<i64, StoreError> {
        let NewRaw { seq, at_ms, raw } = new;
        let id = KeyId {
            day: at_ms.div_euclid(DAY_MS),
            keep_days: raw.keep_days,
        };
        let key = self.keys().get_or_make(id)?;
        let mut sealed = pack(raw);
        let nonce = key
            .seal_in_place_append_tag(Aad::from(raw.source.as_bytes()), &mut sealed)
            .map_err(|_| StoreError::Unavailable("a raw body could not be sealed".into()))?;
        conn.prepare_cached(
            "INSERT INTO raw (seq, source, day, keep_days, nonce, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            seq,
            raw.source,
            id.day,
            id.keep_days,
            nonce.as_ref(),
            sealed
        ])?;
        self.adding
            .fetch_add(sealed.len() as u64, Ordering::Relaxed);
        Ok(conn.last_insert_rowid())
    }
}

/// Counts bytes once they are stored.
struct Counting(Arc<Shared>);

impl Hooks for Counting {
    fn undo_group(&mut self, _conn: &Connection) {
        self.0.adding.store(0, Ordering::Relaxed);
    }

    fn committed(&mut self, _conn: &Connection) {
        let added = self.0.adding.swap(0, Ordering::Relaxed);
        self.0.bytes.fetch_add(added, Ordering::Relaxed);
    }
}

/// A body that nobody waits for.
struct Behind {
    shared: Arc<Shared>,
    new: NewRaw,
    size: usize,
}

impl Job for Behind {
    fn weight(&self) -> Weight {
        Weight {
            inputs: 1,
            bytes: self.size,
        }
    }

    fn needs_savepoint(&self) -> bool {
        false
    }

    /// A body that a power cut takes was never promised, and a sync of it would stand in the
    /// way of the journal's.
    fn needs_sync(&self) -> bool {
        false
    }

    fn apply(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let kept =
            self.shared.bytes.load(Ordering::Relaxed) + self.shared.adding.load(Ordering::Relaxed);
        if kept >= self.shared.bytes_max {
            return Err(StoreError::TooLarge {
                what: "store of raw bodies in bytes",
                size: kept,
                max: self.shared.bytes_max,
            });
        }
        self.shared.put(conn, &self.new).map(drop)
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        self.shared.queued.fetch_sub(self.size, Ordering::Relaxed);
        if outcome.is_err() {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
