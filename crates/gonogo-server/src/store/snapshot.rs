//! Snapshots of the engine, so that a restart replays a tail instead of a history.
//!
//! A body can be large, so it is written in parts, each in a commit of its own between
//! which appends go on; the row that makes it a snapshot comes last. Invariant: a snapshot
//! that is offered is whole (its digest is checked) and belongs to a committed step.

use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension, params};

use super::writer::Urgency;
use super::{Store, StoreError};

/// Snapshots kept. A damaged one costs a longer replay from the one before.
pub const SNAPSHOTS_KEPT: usize = 3;
/// The largest body.
pub const SNAPSHOT_BYTES_MAX: usize = 1 << 30;
/// Bytes written per commit.
const PART_BYTES: usize = 1 << 20;

/// The whole state of the engine after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The step it stands after.
    pub step_no: i64,
    /// Schema version of the body.
    pub schema: u16,
    /// Program and time-zone database that wrote it.
    pub engine_version: String,
    /// When it was taken.
    pub taken_at_ms: i64,
    /// Opaque to the store.
    pub body: Vec<u8>,
}

/// The row that makes the parts a snapshot.
struct Seal {
    step_no: i64,
    schema: u16,
    engine_version: String,
    taken_at_ms: i64,
    size: usize,
    digest: Vec<u8>,
}

impl Store {
    /// Saves a snapshot and drops the oldest beyond [`SNAPSHOTS_KEPT`]. Blocks, without
    /// holding up appends or steps. One at a time.
    pub fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        let Snapshot {
            step_no: no,
            schema,
            engine_version,
            taken_at_ms,
            body,
        } = snapshot;
        if body.len() > SNAPSHOT_BYTES_MAX {
            return Err(StoreError::TooLarge {
                what: "snapshot in bytes",
                size: body.len() as u64,
                max: SNAPSHOT_BYTES_MAX as u64,
            });
        }
        if no > self.last_step() {
            let text = format!("a snapshot after step {no} needs that step committed");
            return Err(StoreError::Conflict(text));
        }
        let writer = &self.inner.writer;
        writer
            .call(Urgency::Bulk, move |conn| begin(conn, no))
            .wait()?;
        for (part, bytes) in (0_i64..).zip(body.chunks(PART_BYTES)) {
            let bytes = bytes.to_vec();
            writer
                .call(Urgency::Bulk, move |conn| {
                    write_part(conn, no, part, &bytes)
                })
                .wait()?;
        }
        let (size, digest) = (body.len(), digest_of(&body));
        let seal = Seal {
            step_no: no,
            schema,
            engine_version,
            taken_at_ms,
            size,
            digest,
        };
        writer
            .call(Urgency::Bulk, move |conn| finish(conn, &seal))
            .wait()
    }

    /// The newest snapshot that is whole. Damaged ones are passed over with a warning.
    pub fn latest_snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        self.inner.readers.with(|conn| {
            // One moment for all parts: pruning may run meanwhile.
            let moment = conn.unchecked_transaction()?;
            let numbers: Vec<i64> = moment
                .prepare_cached("SELECT step_no FROM snapshot ORDER BY step_no DESC")?
                .query_map([], |r| r.get(0))?
                .collect::<Result<_, _>>()?;
            for no in numbers {
                if let Some(snapshot) = load(&moment, no)? {
                    return Ok(Some(snapshot));
                }
                tracing::warn!(step = no, "a snapshot is damaged; trying the one before");
            }
            Ok(None)
        })
    }
}

/// The step that the longest possible replay begins after; 0 without a snapshot.
pub(super) fn oldest(conn: &Connection) -> Result<i64, StoreError> {
    let oldest: Option<i64> = conn
        .prepare_cached("SELECT min(step_no) FROM snapshot")?
        .query_row([], |r| r.get(0))?;
    Ok(oldest.unwrap_or(0))
}

/// Clears what an earlier attempt left unfinished.
fn begin(conn: &Connection, no: i64) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM snapshot WHERE step_no = ?1")?
        .execute([no])?;
    conn.prepare_cached(
        "DELETE FROM snapshot_part WHERE step_no NOT IN (SELECT step_no FROM snapshot)",
    )?
    .execute([])?;
    Ok(())
}

fn write_part(conn: &Connection, no: i64, part: i64, bytes: &[u8]) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT INTO snapshot_part (step_no, part, body) VALUES (?1, ?2, ?3)")?
        .execute(params![no, part, bytes])?;
    Ok(())
}

fn finish(conn: &Connection, seal: &Seal) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO snapshot (step_no, schema, engine_version, taken_at_ms, size, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        seal.step_no,
        seal.schema,
        seal.engine_version,
        seal.taken_at_ms,
        seal.size,
        seal.digest
    ])?;
    let oldest: Option<i64> = conn
        .prepare_cached("SELECT step_no FROM snapshot ORDER BY step_no DESC LIMIT 1 OFFSET ?1")?
        .query_row([SNAPSHOTS_KEPT - 1], |r| r.get(0))
        .optional()?;
    if let Some(oldest) = oldest {
        for sql in [
            "DELETE FROM snapshot WHERE step_no < ?1",
            "DELETE FROM snapshot_part WHERE step_no < ?1",
        ] {
            conn.prepare_cached(sql)?.execute([oldest])?;
        }
    }
    Ok(())
}

/// Nothing if the parts do not add up to what was sealed.
fn load(conn: &Connection, no: i64) -> Result<Option<Snapshot>, StoreError> {
    let seal = conn
        .prepare_cached(
            "SELECT schema, engine_version, taken_at_ms, size, digest
             FROM snapshot WHERE step_no = ?1",
        )?
        .query_row([no], |r| {
            Ok(Seal {
                step_no: no,
                schema: r.get(0)?,
                engine_version: r.get(1)?,
                taken_at_ms: r.get(2)?,
                size: r.get(3)?,
                digest: r.get(4)?,
            })
        })?;
    let mut body = Vec::with_capacity(seal.size.min(SNAPSHOT_BYTES_MAX));
    let mut parts =
        conn.prepare_cached("SELECT body FROM snapshot_part WHERE step_no = ?1 ORDER BY part")?;
    let mut parts = parts.query([no])?;
    while let Some(part) = parts.next()? {
        let bytes = part.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        body.extend_from_slice(bytes);
    }
    if body.len() != seal.size || digest_of(&body) != seal.digest {
        return Ok(None);
    }
    Ok(Some(Snapshot {
        step_no: no,
        schema: seal.schema,
        engine_version: seal.engine_version,
        taken_at_ms: seal.taken_at_ms,
        body,
    }))
}

fn digest_of(body: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, body).as_ref().to_vec()
}
