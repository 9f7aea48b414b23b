//! Stripe: snapshot events and thin events, signed with `Stripe-Signature`.
//!
//! The header's grammar is that of Stripe's own Go library. Invariant: a stamp is compared
//! with the time of receipt, and only an old one is refused; Stripe's clocks may be ahead.

use axum::http::HeaderName;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::dead_letter::{DeadLetter, DeadReason};
use super::event::{DedupKey, Found, MAX_SKEW, Note, VerifiedEvent, parse_time};
use super::reject::{Reject, RejectCode};
use super::secret::{Secret, any_mac_matches, mac, unhex};
use super::{Accepted, Delivery, MAX_SIGNATURES, SourceSettings, age, proof};

/// The header with the stamp and the signatures.
pub(super) const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

/// The `object` of a snapshot event, which has the whole object in it.
const SNAPSHOT: &str = "event";

/// The `object` of a thin event, which only says what it is about.
const THIN: &str = "v2.core.event";

/// The thin event that Stripe sends when somebody tests an event destination.
const PING: &str = "v2.core.event_destination.ping";

pub(super) fn verify(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<Note>, Reject> {
    let header = Header::parse(proof(delivery.headers, &SIGNATURE)?)?;
    // The key is the whole text, `whsec_` included.
    let keys = settings
        .secrets
        .iter()
        .map(|secret| secret.expose().as_bytes());
    let stamp = header.stamp_s.to_string();
    let signed: [&[u8]; 3] = [stamp.as_bytes(), b".", delivery.body];
    if !any_mac_matches(keys, &signed, &header.signatures) {
        return Err(RejectCode::SignatureMismatch.into());
    }
    let age = age(delivery, header.stamp_s);
    if age > settings.tolerance {
        return Err(RejectCode::TimestampTooOld.into());
    }
    let ahead = age.checked_neg().unwrap_or(SignedDuration::MAX);
    Ok((ahead > MAX_SKEW).then_some(Note::SenderAhead(ahead)))
}

pub(super) fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    match event(settings, delivery) {
        Ok(event) if event.event.kind == PING => Accepted::Nothing {
            why: "a ping of Stripe's",
        },
        Ok(event) => Accepted::Events(vec![event]),
        Err(dead) => Accepted::DeadLetter(dead),
    }
}

/// The value of `Stripe-Signature` for a body sent at `t`.
pub fn sign(secret: &Secret, body: &[u8], t: Timestamp) -> String {
    let stamp = t.as_second().to_string();
    let tag = mac(secret.expose().as_bytes(), &[stamp.as_bytes(), b".", body]);
    format!("t={stamp},v1={}", gonogo_model::text::hex(tag.as_ref()))
}

struct Header {
    stamp_s: i64,
    signatures: Vec<Vec<u8>>,
}

impl Header {
    /// Schemes other than `v1` are skipped: `v0` is a decoy on test events, and taking it
    /// would let a forger choose the weaker one.
    fn parse(text: &str) -> Result<Self, Reject> {
        let malformed = || Reject::from(RejectCode::SignatureMalformed);
        let mut stamp_s = None;
        let mut signatures = Vec::new();
        for pair in text.split(',') {
            let (key, value) = pair.split_once('=').ok_or_else(malformed)?;
            if value.contains('=') {
                return Err(malformed());
            }
            match key {
                "t" => stamp_s = Some(value.parse().map_err(|_| malformed())?),
                "v1" => signatures.extend(unhex(value)),
                _ => {}
            }
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(malformed());
        }
        Ok(Self {
            stamp_s: stamp_s.ok_or_else(malformed)?,
            signatures,
        })
    }
}

fn event(settings: &SourceSettings, delivery: &Delivery) -> Result<VerifiedEvent, DeadLetter> {
    let body: Value =
        serde_json::from_slice(delivery.body).map_err(|error| DeadLetter::not_json(&error))?;
    let text = |what: &str| body[what].as_str().ok_or_else(|| DeadLetter::lacks(what));
    let (time, subject) = match text("object")? {
        SNAPSHOT => (
            epoch(&body["created"])?,
            body["data"]["object"]["id"].as_str(),
        ),
        THIN => (
            parse_time("created", text("created")?)?,
            body["related_object"]["id"].as_str(),
        ),
        _ => {
            return Err(DeadLetter::new(
                DeadReason::UnknownShape,
                format!("`object` is neither `{SNAPSHOT}` nor `{THIN}`"),
            ));
        }
    };
    let (id, kind) = (text("id")?, text("type")?);
    VerifiedEvent::build(
        settings,
        delivery,
        Found {
            id,
            kind: kind.to_owned(),
            subject: subject.map(str::to_owned),
            time: Some(time),
            body: &body,
            dedup: DedupKey::of(&settings.id, &[id.as_bytes()]),
            // Stripe may make two events of one change.
            second_key: subject
                .map(|subject| DedupKey::of(&settings.id, &[subject.as_bytes(), kind.as_bytes()])),
        },
    )
}

fn epoch(created: &Value) -> Result<Timestamp, DeadLetter> {
    let seconds = created
        .as_i64()
        .ok_or_else(|| DeadLetter::lacks("created"))?;
    Timestamp::from_second(seconds)
        .map_err(|_| DeadLetter::new(DeadReason::BadTime, "`created` is out of range"))
}
