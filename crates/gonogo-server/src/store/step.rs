//! T2: what one turn of the engine decided, in one transaction.
//!
//! A step carries the effects to send, the effects to cancel, the history to show and how
//! far the lane was handled. Replaying is folding steps, so a step is numbered without gaps
//! and never changes. Invariant: committing the same step again is the same as once.

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest;
use rusqlite::{Connection, OptionalExtension, params};

use super::ledger::{Ledger, locked};
use super::writer::Urgency;
use super::{HistoryRow, Lane, Store, StoreError, Write};

/// One turn of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of the step before it, plus one; the first is 1.
    pub no: i64,
    /// Which holder of the engine took it, see [`Store::take_epoch`].
    pub epoch: i64,
    /// What the engine was told the time is, in nanoseconds since 1970 UTC.
    pub now_ns: i64,
    /// The inputs it handled; a tick has none.
    pub inputs: Option<InputRange>,
    /// Program and time-zone database that decided.
    pub engine_version: String,
    /// Effects to send.
    pub outbox: Vec<OutboxRow>,
    /// Effects that are no longer wanted, by id.
    pub cancels: Vec<String>,
    /// Lines for timelines.
    pub history: Vec<HistoryRow>,
}

/// Consecutive inputs of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputRange {
    /// The lane.
    pub lane: Lane,
    /// The first input handled.
    pub first_seq: i64,
    /// The last input handled.
    pub last_seq: i64,
}

/// An effect the engine wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its idempotency key. A second row with the same id is dropped.
    pub effect_id: String,
    /// Notify, publish, confirm.
    pub kind: String,
    /// The incident it belongs to.
    pub incident: Option<String>,
    /// Opaque to the store.
    pub body: Vec<u8>,
    /// Not sent before this time.
    pub not_before_ms: i64,
}

/// A committed step, as a replay needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// Its number.
    pub no: i64,
    /// Which holder of the engine took it.
    pub epoch: i64,
    /// What the engine was told the time is.
    pub now_ns: i64,
    /// The inputs it handled; a tick has none.
    pub inputs: Option<InputRange>,
    /// Program and time-zone database that decided.
    pub engine_version: String,
}

impl Store {
    /// Commits a step. A step that is there already with the same content is `Ok`, so a
    /// caller that does not know whether it succeeded sends it again.
    pub fn commit_step(&self, step: Step) -> Write<()> {
        let ledger = Arc::clone(&self.inner.ledger);
        self.inner
            .writer
            .call(Urgency::Urgent, move |conn| commit(conn, &ledger, &step))
    }

    /// Takes the engine over: from here on, steps of an earlier epoch are refused.
    pub fn take_epoch(&self) -> Write<i64> {
        let ledger = Arc::clone(&self.inner.ledger);
        self.inner.writer.call(Urgency::Urgent, move |_| {
            let mut ledger = locked(&ledger);
            ledger.head.epoch += 1;
            Ok(ledger.head.epoch)
        })
    }

    /// The number of the last committed step; 0 before the first.
    #[must_use]
    pub fn last_step(&self) -> i64 {
        locked(&self.inner.ledger).durable().step_no
    }

    /// Up to `limit` steps after `no`, in order.
    pub fn steps_after(&self, no: i64, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        self.inner.readers.with(|conn| read(conn, no, limit))
    }
}

/// Steps in order, for a replay.
pub(super) fn read(conn: &Connection, no: i64, limit: u32) -> Result<Vec<StepRow>, StoreError> {
    let mut rows = conn.prepare_cached(
        "SELECT no, epoch, now_ns, lane, first_seq, last_seq, engine_version
         FROM step WHERE no > ?1 ORDER BY no LIMIT ?2",
    )?;
    let mut rows = rows.query(params![no, limit])?;
    let mut steps = Vec::new();
    while let Some(r) = rows.next()? {
        let lane: Option<i64> = r.get(3)?;
        let lane = lane.map(lane_of).transpose()?;
        let (first_seq, last_seq) = (r.get(4)?, r.get(5)?);
        steps.push(StepRow {
            no: r.get(0)?,
            epoch: r.get(1)?,
            now_ns: r.get(2)?,
            inputs: lane.map(|lane| InputRange {
                lane,
                first_seq,
                last_seq,
            }),
            engine_version: r.get(6)?,
        });
    }
    Ok(steps)
}

fn commit(conn: &Connection, ledger: &Mutex<Ledger>, step: &Step) -> Result<(), StoreError> {
    let mut ledger = locked(ledger);
    let content = fingerprint(step);
    if step.no <= ledger.head.step_no {
        return check_repeat(conn, step, &content);
    }
    check_next(&ledger, step)?;
    let (lane, first, last) = match step.inputs {
        Some(r) => (Some(lane_number(r.lane)), r.first_seq, r.last_seq),
        None => (None, 0, 0),
    };
    conn.prepare_cached(
        "INSERT INTO step (no, epoch, now_ns, lane, first_seq, last_seq, engine_version, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        step.no,
        step.epoch,
        step.now_ns,
        lane,
        first,
        last,
        step.engine_version,
        content
    ])?;
    super::outbox::insert(conn, step)?;
    super::history::insert(conn, step)?;
    if let Some(range) = step.inputs {
        ledger.applied(range.lane, range.last_seq);
    }
    ledger.head.step_no = step.no;
    ledger.head.epoch = step.epoch;
    Ok(())
}

/// A step must follow the last one and must not pass over an input.
fn check_next(ledger: &Ledger, step: &Step) -> Result<(), StoreError> {
    let conflict = |text: String| Err(StoreError::Conflict(text));
    let head = &ledger.head;
    if step.no != head.step_no + 1 {
        return conflict(format!(
            "step {} does not follow step {}",
            step.no, head.step_no
        ));
    }
    ledger.check_epoch(step.epoch)?;
    let Some(range) = step.inputs else {
        return Ok(());
    };
    let lane = range.lane;
    if range.first_seq <= head.applied[lane.index()] || range.first_seq > range.last_seq {
        return conflict(format!(
            "step {} handles {}..={} of the {lane} lane, which is applied up to {}",
            step.no,
            range.first_seq,
            range.last_seq,
            head.applied[lane.index()],
        ));
    }
    match ledger.first_waiting(lane) {
        Some(first) if first < range.first_seq => conflict(format!(
            "step {} passes over input {first} of the {lane} lane",
            step.no
        )),
        Some(_) if range.last_seq <= ledger.durable().last[lane.index()] => Ok(()),
        _ => conflict(format!(
            "step {} handles inputs of the {lane} lane that were never appended",
            step.no
        )),
    }
}

fn check_repeat(conn: &Connection, step: &Step, content: &[u8]) -> Result<(), StoreError> {
    let stored: Option<Vec<u8>> = conn
        .prepare_cached("SELECT digest FROM step WHERE no = ?1")?
        .query_row([step.no], |r| r.get(0))
        .optional()?;
    if stored.as_deref() == Some(content) {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "step {} is committed with other content",
        step.no
    )))
}

/// A digest over every field, each with its length, so that no two steps look alike.
fn fingerprint(step: &Step) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut number = |n: i64| hash.update(&n.to_le_bytes());
    number(step.no);
    number(step.epoch);
    number(step.now_ns);
    for n in match step.inputs {
        None => [-1, 0, 0],
        Some(r) => [lane_number(r.lane), r.first_seq, r.last_seq],
    } {
        number(n);
    }
    let mut bytes = |of: &[u8]| {
        hash.update(&(of.len() as u64).to_le_bytes());
        hash.update(of);
    };
    bytes(step.engine_version.as_bytes());
    bytes(&(step.outbox.len() as u64).to_le_bytes());
    for row in &step.outbox {
        bytes(row.effect_id.as_bytes());
        bytes(row.kind.as_bytes());
        optional(&mut bytes, row.incident.as_deref());
        bytes(&row.body);
        bytes(&row.not_before_ms.to_le_bytes());
    }
    bytes(&(step.cancels.len() as u64).to_le_bytes());
    for id in &step.cancels {
        bytes(id.as_bytes());
    }
    bytes(&(step.history.len() as u64).to_le_bytes());
    for row in &step.history {
        optional(&mut bytes, row.incident.as_deref());
        bytes(&row.at_ms.to_le_bytes());
        for text in [&row.id, &row.kind, &row.actor, &row.text, &row.json] {
            bytes(text.as_bytes());
        }
    }
    hash.finish().as_ref().to_vec()
}

fn optional(bytes: &mut impl FnMut(&[u8]), text: Option<&str>) {
    bytes(&[u8::from(text.is_some())]);
    bytes(text.unwrap_or_default().as_bytes());
}

fn lane_number(lane: Lane) -> i64 {
    match lane {
        Lane::Human => 0,
        Lane::World => 1,
    }
}

fn lane_of(number: i64) -> Result<Lane, StoreError> {
    match number {
        0 => Ok(Lane::Human),
        1 => Ok(Lane::World),
        _ => Err(StoreError::Corrupt(format!("a step names lane {number}"))),
    }
}
