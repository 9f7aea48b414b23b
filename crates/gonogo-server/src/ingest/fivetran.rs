//! Fivetran: signed with `X-Fivetran-Signature-256`, without a time, a nonce or an id.
//!
//! The protocol has no protection against replays, so the event's own `created` has to be
//! fresh, and a repeat is recognised by what it says. Invariant: one body is one event, however
//! often it comes.

use axum::http::HeaderName;
use jiff::Timestamp;
use serde_json::Value;

use super::dead_letter::DeadLetter;
use super::event::{DedupKey, Found, Note, VerifiedEvent, parse_time};
use super::reject::{Reject, RejectCode};
use super::secret::{Secret, any_mac_matches, mac, unhex};
use super::{Accepted, Delivery, SourceSettings, proof};

/// The header with the signature.
pub(super) const SIGNATURE: HeaderName = HeaderName::from_static("x-fivetran-signature-256");

/// The connector of the test events that Fivetran sends when a webhook is made or tested.
const TEST_CONNECTOR: &str = "_connector_1";

pub(super) fn verify(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<Note>, Reject> {
    // Both cases of hexadecimal digits have been seen on the wire.
    let claimed =
        unhex(proof(delivery.headers, &SIGNATURE)?).ok_or(RejectCode::SignatureMalformed)?;
    let keys = settings
        .secrets
        .iter()
        .map(|secret| secret.expose().as_bytes());
    if any_mac_matches(keys, &[delivery.body], &[claimed]) {
        Ok(None)
    } else {
        Err(RejectCode::SignatureMismatch.into())
    }
}

pub(super) fn normalise(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Accepted, Reject> {
    let body: Value = match serde_json::from_slice(delivery.body) {
        Ok(body) => body,
        Err(error) => return Ok(Accepted::DeadLetter(DeadLetter::not_json(&error))),
    };
    if body["connector_id"] == TEST_CONNECTOR {
        return Ok(Accepted::Nothing {
            why: "a test event of Fivetran's",
        });
    }
    let (event, created) = match event(settings, delivery, &body) {
        Ok(event) => event,
        Err(dead) => return Ok(Accepted::DeadLetter(dead)),
    };
    // Without a signed time of sending this is all that keeps an old body from coming again.
    if delivery.received_at.duration_since(created) > settings.tolerance {
        return Err(RejectCode::TimestampTooOld.into());
    }
    Ok(Accepted::Events(vec![event]))
}

/// The value of `X-Fivetran-Signature-256` for a body.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let tag = mac(secret.expose().as_bytes(), &[body]);
    gonogo_model::text::hex(tag.as_ref()).to_ascii_uppercase()
}

fn event(
    settings: &SourceSettings,
    delivery: &Delivery,
    body: &Value,
) -> Result<(VerifiedEvent, Timestamp), DeadLetter> {
    let text = |what: &str| body[what].as_str().ok_or_else(|| DeadLetter::lacks(what));
    // New kinds of events appear without notice, so any name is one.
    let kind = text("event")?;
    let sent = text("created")?;
    let created = parse_time("created", sent)?;
    let connector = body["connector_id"].as_str();
    let dedup = match connector {
        // Equal bodies agree in these four, and so do repeats written with other spacing.
        Some(connector) => {
            let sync = body["sync_id"].as_str().unwrap_or_default();
            let parts = [kind, connector, sync, sent].map(str::as_bytes);
            DedupKey::of(&settings.id, &parts)
        }
        // Events of transformations have no connector, and their time alone may be shared.
        None => DedupKey::of(&settings.id, &[delivery.body]),
    };
    let event = VerifiedEvent::build(
        settings,
        delivery,
        Found {
            id: &dedup.to_string(),
            kind: kind.to_owned(),
            subject: connector.map(str::to_owned),
            time: Some(created),
            body,
            dedup,
            second_key: None,
        },
    )?;
    Ok((event, created))
}
