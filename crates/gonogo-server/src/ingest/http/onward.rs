//! Handing a delivery on: what the queue of a source that forwards is given.
//!
//! Invariant: a full queue is never silent. It refuses, so that the provider repeats, or keeps
//! the delivery in the log, and either way it is counted and told.

use gonogo_engine::Time;
use gonogo_model::forward::WhenFull;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Declared, Intake, Refused};
use crate::forward::send::packed;
use crate::ingest::{Delivery, VerifiedEvent};
use crate::store::{AppendBatch, Lane, NewForward, RawBody};

/// The most bytes of headers that are kept for an endpoint.
const HEADER_JSON_MAX: usize = 64 * 1024;
/// A key that is longer is told apart by its digest.
const KEY_CHARS_MAX: usize = 200;

/// Whether a delivery goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Onward {
    /// The source does not forward.
    Nowhere,
    /// It is queued.
    Queue,
    /// It only stands in the log, because too many wait.
    Keep,
}

impl Intake {
    /// Whether a delivery goes on; refused where the queue is full and says so.
    pub(super) fn onward(&self, declared: &Declared) -> Result<Onward, Refused> {
        let Some(forward) = &declared.forward else {
            return Ok(Onward::Nowhere);
        };
        let id = &declared.settings.id;
        let desk = &self.inner.desk;
        if desk.waiting(id) < u64::from(forward.waiting.max(1)) {
            return Ok(Onward::Queue);
        }
        desk.full(id);
        match forward.when_full {
            WhenFull::Keep => Ok(Onward::Keep),
            WhenFull::Refuse => {
                let code = "forward_full";
                self.count(id, |t| *t.refused.entry(code).or_default() += 1);
                Err(Refused::Busy { code })
            }
        }
    }

    /// Hands on a delivery of which no event is stored.
    pub(super) async fn send_on(
        &self,
        declared: &Declared,
        delivery: &Delivery<'_>,
        onward: Onward,
        what: &str,
    ) -> Result<(), Refused> {
        let now = self.inner.clock.now();
        let Some(mut forward) = onward.delivery(declared, delivery, &[], now) else {
            return Ok(());
        };
        forward.kind = what.into();
        let (lane, inputs) = (Lane::World, Vec::new());
        let batch = AppendBatch { lane, inputs };
        self.inner.store.append_forwarded(batch, forward).await?;
        self.inner.desk.queued(&declared.settings.id);
        Ok(())
    }
}

impl Onward {
    /// What is queued of a delivery.
    pub(super) fn delivery(
        self,
        declared: &Declared,
        delivery: &Delivery<'_>,
        events: &[VerifiedEvent],
        now: Time,
    ) -> Option<NewForward> {
        let forward = declared.forward.as_ref()?;
        if self == Self::Nowhere {
            return None;
        }
        let source = declared.settings.id.to_string();
        let mut headers_json = packed(delivery.headers);
        if headers_json.len() > HEADER_JSON_MAX {
            headers_json = "[]".into();
        }
        // The provider's own tries end with its window; ours may go on for longer.
        let days = forward.retry.within.as_secs() / 86_400 + 1;
        let keep_days = declared
            .keep_days
            .max(u16::try_from(days).unwrap_or(u16::MAX));
        let kind = events
            .first()
            .map_or(String::new(), |e| e.event.kind.clone());
        let key = forward.ordering_key.as_deref();
        Some(NewForward {
            delivery: id_of(&source, delivery, events, now),
            kind,
            ordering: key.and_then(|path| ordering(delivery.body, path)),
            received_at_ms: now.as_millis(),
            raw: RawBody {
                source: source.clone(),
                headers_json,
                body: delivery.body.to_vec(),
                keep_days,
            },
            source,
            queued: self == Self::Queue,
        })
    }
}

/// The same for the same events, however often the provider repeats them.
fn id_of(source: &str, delivery: &Delivery<'_>, events: &[VerifiedEvent], now: Time) -> String {
    let mut hash = Sha256::new().chain_update(source.as_bytes());
    for event in events {
        hash.update(event.dedup.as_bytes());
    }
    if events.is_empty() {
        hash.update(now.as_millis().to_le_bytes());
        hash.update(delivery.body);
    }
    let digest = hash.finalize();
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// The value of the ordering key in a JSON body.
fn ordering(body: &[u8], path: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let found = path.split('.').try_fold(&body, |value, part| match value {
        Value::Array(list) => list.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })?;
    let text = match found {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => found.to_string(),
        _ => return None,
    };
    if text.chars().count() <= KEY_CHARS_MAX {
        return Some(text);
    }
    let digest = Sha256::digest(text.as_bytes());
    Some(digest.iter().map(|b| format!("{b:02x}")).collect())
}
