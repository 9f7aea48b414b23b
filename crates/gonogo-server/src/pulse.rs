//! Watching ourselves: can we hear, is the clock right, is anything piling up, and does
//! somebody outside know that we are alive.
//!
//! The proof that we can hear is a signed event of our own that goes in by the same door as
//! everybody's. Invariant: the outside heartbeat is sent only while nothing is found wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::Input;
use gonogo_engine::input::Trouble;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::{Clock, DIFFERENCE_REPORTED_MS};
use crate::courier::append;
use crate::ingest::http::{Intake, OWN_SOURCE};
use crate::ingest::{Secret, sign};
use crate::readiness::Readiness;
use crate::settings::Outside;
use crate::store::{Lane, Store, StoreError};
use crate::view::View;

/// How often we prove that we can hear.
pub const PROVE_EVERY: Duration = Duration::from_secs(5);
/// How often everything else is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How often what is too old is cleared away.
const TIDY_EVERY: Duration = Duration::from_secs(3600);
/// How many times in a row a clock difference has to be seen before it is taken over.
const CLOCK_CONFIRMATIONS: u32 = 3;

/// What watching ourselves needs.
pub struct Pulse {
    /// Where troubles are written down.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// The door.
    pub intake: Intake,
    /// Where secrets are read from.
    pub outside: Outside,
    /// The package in force.
    pub view: watch::Receiver<Arc<View>>,
    /// The address that our own events are sent to.
    pub intake_url: String,
    /// What signs them.
    pub own_secret: String,
    /// Told when the heartbeat outside was reached.
    pub readiness: Readiness,
}

impl Pulse {
    /// Keeps watch until `stop` is told.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let client = reqwest::Client::builder()
            .timeout(PROVE_EVERY)
            .no_proxy()
            .build();
        let Ok(client) = client else {
            tracing::error!("no HTTP client: gonogo cannot prove that it hears");
            return;
        };
        let mut prove = tokio::time::interval(PROVE_EVERY);
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        let mut dead_man = tokio::time::Instant::now();
        let mut watchers = Watchers::default();
        while !*stop.borrow() {
            tokio::select! {
                _ = prove.tick() => self.prove(&client).await,
                _ = look.tick() => {
                    self.look(&mut watchers).await;
                    self.beat(&client, &mut dead_man).await;
                }
                _ = tidy.tick() => {
                    let now_ms = self.clock.now().as_millis();
                    if let Err(error) = self.store.blocking(move |s| s.prune(now_ms)).await {
                        tracing::warn!(%error, "what is too old could not be cleared away");
                    }
                }
                _ = stop.changed() => {}
            }
        }
    }

    async fn prove(&self, client: &reqwest::Client) {
        let now = Timestamp::now();
        let id = format!("own-{}", now.as_millisecond());
        let body = format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"gonogo","type":"gonogo.intake.proof"}}"#
        );
        let Some(secret) = Secret::new(&self.own_secret) else {
            return;
        };
        let Some(signature) = sign::cloudevents(&secret, &id, body.as_bytes(), now) else {
            return;
        };
        let sent = client
            .post(format!("{}/in/{OWN_SOURCE}", self.intake_url))
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => {
                tracing::warn!(status = %answer.status(), "our own test event was refused")
            }
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "our own test event did not arrive")
            }
        }
    }

    async fn look(&self, watchers: &mut Watchers) {
        let mut found: BTreeMap<&str, String> = BTreeMap::new();
        let spikes = self.intake.spikes();
        if !spikes.is_empty() {
            let sources: Vec<String> = spikes.iter().map(|(id, n)| format!("{id} ({n})")).collect();
            let text = format!(
                "signatures are refused in the last 5 min: {}; a key may have been changed on one side only",
                sources.join(", ")
            );
            found.insert("signature_rejections", text);
        }
        match self.store.blocking(|s| s.dead_letter_counts()).await {
            Ok(counts) => {
                let open: u64 = counts.iter().map(|c| c.open).sum();
                if open > 0 {
                    let text = format!(
                        "{open} deliveries verified but could not be read; they are kept on the sources page and can be replayed"
                    );
                    found.insert("dead_letters", text);
                }
            }
            Err(error) => tracing::warn!(%error, "dead letters cannot be counted"),
        }
        if let Ok(counts) = self.store.blocking(|s| s.outbox_counts()).await
            && counts.over_limit()
        {
            let text = format!(
                "{} messages wait to be sent",
                counts.pending + counts.sending
            );
            found.insert("outbox", text);
        }
        for code in ["signature_rejections", "dead_letters", "outbox"] {
            let detail = found.remove(code);
            let standing = self.view.borrow().troubles.contains_key(code);
            if detail.is_some() != standing {
                self.tell(Input::Trouble(Trouble {
                    code: code.into(),
                    detail,
                }))
                .await;
            }
        }
        self.look_at_the_clock(watchers).await;
    }

    async fn look_at_the_clock(&self, watchers: &mut Watchers) {
        let ahead = self.clock.wall_ahead_ms();
        if ahead.abs() <= DIFFERENCE_REPORTED_MS {
            watchers.clock_seen = 0;
            if self.view.borrow().troubles.contains_key("clock") {
                self.tell(Input::Trouble(Trouble {
                    code: "clock".into(),
                    detail: None,
                }))
                .await;
            }
            return;
        }
        watchers.clock_seen += 1;
        if watchers.clock_seen == 1 {
            let text = format!(
                "the wall clock differs by {} s; deadlines go on by elapsed time until that is confirmed",
                ahead / 1000
            );
            self.tell(Input::Trouble(Trouble {
                code: "clock".into(),
                detail: Some(text),
            }))
            .await;
        }
        if watchers.clock_seen >= CLOCK_CONFIRMATIONS {
            self.clock.take_over(ahead);
            watchers.clock_seen = 0;
            self.tell(Input::ClockStep { by_millis: ahead }).await;
        }
    }

    /// The outside heartbeat, only while nothing is wrong with ourselves.
    async fn beat(&self, client: &reqwest::Client, next: &mut tokio::time::Instant) {
        let view = self.view.borrow().clone();
        let declared = view
            .plan
            .package
            .header
            .as_ref()
            .and_then(|h| h.dead_man.clone());
        let Some(dead_man) = declared else { return };
        if *next > tokio::time::Instant::now() || !view.troubles.is_empty() {
            return;
        }
        *next = tokio::time::Instant::now()
            + Duration::from_millis(dead_man.every.as_millis().unsigned_abs());
        let url = match self.outside.resolve(&dead_man.url) {
            Ok(url) => url,
            Err(why) => {
                tracing::warn!(%why, "nobody outside hears that gonogo is alive");
                return;
            }
        };
        let sent = client.get(url).send().await;
        match sent.and_then(reqwest::Response::error_for_status) {
            Ok(_) => self.readiness.beaten(self.clock.now()),
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "the outside heartbeat did not get through");
            }
        }
    }

    async fn tell(&self, input: Input) {
        match append(&self.store, Lane::Human, &[input], self.clock.now()).await {
            Ok(_) | Err(StoreError::Closed) => {}
            Err(error) => tracing::error!(%error, "a trouble could not be written down"),
        }
    }
}

#[derive(Default)]
struct Watchers {
    clock_seen: u32,
}
