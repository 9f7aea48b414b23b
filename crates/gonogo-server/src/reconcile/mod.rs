//! Reconciling: both sides are asked on time, compared, and the result becomes an input.
//!
//! When a run is due follows from the engine's state, so a restart neither repeats nor skips
//! one. Invariant: what could not be read in full is "nobody can say", never "nothing is there".

mod events;
mod fields;
mod fivetran;
mod http_json;
mod postgres;
mod side;
mod stripe;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::reconciliation::{
    NextRun, Reconciled, ReconciliationState, RunResult, Stretch, Unknown, compare,
};
use gonogo_engine::{Input, Time};
use gonogo_model::Id;
use gonogo_model::reconciliation::{Reconciliation, Side};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::courier::append;
use crate::settings::Outside;
use crate::store::{Lane, Store};
use crate::view::View;

use side::{Asked, Read, Trouble, code};

/// How often it is looked whether a run is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many runs go on at once; more wait for their turn.
pub const RUNS_MAX: usize = 4;
/// Runs do not all begin in the same second: they are put off by up to this much.
const JITTER_MAX_MS: i64 = 30_000;
/// How long the engine is waited for before a run counts as not seen by it.
const SEEN_WITHIN_MS: i64 = 30_000;
/// A side that asks to be left alone longer than this is asked again all the same.
const LEFT_ALONE_MAX_MS: i64 = 6 * 3_600_000;

/// What reconciling needs.
pub struct Reconcile {
    /// Where results go, and where events are read from.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// Where keys and addresses are read from.
    pub outside: Outside,
    /// The package in force, and where each reconciliation stands.
    pub view: watch::Receiver<Arc<View>>,
    /// What the jitter follows from.
    pub seed: u64,
}

/// A run that is under way, or that the engine has not told us of yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Busy {
    Running(tokio::task::Id),
    Ended(Time),
}

impl Reconcile {
    /// Compares what the package in force says until `stop` is told.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let mut runs: JoinSet<Id> = JoinSet::new();
        let mut busy: BTreeMap<Id, Busy> = BTreeMap::new();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                Some(ended) = runs.join_next() => match ended {
                    Ok(id) => {
                        busy.insert(id, Busy::Ended(this.clock.now()));
                    }
                    // One that panicked was reported when it did, and is due again.
                    Err(error) => busy.retain(|_, b| *b != Busy::Running(error.id())),
                },
                _ = stop.changed() => break,
            }
            let view = this.view.borrow().clone();
            let now = this.clock.now();
            busy.retain(|id, b| this.is_busy(&view, id, *b, now));
            for (id, declared) in &view.plan.package.reconciliations {
                let Some(state) = view.reconciliations.get(id) else {
                    continue;
                };
                let next = state.next_run(declared, now);
                let due = next.at + this.jitter(id, declared);
                if runs.len() >= RUNS_MAX || busy.contains_key(id) || due > now {
                    continue;
                }
                let task = id.clone();
                let (this, declared) = (Arc::clone(&this), declared.clone());
                let (id, state) = (id.clone(), Arc::clone(state));
                let run = runs.spawn(async move {
                    this.once(&declared, &state, next).await;
                    id
                });
                busy.insert(task, Busy::Running(run.id()));
            }
        }
        // What was asked is asked again after the restart: nothing of it is kept.
        runs.shutdown().await;
    }

    fn is_busy(&self, view: &View, id: &Id, busy: Busy, now: Time) -> bool {
        let Some(state) = view.reconciliations.get(id) else {
            return false;
        };
        match busy {
            Busy::Running(_) => true,
            Busy::Ended(at) => {
                let seen = state.ran_at.is_some_and(|ran| ran + second() >= at);
                !seen && now.since(at).as_millis() < SEEN_WITHIN_MS
            }
        }
    }

    /// The same for the same reconciliation, so that its runs keep their distance.
    fn jitter(&self, id: &Id, declared: &Reconciliation) -> gonogo_model::Duration {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(id.as_str());
        let drawn = hash
            .finalize()
            .iter()
            .take(4)
            .fold(0_i64, |n, b| n << 8 | i64::from(*b));
        let most = (declared.every.as_millis() / 20).clamp(1, JITTER_MAX_MS);
        gonogo_model::Duration::from_millis(drawn % most)
    }

    /// One run, written down whatever came of it.
    async fn once(&self, declared: &Reconciliation, state: &ReconciliationState, next: NextRun) {
        let began = self.clock.now();
        let id = &declared.id.value;
        let mut stretch = Stretch {
            from: next.from,
            until: began - declared.settle,
        };
        let timeout = Duration::from_millis(declared.timeout.as_millis().unsigned_abs());
        let asking = self.ask(declared, state, &mut stretch, began);
        let result = match tokio::time::timeout(timeout, asking).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::new(
                code::TIMEOUT,
                format!("the run took longer than {}", declared.timeout),
            )),
        };
        let ended = self.clock.now();
        let result = match result {
            Ok(comparison) => comparison,
            Err(trouble) => {
                tracing::warn!(reconciliation = %id, code = trouble.code, "{}", trouble.detail);
                RunResult::Unknown(unknown(trouble, ended))
            }
        };
        let run = Reconciled {
            reconciliation: id.clone(),
            at: ended,
            took: ended.since(began),
            stretch,
            result,
        };
        let input = [Input::Reconciled(Box::new(run))];
        while let Err(error) = append(&self.store, Lane::World, &input, self.clock.now()).await {
            if error == crate::store::StoreError::Closed {
                return;
            }
            tracing::error!(%error, "a reconciliation cannot be written down; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn ask(
        &self,
        declared: &Reconciliation,
        state: &ReconciliationState,
        stretch: &mut Stretch,
        now: Time,
    ) -> Result<RunResult, Trouble> {
        let of_events = |side: &Side| matches!(side, Side::Events(_));
        if of_events(&declared.left) || of_events(&declared.right) {
            // What came in before we listened for it is nobody's loss.
            let reaches = self.journal_reaches().await?.max(state.since);
            stretch.from = stretch.from.max(reaches);
            if stretch.from >= stretch.until {
                let trouble = Trouble::new(
                    code::TOO_EARLY,
                    "events have not been listened for long enough to compare them",
                );
                return Err(trouble.before(reaches + declared.settle + second()));
            }
        }
        let asked = Asked {
            // What happened around the stretch is read too: see `spread`.
            from: stretch.from - declared.spread,
            until: now,
        };
        let left = self.read(&declared.left, asked).await;
        let left = left.map_err(|t| t.of(declared.left.word()))?;
        let right = self.read(&declared.right, asked).await;
        let right = right.map_err(|t| t.of(declared.right.word()))?;
        let compared = compare(declared, *stretch, &left.records, &right.records);
        let mut compared = compared.map_err(|why| Trouble::new(code::UNREADABLE, why))?;
        for faults in [left.faults, right.faults] {
            compared.found.extend(faults.into_iter().map(|mut fault| {
                fault.at = stretch.until;
                fault
            }));
        }
        Ok(RunResult::Compared(Box::new(compared)))
    }

    async fn read(&self, side: &Side, asked: Asked) -> Result<Read, Trouble> {
        match side {
            Side::Stripe(s) => stripe::read(s, &self.outside, &self.clock, asked).await,
            Side::Fivetran(s) => fivetran::read(s, &self.outside, &self.clock, asked).await,
            Side::Postgres(s) => postgres::read(s, &self.outside, asked).await,
            Side::HttpJson(s) => http_json::read(s, &self.outside, &self.clock, asked).await,
            Side::Events(s) => events::read(s, &self.store, asked).await,
        }
    }

    /// Since when events are in the journal.
    async fn journal_reaches(&self) -> Result<Time, Trouble> {
        let begins = self.store.blocking(Store::journal_begins).await;
        let begins = begins
            .map_err(|_| Trouble::new(code::UNAVAILABLE, "our own journal could not be read"))?;
        Ok(begins.map_or_else(|| self.clock.now(), Time::from_millis))
    }
}

fn unknown(trouble: Trouble, now: Time) -> Unknown {
    let latest = now + gonogo_model::Duration::from_millis(LEFT_ALONE_MAX_MS);
    Unknown {
        code: trouble.code.to_string(),
        detail: trouble.detail,
        not_before: trouble.not_before.map(|at| at.min(latest)),
    }
}

fn second() -> gonogo_model::Duration {
    gonogo_model::Duration::from_secs(1)
}
