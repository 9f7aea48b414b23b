//! Getting the engine back: the newest snapshot, and the steps since.
//!
//! Replay folds committed steps with their own times and reads nothing else, so it ends in
//! the state that was left. Effects are not sent again: they stand in the outbox since the
//! commit that decided them. Only where another version decided the tail is what should be
//! in flight compared with the outbox, and the difference sent.

use std::collections::BTreeMap;

use gonogo_engine::engine::{ENGINE_VERSION, SNAPSHOT_SCHEMA};
use gonogo_engine::paging::SendState;
use gonogo_engine::{Effect, Engine, Input, Time};

use crate::store::{StepRow, Store, StoreError};

/// How many steps are read at once.
const STEPS_AT_ONCE: u32 = 500;

/// An engine that is where the journal left it.
pub struct Recovered {
    /// The engine.
    pub engine: Engine,
    /// The last step that is in it.
    pub step_no: i64,
    /// The time of that step.
    pub now: Time,
    /// How many steps were replayed.
    pub replayed: u64,
    /// What another version decided differently and has to be sent now.
    pub resend: Vec<Effect>,
}

/// Brings the engine back to the last committed step.
pub fn recover(store: &Store) -> Result<Recovered, StoreError> {
    recover_to(store, i64::MAX)
}

/// Brings the engine back to a committed step.
pub(super) fn recover_to(store: &Store, last: i64) -> Result<Recovered, StoreError> {
    let mut replay = Replay {
        engine: Engine::new(),
        step_no: 0,
        now: Time::default(),
        replayed: 0,
        foreign: false,
        sent: BTreeMap::new(),
    };
    if let Some(snapshot) = store.latest_snapshot()?
        && snapshot.schema == SNAPSHOT_SCHEMA
        && snapshot.step_no <= last
    {
        match Engine::restore(&snapshot.body) {
            Ok(engine) => {
                replay.now = engine.state().now;
                replay.engine = engine;
                replay.step_no = snapshot.step_no;
            }
            Err(why) => tracing::warn!(%why, "replaying from the beginning instead"),
        }
    }
    loop {
        let steps = store.steps_after(replay.step_no, STEPS_AT_ONCE)?;
        let steps: Vec<StepRow> = steps.into_iter().filter(|s| s.no <= last).collect();
        if steps.is_empty() {
            break;
        }
        for step in &steps {
            replay.fold(store, step)?;
        }
    }
    let resend = replay.missing(store)?;
    let Replay {
        engine,
        step_no,
        now,
        replayed,
        ..
    } = replay;
    Ok(Recovered {
        engine,
        step_no,
        now,
        replayed,
        resend,
    })
}

struct Replay {
    engine: Engine,
    step_no: i64,
    now: Time,
    replayed: u64,
    /// Some of the tail was decided by another version.
    foreign: bool,
    sent: BTreeMap<String, Effect>,
}

impl Replay {
    fn fold(&mut self, store: &Store, step: &StepRow) -> Result<(), StoreError> {
        let now = Time::from_millis(step.now_ns.div_euclid(1_000_000));
        self.foreign |= step.engine_version != ENGINE_VERSION;
        match step.inputs {
            None => self.take(now, &Input::Tick),
            Some(range) => {
                let mut next = range.first_seq;
                while next <= range.last_seq {
                    let inputs = store.read_inputs_range(range.lane, next, range.last_seq)?;
                    let Some(last) = inputs.last() else { break };
                    next = last.seq + 1;
                    for input in inputs.iter().filter(|i| i.skipped.is_none()) {
                        let decoded: Input =
                            serde_json::from_slice(&input.body).map_err(|error| {
                                StoreError::Corrupt(format!(
                                    "input {} cannot be read: {error}",
                                    input.seq
                                ))
                            })?;
                        self.take(now, &decoded);
                    }
                }
            }
        }
        self.step_no = step.no;
        self.now = now;
        self.replayed += 1;
        Ok(())
    }

    fn take(&mut self, now: Time, input: &Input) {
        let outcome = self.engine.handle(now, input);
        if self.foreign {
            for effect in outcome.effects {
                self.sent.insert(effect.id().0.clone(), effect);
            }
        }
    }

    /// What should be in flight by this version's rules and is not in the outbox.
    fn missing(&self, store: &Store) -> Result<Vec<Effect>, StoreError> {
        let mut missing = Vec::new();
        let open = self
            .engine
            .state()
            .incidents
            .values()
            .filter(|i| i.is_open());
        for (id, send) in open
            .flat_map(|i| i.engagements.values())
            .flat_map(|e| &e.sends)
        {
            if send.state == SendState::Pending
                && let Some(effect) = self.sent.get(&id.0)
                && store.outbox_item(&id.0)?.is_none()
            {
                missing.push(effect.clone());
            }
        }
        Ok(missing)
    }
}
