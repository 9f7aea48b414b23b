//! Cloud Monitoring: incidents of alerting policies, by its webhook channel or by Pub/Sub.
//!
//! `cloudmonitoring.incident.open` and `.closed`, about the incident's id, which both share.
//! The webhook is not signed: the URL has a token, or the channel a user name and a password.
//! Invariant: one incident opens once and closes once, however often it is told.

use jiff::Timestamp;
use serde_json::Value;

use super::dead_letter::{DeadLetter, DeadReason};
use super::event::{DedupKey, Found, Note, VerifiedEvent, parse_time};
use super::{Accepted, Delivery, SourceSettings};

/// The first part of the version that is read; `1.2` is sent today.
const MAJOR: &str = "1";

/// The version of the message that "Send test notification" makes.
const TEST: &str = "test";

/// What a notification says.
pub(super) struct Incident<'a> {
    pub kind: String,
    pub id: &'a str,
    pub state: String,
    pub time: Option<Timestamp>,
    pub note: Option<Note>,
}

pub(super) fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    match event(settings, delivery) {
        Ok(Some(event)) => Accepted::Events(vec![event]),
        Ok(None) => Accepted::Nothing {
            why: "a test of Cloud Monitoring's",
        },
        Err(dead) => Accepted::DeadLetter(dead),
    }
}

/// Whether it is a notification of Cloud Monitoring's, real or a test.
pub(super) fn is_notification(body: &Value) -> bool {
    body["version"].is_string() && body["incident"]["incident_id"].is_string()
}

/// Whether somebody pressed "Send test notification".
pub(super) fn is_test(body: &Value) -> bool {
    is_notification(body) && body["version"] == TEST
}

fn event(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<VerifiedEvent>, DeadLetter> {
    let body: Value =
        serde_json::from_slice(delivery.body).map_err(|error| DeadLetter::not_json(&error))?;
    if body["version"] == TEST && body["incident"].is_object() {
        return Ok(None);
    }
    let incident = read(&body)?;
    let parts: [&[u8]; 2] = [incident.id.as_bytes(), incident.state.as_bytes()];
    let mut event = VerifiedEvent::build(
        settings,
        delivery,
        Found {
            id: &format!("{}.{}", incident.id, incident.state),
            kind: incident.kind,
            subject: Some(incident.id.to_owned()),
            time: incident.time,
            body: &body,
            dedup: DedupKey::of(&settings.id, &parts),
            second_key: None,
        },
    )?;
    event.notes.extend(incident.note);
    Ok(Some(event))
}

/// Reads a notification.
pub(super) fn read(body: &Value) -> Result<Incident<'_>, DeadLetter> {
    let version = body["version"].as_str();
    let version = version.ok_or_else(|| DeadLetter::lacks("version"))?;
    if version.split('.').next() != Some(MAJOR) {
        return Err(DeadLetter::new(
            DeadReason::UnsupportedVersion,
            format!("`version` is not {MAJOR}.x"),
        ));
    }
    let incident = &body["incident"];
    let text = |what: &str| {
        let found = incident[what].as_str().filter(|text| !text.is_empty());
        found.ok_or_else(|| DeadLetter::lacks(&format!("incident.{what}")))
    };
    let id = text("incident_id")?;
    let state = text("state")?.to_lowercase();
    let known = matches!(state.as_str(), "open" | "closed");
    let when = if state == "closed" {
        "ended_at"
    } else {
        "started_at"
    };
    Ok(Incident {
        kind: format!("cloudmonitoring.incident.{state}"),
        id,
        time: time(when, &incident[when])?,
        note: (!known).then_some(Note::UnknownValue("incident.state")),
        state,
    })
}

/// Seconds since 1970, as a number or as text; nothing and 0 are no time. RFC 3339 is read too.
fn time(what: &str, value: &Value) -> Result<Option<Timestamp>, DeadLetter> {
    let seconds = match value {
        Value::Null => return Ok(None),
        Value::String(text) => match text.parse::<i64>() {
            Ok(seconds) => seconds,
            Err(_) => return parse_time(what, text).map(Some),
        },
        number => number.as_i64().ok_or_else(|| DeadLetter::lacks(what))?,
    };
    if seconds == 0 {
        return Ok(None);
    }
    Timestamp::from_second(seconds)
        .map(Some)
        .map_err(|_| DeadLetter::new(DeadReason::BadTime, format!("`{what}` is out of range")))
}
