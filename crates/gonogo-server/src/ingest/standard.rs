//! Standard Webhooks with any JSON inside: the product's own services without CloudEvents.
//!
//! The header `webhook-id` names the event, because it is signed and stays the same when a
//! delivery is repeated. Type and time stand where the specification recommends, or where the
//! source says. Invariant: a place that the source names has to be there; only the
//! conventional ones are guessed.

use axum::http::HeaderName;
use gonogo_model::event::{Scalar, field_at};
use jiff::Timestamp;
use serde_json::Value;

use super::dead_letter::{DeadLetter, DeadReason};
use super::event::{DedupKey, Found, VerifiedEvent, parse_time};
use super::{Accepted, Delivery, SourceSettings};

/// The header that names the delivery, the same when it is sent again.
pub(super) const ID: HeaderName = HeaderName::from_static("webhook-id");

/// The header with the time of sending.
pub(super) const STAMP: HeaderName = HeaderName::from_static("webhook-timestamp");

/// Where a body usually says what happened.
const TYPES: [&str; 4] = ["type", "event", "event_type", "eventType"];

/// Where it usually says when.
const TIMES: [&str; 4] = ["timestamp", "time", "created_at", "created"];

/// A number of seconds has eleven digits until the year 5138; longer ones are milliseconds.
const SECONDS_MAX: i64 = 99_999_999_999;

/// Where a source's bodies have what every event needs, where it is not where it usually is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The event's id, instead of `webhook-id`.
    pub id: Option<String>,
    /// What happened.
    pub kind: Option<String>,
    /// When.
    pub time: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
}

pub(super) fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    match event(settings, delivery) {
        Ok(event) => Accepted::Events(vec![event]),
        Err(dead) => Accepted::DeadLetter(dead),
    }
}

fn event(settings: &SourceSettings, delivery: &Delivery) -> Result<VerifiedEvent, DeadLetter> {
    let body: Value =
        serde_json::from_slice(delivery.body).map_err(|error| DeadLetter::not_json(&error))?;
    let places = &settings.places;
    let declared = |place: &Option<String>| {
        place
            .as_ref()
            .map(|path| text_at(&body, path).ok_or_else(|| DeadLetter::lacks(path)))
            .transpose()
    };
    let id = match declared(&places.id)? {
        Some(id) => id,
        None => delivery
            .headers
            .get(ID)
            .and_then(|id| id.to_str().ok())
            .ok_or_else(|| DeadLetter::new(DeadReason::BadHeader, "there is no `webhook-id`"))?
            .to_owned(),
    };
    let kind = match declared(&places.kind)? {
        Some(kind) => kind,
        None => TYPES
            .iter()
            .find_map(|path| text_at(&body, path))
            .ok_or_else(|| DeadLetter::lacks("type"))?,
    };
    let subject = match &places.subject {
        // An event of another type may be about nothing.
        Some(path) => text_at(&body, path),
        None => None,
    };
    VerifiedEvent::build(
        settings,
        delivery,
        Found {
            id: &id,
            kind,
            subject,
            time: time(places, delivery, &body)?,
            body: &body,
            dedup: DedupKey::of(&settings.id, &[id.as_bytes()]),
            second_key: None,
        },
    )
}

fn text_at(body: &Value, path: &str) -> Option<String> {
    field_at(body, path)?
        .as_key()
        .filter(|text| !text.is_empty())
}

fn time(
    places: &Places,
    delivery: &Delivery,
    body: &Value,
) -> Result<Option<Timestamp>, DeadLetter> {
    if let Some(path) = &places.time {
        return time_at(path, body);
    }
    let guessed = |path: &&str| time_at(path, body).ok().flatten();
    Ok(TIMES.iter().find_map(guessed).or_else(|| {
        // At least it is signed: when this delivery was tried.
        let stamp = delivery.headers.get(STAMP)?.to_str().ok()?;
        epoch("webhook-timestamp", stamp.parse().ok()?).ok()
    }))
}

fn time_at(path: &str, body: &Value) -> Result<Option<Timestamp>, DeadLetter> {
    match field_at(body, path).ok_or_else(|| DeadLetter::lacks(path))? {
        Scalar::Null => Ok(None),
        Scalar::Int(number) => epoch(path, number).map(Some),
        Scalar::Text(text) => match text.parse::<i64>() {
            Ok(number) => epoch(path, number).map(Some),
            Err(_) => parse_time(path, &text).map(Some),
        },
        Scalar::Bool(_) => Err(DeadLetter::lacks(path)),
    }
}

fn epoch(path: &str, number: i64) -> Result<Timestamp, DeadLetter> {
    let time = if number.saturating_abs() > SECONDS_MAX {
        Timestamp::from_millisecond(number)
    } else {
        Timestamp::from_second(number)
    };
    time.map_err(|_| DeadLetter::new(DeadReason::BadTime, format!("`{path}` is out of range")))
}
