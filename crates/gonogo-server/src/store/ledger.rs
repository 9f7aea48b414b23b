//! What the writer keeps in memory in step with the journal: the next sequence number, how
//! far the engine has come, and what waits for it.
//!
//! Numbers are handed out here instead of by SQLite, because a number that was rolled back
//! must be handed out again: the journal has no gaps. Invariant: outside a group the ledger
//! equals what a reload from the file would give.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params};

use super::checkpoint::Bell;
use super::dedup::Index;
use super::head::{self, Backlog, Head, Waiting};
use super::job::Hooks;
use super::raw::{NewRaw, RawStore};
use super::tail::Tail;
use super::{Input, Lane, StoreError, StoreOptions};

/// What becomes visible once the group is committed.
#[derive(Default)]
struct Fresh {
    inputs: Vec<Arc<Input>>,
    raws: Vec<NewRaw>,
    skips: Vec<(i64, String)>,
}

pub(super) struct Ledger {
    pub head: Head,
    pub dedup: Index,
    durable: Head,
    fresh: Fresh,
    mark: (Head, [usize; 4]),
    backlog: Backlog,
    options: StoreOptions,
    tail: Arc<Tail>,
    raw: Arc<RawStore>,
}

impl Ledger {
    pub(super) fn load(
        conn: &Connection,
        options: &StoreOptions,
        tail: Arc<Tail>,
        raw: Arc<RawStore>,
    ) -> Result<Self, StoreError> {
        let (head, backlog) = head::read(conn)?;
        tail.start_at(head.heads());
        Ok(Self {
            head,
            dedup: Index::load(conn, head.merged_seq, options.dedup_recent_max)?,
            durable: head,
            fresh: Fresh::default(),
            mark: (head, [0; 4]),
            backlog,
            options: options.clone(),
            tail,
            raw,
        })
    }

    /// Whether one more input may wait; the human lane has a limit of its own.
    pub(super) fn admit(&self, lane: Lane, bytes: u64) -> Result<(), StoreError> {
        let waiting = self.head.waiting[lane.index()];
        let inputs_max = match lane {
            Lane::Human => self.options.unapplied_human_max,
            Lane::World => self.options.unapplied_inputs_max,
        };
        if waiting.inputs >= inputs_max {
            return Err(StoreError::JournalFull {
                lane,
                limit: inputs_max,
                unit: "inputs",
            });
        }
        let bytes_max = self.options.unapplied_bytes_max;
        if lane == Lane::World && waiting.bytes.saturating_add(bytes) > bytes_max {
            return Err(StoreError::JournalFull {
                lane,
                limit: bytes_max,
                unit: "bytes",
            });
        }
        Ok(())
    }

    /// A holder of the engine that was replaced may not go on.
    pub(super) fn check_epoch(&self, epoch: i64) -> Result<(), StoreError> {
        let newest = self.head.epoch;
        if epoch < newest {
            let text = format!("epoch {epoch} is over, {newest} took the engine");
            return Err(StoreError::Conflict(text));
        }
        Ok(())
    }

    pub(super) fn appended(&mut self, input: Input) {
        let lane = input.lane.index();
        self.head.next_seq = input.seq + 1;
        self.head.last[lane] = input.seq;
        self.head.waiting[lane].inputs += 1;
        self.head.waiting[lane].bytes += input.body.len() as u64;
        self.fresh.inputs.push(Arc::new(input));
    }

    pub(super) fn raw(&mut self, raw: NewRaw) {
        self.fresh.raws.push(raw);
    }

    pub(super) fn skipped(&mut self, seq: i64, reason: String) {
        self.fresh.skips.push((seq, reason));
    }

    /// The oldest committed input of the lane that no step covers.
    pub(super) fn first_waiting(&self, lane: Lane) -> Option<i64> {
        let applied = self.head.applied[lane.index()];
        let backlog = &self.backlog[lane.index()];
        let at = backlog.partition_point(|(seq, _)| *seq <= applied);
        backlog.get(at).map(|(seq, _)| *seq)
    }

    /// A step covered the lane up to `last`.
    pub(super) fn applied(&mut self, lane: Lane, last: i64) {
        let applied = self.head.applied[lane.index()];
        let waiting = &mut self.head.waiting[lane.index()];
        let backlog = &self.backlog[lane.index()];
        let at = backlog.partition_point(|(seq, _)| *seq <= applied);
        for (_, bytes) in backlog.iter().skip(at).take_while(|(seq, _)| *seq <= last) {
            waiting.inputs -= 1;
            waiting.bytes -= bytes;
        }
        self.head.applied[lane.index()] = last;
    }

    pub(super) fn waiting(&self, lane: Lane) -> Waiting {
        self.durable.waiting[lane.index()]
    }

    pub(super) fn durable(&self) -> Head {
        self.durable
    }

    fn committed(&mut self) {
        for input in self.fresh.inputs.drain(..) {
            let entry = (input.seq, input.body.len() as u64);
            self.backlog[input.lane.index()].push_back(entry);
            self.tail.push(input);
        }
        for (seq, reason) in self.fresh.skips.drain(..) {
            self.tail.mark_skipped(seq, &reason);
        }
        for raw in self.fresh.raws.drain(..) {
            self.raw.offer(raw);
        }
        for lane in Lane::ALL {
            let applied = self.head.applied[lane.index()];
            if applied == self.durable.applied[lane.index()] {
                continue;
            }
            let backlog = &mut self.backlog[lane.index()];
            while backlog.front().is_some_and(|(seq, _)| *seq <= applied) {
                backlog.pop_front();
            }
            self.tail.forget(lane, applied);
        }
        self.dedup
            .committed(self.head.next_seq - 1, self.head.merged_seq);
        let moved = self.head.heads() != self.durable.heads();
        self.durable = self.head;
        if moved {
            self.tail.announce(self.head.heads());
        }
    }
}

/// The ledger as the writer thread sees it.
pub(super) struct LedgerHooks {
    ledger: Arc<Mutex<Ledger>>,
    bell: Bell,
}

impl LedgerHooks {
    pub(super) fn new(ledger: Arc<Mutex<Ledger>>, bell: Bell) -> Self {
        Self { ledger, bell }
    }
}

/// Only the writer thread changes the ledger, and it undoes what a panic left behind.
pub(super) fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hooks for LedgerHooks {
    fn mark(&mut self) {
        let mut ledger = locked(&self.ledger);
        let fresh = &ledger.fresh;
        let lengths = [
            fresh.inputs.len(),
            fresh.raws.len(),
            fresh.skips.len(),
            ledger.dedup.mark(),
        ];
        ledger.mark = (ledger.head, lengths);
    }

    fn undo_job(&mut self, _conn: &Connection) {
        let mut ledger = locked(&self.ledger);
        let (head, [inputs, raws, skips, keys]) = ledger.mark;
        ledger.head = head;
        ledger.fresh.inputs.truncate(inputs);
        ledger.fresh.raws.truncate(raws);
        ledger.fresh.skips.truncate(skips);
        ledger.dedup.undo_to(keys);
    }

    fn undo_group(&mut self, _conn: &Connection) {
        let mut ledger = locked(&self.ledger);
        ledger.head = ledger.durable;
        ledger.fresh = Fresh::default();
        ledger.dedup.undo_group();
        self.bell.after_failure();
    }

    fn seal(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let mut ledger = locked(&self.ledger);
        if let Some(merged_seq) = ledger.dedup.advance(conn)? {
            ledger.head.merged_seq = merged_seq;
        }
        let head = ledger.head;
        if head == ledger.durable {
            return Ok(());
        }
        conn.prepare_cached(
            "UPDATE head SET next_seq = ?1, step_no = ?2, epoch = ?3,
               applied_human = ?4, applied_world = ?5, merged_seq = ?6",
        )?
        .execute(params![
            head.next_seq,
            head.step_no,
            head.epoch,
            head.applied[Lane::Human.index()],
            head.applied[Lane::World.index()],
            head.merged_seq,
        ])?;
        Ok(())
    }

    fn committed(&mut self, conn: &Connection) {
        locked(&self.ledger).committed();
        self.bell.after_commit(conn);
    }
}
