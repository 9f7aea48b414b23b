//! T1: inputs go into the journal, then the sender is told.
//!
//! The dedup key, the input and the head move in one commit; the engine is not waited for.
//! Invariant: a batch is stored whole or not at all, and the sequence has no gaps.

use std::sync::{Arc, Mutex};

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::job::{Job, Weight};
use super::ledger::{Ledger, locked};
use super::raw::NewRaw;
use super::space::Space;
use super::writer::Urgency;
use super::{AppendBatch, Appended, Input, Lane, NewInput, Store, StoreError, Write};

/// Inputs in one batch: a notification of 10,000 alerts fits with room.
pub const APPEND_INPUTS_MAX: usize = 20_000;
/// Bytes of bodies in one batch.
pub const APPEND_BYTES_MAX: usize = 64 << 20;

impl Store {
    /// Appends inputs; each answer stands at the place of its input. `Ok` means fsynced.
    pub fn append(&self, batch: AppendBatch) -> Write<Vec<Appended>> {
        let (reply, answer) = oneshot::channel();
        let urgency = match batch.lane {
            Lane::Human => Urgency::Urgent,
            Lane::World => Urgency::Bulk,
        };
        let weight = Weight {
            inputs: batch.inputs.len(),
            bytes: batch.inputs.iter().map(|i| i.body.len()).sum(),
        };
        let ledger = Arc::clone(&self.inner.ledger);
        let job = Append {
            ledger,
            space: Arc::clone(&self.inner.space),
            batch,
            weight,
            appended: Vec::new(),
            reply,
        };
        self.inner.writer.submit(urgency, Box::new(job), answer)
    }
}

struct Append {
    ledger: Arc<Mutex<Ledger>>,
    space: Arc<Space>,
    batch: AppendBatch,
    weight: Weight,
    appended: Vec<Appended>,
    reply: oneshot::Sender<Result<Vec<Appended>, StoreError>>,
}

impl Job for Append {
    fn weight(&self) -> Weight {
        self.weight
    }

    /// One input is one statement, which SQLite undoes by itself.
    fn needs_savepoint(&self) -> bool {
        self.weight.inputs > 1
    }

    fn apply(&mut self, conn: &Connection) -> Result<(), StoreError> {
        limit("batch of inputs", self.weight.inputs, APPEND_INPUTS_MAX)?;
        limit("batch in bytes", self.weight.bytes, APPEND_BYTES_MAX)?;
        if self.batch.lane == Lane::World && self.space.is_low() {
            return Err(StoreError::LowSpace);
        }
        let mut ledger = locked(&self.ledger);
        self.appended.reserve_exact(self.batch.inputs.len());
        for input in self.batch.inputs.drain(..) {
            self.appended
                .push(append(conn, &mut ledger, self.batch.lane, input)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self {
            appended, reply, ..
        } = *self;
        // A sender that went away does not want its answer.
        let _ = reply.send(outcome.map(|()| appended));
    }
}

/// Appends one input in the open group.
pub(super) fn append(
    conn: &Connection,
    ledger: &mut Ledger,
    lane: Lane,
    input: NewInput,
) -> Result<Appended, StoreError> {
    let at_ms = input.received_at_ms;
    let (mut bucket, mut key) = (None, None);
    if let Some(dedup) = &input.dedup {
        if let Some(seq) = ledger.dedup.find(conn, dedup, at_ms)? {
            return Ok(Appended::Duplicate { seq });
        }
        bucket = Some(ledger.dedup.bucket(conn, dedup, at_ms)?);
        key = Some(dedup.key);
    }
    ledger.admit(lane, input.body.len() as u64)?;
    let seq = ledger.head.next_seq;
    let insert = match lane {
        Lane::Human => {
            "INSERT INTO input_human
               (seq, kind, received_at_ms, schema, body, dedup_bucket, dedup_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        }
        Lane::World => {
            "INSERT INTO input_world
               (seq, kind, received_at_ms, schema, body, dedup_bucket, dedup_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        }
    };
    conn.prepare_cached(insert)?.execute(params![
        seq,
        input.kind,
        at_ms,
        input.schema,
        input.body,
        bucket,
        key
    ])?;
    if let (Some(bucket), Some(key)) = (bucket, key) {
        ledger.dedup.insert(bucket, key, seq);
    }
    if let Some(raw) = input.raw {
        ledger.raw(NewRaw {
            seq: Some(seq),
            at_ms,
            raw,
        });
    }
    ledger.appended(Input {
        seq,
        lane,
        kind: input.kind,
        received_at_ms: at_ms,
        schema: input.schema,
        body: input.body,
        skipped: None,
    });
    Ok(Appended::Appended { seq })
}

fn limit(what: &'static str, size: usize, max: usize) -> Result<(), StoreError> {
    if size > max {
        return Err(StoreError::TooLarge {
            what,
            size: size as u64,
            max: max as u64,
        });
    }
    Ok(())
}
