//! CloudEvents 1.0 over HTTP, from the product's own services: structured, batch and binary.
//!
//! Declared paths address the structured form in every mode: `subject`, `data.amount`.
//! Invariant: an event is what the specification says it is, or a dead letter; (`source`,
//! `id`) is its key.
//!
//! Binary mode carries the envelope in headers, which neither a signature over the body nor a
//! token covers: there, only TLS protects the type and the time. Prefer the structured mode.

mod auth;
mod binary;
mod handshake;

use std::collections::BTreeSet;

use serde_json::Value;

use super::dead_letter::{DeadLetter, DeadReason};
use super::event::{DedupKey, Found, VerifiedEvent, parse_time};
use super::reject::{Reject, RejectCode};
use super::{Accepted, Delivery, MAX_BATCH, SourceSettings, media_type};

pub use self::auth::{CloudeventsAuth, MIN_TOKEN_BYTES, sign};
pub(super) use self::auth::{mistake, verify};
pub(super) use self::binary::HEADER_PREFIX;
pub use self::handshake::handshake;

/// The version that is read.
const SPECVERSION: &str = "1.0";

pub(super) fn normalise(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Accepted, Reject> {
    if media_type(delivery.headers).as_deref() == Some("application/cloudevents-batch+json") {
        return batch(settings, delivery);
    }
    let envelope = envelope(delivery)?.ok_or(RejectCode::UnsupportedMediaType)?;
    let event = envelope.and_then(|envelope| event(settings, delivery, &envelope));
    Ok(match event {
        Ok(event) => Accepted::Events(vec![event]),
        Err(dead) => Accepted::DeadLetter(dead),
    })
}

/// The structured form of a single event; `None` for a post that is no CloudEvent at all.
pub(super) fn envelope(delivery: &Delivery) -> Result<Option<Result<Value, DeadLetter>>, Reject> {
    Ok(match media_type(delivery.headers).as_deref() {
        Some("application/cloudevents+json") => Some(Ok(json(delivery.body)?)),
        // Another event format.
        Some(other) if other.starts_with("application/cloudevents") => {
            return Err(RejectCode::UnsupportedMediaType.into());
        }
        _ if !binary::is_event(delivery.headers) => None,
        _ => Some(binary::envelope(delivery)?),
    })
}

/// The senders are the team's own, so what is no JSON at all is told to them at once.
fn json(body: &[u8]) -> Result<Value, Reject> {
    serde_json::from_slice(body).map_err(|_| RejectCode::NotJson.into())
}

fn batch(settings: &SourceSettings, delivery: &Delivery) -> Result<Accepted, Reject> {
    let Value::Array(envelopes) = json(delivery.body)? else {
        let dead = DeadLetter::new(DeadReason::UnknownShape, "the batch is not a list");
        return Ok(Accepted::DeadLetter(dead));
    };
    if envelopes.len() > MAX_BATCH {
        return Err(RejectCode::BatchTooLarge.into());
    }
    let mut seen = BTreeSet::new();
    let mut events = Vec::with_capacity(envelopes.len());
    let mut dead: Vec<(usize, DeadLetter)> = Vec::new();
    for (index, envelope) in envelopes.iter().enumerate() {
        match event(settings, delivery, envelope) {
            Ok(event) if seen.insert(event.dedup) => events.push(event),
            Ok(_) => {}
            Err(letter) => dead.push((index, letter)),
        }
    }
    let bad = dead.len();
    let Some((index, mut dead)) = dead.into_iter().next() else {
        return Ok(if events.is_empty() {
            Accepted::Nothing {
                why: "an empty batch",
            }
        } else {
            Accepted::Events(events)
        });
    };
    dead.detail = format!(
        "{bad} of {} events, the first at index {index}: {}",
        envelopes.len(),
        dead.detail
    );
    Ok(if events.is_empty() {
        Accepted::DeadLetter(dead)
    } else {
        Accepted::Partial { events, dead }
    })
}

/// The event of an envelope in its structured form.
pub(super) fn event(
    settings: &SourceSettings,
    delivery: &Delivery,
    envelope: &Value,
) -> Result<VerifiedEvent, DeadLetter> {
    let required = |what: &str| match envelope[what].as_str() {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(DeadLetter::lacks(what)),
    };
    if required("specversion")? != SPECVERSION {
        return Err(DeadLetter::new(
            DeadReason::UnsupportedVersion,
            format!("`specversion` is not {SPECVERSION}"),
        ));
    }
    if envelope.get("data").is_some() && envelope.get("data_base64").is_some() {
        return Err(DeadLetter::new(
            DeadReason::UnknownShape,
            "`data` and `data_base64` exclude each other",
        ));
    }
    let (id, source) = (required("id")?, required("source")?);
    let time = optional(envelope, "time")?
        .map(|text| parse_time("time", text))
        .transpose()?;
    VerifiedEvent::build(
        settings,
        delivery,
        Found {
            id,
            kind: required("type")?.to_owned(),
            subject: optional(envelope, "subject")?.map(str::to_owned),
            time,
            body: envelope,
            dedup: DedupKey::of(&settings.id, &[source.as_bytes(), id.as_bytes()]),
            second_key: None,
        },
    )
}

/// An attribute that need not be there; `null` is the same as absent.
fn optional<'a>(envelope: &'a Value, what: &str) -> Result<Option<&'a str>, DeadLetter> {
    match &envelope[what] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(DeadLetter::lacks(what)),
    }
}
