//! Effects on their way out: decided in a step, delivered at least once.
//!
//! A claim marks an effect as being sent and gives the sender a lease. If the process dies
//! in the middle the lease runs out and the effect is claimed again under the same id: a
//! page in doubt is repeated, never dropped. Invariant: a state from which nothing is sent
//! any more (delivered, failed, cancelled) is never left again.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::append::append;
use super::ledger::locked;
use super::outbox_list::{COLUMNS, list};
use super::step::Step;
use super::writer::Urgency;
use super::{Lane, NewInput, OutboxItem, Store, StoreError, Write};

/// Effects that wait or are being sent before the counts say `over_limit`. The row is
/// stored all the same: refusing a step would stop paging.
pub const OUTBOX_OPEN_MAX: u64 = 100_000;
/// Finished effects that are kept when pruning.
pub const OUTBOX_TERMINAL_MAX: u64 = 200_000;
/// An error or receipt text is cut here.
const TEXT_MAX: usize = 2_000;
/// Finished rows deleted in one go.
const PRUNE_CHUNK: usize = 2_000;

/// Where an effect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// Waits for its time.
    Pending,
    /// A sender holds it, or died with it.
    Sending,
    /// Handed over.
    Delivered,
    /// Given up; the engine decides what comes instead.
    Failed,
    /// No longer wanted.
    Cancelled,
}

/// Which effects to claim, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Now.
    pub now_ms: i64,
    /// After this the effect may be claimed again. Longer than a send may take.
    pub lease_ms: i64,
    /// At most so many.
    pub limit: u32,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has it.
    Delivered {
        /// What it answered.
        receipt: String,
    },
    /// Try again later.
    Retry {
        /// When.
        at_ms: i64,
        /// Why.
        error: String,
    },
    /// Never try again.
    Failed {
        /// Why.
        error: String,
    },
}

/// What became of a recorded attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The effect is now in this state.
    Now(OutboxState),
    /// Another attempt has begun or the effect is finished; nothing was changed.
    Stale,
}

impl Store {
    /// Takes effects that are due, the longest due first, each with a lease.
    pub fn claim_due(&self, claim: Claim) -> Write<Vec<OutboxItem>> {
        self.inner
            .writer
            .call(Urgency::Urgent, move |conn| claim_due(conn, claim))
    }

    /// Ends every lease: what was being sent when the process before this one ended is in
    /// doubt and due again, under the same id. Only for the start, while nothing is sent.
    pub fn end_leases(&self, now_ms: i64) -> Write<usize> {
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            Ok(conn
                .prepare_cached(
                    "UPDATE outbox SET next_at_ms = ?1 WHERE state = 'sending' AND next_at_ms > ?1",
                )?
                .execute([now_ms])?)
        })
    }

    /// Records how the attempt ended that [`Store::claim_due`] gave out. A delivery always
    /// counts, even if the lease had run out; a late failure never undoes a newer attempt.
    pub fn record_attempt(
        &self,
        effect_id: &str,
        attempt: u32,
        outcome: Outcome,
        now_ms: i64,
    ) -> Write<Recorded> {
        let id = effect_id.to_owned();
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            record(conn, &id, attempt, &outcome, now_ms)
        })
    }

    /// Records how an attempt ended and appends what the engine is told of it, in one commit:
    /// a crash in between would leave a failed page that nobody follows up, or repeat one
    /// that is out. A stale attempt tells nothing.
    pub fn record_and_append(
        &self,
        effect_id: &str,
        attempt: u32,
        outcome: Outcome,
        now_ms: i64,
        results: Vec<NewInput>,
    ) -> Write<Recorded> {
        let id = effect_id.to_owned();
        let ledger = Arc::clone(&self.inner.ledger);
        self.inner.writer.call(Urgency::Urgent, move |conn| {
            let recorded = record(conn, &id, attempt, &outcome, now_ms)?;
            if recorded != Recorded::Stale {
                let mut ledger = locked(&ledger);
                for result in results {
                    append(conn, &mut ledger, Lane::Human, result)?;
                }
            }
            Ok(recorded)
        })
    }

    /// Deletes the oldest finished effects beyond the limit, a chunk per call; 0 means done.
    /// Rows that a replay from the oldest snapshot could decide again stay, because their id
    /// is what stops the second send.
    pub fn prune_outbox(&self) -> Write<usize> {
        let keep = self.inner.options.outbox_terminal_max;
        let ledger = Arc::clone(&self.inner.ledger);
        self.inner.writer.call(Urgency::Bulk, move |conn| {
            let done: u64 = conn
                .prepare_cached("SELECT count(*) FROM outbox WHERE done_at_ms IS NOT NULL")?
                .query_row([], |r| r.get(0))?;
            let excess = usize::try_from(done.saturating_sub(keep)).unwrap_or(usize::MAX);
            let before = super::snapshot::oldest(conn)?.min(locked(&ledger).durable().step_no);
            Ok(conn
                .prepare_cached(
                    "DELETE FROM outbox WHERE id IN
                       (SELECT id FROM outbox WHERE done_at_ms IS NOT NULL AND step_no <= ?1
                        ORDER BY done_at_ms LIMIT ?2)",
                )?
                .execute(params![before, excess.min(PRUNE_CHUNK)])?)
        })
    }
}

/// The outbox part of a step.
pub(super) fn insert(conn: &Connection, step: &Step) -> Result<(), StoreError> {
    let now_ms = step.now_ns.div_euclid(1_000_000);
    let mut insert = conn.prepare_cached(
        "INSERT INTO outbox
           (effect_id, step_no, kind, incident, body, state, next_at_ms, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7)
         ON CONFLICT (effect_id) DO NOTHING",
    )?;
    for row in &step.outbox {
        insert.execute(params![
            row.effect_id,
            step.no,
            row.kind,
            row.incident,
            row.body,
            row.not_before_ms,
            now_ms
        ])?;
    }
    // What is being sent cannot be called back, but it is not tried again.
    let mut cancel = conn.prepare_cached(
        "UPDATE outbox SET cancelled = 1,
           state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END,
           done_at_ms = CASE state WHEN 'pending' THEN ?2 ELSE done_at_ms END
         WHERE effect_id = ?1 AND state IN ('pending', 'sending')",
    )?;
    for id in &step.cancels {
        cancel.execute(params![id, now_ms])?;
    }
    Ok(())
}

fn claim_due(conn: &Connection, claim: Claim) -> Result<Vec<OutboxItem>, StoreError> {
    conn.prepare_cached(
        "UPDATE outbox SET state = 'cancelled', done_at_ms = ?1
         WHERE state = 'sending' AND cancelled = 1 AND next_at_ms <= ?1",
    )?
    .execute([claim.now_ms])?;
    let sql = format!(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, next_at_ms = ?2
         WHERE id IN (SELECT id FROM outbox
                      WHERE state IN ('pending', 'sending') AND next_at_ms <= ?1
                      ORDER BY next_at_ms, id LIMIT ?3)
         RETURNING {COLUMNS}"
    );
    let lease_until = claim.now_ms.saturating_add(claim.lease_ms);
    let mut items = list(conn, &sql, params![claim.now_ms, lease_until, claim.limit])?;
    items.sort_by_key(|item| item.rank);
    Ok(items)
}

fn record(
    conn: &Connection,
    id: &str,
    attempt: u32,
    outcome: &Outcome,
    now_ms: i64,
) -> Result<Recorded, StoreError> {
    let found: Option<(String, u32, bool)> = conn
        .prepare_cached("SELECT state, attempts, cancelled FROM outbox WHERE effect_id = ?1")?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    let Some((state, attempts, cancelled)) = found else {
        return Err(StoreError::NotFound("effect"));
    };
    let state = OutboxState::parse(&state)?;
    let current = state == OutboxState::Sending && attempts == attempt;
    let late_delivery = matches!(outcome, Outcome::Delivered { .. })
        && matches!(state, OutboxState::Sending | OutboxState::Pending);
    if !current && !late_delivery {
        return Ok(Recorded::Stale);
    }
    let (next, at_ms, error, receipt) = match outcome {
        Outcome::Delivered { receipt } => (OutboxState::Delivered, now_ms, None, Some(receipt)),
        Outcome::Retry { at_ms: _, error } if cancelled => {
            (OutboxState::Cancelled, now_ms, Some(error), None)
        }
        Outcome::Retry { at_ms, error } => (OutboxState::Pending, *at_ms, Some(error), None),
        Outcome::Failed { error } => (OutboxState::Failed, now_ms, Some(error), None),
    };
    let done = (next != OutboxState::Pending).then_some(now_ms);
    conn.prepare_cached(
        "UPDATE outbox SET state = ?2, next_at_ms = ?3, done_at_ms = ?4,
           last_error = coalesce(?5, last_error), receipt = ?6 WHERE effect_id = ?1",
    )?
    .execute(params![
        id,
        next.text(),
        at_ms,
        done,
        cut(error),
        cut(receipt)
    ])?;
    Ok(Recorded::Now(next))
}

fn cut(text: Option<&String>) -> Option<String> {
    text.map(|t| t.chars().take(TEXT_MAX).collect())
}

impl OutboxState {
    /// The word for it, as stored and shown.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "pending" => Ok(Self::Pending),
            "sending" => Ok(Self::Sending),
            "delivered" => Ok(Self::Delivered),
            "failed" => Ok(Self::Failed),
            "cancelled" => Ok(Self::Cancelled),
            _ => Err(StoreError::Corrupt(
                "an effect is in an unknown state".into(),
            )),
        }
    }
}
