//! The counters at the end of the journal.
//!
//! Invariant: `next_seq` is above every input of both lanes.

use std::collections::VecDeque;

use rusqlite::Connection;

use super::{Heads, Lane, StoreError};

/// The counters; small, so that undoing a job is an assignment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub next_seq: i64,
    pub step_no: i64,
    pub epoch: i64,
    /// Last input of each lane that a step covered.
    pub applied: [i64; 2],
    /// Last input of each lane.
    pub last: [i64; 2],
    /// See `dedup.rs`.
    pub merged_seq: i64,
    pub waiting: [Waiting; 2],
}

/// Inputs that no step has covered yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub inputs: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// Inputs of each lane that no step covers: (seq, bytes of the body).
pub(super) type Backlog = [VecDeque<(i64, u64)>; 2];

impl Head {
    pub(super) fn heads(&self) -> Heads {
        Heads {
            human: self.last[Lane::Human.index()],
            world: self.last[Lane::World.index()],
            step: self.step_no,
        }
    }
}

/// Reads the head and counts what waits for the engine.
pub(super) fn read(conn: &Connection) -> Result<(Head, Backlog), StoreError> {
    let mut head = conn.query_row(
        "SELECT next_seq, step_no, epoch, applied_human, applied_world, merged_seq FROM head",
        [],
        |r| {
            Ok(Head {
                next_seq: r.get(0)?,
                step_no: r.get(1)?,
                epoch: r.get(2)?,
                applied: [r.get(3)?, r.get(4)?],
                merged_seq: r.get(5)?,
                ..Head::default()
            })
        },
    )?;
    let mut backlog = Backlog::default();
    for lane in Lane::ALL {
        let at = lane.index();
        let table = lane.table();
        let last: Option<i64> =
            conn.query_row(&format!("SELECT max(seq) FROM {table}"), [], |r| r.get(0))?;
        head.last[at] = last.unwrap_or(head.applied[at]);
        if head.last[at] >= head.next_seq {
            return Err(StoreError::Corrupt(format!(
                "the {lane} lane is ahead of the head"
            )));
        }
        let sql = format!("SELECT seq, length(body) FROM {table} WHERE seq > ?1 ORDER BY seq");
        let mut rows = conn.prepare(&sql)?;
        let rows = rows.query_map([head.applied[at]], |r| Ok((r.get(0)?, r.get(1)?)))?;
        backlog[at] = rows.collect::<Result<_, _>>()?;
        head.waiting[at] = Waiting {
            inputs: backlog[at].len() as u64,
            bytes: backlog[at].iter().map(|(_, bytes)| bytes).sum(),
        };
    }
    Ok((head, backlog))
}
