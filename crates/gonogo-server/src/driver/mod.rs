//! The driver: the only owner of the engine.
//!
//! One thread takes committed inputs off the journal, lets the engine decide, and commits
//! what it decided as a step before anything is sent or shown. Invariant: the engine in
//! memory is never ahead of the last committed step by more than the step being committed,
//! and a step that could not be committed is tried again verbatim, never decided again.

mod replay;
mod snapshots;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use gonogo_engine::engine::{ENGINE_VERSION, SNAPSHOT_SCHEMA};
use gonogo_engine::history::Entry;
use gonogo_engine::input::{SCHEMA, Trouble};
use gonogo_engine::{Effect, Engine, Input, Outcome, Time};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::store::{
    AppendBatch, HistoryRow, InputRange, Lane, NewInput, OutboxRow, Snapshot, Step, Store,
    StoreError,
};
use crate::view::View;

pub use replay::{Recovered, recover};

/// How many inputs one step takes at the most.
const STEP_INPUTS_MAX: u32 = 1024;
/// How long the driver sleeps at the most.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How often what pages see is made anew at the most, while nobody waits for it.
const VIEW_EVERY_MS: i64 = 200;
/// The first and the longest pause before a step is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// A backlog older than this is said aloud and paged.
pub const LAG_PAGED_MS: i64 = 5_000;

/// A running driver.
pub struct Driver {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    view: watch::Receiver<Arc<View>>,
}

impl Driver {
    /// Brings the engine back to where the journal left it, and lets it run.
    pub fn start(
        store: Store,
        clock: Arc<Clock>,
        recovered: Recovered,
    ) -> Result<Self, StoreError> {
        let epoch = store.take_epoch().wait()?;
        let stop = Arc::new(AtomicBool::new(false));
        let now = clock.now();
        let (publish, view) = watch::channel(Arc::new(View::of(
            &recovered.engine,
            now,
            recovered.step_no,
        )));
        let turn = Turn {
            applied: [store.applied(Lane::Human), store.applied(Lane::World)],
            store,
            clock,
            engine: recovered.engine,
            resend: recovered.resend,
            step_no: recovered.step_no,
            epoch,
            publish,
            published_at: now,
            lagging: false,
            stop: Arc::clone(&stop),
        };
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || turn.run())
            .map_err(|error| {
                StoreError::Unavailable(format!("no thread for the engine: {error}"))
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
            view,
        })
    }

    /// What pages see; it changes after each step.
    pub fn view(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// Finishes the step under way, keeps a snapshot and ends. Blocks.
    pub fn stop(mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A panic in there was reported when it happened.
            let _ = thread.join();
        }
    }
}

struct Turn {
    store: Store,
    clock: Arc<Clock>,
    engine: Engine,
    /// Effects that another version decided and that never reached the outbox.
    resend: Vec<Effect>,
    applied: [i64; 2],
    step_no: i64,
    epoch: i64,
    publish: watch::Sender<Arc<View>>,
    published_at: Time,
    lagging: bool,
    stop: Arc<AtomicBool>,
}

impl Turn {
    fn run(mut self) {
        let snapshots = snapshots::Snapshots::start(self.store.clone(), Arc::clone(&self.clock));
        let mut seen = self
            .store
            .wait_for_heads(crate::store::Heads::default(), Duration::ZERO);
        while !self.stop.load(Ordering::Acquire) {
            match self.work() {
                Ok(true) => continue,
                Ok(false) => {}
                Err(StoreError::Closed) => break,
                Err(error) => {
                    tracing::error!(%error, "a round failed; going back to the last committed step");
                    std::thread::park_timeout(RETRY.1);
                    self.go_back();
                    continue;
                }
            }
            self.show(true);
            seen = self.store.wait_for_heads(seen, self.sleep());
        }
        snapshots.stop();
        let snapshot = Snapshot {
            step_no: self.step_no,
            schema: SNAPSHOT_SCHEMA,
            engine_version: ENGINE_VERSION.into(),
            taken_at_ms: self.clock.now().as_millis(),
            body: self.engine.snapshot(),
        };
        if self.step_no > 0
            && let Err(error) = self.store.save_snapshot(snapshot)
        {
            tracing::warn!(%error, "no snapshot at shutdown; the next start replays a little more");
        }
    }

    /// One round over the lanes and the deadline. Says whether there may be more to do.
    fn work(&mut self) -> Result<bool, StoreError> {
        let mut worked = false;
        for lane in Lane::ALL {
            let index = usize::from(lane == Lane::World);
            let inputs = self
                .store
                .inputs_after(lane, self.applied[index], STEP_INPUTS_MAX)?;
            let (Some(first), Some(last)) = (inputs.first(), inputs.last()) else {
                continue;
            };
            let range = InputRange {
                lane,
                first_seq: first.seq,
                last_seq: last.seq,
            };
            let now = self.clock.now();
            self.watch_lag(now, first.received_at_ms, lane);
            let mut outcome = self.take_resend();
            for place in 0..inputs.len() {
                self.handle(now, &inputs[..=place], &mut outcome)?;
            }
            self.commit(now, Some(range), outcome)?;
            self.applied[index] = range.last_seq;
            worked = true;
            // Commands that came meanwhile go before more of the world.
            if lane == Lane::World {
                break;
            }
        }
        let now = self.clock.now();
        if self.engine.next_deadline().is_some_and(|d| d.at <= now) {
            let mut outcome = self.take_resend();
            merge(&mut outcome, self.engine.handle(now, &Input::Tick));
            self.commit(now, None, outcome)?;
            worked = true;
        }
        self.show(false);
        Ok(worked)
    }

    /// Back to the last committed step: what was decided since is in no journal, and is
    /// decided again.
    fn go_back(&mut self) {
        match recover(&self.store) {
            Ok(recovered) => {
                self.engine = recovered.engine;
                self.step_no = recovered.step_no;
                self.applied = Lane::ALL.map(|lane| self.store.applied(lane));
            }
            Err(error) => tracing::error!(%error, "the journal cannot be read; trying again"),
        }
    }

    fn take_resend(&mut self) -> Outcome {
        Outcome {
            effects: std::mem::take(&mut self.resend),
            history: Vec::new(),
        }
    }

    /// Lets the engine decide about the last of these inputs. One that makes it panic is
    /// poison: it is put aside, the engine goes back to its last committed state and decides
    /// the ones before again, from the same state at the same time, and somebody is told.
    fn handle(
        &mut self,
        now: Time,
        inputs: &[Arc<crate::store::Input>],
        outcome: &mut Outcome,
    ) -> Result<(), StoreError> {
        let Some((input, before)) = inputs.split_last() else {
            return Ok(());
        };
        if input.skipped.is_some() {
            return Ok(());
        }
        let why = match self.decide(now, input) {
            Ok(more) => {
                merge(outcome, more);
                return Ok(());
            }
            Err(why) => why,
        };
        tracing::error!(seq = input.seq, kind = %input.kind, %why, "an input is put aside as poison");
        self.store.skip(input.seq, &why, now.as_millis()).wait()?;
        let text = format!("input {} ({}) was put aside: {why}", input.seq, input.kind);
        let trouble = Trouble {
            code: "poison".into(),
            detail: Some(text),
        };
        append(&self.store, Lane::Human, vec![Input::Trouble(trouble)], now)?;
        self.engine = recover(&self.store)?.engine;
        *outcome = Outcome::default();
        for earlier in before.iter().filter(|i| i.skipped.is_none()) {
            if let Ok(more) = self.decide(now, earlier) {
                merge(outcome, more);
            }
        }
        Ok(())
    }

    fn decide(&mut self, now: Time, input: &crate::store::Input) -> Result<Outcome, String> {
        let decoded: Input = serde_json::from_slice(&input.body)
            .map_err(|error| format!("it cannot be read: {error}"))?;
        catch_unwind(AssertUnwindSafe(|| self.engine.handle(now, &decoded)))
            .map_err(|_| "the engine failed while handling it".to_string())
    }

    fn commit(
        &mut self,
        now: Time,
        inputs: Option<InputRange>,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let no = self.step_no + 1;
        let step = step(no, self.epoch, now, inputs, outcome);
        let mut pause = RETRY.0;
        loop {
            match self.store.commit_step(step.clone()).wait() {
                Ok(()) => break,
                Err(error) if error.is_temporary() && error != StoreError::Closed => {
                    tracing::error!(step = no, %error, "a step cannot be committed; trying it again as it is");
                    std::thread::park_timeout(pause);
                    pause = (pause * 2).min(RETRY.1);
                    if self.stop.load(Ordering::Acquire) {
                        return Err(StoreError::Closed);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.step_no = no;
        Ok(())
    }

    /// A backlog is shown and paged, once.
    fn watch_lag(&mut self, now: Time, received_at_ms: i64, lane: Lane) {
        let lag = now.as_millis() - received_at_ms;
        let lagging = lag > LAG_PAGED_MS;
        if lagging == self.lagging || (lane == Lane::Human && !lagging) {
            return;
        }
        self.lagging = lagging;
        let detail = lagging.then(|| {
            format!(
                "decisions are {} s behind what came in; pages may be that much late",
                lag / 1000
            )
        });
        let trouble = Input::Trouble(Trouble {
            code: "lag".into(),
            detail,
        });
        if let Err(error) = append(&self.store, Lane::Human, vec![trouble], now) {
            tracing::error!(%error, "the lag could not be written down");
        }
    }

    fn show(&mut self, idle: bool) {
        let now = self.clock.now();
        let stale = self.publish.borrow().step_no != self.step_no;
        if stale && (idle || now.since(self.published_at).as_millis() >= VIEW_EVERY_MS) {
            self.published_at = now;
            let before = self.publish.borrow().clone();
            let view = View::after(Some(&before), &self.engine, now, self.step_no);
            self.publish.send_replace(Arc::new(view));
        }
    }

    fn sleep(&self) -> Duration {
        let Some(deadline) = self.engine.next_deadline() else {
            return SLEEP_MAX;
        };
        let millis = deadline
            .at
            .since(self.clock.now())
            .as_millis()
            .unsigned_abs();
        Duration::from_millis(millis.max(1)).min(SLEEP_MAX)
    }
}

/// Appends inputs of our own making; blocks until they are durable.
fn append(store: &Store, lane: Lane, inputs: Vec<Input>, now: Time) -> Result<(), StoreError> {
    let inputs = inputs.iter().map(|input| new_input(input, now)).collect();
    store
        .append(AppendBatch { lane, inputs })
        .wait()
        .map(|_| ())
}

/// An input as the journal takes it.
pub fn new_input(input: &Input, now: Time) -> NewInput {
    NewInput {
        kind: input.kind().into(),
        received_at_ms: now.as_millis(),
        schema: SCHEMA,
        // Every map in an input has text for keys, so it can always be written.
        body: serde_json::to_vec(input).unwrap_or_default(),
        dedup: None,
        raw: None,
    }
}

fn merge(outcome: &mut Outcome, more: Outcome) {
    outcome.effects.extend(more.effects);
    outcome.history.extend(more.history);
}

fn step(no: i64, epoch: i64, now: Time, inputs: Option<InputRange>, outcome: Outcome) -> Step {
    let mut outbox = Vec::new();
    let mut cancels = Vec::new();
    for effect in outcome.effects {
        if let Effect::Cancel(id) = effect {
            cancels.push(id.0);
            continue;
        }
        outbox.push(OutboxRow {
            effect_id: effect.id().0.clone(),
            kind: effect.kind().into(),
            incident: incident_of(&effect).map(|n| n.to_string()),
            body: serde_json::to_vec(&effect).unwrap_or_default(),
            not_before_ms: now.as_millis(),
        });
    }
    let history = outcome
        .history
        .iter()
        .enumerate()
        .map(|(n, entry)| row(no, n, entry))
        .collect();
    Step {
        no,
        epoch,
        now_ns: now.as_millis().saturating_mul(1_000_000),
        inputs,
        engine_version: ENGINE_VERSION.into(),
        outbox,
        cancels,
        history,
    }
}

fn incident_of(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::Notify(n) => n.incident,
        Effect::Publish(p) => Some(p.incident),
        Effect::Cancel(_) | Effect::Confirm(_) => None,
    }
}

fn row(step: i64, place: usize, entry: &Entry) -> HistoryRow {
    HistoryRow {
        id: format!("{step}-{place}"),
        incident: entry.incident.map(|n| n.to_string()),
        at_ms: entry.at.as_millis(),
        kind: entry.kind.word().into(),
        actor: entry.subject.clone(),
        text: entry.text.clone(),
        json: String::new(),
    }
}
