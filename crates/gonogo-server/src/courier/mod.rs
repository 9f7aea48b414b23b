//! The courier: carries out what stands in the outbox, at least once, each under its id.
//!
//! It only reads committed effects. What became of a message goes back into the journal as
//! an input, so that the engine goes to the next channel or step. Invariant: an effect
//! leaves the outbox only when the other side has it, or the engine was told that it has not.

mod confirm;
mod message;

use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::effect::{Effect, EffectId};
use gonogo_engine::input::{Confirmation, Delivery, DeliveryOutcome};
use gonogo_engine::{Input, Time};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::driver::new_input;
use crate::notify::{Channels, Outcome as Sent, retry};
use crate::settings::Outside;
use crate::store::{AppendBatch, Claim, Lane, OutboxItem, Outcome, Store, StoreError};
use crate::view::View;

/// How many effects are carried out at the same time.
const AT_ONCE: usize = 32;
/// How long an effect may take before it is taken for lost and carried out again.
const LEASE_MS: i64 = 60_000;
/// How long the courier sleeps at the most.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// After how many failed attempts the engine hears of it, while trying goes on.
const TELL_AFTER_ATTEMPTS: u32 = 2;

/// What the courier needs.
#[derive(Clone)]
pub struct Courier {
    /// The outbox.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// The ways out.
    pub channels: Arc<Channels>,
    /// Where addresses and secrets are read from.
    pub outside: Outside,
    /// The package in force.
    pub view: watch::Receiver<Arc<View>>,
    /// Where links in messages point, without a slash at the end.
    pub base_url: String,
    /// What jitter follows from.
    pub seed: u64,
    /// Messages are marked as an exercise.
    pub exercise: bool,
    /// Where attempts are counted.
    pub sent: crate::metrics::Sent,
}

impl Courier {
    /// Carries effects out until `stop` is told, then finishes those under way.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut heads = self.store.heads();
        let mut under_way = JoinSet::new();
        // The data directory is ours alone: whoever held these leases is gone.
        match self.store.end_leases(self.clock.now().as_millis()).await {
            Ok(0) => {}
            Ok(in_doubt) => {
                tracing::info!(in_doubt, "messages in doubt are sent again under their ids")
            }
            Err(error) => tracing::error!(%error, "messages in doubt wait for their lease to end"),
        }
        while !*stop.borrow() {
            while under_way.try_join_next().is_some() {}
            let free = u32::try_from(places.available_permits()).unwrap_or(0);
            let claim = Claim {
                now_ms: self.clock.now().as_millis(),
                lease_ms: LEASE_MS,
                limit: free,
            };
            let claimed = if free == 0 {
                Ok(Vec::new())
            } else {
                self.claim(claim).await
            };
            let items = match claimed {
                Ok(items) => items,
                Err(StoreError::Closed) => break,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read; trying again");
                    Vec::new()
                }
            };
            let idle = items.is_empty();
            for item in items {
                let (courier, places) = (self.clone(), Arc::clone(&places));
                under_way.spawn(async move {
                    let _place = places.acquire_owned().await;
                    courier.carry_out(item).await;
                });
            }
            if idle {
                tokio::select! {
                    _ = heads.changed() => {}
                    _ = stop.changed() => {}
                    () = tokio::time::sleep(SLEEP_MAX) => {}
                }
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Claims only when something is due: a claim is a write, and an idle server writes nothing.
    async fn claim(&self, claim: Claim) -> Result<Vec<OutboxItem>, StoreError> {
        let next = self.store.blocking(|s| s.outbox_next_due()).await?;
        if next.is_none_or(|at| at > claim.now_ms) {
            return Ok(Vec::new());
        }
        self.store.claim_due(claim).await
    }

    async fn carry_out(&self, item: OutboxItem) {
        let effect: Effect = match serde_json::from_slice(&item.body) {
            Ok(effect) => effect,
            Err(error) => {
                let error = format!("the effect cannot be read: {error}");
                self.finish(&item, Outcome::Failed { error }, Vec::new())
                    .await;
                return;
            }
        };
        match &effect {
            Effect::Notify(notify) => {
                let sent = message::send(self, notify).await;
                self.sent.count(notify.channel, &sent);
                self.notified(&item, message::kind_of(notify.kind), sent)
                    .await;
            }
            Effect::Confirm(question) => {
                let (answer, detail) = confirm::ask(self, question).await;
                let input = Input::Confirmation(Confirmation {
                    effect: question.id.clone(),
                    answer,
                    detail: detail.clone(),
                });
                self.finish(&item, Outcome::Delivered { receipt: detail }, vec![input])
                    .await;
            }
            // The status page shows it since the step was committed.
            Effect::Publish(_) | Effect::Cancel(_) => {
                self.finish(
                    &item,
                    Outcome::Delivered {
                        receipt: "published".into(),
                    },
                    Vec::new(),
                )
                .await;
            }
        }
    }

    async fn notified(&self, item: &OutboxItem, kind: crate::notify::PageKind, sent: Sent) {
        let told = |outcome, detail: String| {
            Input::Delivery(Delivery {
                effect: EffectId(item.effect_id.clone()),
                outcome,
                detail,
            })
        };
        match sent {
            Sent::Delivered { receipt } => {
                let input = told(DeliveryOutcome::HandedOver, receipt.clone());
                self.finish(item, Outcome::Delivered { receipt }, vec![input])
                    .await;
            }
            Sent::Failed { error } => {
                tracing::warn!(effect = item.effect_id, %error, "a message does not get through");
                let input = told(DeliveryOutcome::Failed, error.clone());
                self.finish(item, Outcome::Failed { error }, vec![input])
                    .await;
            }
            Sent::Retry { after, error } => {
                match retry::next(kind, self.seed, &item.effect_id, item.attempts, after) {
                    retry::Next::Wait(wait) => {
                        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                        let at_ms = self.clock.now().as_millis().saturating_add(wait);
                        let tell = item.attempts == TELL_AFTER_ATTEMPTS;
                        let input = tell.then(|| told(DeliveryOutcome::Retrying, error.clone()));
                        self.finish(
                            item,
                            Outcome::Retry { at_ms, error },
                            input.into_iter().collect(),
                        )
                        .await;
                    }
                    retry::Next::GiveUp => {
                        tracing::warn!(effect = item.effect_id, %error, "a message is given up");
                        let input = told(DeliveryOutcome::Failed, error.clone());
                        self.finish(item, Outcome::Failed { error }, vec![input])
                            .await;
                    }
                }
            }
        }
    }

    /// Closes the effect and tells the engine in one commit: a crash before it repeats the
    /// effect under its id, and none leaves an end that the engine does not hear of.
    async fn finish(&self, item: &OutboxItem, outcome: Outcome, inputs: Vec<Input>) {
        let now = self.clock.now();
        let inputs = inputs.iter().map(|input| new_input(input, now)).collect();
        let recorded = self
            .store
            .record_and_append(
                &item.effect_id,
                item.attempts,
                outcome,
                now.as_millis(),
                inputs,
            )
            .await;
        if let Err(error) = recorded {
            tracing::error!(effect = item.effect_id, %error, "an effect could not be closed; it will be repeated");
        }
    }
}

/// Appends inputs of our own making.
pub async fn append(
    store: &Store,
    lane: Lane,
    inputs: &[Input],
    now: Time,
) -> Result<i64, StoreError> {
    let inputs = inputs.iter().map(|input| new_input(input, now)).collect();
    let appended = store.append(AppendBatch { lane, inputs }).await?;
    Ok(appended.last().map_or(0, |a| a.seq()))
}
